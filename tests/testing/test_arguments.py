"""Arguments of strategies: what is impossible is refused at once, in plain words."""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import pytest
import sympy
from hypothesis import find, given, settings
from hypothesis import strategies as st
from hypothesis.vendor import pretty

import freesym as fs
from freesym import operations
from freesym.testing import (
    OPERATIONS,
    InvalidArgumentError,
    exact_parameters,
    expressions,
    free_families,
    laws,
    laws_of,
    networks,
    positive_laws,
    spectral_points,
)
from freesym.testing.arguments import same_symbols
from freesym.testing.grammar import POSITIVE, REAL, Grammar, count_nodes

PASTED = "from sympy import *"
FAST = settings(derandomize=True, database=None, deadline=None)
ENDS = st.fractions(-2, 2, max_denominator=40)


def drawn(strategy: st.SearchStrategy[Any], examples: int = 60) -> set[Any]:
    found = set()

    @settings(FAST, max_examples=examples)
    @given(strategy)
    def collect(value: Any) -> None:
        found.add(value)

    collect()
    return found


# --------------------------------------------------------------------- rational numbers


@settings(FAST, max_examples=60)
@given(ENDS, ENDS, st.booleans(), st.booleans(), st.integers(1, 7), st.data())
def test_an_interval_is_refused_exactly_if_it_is_empty(
    a: Fraction, b: Fraction, left: bool, right: bool, largest: int, data: st.DataObject
) -> None:
    low, high = min(a, b), max(a, b)
    all_of_them = {Fraction(p, q) for q in range(1, largest + 1) for p in range(-2 * q, 2 * q + 1)}
    inside = {
        x for x in all_of_them if low <= x <= high
        and not (left and x == low) and not (right and x == high)
    }  # fmt: skip

    def make() -> st.SearchStrategy[Any]:
        return exact_parameters(
            min_value=low, max_value=high, exclude_min=left, exclude_max=right,
            max_denominator=largest,
        )  # fmt: skip

    if inside:
        assert data.draw(make()) in inside
    else:
        with pytest.raises(InvalidArgumentError, match="larger max_denominator or other bounds"):
            make()


def test_narrow_intervals() -> None:
    only = Fraction(1, 1001)
    assert drawn(exact_parameters(min_value=only, max_value=only, max_denominator=1001)) == {only}
    # of the two numbers within the bounds one is excluded
    ends = {"min_value": 0, "max_value": Fraction(1, 12)}
    assert drawn(exact_parameters(**ends, exclude_min=True)) == {Fraction(1, 12)}
    assert drawn(exact_parameters(**ends, exclude_max=True)) == {0}
    # bounds need not have such denominators themselves
    assert drawn(exact_parameters(min_value=0.3, max_value=0.35)) == {
        Fraction(1, 3), Fraction(3, 10), Fraction(4, 12)
    } - {x for x in [Fraction(3, 10)] if x < Fraction(0.3)}  # fmt: skip
    tiny = exact_parameters(
        min_value=0, max_value=1e-5, exclude_min=True, exclude_max=True, max_denominator=10**6
    )
    assert all(0 < x < Fraction(1, 10**5) for x in drawn(tiny))


@pytest.mark.parametrize(
    ("bounds", "words"),
    [
        ({"min_value": 0, "max_value": 1, "exclude_min": True, "exclude_max": True,
          "max_denominator": 1}, "denominator at most 1 from 0 to 1"),
        ({"min_value": 0, "max_value": Fraction(1, 12), "exclude_min": True,
          "exclude_max": True}, "without the excluded bounds"),
        ({"min_value": sympy.sqrt(2)}, "irrational; give a rational number near it"),
        ({"max_value": sympy.Symbol("c")}, "real number without symbols"),
        ({"max_value": float("1e400")}, "max_value = inf must be a real number"),
        ({"min_value": 10**400}, "of size below 1.8e308"),
        ({"min_value": 10**5000}, "a very long int"),
        ({"min_value": float("nan")}, "min_value = nan"),
        ({"min_value": 2, "max_value": 1}, "exchange them"),
    ],
)  # fmt: skip
def test_bounds_that_make_no_sense(bounds: dict[str, Any], words: str) -> None:
    with pytest.raises(InvalidArgumentError, match=words):
        exact_parameters(**bounds)


# --------------------------------------------------------------------- lists


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: networks(widths=3), r"widths = 3 must be a list .* such as \[3\]"),
        (lambda: networks(widths=itertools.count(1)), "1 to 10000 items"),
        (lambda: networks(activations=3), "activations = 3 must be a list"),
        (lambda: networks(activations=["rellu"]), "there is no activation 'rellu'"),
        (lambda: networks(activations=["relu", "tanh"]), "tanh is not piecewise linear"),
        (lambda: networks(weights=3), "weights = 3 must be a list"),
        (lambda: networks(weights="gauss"), "does not take 'gauss'; give some of gaussian"),
        (lambda: spectral_points(fs.Semicircle(), where=3), "where = 3 must be a list"),
        (lambda: spectral_points(fs.Semicircle(), where=[[]]), r"does not take \[\]; give"),
        (lambda: spectral_points(fs.Semicircle(), where="gaps"), "it has bulk, edges"),
        (lambda: laws_of([]), r"kind = \[\] must be a class of laws"),
        (lambda: laws_of({}), "must be a class of laws"),
        (lambda: laws_of(fs.MomentLaw), "no strategy for MomentLaw, only for .*, Semicircle"),
        (lambda: expressions(operations=[[]]), r"operations does not take \[\]"),
        (lambda: expressions(operations="inverse"), "add some of scale"),
    ],
)
def test_lists_that_make_no_sense(call: Callable[[], Any], words: str) -> None:
    with pytest.raises(InvalidArgumentError, match=words):
        call()


def test_a_text_is_one_name() -> None:
    assert all(abs(x) < 2 for x in drawn(spectral_points(fs.Semicircle(), where="bulk")))
    found = drawn(networks(weights="gaussian", activations="relu"))
    assert {(n.weights, n.activation.name) for n in found} == {("gaussian", "relu")}


# --------------------------------------------------------------------- classes

CLASSES = [kind for kind in vars(operations).values() if isinstance(kind, type)]


@pytest.mark.parametrize("kind", CLASSES, ids=lambda kind: kind.__name__)
def test_laws_of_an_operation(kind: type[fs.Law]) -> None:
    if kind in {operations.ClassicalSum, operations.ClassicalProduct}:
        with pytest.raises(InvalidArgumentError, match="register_type_strategy"):
            laws_of(kind)
    else:
        assert {type(law) for law in drawn(laws_of(kind), 20)} == {kind}


# --------------------------------------------------------------------- symbols


def test_different_symbols_of_one_name_are_told_apart() -> None:
    c, positive = sympy.Symbol("c"), sympy.Symbol("c", positive=True)
    same_symbols(fs.PointMass(c), fs.PointMass(c + sympy.Symbol("d")))
    words = r"c is .* Symbol\('c'\) and Symbol\('c', positive=True\); use one of them"
    with pytest.raises(InvalidArgumentError, match=words):
        same_symbols(fs.PointMass(c + 1), fs.PointMass(positive + 1))
    with pytest.raises(fs.UnboundParameterError, match=r"subs\(\{Symbol\('c', positive=True\): "):
        fs.PointMass(positive).G(1j)


# --------------------------------------------------------------------- numbers of nodes


@pytest.mark.parametrize(
    ("operations", "positive", "bounds", "words"),
    [
        (["free_sum"], False, (2, 2), "the nearest have 1 or 3 nodes"),
        (["square"], True, (3, 9), "the nearest have 2 nodes"),
        (["difference"], False, (4, 200), "the nearest have 3 nodes"),
        (["free_sum", "free_product"], True, (200, 200), "the nearest have 199 nodes"),
    ],
)
def test_numbers_of_nodes_out_of_reach(
    operations: list[str], positive: bool, bounds: tuple[int, int], words: str
) -> None:
    with pytest.raises(InvalidArgumentError, match=words):
        expressions(
            operations=operations, positive=positive, min_nodes=bounds[0], max_nodes=bounds[1]
        )


@settings(FAST, max_examples=60)
@given(st.sets(st.sampled_from(OPERATIONS), min_size=1), st.integers(1, 7), st.randoms())
def test_expressions_are_built_of_as_many_nodes_as_asked_for(
    names: set[str], nodes: int, generator: random.Random
) -> None:
    grammar = Counting(names=frozenset(names))
    for kind in (REAL, POSITIVE):
        if grammar.fits((kind,), nodes):
            Counting.calls = 0
            grammar.law(kind, generator.choice, nodes)
            assert Counting.calls == nodes


class Counting(Grammar):
    """A grammar that counts the nodes it builds."""

    calls = 0

    def law(self, kind: str, choose: Any, nodes: int) -> fs.Law:
        Counting.calls += 1
        return super().law(kind, choose, nodes)


def test_sums_have_no_fewer_laws_than_asked_for() -> None:
    for law in drawn(expressions(operations="free_sum", min_nodes=5, max_nodes=6)):
        assert len(law.terms) == 3


# --------------------------------------------------------------------- what is printed


@pytest.mark.parametrize("arguments", [{}, {"moments": False}, {"max_nodes": 1}], ids=str)
def test_laws_shrink_to_the_simplest_one(arguments: dict[str, Any]) -> None:
    found = find(laws(**arguments), lambda law: True, settings=FAST)
    assert repr(found) == "Semicircle()"


def test_unbounded_laws_keep_to_the_arguments() -> None:
    found = drawn(laws(operations=iter(["free_sum"]), moments=False), 150)
    assert all(count_nodes(law) <= 3 for law in found)
    assert any("Cauchy" in repr(law) and "+" in repr(law) for law in found)
    assert any(isinstance(law, fs.Cauchy) for law in found)


@pytest.mark.parametrize(
    ("strategy", "extra"),
    [
        (laws(moments=False), PASTED),
        (positive_laws(), PASTED),
        (spectral_points(fs.MarchenkoPastur(2)), ""),
        (exact_parameters(), "from fractions import Fraction"),
        (networks(), "from freesym.nets import *; from fractions import Fraction"),
        (free_families(), f"{PASTED}; from freesym.testing import FreeFamily"),
    ],
    ids=str,
)
def test_what_is_printed_can_be_pasted(strategy: st.SearchStrategy[Any], extra: str) -> None:
    names: dict[str, Any] = {}
    exec(f"from freesym import *; {extra}", names)

    @settings(FAST, max_examples=60)
    @given(strategy)
    def check(value: Any) -> None:
        assert eval(pretty.pretty(value), dict(names)) == value

    check()
