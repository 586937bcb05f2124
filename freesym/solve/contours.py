"""Transforms of functions of a normal or uniform variable at values that the function takes.

``E 1/(w - f(X))`` and ``E log(w - f(X))`` have limits as ``w`` comes down to a real ``x``: the
integrand's pole or branch point ``t`` with ``f(t) = w`` meets the line at the places where ``f``
crosses ``x``, from above if ``f' > 0`` there and from below otherwise, and the path of integration
is bent away from it.  This is proved on a square around the place in which the real part of ``f'``
has a sign ``s``: there ``Im f(t)`` has the sign of ``s Im t``, so that ``f(t) = w`` has no solution
between the line and the path on the other side of it.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import flint

from freesym.errors import PrecisionError
from freesym.solve.machine import is_real, log_on_side
from freesym.solve.measures import Pushed
from freesym.solve.preimages import Crossing, crossings, derivative_at, distance_beyond, value_at

acb, arb = flint.acb, flint.arb
Ball = Any
_EVALUATIONS, _HALVINGS = 40_000, 40


@dataclass(frozen=True)
class Contour:
    """A path on which ``f`` is not ``x``, and a bound of ``|f - x|`` beyond its ends."""

    measure: Pushed
    x: Ball
    path: list[Ball]
    distance: Any

    def transform(self) -> Ball:
        """``G`` at ``x``, from above."""
        beyond = self.measure.mass_beyond()
        error = arb(0, (2 * beyond / self.distance).upper()) if beyond > 0 else arb(0)
        # at a real point what lies beyond is real
        rest = acb(error) if is_real(acb(self.x)) else acb(error, error)
        return self._integral(lambda gap: 1 / gap) + rest

    def potential(self) -> Ball:
        """``E log(x - f(X))``, from above."""
        rest = self.measure.potential_beyond(acb(self.x), self.distance)
        return self._integral(lambda rest: log_on_side(rest, 1)) + rest

    def _integral(self, integrand: Callable[[Ball], Ball]) -> Ball:
        pieces = itertools.pairwise(self.path)
        return sum(
            (
                self.measure.integral_along(
                    lambda f: integrand(self.x - f), start, end, _EVALUATIONS
                )
                for start, end in pieces
            ),
            acb(0),
        )


def transform_on_box(measure: Pushed, z: Ball) -> Ball:
    """The analytic continuation of ``G`` from above to a box around a real point.

    The integral along the path for the middle is analytic as long as ``f`` is not in the box on it.
    """
    path = contour(measure, acb(z.real.mid()).real)
    distance = path.distance - abs(z - z.real.mid()).upper()
    if not distance > 0:
        raise PrecisionError("a box meets values of a function beyond the ends of the path")
    return Contour(measure, z, path.path, distance).transform()


def contour(measure: Pushed, x: Any) -> Contour:
    """The path for a real point.

    Raises
    ------
    PrecisionError
        If the function takes the value beside an extremum, or the places could not be told apart.
    """
    distance = _distance_beyond_ends(measure, x)
    places = crossings(measure, x)
    low, high = measure.ends()
    path = [acb(low)]
    for k, crossing in enumerate(places):
        middle = crossing.place.mid()
        before = places[k - 1].place.mid() if k else low
        after = places[k + 1].place.mid() if k + 1 < len(places) else high
        reach = _reach(measure, x, crossing, min(middle - before, after - middle) / 3)
        side = -1 if crossing.slope > 0 else 1
        path += [acb(middle - reach), acb(middle, side * reach), acb(middle + reach)]
    return Contour(measure, x, [*path, acb(high)], distance)


def _distance_beyond_ends(measure: Pushed, x: Any) -> Any:
    """A bound of ``|f - x|`` where nothing is integrated."""
    if measure.base == "uniform":
        return arb.pos_inf()
    found = [distance_beyond(measure, x, end) for end in measure.ends()]
    known = [distance for distance in found if distance is not None]
    if len(known) < len(found):
        raise PrecisionError("a function takes a value beyond the ends of the path")
    return min(known)


def _reach(measure: Pushed, x: Any, crossing: Crossing, reach: Any) -> Any:
    """Half the side of a square with one crossing, in which ``Re f'`` has the sign of it."""
    middle = crossing.place.mid()
    for _ in range(_HALVINGS):
        reach = reach.mid()
        around = arb(0, reach)
        slope = derivative_at(measure, acb(middle + around, around)).real
        low, high = (value_at(measure, acb(middle + t)).real - x for t in (-reach, reach))
        rises, falls = slope > 0 and low < 0 < high, slope < 0 and high < 0 < low
        if rises or falls:
            return reach
        reach = reach / 2
    raise PrecisionError("a function of a variable crosses a value too flatly")
