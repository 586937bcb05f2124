"""What stands between enclosures and digits refuses what is not proved.

One intermediate result is falsified at a time: the digits must be refused, not become wrong.
"""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction as F
from typing import Any

import flint
import pytest
import sympy

import freesym as fs
from freesym.algebra.balls import working_precision
from freesym.algebra.constants import real_ball
from freesym.errors import ConvergenceError, PrecisionError
from freesym.solve.certificate import certifier
from freesym.spectrum import (
    certified,
    certified_edges,
    certified_integrals,
    certified_neighbours,
    certified_values,
)
from freesym.spectrum.certified import Enclosed, without_turns
from freesym.spectrum.certified_numbers import is_sharp, refined
from freesym.transforms import certified_edges as exact_edges

acb, arb = flint.acb, flint.arb
BITS = 160
HALF = F(1, 2)
LAW = fs.Semicircle() + fs.MarchenkoPastur(HALF)
#: Two bands, with masses 2/3 and 1/3, and a gap between them.
BANDS = fs.TwoPoint(1, 9, F(1, 3)) + fs.Uniform(0, 1)


@pytest.fixture(autouse=True)
def _precision() -> Any:
    with working_precision(BITS):
        yield


# -------------------------------------------------------------------------- transforms


def test_values_outside_the_spectrum_are_exactly_real() -> None:
    assert certified._on_axis(acb(1)) == 1
    assert certified._on_axis(acb(1, -1)) == acb(1, -1)
    with pytest.raises(PrecisionError, match="real"):
        certified._on_axis(acb(1, arb(0, 1e-30)))


@pytest.mark.parametrize("turns", [-2, 0, 2, 4])
def test_whole_turns_are_taken_off(turns: int) -> None:
    for share in (F(0), F(1, 3), F(1)):
        moved = acb(5, real_ball(turns + share) * arb.pi())
        assert without_turns(moved, turns + share)[1] == share
        found, turn = without_turns(moved, None)
        assert turn is None
        assert abs(found - acb(5, real_ball(share) * arb.pi())) < 1e-30


def test_turns_that_are_not_those_of_a_mass_are_refused() -> None:
    for u, turn in ((acb(0), F(3, 2)), (acb(0), F(-1, 3)), (acb(0, arb.nan()), None)):
        with pytest.raises(PrecisionError, match="branch"):
            without_turns(u, turn)
    with pytest.raises(PrecisionError, match="branch"):
        without_turns(acb(0, arb(1, 7)), None)


@pytest.mark.parametrize(
    "law",
    [BANDS.inverse(), (fs.Uniform(-1, 1) + fs.Semicircle()).square(), BANDS.reshape(HALF)],
    ids=["inverse", "square", "reshape"],
)
def test_the_origin_of_maps_that_are_singular_there(law: fs.Law) -> None:
    with pytest.raises(PrecisionError, match="at 0 is not certified"):
        certified.enclosed(law.relation(), acb(0), BITS)
    with pytest.raises((PrecisionError, ConvergenceError)):
        certified.enclosed(law.relation(), acb(arb(0, 1e-3), arb(0, 1e-3)), BITS)


@pytest.mark.parametrize(
    ("law", "x", "right"),
    [
        (2 * BANDS + 1, F(11), F(1, 3)),
        (-BANDS, F(-5), F(2, 3)),
        ((fs.Uniform(-1, 1) + fs.Discrete([-9, 0, 9])).square(), F(16), F(2, 3)),
        (BANDS.reshape(HALF), F(5), F(1, 6)),
        (BANDS.reshape(HALF), F(1, 2), HALF),
        (BANDS.reshape(HALF), F(-1), F(1)),
        (fs.TwoPoint(1, 9, F(1, 3)).reshape(HALF), F(5), F(1, 6)),
        (fs.TwoPoint(1, 9, F(1, 3)).reshape(HALF), F(-3), F(1)),
        (fs.mixture([BANDS, fs.PointMass(9)], [F(1, 4), F(3, 4)]), F(5), F(5, 6)),
    ],
    ids=repr,
)
def test_masses_to_the_right_of_a_gap_are_exact(law: fs.Law, x: F, right: F) -> None:
    found = certified.enclosed(law.relation(), acb(real_ball(x)), BITS, potential=True)
    # to the left of everything the potential of a sum does not tell
    assert found.turn == right or (found.turn is None and x < 1 and "+" in repr(law))
    assert abs(found.u.imag - real_ball(right) * arb.pi()) < 1e-30


def test_roots_across_a_cut_are_not_taken() -> None:
    below = acb(arb(0, 1e-3), arb(-1, 1e-3))
    assert not certified._upper_root(below).is_finite()
    assert certified._upper_root(acb(arb(0, 1e-3), arb(1, 1e-3))).is_finite()


def test_points_whose_half_plane_is_not_known_are_refused() -> None:
    z = acb(1, arb(0, 1e-3))
    with pytest.raises(PrecisionError, match="half-plane"):
        certified_values._reflected(LAW.relation(), z, BITS, lambda t: t.g, inverted=False)


# -------------------------------------------------------------------------- sharpness


@pytest.mark.parametrize(
    ("value", "sharp"),
    [
        (arb(1), True),
        (acb(1, 2), True),
        (arb(0), True),
        (acb(0, arb(1, 1e-20)), True),
        (arb(1, 1e-20), True),
        (arb(1, 1e-3), False),
        (acb(1, arb(1, 1e-3)), False),
        (arb(0, 1e-300), False),
        (arb.nan(), False),
        (arb.pos_inf(), False),
        (acb(1, arb.nan()), False),
    ],
    ids=str,
)
def test_a_sharp_ball_has_the_bits_asked_for(value: Any, sharp: bool) -> None:
    assert is_sharp(value, 40) is sharp


def test_precision_is_raised_until_the_enclosure_is_sharp_and_then_given_up() -> None:
    asked: list[int] = []

    def slow(bits: int) -> Any:
        asked.append(bits)
        return arb(1) / 3 + arb(0, 2.0 ** -(bits // 2))

    found = refined(slow, 20, lambda: "a third")
    assert found.rel_accuracy_bits() >= 20 * 3.32
    assert asked == sorted(set(asked))

    def useless(bits: int) -> Any:
        asked.append(bits)
        return arb(1, 0.5)

    asked.clear()
    with pytest.raises(PrecisionError, match=r"a third is not known to 20 digits.* too wide"):
        refined(useless, 20, lambda: "a third")
    assert max(asked) > 4 * 20 * 3.32 and len(asked) < 10


def test_starts_that_are_not_found_are_looked_for_only_twice_as_precisely() -> None:
    asked: list[int] = []

    def lost(bits: int) -> Any:
        asked.append(bits)
        raise ConvergenceError("lost")

    with pytest.raises((ConvergenceError, PrecisionError), match="lost"):
        refined(lost, 20, lambda: "nothing")
    assert len(asked) < 10


# -------------------------------------------------------------------------- neighbours


@pytest.mark.long
def test_an_atom_that_was_forgotten_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    relation = fs.MarchenkoPastur(2).relation()
    assert certified_neighbours.share_between(relation, F(0), 60).contains(0.5)
    for wrong in ({}, {0: F(1, 3)}, {0: F(2, 3)}):
        monkeypatch.setattr(certified_neighbours, "atoms", lambda _, wrong=wrong: wrong)
        with pytest.raises(PrecisionError, match="differs"):
            certified_neighbours.share_between(relation, F(0), 60)


def test_a_gap_is_one_of_equal_shares_on_both_sides() -> None:
    for x, gap in ((F(5), True), (F(12), True), (F(3, 2), False), (F(19, 2), False)):
        assert certified_neighbours.is_in_gap(BANDS.relation(), x, 60) is gap
    atoms = fs.Discrete([0, 1, 3])
    for x, gap in ((F(1, 2), True), (F(1), False), (F(3), False)):
        assert certified_neighbours.is_in_gap(atoms.relation(), x, 60) is gap
        found = certified_neighbours.potential_in_gap(atoms.relation(), x, 60)
        assert (found is not None) is gap


# -------------------------------------------------------------------------- quantiles


def test_quantiles_lie_between_two_points(monkeypatch: pytest.MonkeyPatch) -> None:
    relation = fs.Semicircle().relation()
    near, far = F(1, 10**6), F(1, 2)
    bracket = certified_values._brackets
    assert bracket(relation, -near, near, HALF, 60)
    for low, high in ((near, far), (-far, -near)):
        assert not bracket(relation, low, high, HALF, 60)
    # the smallest of all points whose distribution function is large enough
    band = BANDS.relation()
    assert bracket(band, F(3, 2), F(5), F(2, 3), 60)
    assert not bracket(band, F(4), F(5), F(2, 3), 60)
    assert not bracket(band, F(3, 2), F(5), F(2, 3) + near, 60)
    right = certified_values._newton
    monkeypatch.setattr(certified_values, "_newton", lambda *a: (right(*a)[0] + F(1, 10**15), F(0)))
    with pytest.raises(PrecisionError, match="quantile"):
        certified_values._quantile_ball(relation, F(1, 3), 30)


def test_quantiles_that_are_not_bracketed_at_once_have_wider_enclosures(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    relation, q, widths = fs.Semicircle().relation(), F(1, 3), []

    def reluctant(_: Any, low: F, high: F, *__: Any) -> bool:
        widths.append(high - low)
        return len(widths) == 3

    sharp = certified_values._quantile_ball(relation, q, 30)
    monkeypatch.setattr(certified_values, "_brackets", reluctant)
    wide = certified_values._quantile_ball(relation, q, 30)
    assert [w / widths[0] for w in widths] == [1, 2, 4]
    assert wide.contains(sharp) and float(wide.rad() / sharp.rad()) == pytest.approx(4, rel=1e-6)
    widths *= 2
    with pytest.raises(PrecisionError, match="flat"):
        certified_values._quantile_ball(relation, q, 30)


def test_quantiles_beside_the_share_of_an_atom() -> None:
    law, tiny = fs.MarchenkoPastur(2), F(1, 1000)
    assert law.quantile(HALF - tiny, digits=20) == 0
    assert law.quantile(HALF + tiny, digits=10) > 0.17
    inside = fs.mixture([fs.Semicircle(), fs.PointMass(1)])
    low = fs.Semicircle().cdf(1, digits=30) / 2
    for q, there in ((F("0.4"), False), (F("0.42"), True), (F("0.9"), True), (F("0.92"), False)):
        assert (float(low) < q <= float(low) + 0.5) is there
        assert (inside.quantile(q, digits=15) == 1) is there


# -------------------------------------------------------------------------- edges


def test_unions_of_overlapping_intervals() -> None:
    """Ends of intervals inside others are none; ends that cannot be told apart are refused."""
    parts = [
        [arb(0), arb(4)],
        [arb(6), arb(7), arb(9), arb(10)],
        [arb(1), arb(2)],
        [arb(3), arb(5)],
    ]

    def united(ends: list[Any]) -> list[Any]:
        return certified_edges.united([(part, None) for part in ends])

    assert united(parts) == [0, 5, 6, 7, 9, 10]
    inside = [[arb(0), arb(1)], [arb(2), arb(9)], [arb(3), arb(4)]]
    assert united(inside) == [0, 1, 2, 9]
    with pytest.raises(PrecisionError, match="told apart"):
        united([[arb(0), arb(1)], [arb(3), arb(4)], [arb(4, 1e-9), arb(5)]])


@pytest.mark.parametrize(
    ("g", "positive"), [(acb(1, -1), True), (acb(1), False), (acb(1, arb(-0.1, 1)), None)]
)
def test_densities_between_edges_are_decided_or_refused(
    monkeypatch: pytest.MonkeyPatch, g: Any, positive: Any
) -> None:
    monkeypatch.setattr(exact_edges, "enclosed", lambda *_: Enclosed(g, g))
    if positive is None:
        with pytest.raises(PrecisionError, match="not decided"):
            exact_edges._is_positive(LAW.relation(), arb(0), arb(1), BITS)
    else:
        assert exact_edges._is_positive(LAW.relation(), arb(0), arb(1), BITS) is positive


def test_bounds_hold_on_the_ellipses_of_quadrature(monkeypatch: pytest.MonkeyPatch) -> None:
    """``|G(z)| <= 1/Im z`` where the ellipse around a segment comes nearest to the axis."""
    law = fs.boolean_sum(fs.Semicircle(), fs.Uniform(0, 1))
    gauss, seen = certified_integrals._gauss, []

    def checked(function: Any, a: Any, b: Any, largest: Any) -> Any:
        nearest = 2 + (a + b) / 2 - arb("1.3") * (b - a)
        if b != 1:  # the last integral, of a bounded function up to infinity
            assert nearest > 0
            assert largest >= (1 / nearest).lower()
            seen.append(largest)
        return gauss(function, a, b, largest)

    monkeypatch.setattr(certified_integrals, "_gauss", checked)
    certified.enclosed(law.relation(), acb(1, 2), BITS, potential=True)
    assert len(seen) > 2


def test_edges_have_density_on_one_side_only() -> None:
    law = fs.Semicircle() + fs.Uniform(-1, 1)
    engine = certifier(law.relation())
    high = float(law.edges()[1])
    point = certified_edges._critical_point(engine, high, -1, 2.0, BITS)
    found = certified_edges._bracketed(engine, point, -1, 50)
    assert float(found.mid()) == pytest.approx(high, rel=1e-9)
    place = point.place
    wrong = ((place * (1 - arb(2) ** -40), -1), (place * (1 + arb(2) ** -40), -1), (place, 1))
    for elsewhere, inside in wrong:
        with pytest.raises(PrecisionError, match="two sides"):
            certified_edges._bracketed(engine, replace(point, place=elsewhere.mid()), inside, 50)


def test_small_edges_have_all_of_their_digits() -> None:
    """The lower edge is near 0.0013: its enclosure is relative to that."""
    law = fs.MarchenkoPastur(F(9, 10)) @ fs.Uniform(HALF, 1)
    low, high = certified_edges.located_edges(law.relation(), 30)
    assert 0 < low < 0.01 < 1 < high
    for edge in (low, high):
        assert edge.rel_accuracy_bits() >= 30 * 3.32


def test_a_second_band_has_its_own_edges() -> None:
    """The first one starts at 0, with a positive density; the second does not."""
    law = fs.mixture([fs.Uniform(0, 1), fs.Uniform(50, 51)]) @ fs.MarchenkoPastur(F(1, 100))
    found = certified_edges.located_edges(law.relation(), 12)
    assert [float(e.mid()) for e in map(arb, found)] == pytest.approx(list(law.edges()), rel=1e-9)


@pytest.mark.long
def test_edges_of_sums_with_integrated_laws() -> None:
    """By symmetry, in another precision, and against double precision."""
    law = fs.Pushforward(sympy.tanh(sympy.Symbol("x"))) + fs.Semicircle()
    low, high = law.edges(digits=15)
    assert low == -high
    assert abs(high - law.edges(digits=25)[1]) < 1e-15
    assert float(high) == pytest.approx(law.edges()[1], rel=1e-14)


def test_edges_that_are_not_critical_points_nearby_are_not_found() -> None:
    engine = certifier((fs.Semicircle() + fs.Uniform(-1, 1)).relation())
    with pytest.raises(PrecisionError, match="critical point"):
        certified_edges._critical_point(engine, 7.0, -1, 2.0, BITS)


def test_the_origin_is_an_edge_only_beside_a_density() -> None:
    positive = fs.Uniform(0, 1) @ fs.MarchenkoPastur()
    assert certified_edges._at_zero(positive.relation(), 1, 60, BITS) == 0
    assert certified_edges._at_zero(positive.relation(), -1, 60, BITS) is None
    assert certified_edges._at_zero(BANDS.relation(), 1, 60, BITS) is None
    gap = fs.Bernoulli(HALF) @ BANDS
    assert certified_edges._at_zero(gap.relation(), 1, 60, BITS) is None


def test_enclosed_values_are_those_of_the_point() -> None:
    found = certified.enclosed(BANDS.relation(), acb(5), BITS, potential=True)
    assert isinstance(found, Enclosed)
    assert found.turn == F(1, 3)
    assert found.g.imag == 0 == found.psi.imag
