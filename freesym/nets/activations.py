"""Activations: a function, its slope, their Gaussian integrals and their dual kernels."""

from __future__ import annotations

import functools
import inspect
import re
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from freesym.errors import InvalidLawError
from freesym.law import Law
from freesym.laws import PointMass
from freesym.nets import gaussian_integrals
from freesym.parameters import Number, exact_number, is_expression, short

Array = NDArray[np.float64]


class Activation(ABC):
    """A function applied to every unit of a layer; an immutable, hashable value.

    Subclasses state ``phi``, ``derivative`` and where either is not smooth.  Everything else
    follows by quadrature, and is overridden where there is a closed form.

    Notes
    -----
    Quadrature is adaptive: panels are bisected until 14 Legendre coefficients resolve the
    function and its slope to 4e-14 of their size, and Gauss rules of 20 nodes integrate them.
    Relative errors of the one-dimensional integrals are below 1e-13; see :meth:`dual` for the
    two-dimensional ones.
    """

    #: What users call it.
    name: ClassVar[str]
    #: Relative noise of the slope, for slopes that are differences.
    noise: ClassVar[float] = 0.0

    @property
    def breakpoints(self) -> tuple[float, ...]:
        """Where the function or its slope has kinks or jumps."""
        return ()

    @abstractmethod
    def phi(self, x: Array) -> Array:
        """The function, of an array of any shape."""

    @abstractmethod
    def derivative(self, x: Array) -> Array:
        """Its slope, of an array of any shape; one-sided values at kinks."""

    def slope_formula(self, x: Any) -> Any:
        """The slope as an analytic SymPy expression of ``x``; None if there is none."""
        return None

    def gaussian_mean(self, q: ArrayLike) -> Any:
        """``E phi(h)`` for normal ``h`` of variance ``q``, a number or an array."""
        return _from_zero(
            q, lambda v: gaussian_integrals.means(self, v, lambda t: (t.value,))[0],
            lambda: _at_zero(self.phi),
        )  # fmt: skip

    def gaussian_mean_square_rate(self, q: ArrayLike) -> Any:
        """The derivative of ``E phi(h)^2`` in ``q > 0``, which is ``E (phi'^2 + phi phi'')(h)``."""
        return gaussian_integrals.mean_square_rates(self, q)

    def gaussian_mean_square(self, q: ArrayLike) -> Any:
        """``E phi(h)^2`` for normal ``h`` of variance ``q``, a number or an array."""
        return _from_zero(
            q, lambda v: gaussian_integrals.means(self, v, lambda t: (t.value**2,))[0],
            lambda: _at_zero(self.phi) ** 2,
        )  # fmt: skip

    def gaussian_mean_square_slope(self, q: ArrayLike) -> Any:
        """``E phi'(h)^2`` for normal ``h`` of variance ``q``, a number or an array."""
        return _from_zero(
            q, lambda v: gaussian_integrals.means(self, v, lambda t: (t.slope**2,))[0],
            lambda: _at_zero(self.derivative) ** 2,
        )  # fmt: skip

    def gaussian_mean_slope_power(self, q: float, power: int) -> float:
        """``E phi'(h)^power`` for normal ``h`` of variance ``q``."""
        if q == 0:
            return _at_zero(self.derivative) ** power
        return float(gaussian_integrals.means(self, q, lambda t: (t.slope**power,))[0])

    def slope_law(self, q: Number) -> Law:
        """The law of ``phi'(h)^2`` for normal ``h`` of variance ``q``.

        Examples
        --------
        >>> activation_named("relu").slope_law(1)
        Bernoulli(p=Rational(1, 2))
        >>> law = activation_named("tanh").slope_law(0.5)
        >>> abs(law.mean() - activation_named("tanh").gaussian_mean_square_slope(0.5)) < 1e-14
        True
        """
        if q == 0:
            return PointMass(_at_zero(self.derivative) ** 2)
        from freesym.nets.slope_law import squared_slope_law

        return squared_slope_law(self, q)

    def dual(self, a: ArrayLike, b: ArrayLike, c: ArrayLike) -> Any:
        """``E phi(u) phi(v)`` for normal ``(u, v)`` of variances ``a``, ``b``, covariance ``c``.

        Parameters
        ----------
        a, b, c : array_like of float
            Numbers or arrays, broadcast together.

        Notes
        -----
        A closed form where there is one.  Otherwise the expansion in Hermite polynomials
        ``sum h_n(a) h_n(b) rho^n``, whose remainder is bounded by what is missing to
        ``E phi(u)^2`` and ``E phi(v)^2``, and where that converges slowly a rule over panels
        in both variables.  Errors are below 1e-13 of ``sqrt(E phi(u)^2 E phi(v)^2)``.

        Raises
        ------
        InvalidLawError
            If the variances and covariances are not those of normal variables.
        """
        from freesym.nets import dual_kernels

        return dual_kernels.numerical(self, a, b, c, slope=False)

    def dual_slope(self, a: ArrayLike, b: ArrayLike, c: ArrayLike) -> Any:
        """``E phi'(u) phi'(v)``, the derivative of :meth:`dual` in ``c``."""
        from freesym.nets import dual_kernels

        return dual_kernels.numerical(self, a, b, c, slope=True)

    def __str__(self) -> str:
        return self.name

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        """Interactive shells and test reports show no names of classes as parameters."""
        printer.text(repr(self))


def _at_zero(function: Callable[[Array], Array]) -> float:
    return float(np.asarray(function(np.zeros(1)))[0])


def _from_zero(q: ArrayLike, integral: Callable[[Any], Any], at_zero: Callable[[], float]) -> Any:
    """An integral of positive variances, and the value at 0 where the variance is 0."""
    variances = np.asarray(q, dtype=float)
    if variances.ndim == 0:
        return at_zero() if variances == 0 else integral(float(variances))
    zero = variances == 0
    if not zero.any():
        return integral(variances)
    found = np.full(variances.shape, at_zero())
    if not zero.all():
        found[~zero] = integral(variances[~zero])
    return found


# ------------------------------------------------------------------------------------ by name


def activation_kinds() -> dict[str, type[Activation]]:
    """The classes of named activations."""
    from freesym.nets import piecewise_linear, smooth

    return {**piecewise_linear.KINDS, **smooth.KINDS}


@functools.cache
def _aliases() -> dict[str, str]:
    known = {name.replace("-", ""): name for name in activation_kinds()}
    return known | {"identity": "linear", "swish": "silu"}


def activation_named(activation: Any, **parameters: Any) -> Activation:
    """The activation with a name, or given by a SymPy expression or a vectorised callable.

    Parameters
    ----------
    activation : str, Activation, SymPy expression or callable
        Names: linear, relu, leaky-relu, prelu, hard-tanh, hard-sigmoid, tanh, erf, sigmoid,
        gelu, silu, elu, softplus, sin, cos.  Underscores and capitals do not matter, and one
        parameter may follow in brackets: ``"prelu(0.25)"``.  An :class:`Activation` is
        returned as it is.
    **parameters
        Passed to the activation, such as ``negative_slope``.

    Raises
    ------
    InvalidLawError
        If there is no such activation.

    Examples
    --------
    >>> activation_named("Leaky_ReLU(1/5)")
    LeakyReLU(negative_slope=Fraction(1, 5))
    >>> import sympy
    >>> x = sympy.Symbol("x")
    >>> round(activation_named(x * sympy.tanh(x)).gaussian_mean_square(1.0), 12)
    0.757889866679
    """
    if isinstance(activation, Activation):
        return activation
    if not isinstance(activation, str):
        if not (is_expression(activation) or callable(activation)):
            raise InvalidLawError(
                f"activation = {short(activation)} must be a name, an Activation, a SymPy "
                "expression or a vectorised callable"
            )
        from freesym.nets.custom import custom_activation

        return custom_activation(activation, **parameters)
    return _parsed(activation, parameters)


def _parsed(text: str, parameters: dict[str, Any]) -> Activation:
    match = re.fullmatch(r"\s*([A-Za-z][A-Za-z0-9_ -]*?)\s*(?:\(([-+0-9./eE ]{0,40})\))?\s*", text)
    key = "" if match is None else re.sub(r"[-_ ]", "", match.group(1).lower())
    kinds = activation_kinds()
    if match is None or key not in _aliases():
        raise InvalidLawError(
            f"there is no activation {short(text)}; choose one of {', '.join(kinds)}, or give a "
            "SymPy expression or a vectorised callable"
        )
    kind = kinds[_aliases()[key]]
    names = [n for n in inspect.signature(kind).parameters if not n.startswith("_")]
    given = match.group(2)
    if given is not None and given.strip():
        if not names:
            raise InvalidLawError(f"the activation {match.group(1)} has no parameter")
        try:
            parameters = {names[0]: exact_number(given), **parameters}
        except ValueError:
            raise InvalidLawError(f"'{given}' is not a number") from None
    unknown = set(parameters) - set(names)
    if unknown:
        takes = f"takes {', '.join(names)}" if names else "takes no parameters"
        raise InvalidLawError(f"the activation {kind.name} {takes}, not {min(unknown)}")
    return kind(**parameters)
