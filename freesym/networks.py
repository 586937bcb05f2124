"""The commands about networks: ``freesym jacobian``, ``freesym phase`` and ``freesym design``."""

from __future__ import annotations

import argparse
import math
from collections.abc import Sequence
from dataclasses import fields
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from freesym.architecture import parse_activation, read_architecture
from freesym.console import (
    LEVELS,
    crowded_points,
    number,
    output,
    percent,
    picture,
    print_law,
    ratio,
    shown,
    whole,
    width_list,
    write_csv,
    write_plot,
)
from freesym.errors import InvalidLawError
from freesym.files import write_atomically
from freesym.law import Law
from freesym.nets.activations import Activation
from freesym.nets.design import TARGETS, VARIABLES, design
from freesym.nets.mean_field import critical_line, fixed_point
from freesym.nets.mlp import MLP
from freesym.nets.phases import phase_diagram
from freesym.nets.piecewise_linear import HardSigmoid, HardTanh, LeakyReLU, PiecewiseLinear
from freesym.nets.products import WEIGHTS
from freesym.nets.realisation import JacobianRealisation
from freesym.nets.residual import ResidualMLP
from freesym.nets.sampling import kolmogorov_distance

# Kolmogorov distances times sqrt(width): the median and what 5% of real ReLU networks exceed,
# measured for depths 1 to 30 and widths 100 to 800; and, given the active units, times width.
_TYPICAL, _RARE, _GIVEN = 0.6, 1.3, 4.0
_LAYERS = 100_000
Array = NDArray[np.float64]


# ------------------------------------------------------------------------------------ jacobian


def jacobian_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of ``freesym jacobian``."""
    add = parser.add_argument
    add("--config", metavar="FILE",
        help="a .json or .toml file that describes the network, instead of the options up to "
        "--residual; its keys are listed in the module freesym.architecture")  # fmt: skip
    add("--depth", type=whole(1, _LAYERS), help="the number of layers, of equal width")
    add("--widths", type=width_list, metavar="N0,N1,...,NL",
        help="the widths of the input and of all layers, instead of --depth")  # fmt: skip
    _activation_argument(parser, "relu")
    add("--slope", type=number, help="the negative slope of leaky-relu; default: 0.01")
    _weight_arguments(parser)
    add("--q", type=number,
        help="the stationary variance of the pre-activations, held by biases, where slopes "
        "depend on it; without it they are propagated from an input of variance 1")  # fmt: skip
    add("--dropout", type=number, default=0, help="the probability that a unit is dropped")
    add("--linear-output", action="store_true", help="the last layer has no activation")
    add("--residual", type=number, metavar="A", help="residual blocks x + A phi(W x + b)")
    add("--report", action="store_true", help="add a verdict and advice")
    add("--verify", type=whole(2, 8192), metavar="N",
        help="compare with a real random network of width N (its widest layer)")  # fmt: skip
    add("--seed", type=whole(0, 2**63 - 1), default=0, help="of --verify; default: 0")
    add("--plot", type=picture, metavar="FILE", help="draw the law (and the sample) to FILE")
    add("--csv", type=output, metavar="FILE",
        help="write x, density, cdf and singular_value = sqrt(x) to FILE")  # fmt: skip
    parser.set_defaults(run=jacobian)


def _activation_argument(parser: argparse.ArgumentParser, default: str | None) -> None:
    parser.add_argument(
        "--activation", default=default, metavar="NAME",
        help="relu, leaky-relu, prelu(1/4), hard-tanh, hard-sigmoid, linear, tanh, erf, sigmoid, "
        "gelu, silu, elu, softplus, sin, cos, or an expression such as 'x*tanh(x)'"
        + (f"; default: {default}" if default else ""),
    )  # fmt: skip


def _weight_arguments(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("--weights", choices=WEIGHTS, default="gaussian", help="default: gaussian")
    add("--sigma-w", type=number,
        help="weights have variance sigma_w^2/fan-in; default: critical, mean 1")  # fmt: skip
    add("--sigma-b", type=number, default=0, help="the deviation of the biases; default: 0")


def jacobian(options: argparse.Namespace) -> None:
    """Print the spectrum of a network's Jacobian."""
    net = _network(options)
    sample, sizes = None, None
    if options.verify is not None:
        # the law is that of the sampled widths: rounding changes their ratios
        if isinstance(net, MLP):
            net = net.resized(options.verify)
            sample = net.simulate_jacobian(rng=options.seed)
            sizes = sample.eigenvalues()
        else:
            sizes = _residual_sizes(net, options)
    law = net.jacobian_law()
    for line in _network_lines(net, options):
        print(line)
    print_law(law)
    _print_singular_values(law)
    if options.report:
        _print_report(net)
    if sample is not None and sizes is not None:
        _print_verification(law, sample, sizes, options.seed)
    elif sizes is not None:
        _print_distance(law, sizes, options.seed)
    if options.csv:
        write_csv(options.csv, law, crowded_points(law, 400), singular=True)
    if options.plot:
        write_plot(options.plot, law, sizes)


def _residual_sizes(net: ResidualMLP, options: argparse.Namespace) -> Array:
    singular = np.linalg.svd(net.simulate_jacobian(options.verify, options.seed), compute_uv=False)
    return np.asarray(np.sort(singular**2))


def _network(options: argparse.Namespace) -> MLP | ResidualMLP:
    if options.config is not None:
        return read_architecture(options.config)
    activation = _activation(options)
    sigma_w, sigma_b, square = options.sigma_w, options.sigma_b, 1
    if options.q is not None:
        sigma_w, sigma_b, square = _stationary(options, activation)
    shared: dict[str, Any] = {
        "activation": activation, "weights": options.weights, "sigma_b": sigma_b,
        "dropout": options.dropout, "input_square": square,
    }  # fmt: skip
    widths = _shape(options)
    if options.residual is not None:
        if len(set(widths)) > 1 or options.linear_output:
            raise InvalidLawError("--residual blocks have one width and no --linear-output")
        scale = {"scale": options.residual, "sigma_w": 1 if sigma_w is None else sigma_w}
        return ResidualMLP(len(widths) - 1, **shared, **scale)
    return MLP(tuple(widths), **shared, sigma_w=sigma_w, linear_output=options.linear_output)


def _shape(options: argparse.Namespace) -> list[int]:
    if options.widths is None:
        return [1] * ((options.depth or 10) + 1)
    if options.depth not in (None, len(options.widths) - 1):
        raise InvalidLawError(
            f"--depth {options.depth} contradicts the {len(options.widths)} widths; leave it out"
        )
    found: list[int] = options.widths
    return found


def _activation(options: argparse.Namespace) -> Activation:
    found = parse_activation(options.activation)
    if options.slope is None:
        return found
    if not isinstance(found, LeakyReLU):
        raise InvalidLawError(f"--slope belongs to {LeakyReLU.name}, not {found.name}")
    return LeakyReLU(options.slope)


def _stationary(options: argparse.Namespace, phi: Activation) -> tuple[Any, Any, Any]:
    """``sigma_w``, ``sigma_b`` and the mean square of the input that keep ``q``."""
    if isinstance(phi, PiecewiseLinear) and not isinstance(phi, (HardTanh, HardSigmoid)):
        raise InvalidLawError(
            f"--q does not matter for {phi.name}, whose slopes do not depend on it"
        )
    if options.sigma_b:
        raise InvalidLawError("--q determines the biases; leave out --sigma-b")
    q = float(options.q)
    if q <= 0:
        raise InvalidLawError(f"q = {q:g} must be positive")
    square = float(phi.gaussian_mean_square(q))
    sigma_w = options.sigma_w
    if sigma_w is None:
        sigma_w = float(phi.gaussian_mean_square_slope(q)) ** -0.5
    bias = q - float(sigma_w) ** 2 * square
    if bias < -1e-12 * q:
        raise InvalidLawError(
            f"q = {q:g} is not stationary for sigma_w = {float(sigma_w):.6g}, which alone makes "
            "the variance larger; give a smaller sigma_w or another q"
        )
    return sigma_w, math.sqrt(max(0.0, bias)), square


def _network_lines(net: MLP | ResidualMLP, options: argparse.Namespace) -> list[str]:
    blocks = "residual block" if isinstance(net, ResidualMLP) else "layer"
    layers = f"{net.depth} {blocks}" + "s" * (net.depth > 1)
    equal = isinstance(net, ResidualMLP) or len(set(net.widths)) == 1
    widths = "equal widths" if isinstance(net, ResidualMLP) or equal else (
        "widths " + ", ".join(map(str, net.widths)))  # fmt: skip
    names = _distinct([phi.name for phi in net.activation])
    weights = _distinct([w if isinstance(w, str) else repr(w) for w in net.weights])
    lines = [f"network           {layers}, {names}, {weights} weights, {widths}"]
    if isinstance(net, ResidualMLP) and all(s == 1 for s in net.skip):
        lines.append(f"residual limit    exp(c) is the mean for c = {shown(net.exponent)} and "
                     "many blocks")  # fmt: skip
    elif isinstance(net, MLP):
        critical = " (critical)" if net.sigma_w is None else ""
        lines.append(f"sigma_w^2         {_distinct([shown(v) for v in net.variances])}{critical}")
    if len(set(net.lengths)) > 1:
        lines.append(f"lengths           q_1 = {shown(net.lengths[0], 6)} to q_L = "
                     f"{shown(net.lengths[-1], 6)}")  # fmt: skip
    return lines


def _distinct(values: Sequence[str]) -> str:
    kept = list(dict.fromkeys(values))
    return ", ".join(kept) if len(kept) <= 4 else f"{', '.join(kept[:3])}, ..., {kept[-1]}"


def _print_singular_values(law: Law) -> None:
    zero = float(law.atoms().get(0, 0))
    print(f"singular values   of J, the roots of the above; quantiles of the {percent(1 - zero)} "
          "that are not 0:")  # fmt: skip
    if zero >= 1:
        print("                  none")
        return
    roots = np.sqrt(law.quantile([zero + (1 - zero) * q for q in LEVELS]))
    for level, root in zip(LEVELS, roots.tolist(), strict=True):
        print(f"  {percent(level):>5}           {shown(root)}")
    smallest = math.sqrt(_smallest(law))
    spread, half = ratio(roots[-1], smallest), ratio(roots[-1], roots[3])
    print(f"conditioning      largest/smallest nonzero singular value {spread}, "
          f"largest/median nonzero {half}")  # fmt: skip


def _smallest(law: Law) -> float:
    """The lower end of the spectrum without its zeros."""
    ends = [low for low, high in law.support() if high > 0]
    return float(max(0.0, min(ends)))


def _print_report(net: MLP | ResidualMLP) -> None:
    print(net.report())


def _print_verification(law: Law, sample: JacobianRealisation, values: Array, seed: int) -> None:
    net = sample.net
    floor = float(values[-1]) * (max(net.widths) * np.finfo(float).eps) ** 2
    distance = kolmogorov_distance(law, values, floor)
    given = kolmogorov_distance(sample.conditional_law(), values, floor)
    rows, narrow = net.widths[-1], min(net.widths[1:])
    order, width = math.sqrt(net.depth / narrow), math.sqrt(narrow)
    print(f"verification      one real network, {rows} eigenvalues of J J^T, seed {seed}")
    expected = f"typically {_TYPICAL / width:.2g}, rarely above {_RARE / width:.2g}"
    print(f"  Kolmogorov      {distance:.4f} to this law; expected: O(sqrt(depth/width)) = "
          f"O({order:.2g}), {expected}")  # fmt: skip
    print(f"                  {given:.4f} to the law given the slopes measured in it; rarely above "
          f"{_GIVEN / rows:.2g}")  # fmt: skip


def _print_distance(law: Law, values: Array, seed: int) -> None:
    distance = kolmogorov_distance(law, values)
    print(f"verification      one real network, {len(values)} eigenvalues of J J^T, seed {seed}")
    print(f"  Kolmogorov      {distance:.4f} to this law")


# --------------------------------------------------------------------------------------- phase


def phase_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of ``freesym phase``."""
    add = parser.add_argument
    _activation_argument(parser, "tanh")
    add("--sigma-w", type=number, help="describe this point of the diagram, with --sigma-b")
    add("--sigma-b", type=number, default=0, help="default: 0")
    add("--points", type=whole(2, 1000), default=100, help="of each axis; default: 100")
    add("--largest-w", type=number, default=4, help="the end of the axis of sigma_w; default: 4")
    add("--largest-b", type=number, default=2, help="the end of the axis of sigma_b; default: 2")
    add("--csv", type=output, metavar="FILE", help="write sigma_w, sigma_b, q, chi to FILE")
    add("--plot", type=picture, metavar="FILE", help="draw the phase diagram to FILE")
    parser.set_defaults(run=phase)


def phase(options: argparse.Namespace) -> None:
    """Print the edge of chaos and, if wished, the phase diagram."""
    phi = parse_activation(options.activation)
    print(f"activation        {phi.name}")
    for b in dict.fromkeys((options.sigma_b, Fraction(1, 20), Fraction(1, 5), Fraction(1, 2))):
        try:
            edge = shown(critical_line(phi, float(b)))
        except InvalidLawError:
            edge = "none"
        print(f"edge of chaos     sigma_w = {edge} at sigma_b = {shown(b)}")
    if options.sigma_w is not None:
        _print_point(phi, float(options.sigma_w), float(options.sigma_b))
    if options.csv or options.plot:
        _write_diagram(phi, options)


def _print_point(phi: Activation, sigma_w: float, sigma_b: float) -> None:
    point = fixed_point(phi, sigma_w, sigma_b)
    print(f"at sigma_w = {sigma_w:g}, sigma_b = {sigma_b:g}: {point.phase}")
    names = ("q*", "chi_1", "slope of the length map", "c*", "xi_q", "xi_c")
    for name, entry in zip(names, fields(point), strict=True):
        print(f"  {name:<24}{shown(getattr(point, entry.name))}")


def _write_diagram(phi: Activation, options: argparse.Namespace) -> None:
    n = options.points
    largest_w, largest_b = float(options.largest_w), float(options.largest_b)
    diagram = phase_diagram(phi, np.linspace(largest_w / n, largest_w, n),
                            np.linspace(0, largest_b, n))  # fmt: skip
    if options.csv:
        w, b = np.meshgrid(diagram.sigma_w, diagram.sigma_b)
        columns = (w, b, diagram.q, diagram.chi)
        rows = zip(*(column.ravel().tolist() for column in columns), strict=True)
        lines = ["sigma_w,sigma_b,q,chi", *(",".join(map(repr, row)) for row in rows)]
        text = "\n".join(lines) + "\n"
        write_atomically(options.csv, lambda target: _write(target, text))
    if options.plot:
        figure = diagram.plot().get_figure(root=True)
        assert figure is not None
        write_atomically(options.plot, lambda target: figure.savefig(target, dpi=150))


def _write(target: Any, text: str) -> None:
    target.write_text(text, encoding="ascii", newline="\n")


# -------------------------------------------------------------------------------------- design


def design_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of ``freesym design``."""
    add = parser.add_argument
    _activation_argument(parser, "relu")
    add("--depth", type=whole(1, _LAYERS), default=10, help="default: 10")
    add("--vary", choices=VARIABLES, default="sigma_w",
        help="sigma_w (default), the negative slope of a PReLU, the scale of residual blocks, or "
        "the probability to keep a unit")  # fmt: skip
    _weight_arguments(parser)
    add("--residual", type=number, metavar="A", help="design a residual network of this scale")
    wished = parser.add_mutually_exclusive_group(required=True)
    words = {
        "mean": "of the squared singular values",
        "variance": "of the squared singular values",
        "conditioning": "largest over median singular value that is not 0",
        "largest": "singular value",
    }
    for name in TARGETS:
        wished.add_argument(f"--{name}", type=number, metavar="X", help=words[name])
    parser.set_defaults(run=run_design)


def run_design(options: argparse.Namespace) -> None:
    """Print the value that gives what is wished for."""
    target = {name: getattr(options, name) for name in TARGETS}
    found = design(
        parse_activation(options.activation), options.depth, vary=options.vary,
        weights=options.weights, sigma_w=options.sigma_w, sigma_b=options.sigma_b,
        scale=options.residual, **{k: float(v) for k, v in target.items() if v is not None},
    )  # fmt: skip
    print(found)
    print_law(found.net.jacobian_law())
