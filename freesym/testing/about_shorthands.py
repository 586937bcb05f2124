"""Statements about methods that say again what others said."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from freesym.errors import ConvergenceError, UnsupportedOperationError
from freesym.testing.subject import Failed, Subject, known

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
