"""Mean-field theory of one kind of layer: length map, fixed points, the edge of chaos.

With ``V(q) = E phi(h)^2`` and ``C(q) = E phi'(h)^2`` for normal ``h`` of variance ``q``,

- the length map is ``q -> sigma_w^2 V(q) + sigma_b^2``,
- ``chi_1 = sigma_w^2 C(q*)`` at its fixed point ``q*`` is the growth of gradients per layer, and
  the slope of the correlation map at 1 (Poole et al. 2016; Schoenholz et al. 2017).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.polynomial import chebyshev
from numpy.typing import ArrayLike, NDArray

from freesym.errors import InvalidLawError
from freesym.nets.activations import Activation, activation_named
from freesym.parameters import NONNEGATIVE, POSITIVE, checked

Floats = NDArray[np.float64]
LARGEST, SMALLEST = 1e8, 1e-10
_DEGREE = 23
_ANGLES = np.cos(np.pi * (np.arange(_DEGREE + 1) + 0.5) / (_DEGREE + 1))
_STEPS = 60


@lru_cache(maxsize=512)
def _pieces(activation: Activation, level: int) -> tuple[Floats, Floats]:
    """Chebyshev coefficients of ``V`` and ``C`` in ``log q``, for ``q`` in ``4^[level, level+1]``.

    Both are analytic in ``log q``, so that 24 nodes to a factor of 4 give full precision.
    """
    q = 4.0 ** (level + 0.5 + 0.5 * _ANGLES)
    values = np.stack([activation.gaussian_mean_square(q),
                       activation.gaussian_mean_square_slope(q)])  # fmt: skip
    coefficients = chebyshev.chebfit(_ANGLES, values.T, _DEGREE)
    return coefficients[:, 0], coefficients[:, 1]


def mean_squares(activation: Activation, q: Floats) -> tuple[Floats, Floats]:
    """``V(q)`` and ``C(q)`` of many positive variances, from interpolants."""
    place = np.log2(q) / 2
    levels = np.floor(place).astype(int)
    value, slope = np.empty(q.shape), np.empty(q.shape)
    for level in np.unique(levels).tolist():
        where = levels == level
        x = 2 * (place[where] - level) - 1
        first, second = _pieces(activation, level)
        value[where] = chebyshev.chebval(x, first)
        slope[where] = chebyshev.chebval(x, second)
    return value, slope


def fixed_points(
    activation: Activation, variance: Floats, bias: Floats, start: float = 1.0
) -> Floats:
    """The fixed point of the length map that is reached from ``start``, elementwise.

    Infinite where lengths grow beyond 1e8, and 0 where they shrink below 1e-10.
    """
    variance, bias = np.broadcast_arrays(variance, bias)
    shape, s, b = variance.shape, variance.ravel().astype(float), bias.ravel().astype(float)

    def excess(q: Floats, rows: Any) -> Floats:
        return np.asarray(s[rows] * mean_squares(activation, q)[0] + b[rows] - q)

    everything = np.arange(len(s))
    at_start = np.full(len(s), start)
    first = excess(at_start, everything)
    still = np.abs(first) <= 1e-13 * start
    up = first > 0
    low, high = at_start.copy(), at_start.copy()
    found = np.full(len(s), np.nan)
    found[still] = start
    searching = everything[~still]
    while len(searching):
        outer = np.where(up[searching], high[searching] * 1.5, low[searching] / 1.5)
        gone = (outer > LARGEST) | (outer < SMALLEST)
        found[searching[gone]] = np.where(up[searching[gone]], np.inf, 0.0)
        searching, outer = searching[~gone], outer[~gone]
        value = excess(outer, searching)
        rising = up[searching]
        crossed = np.where(rising, value <= 0, value >= 0)
        ups, downs = searching[rising], searching[~rising]
        low[ups], high[ups] = np.where(crossed[rising], low[ups], outer[rising]), outer[rising]
        high[downs] = np.where(crossed[~rising], high[downs], outer[~rising])
        low[downs] = outer[~rising]
        searching = searching[~crossed]
    rows = np.flatnonzero(np.isnan(found))
    low, high = low[rows], high[rows]
    for _ in range(_STEPS):
        middle = np.sqrt(low * high)
        positive = excess(middle, rows) > 0
        low, high = np.where(positive, middle, low), np.where(positive, high, middle)
    found[rows] = np.sqrt(low * high)
    return found.reshape(shape)


@dataclass(frozen=True)
class FixedPoint:
    """The fixed point of a length map and what follows from it.

    Attributes
    ----------
    q : float
        ``q*``; 0 if signals die, infinite if they grow without bound.
    chi : float
        ``chi_1``: below 1 ordered (gradients vanish), above 1 chaotic (they explode).
    rate : float
        The slope of the length map at ``q*``; the fixed point is stable below 1.
    correlation : float
        The stable correlation ``c*`` of two inputs.
    depth_of_length, depth_of_correlation : float
        ``xi_q`` and ``xi_c``: over how many layers differences shrink by a factor ``e``.
    """

    q: float
    chi: float
    rate: float
    correlation: float
    depth_of_length: float
    depth_of_correlation: float

    @property
    def phase(self) -> str:
        """``"ordered"``, ``"critical"``, ``"chaotic"``, or ``"unbounded"``."""
        if not math.isfinite(self.q):
            return "unbounded"
        if abs(self.chi - 1) < 1e-9:
            return "critical"
        return "ordered" if self.chi < 1 else "chaotic"


def fixed_point(
    activation: Any, sigma_w: float, sigma_b: float = 0.0, start: float = 1.0
) -> FixedPoint:
    """The fixed point that signals of mean square ``start`` reach.

    Examples
    --------
    >>> found = fixed_point("tanh", 1.5**0.5, 0.1**0.5)
    >>> round(found.q, 12), found.phase
    (0.520216136262, 'ordered')
    """
    phi = activation_named(activation)
    variance, bias = float(sigma_w) ** 2, float(sigma_b) ** 2
    q = float(fixed_points(phi, np.array([variance]), np.array([bias]), start)[0])
    if not math.isfinite(q):
        chi = variance * float(phi.gaussian_mean_square_slope(LARGEST))
        return FixedPoint(q, chi, math.nan, math.nan, math.nan, math.nan)
    if q > 0:
        q = _polished(phi, variance, bias, q)
    chi = variance * float(phi.gaussian_mean_square_slope(q))
    rate = chi if q == 0 else variance * float(phi.gaussian_mean_square_rate(q))
    c = _stable_correlation(phi, variance, bias, q, chi)
    slope = chi if c == 1 else variance * float(phi.dual_slope(q, q, q * c))
    return FixedPoint(q, chi, rate, c, _depth(rate), _depth(slope))


def _polished(phi: Activation, variance: float, bias: float, q: float) -> float:
    """A Newton step with the integral itself, where the slope of the map is not 1."""
    for _ in range(2):
        rate = variance * float(phi.gaussian_mean_square_rate(q))
        step = (variance * float(phi.gaussian_mean_square(q)) + bias - q) / (1 - rate or 1.0)
        if abs(1 - rate) > 1e-8 and abs(step) < 1e-6 * q:
            q += step
    return q


def _depth(slope: float) -> float:
    size = abs(slope)
    if size == 0:
        return 0.0
    return math.inf if abs(size - 1) < 1e-12 else abs(1 / math.log(size))


def correlation_map(phi: Activation, variance: float, bias: float, q: float, c: ArrayLike) -> Any:
    """``(sigma_w^2 E phi(u) phi(v) + sigma_b^2)/q*`` for ``u``, ``v`` of correlation ``c``."""
    return (variance * np.asarray(phi.dual(q, q, q * np.asarray(c))) + bias) / q


def _stable_correlation(
    phi: Activation, variance: float, bias: float, q: float, chi: float
) -> float:
    if chi <= 1 + 1e-12 or q == 0:
        return 1.0
    low, high = 0.0, 1 - 1e-9
    if float(correlation_map(phi, variance, bias, q, high)) > high:
        return 1.0
    if float(correlation_map(phi, variance, bias, q, low)) <= low:
        return 0.0
    for _ in range(52):
        middle = 0.5 * (low + high)
        above = float(correlation_map(phi, variance, bias, q, middle)) > middle
        low, high = (middle, high) if above else (low, middle)
    return 0.5 * (low + high)


# ------------------------------------------------------------------------------- edge of chaos


@dataclass(frozen=True)
class CriticalPoint:
    """A point of the edge of chaos: ``chi_1 = 1`` at the fixed point ``q``."""

    sigma_w: float
    sigma_b: float
    q: float


def critical_point(activation: Any, sigma_b: float = 0.0) -> CriticalPoint:
    """The ``sigma_w`` with ``chi_1 = 1`` for a given ``sigma_b``, and its ``q*``.

    Notes
    -----
    Eliminating ``sigma_w``, ``q* = V(q*)/C(q*) + sigma_b^2``.

    Raises
    ------
    InvalidLawError
        If no ``sigma_w`` is critical, as for ReLU with biases.

    Examples
    --------
    >>> point = critical_point("tanh", 0.05**0.5)
    >>> print(f"{point.sigma_w**2:.9f} {point.q:.9f}")
    1.760954640 0.570047882
    """
    phi = activation_named(activation)
    bias = float(checked(sigma_b, NONNEGATIVE, "critical_point", "sigma_b"))

    def excess(q: Floats) -> Floats:
        value, slope = (np.asarray(f(q)) for f in
                        (phi.gaussian_mean_square, phi.gaussian_mean_square_slope))  # fmt: skip
        return np.asarray((q - value / slope - bias**2) / q)

    if bias == 0:
        found = _without_bias(phi, excess)
        if found is not None:
            return found
    grid = np.geomspace(1e-6, 1e4, 121)
    values = excess(grid)
    crossings = np.flatnonzero((values[:-1] < 0) & (values[1:] >= 0))
    if not len(crossings):
        raise InvalidLawError(
            f"no sigma_w is critical for {phi.name} with sigma_b = {bias:.6g}: q = V/C + sigma_b^2 "
            f"has no solution; {_remedy(phi, grid)}"
        )
    low, high = (float(v) for v in grid[crossings[0] : crossings[0] + 2])
    for _ in range(80):
        middle = math.sqrt(low * high)
        if float(excess(np.array([middle]))[0]) < 0:
            low = middle
        else:
            high = middle
    q = math.sqrt(low * high)
    return CriticalPoint(float(phi.gaussian_mean_square_slope(q)) ** -0.5, bias, q)


def _remedy(phi: Activation, q: Floats) -> str:
    """Which ``sigma_b^2 = q - V/C`` have a critical point, on a grid."""
    value, slope = phi.gaussian_mean_square(q), phi.gaussian_mean_square_slope(q)
    squares = np.asarray(q - value / slope)
    if np.abs(squares / q).max() < 1e-12:
        return "for this activation only sigma_b = 0 has an edge of chaos"
    rising = np.flatnonzero((np.diff(squares) > 0) & (squares[1:] > 0)) + 1
    if not len(rising):
        return "no sigma_b has one; give sigma_w, or change the activation"
    low, high = (math.sqrt(max(0.0, float(squares[i]))) for i in (rising[0] - 1, rising[-1]))
    start = "above 0 and" if low < 1e-3 else f"above {low:.3g} and"
    return f"sigma_b {start} up to about {high:.3g} has an edge of chaos"


def _without_bias(phi: Activation, excess: Callable[[Floats], Floats]) -> CriticalPoint | None:
    """Where lengths do not matter, as for ReLU, or shrink to 0, as for tanh."""
    if float(np.asarray(phi.phi(np.zeros(1)))[0]) != 0:
        return None
    if np.abs(excess(np.array([0.1, 1.0]))).max() < 1e-12:
        return CriticalPoint(float(phi.gaussian_mean_square_slope(1.0)) ** -0.5, 0.0, 1.0)
    slope, near = (float(phi.gaussian_mean_square_slope(q)) for q in (0.0, 1e-10))
    if not (slope > 0 and math.isclose(slope, near, rel_tol=1e-4)):
        return None
    reached = fixed_points(phi, np.array([1 / slope]), np.zeros(1))[0]
    return CriticalPoint(slope**-0.5, 0.0, 0.0) if reached < 0.1 else None


def critical_line(activation: Any, sigma_b: ArrayLike = 0.0) -> Any:
    """``sigma_w`` at the edge of chaos, for one or many ``sigma_b``.

    Examples
    --------
    >>> round(critical_line("relu"), 12), round(critical_line("tanh", 0.1), 6)
    (1.414213562373, 1.193401)
    """
    values = np.asarray(sigma_b, dtype=float)
    found = [critical_point(activation, b).sigma_w for b in values.ravel().tolist()]
    return found[0] if values.ndim == 0 else np.array(found).reshape(values.shape)


# ---------------------------------------------------------------------------- initialisations


@dataclass(frozen=True)
class Initialisation:
    """A rule for ``sigma_w``, with what it keeps."""

    name: str
    sigma_w: float
    reason: str

    def __str__(self) -> str:
        return f"{self.name}: sigma_w = {self.sigma_w:.6g}; {self.reason}"


def initialisations(activation: Any, q: float = 1.0) -> tuple[Initialisation, ...]:
    """The initialisations of He, Glorot, LSUV and of dynamical isometry, for one activation.

    Parameters
    ----------
    activation : str, Activation, ...
    q : positive number
        The mean square of the pre-activations that is to be kept.

    Examples
    --------
    >>> for rule in initialisations("relu")[:2]:
    ...     print(rule.name, round(rule.sigma_w**2, 12))
    He 2.0
    Glorot 1.0
    """
    phi = activation_named(activation)
    q = float(checked(q, POSITIVE, "initialisations", "q"))
    value = float(phi.gaussian_mean_square(q))
    slope = float(phi.gaussian_mean_square_slope(q))
    return (
        Initialisation("He", math.sqrt(q / value),
                       "keeps the mean square of pre-activations: sigma_w^2 E phi(h)^2 = q"),
        Initialisation("Glorot", 1.0,
                       "variance 2/(n_in + n_out), which is 1/n for equal widths: right for a "
                       "linear net, and for phi'(0) = 1 while signals are small"),
        Initialisation("LSUV", math.sqrt(1 / float(phi.gaussian_mean_square(1.0))),
                       "scales every layer until its outputs have measured variance 1; in wide "
                       "nets that is sigma_w^2 = 1/E phi(h)^2 at variance 1"),
        Initialisation("critical", slope**-0.5,
                       "keeps gradients: chi_1 = sigma_w^2 E phi'(h)^2 = 1"),
    )  # fmt: skip
