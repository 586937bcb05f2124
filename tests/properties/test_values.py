"""Laws as Python values, and arrays in and out."""

from __future__ import annotations

import pickle
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
import sympy
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import freesym as fs
from freesym import InvalidLawError, Law, UnboundParameterError, UnsupportedOperationError
from tests.strategies import POSITIVE_LEAVES, REAL_LEAVES, laws

NAMES = {**vars(sympy), **vars(fs)}
LAW = fs.Semicircle() @ fs.Bernoulli(0.5) + fs.MarchenkoPastur(0.5)


@given(laws())
def test_repr_evaluates_back(law: Law) -> None:
    again = eval(repr(law), dict(NAMES))
    assert again == law
    assert hash(again) == hash(law)
    assert repr(again) == repr(law)


@given(laws())
def test_pickle_gives_an_equal_law(law: Law) -> None:
    again = pickle.loads(pickle.dumps(law))
    assert again == law
    assert hash(again) == hash(law)


@given(laws(max_nodes=4))
def test_a_used_law_still_compares_and_pickles(law: Law) -> None:
    x = float(law.moment(1)) + 0.1j
    before = law.G(x)
    again = pickle.loads(pickle.dumps(law))
    assert again == law
    assert again.G(x) == before


@given(laws(max_nodes=4), laws(max_nodes=4))
def test_different_laws_compare_unequal(a: Law, b: Law) -> None:
    assert (a == b) == (repr(a) == repr(b))
    assert a != repr(a)


@pytest.mark.parametrize("law", [*POSITIVE_LEAVES, *REAL_LEAVES, LAW], ids=repr)
def test_mean_and_variance_are_methods_of_every_law(law: Law) -> None:
    assert law.mean() == law.moment(1)
    assert law.variance() == law.free_cumulant(2)


@pytest.mark.parametrize("workers", [2, 8])
def test_threads_give_the_same_values(workers: int) -> None:
    x = np.linspace(-2, 4, 301)
    expressions = [LAW, LAW.compress(0.7), fs.Uniform(0, 1) + LAW, fs.FussCatalan(3) + 1]

    def values(law: Law) -> Any:
        return law.density(x), law.cdf(x), law.quantile([0.2, 0.6]), law.support(), law.atoms()

    serial = [values(pickle.loads(pickle.dumps(law))) for law in expressions]
    with ThreadPoolExecutor(workers) as pool:
        parallel = list(pool.map(values, expressions * 4))
    for k, found in enumerate(parallel):
        for a, b in zip(found, serial[k % len(expressions)], strict=True):
            np.testing.assert_equal(a, b)


# --------------------------------------------------------------------- arrays

SHAPES = hnp.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=5)
POINTS = hnp.arrays(
    np.float64, SHAPES, elements=st.floats(-3, 5) | st.sampled_from([np.nan, np.inf, -np.inf])
)


@given(POINTS)
def test_shapes_and_orders(x: Any) -> None:
    """Every place has the value it has alone, up to rounding: points are solved in batches."""
    for function in (LAW.density, LAW.cdf):
        values = function(x)
        assert np.shape(values) == x.shape
        np.testing.assert_array_equal(np.isnan(values), np.isnan(x))
        np.testing.assert_array_equal(function(np.asfortranarray(x)), values)
        flipped = function(x.ravel()[::-1])[::-1]
        np.testing.assert_allclose(flipped, np.ravel(values), rtol=1e-10, atol=1e-12)
        for point, value in zip(x.ravel()[:3], np.ravel(values)[:3], strict=True):
            np.testing.assert_allclose(function(point), value, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("function", ["density", "cdf", "log_potential", "G", "quantile"])
def test_inputs_of_all_kinds(function: str) -> None:
    call = getattr(LAW, function)
    assert isinstance(call(0), (np.floating, np.complexfloating))
    assert call(np.array(0.5)).shape == ()
    assert call([0.25, 0.5]).shape == (2,)
    assert call(()).shape == (0,)
    assert call(np.zeros((2, 0))).shape == (2, 0)
    assert call(np.array([0, 1])).dtype == call(np.array([0.0, 1.0])).dtype
    np.testing.assert_array_equal(call([0, 1]), call([0.0, 1.0]))
    np.testing.assert_array_equal(call(np.float32(0.5)), call(0.5))
    broadcast = np.broadcast_to(np.array([0.25, 0.5]), (3, 2))
    expected = np.broadcast_to(call(broadcast[0]), (3, 2))
    np.testing.assert_allclose(call(broadcast), expected, rtol=1e-13)
    x = np.array([0.25, 0.75])
    call(x)
    np.testing.assert_array_equal(x, [0.25, 0.75])


def test_values_beyond_everything() -> None:
    infinite = np.array([-np.inf, np.inf, np.nan])
    np.testing.assert_array_equal(LAW.density(infinite), [0, 0, np.nan])
    np.testing.assert_array_equal(LAW.cdf(infinite), [0, 1, np.nan])
    np.testing.assert_array_equal(LAW.quantile([np.nan, 0.0])[:1], [np.nan])
    assert LAW.density(1e300) == 0
    assert LAW.cdf(1e300) == 1
    assert LAW.cdf(-1e300) == 0


@pytest.mark.parametrize("x", ["a", ["1", "b"], None, [None], object(), 1j, [1j], {"x": 1}])
@pytest.mark.parametrize("function", ["density", "cdf", "quantile", "log_potential"])
def test_points_that_are_no_real_numbers(function: str, x: Any) -> None:
    with pytest.raises((InvalidLawError, UnsupportedOperationError)):
        getattr(LAW, function)(x)


@pytest.mark.parametrize("q", [-0.1, 1.1, [0.5, 2], np.inf])
def test_levels_outside_the_unit_interval(q: Any) -> None:
    with pytest.raises(InvalidLawError, match="q"):
        LAW.quantile(q)


# --------------------------------------------------------------------- bad parameters

BAD_NUMBERS = [
    float("nan"), float("inf"), -float("inf"), True, np.bool_(False), 1j, "1", None, [1],
    sympy.oo, sympy.nan, sympy.I, sympy.zoo, object(),
]  # fmt: skip


@pytest.mark.parametrize("bad", BAD_NUMBERS, ids=lambda bad: repr(bad).split(" at ")[0])
@pytest.mark.parametrize(
    "construct",
    [
        fs.PointMass,
        fs.Semicircle,
        lambda v: fs.Semicircle(0, v),
        fs.MarchenkoPastur,
        lambda v: fs.MarchenkoPastur(1, v),
        fs.FreePoisson,
        fs.Bernoulli,
        lambda v: fs.TwoPoint(0, 1, v),
        lambda v: fs.Uniform(0, v),
        fs.KestenMcKay,
        lambda v: fs.Wachter(2, v),
        lambda v: fs.FreeBinomial(v, 2),
        fs.FussCatalan,
        lambda v: fs.Raney(3, v),
        lambda v: fs.Cauchy(0, v),
        lambda v: fs.EquilibriumMeasure(v, 2),
        lambda v: fs.CompoundFreePoisson(v, fs.Bernoulli(0.5)),
        lambda v: fs.Discrete([0, v]),
        lambda v: fs.Discrete([0, 1], [v, 1]),
        lambda v: fs.mixture([fs.Semicircle(), fs.Uniform()], [v, 1]),
        lambda v: fs.rectangular_sum(fs.Uniform(), fs.Uniform(), ratio=v),
        fs.Uniform().additive_power,
        fs.Uniform().multiplicative_power,
        fs.Uniform().compress,
        fs.Uniform().reshape,
        lambda v: fs.Uniform() / v,
        lambda v: fs.Uniform().moebius(1, v, 1, 2),
    ],
)  # fmt: skip
def test_parameters_that_are_no_finite_real_numbers(construct: Any, bad: Any) -> None:
    with pytest.raises((InvalidLawError, UnsupportedOperationError)) as caught:
        construct(bad)
    assert len(str(caught.value)) > 10


@pytest.mark.parametrize(
    "construct",
    [
        lambda: fs.Semicircle(0, 0),
        lambda: fs.Semicircle(0, -1),
        lambda: fs.MarchenkoPastur(0),
        lambda: fs.MarchenkoPastur(-1),
        lambda: fs.FreePoisson(-1),
        lambda: fs.FreePoisson(1, 0),
        lambda: fs.Bernoulli(-0.1),
        lambda: fs.Bernoulli(1.1),
        lambda: fs.Uniform(1, 1),
        lambda: fs.Uniform(2, 1),
        lambda: fs.Arcsine(1, 0),
        lambda: fs.KestenMcKay(0.5),
        lambda: fs.Wachter(0.25, 0.25),
        lambda: fs.FreeBinomial(0.5, 0.5),
        lambda: fs.FussCatalan(0),
        lambda: fs.Raney(2, 3),
        lambda: fs.Raney(0.5, 0.25),
        lambda: fs.Cauchy(0, 0),
        lambda: fs.EquilibriumMeasure(1, 1.5),
        lambda: fs.EquilibriumMeasure(0, 1),
        lambda: fs.Discrete([]),
        lambda: fs.Discrete([1, 2], [0.5]),
        lambda: fs.Discrete([1, 2], [0.5, 0.6]),
        lambda: fs.Discrete([1, 2], [1.5, -0.5]),
        lambda: fs.Empirical([]),
        lambda: fs.Empirical([1.0, float("nan")]),
        lambda: fs.Empirical([[1.0, 2.0], [3.0, 4.0]]),
        lambda: fs.Empirical(["a"]),
        lambda: fs.mixture([]),
        lambda: fs.mixture([fs.Semicircle()], [0.5]),
        lambda: fs.mixture([fs.Semicircle(), fs.Uniform()], [1]),
        lambda: fs.mixture([fs.Semicircle(), fs.Uniform()], [0.5, 0.6]),
        lambda: fs.mixture([fs.Semicircle(), fs.Uniform()], [1.5, -0.5]),
        fs.boolean_sum,
        fs.free_sum,
        fs.free_product,
        lambda: fs.rectangular_sum(fs.Uniform(), fs.Uniform(), ratio=2),
        lambda: fs.noncentral_wishart(fs.Uniform(), -1),
        lambda: fs.Uniform().additive_power(0),
        lambda: fs.TwoPoint(-1, 1, 0.5).additive_power(0.5),
        lambda: fs.Bernoulli(0.5).multiplicative_power(-1),
        lambda: fs.Uniform().compress(0),
        lambda: fs.Uniform().compress(1.5),
        lambda: fs.Uniform().reshape(2),
        lambda: fs.Bernoulli(0.5).inverse(),
        lambda: fs.Uniform() / 0,
        lambda: fs.Uniform().moebius(1, 2, 2, 4),
        lambda: fs.TwoPoint(-1, 1, 0.5).additive_deconvolve(fs.Semicircle()),
        lambda: fs.MarchenkoPastur().multiplicative_deconvolve(fs.FussCatalan(2)),
        lambda: fs.Pushforward(sympy.Symbol("x"), base="cauchy"),
    ],
)  # fmt: skip
def test_laws_that_do_not_exist(construct: Any) -> None:
    with pytest.raises(InvalidLawError):
        construct()


@pytest.mark.parametrize(
    "construct",
    [
        lambda: fs.Semicircle() @ fs.Semicircle(),
        lambda: fs.Semicircle().multiplicative_power(2),
        lambda: fs.Semicircle() * fs.Uniform(),
        lambda: fs.rectangular_sum(fs.Semicircle(), fs.Uniform()),
        lambda: fs.Semicircle().multiplicative_deconvolve(fs.Uniform(1, 2)),
        lambda: fs.Uniform().additive_deconvolve(2),
        lambda: fs.free_sum(fs.Uniform(), 2),
        lambda: fs.mixture([fs.Uniform(), 2]),
        lambda: fs.Cauchy().mean(),
    ],
)  # fmt: skip
def test_operations_that_are_not_defined(construct: Any) -> None:
    with pytest.raises(UnsupportedOperationError):
        construct()


@pytest.mark.parametrize("other", ["a", None, [1], {}])
def test_foreign_operands(other: Any) -> None:
    for operation in (lambda: LAW + other, lambda: other * LAW, lambda: LAW @ other):
        with pytest.raises((TypeError, InvalidLawError)):
            operation()


C = sympy.Symbol("c", positive=True)


@pytest.mark.parametrize(
    "call",
    [
        lambda law: law.density(1.0),
        lambda law: law.cdf(1.0),
        lambda law: law.quantile(0.5),
        lambda law: law.G(1j),
        lambda law: law.sample(3, rng=0),
        lambda law: law.sample_matrix(4, rng=0),
        lambda law: law.log_potential(1.0),
        lambda law: law.log_determinant(),
    ],
)  # fmt: skip
@pytest.mark.parametrize("law", [fs.MarchenkoPastur(C), fs.Semicircle() + fs.MarchenkoPastur(C)])
def test_unbound_symbols(law: Law, call: Any) -> None:
    assert law.free_symbols == {C}
    with pytest.raises(UnboundParameterError, match="c"):
        call(law)
    call(law.subs({C: sympy.Rational(1, 2)}))
