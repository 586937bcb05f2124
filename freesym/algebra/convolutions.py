r"""Free, boolean, monotone, rectangular and classical operations on moment sequences.

A law is given by the list ``[m_1, ..., m_N]`` of its first moments (``m_0 = 1`` is implied).
Every function returns a list as long as its shortest input.  Rationals give Fractions, floats
give floats, SymPy expressions give expanded and cancelled expressions.  For the notation see
:mod:`freesym.algebra.cumulants`.

References
----------
* A. Nica and R. Speicher, *Lectures on the Combinatorics of Free Probability*, 2006.
* D. Voiculescu, *Multiplication of certain non-commuting random variables*, 1987.
* R. Speicher and R. Woroudi, *Boolean convolution*, 1997.
* N. Muraki, *Monotonic convolution and monotonic Lévy-Hinčin formula*, 2001.
* F. Benaych-Georges, *Rectangular random matrices, related convolution*, 2009.
"""

from __future__ import annotations

from collections.abc import Sequence

import flint

from freesym.algebra.coefficient_lists import (
    binomial_convolution,
    binomial_power,
    combination,
    compose,
    dot,
    lagrange_inversion,
    powers_of,
    reciprocal,
    slope_of,
)
from freesym.algebra.coefficients import (
    Coefficients,
    Scalar,
    coerce_scalar,
    exact_kernel,
    one_like,
    scalar_power,
)
from freesym.algebra.cumulants import (
    Moments,
    boolean_cumulants_from_moments,
    free_cumulants_from_moments,
    moments_from_boolean_cumulants,
    moments_from_free_cumulants,
    moments_from_rectangular_cumulants,
    moments_from_s_transform_series,
    rectangular_cumulants_from_moments,
    require_mean,
    s_transform_series,
)


@exact_kernel
def free_sum_moments(
    sequences: Sequence[Coefficients], powers: Coefficients | None = None
) -> Moments:
    """Return the moments of the free sum of independent laws, each taken ``powers[i]`` times.

    Notes
    -----
    ``kappa_n = sum_i t_i kappa_n(mu_i)`` (Nica & Speicher 2006); the powers ``t_i`` default to 1.

    Examples
    --------
    A semicircle plus the Marchenko-Pastur law of ratio 1:

    >>> print(*free_sum_moments([[0, 1, 0, 2], [1, 2, 5, 14]]))
    1 3 8 26
    """
    rows = [free_cumulants_from_moments(sequence) for sequence in sequences]
    return moments_from_free_cumulants(combination(rows, powers))


@exact_kernel
def compression_moments(moments: Coefficients, p: Scalar) -> Moments:
    """Return the moments of a compression to a free projection of trace ``p``.

    Notes
    -----
    ``kappa_n -> p^(n-1) kappa_n`` in the normalised trace of the corner (Nica & Speicher 2006).

    Examples
    --------
    >>> from fractions import Fraction
    >>> print(*compression_moments([0, 1, 0, 2], Fraction(1, 2)))
    0 1/2 0 1/2
    """
    cumulants = free_cumulants_from_moments(moments)
    factors = powers_of(p, len(cumulants))
    return moments_from_free_cumulants([a * b for a, b in zip(cumulants, factors, strict=True)])


@exact_kernel
def compound_free_poisson_moments(rate: Scalar, jump_moments: Coefficients) -> Moments:
    """Return the moments of the compound free Poisson law.

    Notes
    -----
    ``kappa_n = rate * m_n(jump law)`` (Nica & Speicher 2006).

    Examples
    --------
    >>> print(*compound_free_poisson_moments(1, [1, 1, 1, 1]))
    1 2 5 14
    """
    return moments_from_free_cumulants([rate * moment for moment in jump_moments])


@exact_kernel
def free_product_moments(first: Coefficients, second: Coefficients) -> Moments:
    """Return the moments of the product of two free variables, of any means.

    Notes
    -----
    If a mean does not vanish, ``psi = psi_2(omega)`` with ``omega = z/S_1(psi)``
    (Voiculescu 1987).  In general, with ``h_i(v) = eta_i(v)/v``, ``omega_1 = z h_2(omega_2)``,
    ``omega_2 = z h_1(omega_1)`` and ``eta = eta_1(omega_1)``, which symbols solve coefficient by
    coefficient without any division (Nica & Speicher 2006).

    Examples
    --------
    >>> print(*free_product_moments([1, 2, 5, 14], [1, 2, 5, 14]))
    1 3 12 55
    """
    size = min(len(first), len(second))
    if not size:
        return []
    first, second = first[:size], second[:size]
    if _is_invertible(second[0]) and not _is_invertible(first[0]):
        first, second = second, first
    if _is_invertible(first[0]):
        return _subordinated_product(first, second)
    if all(isinstance(row[0], flint.fmpq) for row in (first, second)):
        return [first[0]] * size  # alternating moments of free centred variables vanish
    return _product_without_division(first, second)


def _is_invertible(mean: Scalar) -> bool:
    """Whether to divide by it: not by floats, and not by symbols, whose quotients grow."""
    if isinstance(mean, flint.arb):
        return not mean.contains(0)
    constant = isinstance(mean, flint.fmpq_mpoly) and mean.is_constant()
    return (constant or isinstance(mean, flint.fmpq)) and mean != 0


def _subordinated_product(first: Coefficients, second: Coefficients) -> Moments:
    """``psi = psi_2(omega)`` with ``omega = z/S_1(psi_2(omega))``, by Lagrange inversion."""
    outer = reciprocal(s_transform_series(first))
    growth = compose(outer, [second[0] * 0, *second[:-1]])
    return lagrange_inversion(growth, slope_of(second))


def _product_without_division(first: Coefficients, second: Coefficients) -> Moments:
    left = boolean_cumulants_from_moments(first)
    right = boolean_cumulants_from_moments(second)
    size = len(left)
    one = one_like(left[0] * right[0])
    table, other = [[one]], [[one]]
    for n in range(1, size + 1):
        advance = (dot(right[:n], other[-1]), dot(left[:n], table[-1]))
        _append_power_column(table, advance[0])
        _append_power_column(other, advance[1])
    return moments_from_boolean_cumulants([dot(left[:n], table[n][1:]) for n in range(1, size + 1)])


def _append_power_column(table: list[list[Scalar]], coefficient: Scalar) -> None:
    """Extend ``table[n][j] = [z^n] omega^j`` by one row, given the next coefficient of omega."""
    size = len(table)
    known = [row[1] for row in table[1:]] + [coefficient]
    row = [coefficient * 0]
    for j in range(1, size + 1):
        lower = (table[size - k][j - 1] for k in range(1, size - j + 2))
        row.append(dot(known[: size - j + 1], lower))
    table.append(row)


def multiplicative_power_moments(moments: Coefficients, t: Scalar) -> Moments:
    """Return the moments of the ``t``-th free multiplicative power (``m_1 != 0``).

    Notes
    -----
    ``S_t = S^t`` (Voiculescu 1987).  The factor ``m_1^t`` is rational if it can be,
    symbolic if ``m_1`` or ``t`` is, else a float.

    Examples
    --------
    >>> print(*multiplicative_power_moments([1, 2, 5, 14], 2))
    1 3 12 55
    """
    if not len(moments):
        return []
    require_mean(moments)
    mean, exponent = coerce_scalar(moments[0]), coerce_scalar(t)
    scales = [scalar_power(mean, exponent * n) for n in range(1, len(moments) + 1)]
    return classical_product_moments(_monic_power_moments(moments, t), scales)


@exact_kernel
def _monic_power_moments(moments: Coefficients, t: Scalar) -> Moments:
    """Return the moments of the ``t``-th power of the law divided by its mean."""
    factors = powers_of(1 / moments[0], len(moments) + 1)[1:]
    monic = [a * b for a, b in zip(moments, factors, strict=True)]
    return moments_from_s_transform_series(binomial_power(s_transform_series(monic), t))


@exact_kernel
def multiplicative_deconvolution_moments(product: Coefficients, factor: Coefficients) -> Moments:
    """Return the moments of ``mu`` with ``mu`` free times ``factor`` equal to ``product``.

    The mean of ``factor`` must not vanish; that of ``product`` may.

    Notes
    -----
    ``S_mu = S_product / S_factor`` (Voiculescu 1987), computed as the free product with the
    formal law of S-transform ``1/S_factor``.

    Examples
    --------
    >>> print(*multiplicative_deconvolution_moments([1, 3, 12, 55], [1, 2, 5, 14]))
    1 2 5 14
    """
    if not factor:
        return []
    inverse = moments_from_s_transform_series(reciprocal(s_transform_series(factor)))
    return free_product_moments(product, inverse)


@exact_kernel
def boolean_sum_moments(
    sequences: Sequence[Coefficients], powers: Coefficients | None = None
) -> Moments:
    """Return the moments of the boolean sum, each law taken ``powers[i]`` times.

    Notes
    -----
    ``b_n = sum_i t_i b_n(mu_i)`` (Speicher & Woroudi 1997); the powers default to 1.

    Examples
    --------
    >>> print(*boolean_sum_moments([[0, 1, 0, 1], [0, 1, 0, 1]]))
    0 2 0 4
    """
    rows = [boolean_cumulants_from_moments(sequence) for sequence in sequences]
    return moments_from_boolean_cumulants(combination(rows, powers))


@exact_kernel
def monotone_moments(mu: Coefficients, nu: Coefficients) -> Moments:
    """Return the moments of the monotone convolution of ``mu`` with ``nu``, in this order.

    Notes
    -----
    ``F = F_mu o F_nu`` with ``F = 1/G`` (Muraki 2001); in ``g(x) = x(1+psi(x))`` it reads
    ``g = g_mu o g_nu``.

    Examples
    --------
    >>> print(*monotone_moments([1, 1, 1], [0, 1, 0]))
    1 2 3
    >>> print(*monotone_moments([0, 1, 0], [1, 1, 1]))
    1 2 4
    """
    size = min(len(mu), len(nu))
    if size == 0:
        return []
    zero = (mu[0] + nu[0]) * 0
    outer, inner = ([zero, zero + 1, *row[:size]] for row in (mu, nu))
    return compose(outer, inner)[2:]


@exact_kernel
def rectangular_sum_moments(sequences: Sequence[Coefficients], ratio: Scalar) -> Moments:
    """Return the moments of ``X X*``, ``X`` the sum of free rectangular ``n x p`` elements.

    Each sequence holds the moments of one ``X_i X_i*``; ``ratio = n/p``.

    Notes
    -----
    The C-transforms add (Benaych-Georges 2009).

    Examples
    --------
    >>> print(*rectangular_sum_moments([[1, 1, 1], [1, 1, 1]], 1))
    2 6 20
    """
    rows = [rectangular_cumulants_from_moments(sequence, ratio) for sequence in sequences]
    return moments_from_rectangular_cumulants(combination(rows, None), ratio)


@exact_kernel
def affine_moments(moments: Coefficients, scale: Scalar, shift: Scalar) -> Moments:
    """Return the moments of ``scale*X + shift``.

    Notes
    -----
    ``sum_k binom(n, k) scale^k m_k shift^(n-k)``.

    Examples
    --------
    >>> print(*affine_moments([0, 1, 0, 2], 1, 2))
    2 5 14 42
    """
    size = len(moments) + 1
    scaled = [a * b for a, b in zip([1, *moments], powers_of(scale, size), strict=True)]
    return binomial_convolution(scaled, powers_of(shift, size))


@exact_kernel
def mixture_moments(sequences: Sequence[Coefficients], weights: Coefficients) -> Moments:
    """Return the moments of the mixture with the given weights, which must sum to 1.

    Notes
    -----
    ``m_n = sum_i w_i m_n(mu_i)``.

    Examples
    --------
    >>> from fractions import Fraction
    >>> print(*mixture_moments([[1, 1, 1], [-1, 1, -1]], [Fraction(1, 4), Fraction(3, 4)]))
    -1/2 1 -1/2
    """
    excess = sum(weights) - 1
    if excess != 0 and not (isinstance(excess, float) and abs(excess) < 1e-12):
        raise ValueError(f"the weights of a mixture must sum to 1, not to {excess + 1}")
    return combination(sequences, weights)


@exact_kernel
def classical_sum_moments(first: Coefficients, second: Coefficients) -> Moments:
    """Return the moments of the sum of classically independent variables.

    Notes
    -----
    ``sum_k binom(n, k) m_k(mu) m_(n-k)(nu)``.

    Examples
    --------
    >>> print(*classical_sum_moments([0, 1, 0, 1], [0, 1, 0, 1]))
    0 2 0 8
    """
    size = min(len(first), len(second))
    return binomial_convolution([1, *first[:size]], [1, *second[:size]])


@exact_kernel
def classical_product_moments(first: Coefficients, second: Coefficients) -> Moments:
    """Return the moments of the product of classically independent variables.

    Notes
    -----
    ``m_n(mu) m_n(nu)``.

    Examples
    --------
    >>> print(*classical_product_moments([1, 2, 5], [1, 2, 5]))
    1 4 25
    """
    return [a * b for a, b in zip(first, second, strict=False)]


@exact_kernel
def reshape_moments(moments: Coefficients, ratio: Scalar) -> Moments:
    """Return the moments after zeros are appended or removed: ``m_n -> ratio m_n``.

    Notes
    -----
    ``X X*`` and ``X* X`` have the same non-zero spectrum; ``ratio`` is old size over new size.

    Examples
    --------
    >>> print(*reshape_moments([1, 3], 2))
    2 6
    """
    return [ratio * moment for moment in moments]


@exact_kernel
def square_moments(moments: Coefficients) -> Moments:
    """Return the moments of ``X^2``: half as many as are given of ``X``.

    Notes
    -----
    ``m_n(X^2) = m_(2n)(X)``.

    Examples
    --------
    >>> print(*square_moments([0, 1, 0, 2, 0, 5]))
    1 2 5
    """
    return list(moments[1::2])
