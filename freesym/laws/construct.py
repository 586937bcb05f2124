"""Laws from formulas, densities and moments."""

from __future__ import annotations

from typing import Any

from freesym.laws.cauchy_transform_law import CauchyTransformLaw
from freesym.laws.density_law import DensityLaw
from freesym.laws.moment_law import MomentLaw
from freesym.laws.r_transform_law import RTransformLaw
from freesym.laws.s_transform_law import STransformLaw


def from_r_transform(expression: Any, symbol: Any = None) -> RTransformLaw:
    """The law with R-transform ``expression``; see :class:`RTransformLaw`.

    Examples
    --------
    >>> import sympy
    >>> w = sympy.Symbol("w")
    >>> from_r_transform(2 * w).moments(4)
    [0, 2, 0, 8]
    """
    return RTransformLaw(expression, symbol)


def from_s_transform(expression: Any, symbol: Any = None) -> STransformLaw:
    """The law with S-transform ``expression``; see :class:`STransformLaw`.

    Examples
    --------
    >>> import sympy
    >>> m = sympy.Symbol("m")
    >>> from_s_transform(1 / (1 + m)).moments(3)
    [1, 2, 5]
    """
    return STransformLaw(expression, symbol)


def from_cauchy_transform(expression: Any, symbol: Any = None) -> CauchyTransformLaw:
    """The law with Cauchy transform ``expression``; see :class:`CauchyTransformLaw`.

    Examples
    --------
    >>> import sympy
    >>> z = sympy.Symbol("z")
    >>> law = from_cauchy_transform(1 / (sympy.sqrt(z - 1) * sympy.sqrt(z + 1)))
    >>> print(round(law.density(0.5), 6))
    0.367553
    """
    return CauchyTransformLaw(expression, symbol)


def from_density(density: Any, support: Any) -> DensityLaw:
    """The law with the given density on an interval or several; see :class:`DensityLaw`.

    Examples
    --------
    >>> import sympy
    >>> x = sympy.Symbol("x")
    >>> print(round(from_density(2 * x, (0, 1)).cdf(0.5), 12))
    0.25
    """
    return DensityLaw(density, support)


def from_moments(moments: Any) -> MomentLaw:
    """One law with the given moments; see :class:`MomentLaw`.

    Examples
    --------
    >>> from_moments([0, 1, 0, 1]).atoms()
    {-1: Fraction(1, 2), 1: Fraction(1, 2)}
    """
    return MomentLaw(moments)
