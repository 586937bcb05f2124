"""Log-potentials of certified solutions, by the potential rules on the tape."""

from __future__ import annotations

from fractions import Fraction
from functools import lru_cache

import flint

from freesym.errors import UnsupportedOperationError
from freesym.solve.certificate import Certifier, Solution
from freesym.solve.half_planes import Boundary
from freesym.solve.machine import Ball, Sides, Turns, order_of
from freesym.solve.turns import exact_turn

acb, arb = flint.acb, flint.arb


@lru_cache(maxsize=256)
def _row(engine: Certifier) -> tuple[int, tuple[int, ...]]:
    """The row of the log-potential on the tape, which grows by it, and what it depends on."""
    if not engine.relation.has_potential():
        raise UnsupportedOperationError(
            f"the log-potential of {engine.relation!r} is an integral and has no certified digits"
        )
    number = engine.tape.node(engine.equations.state.potential()).number
    engine.machine.forget_constants()
    return number, order_of(engine.tape, [number])


def log_potential(engine: Certifier, found: Solution) -> tuple[Ball, Fraction | None]:
    """``E log(z - X)`` at a certified solution, up to whole turns; ``Im/pi`` if exact.

    Raises
    ------
    UnsupportedOperationError
        If the rules do not give it.
    PrecisionError
        If the side of a cut could not be decided.
    """
    row, order = _row(engine)
    machine = engine.machine
    turns: Turns | None = {} if found.real else None
    mids = [b.mid() for b in found.unknowns]
    if found.real:
        v = machine.run(engine.final, mids, found.sides, turns={})
        tiny = acb(0, arb(2) ** (-flint.ctx.prec // 2))
        rates = engine.rates(v, found.sides)
        mids = [(m + tiny * r).mid() for m, r in zip(mids, rates, strict=True)]
    sides = Sides()
    machine.run(order, mids, sides, decide=True)
    sides.of.update(found.sides.of)
    v = machine.run(order, found.unknowns, sides, turns=turns)
    slopes = None
    if found.real:
        rates = engine.rates(machine.run(engine.final, found.unknowns, sides, turns={}), sides)
        slopes = machine.tangents(order, v, sides, dict(enumerate(rates)))
    engine.check_sides(order, Boundary(v, slopes, turns), sides)
    return v[row], None if turns is None else exact_turn(engine.tape, order, v, turns, sides, row)
