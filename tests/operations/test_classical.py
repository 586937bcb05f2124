"""Sums and products of independent variables against closed forms, quadrature and Kronecker."""

from __future__ import annotations

import math
import pickle
from collections.abc import Callable
from fractions import Fraction
from itertools import pairwise
from typing import Any

import mpmath
import numpy as np
import pytest
import sympy

import freesym as fs
from freesym.errors import InvalidLawError, UnsupportedOperationError
from freesym.lowering.measure import sources
from freesym.operations.classical import (
    ClassicalProduct,
    ClassicalSum,
    classical_product,
    classical_sum,
)
from freesym.relations import nodes
from freesym.relations.simplify import Constant
from freesym.spectrum import classical
from freesym.spectrum.classical import Convolution

HALF = Fraction(1, 2)
UNIT = fs.Uniform(0, 1)
MP = fs.MarchenkoPastur
CASES = {
    "uniforms": classical_sum(UNIT, UNIT),
    "narrow and wide": classical_sum(UNIT, fs.Uniform(2, 5)),
    "semicircles": classical_sum(fs.Semicircle(), fs.Semicircle()),
    "arcsines": classical_sum(fs.Arcsine(), fs.Arcsine()),
    "hard edges": classical_sum(MP(1), MP(1) - 3),
    "atoms": classical_sum(MP(2), MP(2)),
    "four": classical_sum(UNIT, UNIT, UNIT, UNIT),
    "three arcsines": classical_sum(fs.Arcsine(), fs.Arcsine(), fs.Arcsine()),
    "solved": classical_sum(MP(HALF) + fs.Semicircle(), fs.Semicircle() @ MP(HALF)),
    "gap": classical_sum(fs.Semicircle(variance=0.98) + fs.Discrete([-1, 1]), UNIT),
    "hardly a gap": classical_sum(fs.Semicircle(variance=1.02) + fs.Discrete([-1, 1]), UNIT),
    "cusp": classical_sum(fs.Semicircle() + fs.Discrete([-1, 1]), UNIT),
    "mixture": classical_sum(fs.mixture([UNIT, fs.Semicircle()]), MP(2) + 1),
    "kink": classical_sum(
        fs.Law.from_density(sympy.Abs(sympy.Symbol("x")), (-1, 1)), fs.Semicircle()
    ),
    "uniform product": classical_product(UNIT, UNIT),
    "signs": classical_product(fs.Uniform(-1, 2), fs.Uniform(-3, 1)),
    "negative": classical_product(fs.Uniform(-2, -1), fs.Uniform(1, 3)),
    "away from 0": classical_product(fs.Uniform(1, 2), fs.Uniform(3, 4)),
    "semicircle product": classical_product(fs.Semicircle(), fs.Semicircle()),
    "Wishart product": classical_product(MP(1), MP(1)),
    "three Wisharts": classical_product(MP(1), MP(1), MP(1)),
    "Fuss-Catalan": classical_product(MP(1) @ MP(1), MP(1)),
    "atom and line": classical_product(MP(2), fs.Semicircle()),
    "two atoms": classical_product(MP(2), MP(Fraction(9, 10)) @ fs.Bernoulli(HALF)),
    "nested": classical_sum(UNIT, classical_product(UNIT, fs.Uniform(-1, 1))),
}
#: Tabulated at once; the others are for the ci profile.
FAST = {"uniforms", "arcsines", "atoms", "uniform product", "signs", "Wishart product"}
EVERY = pytest.mark.parametrize(
    "law",
    [pytest.param(law, marks=() if name in FAST else pytest.mark.long, id=name)
     for name, law in CASES.items()],
)  # fmt: skip


def grid(law: fs.Law, n: int = 201) -> Any:
    """Points inside the hull, not the singular ones."""
    low, high = law._numeric.hull()  # type: ignore[attr-defined]
    return low + (high - low) * (np.arange(n) + 0.5137) / n


# ------------------------------------------------------------------------------------ the table


@EVERY
def test_mass_and_moments_of_the_table(law: fs.Law) -> None:
    relation: Any = law._numeric
    atomic = math.fsum(map(float, relation.point_masses().values()))
    found = math.fsum(2 * panel.density[0] for panel in _panels(relation))
    assert abs(found + atomic - 1) < 1e-13
    points, weights = sources(relation._table)
    assert abs(math.fsum(weights) - 1) < 2e-15
    reach = max(map(abs, relation.hull()))
    for k, exact in enumerate(law.moments(8), 1):
        assert abs(math.fsum(weights * points**k) - float(exact)) < 1e-13 * reach**k


@EVERY
def test_cdf_ascends_to_one_and_density_is_its_slope(law: fs.Law) -> None:
    low, high = law._numeric.hull()  # type: ignore[attr-defined]
    x = grid(law, 60)
    assert law.cdf(low - 0.1) < 1e-14
    assert abs(law.cdf(high + 0.1) - 1) < 1e-13
    assert (np.diff(law.cdf(x)) > -1e-14).all()
    h = 1e-5 * (high - low)
    slope = (law.cdf(x + h) - law.cdf(x - h)) / (2 * h)
    assert np.allclose(slope, law.density(x), rtol=1e-5, atol=1e-6)


@EVERY
def test_support_is_where_the_density_is(law: fs.Law) -> None:
    x = grid(law)
    inside = np.zeros(len(x), dtype=bool)
    for a, b in law.support():
        inside |= (a < x) & (x < b)
    assert (law.density(x)[~inside] == 0).all()
    assert (law.density(x)[inside] > 0).all()


# ----------------------------------------------------------------------------------- densities


def spline(x: Any, n: int) -> Any:
    terms = [(-1) ** k * math.comb(n, k) * np.maximum(x - k, 0.0) ** (n - 1) for k in range(n + 1)]
    return sum(terms) / math.factorial(n - 1)


def two_arcsines(x: Any) -> Any:
    with mpmath.workdps(30):
        values = [mpmath.ellipk(1 - mpmath.mpf(float(v)) ** 2 / 4) / mpmath.pi**2 for v in x]
    return np.array(values, dtype=float)


FORMS: dict[str, Callable[[Any], Any]] = {
    "uniforms": lambda x: np.where(x < 1, x, 2 - x),
    "narrow and wide": lambda x: np.minimum(np.minimum(x - 2, 6 - x), 1) / 3,
    "four": lambda x: np.where(x < 2, spline(x, 4), spline(4 - x, 4)),
    "uniform product": lambda x: -np.log(x),
    "arcsines": two_arcsines,
}


@pytest.mark.parametrize("name", FORMS)
def test_densities_in_closed_form(name: str) -> None:
    x = grid(CASES[name], 1001)
    assert np.allclose(CASES[name].density(x), FORMS[name](x), rtol=2e-13, atol=2e-13)


def test_distribution_functions_in_closed_form() -> None:
    x = np.linspace(0.001, 1.999, 777)
    exact = np.where(x < 1, x * x / 2, 1 - (2 - x) ** 2 / 2)
    assert np.abs(CASES["uniforms"].cdf(x) - exact).max() < 1e-14
    x = np.geomspace(1e-10, 0.9999, 777)
    assert np.abs(CASES["uniform product"].cdf(x) - x * (1 - np.log(x))).max() < 1e-14
    assert np.allclose(CASES["uniform product"].density(x), -np.log(x), rtol=1e-12)
    assert abs(CASES["uniform product"].log_determinant() + 2) < 1e-13


def wishart(x: Any) -> Any:
    return mpmath.sqrt(4 / x - 1) / (2 * mpmath.pi)


def semicircle(x: Any) -> Any:
    return mpmath.sqrt(4 - x * x) / (2 * mpmath.pi)


@pytest.mark.parametrize(
    ("name", "first", "second"),
    [("Wishart product", wishart, wishart), ("semicircle product", semicircle, semicircle)],
)
@pytest.mark.parametrize("x", [1e-6, 0.3, 1.7, 3.9])
def test_products_against_quadrature(name: str, first: Any, second: Any, x: float) -> None:
    sides = 2 if name == "semicircle product" else 1
    with mpmath.workdps(25):
        z = mpmath.mpf(x)
        cuts = [z / 4, 4] if sides == 1 else [z / 2, 2]
        cuts.insert(1, mpmath.sqrt(cuts[0] * cuts[1]))
        value = sides * mpmath.quad(lambda y: first(z / y) * second(y) / y, cuts)
    assert abs(CASES[name].density(x) - float(value)) < 1e-12 * max(1.0, float(value))


@pytest.mark.long
@pytest.mark.parametrize(("shift", "accuracy"), [(0, 1e-13), (1, 1e-9), (1000, 1e-6)])
def test_a_steep_edge_away_from_zero(shift: int, accuracy: float) -> None:
    steep = MP(1) @ MP(1)
    law = classical_sum(steep + shift, UNIT)
    x = np.array([0.001, 0.3, 0.9, 1.5, 7.0])
    assert np.abs(law.density(x + shift) - (steep.cdf(x) - steep.cdf(x - 1))).max() < accuracy


@pytest.mark.long
def test_scales_and_shifts_far_apart() -> None:
    assert np.allclose(classical_sum(UNIT, fs.Uniform(0, 1e6)).density([0.5, 4e5]), [5e-7, 1e-6])
    law = classical_sum(UNIT + 1000, fs.Arcsine())
    x = np.linspace(-0.9, 1.9, 7)
    expected = fs.Arcsine().cdf(x) - fs.Arcsine().cdf(x - 1)
    assert np.abs(law.density(x + 1000) - expected).max() < 1e-12


def test_two_semicircles_against_quadrature() -> None:
    for x in (-3.99, -1.0, 0.0, 0.5, 2.7):
        ends = max(-2.0, x - 2), min(2.0, x + 2)
        with mpmath.workdps(25):
            exact = mpmath.quad(lambda y, x=x: semicircle(y) * semicircle(x - y), ends)
        assert abs(CASES["semicircles"].density(x) - float(mpmath.re(exact))) < 1e-13


# ---------------------------------------------------------------------------- Kronecker matrices


def kolmogorov(law: fs.Law, values: Any) -> float:
    x = np.sort(values.ravel())
    some = np.unique(x[::29])
    cdf = law.cdf(some)
    above = np.searchsorted(x, some, side="right") / len(x)
    below = np.searchsorted(x, some, side="left") / len(x)
    return float(np.maximum(cdf - above, below - cdf).max())


@pytest.mark.long
@pytest.mark.parametrize("name", [n for n, law in CASES.items() if len(law.operands) == 2])  # type: ignore[attr-defined]
def test_spectra_of_kronecker_matrices(name: str) -> None:
    law: Any = CASES[name]
    levels = (np.arange(400) + 0.5) / 400
    a, b = (operand.quantile(levels) for operand in law.operands)
    pairs = np.add.outer(a, b) if law.kind == "sum" else np.multiply.outer(a, b)
    # the quantiles round atoms of both laws to a multiple of 1/400
    assert kolmogorov(law, pairs) < 5e-3


def test_matrix_models_have_the_size_and_the_law() -> None:
    for name, bound in (("hard edges", 0.1), ("semicircle product", 0.1), ("four", 0.15)):
        law = CASES[name]
        matrix = law.sample_matrix(499, 1)
        assert matrix.shape == (499, 499)
        assert np.allclose(matrix, matrix.T)
        assert kolmogorov(law, np.linalg.eigvalsh(matrix)) < bound
    exact = classical_sum(fs.Semicircle(), MP(1)).sample_matrix(400, 2)
    assert exact.shape == (400, 400)


def test_samples_and_quantiles() -> None:
    law = CASES["Wishart product"]
    q = np.linspace(0.01, 0.99, 99)
    assert np.abs(law.cdf(law.quantile(q)) - q).max() < 1e-14
    assert abs(law.sample(20000, np.random.default_rng(3)).mean() - 1) < 0.06


# -------------------------------------------------------------------------------------- moments


def test_moments_are_exact() -> None:
    assert classical_product(MP(1), MP(1)).moments(3) == [1, 4, 25]
    assert (MP(1) @ MP(1)).moments(2) == [1, 3]
    assert classical_sum(fs.Semicircle(), fs.Semicircle()).moments(4) == [0, 2, 0, 10]
    assert classical_sum(UNIT, UNIT).moments(2) == [1, Fraction(7, 6)]
    assert classical_product(UNIT, UNIT).moments(3) == [Fraction(1, k * k) for k in (2, 3, 4)]


def test_symbolic_operands_have_moments() -> None:
    s = sympy.Symbol("s", positive=True)
    law = classical_sum(fs.Semicircle(variance=s), UNIT)
    assert law.moment(2) == s + sympy.Rational(1, 3)
    assert law.subs({s: 1}) == classical_sum(fs.Semicircle(), UNIT)


# ------------------------------------------------------------------------------- atoms, constants


def test_discrete_laws_stay_exact() -> None:
    law = classical_sum(fs.Discrete([1, 2]), fs.Discrete([3, 4]))
    assert law.atoms() == {4: Fraction(1, 4), 5: HALF, 6: Fraction(1, 4)}
    law = classical_product(fs.Discrete([0, 2]), fs.Discrete([-1, 1]), fs.Discrete([0, 1]))
    assert law.atoms() == {-2: Fraction(1, 8), 0: Fraction(3, 4), 2: Fraction(1, 8)}
    assert law.moments(2) == [0, 1]


def test_an_atomic_operand_gives_a_mixture() -> None:
    law = classical_sum(fs.Discrete([0, 3]), fs.Semicircle())
    assert isinstance(law.relation(), nodes.Mixture)
    x = np.linspace(-2.5, 5.5, 41)
    expected = 0.5 * (fs.Semicircle().density(x) + fs.Semicircle().density(x - 3))
    assert np.allclose(law.density(x), expected, rtol=1e-13)
    assert classical_product(fs.Bernoulli(HALF), fs.Semicircle()).atoms() == {0: HALF}
    assert classical_product(UNIT, fs.PointMass(0)).relation() == Constant(0)


def test_constants_shift_and_scale() -> None:
    assert classical_sum(UNIT, fs.PointMass(2)).relation() == (UNIT + 2).relation()
    assert classical_product(fs.PointMass(-3), UNIT).relation() == (-3 * UNIT).relation()


@pytest.mark.long
def test_many_atoms_are_tabulated() -> None:
    points = np.linspace(-1, 1, 40)
    law: Any = classical_sum(fs.Discrete(points.tolist()), fs.Arcsine())
    assert isinstance(law.relation(), Convolution)
    x = grid(law, 50)
    expected = np.mean([fs.Arcsine().density(x - p) for p in points], axis=0)
    assert np.allclose(law.density(x), expected, rtol=1e-11)


def test_atoms_of_products_and_sums() -> None:
    assert CASES["atoms"].atoms() == {0: Fraction(1, 4)}
    assert CASES["atom and line"].atoms() == {0: HALF}
    assert CASES["two atoms"].atoms() == {0: Fraction(3, 4)}
    assert abs(CASES["two atoms"].cdf(0.0) - 0.75) < 1e-12


# ---------------------------------------------------------------------------------- expressions


def test_symmetry_is_seen() -> None:
    square = CASES["semicircle product"].square()
    assert square.moments(2) == [1, 4]
    x = np.linspace(0.1, 15.0, 20)
    root = np.sqrt(x)
    expected = CASES["semicircle product"].density(root) / root
    assert np.allclose(square.density(x), expected, rtol=1e-11)


@pytest.mark.long
@pytest.mark.parametrize(
    "law",
    [
        classical_sum(fs.Uniform(-1, 1), fs.Semicircle()) + fs.Semicircle(),
        classical_product(fs.Uniform(1, 2), MP(HALF)) @ MP(HALF),
        (classical_sum(MP(2), MP(2)) @ MP(HALF)).compress(Fraction(7, 10)),
        fs.mixture([CASES["uniforms"], fs.Semicircle()]) - CASES["arcsines"],
    ],
    ids=repr,
)
def test_inside_free_expressions(law: fs.Law) -> None:
    (low, high) = law.support()[0][0], law.support()[-1][1]
    angles = (np.arange(400) + 0.5) * np.pi / 400
    x = low + (high - low) * np.sin(angles / 2) ** 2
    weights = 0.5 * (high - low) * np.sin(angles) * np.pi / 400
    for k in (0, 1, 2):
        exact = 1 - float(sum(law.atoms().values())) if k == 0 else float(law.moment(k))
        assert abs((weights * law.density(x) * x**k).sum() - exact) < 1e-3 * max(1.0, abs(exact))


@pytest.mark.long
def test_a_free_sum_with_a_semicircle_matches_matrices() -> None:
    law = classical_sum(fs.Uniform(-1, 1), fs.Arcsine()) + fs.Semicircle()
    matrix = law.sample_matrix(400, 5)
    assert kolmogorov(law, np.linalg.eigvalsh(matrix)) < 0.05


# ------------------------------------------------------------------------------------ interface


def test_flattened_in_order() -> None:
    law = classical_sum(classical_sum(UNIT, MP(1)), fs.Semicircle())
    assert law == ClassicalSum((UNIT, MP(1), fs.Semicircle()))
    assert classical_sum(UNIT) is UNIT
    assert isinstance(classical_product(classical_product(UNIT, MP(1)), law), ClassicalProduct)


@EVERY
def test_values(law: fs.Law) -> None:
    names = vars(fs) | {"classical_sum": classical_sum, "classical_product": classical_product}
    names |= {"Rational": sympy.Rational, "Symbol": sympy.Symbol, "Abs": sympy.Abs}
    if "DensityLaw" not in repr(law):
        assert eval(repr(law), names) == law
    assert pickle.loads(pickle.dumps(law)) == law
    assert hash(law.relation()) == hash(pickle.loads(pickle.dumps(law)).relation())


def test_what_is_not_a_law_is_refused() -> None:
    with pytest.raises(UnsupportedOperationError, match="classical_sum needs laws, not int 3"):
        classical_sum(UNIT, 3)  # type: ignore[arg-type]
    with pytest.raises(InvalidLawError, match="at least one law"):
        classical_product()


# -------------------------------------------------------------------------------- unbounded laws


def test_cauchy_laws_add_classically() -> None:
    law = classical_sum(fs.Cauchy(), UNIT, fs.Cauchy(1, 2))
    assert law.relation() == (UNIT + fs.Cauchy() + fs.Cauchy(1, 2)).relation()
    exact = (math.atan(1 / 6) + math.atan(1 / 6)) / math.pi
    assert abs(law.density(1.5) - exact) < 1e-14


def test_unbounded_laws_may_be_moved_but_not_added() -> None:
    inverse = MP(1).inverse()
    law = classical_sum(inverse, fs.Discrete([0, 2]))
    assert abs(law.density(3.0) - 0.5 * (inverse.density(3.0) + inverse.density(1.0))) < 1e-14
    for operation in (classical_sum, classical_product):
        with pytest.raises(UnsupportedOperationError, match="bounded spectra"):
            operation(inverse, UNIT)
    with pytest.raises(UnsupportedOperationError, match="bounded spectra"):
        classical_product(fs.Cauchy(), UNIT)


def test_breakpoints_are_the_corners() -> None:
    relation: Any = CASES["narrow and wide"]._numeric
    assert sorted(relation.singular_points) == [2.0, 3.0, 5.0, 6.0]
    ends = sorted({p for panel in _panels(relation) for p in (panel.left, panel.right)})
    assert {2.0, 3.0, 5.0, 6.0} <= set(ends)
    assert all(a < b for a, b in pairwise(ends))


def _panels(relation: Any) -> Any:
    return classical.panels(relation.kind, relation.first, relation.second)
