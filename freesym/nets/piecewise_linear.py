"""Piecewise linear activations: everything about them is known in closed form."""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from freesym.errors import InvalidLawError
from freesym.law import Law
from freesym.laws import Bernoulli, Discrete, PointMass, TwoPoint
from freesym.nets import dual_kernels
from freesym.nets.activations import Activation
from freesym.parameters import REAL, Number, as_number, exact_quotient, parameter

Array = NDArray[np.float64]
HALF = Fraction(1, 2)


class PiecewiseLinear(Activation):
    """An activation of at most two different slopes, a larger and a smaller one (``floor``).

    Units on a piece with the larger slope (``top``) are called active.
    """

    @property
    @abstractmethod
    def slopes(self) -> tuple[Number, ...]:
        """The slopes of the pieces, from the left; one more than there are kinks."""

    @property
    def floor(self) -> Number:
        """The slope of inactive units."""
        return 0

    @property
    def top(self) -> Number:
        """The slope of active units."""
        return 1

    @abstractmethod
    def active(self, h: Array) -> NDArray[np.bool_]:
        """Which units have the slope ``top``."""

    @abstractmethod
    def active_fraction(self, q: Number) -> Number:
        """The probability that a normal pre-activation of variance ``q`` is active."""

    def critical_variance(self, q: Number | None) -> Number:
        """The weight variance ``sigma_w^2`` at which the mean of the spectrum is 1."""
        if q is None:
            return exact_quotient(1, self.slope_mean(self.active_fraction(0)))
        return exact_quotient(1, self.slope_mean(self.active_fraction(q)))

    def slope_mean(self, p: Number) -> Number:
        """``E phi'^2`` when a fraction ``p`` of the units is active."""
        return as_number(p * self.top**2 + (1 - p) * self.floor**2)

    def derivative(self, x: Array) -> Array:
        """``top`` on active units, ``floor`` on the others."""
        return np.where(self.active(np.asarray(x)), float(self.top), float(self.floor))

    def gaussian_mean_square(self, q: ArrayLike) -> Any:
        """In closed form."""
        return self.dual(q, q, q)

    def gaussian_mean_square_slope(self, q: ArrayLike) -> Any:
        """In closed form."""
        variances = np.asarray(q, dtype=float)
        found = np.array([float(self.slope_mean(self.active_fraction(v)))
                          for v in variances.ravel().tolist()])  # fmt: skip
        return float(found[0]) if variances.ndim == 0 else found.reshape(variances.shape)

    def gaussian_mean_slope_power(self, q: float, power: int) -> float:
        """In closed form."""
        p = float(self.active_fraction(q))
        return p * float(self.top) ** power + (1 - p) * float(self.floor) ** power

    def slope_law(self, q: Number) -> Law:
        """Two atoms, or one."""
        return self.squared_slope_law(self.active_fraction(q))

    def squared_slope_law(self, p: Number) -> Law:
        """The law of the squared slope when a fraction ``p`` of the units is active."""
        low, high = self.floor**2, self.top**2
        if p in (0, 1) or low == high:
            return PointMass(high if p == 1 or low == high else low)
        if (low, high) == (0, 1):
            return Bernoulli(p)
        if low == 0:
            return Discrete((0, high), (1 - p, p))
        return TwoPoint(low, high, p) if low < high else TwoPoint(high, low, 1 - p)

    def dual(self, a: ArrayLike, b: ArrayLike, c: ArrayLike) -> Any:
        """By bivariate normal probabilities, to about 1e-15."""
        return dual_kernels.piecewise_linear(self._hinges(), a, b, c)

    def dual_slope(self, a: ArrayLike, b: ArrayLike, c: ArrayLike) -> Any:
        """By bivariate normal probabilities, to about 1e-15."""
        return dual_kernels.piecewise_linear_slope(self._hinges(), a, b, c)

    def _hinges(self) -> dual_kernels.Hinges:
        value = float(np.asarray(self.phi(np.zeros(1)))[0])
        return dual_kernels.Hinges(value, tuple(map(float, self.slopes)), self.breakpoints)


class _OneKink(PiecewiseLinear):
    """Slope ``floor`` below 0 and 1 above."""

    @property
    def breakpoints(self) -> tuple[float, ...]:
        """The kink at 0."""
        return (0.0,)

    @property
    def slopes(self) -> tuple[Number, ...]:
        """The slopes on both sides."""
        return (self.floor, 1)

    def active(self, h: Array) -> NDArray[np.bool_]:
        """The positive pre-activations."""
        return np.asarray(h > 0)

    def active_fraction(self, q: Number) -> Number:
        """One half."""
        return HALF

    def phi(self, x: Array) -> Array:
        """``x`` above 0, ``floor x`` below."""
        return np.where(x > 0, x, float(self.floor) * x)

    def dual(self, a: ArrayLike, b: ArrayLike, c: ArrayLike) -> Any:
        """``s c + (1 - s)^2 k`` with the arc-cosine kernel ``k`` (Cho & Saul 2009)."""
        return dual_kernels.leaky(float(self.floor), a, b, c)

    def dual_slope(self, a: ArrayLike, b: ArrayLike, c: ArrayLike) -> Any:
        """``s + (1 - s)^2 (pi - theta)/(2 pi)``."""
        return dual_kernels.leaky_slope(float(self.floor), a, b, c)


@dataclass(frozen=True)
class Linear(PiecewiseLinear):
    """``phi(x) = x``."""

    name: ClassVar[str] = "linear"

    @property
    def slopes(self) -> tuple[Number, ...]:
        """The slope 1."""
        return (1,)

    def phi(self, x: Array) -> Array:
        """The pre-activations."""
        return x

    def active(self, h: Array) -> NDArray[np.bool_]:
        """All units."""
        return np.ones(np.shape(h), dtype=bool)

    def active_fraction(self, q: Number) -> Number:
        """1."""
        return 1


@dataclass(frozen=True)
class ReLU(_OneKink):
    """``phi(x) = max(x, 0)``."""

    name: ClassVar[str] = "relu"

    def phi(self, x: Array) -> Array:
        """The positive part."""
        return np.maximum(x, 0.0)


def _checked_slope(value: Number, bound: float, name: str) -> None:
    if not (math.isfinite(value) and abs(value) <= bound):
        raise InvalidLawError(f"{name}: slope = {value} must lie between -{bound:g} and {bound:g}")


@dataclass(frozen=True)
class LeakyReLU(_OneKink):
    """``phi(x) = x`` for ``x > 0`` and ``slope x`` below.

    Parameters
    ----------
    negative_slope : number in [-1, 1]
        The slope below 0.
    """

    name: ClassVar[str] = "leaky-relu"
    negative_slope: Number = parameter(REAL, default=Fraction(1, 100))

    def __post_init__(self) -> None:
        _checked_slope(self.negative_slope, 1, "LeakyReLU")

    @property
    def floor(self) -> Number:
        """The negative slope."""
        return self.negative_slope


@dataclass(frozen=True)
class PReLU(_OneKink):
    """``phi(x) = x`` for ``x > 0`` and ``a x`` below, with any slope ``a``.

    Parameters
    ----------
    a : number
        The slope below 0; 1/4 at the start of training (He et al. 2015).
    """

    name: ClassVar[str] = "prelu"
    a: Number = parameter(REAL, default=Fraction(1, 4))

    def __post_init__(self) -> None:
        object.__setattr__(self, "a", as_number(self.a, "PReLU: a"))
        _checked_slope(self.a, 1000, "PReLU")

    @property
    def floor(self) -> Number:
        """The slope below 0."""
        return self.a


class _Clipped(PiecewiseLinear):
    """Slope ``top`` around 0, flat beyond ``-bound`` and ``bound``."""

    bound: ClassVar[float]

    @property
    def breakpoints(self) -> tuple[float, ...]:
        """Where the flat pieces begin."""
        return (-self.bound, self.bound)

    @property
    def slopes(self) -> Sequence[Number]:  # type: ignore[override]
        """Flat, rising, flat."""
        return (0, self.top, 0)

    def active(self, h: Array) -> NDArray[np.bool_]:
        """The pre-activations strictly between the bounds."""
        return np.asarray(np.abs(h) < self.bound)

    def active_fraction(self, q: Number) -> Number:
        """``erf(bound/sqrt(2 q))``."""
        return 1 if q == 0 else math.erf(self.bound / math.sqrt(2 * q))


@dataclass(frozen=True)
class HardTanh(_Clipped):
    """``phi(x) = x`` cut off at -1 and 1."""

    name: ClassVar[str] = "hard-tanh"
    bound: ClassVar[float] = 1.0

    def phi(self, x: Array) -> Array:
        """The clipped pre-activations."""
        return np.clip(x, -1.0, 1.0)


@dataclass(frozen=True)
class HardSigmoid(_Clipped):
    """``phi(x) = 1/2 + x/6`` cut off at 0 and 1."""

    name: ClassVar[str] = "hard-sigmoid"
    bound: ClassVar[float] = 3.0

    @property
    def top(self) -> Number:
        """1/6."""
        return Fraction(1, 6)

    def phi(self, x: Array) -> Array:
        """The clipped line."""
        return np.clip(np.asarray(x) / 6 + 0.5, 0.0, 1.0)


KINDS: dict[str, type[Activation]] = {
    kind.name: kind for kind in (ReLU, LeakyReLU, PReLU, HardTanh, HardSigmoid, Linear)
}
