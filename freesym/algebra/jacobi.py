"""Positivity of moment sequences and the recurrence of their orthogonal polynomials."""

from __future__ import annotations

import functools
import itertools
from typing import Any

from freesym.algebra.balls import working_precision
from freesym.algebra.coefficients import (
    Coefficients,
    Scalar,
    in_common_field,
    is_symbolic,
    one_like,
)
from freesym.algebra.constants import real_ball
from freesym.algebra.cumulants import Moments

_PRECISIONS = (128, 1024, 16384)


def hankel_is_positive(moments: Coefficients, *, tolerance: float = 1e-12) -> int | None:
    """Return the first order at which the numbers cannot be moments of a probability law.

    Parameters
    ----------
    moments : sequence of numbers
        ``m_1, ..., m_N``, real.
    tolerance : float, optional
        For floats only: a squared norm of an orthogonal polynomial below ``tolerance * |m_2k|``
        in absolute value is taken as undecided and ends the test.

    Returns
    -------
    int or None
        The least ``n`` such that no probability law has the moments ``m_1, ..., m_n``, or None.

    Notes
    -----
    The Hankel determinants must be positive up to some order, and from the first that vanishes
    the law has finitely many atoms and satisfies their recurrence exactly.  For rationals this is
    decided exactly and is also sufficient (truncated Hamburger problem).

    Examples
    --------
    >>> hankel_is_positive([0, 1, 0, 2])
    >>> hankel_is_positive([1, 2, 5, 1])
    4
    >>> hankel_is_positive([1, 1, 2])
    3
    """
    for k, row in enumerate(_orthogonality_rows(moments, tolerance)):
        if row[0] != 0 and _is_negative(row[0]):
            return 2 * k
        if row[0] == 0 and not isinstance(row[0], float):
            return next((2 * k + j for j, value in enumerate(row) if value != 0), None)
    return None


def jacobi_coefficients(
    moments: Coefficients, *, tolerance: float = 1e-12
) -> tuple[list[Scalar], list[Scalar]]:
    """Return the recurrence coefficients of the orthogonal polynomials.

    Parameters
    ----------
    moments : sequence of scalars
        ``m_1, ..., m_N``.
    tolerance : float, optional
        For floats only: ``beta`` counts as 0 below this fraction of ``m_2k``.

    Returns
    -------
    alpha, beta : lists of scalars
        ``p_(k+1)(x) = (x - alpha[k]) p_k(x) - beta[k-1] p_(k-1)(x)``.  If the law has finitely many
        atoms, visible in the moments given, ``beta`` ends with 0 and there are ``len(alpha)``.

    Notes
    -----
    Chebyshev's algorithm on the mixed moments ``E p_k(X) X^l``.

    Examples
    --------
    >>> alpha, beta = jacobi_coefficients([0, 1, 0, 2, 0, 5])
    >>> print(*alpha, "|", *beta)
    0 0 0 | 1 1 1
    >>> alpha, beta = jacobi_coefficients([0, 1, 0, 1, 0, 1])
    >>> print(*alpha, "|", *beta)
    0 0 | 1 0
    """
    alpha, beta = in_common_field(_recurrence, _orthogonality_rows(moments, tolerance))
    return alpha, beta


def moments_from_jacobi(
    alpha: Coefficients, beta: Coefficients, count: int | None = None
) -> Moments:
    """Return the moments of the law with the given recurrence coefficients.

    Parameters
    ----------
    alpha, beta : sequences of scalars
        As returned by :func:`jacobi_coefficients`.
    count : int, optional
        Number of moments, by default ``len(alpha) + len(beta)``; more is possible only when
        ``beta`` ends with 0.

    Notes
    -----
    ``m_n`` is the first entry of the ``n``-th power of the Jacobi matrix.

    Examples
    --------
    >>> print(*moments_from_jacobi([0, 0, 0], [1, 1, 1]))
    0 1 0 2 0 5
    """
    known = len(alpha) + len(beta)
    size = known if count is None else count
    if size > known and not (len(beta) == len(alpha) > 0 and beta[-1] == 0):
        raise ValueError(f"{known} recurrence coefficients determine {known} moments, not {size}")
    result: Moments = in_common_field(functools.partial(_jacobi_powers, size), alpha, beta)
    return result


def _jacobi_powers(size: int, alpha: Coefficients, beta: Coefficients) -> Moments:
    state = [one_like(alpha[0])] if alpha else []
    result: Moments = []
    for _ in range(size):
        state = _apply_jacobi(state, alpha, beta)
        result.append(state[0])
    return result


def _apply_jacobi(state: Coefficients, alpha: Coefficients, beta: Coefficients) -> list[Scalar]:
    """Apply ``x p_k = p_(k+1) + alpha_k p_k + beta_k p_(k-1)`` to coefficients in the ``p_k``."""
    result = [state[0] * 0, *state]
    for k, (value, diagonal) in enumerate(zip(state, alpha, strict=False)):
        result[k] = result[k] + diagonal * value
    for k, (value, coupling) in enumerate(zip(state[1:], beta, strict=False)):
        result[k] = result[k] + coupling * value
    return result[: len(beta) + 1]


def _orthogonality_rows(moments: Coefficients, tolerance: float) -> list[list[Scalar]]:
    """Return the rows ``[E p_k X^l for l = k, ..., N-k]`` up to the first with vanishing norm."""
    kernel = functools.partial(_orthogonality_kernel, tolerance)
    rows: list[list[Scalar]] = in_common_field(kernel, moments)
    return rows


def _orthogonality_kernel(tolerance: float, moments: Coefficients) -> list[list[Scalar]]:
    if not moments:
        return []
    rows: list[list[Scalar]] = [[one_like(moments[0]), *moments]]
    while len(rows[-1]) > 2 and rows[-1][0] != 0:
        row = _next_row(rows)
        if isinstance(row[0], float) and abs(row[0]) <= tolerance * abs(moments[2 * len(rows) - 1]):
            row[0] = 0.0
        rows.append(row)
    return rows


def _next_row(rows: list[list[Scalar]]) -> list[Scalar]:
    row, previous = rows[-1], rows[-2] if len(rows) > 1 else None
    alpha = row[1] / row[0]
    if previous is None:
        return [row[j + 2] - alpha * row[j + 1] for j in range(len(row) - 2)]
    alpha, beta = alpha - previous[1] / previous[0], row[0] / previous[0]
    return [row[j + 2] - alpha * row[j + 1] - beta * previous[j + 2] for j in range(len(row) - 2)]


def _recurrence(rows: list[list[Scalar]]) -> list[list[Scalar]]:
    slopes = [row[1] / row[0] for row in rows if len(row) > 1 and row[0] != 0]
    alpha = slopes[:1] + [b - a for a, b in itertools.pairwise(slopes)]
    beta = [following[0] / row[0] for row, following in itertools.pairwise(rows)]
    return [alpha, beta]


def _is_negative(value: Scalar) -> bool:
    if is_symbolic(value) and value.is_negative is None:
        return _has_negative_ball(value)
    return bool(value < 0)


def _has_negative_ball(value: Any) -> bool:
    """The sign of a number that is not 0 and of which SymPy knows none."""
    if not value.free_symbols:
        for bits in _PRECISIONS:
            with working_precision(bits):
                ball = real_ball(value)
            if ball.is_finite() and not ball.contains(0):
                return bool(ball < 0)
    raise ValueError(f"positivity needs numbers, but the sign of {value} is not known")
