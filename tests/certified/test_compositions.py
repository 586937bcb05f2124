"""Boolean and monotone sums at their atoms, and at the atoms of their parts."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import flint
import mpmath
import pytest
import sympy

import freesym as fs
from freesym.algebra.balls import working_precision
from freesym.errors import PrecisionError
from freesym.solve import turns
from freesym.solve.machine import Sides
from freesym.solve.tape import Op, Tape
from freesym.spectrum import certified_edges, certified_neighbours
from freesym.spectrum import certified_reciprocals as reciprocals
from freesym.spectrum.certified_discrete import DiscreteLaw, discrete_law
from freesym.spectrum.certified_reciprocals import Arc, arc, beside_atom, points_in_gap, side_of
from tests.certified.helpers import agrees, as_fraction

acb, arb = flint.acb, flint.arb
HALF, THIRD = Fraction(1, 2), Fraction(1, 3)
BERNOULLI = fs.Bernoulli(HALF)
UNIFORM = fs.Uniform(0, 1)
DIGITS = 30
BITS = 160


def relation(law: fs.Law) -> Any:
    return law._exact


# -------------------------------------------------------------------------- finitely many atoms


def test_a_boolean_sum_of_two_projections() -> None:
    """``G = (z - 1/2)/(z (z - 3/2))``."""
    law = fs.boolean_sum(BERNOULLI, BERNOULLI)
    levels = {
        -1: 0,
        "-1e-40": 0,
        0: THIRD,
        HALF: THIRD,
        1: THIRD,
        "1.4999999999999999999999": THIRD,
    }
    for x, level in (levels | {Fraction(3, 2): 1, 7: 1}).items():
        with mpmath.workdps(50):
            expected = mpmath.mpf(Fraction(level).numerator) / Fraction(level).denominator
        assert agrees(law.cdf(x, digits=DIGITS), expected, DIGITS)
        assert law.density(x, digits=DIGITS) == 0
    assert law.log_potential("3/2", digits=DIGITS) == -mpmath.inf
    with mpmath.workdps(50):
        # at 1 the distances are 1 and 1/2
        assert agrees(law.log_potential(1, digits=DIGITS), -mpmath.log(2) * 2 / 3, DIGITS)
    assert law.support(digits=DIGITS) == ((0, 0), (1.5, 1.5))


def test_quantiles_between_atoms_are_exact() -> None:
    law = fs.boolean_sum(BERNOULLI, BERNOULLI)
    assert law.quantile(THIRD, digits=DIGITS) == 0
    beyond = THIRD + Fraction(1, 10**25)
    assert law.quantile(beyond, digits=DIGITS) == 1.5
    assert law.quantile(THIRD - Fraction(1, 10**25), digits=DIGITS) == 0


@pytest.mark.parametrize("kind", [fs.boolean_sum, fs.monotone])
def test_atoms_and_masses_are_those_of_the_rational_transform(kind: Callable[..., fs.Law]) -> None:
    """Partial fractions by SymPy, from transforms composed by hand."""
    z = sympy.Symbol("z")

    def first(w: Any) -> Any:
        return sympy.Rational(2, 3) / w + sympy.Rational(1, 3) / (w - 1)

    def second(w: Any) -> Any:
        return sympy.Rational(1, 2) / (w + 1) + sympy.Rational(1, 2) / (w - 2)

    parts = fs.TwoPoint(0, 1, THIRD), fs.TwoPoint(-1, 2, HALF)
    boolean = 1 / (1 / first(z) + 1 / second(z) - z)
    g = sympy.cancel(boolean if kind is fs.boolean_sum else first(1 / second(z)))
    top, bottom = map(sympy.Poly, sympy.fraction(g), (z, z))
    roots = [sympy.re(r) for r in bottom.nroots(n=60)]
    law, total = kind(*parts), mpmath.mpf(0)
    with mpmath.workdps(60):
        for root in sorted(roots):
            total += mpmath.mpf(str((top.eval(root) / bottom.diff().eval(root)).evalf(60)))
            x = Fraction(str(root)) + Fraction(1, 10**20)
            assert agrees(law.cdf(x, digits=DIGITS), total, DIGITS)
            q = Fraction(str(total)) - Fraction(1, 10**20)
            assert abs(law.quantile(q, digits=DIGITS) - mpmath.mpf(str(root))) < 1e-29


@pytest.mark.parametrize(
    "law",
    [
        fs.boolean_sum(BERNOULLI, fs.TwoPoint(-1, 2, THIRD), fs.PointMass(HALF)),
        -2 * fs.monotone(fs.Discrete((-1, 0, 3), (HALF, THIRD, Fraction(1, 6))), BERNOULLI) + THIRD,
        fs.mixture([fs.boolean_sum(BERNOULLI, BERNOULLI), fs.Bernoulli(0.25)], [HALF, HALF]),
    ],
    ids=repr,
)
def test_discrete_sums_agree_with_double_precision(law: fs.Law) -> None:
    masses = law.atoms()
    found = law.support(digits=DIGITS)
    assert found.complete  # type: ignore[attr-defined]
    assert [float(x) for x, _ in found] == pytest.approx(list(map(float, masses)), abs=1e-9)
    total = 0.0
    for place, mass in masses.items():
        total += float(mass)
        x = float(place)
        assert float(law.cdf(x + 1e-6, digits=DIGITS)) == pytest.approx(total, abs=1e-8)
        assert float(law.quantile(total - 1e-6, digits=DIGITS)) == pytest.approx(x, abs=1e-9)
    assert float(law.log_potential(0.7, digits=20)) == pytest.approx(law.log_potential(0.7))


def test_what_is_not_told_apart_is_refused() -> None:
    """Two irrational masses add up to 1/2; an irrational point that may be an atom."""
    symmetric = fs.boolean_sum(
        fs.TwoPoint(-1, 1, HALF), fs.Discrete((-3, -1, 1, 3), (HALF / 2,) * 4)
    )
    with pytest.raises(PrecisionError, match="told"):
        symmetric.quantile(HALF, digits=15)
    law = fs.monotone(fs.TwoPoint(0, 1, THIRD), fs.TwoPoint(-1, 2, HALF))
    place = 1 + sympy.sqrt(sympy.Rational(5, 2))
    with pytest.raises(PrecisionError, match="atom"):
        law.cdf(place, digits=15)


def test_transforms_that_are_no_laws_are_refused() -> None:
    """Zeros that are not real, or that are double."""
    for bottom in ([1, 0, 1], [1, -2, 1]):
        wrong = DiscreteLaw(flint.fmpq_poly([0, 1]), flint.fmpq_poly(bottom))
        with pytest.raises(PrecisionError, match="isolated"):
            wrong.atoms()


def test_only_sums_of_atoms_with_rational_data_are_summed() -> None:
    for law in (
        fs.boolean_sum(UNIFORM, BERNOULLI),
        fs.boolean_sum(fs.TwoPoint(0, sympy.sqrt(2), HALF), BERNOULLI),
        fs.boolean_sum(BERNOULLI, BERNOULLI) + fs.Semicircle(),
        BERNOULLI,
    ):
        assert discrete_law(relation(law)) is None


# -------------------------------------------------------------------------- laws with a density


def uniform_sum_atom() -> Any:
    """The zero of ``2/log(x/(x - 1)) - x``, and its mass."""
    with mpmath.workdps(60):
        f = lambda x: 2 / mpmath.log(x / (x - 1)) - x  # noqa: E731
        root = mpmath.findroot(f, 1.255)
        return as_fraction(root), as_fraction(1 / mpmath.diff(f, root))


@pytest.mark.long
def test_jumps_of_the_boolean_sum_of_uniform_laws() -> None:
    law = fs.boolean_sum(UNIFORM, UNIFORM)
    root, mass = uniform_sum_atom()
    assert abs(as_fraction(law.quantile("9/10", digits=DIGITS)) - root) < Fraction(1, 10**29)
    below = as_fraction(law.cdf(root - Fraction(1, 10**20), digits=DIGITS))
    assert abs(below - (1 - mass)) < Fraction(1, 10**25)
    assert law.cdf(root + Fraction(1, 10**20), digits=DIGITS) == 1
    near = as_fraction(law.quantile(1 - mass + Fraction(1, 10**12), digits=20))
    assert abs(near - root) < Fraction(1, 10**19)
    assert law.quantile(1 - mass - Fraction(1, 10**12), digits=15) < 1


@pytest.mark.long
def test_values_where_a_part_has_an_atom() -> None:
    """``1/G`` of the projection is 0 at 1, so that ``G = 1/(1/G_semicircle - z)`` there."""
    law = fs.boolean_sum(fs.Semicircle(), BERNOULLI)
    expected = 1 / (mpmath.mpc(0.5, mpmath.sqrt(3) / 2) - 1)
    assert abs(law.G(1, digits=20) - expected) < 1e-15
    for x in ("0", "1", HALF):
        beside = [law.cdf(Fraction(x) + s * Fraction(1, 10**12), digits=25) for s in (-1, 1)]
        found = law.cdf(x, digits=25)
        # G vanishes at 1/2, where nothing is to be seen of the density at this distance
        assert beside[0] <= found <= beside[1]
        assert (beside[0] < beside[1]) is (x != HALF)
        assert beside[1] - beside[0] < 1e-11
    low, middle, high = (
        law.log_potential(1 + s * Fraction(1, 10**9), digits=25) for s in (-1, 0, 1)
    )
    assert abs(low + high - 2 * middle) < 1e-16


def test_sums_with_an_atom_at_a_known_place() -> None:
    law = fs.boolean_sum(fs.mixture([fs.Uniform(1, 2), fs.PointMass(0)]), BERNOULLI)
    assert law.atoms()[0] == THIRD
    assert agrees(law.cdf(0, digits=DIGITS), law.cdf(0.05, digits=DIGITS), DIGITS)
    assert law.density(0, digits=DIGITS) == 0
    assert law.log_potential(0, digits=DIGITS) == -mpmath.inf
    assert law.quantile("1/4", digits=DIGITS) == 0


def test_monotone_sums_where_the_inner_law_has_an_atom_or_a_zero() -> None:
    """``G(z) = G_uniform(1/G_projection(z))``: 0 at 1/2, where the projection's vanishes."""
    law = fs.monotone(fs.Uniform(1, 2), BERNOULLI)
    assert law.G(HALF, digits=20) == 0
    assert law.density(HALF, digits=20) == law.density(1, digits=20) == 0
    with mpmath.workdps(40):
        # 1/G_projection is 0 at 1
        assert agrees(law.G(1, digits=20), mpmath.log(mpmath.mpf(1) / 2), 20)
    level = law.cdf(HALF, digits=20)
    assert level == law.cdf(1, digits=20)
    assert float(level) == pytest.approx(law.cdf(0.6), abs=1e-7)


# -------------------------------------------------------------------------- what is proved by what


def test_reciprocals_are_refused_where_there_is_a_density() -> None:
    with working_precision(BITS):
        for low, high in ((0.25, 0.5), (-1, 0.5), (0.5, 2), (-1, 2)):
            assert arc(relation(UNIFORM), arb(low), arb(high)) is None
        assert isinstance(arc(relation(UNIFORM), arb(1.25), arb(2)), Arc)


def test_masses_must_be_explained_by_one_atom(monkeypatch: pytest.MonkeyPatch) -> None:
    r, low, high = relation(BERNOULLI), arb(0.75), arb(2)
    with working_precision(BITS):
        assert arc(r, low, high).has_zero  # type: ignore[union-attr]
        assert arc(r, arb(-1), high) is None  # two atoms
        for wrong in (
            {},
            {1: THIRD},
            {1: 0.5},
            {1.0: HALF},
            {3: HALF},
            {1: HALF, Fraction(5, 4): 0},
        ):
            monkeypatch.setattr(reciprocals, "atoms", lambda _, wrong=wrong: wrong)
            assert arc(r, low, high) is None


def test_no_arc_without_exact_masses(monkeypatch: pytest.MonkeyPatch) -> None:
    original = reciprocals.enclosed

    def inexact(*args: Any, **options: Any) -> Any:
        found = original(*args, **options)
        return type(found)(found.g, found.psi, found.u, None)

    monkeypatch.setattr(reciprocals, "enclosed", inexact)
    with working_precision(BITS):
        assert arc(relation(UNIFORM), arb(2), arb(3)) is None
        assert side_of(relation(UNIFORM), arb(2)) is None


def test_poles_of_different_terms_are_not_added() -> None:
    """Between them ``F`` of the sum runs through all numbers: there is an atom."""
    pair = fs.TwoPoint(-1, 1, HALF)
    moved = pair + Fraction(1, 8)
    law = fs.boolean_sum(pair, moved)
    assert any(0 < float(x) < 0.125 for x in law.atoms())
    with working_precision(BITS):
        low, high = arb(-0.25), arb(0.25)
        assert arc(relation(pair), low, high).poles == 1  # type: ignore[union-attr]
        assert arc(relation(law), low, high) is None
        assert arc(relation(fs.boolean_sum(pair, pair)), low, high).poles == 1  # type: ignore[union-attr]


@pytest.mark.parametrize("offset", [-1, 1])
def test_levels_beside_an_atom_are_those_on_its_side(offset: int) -> None:
    law = relation(fs.boolean_sum(UNIFORM, UNIFORM))
    root, _ = uniform_sum_atom()
    with working_precision(400):
        x = arb(flint.fmpq(*(root + offset * Fraction(1, 10**40)).as_integer_ratio()))
        found = list(points_in_gap(law, x))
        assert len(found) == 1
        assert (found[0] < x) is (offset < 0)
        with pytest.raises(PrecisionError, match="side"):
            list(points_in_gap(law, x + arb(0, 1e-39)))


@pytest.mark.parametrize(
    "law", [BERNOULLI, fs.mixture([fs.Uniform(3, 4), fs.PointMass(1)])], ids=repr
)
def test_the_reciprocal_around_an_atom_is_enclosed(law: fs.Law) -> None:
    r = relation(law)
    with working_precision(BITS):
        assert beside_atom(r, acb(1)).is_zero()
        assert beside_atom(r, acb(2)) is None
        box = beside_atom(r, acb(arb(1, 0.03), arb(0, 0.03)))
        for step in (acb(0.02), acb(-0.02), acb(0, 0.03), acb(-0.03, 0.03), acb(0.03, 0.001)):
            true = 1 / reciprocals.enclosed(r, 1 + step, BITS).g
            assert box.overlaps(true)
            assert abs(true) > 0
        with pytest.raises(PrecisionError, match="isolated"):
            beside_atom(r, acb(arb(1, 3), arb(0, 3)))


def test_outer_gaps_need_a_sign() -> None:
    """To the right of both uniform laws there still is an atom."""
    law = relation(fs.boolean_sum(UNIFORM, UNIFORM))
    with working_precision(BITS):
        assert side_of(law, arb(1.1)) is None
        assert side_of(law, arb(1.3)) == 0
        assert side_of(law, arb(-0.1)) == 1


def test_imaginary_parts_are_exact_where_irrational_terms_cancel() -> None:
    """``(1 + m) log y - (p + m) log y`` has the imaginary part ``(1 - p) pi``; without -m not."""
    for p, cancels in ((THIRD, True), (HALF, False)):
        tape = Tape()
        m = tape.unknown(1)
        y = m - 3
        first, second = y + 1, y * (1 if cancels else 2) + p
        log_row = tape.emit(Op.LOG, y.number)
        log = type(m)(tape, log_row, 0)
        total = first * log - second * log
        order = range(len(tape.rows))
        values = [acb(2)] * len(tape.rows)
        known: Any = dict.fromkeys(order, Fraction(0))
        for row in range(log_row, len(tape.rows)):
            values[row], known[row] = acb(2, 1), None
        known[log_row] = Fraction(1)
        found = turns.exact_turn(tape, order, values, known, Sides(), total.number)
        assert found == (1 - p if cancels else None)


@pytest.mark.parametrize(
    ("law", "x", "level"),
    [
        (fs.MarchenkoPastur(3), "1e-9", Fraction(2, 3)),
        (fs.Bernoulli(THIRD) @ fs.MarchenkoPastur(Fraction(1, 4)), "1/100", Fraction(2, 3)),
        (fs.Wachter(HALF, 3), "1/1000", HALF),
        (fs.MarchenkoPastur(HALF) + fs.TwoPoint(0, 90, THIRD), 50, Fraction(2, 3)),
        (
            fs.mixture([fs.Uniform(-1, 2), fs.MarchenkoPastur(3) + 5], [HALF, HALF]),
            "5.1",
            Fraction(5, 6),
        ),
    ],
    ids=repr,
)
def test_levels_of_gaps_are_exact(law: fs.Law, x: Any, level: Fraction) -> None:
    """At 200 digits, as only exact numbers are, and as an exact number."""
    with mpmath.workdps(210):
        wanted = mpmath.mpf(level.numerator) / level.denominator
        assert agrees(law.cdf(x, digits=200), wanted, 200)
    with working_precision(BITS):
        point = arb(flint.fmpq(*Fraction(x).as_integer_ratio()))
        assert (
            reciprocals.enclosed(relation(law), acb(point), BITS, potential="share").turn
            == 1 - level
        )


# -------------------------------------------------------------------------- edges of monotone sums


def test_edges_of_monotone_sums_solve_their_equation() -> None:
    """``1/G`` of the projection takes the values 0 and 1 at two points each."""
    found = fs.monotone(UNIFORM, BERNOULLI).edges(digits=40)
    with mpmath.workdps(50):
        root = 1 / mpmath.sqrt(2)
        expected = [0, 1 - root, 1, 1 + root]
        for edge, true in zip(found, expected, strict=True):
            assert abs(edge - true) < mpmath.mpf(10) ** -39
    assert not found.complete  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "law",
    [
        fs.monotone(fs.Semicircle(), fs.Uniform(-1, 2)),
        fs.monotone(fs.Uniform(4, 5), fs.mixture([UNIFORM, fs.Uniform(2, 3)], [THIRD, 1 - THIRD])),
        1 - 2 * fs.monotone(UNIFORM, fs.Arcsine(0, 1)),
        fs.monotone(fs.monotone(UNIFORM, BERNOULLI), fs.Arcsine(2, 3)),
        fs.monotone(fs.boolean_sum(UNIFORM, UNIFORM), fs.TwoPoint(-1, 2, THIRD)),
    ],
    ids=repr,
)
def test_edges_of_monotone_sums(law: fs.Law) -> None:
    edges, rough = law.edges(digits=25), law.edges()
    assert [float(e) for e in edges] == pytest.approx(rough, abs=1e-12)
    step = Fraction(1, 10**15)
    for k, edge in enumerate(edges):
        sides = (edge + s * mpmath.mpf(step.numerator) / step.denominator for s in (-1, 1))
        below, above = (law.density(x, digits=10) for x in sides)
        assert (above > 0 == below) if k % 2 == 0 else (below > 0 == above)


def test_edges_that_are_no_edges_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Levels that are not reached nearby, reciprocals that are not known, and poles."""
    inner, level = relation(BERNOULLI), [arb(1)]
    near = 1 + 0.5**0.5
    with working_precision(250):
        assert certified_edges._edge_of_outer(inner, near, level, 1.0, 100).rad() < 1e-29
        with pytest.raises(PrecisionError, match="certified"):
            certified_edges._edge_of_outer(inner, near + 0.01, level, 1.0, 100)
        for wrong in (None, Arc(arb(0), arb(2), 1), Arc(arb(0), arb(1)), Arc(arb(1), arb(2))):
            monkeypatch.setattr(certified_edges, "arc", lambda *_, wrong=wrong: wrong)
            with pytest.raises(PrecisionError, match="certified"):
                certified_edges._edge_of_outer(inner, near, level, 1.0, 100)


def test_edges_of_the_inner_law_need_a_density_on_one_side_only() -> None:
    law = relation(fs.monotone(UNIFORM, fs.Uniform(2, 3)))
    with working_precision(250):
        assert certified_edges._edge_of_inner(law, arb(2), 1, 100).overlaps(arb(2))
        for place, inside in ((arb(2), -1), (arb(2.5), 1), (arb(-1), 1)):
            with pytest.raises(PrecisionError, match="two sides"):
                certified_edges._edge_of_inner(law, place, inside, 100)


def test_a_density_is_zero_where_there_is_at_most_an_atom() -> None:
    assert certified_neighbours.has_no_density(
        relation(fs.boolean_sum(UNIFORM, UNIFORM)), Fraction(5, 4), 90
    )
    assert not certified_neighbours.has_no_density(
        relation(fs.boolean_sum(UNIFORM, UNIFORM)), HALF, 90
    )
    assert certified_neighbours.is_atom(relation(BERNOULLI), Fraction(1))
    assert not certified_neighbours.is_atom(relation(BERNOULLI), HALF)


@pytest.mark.parametrize("side", [1, -1])
def test_selected_formulas_keep_their_imaginary_parts(side: int) -> None:
    """Of a real and a turned row, the one that was decided upon; nothing is known of products."""
    tape = Tape()
    x = tape.unknown(1)
    log = tape.emit(Op.LOG, x.number)
    chosen = tape.emit(Op.SELECT, log, x.number, (x.number, x.number))
    square = tape.emit(Op.MULTIPLY, log, log)
    values = [acb(2), acb(0, arb.pi()), acb(0, arb.pi()), acb(-1, 1)]
    known: Any = {0: Fraction(0), log: Fraction(1), chosen: None, square: None}
    order = range(4)
    found = turns.exact_turn(tape, order, values, known, Sides({chosen: side}), chosen)
    assert found == (1 if side > 0 else 0)
    assert turns.exact_turn(tape, order, values, known, Sides(), square) is None
