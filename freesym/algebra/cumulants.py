r"""Cumulants of finite moment sequences, free, boolean, classical, monotone, rectangular; S.

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
* T. Hasebe and H. Saigo, *The monotone cumulants*, 2011.
* F. Benaych-Georges, *Rectangular random matrices, related convolution*, 2009.
* U. Haagerup and F. Larsen, *Brown's spectral distribution measure for R-diagonal
  elements*, 2000.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TypeAlias

from freesym.algebra.coefficient_lists import (
    compose,
    exponential,
    identity_slope,
    in_flint,
    lagrange_inversion,
    logarithm,
    multiply,
    over_factorials,
    reciprocal,
    reversion,
    slope_of,
    times_factorials,
    unital,
)
from freesym.algebra.coefficients import Coefficients, Scalar, exact_kernel, one_like
from freesym.errors import InvalidLawError

__all__ = [
    "boolean_cumulants_from_moments",
    "classical_cumulants_from_moments",
    "convert",
    "free_cumulants_from_moments",
    "moments_from_boolean_cumulants",
    "moments_from_classical_cumulants",
    "moments_from_free_cumulants",
    "moments_from_monotone_cumulants",
    "moments_from_rectangular_cumulants",
    "moments_from_s_transform_series",
    "monotone_cumulants_from_moments",
    "rectangular_cumulants_from_moments",
    "s_transform_series",
]

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
def classical_cumulants_from_moments(moments: Coefficients) -> Moments:
    """Return the classical cumulants ``c_1, ..., c_N``.

    Notes
    -----
    ``sum c_n z^n/n! = log(1 + sum m_n z^n/n!)``.

    Examples
    --------
    >>> print(*classical_cumulants_from_moments([0, 1, 0, 3, 0, 15]))
    0 1 0 0 0 0
    """
    if not moments:
        return []
    if in_flint(moments):
        row = [one_like(moments[0]), *moments]
        return times_factorials(logarithm(over_factorials(row)))[1:]
    result: Moments = []
    for n, moment in enumerate(moments):
        terms = (math.comb(n, k) * c * moments[n - k - 1] for k, c in enumerate(result))
        result.append(moment - sum(terms))
    return result


@exact_kernel
def moments_from_classical_cumulants(cumulants: Coefficients) -> Moments:
    """Return the moments of the law with the given classical cumulants.

    Notes
    -----
    ``1 + sum m_n z^n/n! = exp(sum c_n z^n/n!)``.

    Examples
    --------
    The Poisson law of mean 1 has the Bell numbers as moments:

    >>> print(*moments_from_classical_cumulants([1, 1, 1, 1, 1]))
    1 2 5 15 52
    """
    if not cumulants:
        return []
    if in_flint(cumulants):
        row = [cumulants[0] * 0, *cumulants]
        return times_factorials(exponential(over_factorials(row)))[1:]
    result = [one_like(cumulants[0])]
    for n in range(1, len(cumulants) + 1):
        terms = (math.comb(n - 1, k) * cumulants[k] * result[n - 1 - k] for k in range(n))
        result.append(sum(terms))
    return result[1:]


@exact_kernel
def monotone_cumulants_from_moments(moments: Coefficients) -> Moments:
    """Return the monotone cumulants ``h_1, ..., h_N``.

    Notes
    -----
    ``g(x) = x(1 + psi(x))`` of the ``t``-th monotone power solves ``dg/dt = v(g)`` with
    ``v(x) = sum h_n x^(n+1)`` (Hasebe & Saigo 2011), so ``v`` is the iterative logarithm
    ``sum_k (-1)^(k+1)/k (C - 1)^k x``, where ``C f = f(g)``.

    Examples
    --------
    The arcsine law of variance 1:

    >>> from fractions import Fraction
    >>> print(*monotone_cumulants_from_moments([0, 1, 0, Fraction(3, 2)]))
    0 1 0 0
    """
    if not moments:
        return []
    zero = moments[0] * 0
    inner = [zero, zero + 1, *moments]
    difference, total = [zero, zero, *moments], [zero] * len(inner)
    for k in range(1, len(inner) - 1):
        sign = 1 if k % 2 else -1
        total = [t + sign * value / k for t, value in zip(total, difference, strict=True)]
        composed = compose(difference, inner)
        difference = [c - d for c, d in zip(composed, difference, strict=True)]
    return total[2:]


@exact_kernel
def moments_from_monotone_cumulants(cumulants: Coefficients) -> Moments:
    """Return the moments of the law with the given monotone cumulants.

    Notes
    -----
    ``g = exp(v d/dx) x``; for the notation see :func:`monotone_cumulants_from_moments`.

    Examples
    --------
    >>> print(*moments_from_monotone_cumulants([0, 2, 0, 0, 0, 0]))
    0 2 0 6 0 20
    """
    if not cumulants:
        return []
    zero = cumulants[0] * 0
    field = [zero, *cumulants]  # divided by x
    term, total = [zero + 1, *[zero] * len(cumulants)], [zero] * len(field)
    for k in range(1, len(field)):
        # term holds (v d/dx)^k x, divided by x and k!
        slope = [n * value / k for n, value in enumerate(term, 1)]
        term = multiply(field, slope)
        total = [a + b for a, b in zip(total, term, strict=True)]
    return total[1:]


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
        raise InvalidLawError("S(0) = 1/m_1 cannot vanish; give the series of a law with a mean")
    inverse = reciprocal(series)
    growth = [inverse[0], *(a + b for a, b in zip(inverse[1:], inverse, strict=False))]
    return lagrange_inversion(growth, identity_slope(growth))


def require_mean(moments: Coefficients) -> None:
    """Refuse a mean of 0, which has no S-transform series."""
    if moments[0] == 0:
        raise InvalidLawError(
            "the S-transform needs a non-zero mean; for a symmetric law use the moments of its "
            "square, and for products with a centred factor free_product_moments"
        )


def convert(values: Coefficients, source: str, target: str) -> Moments:
    """Turn moments or cumulants of orders 1, ..., N into those of another kind.

    Parameters
    ----------
    values : sequence
        Numbers or SymPy expressions.
    source, target : {"moments", "free", "boolean", "classical", "monotone"}
        What they are, and what is wanted.

    Raises
    ------
    InvalidLawError
        If a kind is unknown.

    Examples
    --------
    The free Poisson law has free cumulants 1; its boolean cumulants are Catalan numbers:

    >>> print(*convert([1, 1, 1, 1, 1], "free", "boolean"))
    1 1 2 5 14
    """
    for kind in (source, target):
        if kind not in _KINDS:
            known = ", ".join(map(repr, _KINDS))
            raise InvalidLawError(f"there are no cumulants called {kind!r}; give one of {known}")
    return _KINDS[target][1](_KINDS[source][0](values))


@exact_kernel
def _unchanged(moments: Coefficients) -> Moments:
    return list(moments)


# How each kind becomes moments, and moments become it.
_KINDS: dict[str, tuple[Callable[[Coefficients], Moments], Callable[[Coefficients], Moments]]] = {
    "moments": (_unchanged, _unchanged),
    "free": (moments_from_free_cumulants, free_cumulants_from_moments),
    "boolean": (moments_from_boolean_cumulants, boolean_cumulants_from_moments),
    "classical": (moments_from_classical_cumulants, classical_cumulants_from_moments),
    "monotone": (moments_from_monotone_cumulants, monotone_cumulants_from_moments),
}
