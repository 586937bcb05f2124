"""Certified solutions: existence and uniqueness by interval Newton, the branch by half-planes.

The equations are those of :mod:`freesym.lowering.build`, recorded on an exact tape.  A box
around a double-precision solution is mapped by the interval Newton operator; if its image lies
inside, the box contains exactly one solution (Moore; Krawczyk; Neumaier, *Interval Methods for
Systems of Equations*, 1990, theorem 5.1.7).  The half-plane conditions, decided on the box,
prove that it is the one that subordination theory says exists: see docs/certificates.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from functools import lru_cache
from typing import Any

import flint
import numpy as np

from freesym.algebra.constants import real_ball
from freesym.errors import (
    ConvergenceError,
    FreesymError,
    PrecisionError,
    UnsupportedOperationError,
)
from freesym.lowering.build import Equations, all_checks, equations
from freesym.relations.relation import Relation
from freesym.solve.boxes import inflated, inside, met, nearly_axial, relative, snapped
from freesym.solve.exact import exact_relation
from freesym.solve.half_planes import Boundary, conditions, is_principal
from freesym.solve.machine import Ball, Machine, Sides, Turns, is_real, order_of
from freesym.solve.solution import Solution as Solution
from freesym.solve.solution import WrongBranchError as WrongBranchError
from freesym.solve.solver import solver
from freesym.solve.tape import Op, Tape

acb, arb = flint.acb, flint.arb
_START_BITS = 128
_LOW_BITS, _SPARE_BITS = 64, 16
_POLISHING = 60
_DESCENT = 0.75
_CORRECTIONS = 8
#: Beyond it unknowns are powers of the point, to double precision.
_FAR = 1e30


class Certifier:
    """Certificates for one tree, at any number of points."""

    def __init__(self, relation: Relation) -> None:
        if not relation.all_unique:
            raise UnsupportedOperationError(
                "deconvolutions, free powers below 1 and R- or S-transforms that are not those of "
                "an infinitely divisible law have no uniqueness theorem, so their digits cannot "
                "be certified; use the double-precision methods"
            )
        self.relation = relation
        #: Double precision, from which the certificates start.
        self.solver = solver(relation.numeric())
        self.equations = _exact_equations(relation)
        self.tape: Tape = self.equations.trace
        self.machine = Machine(self.tape)
        state = self.equations.state
        self.w = self.tape.node(state.w).number
        self.g, self.psi = (self.tape.node(x).number for x in (state.g, state.psi))
        self.conditions = conditions(all_checks(state))
        known = state.log_w is not None and any(c.kind == "principal" for c in self.conditions)
        # the logarithm whose exponential is z itself
        self.log_w = self.tape.node(state.log_w()).number if known and state.log_w else None
        #: Whether the only unknown is the point itself, so that nothing is to be solved.
        self.is_explicit = (
            self.tape.unknowns == 1
            and not self.tape.matches
            and self.tape.rows[self.w][0] == Op.COORDINATE
        )
        matched = [k for match in self.tape.matches for k in match[:2]]
        self.order = order_of(self.tape, [self.w, *matched])
        tested = [k for c in self.conditions for k in (c.a, c.b)]
        self.final = order_of(self.tape, [self.w, *matched, self.g, self.psi, *tested])

    # ------------------------------------------------------------------ the solution

    def solve(self, z: Ball, bits: int, start: Sequence[complex] | None = None) -> Solution:
        """The certified solution at ``z`` in the closed upper half-plane.

        Parameters
        ----------
        z : acb
            A point or a small ball; exactly real points have the imaginary part 0.
        bits : int
            The working precision.  The caller holds it; see ``working_precision``.
        start : sequence of complex, optional
            Approximate unknowns; by default the double-precision solution.

        Raises
        ------
        PrecisionError
            If something could not be decided at this precision.
        WrongBranchError
            If the start leads to a solution of the equations that is not the law's.
        ConvergenceError
            If there is no start.
        """
        if self.is_explicit and z.imag > 0:
            return self._verified([z], z, self._sides([z.mid()], z, None), real=False)
        if start is not None:
            return self._from([acb(u) for u in start], None, z, bits, _START_BITS)
        try:
            return self._from(*self._start(z), z, bits, _START_BITS)
        except (PrecisionError, ConvergenceError):
            if abs(z) > _FAR or any(measure.is_integrated for measure in self.tape.measures):
                raise
            # beside an edge the double-precision neighbour may be beyond it
            return self._from(*self._approached(z, bits), z, bits, bits)

    def continued(self, z: Ball, bits: int) -> Solution:
        """The analytic continuation of the law's solution from a real point to a box around it.

        Interval Newton over the box proves one analytic branch on it, through the certified
        solution at its middle.

        Raises
        ------
        PrecisionError
            If there is no such branch, or it could not be isolated.
        """
        middle = acb(z.real.mid())
        found = self.solve(middle, bits)
        mids = [b.mid() for b in found.unknowns]
        rates = self.rates(self.machine.run(self.order, mids, found.sides), found.sides)
        reach = abs(z - middle).upper()
        for factor in (2, 8):
            wide = [
                inflated(m, factor * reach * abs(r).upper() + u.rad(), axial=False)
                for m, r, u in zip(mids, rates, found.unknowns, strict=True)
            ]
            image = self._image(mids, wide, z, found.sides, real=False, low=flint.ctx.prec)
            if image is not None and all(map(inside, image, wide)):
                v = self.machine.run(self.final, image, found.sides)
                return Solution(image, v[self.g], v[self.psi], False, found.sides)
        raise PrecisionError("the solution could not be continued to a neighbourhood")

    def _from(
        self, mids: list[Ball], rates: list[Ball] | None, z: Ball, bits: int, first: int
    ) -> Solution:
        """The solution next to approximate unknowns, isolated with at least ``first`` bits."""
        sides = self._sides(mids, z, rates)
        first = min(bits, first)
        with flint.ctx.workprec(first):
            mids = self._polished(mids, z, sides)
            real = is_real(z) and self._is_outside(mids, sides)
        if real:
            on_axis = [snapped(m) for m in mids]
            try:
                box = self._box(on_axis, z, sides, real=True, bits=bits, first=first)
                try:
                    return self._verified(box, z, sides, real=True)
                except PrecisionError:
                    return self._verified_above(box, z, sides, bits)
            except (PrecisionError, WrongBranchError):
                if all(m.imag.is_zero() for m in mids):
                    raise
        box = self._box(mids, z, sides, real=False, bits=bits, first=first)
        return self._verified(box, z, sides, real=False)

    def _start(self, z: Ball) -> tuple[list[Ball], list[Ball]]:
        """Double-precision unknowns, and their derivatives, at the nearest point."""
        if abs(z) > _FAR:
            return self._far(z)
        return self._lifted(z, 0.0)

    def _far(self, z: Ball) -> tuple[list[Ball], list[Ball]]:
        """Beyond the range of floats unknowns are powers of ``z``, up to smaller terms."""
        direction = (z / abs(z)).mid()
        (near, _), (next_, _) = (self._lifted(r * direction, 0.0) for r in (_FAR, 1024 * _FAR))
        mids, rates = [], []
        for u, v in zip(near, next_, strict=True):
            power = Fraction(round(float((v / u).abs_lower().log() / arb(32).log())), 2)
            value = u * (abs(z) / _FAR).mid() ** arb(real_ball(power))
            mids.append(value.mid())
            rates.append((value * real_ball(power) / z).mid())
        return mids, rates

    def _lifted(self, z: Ball, height: float) -> tuple[list[Ball], list[Ball]]:
        point = complex(float(z.real.mid()), float(z.imag.mid()) + height)
        found = self.solver.solve(np.array([point]))
        if not found.verified[0]:
            raise ConvergenceError(
                f"no verified solution was found near {point:.17g} from which to start", (point,)
            )
        unknowns, rates = found.unknowns[:, 0], found.rates[:, 0]
        for k, rank in self.tape.ranks.items():
            with np.errstate(all="ignore"):
                scale = 1 / (1 - unknowns[k])
                rates[k] = rank * scale * scale * rates[k]
                unknowns[k] = rank * unknowns[k] * scale
        if not (np.isfinite(unknowns).all() and np.isfinite(rates).all()):
            raise ConvergenceError(f"the unknowns are infinite at {point:.17g}", (point,))
        first, second = ([acb(u.real, u.imag) for u in c.tolist()] for c in (unknowns, rates))
        return first, second

    def _approached(self, z: Ball, bits: int) -> tuple[list[Ball], list[Ball]]:
        """Unknowns next to ``z``, followed from above in steps that shrink geometrically."""
        scale = self.solver.first[0]
        height = 1e-3 * (abs(float(z.real.mid())) + 1e-2 * scale)
        mids, rates = self._lifted(z, height)
        y = arb(height)
        lowest = arb(2) ** (-bits // 2) * (y if z.contains(0) else abs(z)).mid()
        while y > lowest:
            sides = Sides()
            with flint.ctx.workprec(bits):
                above = z.mid() + acb(0, y)
                self.machine.run(self.final, mids, sides, decide=True)
                mids = self._polished(mids, above, sides, _CORRECTIONS)
                v = self.machine.run(self.final, mids, sides)
                rates = [rate.mid() for rate in self.rates(v, sides)]
                mids = [
                    (m - acb(0, y * _DESCENT) * r).mid() for m, r in zip(mids, rates, strict=True)
                ]
            y = (y * (1 - _DESCENT)).mid()
        return mids, rates

    def _sides(self, mids: Sequence[Ball], z: Ball, rates: Sequence[Ball] | None) -> Sides:
        """Which side of each cut: decided at ``z``, or just above it."""
        sides = Sides()
        lifted = list(mids)
        if is_real(z) and rates is not None:
            # so small that it acts as a derivative
            with flint.ctx.workprec(_START_BITS):
                height = arb(2) ** -60 * (1 + abs(z.real))
                lifted = [
                    u
                    if abs(u.imag) > abs(u.real) * 1e-6 and abs(u.real) > abs(u.imag) * 1e-6
                    else snapped(u) + acb(0, height) * r
                    for u, r in zip(mids, rates, strict=True)
                ]
        with flint.ctx.workprec(_START_BITS):
            self.machine.run(self.final, lifted, sides, decide=True)
        return sides

    def _residuals(self, v: list[Any], z: Ball) -> tuple[list[Ball], Ball]:
        residuals = [v[wanted] - v[child] for child, wanted, _, _ in self.tape.matches]
        return residuals, z - v[self.w]

    def _step(
        self, mids: list[Ball], box: list[Ball], z: Ball, sides: Sides, *, real: bool, low: int
    ) -> list[Ball] | None:
        """The interval Newton operator minus the middle; the box may be the middle itself."""
        at_middle = self.machine.run(self.order, mids, sides, turns={} if real else None)
        residuals, last = self._residuals(at_middle, z)
        if box is mids:
            return self.machine.newton(self.order, at_middle, sides, residuals, self.w, last)
        with flint.ctx.workprec(low):
            on_box = self.machine.run(self.order, box, sides, turns={} if real else None)
            return self.machine.newton(self.order, on_box, sides, residuals, self.w, last)

    def _polished(
        self, mids: list[Ball], z: Ball, sides: Sides, limit: int = _POLISHING
    ) -> list[Ball]:
        """Newton's method on points, at the present precision."""
        tiny = arb(2) ** (-flint.ctx.prec // 3)
        before = None
        for _ in range(limit):
            step = self._step(mids, mids, z, sides, real=False, low=0)
            if step is None or not all(s.is_finite() for s in step):
                break
            mids = [(m + s).mid() for m, s in zip(mids, step, strict=True)]
            size = max(relative(s, m) for s, m in zip(step, mids, strict=True))
            if size <= tiny or (before is not None and size <= 1e-9 and size > 0.25 * before):
                break
            before = size
        return mids

    def _is_outside(self, mids: list[Ball], sides: Sides) -> bool:
        """Whether a polished solution looks real, as it is outside the spectrum.

        It is also real where the unknown is the point itself.
        """
        if not all(map(nearly_axial, mids)):
            return False
        if all(abs(m.real) >= abs(m.imag) for m in mids):
            return True
        g = self.machine.run(self.final, mids, sides)[self.g]
        return bool(abs(g.imag) <= arb(2) ** (-flint.ctx.prec // 2) * abs(g.real))

    def _box(
        self, mids: list[Ball], z: Ball, sides: Sides, *, real: bool, bits: int,
        first: int,
    ) -> list[Ball]:  # fmt: skip
        """A box that the interval Newton operator maps into itself, contracted to ``bits``."""
        box = self._isolated(mids, z, sides, real=real, bits=bits, first=first)
        if box is not None:
            return box
        p = first
        while True:
            with flint.ctx.workprec(p):
                box = self._proved(mids, z, sides, real=real)
            if box is not None:
                break
            if p >= bits:
                raise PrecisionError(
                    "the solution could not be isolated: the point is too close to an edge, or a "
                    "singular point, of the law for this precision"
                )
            p = min(2 * p, bits)
            with flint.ctx.workprec(p):
                mids = self._polished(mids, z, sides)
            if real:
                mids = [snapped(m) for m in mids]
        return self._contracted(box, z, sides, real=real, bits=bits, known=p)

    def _isolated(
        self, mids: list[Ball], z: Ball, sides: Sides, *, real: bool, bits: int, first: int
    ) -> list[Ball] | None:
        """A box of ``bits`` around a solution that Newton's method has refined, if it is one.

        Steps on points cost half of those on boxes, and one on a box is proof enough.
        """
        known = first
        while 2 * known < bits:
            known *= 2
            with flint.ctx.workprec(known):
                moved = self._moved(mids, z, sides, real=real)
            if moved is None:
                return None
            mids = moved[0]
        with flint.ctx.workprec(bits + _SPARE_BITS):
            box = self._proved(mids, z, sides, real=real)
        if box is None or all(b.rel_accuracy_bits() >= bits - _SPARE_BITS for b in box):
            return box
        return self._contracted(box, z, sides, real=real, bits=bits, known=bits)

    def _moved(
        self, mids: list[Ball], z: Ball, sides: Sides, *, real: bool
    ) -> tuple[list[Ball], list[Ball]] | None:
        """Points after a Newton step, on their axes if ``real``, and the step."""
        step = self._step(mids, mids, z, sides, real=real, low=0)
        if step is None or not all(s.is_finite() for s in step):
            return None
        mids = [(m + s).mid() for m, s in zip(mids, step, strict=True)]
        return [snapped(m) for m in mids] if real else mids, step

    def _proved(self, mids: list[Ball], z: Ball, sides: Sides, *, real: bool) -> list[Ball] | None:
        p = flint.ctx.prec
        moved = self._moved(mids, z, sides, real=real)
        if moved is None:
            return None
        mids, step = moved
        for inflation in (-16, 4, 16):
            box = [
                inflated(
                    m,
                    abs(s).upper() * arb(2) ** inflation + abs(m).upper() * arb(2) ** (12 - p),
                    axial=real,
                )
                for m, s in zip(mids, step, strict=True)
            ]
            low = max(p // 2 + 64, _LOW_BITS)
            image = self._image(mids, box, z, sides, real=real, low=low)
            if image is not None and all(map(inside, image, box)):
                return image
        return None

    def _image(
        self, mids: list[Ball], box: list[Ball], z: Ball, sides: Sides, *, real: bool, low: int
    ) -> list[Ball] | None:
        step = self._step(mids, box, z, sides, real=real, low=low)
        if step is None:
            return None
        return [m + s for m, s in zip(mids, step, strict=True)]

    def _contracted(
        self, box: list[Ball], z: Ball, sides: Sides, *, real: bool, bits: int, known: int
    ) -> list[Ball]:
        """The image of the box under interval Newton steps, whose radii square."""
        while True:
            last = known >= bits
            p = min(2 * known, bits)
            with flint.ctx.workprec(p + _SPARE_BITS):
                mids = [b.mid() for b in box]
                image = self._image(
                    mids, box, z, sides, real=real, low=max(known // 2 + 64, _LOW_BITS)
                )
            if image is not None:
                box = [met(a, b) for a, b in zip(image, box, strict=True)]
            if last:
                return box
            known = p

    # ------------------------------------------------------------------ the branch

    def _verified(self, box: list[Ball], z: Ball, sides: Sides, *, real: bool) -> Solution:
        turns: Turns | None = {} if real else None
        v = self.machine.run(self.final, box, sides, turns=turns)
        slopes = self._slopes(box, v, sides) if real else None
        at = Boundary(v, slopes, turns)
        for condition in self.conditions:
            if condition.kind == "principal" and condition.a == self.log_w:
                held = is_principal(v[self.log_w], z)
            else:
                held = at.holds(condition)
            if held is False:
                raise WrongBranchError(
                    f"the solution found violates a half-plane condition ({condition.kind}): it "
                    "is another branch"
                )
            if held is None:
                raise PrecisionError(
                    f"a half-plane condition ({condition.kind}) could not be decided"
                )
        self.check_sides(self.final, at, sides)
        return Solution(box, v[self.g], v[self.psi], real, sides)

    def _verified_above(self, box: list[Ball], z: Ball, sides: Sides, bits: int) -> Solution:
        """Verify a real solution by the solution above it, on one branch with it.

        For conditions that are singular at the point itself: those of products at 0.  Interval
        Newton over a neighbourhood of ``z`` proves one analytic branch; the conditions are
        decided at a point of it in the upper half-plane.
        """
        mids = [b.mid() for b in box]
        rates = self.rates(self.machine.run(self.order, mids, sides), sides)
        height = arb(2) ** (-bits // 4)
        around = z + acb(arb(0, height), arb(0, height))
        wide = [
            acb(m.real + arb(0, r), m.imag + arb(0, r))
            for m, r in (
                (m, 8 * height * abs(rate).upper()) for m, rate in zip(mids, rates, strict=True)
            )
        ]
        image = self._image(mids, wide, around, sides, real=False, low=flint.ctx.prec)
        if image is None or not all(map(inside, image, wide)):
            raise PrecisionError("the solution could not be continued above the point")
        above = z.mid() + acb(0, height)
        start = [(m + acb(0, height) * r).mid() for m, r in zip(mids, rates, strict=True)]
        found = self._from(start, None, above, bits, _START_BITS)
        if not all(map(inside, found.unknowns, wide)):
            raise PrecisionError("the solution above the point lies on another branch")
        v = self.machine.run(self.final, box, sides, turns={})
        return Solution(box, v[self.g], v[self.psi], True, sides)

    def rates(self, v: list[Any], sides: Sides) -> list[Ball]:
        """The derivatives of the unknowns with respect to ``z``."""
        zero = [acb(0)] * len(self.tape.matches)
        rates = self.machine.newton(self.order, v, sides, zero, self.w, acb(1))
        if rates is None:
            raise PrecisionError("the derivative of the solution could not be enclosed")
        return rates

    def _slopes(self, box: list[Ball], v: list[Any], sides: Sides) -> list[Any]:
        """Derivatives with respect to ``z`` on the box: the direction ``z + i e``."""
        rates = self.rates(v, sides)
        return self.machine.tangents(self.final, v, sides, dict(enumerate(rates)))

    def check_sides(self, order: Sequence[int], at: Boundary, sides: Sides) -> None:
        """The decided sides of principal logarithms and roots are those of ``z + i e``."""
        for i in order:
            operation, a, _, c = self.tape.rows[i]
            plain = operation == Op.SQRT or (operation == Op.LOG and c == 0)
            if not plain and operation != Op.SIGN:
                continue
            if plain and at.values[a].real > 0:
                continue
            sign = at.imaginary_sign(a)
            if sign == 0 or sign != sides.of.get(i, 0):
                raise PrecisionError("the side of a cut could not be decided")


def _exact_equations(relation: Relation) -> Equations:
    try:
        return equations(exact_relation(relation), Tape())
    except TypeError as error:
        if isinstance(error, FreesymError):
            raise
        return equations(exact_relation(relation, counting=True), Tape())


@lru_cache(maxsize=256)
def certifier(relation: Relation) -> Certifier:
    """The certifier of a tree; cached on the tree."""
    return Certifier(relation)
