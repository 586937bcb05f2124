"""Bad input is refused with a typed error of one line that names the value."""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import mpmath
import numpy as np
import pytest
import sympy

import freesym as fs
from freesym import operations
from freesym.errors import FreesymError, InvalidLawError, UnboundParameterError

X, C = sympy.symbols("x c")
P = sympy.Symbol("p", positive=True)
SC, MP, UNIT = fs.Semicircle(), fs.MarchenkoPastur(), fs.Uniform(0, 1)


def refused(build: Callable[[], Any]) -> str:
    """The message, which is one line of moderate length."""
    with pytest.raises(FreesymError) as caught:
        build()
    message = str(caught.value)
    assert message
    assert "\n" not in message
    assert len(message) < 600
    return message


# ------------------------------------------------------------------------------- constructors

# arguments that are fine, and which of them are numbers
CONSTRUCTORS: dict[str, tuple[Callable[..., Any], tuple[Any, ...]]] = {
    "PointMass": (fs.PointMass, (1,)),
    "Semicircle": (fs.Semicircle, (0, 1)),
    "MarchenkoPastur": (fs.MarchenkoPastur, (1, 1)),
    "FreePoisson": (fs.FreePoisson, (1, 1)),
    "Bernoulli": (fs.Bernoulli, (0.5,)),
    "TwoPoint": (fs.TwoPoint, (0, 1, 0.5)),
    "Uniform": (fs.Uniform, (0, 1)),
    "Arcsine": (fs.Arcsine, (0, 1)),
    "KestenMcKay": (fs.KestenMcKay, (3,)),
    "Wachter": (fs.Wachter, (2, 2)),
    "FreeBinomial": (fs.FreeBinomial, (0.5, 2)),
    "FussCatalan": (fs.FussCatalan, (2,)),
    "Raney": (fs.Raney, (3, 2)),
    "Cauchy": (fs.Cauchy, (0, 1)),
    "EquilibriumMeasure": (fs.EquilibriumMeasure, (1, 2)),
    "additive_power": (SC.additive_power, (2,)),
    "multiplicative_power": (MP.multiplicative_power, (2,)),
    "compress": (SC.compress, (0.5,)),
    "reshape": (MP.reshape, (1,)),
    "moebius": (MP.moebius, (1, 2, 3, 4)),
    "scaled": (lambda a: a * SC, (1,)),
    "shifted": (lambda a: SC + a, (1,)),
    "divided": (lambda a: SC / a, (1,)),
    "noncentral_wishart": (lambda s, ratio: fs.noncentral_wishart(MP, s, ratio), (1, 1)),
    "rectangular_sum": (lambda ratio: fs.rectangular_sum(MP, MP, ratio=ratio), (1,)),
    "Discrete": (lambda a, p: fs.Discrete([a, 5], [p, 0.5]), (0, 0.5)),
    "mixture": (lambda p: fs.mixture([SC, MP], [p, 0.5]), (0.5,)),
    "Mixture": (lambda p: operations.Mixture((SC, MP), (p, 0.5)), (0.5,)),
    "MomentLaw": (lambda a: fs.MomentLaw([a, 9]), (1,)),
}
NO_NUMBERS = {
    "truth value": True,
    "numpy truth value": np.True_,
    "None": None,
    "text": "1",
    "hostile text": "__import__('os')",
    "bytes": b"1",
    "nan": math.nan,
    "infinity": -math.inf,
    "complex": 1j,
    "numpy complex": np.complex128(1j),
    "list": [1],
    "ragged list": [[1, 2], [3]],
    "array": np.ones((2, 3)),
    "mapping": {},
    "type": int,
    "function": math.sin,
    "oo": sympy.oo,
    "zoo": sympy.zoo,
    "SymPy nan": sympy.nan,
    "I": sympy.I,
    "infinite multiple": C * sympy.oo,
    "out of domain": sympy.acos(2),
    "relation": C > 1,
    "integral": sympy.Integral(X, (X, 0, 1)),
    "undefined function": sympy.Function("f")(X),
    "mpmath infinity": mpmath.inf,
    "mpmath complex": mpmath.mpc(1, 1),
}


@pytest.mark.parametrize("value", NO_NUMBERS.values(), ids=NO_NUMBERS)
@pytest.mark.parametrize("name", CONSTRUCTORS)
def test_what_is_no_number_is_no_parameter(name: str, value: Any) -> None:
    build, good = CONSTRUCTORS[name]
    build(*good)
    for i in range(len(good)):
        refused(lambda i=i: build(*good[:i], value, *good[i + 1 :]))


@pytest.mark.parametrize("value", [10**400, Fraction(1, 10**400)], ids=["large", "small"])
@pytest.mark.parametrize("law", [fs.PointMass, fs.MarchenkoPastur, fs.KestenMcKay])
def test_numbers_that_floats_cannot_hold(law: Any, value: Any) -> None:
    assert "double precision" in refused(lambda: law(value))


@pytest.mark.parametrize(
    "value", [np.float32(0.5), np.array(0.5), mpmath.mpf("0.5"), sympy.Float("0.5", 50), 0.5]
)
def test_other_libraries_numbers_are_numbers(value: Any) -> None:
    assert fs.Bernoulli(value) == fs.Bernoulli(0.5)


FORMULAS = {
    "r_transform": fs.from_r_transform,
    "s_transform": fs.from_s_transform,
    "cauchy_transform": fs.from_cauchy_transform,
    "density": lambda f: fs.from_density(f, (0, 1)),
    "Pushforward": fs.Pushforward,
}
NO_FORMULAS = {
    "text": "x",
    "hostile text": "__import__('os')",
    "bytes": b"x",
    "None": None,
    "list": [X],
    "type": int,
    "array": np.ones(3),
    "object": object(),
    "relation": X > 0,
    "nan": sympy.nan,
    "oo": sympy.oo,
    "infinite multiple": X * sympy.zoo,
    "undefined function": sympy.Function("f")(X),
    "function class": sympy.Function("f"),
    "integral": sympy.Integral(C / X, (C, 1, X)),
    "two symbols": X * C,
}


@pytest.mark.parametrize("value", NO_FORMULAS.values(), ids=NO_FORMULAS)
@pytest.mark.parametrize("name", FORMULAS)
def test_what_is_no_formula_is_refused(name: str, value: Any) -> None:
    refused(lambda: FORMULAS[name](value))


@pytest.mark.parametrize("symbol", ["x", 1, [], object(), X + 1])
def test_the_variable_of_a_formula_is_a_symbol(symbol: Any) -> None:
    assert "not a SymPy symbol" in refused(lambda: fs.from_r_transform(X, symbol))


def no_array(x: Any) -> Any:
    """Not vectorised."""
    return math.sin(x)


def wrong_shape(x: Any) -> Any:
    """Not one value a number."""
    return np.ones(5)


SEQUENCES = {
    "Discrete points": fs.Discrete,
    "Discrete weights": lambda v: fs.Discrete([0, 1], v),
    "Empirical": fs.Empirical,
    "moments": fs.from_moments,
    "mixture": fs.mixture,
    "mixture weights": lambda v: fs.mixture([SC, MP], v),
    "FreeSum": operations.FreeSum,
    "FreeProduct": operations.FreeProduct,
    "ClassicalSum": operations.ClassicalSum,
    "BooleanSum": operations.BooleanSum,
    "RectangularSum": lambda v: operations.RectangularSum(v, 1),
    "intervals": lambda v: fs.from_density(2 * X, v),
    "breakpoints": lambda v: fs.Pushforward(X, breakpoints=v),
}
NO_SEQUENCES = {
    "number": 1,
    "truth value": True,
    "text": "ab",
    "bytes": b"ab",
    "array of no dimension": np.array(1.0),
    "ragged list": [[1, 2], [3]],
    "texts": ["a", "b"],
    "None in it": [None, None],
    "nan in it": [math.nan, 1.0],
    "mapping": {1: 1},
    "set": {0.5, 1.5},
    "type": list,
}


@pytest.mark.parametrize("value", NO_SEQUENCES.values(), ids=NO_SEQUENCES)
@pytest.mark.parametrize("name", SEQUENCES)
def test_what_is_no_sequence_of_numbers_or_laws_is_refused(name: str, value: Any) -> None:
    refused(lambda: SEQUENCES[name](value))


OTHERS: dict[str, Callable[[], Any]] = {
    "endless points": lambda: fs.Discrete(itertools.count()),
    "absurd degree": lambda: fs.EquilibriumMeasure(1, 10**60),
    "too wide": lambda: fs.Uniform(-1e308, 1e308),
    "scales that overflow": lambda: (1e300 * MP @ (1e300 * MP)).density(1.0),
    "scales that vanish": lambda: (1e-200 * MP @ (1e-200 * MP)).density(1.0),
    "base": lambda: fs.Pushforward(X, np.ones(2)),  # type: ignore[arg-type]
    "not vectorised": lambda: fs.Pushforward(no_array),
    "wrong shape": lambda: fs.Pushforward(wrong_shape),
    "empty interval": lambda: fs.from_density(2 * X, (1, 0)),
    "one end": lambda: fs.from_density(2 * X, [(0,)]),
    "product with a number": lambda: SC @ 2,
    "number times law": lambda: 2 @ SC,
    "divided by a law": lambda: 2 / SC,
    "power": lambda: SC**2,
    "sum with a text": lambda: SC + "1",
    "zero of a law": lambda: SC / 0,
    "array of laws": lambda: SC * np.ones(2),
    "no substitution": lambda: SC.subs(1),  # type: ignore[arg-type]
    "text for a symbol": lambda: fs.Bernoulli(P).subs({"p": 1}),
    "text for a number": lambda: fs.Bernoulli(P).subs({P: "__import__('os')"}),
    "nan for a symbol": lambda: fs.Bernoulli(P).subs({P: math.nan}),
    "substitution leaves the domain": lambda: fs.Bernoulli(P).subs({P: 2}),
    "weights leave the domain": lambda: fs.mixture([SC, MP], [P, 1 - P]).subs({P: 2}),
    "text in a formula's symbol": lambda: fs.from_r_transform(P * X, X).subs({P: "1"}),
}


@pytest.mark.parametrize("build", OTHERS.values(), ids=OTHERS)
def test_other_refusals(build: Callable[[], Any]) -> None:
    refused(build)


# ------------------------------------------------------------------------------------- methods

NO_COUNTS = {
    "text": "1",
    "None": None,
    "truth value": True,
    "float": 2.5,
    "nan": math.nan,
    "negative": -1,
    "huge": 10**9,
    "astronomic": 10**400,
    "list": [[1], [2, 3]],
    "symbol": X,
}


@pytest.mark.parametrize("value", NO_COUNTS.values(), ids=NO_COUNTS)
def test_what_is_no_size(value: Any) -> None:
    for law in (SC, MP, fs.Discrete([0, 1]), fs.PointMass(1), MP @ fs.Bernoulli(0.5) + SC):
        refused(lambda law=law: law.sample_matrix(value))
        if value is not None:
            refused(lambda law=law: law.sample(value))


@pytest.mark.parametrize("value", ["1", b"1", -1, 0.5, np.array(["a"])], ids=repr)
def test_what_is_no_seed(value: Any) -> None:
    assert "seed" in refused(lambda: SC.sample(2, rng=value))
    assert "seed" in refused(lambda: MP.sample_matrix(2, rng=value))


def test_no_sample_is_empty_and_shapes_are_kept() -> None:
    assert SC.sample(0, rng=0).shape == (0,)
    assert SC.sample((2, 3), rng=0).shape == (2, 3)
    assert np.ndim(SC.sample(rng=0)) == 0
    refused(lambda: SC.sample((10**6, 10**6)))
    refused(lambda: SC.sample_matrix(0))


def test_cumulants_are_numbered_from_one() -> None:
    assert SC.moment(0) == 1
    assert "from 1" in refused(lambda: SC.free_cumulant(0))
    refused(lambda: SC.moment(np.ones(2)))


# --------------------------------------------------------------------------- symbols of any sign


@pytest.mark.parametrize(
    ("law", "atoms"),
    [
        (fs.Bernoulli(C), {0: 1 - C, 1: C}),
        (fs.Discrete([0, 1], [1 - C, C]), {0: 1 - C, 1: C}),
        (fs.mixture([SC, fs.PointMass(2)], [1 - C, C]), {2: C}),
        (2 * fs.Bernoulli(C) + 1, {1: 1 - C, 3: C}),
    ],
    ids=repr,
)
def test_masses_may_be_symbols(law: fs.Law, atoms: dict[Any, Any]) -> None:
    assert {a: sympy.expand(m) for a, m in law.atoms().items()} == atoms


@pytest.mark.parametrize(
    ("law", "atoms"),
    [
        (fs.MarchenkoPastur(C), {0: sympy.Max(0, 1 - 1 / C)}),
        (fs.Wachter(C, 2), {0: sympy.Max(0, 1 - C)}),
        (fs.MarchenkoPastur(2).compress(P), {0: sympy.Max(0, 1 - 1 / (2 * P))}),
    ],
    ids=repr,
)
def test_masses_whose_sign_depends_on_symbols(law: fs.Law, atoms: dict[Any, Any]) -> None:
    found = law.atoms()
    assert set(found) == set(atoms)
    for value in (Fraction(1, 5), Fraction(1, 2), Fraction(9, 10)):
        bound = {C: value, P: value}
        for place, mass in atoms.items():
            assert sympy.sympify(found[place]).subs(bound) == mass.subs(bound)


def test_classical_operations_with_symbolic_masses() -> None:
    law = fs.classical_sum(fs.Bernoulli(C), UNIT)
    half = Fraction(1, 2)
    assert law.moments(2) == [C + half, 2 * C + Fraction(1, 3)]
    bound = law.subs({C: half})
    assert bound.moments(2) == [1, Fraction(4, 3)]
    assert bound.density(1.5) == pytest.approx(0.5)
    with pytest.raises(UnboundParameterError):
        law.density(0.5)


def test_a_weight_that_became_zero_leaves_no_trace() -> None:
    law = fs.mixture([SC, UNIT], [C, 1 - C]).subs({C: 0})
    assert law.support() == ((0.0, 1.0),)


def test_texts_are_never_sympified() -> None:
    for text in ("x", "1/(1 - x)", "sympy.exit()"):
        with pytest.raises(InvalidLawError, match=re.escape("build one from symbols")):
            fs.from_r_transform(text)
