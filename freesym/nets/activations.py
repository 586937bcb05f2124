"""Activations: what a Jacobian's law needs to know of them."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from freesym.errors import InvalidLawError
from freesym.law import Law
from freesym.laws import Bernoulli, PointMass, TwoPoint
from freesym.parameters import REAL, Number, exact_quotient, parameter

Array = NDArray[np.float64]
HALF = Fraction(1, 2)


class Activation(ABC):
    """A function applied to every unit of a layer.

    The slope of the activations offered here takes a larger value on the units called active
    and a smaller one (``floor``) on the others, so that the law of the squared slope is known
    from the fraction of active units.
    """

    name: ClassVar[str]

    @property
    def floor(self) -> Number:
        """The slope of inactive units."""
        return 0

    @abstractmethod
    def value(self, h: Array) -> Array:
        """The activation of pre-activations."""

    @abstractmethod
    def active(self, h: Array) -> NDArray[np.bool_]:
        """Which units have slope 1."""

    @abstractmethod
    def active_fraction(self, q: Number) -> Number:
        """The probability that a normal pre-activation of variance ``q`` is active."""

    @abstractmethod
    def second_moment(self, q: float) -> float:
        """``E f(h)^2`` for a normal ``h`` of variance ``q``."""

    @abstractmethod
    def critical_variance(self, q: Number | None) -> Number:
        """The weight variance ``sigma_w^2`` at which the mean of the spectrum is 1."""

    def slope(self, h: Array) -> Array:
        """The derivative of the activation."""
        return np.where(self.active(h), 1.0, float(self.floor))

    def squared_slope_law(self, p: Number) -> Law:
        """The law of the squared slope when a fraction ``p`` of the units is active."""
        if p in (0, 1):
            return PointMass(1 if p == 1 else self.floor**2)
        return Bernoulli(p) if self.floor == 0 else TwoPoint(self.floor**2, 1, p)


@dataclass(frozen=True)
class Linear(Activation):
    """``f(h) = h``."""

    name: ClassVar[str] = "linear"

    def value(self, h: Array) -> Array:
        """The pre-activations."""
        return h

    def active(self, h: Array) -> NDArray[np.bool_]:
        """All units."""
        return np.ones(h.shape, dtype=bool)

    def active_fraction(self, q: Number) -> Number:
        """1."""
        return 1

    def second_moment(self, q: float) -> float:
        """``q``."""
        return q

    def critical_variance(self, q: Number | None) -> Number:
        """1."""
        return 1


@dataclass(frozen=True)
class ReLU(Activation):
    """``f(h) = max(h, 0)``."""

    name: ClassVar[str] = "relu"

    def value(self, h: Array) -> Array:
        """The positive part."""
        return np.maximum(h, 0.0)

    def active(self, h: Array) -> NDArray[np.bool_]:
        """The positive pre-activations."""
        return h > 0

    def active_fraction(self, q: Number) -> Number:
        """One half."""
        return HALF

    def second_moment(self, q: float) -> float:
        """``q/2``."""
        return 0.5 * q

    def critical_variance(self, q: Number | None) -> Number:
        """2, the initialisation of He et al."""
        return 2


@dataclass(frozen=True)
class LeakyReLU(Activation):
    """``f(h) = h`` for ``h > 0`` and ``slope h`` below.

    Parameters
    ----------
    negative_slope : number in [-1, 1]
        The slope below 0.
    """

    name: ClassVar[str] = "leaky-relu"
    negative_slope: Number = parameter(REAL, default=Fraction(1, 100))

    def __post_init__(self) -> None:
        if not (math.isfinite(self.negative_slope) and abs(self.negative_slope) <= 1):
            raise InvalidLawError(
                f"LeakyReLU: slope = {self.negative_slope} must lie between -1 and 1"
            )

    @property
    def floor(self) -> Number:
        """The negative slope."""
        return self.negative_slope

    def value(self, h: Array) -> Array:
        """``h`` or ``slope h``."""
        return np.where(h > 0, h, float(self.negative_slope) * h)

    def active(self, h: Array) -> NDArray[np.bool_]:
        """The positive pre-activations."""
        return h > 0

    def active_fraction(self, q: Number) -> Number:
        """One half."""
        return HALF

    def second_moment(self, q: float) -> float:
        """``q (1 + slope^2)/2``."""
        return 0.5 * q * (1 + float(self.negative_slope) ** 2)

    def critical_variance(self, q: Number | None) -> Number:
        """``2/(1 + slope^2)``."""
        return exact_quotient(2, 1 + self.negative_slope**2)


@dataclass(frozen=True)
class HardTanh(Activation):
    """``f(h) = h`` cut off at -1 and 1."""

    name: ClassVar[str] = "hard-tanh"

    def value(self, h: Array) -> Array:
        """The clipped pre-activations."""
        return np.clip(h, -1.0, 1.0)

    def active(self, h: Array) -> NDArray[np.bool_]:
        """The pre-activations strictly between -1 and 1."""
        return np.abs(h) < 1

    def active_fraction(self, q: Number) -> Number:
        """``erf(1/sqrt(2 q))``."""
        return 1 if q == 0 else math.erf(1 / math.sqrt(2 * q))

    def second_moment(self, q: float) -> float:
        """``q (erf(A/sqrt 2) - 2 A N(A)) + erfc(A/sqrt 2)`` with ``A = 1/sqrt(q)``."""
        if q == 0:
            return 0.0
        a = 1 / math.sqrt(q)
        normal = math.exp(-0.5 * a * a) / math.sqrt(2 * math.pi)
        inside = math.erf(a / math.sqrt(2)) - 2 * a * normal
        return q * inside + math.erfc(a / math.sqrt(2))

    def critical_variance(self, q: Number | None) -> Number:
        """``1/erf(1/sqrt(2 q))``; 1 if no stationary ``q`` is given."""
        return 1 if q is None else 1 / self.active_fraction(q)


ACTIVATIONS: dict[str, type[Activation]] = {
    kind.name: kind for kind in (ReLU, LeakyReLU, HardTanh, Linear)
}


def activation_named(activation: str | Activation, **parameters: Any) -> Activation:
    """The activation with a name: relu, leaky-relu, hard-tanh or linear.

    Parameters
    ----------
    activation : str or Activation
        Underscores and capitals do not matter; an activation is returned as it is.
    **parameters
        Passed to the activation, such as ``negative_slope``.

    Raises
    ------
    InvalidLawError
        If there is no such activation.
    """
    if isinstance(activation, Activation):
        return activation
    key = str(activation).lower().replace("_", "-")
    kind = {name.replace("-", ""): kind for name, kind in ACTIVATIONS.items()}.get(
        key.replace("-", "")
    )
    if kind is None:
        raise InvalidLawError(
            f"there is no activation {activation!r}; choose one of {', '.join(ACTIVATIONS)}"
        )
    return kind(**parameters)
