"""The command line: ``freesym jacobian``, ``phase``, ``design``, ``density``, ``info`` and more.

Exit codes: 0, 1 if ``verify`` refutes, 2 for bad input (one line on stderr), 130 after Ctrl-C,
141 for a closed pipe.
"""

from __future__ import annotations

import argparse
import io
import os
import re
import sys
from collections.abc import Sequence
from contextlib import redirect_stdout, suppress
from typing import NoReturn

import numpy as np
from numpy.typing import NDArray

from freesym import __version__
from freesym.console import (
    LEVELS,
    crowded_points,
    extent,
    number,
    output,
    percent,
    picture,
    print_law,
    row,
    shown,
    table,
    whole,
    write_csv,
    write_plot,
)
from freesym.derive import derive_arguments
from freesym.errors import FreesymError, InvalidLawError
from freesym.files import read_eigenvalues
from freesym.grammar import parse_law
from freesym.kernel_command import kernel_arguments
from freesym.law import Law
from freesym.laws import Empirical
from freesym.networks import design_arguments, jacobian_arguments, phase_arguments
from freesym.verify import verify_arguments

Array = NDArray[np.float64]

MAX_POINTS, MAX_MOMENTS = 1_000_000, 100
_LONGEST_MESSAGE = 600


class _Parser(argparse.ArgumentParser):
    """An argument parser whose errors are one line."""

    def error(self, message: str) -> NoReturn:
        raise InvalidLawError(f"{message}; see '{self.prog} --help'")


# ---------------------------------------------------------------------------------- arguments


def _arguments() -> argparse.ArgumentParser:
    parser = _Parser(prog="freesym", description="Free probability from the command line.",
                     allow_abbrev=False)  # fmt: skip
    parser.add_argument("--version", action="version", version=f"freesym {__version__}")
    commands = parser.add_subparsers(dest="command", required=True, parser_class=_Parser)
    jacobian_arguments(commands.add_parser(
        "jacobian", allow_abbrev=False,
        help="the singular values of a deep network's input-output Jacobian",
        description="The spectrum of J J^T for J = D_L W_L ... D_1 W_1, the Jacobian of a wide "
        "random network; the slopes D_L of the last layer are included.",
    ))  # fmt: skip
    phase_arguments(commands.add_parser(
        "phase", allow_abbrev=False, help="the edge of chaos of an activation",
        description="Where gradients neither vanish nor explode (chi_1 = 1), and the phase "
        "diagram over sigma_w and sigma_b.",
    ))  # fmt: skip
    design_arguments(commands.add_parser(
        "design", allow_abbrev=False, help="the initialisation with a wished spectrum",
        description="Finds the sigma_w, slope, residual scale or keep probability with which the "
        "Jacobian has a wished mean, variance, conditioning or largest singular value.",
    ))  # fmt: skip
    kernel_arguments(commands.add_parser(
        "kernel", allow_abbrev=False, help="the NNGP or NTK kernel of inputs in a file",
        description="The kernel of an infinitely wide network between the rows of a file, and "
        "what it says about learning rates.",
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
    verify_arguments(commands.add_parser(
        "verify", allow_abbrev=False, help="test a law, or an equation between laws",
        description="Tests what every law satisfies and samples matrices, or proves or tests an "
        "equation EXPR1 == EXPR2. The exit code is 0 if it holds and 1 if it does not.",
    ))  # fmt: skip
    return parser


def _expression_argument(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("expression", metavar="EXPR",
                        help='such as "MP(1/2) @ Bernoulli(1/2) + Semicircle()"')  # fmt: skip
    parser.add_argument("--eigenvalues", metavar="FILE",
                        help="text, CSV or .npy; EXPR may call their law 'data'")  # fmt: skip


def _density_arguments(parser: argparse.ArgumentParser) -> None:
    _expression_argument(parser)
    add = parser.add_argument
    add("--points", type=whole(2, MAX_POINTS), default=200, help="default: 200")
    add("--from", dest="start", type=number, help="equally spaced points from here")
    add("--to", dest="stop", type=number,
        help="... to here; by default points that crowd at the edges of the support")  # fmt: skip
    add("--csv", type=output, metavar="FILE", help="write x, density, cdf to FILE")
    add("--plot", type=picture, metavar="FILE", help="draw the law, and --eigenvalues, to FILE")
    parser.set_defaults(run=_density)


def _info_arguments(parser: argparse.ArgumentParser) -> None:
    _expression_argument(parser)
    parser.add_argument("--moments", type=whole(1, MAX_MOMENTS), default=6,
                        help="how many moments and free cumulants; default: 6")  # fmt: skip
    parser.set_defaults(run=_info)


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
        write_csv(options.csv, law, x)
    elif not options.plot:
        sys.stdout.write(table(law, x))
    if options.plot:
        write_plot(options.plot, law, values)


def _points(law: Law, options: argparse.Namespace) -> Array:
    if options.start is None and options.stop is None:
        return crowded_points(law, options.points)
    reach = extent(law)
    start = reach[0] if options.start is None else float(options.start)
    stop = reach[1] if options.stop is None else float(options.stop)
    if not start < stop:
        raise InvalidLawError(f"--from {start:g} must be below --to {stop:g}")
    return np.linspace(start, stop, options.points)


def _info(options: argparse.Namespace) -> None:
    law, _ = _law(options)
    print(f"law               {law!r}")
    print_law(law, expression=False)
    print(f"edges             {', '.join(map(shown, law.edges())) or 'none'}")
    print(f"moments           {row(law.moments, options.moments)}")
    print(f"free cumulants    {row(law.free_cumulants, options.moments)}")
    print("quantiles")
    for level, value in zip(LEVELS[:-1], law.quantile(LEVELS[:-1]).tolist(), strict=True):
        print(f"  {percent(level):>5}           {shown(value)}")


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
            code = options.run(options)
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
    return code or 0


if __name__ == "__main__":
    sys.exit(main())
