"""The inverse problem: which initialisation gives a wished spectrum at a given depth."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from freesym.errors import FreesymError, InvalidLawError
from freesym.law import Law
from freesym.nets.activations import activation_named
from freesym.nets.mlp import MLP
from freesym.nets.piecewise_linear import PReLU
from freesym.nets.residual import ResidualMLP
from freesym.parameters import as_count, as_number, short

#: What may be varied, with the range that is searched.
VARIABLES = {
    "sigma_w": (0.05, 20.0),
    "slope": (0.0, 1.0),
    "scale": (1e-3, 3.0),
    "keep": (0.02, 1.0),
}
TARGETS = ("mean", "variance", "conditioning", "largest")
_GRID, _STEPS, _TOLERANCE = 17, 100, 1e-12


@dataclass(frozen=True)
class Design:
    """A network that has what was wished for.

    Attributes
    ----------
    variable, value
        What was varied and the value found.
    target, achieved
        The quantity wished for and what the network has.
    net : MLP or ResidualMLP
    """

    variable: str
    value: float
    target: str
    achieved: float
    net: MLP | ResidualMLP

    def __str__(self) -> str:
        words = {
            "mean": "mean squared singular value",
            "variance": "variance of the squared singular values",
            "conditioning": "ratio of the largest to the median singular value that is not 0",
            "largest": "largest singular value",
        }[self.target]
        depth = self.net.depth
        return (
            f"{self.variable} = {self.value:.10g} gives a {words} of {self.achieved:.10g} at "
            f"depth {depth}"
        )


def design(
    activation: Any = "relu",
    depth: int = 10,
    *,
    vary: str = "sigma_w",
    weights: Any = "gaussian",
    sigma_w: Any = None,
    sigma_b: Any = 0,
    scale: Any = None,
    **target: float,
) -> Design:
    """Find the initialisation with a wished property of the Jacobian.

    Parameters
    ----------
    activation : str, Activation, ...
    depth : int
        The number of layers, of equal width.
    vary : {"sigma_w", "slope", "scale", "keep"}
        The weights' standard deviation, the negative slope of a PReLU (``activation`` is then
        ignored), the scale of residual blocks, or the probability that a unit is not dropped.
    weights, sigma_w, sigma_b
        As in :class:`MLP`; what is varied needs no value.  With ``vary="slope"`` the critical
        ``sigma_w`` of each slope is taken unless one is given.
    scale : number, optional
        Design a :class:`ResidualMLP` of this scale.
    mean, variance, conditioning, largest : number
        Exactly one: of the squared singular values the mean or variance; of the singular
        values the ratio of the largest to the median one (zeros apart), or the largest.

    Returns
    -------
    Design

    Raises
    ------
    InvalidLawError
        If no value in the searched range has the property; the message says what is possible.

    Examples
    --------
    >>> print(design("tanh", 10, sigma_b=0.05, weights="orthogonal", mean=1))
    sigma_w = 1.386625802 gives a mean squared singular value of 1 at depth 10
    >>> round(design(depth=10, vary="slope", weights="orthogonal", variance=0.5).value, 9)
    0.796562618
    """
    name, wished = _target(target)
    depth = as_count(depth, 1, 100_000, "depth")
    if vary not in VARIABLES:
        raise InvalidLawError(f"vary = {short(vary)} must be one of {', '.join(VARIABLES)}")
    if vary == "scale" and scale is not None:
        raise InvalidLawError("scale is what is varied; leave it out")
    shared: dict[str, Any] = {"weights": weights, "sigma_b": sigma_b}
    # what is wrong with an argument is said before the search, which takes errors for no law
    phi: Any = activation_named(activation)
    given: Any = 1 if sigma_w is None else sigma_w
    MLP((1,) * (depth + 1), phi, sigma_w=given, **shared)

    def network(value: float) -> MLP | ResidualMLP:
        fields: dict[str, Any] = {**shared, "sigma_w": sigma_w, "activation": phi}
        if vary == "slope":
            fields["activation"] = PReLU(value)
        elif vary == "keep":
            fields["dropout"] = 1 - value
        else:
            fields[vary] = value
        if vary == "scale" or scale is not None:
            fields["sigma_w"] = 1 if fields["sigma_w"] is None else fields["sigma_w"]
            return ResidualMLP(depth, scale=fields.pop("scale", scale), **fields)
        return MLP((1,) * (depth + 1), **fields)

    def excess(value: float) -> float:
        try:
            return _quantity(network(value).jacobian_law(), name) - wished
        except FreesymError:
            return math.nan

    value = _root(excess, *VARIABLES[vary], f"{vary} gives {name} = {wished:g} at depth {depth}")
    net = network(value)
    return Design(vary, value, name, _quantity(net.jacobian_law(), name), net)


def _target(target: dict[str, float]) -> tuple[str, float]:
    unknown = [name for name in target if name not in TARGETS]
    if unknown or len(target) != 1:
        raise InvalidLawError(
            f"give exactly one of {', '.join(TARGETS)}, not {', '.join(target) or 'none'}"
        )
    ((name, value),) = target.items()
    wished = float(as_number(value, name))
    if wished <= 0:
        raise InvalidLawError(f"{name} = {value} must be positive")
    return name, wished


def _quantity(law: Law, name: str) -> float:
    if name == "mean":
        return float(law.mean())
    if name == "variance":
        return float(law.variance())
    largest = law.support()[-1][1]
    if name == "largest":
        return math.sqrt(largest)
    zero = float(law.atoms().get(0, 0))
    return math.sqrt(largest / float(law.quantile(zero + 0.5 * (1 - zero))))


def _root(excess: Callable[[float], float], low: float, high: float, words: str) -> float:
    """A zero: the first change of sign on a grid, then bisection with secant steps."""
    ratio = low > 0
    places = [
        low * (high / low) ** (i / (_GRID - 1)) if ratio else low + (high - low) * i / (_GRID - 1)
        for i in range(_GRID)
    ]
    values: list[float] = []
    for place in places:
        values.append(excess(place))
        if values[-1] == 0:
            return place
        if len(values) > 1 and values[-2] * values[-1] < 0:
            return _between(excess, *places[len(values) - 2 : len(values)], *values[-2:])
    known = [v for v in values if math.isfinite(v)]
    reach = f"it stays {'above' if known and known[0] > 0 else 'below'} that" if known else (
        "the law exists nowhere in the range")  # fmt: skip
    raise InvalidLawError(
        f"no value between {low:g} and {high:g} of {words}: {reach}; wish for less, or vary "
        "something else"
    )


def _between(
    excess: Callable[[float], float], a: float, b: float, left: float, right: float
) -> float:
    """The zero between two points of different sign (the Illinois variant of regula falsi)."""
    for _ in range(_STEPS):
        c = (a * right - b * left) / (right - left)
        value = excess(c)
        if value == 0 or math.isnan(value):
            return c
        if value * right < 0:
            a, left = b, right
        else:
            left *= 0.5
        step, b, right = abs(c - b), c, value
        if step <= _TOLERANCE * abs(c) or abs(b - a) <= _TOLERANCE * abs(b):
            break
    return b
