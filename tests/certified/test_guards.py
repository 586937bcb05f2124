"""Every guard of the certificate, met by the very thing that it is there to refuse.

What is wrong is put in front of one guard at a time: boxes without a solution, values in the
wrong half-plane, sides that were not decided, neighbours with mass between them.
"""

from __future__ import annotations

from fractions import Fraction as F
from types import SimpleNamespace
from typing import Any

import flint
import numpy as np
import pytest

import freesym as fs
from freesym.algebra.balls import working_precision
from freesym.errors import (
    ConvergenceError,
    PrecisionError,
    UnboundParameterError,
    UnsupportedOperationError,
)
from freesym.relations.state import Check
from freesym.solve.boxes import inflated, inside, met, nearly_axial, relative, snapped
from freesym.solve.certificate import Certifier, WrongBranchError, certifier
from freesym.solve.half_planes import Boundary, Condition, conditions, is_principal
from freesym.solve.machine import Sides
from freesym.solve.potentials import log_potential
from freesym.solve.tape import Tape

acb, arb = flint.acb, flint.arb
BITS = 128
HALF = F(1, 2)
LAW = fs.Semicircle() + fs.MarchenkoPastur(HALF)
#: Square roots of numbers with negative real parts.
WITH_ROOTS = fs.Arcsine(-1, 1) + fs.Semicircle()


@pytest.fixture(autouse=True)
def _precision() -> Any:
    with working_precision(BITS):
        yield


def _fresh(law: fs.Law = LAW) -> Certifier:
    """A certifier of its own, which may be sabotaged."""
    return Certifier(law.relation())


def _roots(z: complex) -> list[complex]:
    """The solutions ``g`` of ``g + 1/(1 - g/2) + 1/g = z``, all three."""
    return list(map(complex, np.roots([-0.5, 1 + z / 2, 0.5 - z, 1.0])))


# -------------------------------------------------------------------------- boxes

WIDE, NARROW = arb(1, 0.5), arb(1, 0.25)


@pytest.mark.parametrize(
    ("image", "box", "held"),
    [
        (acb(NARROW, NARROW), acb(WIDE, WIDE), True),
        (acb(WIDE, NARROW), acb(NARROW, WIDE), False),
        (acb(NARROW, WIDE), acb(WIDE, NARROW), False),
        (acb(WIDE, WIDE), acb(WIDE, WIDE), False),  # the interior is meant
        (acb(NARROW, 0), acb(WIDE, 0), True),
        (acb(0, NARROW), acb(0, WIDE), True),
        (acb(NARROW, NARROW), acb(WIDE, 0), False),
        (acb(NARROW, NARROW), acb(0, WIDE), False),
        (acb(0, NARROW), acb(WIDE, 0), False),
        (acb(arb.nan(), NARROW), acb(WIDE, WIDE), False),
    ],
)
def test_a_box_lies_inside_another_with_both_of_its_parts(image: Any, box: Any, held: bool) -> None:
    assert inside(image, box) is held


def test_boxes_around_points_of_an_axis_stay_there() -> None:
    radius = arb(0.125)
    assert inflated(acb(2), radius, axial=True).imag.is_zero()
    assert inflated(acb(0, 2), radius, axial=True).real.is_zero()
    for box in (inflated(acb(2), radius, axial=False), inflated(acb(2, 1), radius, axial=True)):
        assert box.contains(acb(2, float(box.imag.mid())) + acb(0.12, 0.12))
        assert not box.contains(acb(2.2, float(box.imag.mid())))


def test_snapping_goes_to_the_nearest_axis() -> None:
    assert snapped(acb(3, 1)) == acb(3)
    assert snapped(acb(-1, 3)) == acb(0, 3)
    tiny = arb(2) ** (-BITS // 2 - 1)
    assert nearly_axial(acb(1, tiny)) and nearly_axial(acb(tiny, -1))
    assert not nearly_axial(acb(1, 4 * tiny)) and not nearly_axial(acb(4 * tiny, 1))
    assert not nearly_axial(acb(1, 1))
    for large in (8, 0.125):  # relative to the other part
        assert nearly_axial(acb(tiny * large, large)) and nearly_axial(acb(large, tiny * large))
        assert not nearly_axial(acb(4 * tiny * large, large))
        assert not nearly_axial(acb(large, 4 * tiny * large))


def test_boxes_that_share_a_solution_meet_in_both_parts() -> None:
    left, right = acb(arb(1, 1), arb(3, 1)), acb(arb(2, 1), arb(4, 1))
    found = met(left, right)
    assert found.contains(acb(1.5, 3.5))
    assert not found.contains(acb(0.5, 3.5)) and not found.contains(acb(1.5, 2.5))
    assert met(acb(arb(1, 1)), acb(arb(2, 1))).imag.is_zero()
    assert met(acb(0, arb(1, 1)), acb(0, arb(2, 1))).real.is_zero()


def test_steps_are_relative_to_what_they_move() -> None:
    assert relative(acb(0, 0.5), acb(2)) == pytest.approx(0.25)
    assert relative(acb(0.5), acb(0)) == pytest.approx(0.5)


# -------------------------------------------------------------------------- contraction


@pytest.mark.parametrize("real", [True, False])
def test_every_proved_box_contains_a_root(real: bool) -> None:
    """From points anywhere: without the comparison of image and box most would be "proved"."""
    engine, rng = certifier(LAW.relation()), np.random.default_rng(7)
    proved = 0
    for x in (-1.0, 0.5, 1.7, 7.0):
        z = complex(x) if real else complex(x, rng.exponential())
        roots = _roots(z)
        if real:
            roots = [root for root in roots if abs(root.imag) < 1e-12]
        starts = [*roots, *(rng.normal(size=40) + 1j * (not real) * rng.normal(size=40))]
        for start in map(complex, starts):
            point = acb(z.real, z.imag)
            box = engine._proved([acb(start.real, start.imag)], point, Sides(), real=real)
            if box is not None:
                proved += 1
                distances = [abs(box[0] - acb(r.real, r.imag)).abs_lower() for r in roots]
                assert min(distances, default=arb(1)) < 1e-9
    assert proved >= 4


def test_a_box_that_is_not_mapped_into_itself_is_not_proved(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    engine = _fresh()
    start = [acb(complex(LAW.G(2 + 1j)))]
    assert engine._proved(start, acb(2, 1), Sides(), real=False) is not None
    monkeypatch.setattr(engine, "_image", lambda mids, box, *_, **__: box)
    assert engine._proved(start, acb(2, 1), Sides(), real=False) is None
    monkeypatch.setattr(engine, "_image", lambda *_, **__: None)
    assert engine._proved(start, acb(2, 1), Sides(), real=False) is None


def test_what_cannot_be_isolated_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    engine = _fresh()
    monkeypatch.setattr(engine, "_proved", lambda *_, **__: None)
    with pytest.raises(PrecisionError, match="isolated"):
        engine.solve(acb(2, 1), 300)


def test_contraction_keeps_the_solution_and_squares_the_radius() -> None:
    """A wide box around a root shrinks to the bits asked for, and still contains the root."""
    engine = certifier(LAW.relation())
    sharp = engine.solve(acb(2, 1), 400).unknowns
    with working_precision(400):
        wide = [inflated(u.mid(), arb(2) ** -70, axial=False) for u in sharp]
        found = engine._contracted(wide, acb(2, 1), Sides(), real=False, bits=400, known=64)
    for narrow, exact in zip(found, sharp, strict=True):
        assert narrow.rel_accuracy_bits() >= 390
        assert narrow.overlaps(exact)


def test_pivots_that_may_vanish_prove_nothing() -> None:
    """The derivative of a solution at an edge is infinite: ``z'(g) = 0`` inside the box."""
    engine = certifier(fs.Semicircle().additive_power(2).relation())
    around = [acb(arb(2).rsqrt() + arb(0, 0.01), arb(0, 0.01))]
    v = engine.machine.run(engine.order, around, Sides())
    with pytest.raises(PrecisionError, match="derivative"):
        engine.rates(v, Sides())


def test_points_without_a_newton_step_stay() -> None:
    engine = certifier((fs.Uniform(0, 1) + fs.TwoPoint(1, 9, F(1, 3))).relation())
    found = engine.solve(acb(3, 2), BITS)
    wide = [acb(arb(0, 10), arb(0, 10))] * len(found.unknowns)
    assert engine._polished(wide, acb(3, 2), found.sides) is wide


def test_rates_are_derivatives() -> None:
    """Of the unknowns with respect to the point, by central differences."""
    engine = certifier(LAW.relation())
    z, step = acb(1, 1), acb(arb(2) ** -40)
    near, far = (engine.solve(z + sign * step, BITS) for sign in (1, -1))
    found = engine.solve(z, BITS)
    v = engine.machine.run(engine.order, found.unknowns, found.sides)
    slope = (near.unknowns[0] - far.unknowns[0]) / (2 * step)
    assert abs(engine.rates(v, found.sides)[0] / slope - 1) < 1e-20


@pytest.mark.parametrize(
    "law",
    [
        fs.Uniform(0, 1) + fs.TwoPoint(1, 9, F(1, 3)),
        fs.Uniform(1, 2) @ fs.TwoPoint(1, 9, F(1, 3)) + fs.Uniform(-1, 1),
    ],
    ids=repr,
)
def test_directions_along_a_curve(law: fs.Law) -> None:
    """Away from the curve the direction is that of its tangent; the step leads back."""
    engine = certifier(law.relation())
    assert engine.tape.matches
    found = engine.solve(acb(3, 2), BITS)
    v = engine.machine.run(engine.order, found.unknowns, found.sides)
    rates = engine.rates(v, found.sides)
    residuals = [acb(0.25, 0.5)] * len(engine.tape.matches)
    along = engine.machine.along(engine.order, v, found.sides, residuals, engine.w)
    assert along is not None
    slope, direction, moves = along
    assert abs(slope * rates[0] - 1) < 1e-30
    assert all(abs(d - r / rates[0]) < 1e-30 for d, r in zip(direction, rates, strict=True))
    assert moves[0] == 0
    shifted = [m + acb(2) ** -40 * step for m, step in zip(found.unknowns, moves, strict=True)]
    moved, _ = engine._residuals(engine.machine.run(engine.order, shifted, found.sides), acb(0))
    for left, residual in zip(moved, residuals, strict=True):
        assert abs(left * acb(2) ** 40 + residual) < 1e-9


@pytest.mark.parametrize(
    "law",
    [
        fs.Uniform(0, 1) + fs.TwoPoint(1, 9, F(1, 3)),
        fs.Uniform(1, 2) @ fs.TwoPoint(1, 9, F(1, 3)) + fs.Arcsine(-1, 1),
        (fs.Uniform(0, 1) + fs.Arcsine(-1, 1)) + fs.TwoPoint(1, 9, F(1, 3)),
    ],
    ids=repr,
)
def test_steps_are_finite_or_none(law: fs.Law) -> None:
    """As boxes grow, one pivot of the elimination after the other may vanish."""
    engine = certifier(law.relation())
    assert engine.tape.matches
    found = engine.solve(acb(3, 2), BITS)
    seen = []
    for exponent in range(-40, 6):
        box = [inflated(u.mid(), arb(2) ** exponent, axial=False) for u in found.unknowns]
        v = engine.machine.run(engine.order, box, found.sides)
        zero = [acb(0)] * len(engine.tape.matches)
        step = engine.machine.newton(engine.order, v, found.sides, zero, engine.w, acb(1))
        assert step is None or all(s.is_finite() for s in step)
        seen.append(step is None)
    assert seen == sorted(seen) and not seen[0] and seen[-1]


# -------------------------------------------------------------------------- half-planes

UP, DOWN, UNKNOWN = acb(1, 1), acb(1, -1), acb(1, arb(0, 1))


@pytest.mark.parametrize(
    ("kind", "a", "b", "orientation", "held"),
    [
        ("same", UP, UP, 0, True),
        ("same", DOWN, DOWN, 0, True),
        ("same", UP, DOWN, 0, False),
        ("same", UNKNOWN, UP, 0, None),
        ("same", UP, UNKNOWN, 0, None),
        ("opposite", UP, DOWN, 0, True),
        ("opposite", UP, UP, 0, False),
        ("aligned", DOWN, UP, -1, True),  # the half-plane of b is known to be the lower one
        ("aligned", UP, UP, -1, False),
        ("aligned", UP, UNKNOWN, 1, True),
        ("positive", acb(1, 5), UP, 0, True),
        ("positive", acb(-1, 5), UP, 0, False),
        ("positive", acb(arb(0, 1), 5), UP, 0, None),
        ("principal", acb(5, 1), UP, 0, True),
        ("principal", acb(5, -1), UP, 0, False),
        ("principal", acb(5, 4), UP, 0, False),
        ("principal", acb(5, -1), DOWN, 0, True),
        ("principal", acb(5, arb(0, 1)), UP, 0, None),
        ("principal", acb(5, 0), UP, 0, None),
        ("principal", acb(5, arb(3, 1)), UP, 0, None),
        ("principal", acb(5, 1), UNKNOWN, 0, None),
        ("principal", acb(5, 1), UNKNOWN, 1, True),
        ("principal", acb(5, 1), UNKNOWN, -1, False),
    ],
)
def test_conditions_on_balls(kind: str, a: Any, b: Any, orientation: int, held: Any) -> None:
    """True and False are proofs; where balls reach over an axis nothing is known."""
    condition = Condition(kind, 0, 1, orientation)
    assert Boundary([a, b], None, None).holds(condition) is held
    # away from the axis slopes and turns change nothing
    assert Boundary([a, b], [acb(-1), acb(-1)], {}).holds(condition) is held


@pytest.mark.parametrize(
    ("kind", "slopes", "held"),
    [
        ("same", (1, 2), True),
        ("same", (-1, -2), True),
        ("same", (1, -2), False),
        ("opposite", (1, -2), True),
        ("opposite", (1, 2), False),
        ("same", (None, 1), None),
        ("same", (1, None), None),
        ("same", (arb(0, 1), 1), None),
    ],
)
def test_conditions_on_the_axis_hold_just_above_it(kind: str, slopes: Any, held: Any) -> None:
    values = [acb(3), acb(-2)]
    tangents = [None if s is None else acb(s, 7) for s in slopes]
    assert Boundary(values, tangents, {}).holds(Condition(kind, 0, 1, 0)) is held
    assert Boundary(values, None, None).holds(Condition(kind, 0, 1, 0)) is None


@pytest.mark.parametrize(
    ("turn", "slope", "side", "held"),
    [
        (F(0), 1, 1, True),
        (F(0), -1, 1, False),
        (F(1), -1, 1, True),
        (F(1), 1, 1, False),
        (F(0), -1, -1, True),
        (F(-1), 1, -1, True),
        (F(-1), -1, -1, False),
        (F(1, 2), -1, 1, True),
        (F(3, 2), 1, 1, False),
        (F(-1, 2), 1, 1, False),
        (F(0), 0, 1, None),
        (F(1), None, 1, None),
    ],
)
def test_logarithms_with_exact_turns(turn: F, slope: Any, side: int, held: Any) -> None:
    """On the boundary of the strip ``0 < Im < pi`` it must move inwards."""
    values = [acb(2, float(turn) * np.pi), acb(1)]
    slopes = [None if slope is None else acb(slope), None]
    boundary = Boundary(values, slopes, {0: turn})
    assert boundary.holds(Condition("principal", 0, 1, side)) is held


def test_every_check_between_numbers_of_the_tape_is_a_condition() -> None:
    """An alignment with a half-plane that is not known says nothing; constants neither."""
    tape = Tape()
    up, down, unknown = (tape.unknown(orientation) for orientation in (1, -1, 0))
    checks = [
        Check("aligned", unknown, up),
        Check("aligned", unknown, down),
        Check("aligned", up, unknown),
        Check("same", up, unknown),
        Check("same", up, unknown),
        Check("same", 2, up),
        Check("opposite", up, 1 + 2j),
    ]
    assert conditions(checks) == (
        Condition("aligned", unknown.number, up.number, 1),
        Condition("aligned", unknown.number, down.number, -1),
        Condition("same", up.number, unknown.number, 0),
    )


def test_the_logarithm_of_the_point_itself() -> None:
    for z in (acb(2), acb(0.5), acb(-2), acb(1, 1), acb(-1, 1)):
        angle = arb.pi() if z.imag == 0 and z.real < 0 else z.arg()
        assert is_principal(acb(0, angle), z) is True
        assert is_principal(acb(0, angle + 2 * arb.pi()), z) is False
        assert is_principal(acb(0, angle - 2 * arb.pi()), z) is False
        assert is_principal(acb(0, angle + arb(0, 7)), z) is None


def test_undecided_half_planes_are_refused() -> None:
    """A box around the solution that reaches into the other half-plane."""
    engine = certifier(LAW.relation())
    z = acb(1, 1)
    g = engine.solve(z, BITS).g
    with pytest.raises(PrecisionError, match="could not be decided"):
        engine._verified([acb(g.real, arb(0, 1))], z, Sides(), real=False)
    with pytest.raises(WrongBranchError, match="half-plane"):
        engine._verified([g.conjugate()], z, Sides(), real=False)


@pytest.mark.parametrize("point", [acb(-1, 1), acb(1), acb(-30)], ids=str)
def test_decided_sides_are_those_of_the_solution(point: Any) -> None:
    engine = _fresh(WITH_ROOTS)
    found = engine.solve(point, BITS)
    turns: Any = {} if found.real else None
    v = engine.machine.run(engine.final, found.unknowns, found.sides, turns=turns)
    slopes = engine._slopes(found.unknowns, v, found.sides) if found.real else None
    at = Boundary(v, slopes, turns)
    engine.check_sides(engine.final, at, found.sides)
    flipped = Sides({i: -side for i, side in found.sides.of.items()})
    assert flipped.of
    for wrong in (flipped, Sides()):
        with pytest.raises(PrecisionError, match="side of a cut"):
            engine.check_sides(engine.final, at, wrong)


@pytest.mark.parametrize("point", [acb(-1, 1), acb(-30)], ids=str)
def test_no_solution_and_no_potential_without_decided_sides(
    point: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = _fresh(WITH_ROOTS)
    found = engine.solve(point, BITS)

    def undecided(*_: Any) -> None:
        raise PrecisionError("undecided")

    monkeypatch.setattr(engine, "check_sides", undecided)
    with pytest.raises(PrecisionError, match="undecided"):
        engine._verified(found.unknowns, point, found.sides, real=found.real)
    with pytest.raises(PrecisionError, match="undecided"):
        log_potential(engine, found)


# -------------------------------------------------------------------------- from above


def test_the_branch_above_a_point_must_be_the_one_that_was_followed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    engine = _fresh()
    z = acb(20)
    found = engine.solve(z, BITS)
    assert found.real
    again = engine._verified_above(found.unknowns, z, found.sides, BITS)
    assert again.real and again.g.overlaps(found.g)
    elsewhere = engine.solve(acb(1, 1), BITS)
    with monkeypatch.context() as patch:
        patch.setattr(engine, "_from", lambda *_: elsewhere)
        with pytest.raises(PrecisionError, match="another branch"):
            engine._verified_above(found.unknowns, z, found.sides, BITS)
    for image in (lambda mids, box, *_, **__: box, lambda *_, **__: None):
        with monkeypatch.context() as patch:
            patch.setattr(engine, "_image", image)
            with pytest.raises(PrecisionError, match="continued"):
                engine._verified_above(found.unknowns, z, found.sides, BITS)


@pytest.mark.parametrize(
    ("unknowns", "verified"),
    [([[0.3 - 0.1j]], [False]), ([[np.nan]], [True]), ([[np.inf]], [True])],
)
def test_starts_that_double_precision_does_not_verify_are_refused(
    unknowns: Any, verified: list[bool]
) -> None:
    engine = _fresh()
    u = np.array(unknowns, dtype=complex)
    solved = SimpleNamespace(unknowns=u, rates=u, verified=np.array(verified))
    engine.solver = SimpleNamespace(solve=lambda z: solved, first=engine.solver.first)  # type: ignore[assignment]
    with pytest.raises(ConvergenceError):
        engine.solve(acb(1, 1), BITS)


# -------------------------------------------------------------------------- potentials and data


def test_what_has_no_certificate_is_refused() -> None:
    inverse = fs.Uniform(1, 2).additive_deconvolve(fs.PointMass(1))
    with pytest.raises(UnsupportedOperationError, match="theorem"):
        Certifier((inverse + fs.Semicircle()).additive_power(HALF).relation())


def test_symbols_without_values_are_refused() -> None:
    import sympy

    c = sympy.Symbol("c", positive=True)
    law = fs.from_r_transform(c * sympy.Symbol("g"), sympy.Symbol("g")) + fs.Semicircle()
    for wrong in (law, fs.MarchenkoPastur(c) + fs.Semicircle()):
        with pytest.raises(UnboundParameterError):
            wrong.G(1j, digits=20)
