"""Rigorous integrals along segments."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import flint

from freesym.errors import ConvergenceError, PrecisionError

acb, arb = flint.acb, flint.arb
Ball = Any
#: Nothing is proved by it.
_NAN = acb(arb.nan(), arb.nan())


def integral(integrand: Callable[[Ball], Ball], a: Ball, b: Ball, limit: int) -> Ball:
    """The integral of a function that is analytic on every ball where it has a value.

    FLINT's ``acb.integral`` (F. Johansson, *Numerical integration in arbitrary-precision ball
    arithmetic*, 2018).

    Parameters
    ----------
    integrand : callable
        Encloses the values on a ball; a ``PrecisionError`` or ``ConvergenceError`` means that
        nothing is proved there.  What else it raises ends the integration.
    a, b : acb or number
        The ends of the segment.
    limit : int
        The largest number of evaluations.

    Raises
    ------
    PrecisionError
        If the integral did not converge.
    """
    failure: list[BaseException] = []

    def at(x: Ball, _: bool) -> Ball:
        if failure:
            return _NAN
        try:
            return integrand(x)
        except (PrecisionError, ConvergenceError):
            return _NAN
        except BaseException as error:  # noqa: BLE001 - C code cannot pass it on
            failure.append(error)
            return _NAN

    found = acb.integral(at, a, b, eval_limit=limit)
    if failure:
        raise failure[0]
    if not found.is_finite():
        raise PrecisionError("an integral of a law did not converge")
    return found
