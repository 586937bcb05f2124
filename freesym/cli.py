"""The command line: ``freesym jacobian``, ``density``, ``info`` and ``derive``.

Exit codes: 0, 2 for bad input (one line on stderr), 130 after Ctrl-C, 141 for a closed pipe.
"""

from __future__ import annotations

import argparse
import io
import math
import os
import re
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import redirect_stdout, suppress
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
from numpy.typing import NDArray

from freesym import __version__
from freesym.derive import derive_arguments
from freesym.errors import ConvergenceError, FreesymError, InvalidLawError
from freesym.files import check_writable, read_eigenvalues, write_atomically
from freesym.grammar import parse_law
from freesym.law import Law
from freesym.laws import Empirical
from freesym.nets.activations import activation_named
from freesym.nets.jacobian import Network
from freesym.nets.piecewise_linear import LeakyReLU
from freesym.nets.products import WEIGHTS
from freesym.nets.sampling import JacobianSample, kolmogorov_distance, sample_jacobian
from freesym.parameters import short

Array = NDArray[np.float64]

MAX_POINTS, MAX_MOMENTS = 1_000_000, 100
LEVELS = (0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99, 1.0)
_PLOT_FORMATS = (".png", ".pdf", ".svg")
_ACTIVATIONS = ("relu", "leaky-relu", "hard-tanh", "linear")
_MOST_ATOMS, _LONGEST_MESSAGE = 8, 600
# Kolmogorov distances times sqrt(width): the median and what 5% of real ReLU networks exceed,
# measured for depths 1 to 30 and widths 100 to 800; and, given the active units, times width.
_TYPICAL, _RARE, _GIVEN = 0.6, 1.3, 4.0


class _Parser(argparse.ArgumentParser):
    """An argument parser whose errors are one line."""

    def error(self, message: str) -> NoReturn:
        raise InvalidLawError(f"{message}; see '{self.prog} --help'")


# ---------------------------------------------------------------------------------- arguments


def _number(text: str) -> int | float | Fraction:
    """A number as exact as it was typed: 0.01 is 1/100."""
    text = text.strip()
    if len(text) > 40 or re.fullmatch(r"[0-9./eE+-]+", text) is None:
        raise argparse.ArgumentTypeError(f"'{text[:40]}' is not a number")
    try:
        rounded = float(text) if "/" not in text else float(Fraction(text))
        if not math.isfinite(rounded) or (rounded and not 1e-100 < abs(rounded) < 1e100):
            raise argparse.ArgumentTypeError(f"'{text}' is not of moderate size")
        exact = Fraction(text)
    except (ValueError, ArithmeticError):
        raise argparse.ArgumentTypeError(f"'{text}' is not a number") from None
    return exact.numerator if exact.denominator == 1 else exact


def _whole(low: int, high: int) -> Callable[[str], int]:
    def convert(text: str) -> int:
        if re.fullmatch(r"[0-9]{1,18}", text) is None or not low <= int(text) <= high:
            raise argparse.ArgumentTypeError(
                f"'{text[:40]}' is not a whole number from {low} to {high}"
            )
        return int(text)

    return convert


def _widths(text: str) -> list[int]:
    return [_whole(1, 10**9)(part.strip()) for part in text.split(",")]


def _output(text: str) -> str:
    check_writable(text)
    return text


def _picture(text: str) -> str:
    if Path(text).suffix.lower() not in _PLOT_FORMATS:
        raise argparse.ArgumentTypeError(
            f"{short(text)} must end in one of {', '.join(_PLOT_FORMATS)}"
        )
    return _output(text)


def _arguments() -> argparse.ArgumentParser:
    parser = _Parser(prog="freesym", description="Free probability from the command line.",
                     allow_abbrev=False)  # fmt: skip
    parser.add_argument("--version", action="version", version=f"freesym {__version__}")
    commands = parser.add_subparsers(dest="command", required=True, parser_class=_Parser)
    _jacobian_arguments(commands.add_parser(
        "jacobian", allow_abbrev=False,
        help="the singular values of a deep network's input-output Jacobian",
        description="The spectrum of J J^T for J = D_L W_L ... D_1 W_1, the Jacobian of a wide "
        "random network; the slopes D_L of the last layer are included.",
    ))  # fmt: skip
    _density_arguments(commands.add_parser(
        "density", allow_abbrev=False, help="the density and cdf of a law expression",
        description="Tabulates the density of the continuous part and the cdf as CSV with the "
        "columns x, density, cdf; on standard output if no file is named.",
    ))  # fmt: skip
    _info_arguments(commands.add_parser(
        "info", allow_abbrev=False, help="support, atoms, moments and quantiles of a law",
        description="Describes a law expression.",
    ))  # fmt: skip
    derive_arguments(commands.add_parser("derive", help="how a law is derived", allow_abbrev=False))
    return parser


def _jacobian_arguments(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("--depth", type=_whole(1, 100_000), help="the number of layers, of equal width")
    add("--widths", type=_widths, metavar="N0,N1,...,NL",
        help="the widths of the input and of all layers, instead of --depth")  # fmt: skip
    add("--activation", choices=_ACTIVATIONS, default="relu", help="default: relu")
    add("--slope", type=_number, help="the negative slope of leaky-relu; default: 0.01")
    add("--weights", choices=WEIGHTS, default="gaussian", help="default: gaussian")
    add("--sigma-w", type=_number,
        help="weights have variance sigma_w^2/fan-in; default: critical, mean 1")  # fmt: skip
    add("--q", type=_number,
        help="hard-tanh: the stationary variance of the pre-activations, held by biases; "
        "without it the variances are propagated from an input of variance 1")  # fmt: skip
    add("--verify", type=_whole(2, 8192), metavar="N",
        help="compare with a real random network of width N (its widest layer)")  # fmt: skip
    add("--seed", type=_whole(0, 2**63 - 1), default=0, help="of --verify; default: 0")
    add("--plot", type=_picture, metavar="FILE", help="draw the law (and the sample) to FILE")
    add("--csv", type=_output, metavar="FILE",
        help="write x, density, cdf and singular_value = sqrt(x) to FILE")  # fmt: skip
    parser.set_defaults(run=_jacobian)


def _expression_argument(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("expression", metavar="EXPR",
                        help='such as "MP(1/2) @ Bernoulli(1/2) + Semicircle()"')  # fmt: skip
    parser.add_argument("--eigenvalues", metavar="FILE",
                        help="text, CSV or .npy; EXPR may call their law 'data'")  # fmt: skip


def _density_arguments(parser: argparse.ArgumentParser) -> None:
    _expression_argument(parser)
    add = parser.add_argument
    add("--points", type=_whole(2, MAX_POINTS), default=200, help="default: 200")
    add("--from", dest="start", type=_number, help="equally spaced points from here")
    add("--to", dest="stop", type=_number,
        help="... to here; by default points that crowd at the edges of the support")  # fmt: skip
    add("--csv", type=_output, metavar="FILE", help="write x, density, cdf to FILE")
    add("--plot", type=_picture, metavar="FILE", help="draw the law, and --eigenvalues, to FILE")
    parser.set_defaults(run=_density)


def _info_arguments(parser: argparse.ArgumentParser) -> None:
    _expression_argument(parser)
    parser.add_argument("--moments", type=_whole(1, MAX_MOMENTS), default=6,
                        help="how many moments and free cumulants; default: 6")  # fmt: skip
    parser.set_defaults(run=_info)


# ------------------------------------------------------------------------------------ jacobian


def _jacobian(options: argparse.Namespace) -> None:
    network = _network(options, _shape(options))
    sample = None
    if options.verify is not None:
        # the law is that of the sampled widths: rounding changes their ratios
        network = _network(options, _scaled(network.widths, options.verify))
        sample = _sampled(network, options.seed)
    law = network.law()
    for line in _network_lines(network, options):
        print(line)
    _print_law(law)
    _print_singular_values(law)
    if sample is not None:
        _print_verification(law, sample, options.seed)
    if options.csv:
        _write_csv(options.csv, law, _crowded_points(law, 400), singular=True)
    if options.plot:
        _write_plot(options.plot, law, None if sample is None else sample.eigenvalues())


def _shape(options: argparse.Namespace) -> list[int]:
    if options.widths is None:
        return [1] * ((options.depth or 10) + 1)
    if options.depth not in (None, len(options.widths) - 1):
        raise InvalidLawError(
            f"--depth {options.depth} contradicts the {len(options.widths)} widths; leave it out"
        )
    widths: list[int] = options.widths
    return widths


def _network(options: argparse.Namespace, widths: Sequence[int]) -> Network:
    parameters = {}
    if options.slope is not None:
        if options.activation != LeakyReLU.name:
            raise InvalidLawError(f"--slope belongs to {LeakyReLU.name}, not {options.activation}")
        parameters["negative_slope"] = options.slope
    if options.q is not None and options.activation != "hard-tanh":
        raise InvalidLawError(f"--q matters for hard-tanh only, not for {options.activation}")
    activation = activation_named(options.activation, **parameters)
    return Network(tuple(widths), activation, options.weights, options.sigma_w, options.q)


def _scaled(widths: Sequence[int], n: int) -> list[int]:
    widest = max(widths)
    return [max(1, round(Fraction(width * n, widest))) for width in widths]


def _network_lines(network: Network, options: argparse.Namespace) -> list[str]:
    equal = len(set(network.widths)) == 1
    widths = "equal widths" if equal else "widths " + ", ".join(map(str, network.widths))
    layers = f"{network.depth} layer" + "s" * (network.depth > 1)
    return [
        f"network           {layers}, {options.activation}, {options.weights} weights, {widths}",
        f"sigma_w^2         {_shown(network.variance)}"
        + (" (critical)" if network.sigma_w is None else ""),
    ]


def _print_singular_values(law: Law) -> None:
    zero = float(law.atoms().get(0, 0))
    print(f"singular values   of J, the roots of the above; quantiles of the {_percent(1 - zero)} "
          "that are not 0:")  # fmt: skip
    if zero >= 1:
        print("                  none")
        return
    roots = np.sqrt(law.quantile([zero + (1 - zero) * q for q in LEVELS]))
    for level, root in zip(LEVELS, roots.tolist(), strict=True):
        print(f"  {_percent(level):>5}           {_shown(root)}")
    smallest = math.sqrt(_smallest(law))
    whole, half = _ratio(roots[-1], smallest), _ratio(roots[-1], roots[3])
    print(f"conditioning      largest/smallest nonzero singular value {whole}, "
          f"largest/median nonzero {half}")  # fmt: skip


def _smallest(law: Law) -> float:
    """The lower end of the spectrum without its zeros."""
    ends = [low for low, high in law.support() if high > 0]
    return float(max(0.0, min(ends)))


def _ratio(a: float, b: float) -> str:
    return "infinite" if b == 0 else _shown(float(a) / float(b), 6)


def _percent(level: float) -> str:
    return f"{100 * level:.4g}%"


def _sampled(network: Network, seed: int) -> JacobianSample:
    started = time.monotonic()

    def report(done: int, total: int) -> None:
        if sys.stderr.isatty() and time.monotonic() - started > 1:
            end = "\r" if done < total else "\r\033[K"
            print(f"sampling layer {done} of {total}", end=end, file=sys.stderr, flush=True)

    return sample_jacobian(network, seed, report)


def _print_verification(law: Law, sample: JacobianSample, seed: int) -> None:
    values, floor = sample.eigenvalues(), sample.resolution
    distance = kolmogorov_distance(law, values, floor)
    given = kolmogorov_distance(sample.conditional_law(), values, floor)
    network = sample.network
    rows, narrow = network.widths[-1], min(network.widths[1:])
    order, width = math.sqrt(network.depth / narrow), math.sqrt(narrow)
    print(f"verification      one real network, {rows} eigenvalues of J J^T, seed {seed}")
    expected = f"typically {_TYPICAL / width:.2g}, rarely above {_RARE / width:.2g}"
    print(f"  Kolmogorov      {distance:.4f} to this law; expected: O(sqrt(depth/width)) = "
          f"O({order:.2g}), {expected}")  # fmt: skip
    print(f"                  {given:.4f} to the law given the fractions of active units "
          f"measured in it; rarely above {_GIVEN / rows:.2g}")  # fmt: skip


# -------------------------------------------------------------------------------- density, info


def _law(options: argparse.Namespace) -> tuple[Law, Array | None]:
    if options.eigenvalues is None:
        return parse_law(options.expression), None
    values = read_eigenvalues(options.eigenvalues)
    return parse_law(options.expression, {"data": Empirical(values)}), values


def _density(options: argparse.Namespace) -> None:
    law, values = _law(options)
    x = _points(law, options)
    if options.csv:
        _write_csv(options.csv, law, x)
    elif not options.plot:
        sys.stdout.write(_table(law, x))
    if options.plot:
        _write_plot(options.plot, law, values)


def _points(law: Law, options: argparse.Namespace) -> Array:
    if options.start is None and options.stop is None:
        return _crowded_points(law, options.points)
    reach = _reach(law)
    start = reach[0] if options.start is None else float(options.start)
    stop = reach[1] if options.stop is None else float(options.stop)
    if not start < stop:
        raise InvalidLawError(f"--from {start:g} must be below --to {stop:g}")
    return np.linspace(start, stop, options.points)


def _reach(law: Law) -> tuple[float, float]:
    """The support, cut off at the quantiles 0.001 and 0.999 where it is infinite."""
    support = law.support()
    if not support:
        raise ConvergenceError(
            "no point of the spectrum was found; is it narrower than the rounding of its place?"
        )
    low, high = support[0][0], support[-1][1]
    low = low if math.isfinite(low) else float(law.quantile(0.001))
    return low, high if math.isfinite(high) else float(law.quantile(0.999))


def _crowded_points(law: Law, count: int) -> Array:
    """Points shared out between the intervals, crowding at the edges; the ends left out."""
    ends, reach = law.edges(), _reach(law)
    intervals = [
        (max(a, reach[0]), min(b, reach[1])) for a, b in zip(ends[::2], ends[1::2], strict=True)
    ]
    if not intervals:
        low, high = reach
        return np.linspace(low, high, count) if low < high else np.full(1, low)
    shares = np.diff(np.rint(np.linspace(0, count, len(intervals) + 1)).astype(int))
    parts = [
        0.5 * (a + b) - 0.5 * (b - a) * np.cos(np.pi * (np.arange(n) + 0.5) / n)
        for (a, b), n in zip(intervals, shares.tolist(), strict=True)
        if n
    ]
    return np.concatenate(parts)


def _table(law: Law, x: Array, *, singular: bool = False) -> str:
    """CSV with a heading; 17 digits, which read back to the same numbers."""
    names, columns = ["x", "density", "cdf"], [x, law.density(x), law.cdf(x)]
    if singular:
        names.append("singular_value")
        columns.append(np.sqrt(np.maximum(x, 0.0)))
    rows = zip(*(np.asarray(column).tolist() for column in columns), strict=True)
    lines = [",".join(names), *(",".join(map(repr, row)) for row in rows)]
    return "\n".join(lines) + "\n"


def _write_csv(path: str, law: Law, x: Array, *, singular: bool = False) -> None:
    text = _table(law, x, singular=singular)
    write_atomically(path, lambda target: _write_text(target, text))


def _write_text(path: Path, text: str) -> None:
    path.write_text(text, encoding="ascii", newline="\n")


def _write_plot(path: str, law: Law, eigenvalues: Array | None) -> None:
    axes = law.plot(eigenvalues=eigenvalues)
    figure = axes.get_figure(root=True)
    assert figure is not None
    write_atomically(path, lambda target: figure.savefig(target, dpi=150))


def _info(options: argparse.Namespace) -> None:
    law, _ = _law(options)
    print(f"law               {law!r}")
    _print_law(law, expression=False)
    print(f"edges             {', '.join(map(_shown, law.edges())) or 'none'}")
    print(f"moments           {_row(law.moments, options.moments)}")
    print(f"free cumulants    {_row(law.free_cumulants, options.moments)}")
    print("quantiles")
    for level, value in zip(LEVELS[:-1], law.quantile(LEVELS[:-1]).tolist(), strict=True):
        print(f"  {_percent(level):>5}           {_shown(value)}")


# ------------------------------------------------------------------------------------- printing


def _print_law(law: Law, *, expression: bool = True) -> None:
    if expression:
        print(f"law of J J^T      {law!r}")
    print(f"support           {_intervals(law)}")
    print(f"atoms             {_atoms(law)}")
    print(f"mean              {_row(law.moments, 1)}")
    print(f"variance          {_row(lambda n: law.free_cumulants(n)[1:], 2)}")


def _intervals(law: Law) -> str:
    shown = [
        f"{{{_shown(a)}}}" if a == b else f"[{_shown(a)}, {_shown(b)}]" for a, b in law.support()
    ]
    return _shortened(shown, " u ")


def _atoms(law: Law) -> str:
    pairs = [f"{_shown(a)} with mass {_shown(m)}" for a, m in law.atoms().items()]
    return _shortened(pairs, "; ") or "none"


def _shortened(parts: list[str], separator: str) -> str:
    if len(parts) <= _MOST_ATOMS:
        return separator.join(parts)
    return separator.join([*parts[:4], f"... ({len(parts) - 5} more)", parts[-1]])


def _row(values: Callable[[int], Sequence[Any]], n: int) -> str:
    """Moments, or why there are none."""
    try:
        return ", ".join(map(_shown, values(n)))
    except FreesymError as error:
        return f"none: {error}"


def _shown(value: Any, digits: int = 10) -> str:
    """Short rationals exactly, other numbers rounded."""
    if isinstance(value, (int, Fraction)) and len(str(value)) <= 24:
        return str(value)
    try:
        return f"{float(value):.{digits}g}"
    except OverflowError:
        exact = Fraction(value)
        quotient = Decimal(exact.numerator) / Decimal(exact.denominator)
        return f"{quotient.normalize():.{digits}g}"


# ----------------------------------------------------------------------------------------- main


def _protected(argument: str) -> str:
    """An expression may begin with a minus; a blank keeps argparse from seeing an option."""
    return f" {argument}" if re.match(r"-+[A-Z(\[0-9.]", argument) else argument


def _one_line(error: Exception) -> str:
    """The message of an error, without characters that a terminal might obey."""
    text = " ".join(str(getattr(error, "summary", error)).split())
    if isinstance(error, ArithmeticError) and not isinstance(error, FreesymError):
        text = f"the numbers are too extreme for double precision: {text}"
    safe = "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)
    return safe if len(safe) <= _LONGEST_MESSAGE else f"{safe[:_LONGEST_MESSAGE]}..."


def _silence_output() -> None:
    """The reader is gone: the interpreter must not try to flush again."""
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return the exit code.

    Parameters
    ----------
    arguments : sequence of str, optional
        By default those of the process.
    """
    given = sys.argv[1:] if arguments is None else arguments
    try:
        options = _arguments().parse_args([_protected(a) for a in given])
        # nothing is printed unless all is well
        printed = io.StringIO()
        with redirect_stdout(printed):
            options.run(options)
        sys.stdout.write(printed.getvalue())
        sys.stdout.flush()
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        _silence_output()
        return 141
    except OSError as error:
        _silence_output()
        print(f"freesym: error: cannot write the output: {error.strerror}", file=sys.stderr)
        return 2
    except (FreesymError, ArithmeticError, MemoryError, RecursionError) as error:
        print(f"freesym: error: {_one_line(error) or type(error).__name__}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
