"""Single steps on the way to certified digits, with values that are known by hand."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise
from types import SimpleNamespace
from typing import Any

import flint
import pytest
import sympy
from flint import acb, arb

import freesym as fs
from freesym.errors import ConvergenceError, InvalidLawError
from freesym.relations import nodes
from freesym.solve.boxes import inflated
from freesym.solve.certificate import Certifier
from freesym.solve.contours import contour
from freesym.solve.exact import exact_measure
from freesym.solve.machine import Sides
from freesym.solve.ranges import _power, growth_of
from freesym.solve.tape import Op
from freesym.solve.turns import _constant, _value
from freesym.spectrum import certified_edges, certified_values
from freesym.spectrum.certified import _beside_pole, enclosed
from freesym.spectrum.certified_discrete import DiscreteLaw
from freesym.spectrum.certified_edges import _distance, exact_ends, located_edges
from freesym.spectrum.certified_inversion import _Inverse
from freesym.spectrum.certified_means import _mean_on_circle
from freesym.spectrum.certified_numbers import MOST_DIGITS, _from_decimal, bits_for, refined
from freesym.spectrum.certified_reciprocals import side_of
from freesym.transforms.certified_roots import _Curve

HALF = Fraction(1, 2)
T = sympy.Symbol("t")
MP, SC, U = fs.MarchenkoPastur, fs.Semicircle, fs.Uniform


@pytest.mark.parametrize(
    "function",
    [
        100 * sympy.exp(T) + 5,
        T**2 * sympy.exp(1 - 3 * T) + 40,
        sympy.exp(-2 * T) * 7 - T**3,
        50 + sympy.exp(T / 2) + T,
    ],
    ids=str,
)
def test_growth_bounds_the_function(function: Any) -> None:
    found = growth_of(function, T, arb(4))
    assert found is not None
    a, b = found
    for t in (-60, -9, -4, 4, 7, 33):
        value = arb(str(sympy.Abs(sympy.N(function.subs(T, t), 30))))
        assert value <= (a + b * abs(t)).exp()


@pytest.mark.parametrize(
    ("law", "mean"),
    [
        (SC(1, 2), 1),
        (MP(HALF), 1),
        (SC(1, 1) + MP(HALF), 2),
        ((U(0, 1) + 1).inverse(), sympy.log(2)),
    ],
    ids=repr,
)
def test_means_on_circles(law: fs.Law, mean: Any) -> None:
    """The moments that are left over are below ``4^-(n + 1)``, for ``n`` of the 128 bits."""
    with flint.ctx.workprec(128):
        found = _mean_on_circle(law.relation())
        assert found.contains(arb(str(sympy.N(mean, 60))).mid())
        assert found.rad() < arb(2) ** -100


def test_ends_of_affine_images_are_exact() -> None:
    moved = nodes.Affine(U(0, 1).relation(), Fraction(-3, 2), HALF)
    assert exact_ends(moved) == [-1, HALF]
    assert exact_ends(nodes.Affine(SC(0, 1).relation(), 2, sympy.sqrt(2))) is None


@pytest.mark.parametrize("scale", [HALF, -HALF, 3, -3])
def test_sides_of_scaled_laws(scale: Any) -> None:
    """All of the mass is on the left of 9, none of it on that of -9."""
    law = nodes.Affine(U(0, 1).relation(), scale, 1)
    assert [side_of(law, arb(x)) for x in (-9, 9)] == [side_of(U(0, 1).relation(), arb(x))
                                                        for x in (-9, 9)]  # fmt: skip


def test_numbers_that_are_too_long_name_the_limit() -> None:
    with pytest.raises(InvalidLawError, match=f"more than {4 * MOST_DIGITS} digits"):
        _from_decimal("1", "", 4 * MOST_DIGITS + 1, "x")
    assert _from_decimal("-12", "5", -1, "x") == Fraction(-5, 4)
    assert _from_decimal("3", "", 2, "x") == 300


def test_points_without_a_solution_are_tried_with_more_bits_first() -> None:
    tried: list[int] = []

    def compute(bits: int) -> Any:
        tried.append(bits)
        raise ConvergenceError("no solution", [0.0])

    with pytest.raises(ConvergenceError, match="no solution"):
        refined(compute, 20, lambda: "the value")
    assert len(tried) > 1
    assert tried == sorted(tried)
    assert tried[-2] <= bits_for(20) + 512 < tried[-1]


def _curve(polynomial: list[int], places: list[float]) -> Any:
    return SimpleNamespace(
        _polynomial=lambda x: flint.fmpq_poly(polynomial),
        _places=places,
        zeros=list(map(arb, places)),
    )


def test_a_root_is_chosen_where_it_is_the_only_one() -> None:
    found = _Curve._lower_root(_curve([2, 2, 1], []), Fraction(0), 200)  # -1 - i and -1 + i
    assert found is not None
    assert found.overlaps(acb(-1, -1))
    assert found.imag.rel_accuracy_bits() >= 200
    two = [4, 0, 5, 0, 1]  # (w^2 + 1)(w^2 + 4)
    assert _Curve._lower_root(_curve(two, []), Fraction(0), 200) is None
    real = [2, -3, 1]
    assert _Curve._lower_root(_curve(real, []), Fraction(0), 200) is None


@pytest.mark.parametrize("places", [[-1.0, 0.0], [-2.0, -1.5], [1.0, 7.0], [0.5]])
def test_points_inside_lie_between_the_zeros(places: list[float]) -> None:
    ends = [-float("inf"), *places, float("inf")]
    for i, (low, high) in enumerate(pairwise(ends)):
        assert low < _Curve._inside(_curve([1], places), i) < high


@pytest.mark.parametrize(
    "law",
    [
        U(1, 2).inverse(),
        (MP(HALF) + 1).inverse(),
        fs.boolean_sum(U(0, 1), MP(HALF)),
        fs.boolean_sum(U(-1, 1), U(-1, 1)),
        fs.monotone(U(0, 1), fs.Bernoulli(HALF)),
        fs.mixture([U(0, 1), SC()]),
        -2 * (SC() + MP(HALF)) + 1,
        MP(HALF) @ MP(2),
        U(-1, 2).square(),
        MP(HALF).reshape(HALF),
    ],
    ids=repr,
)
@pytest.mark.parametrize("z", [(0.3, 0.4), (-2, 1e-3), (9, 5)])
def test_psi_and_g_are_of_one_point(law: fs.Law, z: tuple[float, float]) -> None:
    """``psi = z g - 1``."""
    with flint.ctx.workprec(160):
        point = acb(*z)
        found = enclosed(law.relation(), point, 128)
        assert (found.psi - (point * found.g - 1)).contains(0)
        assert found.psi.imag.rel_accuracy_bits() > 80


@pytest.mark.parametrize("x", [Fraction(1, 100), Fraction(-1, 3)])
def test_contours_ascend_past_every_crossing(x: Fraction) -> None:
    """A quintic with its values taken at unequal distances."""
    function = T * (T - sympy.Rational(1, 4)) * (T + 2) * (T - 3) * (T + sympy.Rational(9, 4))
    measure = exact_measure(fs.Pushforward(function).relation())
    path = contour(measure, arb(x.numerator) / x.denominator).path
    reals = [float(point.real.mid()) for point in path]
    assert len(reals) == 2 + 3 * 5
    assert reals == sorted(reals)
    assert len(set(reals)) == len(reals)


@pytest.mark.parametrize("n", [1, 2, 3, 4, -2, -3])
def test_ranges_of_whole_powers(n: int) -> None:
    """Over ``[-1, 2]`` and ``[-3, -2]``: 0 is inside the first and must be a value."""
    for low, high in ((-1, 2), (-3, -2)):
        found = _power((arb(low), arb(high)), (arb(n), arb(n)), sympy.Integer(n))
        values = [float(x) ** n for x in (low, high, low + 0.25, high - 0.25)]
        if low < 0 < high and n < 0:
            assert not (found[0].is_finite() and found[1].is_finite())
            continue
        values += [0.0] if low < 0 < high else []
        assert float(found[0]) == pytest.approx(min(values), rel=1e-14)
        assert float(found[1]) == pytest.approx(max(values), rel=1e-14)


def test_ranges_of_roots_need_a_positive_base() -> None:
    root = sympy.Rational(1, 2)
    half = (arb(1) / 2, arb(1) / 2)
    low, high = _power((arb(4), arb(9)), half, root)
    assert low.contains(2) or low < 2
    assert (float(low), float(high)) == pytest.approx((2, 3), rel=1e-14)
    for below in (arb(0), arb("-0.5"), arb(-2)):
        low, high = _power((below, arb(9)), half, root)
        assert not (low.is_finite() or high.is_finite())


@pytest.mark.parametrize("q", [0, 1, Fraction(3, 2), -1])
def test_levels_outside_of_0_and_1_have_no_certified_quantile(q: Any) -> None:
    with pytest.raises(InvalidLawError, match="between 0 and 1"):
        SC().quantile(q, digits=20)


def test_boxes_about_axes() -> None:
    for middle in (acb(3), acb(0, 3), acb(3, 4)):
        box = inflated(middle, arb(1) / 8, axial=True)
        assert box.contains(middle)
        for part, radius in ((middle.real, box.real.rad()), (middle.imag, box.imag.rad())):
            # radii are rounded up to 30 bits
            assert float(radius) == pytest.approx(0 if part.is_zero() else 1 / 8, rel=1e-8)
        assert box.mid() == middle


def test_linear_forms_of_real_rows() -> None:
    """``c + a``, ``c - a`` and ``c a``, as forms of the rows that are given."""
    three, given = Fraction(3), {0: {0: Fraction(1)}}
    forms = []
    for operation in (Op.SHIFT, Op.REFLECT, Op.SCALE):
        tape: Any = SimpleNamespace(constants=[three], rows=[None, (operation, 0, 0, 0)])
        forms.append(_value(tape, 1, given))
    constant = next(iter(_constant(three)))
    assert forms[0] == {constant: three, 0: 1}
    assert forms[1] == {constant: three, 0: -1}
    assert forms[2] == {0: three}


@pytest.mark.parametrize("x", [(9, 0), (2, 1)])
def test_the_part_beyond_the_cut_is_real_at_real_points(x: tuple[int, int]) -> None:
    """A function that is bounded far away: the integral ends at a cut."""
    measure = exact_measure(fs.Pushforward(sympy.tanh(T)).relation())
    with flint.ctx.workprec(100):
        found = measure.transform(acb(*x))[0]
        assert found.imag.is_zero() == (x[1] == 0)
        assert abs(complex(found) - fs.Pushforward(sympy.tanh(T)).G(complex(*x))) < 1e-12


def test_masses_of_rational_functions_are_residues() -> None:
    """``(x - 1)/(x (x - 2)) = 1/(2 x) + 1/(2 (x - 2))``."""
    law: Any = SimpleNamespace(
        numerator=flint.fmpq_poly([-1, 1]), denominator=flint.fmpq_poly([0, -2, 1])
    )
    masses = [DiscreteLaw._exact_mass(law, arb(x)) for x in (0, 2, 1)]
    assert masses == [HALF, HALF, None]


def test_boolean_sums_of_two_equal_laws_beside_a_zero_of_g() -> None:
    """``1/G = 2/g - z``, which is ``z - k - k`` for ``k = z - 1/g``."""
    z, g = acb(3, 2), acb("0.25", "-0.125")
    term, nothing = U().relation(), acb("nan")
    relation: Any = SimpleNamespace(terms=(term, term))
    found = _beside_pole(relation, [(g, nothing, nothing)] * 2, z)
    assert found.overlaps(1 / (2 / g - z))
    rest = _beside_pole(relation, [(g, nothing, nothing), (g, nothing, acb(5))], z)
    assert rest.overlaps(1 / (1 / g - 5))


def test_what_only_rounding_makes_complex_is_outside_of_the_spectrum() -> None:
    def engine(g: Any) -> Any:
        return SimpleNamespace(machine=SimpleNamespace(run=lambda *_: [g]), final=None, g=0)

    with flint.ctx.workprec(128):
        for power, outside in ((-40, False), (-100, True)):
            g = acb(1, arb(2) ** power)
            assert Certifier._is_outside(engine(g), [acb(0, 1), acb(2)], Sides()) is outside
        assert Certifier._is_outside(engine(acb(1, 1)), [acb(2), acb(-3)], Sides())
        assert not Certifier._is_outside(engine(acb(1)), [acb(1, 1)], Sides())


def test_monotone_sums_where_f_is_infinite() -> None:
    """``psi = z g - 1`` at 0, where the inner law, symmetric about 0, has a zero of G."""
    law = fs.monotone(U(0, 1), fs.TwoPoint(-1, 1, HALF))
    found = enclosed(law.relation(), acb(0), 128)
    assert found.psi.contains(-1)
    assert found.psi.real.rad() < 1e-20


@pytest.mark.parametrize("scale", [Fraction(1, 1000), 1000])
def test_tolerances_of_inverses_have_no_unit(scale: Any) -> None:
    def tolerance(law: fs.Law, start: float) -> float:
        inverse: Any = SimpleNamespace(relation=law.relation(), start=acb(start), name="g")
        return float(_Inverse._tolerance(inverse, 64).mid())

    assert tolerance(scale * U(0, 1), 50.0 * float(scale)) == pytest.approx(
        tolerance(U(0, 1), 50.0)
    )


def test_distances_are_relative() -> None:
    for x in ("0.001", "0.5", "3", "1000"):
        assert _distance(arb(x), 100) == pytest.approx(
            float(arb(x)) * float(_distance(arb(1), 100))
        )


def test_edges_of_three_bands() -> None:
    law = fs.Discrete([-4, 0, 4]) + SC(0, HALF)
    edges = law.edges(digits=20)
    assert len(edges) == 6
    for found, double in zip(edges, law.edges(), strict=True):
        assert float(found) == pytest.approx(float(double), rel=1e-12)
    assert located_edges(law.relation(), 20) is not None


def test_levels_beside_atoms_decide_quantiles(monkeypatch: pytest.MonkeyPatch) -> None:
    """Below the atom 1/4, with it 1/2: the levels in between, and the upper one, are at it."""
    levels = (Fraction(1, 4), arb("0.5"))
    monkeypatch.setattr(certified_values, "levels_beside", lambda relation, place: levels)
    relation, quarter = U().relation(), Fraction(1, 4)
    for q, there in ((Fraction(2, 5), True), (HALF, True), (Fraction(3, 5), False)):
        assert certified_values._is_exactly_at(relation, 0, quarter, q) is there
    assert not certified_values._is_exactly_at(relation, 0, quarter, Fraction(1, 5))


def test_no_value_proves_no_exact_level(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: Any) -> Any:
        raise ConvergenceError("no solution", [0.0])

    around = SimpleNamespace(poles=0, low=arb(-1), high=arb(1))
    monkeypatch.setattr(certified_edges, "arc", lambda *_: around)
    monkeypatch.setattr(certified_edges, "reciprocal", refused)
    assert certified_edges._passes(U().relation(), arb(2), arb(0), 64)
    assert not certified_edges._passes(U().relation(), arb(2), arb(0), 64, exactly=True)
