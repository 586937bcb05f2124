"""Statements about methods that say again what others said."""

from __future__ import annotations

import math
from fractions import Fraction
from functools import partial
from typing import Any

import numpy as np

from freesym.errors import ConvergenceError, FreesymError, UnsupportedOperationError
from freesym.testing.subject import Failed, Skipped, Subject, known, number

_ORDERS = 8


def shorthands(s: Subject) -> None:
    """Mean, variance, single moments, signs and the log-determinant are those of the whole."""
    if s.has_moments:
        _single_moments(s)
    _signs(s)
    _log_determinant(s)
    unchanged = s.law.subs({})
    if unchanged != s.law:
        raise Failed(f"subs({{}}) gives {unchanged!r}, another law")


def _single_moments(s: Subject) -> None:
    law = s.law
    m, k = s.moments(_ORDERS)[1:], law.free_cumulants(_ORDERS)
    rows: list[tuple[int, str, Any, Any]] = [(1, "mean()", law.mean(), m[0])]
    rows.append((2, "variance()", law.variance(), k[1]))
    for n in range(1, _ORDERS + 1):
        rows.append((n, f"moment({n})", law.moment(n), m[n - 1]))
        rows.append((n, f"free_cumulant({n})", law.free_cumulant(n), k[n - 1]))
        rows.append((n, f"the last of moments({n})", law.moments(n)[-1], m[n - 1]))
    size = max(abs(float(v)) ** (1 / n) for n, v in enumerate(m, start=1))
    for n, name, found, expected in rows:
        if found != expected:
            s.close(name, 0, float(found), float(expected), 1e-11 * size**n)


def _signs(s: Subject) -> None:
    low, _ = s.hull if s.compact else (float(s.law.support()[0][0]), 0.0)
    slack = 1e-9 * s.width
    if s.law.is_positive and low < -slack:
        raise Failed(f"is_positive, but the law reaches down to {low!r}")
    if s.law.is_positive is False and low > slack:
        raise Failed(f"is_positive is False, but the law begins at {low!r}")
    declared = getattr(s.law, "is_symmetric", None)
    if callable(declared) and declared():
        z, g = s.ask(s.law.G, s.upper)
        mirrored, there = s.ask(s.law.G, -z.conj())
        if len(there) == len(g):
            s.close("is_symmetric, but -G(-conj z)", mirrored, -there.conj(), g, 1e-9 * np.abs(g))


def _log_determinant(s: Subject) -> None:
    """``E log|X|`` is the log-potential at 0, or beside it."""
    found = float(known(s.law.log_determinant, ConvergenceError, UnsupportedOperationError))
    if 0.0 in s.atoms:
        if found != -math.inf:
            raise Failed(f"log_determinant() = {found!r}, but 0 is an atom")
        return
    low, _ = s.hull
    side = -1.0 if low >= 0 else 1.0
    for near in s.limits(lambda t: s.law.log_potential(side * t), 0.0, 1.0):
        # powers of the distance with a logarithm come nearer a little later
        allowed = 1e-9 * (1 + abs(found)) + 10 * near.error
        s.close("log_determinant() against the log-potential beside", 0, found, near.value, allowed)


def other_cumulants(s: Subject) -> None:
    """Boolean, classical and monotone cumulants give the moments back."""
    m = [number(v) for v in s.moments(_ORDERS)]
    for name, moments_of in (
        ("boolean_cumulants", _of_boolean),
        ("classical_cumulants", _of_classical),
        ("monotone_cumulants", _of_monotone),
    ):
        found = known(partial(getattr(s.law, name), _ORDERS), UnsupportedOperationError)
        if len(found) != _ORDERS:
            raise Failed(f"{name}({_ORDERS}) gives {len(found)} numbers")
        again = moments_of([0, *map(number, found)])
        size = max(float(abs(v)) ** (1 / n) for n, v in enumerate(m[1:], start=1))
        sizes = [1e-10 * size**n for n in range(_ORDERS + 1)]
        orders = np.arange(_ORDERS + 1)
        s.close(f"by {name}, the moment of order", orders, [*map(float, again)],
                [*map(float, m)], sizes)  # fmt: skip


def _of_boolean(b: list[Any]) -> list[Any]:
    """``m_n = sum_s b_s m_(n-s)`` (R. Speicher and R. Woroudi 1997)."""
    m: list[Any] = [1]
    for n in range(1, len(b)):
        m.append(sum(b[k] * m[n - k] for k in range(1, n + 1)))
    return m


def _of_classical(c: list[Any]) -> list[Any]:
    """``m_n = sum_s binomial(n - 1, s - 1) c_s m_(n-s)``."""
    m: list[Any] = [1]
    for n in range(1, len(c)):
        m.append(sum(math.comb(n - 1, k - 1) * c[k] * m[n - k] for k in range(1, n + 1)))
    return m


def _of_monotone(h: list[Any]) -> list[Any]:
    """``m_n(1)`` for ``d m_n(t)/dt = sum_s (n - s + 1) h_s m_(n-s)(t)``.

    T. Hasebe and H. Saigo, Ann. Inst. Henri Poincare Probab. Stat. 47 (2011) 1160; polynomials
    in ``t`` are lists of coefficients.
    """
    m: list[list[Any]] = [[1]]
    for n in range(1, len(h)):
        slope: list[Any] = [0] * n
        for k in range(1, n + 1):
            for power, coefficient in enumerate(m[n - k]):
                slope[power] += (n - k + 1) * h[k] * coefficient
        m.append([0, *(v * Fraction(1, i + 1) if isinstance(v, (int, Fraction)) else v / (i + 1)
                       for i, v in enumerate(slope))])  # fmt: skip
    return [sum(polynomial) for polynomial in m]


def recurrence(s: Subject) -> None:
    """The recurrence of the moments runs to the moments."""
    if not s.thorough and len(s.tree) > 1:
        raise Skipped("quick: recurrences are run for single laws")
    found = known(s.law.moment_recurrence, FreesymError)
    if found is None:
        raise Failed("moment_recurrence() is None")
    terms, expected = list(found.terms(20)), s.moments(20)[1:]
    if terms != expected:
        k = next(i for i, (a, b) in enumerate(zip(terms, expected, strict=False)) if a != b)
        raise Failed(f"the moment of order {k + 1} is {expected[k]}, by its recurrence {terms[k]}")
