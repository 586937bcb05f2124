"""The grammar of law expressions: what it reads, what it refuses, and how it says so."""

from __future__ import annotations

import pickle
import time
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sympy import Rational

import freesym as fs
from freesym.errors import FreesymError, InvalidLawError
from freesym.grammar import parse_law
from freesym.syntax import MAX_DEPTH, LawSyntaxError

HALF = Fraction(1, 2)
NAMES = {**vars(fs), "Rational": Rational}

SAME = [
    ("MP(1/2) @ Bernoulli(1/2) + Semicircle()",
     fs.MarchenkoPastur(HALF) @ fs.Bernoulli(HALF) + fs.Semicircle()),
    ("FussCatalan(3) @ Wachter(2.5, 1.5)", fs.FussCatalan(3) @ fs.Wachter(2.5, 1.5)),
    ("MarchenkoPastur(ratio=1/2, scale=3)", fs.MarchenkoPastur(HALF, 3)),
    ("-SC()", -fs.Semicircle()),
    ("--SC()", fs.Semicircle()),
    ("2*SC()/3 - 1", Fraction(2, 3) * fs.Semicircle() - 1),
    ("1 - B(1/3)", 1 - fs.Bernoulli(Fraction(1, 3))),
    ("1 + 2*SC()", 1 + 2 * fs.Semicircle()),
    ("-2 * SC() @ MP()", -2 * fs.Semicircle() @ fs.MarchenkoPastur()),
    ("SC() - MP()", fs.Semicircle() - fs.MarchenkoPastur()),
    ("(SC() + MP()) @ B(1/2)", (fs.Semicircle() + fs.MarchenkoPastur()) @ fs.Bernoulli(HALF)),
    ("delta(1.5)", fs.PointMass(1.5)),
    ("SC(0, 1e-3)", fs.Semicircle(0, 1e-3)),
    ("SC(0, .25)", fs.Semicircle(0, 0.25)),
    ("SC(1/2/3, 2*(1+1))", fs.Semicircle(Fraction(1, 6), 4)),
    ("mixture([SC(), MP(2)], [1/3, 2/3])",
     fs.mixture([fs.Semicircle(), fs.MarchenkoPastur(2)], [Fraction(1, 3), Fraction(2, 3)])),
    ("(MP(1/2) + 1).inverse()", (fs.MarchenkoPastur(HALF) + 1).inverse()),
    ("MP().compress(0.7).square()", fs.MarchenkoPastur().compress(0.7).square()),
    ("MP(1/2).moebius(1, 2, 3, 4)", fs.MarchenkoPastur(HALF).moebius(1, 2, 3, 4)),
    ("MP().additive_power(3).multiplicative_power(2.5)",
     fs.MarchenkoPastur().additive_power(3).multiplicative_power(2.5)),
    ("MP(1/2).reshape(1/2)", fs.MarchenkoPastur(HALF).reshape(HALF)),
    ("Discrete([3, 1, 1])", fs.Discrete([3, 1, 1])),
    ("Discrete((1, 3), weights=(2/3, 1/3))",
     fs.Discrete([1, 3], [Fraction(2, 3), Fraction(1, 3)])),
    ("Empirical([1, 2, 1/2])", fs.Empirical([1.0, 2.0, 0.5])),
    ("CompoundFreePoisson(2, SC())", fs.CompoundFreePoisson(2, fs.Semicircle())),
    ("boolean_sum(SC(), MP())", fs.boolean_sum(fs.Semicircle(), fs.MarchenkoPastur())),
    ("monotone(SC(), MP())", fs.monotone(fs.Semicircle(), fs.MarchenkoPastur())),
    ("rectangular_sum(MP(1/2), B(1/2), ratio=1/2)",
     fs.rectangular_sum(fs.MarchenkoPastur(HALF), fs.Bernoulli(HALF), ratio=HALF)),
    ("noncentral_wishart(B(1/2), 1/3, 1/2)",
     fs.noncentral_wishart(fs.Bernoulli(HALF), Fraction(1, 3), HALF)),
    ("from_moments([1, 2, 5, 14])", fs.from_moments([1, 2, 5, 14])),
    ("EquilibriumMeasure(1/2, 2)", fs.EquilibriumMeasure(HALF, 2)),
    ("TwoPoint(-1, 1, 1/2) + KestenMcKay(3) + Raney(2, 1)",
     fs.TwoPoint(-1, 1, HALF) + fs.KestenMcKay(3) + fs.Raney(2, 1)),
    ("FreePoisson(2, jump=-1) + Arcsine() + Uniform(0, 2) + Cauchy()",
     fs.FreePoisson(2, -1) + fs.Arcsine() + fs.Uniform(0, 2) + fs.Cauchy()),
]  # fmt: skip


@pytest.mark.parametrize(("text", "law"), SAME, ids=[text for text, _ in SAME])
def test_reads_what_python_would_build(text, law):
    assert parse_law(text) == law


@pytest.mark.parametrize("law", [law for _, law in SAME], ids=repr)
def test_reads_what_laws_print(law):
    assert parse_law(repr(law)) == law
    assert eval(repr(law), dict(NAMES)) == law


def test_quotients_are_exact_and_decimals_are_not():
    assert type(parse_law("B(1/3)").p) is Fraction
    assert type(parse_law("B(0.5)").p) is float
    assert type(parse_law("B(4/4)").p) is int


def test_bound_names():
    data = fs.Empirical([1.0, 2.0])
    assert parse_law("data @ MP(1/2)", {"data": data}) == data @ fs.MarchenkoPastur(HALF)
    with pytest.raises(InvalidLawError, match="unknown name 'data'"):
        parse_law("data @ MP(1/2)")


REFUSED = [
    ("", 0, "the end of the expression"),
    ("MP(", 3, "the end of the expression"),
    ("MP(1/2", 6, r"'\)'"),
    ("MP(1/0)", 4, "division by 0"),
    ("MP(-1)", 0, "ratio = -1 must be positive"),
    ("SC() + MP(-1)", 7, "ratio = -1 must be positive"),
    ("SC(0, 1e999)", 6, "too large"),
    ("SC(" + "9" * 400 + ")", 3, "too large"),
    ("SC(" + "9" * 5000 + ")", 3, "too long"),
    ("SC(1e308 * 10)", 9, "too large"),
    ("SC() ** 2", 6, "'\\*'"),
    ("__import__('os')", 11, "unexpected character"),
    ("SC().__class__", 5, "no method '__class__'"),
    ("SC().__init__()", 5, "no method '__init__'"),
    ("SC().sample(3)", 5, "no method 'sample'"),
    ("SC().plot()", 5, "no method 'plot'"),
    ("open()", 0, "unknown name 'open'"),
    ("lambda: 0", 6, "unexpected character"),
    ("Semicircel()", 0, "did you mean 'Semicircle'"),
    ("SC().compres(1)", 5, "did you mean 'compress'"),
    ("SC", 0, "needs arguments"),
    ("SC(1, 2, 3)", 0, "its arguments are mean, variance"),
    ("SC(x=1)", 0, "its arguments are mean, variance"),
    ("SC(mean=1, mean=2)", 11, "given twice"),
    ("SC(mean=1, 2)", 11, "positional argument follows"),
    ("SC(),", 4, "','"),
    ("SC() MP()", 5, "'MP'"),
    ("SC() * MP()", 5, "'mu @ nu'"),
    ("SC() @ SC()", 5, r"on \[0, oo\)"),
    ("SC() @ 2", 5, r"use '\*' for a number"),
    ("SC() + [1]", 7, "a list is not"),
    ("1 / SC()", 2, "inverse"),
    ("SC() / 0", 5, "division of a law by 0"),
    ("3", 0, "the number 3, not a law"),
    ("[SC()]", 0, "a list, not a law"),
    ("1.5.square()", 4, "needs a law"),
    ("MP([1])", 0, "is a list"),
    ("mixture(SC(), MP())", 0, "needs a list"),
    ("mixture([1, 2])", 0, "needs a list"),
    ("Empirical([])", 0, "non-empty"),
    ("Empirical([SC()])", 0, "needs a list"),
    ("MomentLaw(1)", 0, "needs a list"),
    ("\u00e9", 0, "unexpected character"),
    ("SC()\x00", 4, "unexpected character"),
]


@pytest.mark.parametrize(
    ("names", "words"),
    [
        ({"MP": fs.Semicircle()}, "'MP' is a law or an operation of the grammar already"),
        ({"a": 3}, "'a' is 3, not a law; a constant is PointMass"),
        ({"my law": fs.Semicircle()}, "'my law' cannot be read in an expression"),
        ({1: fs.Semicircle()}, "1 cannot be read in an expression"),
        (["foo"], r"names = \['foo'\] must be a mapping"),
    ],
)
def test_names_that_cannot_be_used(names: Any, words: str) -> None:
    with pytest.raises(fs.InvalidLawError, match=words):
        parse_law("SC()", names)


@pytest.mark.parametrize(("text", "position", "message"), REFUSED, ids=[r[0][:24] for r in REFUSED])
def test_refuses_with_position_and_remedy(text, position, message):
    with pytest.raises(LawSyntaxError, match=message) as caught:
        parse_law(text)
    error = caught.value
    assert error.position == position
    assert f"(character {position + 1})" in error.summary
    assert "\n" not in error.summary
    picture = str(error).splitlines()[-2:]
    column = picture[1].index("^")
    assert (picture[0] + " ")[column] == (text + " ")[position : position + 1].replace(
        "\u00e9", "?"
    ).replace("\x00", "?")
    again = pickle.loads(pickle.dumps(error))
    assert (str(again), again.position) == (str(error), position)


HOSTILE = {
    "brackets": "(" * 10**6,
    "nested brackets": "(" * 1000 + "SC()" + ")" * 1000,
    "lists": "[" * 1000,
    "signs": "-" * 5000 + "SC()",
    "calls": "MP(" * 1000,
    "methods": "SC()" + ".square()" * 1000,
    "digits": "1" * 10**6,
    "sums": "SC() + " * 10**6,
    "commas": "Discrete([" + "1," * 10**5,
    "binary": "\x7f\x00\xff" * 1000,
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_hostile_text_is_refused_at_once(text):
    started = time.perf_counter()
    with pytest.raises(InvalidLawError):
        parse_law(text)
    assert time.perf_counter() - started < 2


def test_depth_within_the_limit():
    n = MAX_DEPTH - 2
    assert parse_law("(" * n + "SC()" + ")" * n) == fs.Semicircle()


def test_long_sums_and_products_are_one_operation():
    started = time.perf_counter()
    assert len(parse_law("+".join(["SC()"] * 2000)).terms) == 2000
    assert len(parse_law("@".join(["MP()"] * 2000)).factors) == 2000
    assert time.perf_counter() - started < 5


@pytest.mark.parametrize("value", [None, 3, b"SC()", ["SC()"]])
def test_only_text_is_read(value):
    with pytest.raises(InvalidLawError, match="is a text"):
        parse_law(value)


WORDS = st.sampled_from(
    ["SC()", "MP(1/2)", "B(1/3)", "delta", "mixture", "data", "(", ")", "[", "]", ",", "=", ".",
     "+", "-", "*", "/", "@", "1", "0", "2.5", "1e5", "p", "mean", "compress", "inverse", "square",
     "reshape", "Rational", "Discrete", "Uniform", " ", "'", "__", "\n", "1e999", "\u03bc"]
)  # fmt: skip


@given(st.lists(WORDS, max_size=25).map("".join))
def test_words_in_any_order_raise_nothing_else(text):
    try:
        law = parse_law(text, {"data": fs.Empirical([1.0, 2.0])})
    except FreesymError:
        return
    assert isinstance(law, fs.Law)


@given(st.text(max_size=200))
def test_any_text_raises_nothing_else(text):
    try:
        parse_law(text)
    except FreesymError as error:
        assert str(error).isascii()


NUMBERS = st.fractions(min_value=Fraction(1, 9), max_value=4, max_denominator=9)
LEAVES = st.one_of(
    st.builds(fs.MarchenkoPastur, NUMBERS, NUMBERS),
    st.builds(fs.Bernoulli, st.fractions(min_value=0, max_value=1, max_denominator=7)),
    st.builds(fs.PointMass, NUMBERS),
    st.builds(fs.FreePoisson, NUMBERS, NUMBERS),
    st.builds(fs.Wachter, NUMBERS.map(lambda a: 1 + a), NUMBERS.map(lambda b: 1 + b)),
)
LAWS = st.recursive(
    LEAVES,
    lambda laws: st.one_of(
        st.builds(lambda a, b: a + b, laws, laws),
        st.builds(lambda a, b: a @ b, laws, laws),
        st.builds(lambda a, t: t * a, laws, NUMBERS),
        st.builds(lambda a, t: a + t, laws, NUMBERS),
        st.builds(lambda a: -a, LEAVES),
        st.builds(lambda a: a.additive_power(2), laws),
        st.builds(lambda a, b: fs.mixture([a, b]), laws, laws),
    ),
    max_leaves=6,
)


@given(st.data())
def test_random_expressions_read_back(data):
    try:
        law = data.draw(LAWS)
    except FreesymError:
        return  # a product of two laws that reach below 0
    assert parse_law(repr(law)) == law
