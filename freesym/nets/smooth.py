"""Smooth and piecewise smooth activations."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from freesym.lazy import LazyModule
from freesym.nets import dual_kernels
from freesym.nets.activations import Activation
from freesym.nets.normal import density, erf, upper
from freesym.parameters import POSITIVE, Number, checked, parameter

sympy: Any = LazyModule("sympy")

Array = NDArray[np.float64]


def sigmoid(x: Array) -> Array:
    """``1/(1 + exp(-x))`` without overflow."""
    tail = np.exp(-np.abs(x))
    return np.asarray(np.where(x >= 0, 1.0, tail) / (1 + tail))


class _Closed(Activation):
    """An activation whose dual kernels have closed forms."""

    def gaussian_mean_square(self, q: ArrayLike) -> Any:
        """The dual kernel of equal variables."""
        return self.dual(q, q, q)

    def gaussian_mean_square_slope(self, q: ArrayLike) -> Any:
        """The dual kernel of equal variables."""
        return self.dual_slope(q, q, q)


@dataclass(frozen=True)
class Tanh(Activation):
    """``phi(x) = tanh x``."""

    name: ClassVar[str] = "tanh"

    def phi(self, x: Array) -> Array:
        """``tanh x``."""
        return np.asarray(np.tanh(x))

    def derivative(self, x: Array) -> Array:
        """``1/cosh(x)^2``, accurate in its tails."""
        tail = np.exp(-2 * np.abs(x))
        return np.asarray(4 * tail / (1 + tail) ** 2)

    def slope_formula(self, x: Any) -> Any:
        """The slope in SymPy."""
        return 1 / sympy.cosh(x) ** 2


@dataclass(frozen=True)
class Erf(_Closed):
    """``phi(x) = erf x``."""

    name: ClassVar[str] = "erf"

    def phi(self, x: Array) -> Array:
        """``erf x``."""
        return np.asarray(erf(x))

    def derivative(self, x: Array) -> Array:
        """``2/sqrt(pi) exp(-x^2)``."""
        x = np.asarray(x, dtype=float)
        return np.asarray(2 / math.sqrt(math.pi) * np.exp(-x * x))

    def slope_formula(self, x: Any) -> Any:
        """The slope in SymPy."""
        return 2 / sympy.sqrt(sympy.pi) * sympy.exp(-(x**2))

    def gaussian_mean_slope_power(self, q: float, power: int) -> float:
        """``(2/sqrt pi)^k/sqrt(1 + 2 k q)``."""
        return (2 / math.sqrt(math.pi)) ** power / math.sqrt(1 + 2 * power * q)

    def dual(self, a: ArrayLike, b: ArrayLike, c: ArrayLike) -> Any:
        """``(2/pi) asin(2c/sqrt((1 + 2a)(1 + 2b)))`` (Williams 1997)."""
        return dual_kernels.error_function(a, b, c)

    def dual_slope(self, a: ArrayLike, b: ArrayLike, c: ArrayLike) -> Any:
        """``(4/pi)/sqrt((1 + 2a)(1 + 2b) - 4c^2)``."""
        return dual_kernels.error_function_slope(a, b, c)


@dataclass(frozen=True)
class Sigmoid(Activation):
    """``phi(x) = 1/(1 + exp(-x))``."""

    name: ClassVar[str] = "sigmoid"

    def phi(self, x: Array) -> Array:
        """The logistic function."""
        return sigmoid(np.asarray(x, dtype=float))

    def derivative(self, x: Array) -> Array:
        """``phi(x) phi(-x)``."""
        tail = np.exp(-np.abs(x))
        return np.asarray(tail / (1 + tail) ** 2)

    def slope_formula(self, x: Any) -> Any:
        """The slope in SymPy."""
        return 1 / (4 * sympy.cosh(x / 2) ** 2)


@dataclass(frozen=True)
class GELU(_Closed):
    """``phi(x) = x P(Z <= x)`` with a standard normal ``Z``."""

    name: ClassVar[str] = "gelu"

    def phi(self, x: Array) -> Array:
        """``x Phi(x)``."""
        x = np.asarray(x, dtype=float)
        return np.asarray(x * upper(-x))

    def derivative(self, x: Array) -> Array:
        """``Phi(x) + x N(x)``."""
        x = np.asarray(x, dtype=float)
        return np.asarray(upper(-x) + x * density(x))

    def slope_formula(self, x: Any) -> Any:
        """The slope in SymPy."""
        weight = sympy.exp(-(x**2) / 2) / sympy.sqrt(2 * sympy.pi)
        return (1 + sympy.erf(x / sympy.sqrt(2))) / 2 + x * weight

    def dual(self, a: ArrayLike, b: ArrayLike, c: ArrayLike) -> Any:
        """In closed form, by partial integration."""
        return dual_kernels.gelu(a, b, c)

    def dual_slope(self, a: ArrayLike, b: ArrayLike, c: ArrayLike) -> Any:
        """In closed form, by partial integration."""
        return dual_kernels.gelu_slope(a, b, c)


@dataclass(frozen=True)
class SiLU(Activation):
    """``phi(x) = x/(1 + exp(-x))``, also called swish."""

    name: ClassVar[str] = "silu"

    def phi(self, x: Array) -> Array:
        """``x sigmoid(x)``."""
        x = np.asarray(x, dtype=float)
        return np.asarray(x * sigmoid(x))

    def derivative(self, x: Array) -> Array:
        """``s + x s (1 - s)`` with ``s = sigmoid(x)``."""
        x = np.asarray(x, dtype=float)
        s = sigmoid(x)
        return np.asarray(s * (1 + x * sigmoid(-x)))

    def slope_formula(self, x: Any) -> Any:
        """The slope in SymPy."""
        return 1 / (1 + sympy.exp(-x)) + x / (4 * sympy.cosh(x / 2) ** 2)


@dataclass(frozen=True)
class ELU(Activation):
    """``phi(x) = x`` above 0 and ``alpha (exp(x) - 1)`` below.

    Parameters
    ----------
    alpha : positive number
        Minus the limit on the left.
    """

    name: ClassVar[str] = "elu"
    alpha: Number = parameter(POSITIVE, default=1)

    def __post_init__(self) -> None:
        object.__setattr__(self, "alpha", checked(self.alpha, POSITIVE, "ELU", "alpha"))

    @property
    def breakpoints(self) -> tuple[float, ...]:
        """0."""
        return (0.0,)

    def phi(self, x: Array) -> Array:
        """The identity or an exponential."""
        x = np.asarray(x, dtype=float)
        return np.where(x > 0, x, float(self.alpha) * np.expm1(np.minimum(x, 0.0)))

    def derivative(self, x: Array) -> Array:
        """1 or an exponential."""
        x = np.asarray(x, dtype=float)
        return np.where(x > 0, 1.0, float(self.alpha) * np.exp(np.minimum(x, 0.0)))


@dataclass(frozen=True)
class Softplus(Activation):
    """``phi(x) = log(1 + exp(beta x))/beta``.

    Parameters
    ----------
    beta : positive number
        The sharpness of the bend.
    """

    name: ClassVar[str] = "softplus"
    beta: Number = parameter(POSITIVE, default=1)

    def __post_init__(self) -> None:
        object.__setattr__(self, "beta", checked(self.beta, POSITIVE, "Softplus", "beta"))

    def phi(self, x: Array) -> Array:
        """A smooth positive part."""
        return np.asarray(np.logaddexp(0.0, float(self.beta) * np.asarray(x)) / float(self.beta))

    def derivative(self, x: Array) -> Array:
        """``sigmoid(beta x)``."""
        return sigmoid(float(self.beta) * np.asarray(x, dtype=float))

    def slope_formula(self, x: Any) -> Any:
        """The slope in SymPy."""
        return 1 / (1 + sympy.exp(-sympy.sympify(self.beta) * x))


@dataclass(frozen=True)
class Sin(_Closed):
    """``phi(x) = sin x``."""

    name: ClassVar[str] = "sin"

    def phi(self, x: Array) -> Array:
        """``sin x``."""
        return np.asarray(np.sin(x))

    def derivative(self, x: Array) -> Array:
        """``cos x``."""
        return np.asarray(np.cos(x))

    def slope_formula(self, x: Any) -> Any:
        """The slope in SymPy."""
        return sympy.cos(x)

    def dual(self, a: ArrayLike, b: ArrayLike, c: ArrayLike) -> Any:
        """``exp(-(a + b)/2) sinh c``."""
        return dual_kernels.sine(a, b, c)

    def dual_slope(self, a: ArrayLike, b: ArrayLike, c: ArrayLike) -> Any:
        """``exp(-(a + b)/2) cosh c``."""
        return dual_kernels.cosine(a, b, c)


@dataclass(frozen=True)
class Cos(_Closed):
    """``phi(x) = cos x``."""

    name: ClassVar[str] = "cos"

    def phi(self, x: Array) -> Array:
        """``cos x``."""
        return np.asarray(np.cos(x))

    def derivative(self, x: Array) -> Array:
        """``-sin x``."""
        return np.asarray(-np.sin(x))

    def slope_formula(self, x: Any) -> Any:
        """The slope in SymPy."""
        return -sympy.sin(x)

    def dual(self, a: ArrayLike, b: ArrayLike, c: ArrayLike) -> Any:
        """``exp(-(a + b)/2) cosh c``."""
        return dual_kernels.cosine(a, b, c)

    def dual_slope(self, a: ArrayLike, b: ArrayLike, c: ArrayLike) -> Any:
        """``exp(-(a + b)/2) sinh c``."""
        return dual_kernels.sine(a, b, c)


KINDS: dict[str, type[Activation]] = {
    kind.name: kind for kind in (Tanh, Erf, Sigmoid, GELU, SiLU, ELU, Softplus, Sin, Cos)
}
