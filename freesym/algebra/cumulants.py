r"""Cumulants and transforms of finite moment sequences: free, boolean, rectangular, S.

A law is given by the list ``[m_1, ..., m_N]`` of its first moments (``m_0 = 1`` is implied).
Every function returns a list as long as its input.  Rationals give Fractions, floats give floats,
SymPy expressions give expanded and cancelled expressions.

Notation: ``psi(z) = sum m_n z^n``, ``eta = psi/(1+psi)``, ``R(g) = sum kappa_(n+1) g^n``,
``S(u) = (1+u)/u chi(u)`` with ``chi`` the compositional inverse of ``psi``.

References
----------
* A. Nica and R. Speicher, *Lectures on the Combinatorics of Free Probability*, 2006.
* D. Voiculescu, *Multiplication of certain non-commuting random variables*, 1987.
* R. Speicher and R. Woroudi, *Boolean convolution*, 1997.
* F. Benaych-Georges, *Rectangular random matrices, related convolution*, 2009.
* U. Haagerup and F. Larsen, *Brown's spectral distribution measure for R-diagonal
  elements*, 2000.
"""

from __future__ import annotations

from typing import TypeAlias

from freesym.algebra.coefficient_lists import (
    identity_slope,
    lagrange_inversion,
    multiply,
    reciprocal,
    reversion,
    slope_of,
    unital,
)
from freesym.algebra.coefficients import Coefficients, Scalar, exact_kernel, one_like

Moments: TypeAlias = list[Scalar]
"""Moments (or cumulants) of orders 1, 2, ..., N."""


@exact_kernel
def free_cumulants_from_moments(moments: Coefficients) -> Moments:
    """Return the free cumulants ``kappa_1, ..., kappa_N``.

    Notes
    -----
    ``C(z(1+psi(z))) = 1+psi(z)`` with ``C(w) = 1 + w R(w)`` (Nica & Speicher 2006), solved by
    Lagrange inversion.

    Examples
    --------
    >>> print(*free_cumulants_from_moments([1, 2, 5, 14]))
    1 1 1 1
    """
    return lagrange_inversion(reciprocal(unital(moments)), slope_of(moments)) if moments else []


@exact_kernel
def moments_from_free_cumulants(cumulants: Coefficients) -> Moments:
    """Return the moments of the law with the given free cumulants.

    Notes
    -----
    ``m_n = [w^n] C(w)^(n+1) / (n+1)`` with ``C(w) = 1 + sum kappa_n w^n`` (Nica & Speicher 2006).

    Examples
    --------
    >>> print(*moments_from_free_cumulants([0, 1, 0, 0, 0, 0]))
    0 1 0 2 0 5
    """
    if not cumulants:
        return []
    growth = [one_like(cumulants[0]), *cumulants]
    return lagrange_inversion(growth, identity_slope(growth))[1:]


@exact_kernel
def boolean_cumulants_from_moments(moments: Coefficients) -> Moments:
    """Return the boolean cumulants ``b_1, ..., b_N``.

    Notes
    -----
    ``sum b_n z^n = eta(z) = psi/(1+psi)`` (Speicher & Woroudi 1997).

    Examples
    --------
    >>> print(*boolean_cumulants_from_moments([1, 2, 5, 14]))
    1 1 2 5
    """
    return multiply(moments, reciprocal(unital(moments))) if moments else []


@exact_kernel
def moments_from_boolean_cumulants(cumulants: Coefficients) -> Moments:
    """Return the moments of the law with the given boolean cumulants.

    Notes
    -----
    ``psi = eta/(1-eta)`` (Speicher & Woroudi 1997).

    Examples
    --------
    >>> print(*moments_from_boolean_cumulants([1, 1, 2, 5]))
    1 2 5 14
    """
    if not cumulants:
        return []
    return multiply(cumulants, reciprocal(unital([-value for value in cumulants])))


@exact_kernel
def rectangular_cumulants_from_moments(moments: Coefficients, ratio: Scalar) -> Moments:
    """Return the coefficients of the rectangular C-transform of a law of ``X X*``.

    Notes
    -----
    ``C(y) = psi(x)`` at ``y = x (ratio psi(x) + 1)(psi(x) + 1)`` (Benaych-Georges 2009), for
    ``X`` of shape ``n x p`` and ``ratio = n/p``.

    Examples
    --------
    >>> print(*rectangular_cumulants_from_moments([1, 2, 5, 14], 1))
    1 0 0 0
    """
    if not moments:
        return []
    return lagrange_inversion(reciprocal(_rectangular(moments, ratio)), slope_of(moments))


@exact_kernel
def moments_from_rectangular_cumulants(cumulants: Coefficients, ratio: Scalar) -> Moments:
    """Return the moments of ``X X*`` with the given rectangular C-transform.

    Notes
    -----
    ``psi(x) = C(y)`` at ``x = y / ((ratio C(y) + 1)(C(y) + 1))`` (Benaych-Georges 2009).

    Examples
    --------
    >>> print(*moments_from_rectangular_cumulants([1, 0, 0, 0], 1))
    1 2 5 14
    """
    if not cumulants:
        return []
    return lagrange_inversion(_rectangular(cumulants, ratio), slope_of(cumulants))


def _rectangular(row: Coefficients, ratio: Scalar) -> list[Scalar]:
    """Return the series ``(ratio f + 1)(f + 1)`` for ``f = row[0] z + ...``."""
    return multiply(unital([ratio * value for value in row]), unital(row))


@exact_kernel
def s_transform_series(moments: Coefficients) -> list[Scalar]:
    """Return the coefficients ``s_0, ..., s_(N-1)`` of ``S(u)``.

    Raises
    ------
    ValueError
        If the mean vanishes: then ``S`` is not a power series.

    Notes
    -----
    ``S(u) = (1+u)/u chi(u)`` with ``psi(chi(u)) = u`` (Voiculescu 1987; Haagerup & Larsen 2000).

    Examples
    --------
    >>> print(*s_transform_series([1, 2, 5, 14]))
    1 -1 1 -1
    """
    if not moments:
        return []
    require_mean(moments)
    chi = reversion(moments)
    return [chi[0], *(a + b for a, b in zip(chi[1:], chi, strict=False))]


@exact_kernel
def moments_from_s_transform_series(series: Coefficients) -> Moments:
    """Return ``m_1, ..., m_N`` from the coefficients ``s_0, ..., s_(N-1)`` of ``S(u)``.

    Notes
    -----
    ``m_n = (1/n) [u^(n-1)] ((1+u)/S(u))^n`` (Voiculescu 1987).

    Examples
    --------
    >>> print(*moments_from_s_transform_series([1, -1, 1, -1]))
    1 2 5 14
    """
    if not series:
        return []
    if series[0] == 0:
        raise ValueError("S(0) = 1/m_1 cannot vanish")
    inverse = reciprocal(series)
    growth = [inverse[0], *(a + b for a, b in zip(inverse[1:], inverse, strict=False))]
    return lagrange_inversion(growth, identity_slope(growth))


def require_mean(moments: Coefficients) -> None:
    """Refuse a mean of 0, which has no S-transform series."""
    if moments[0] == 0:
        raise ValueError(
            "the S-transform needs a non-zero mean; for a symmetric law use the moments of its "
            "square, and for products with a centred factor free_product_moments"
        )
