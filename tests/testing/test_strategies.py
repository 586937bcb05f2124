"""Strategies generate valid laws, shrink to readable ones and refuse impossible constraints."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import sympy
from hypothesis import find, given, settings
from hypothesis import strategies as st
from hypothesis.vendor import pretty

import freesym as fs
from freesym import Law, nets
from freesym.testing import (
    OPERATIONS,
    FreeFamily,
    InvalidArgumentError,
    algebraic_laws,
    bounded_laws,
    exact_parameters,
    expressions,
    free_families,
    laws,
    laws_of,
    networks,
    positive_laws,
    random_law,
    spectral_points,
)
from freesym.testing.grammar import count_nodes, subexpressions
from freesym.testing.leaves import POSITIVE_LEAVES, REAL_LEAVES
from tests.processes import ROOT, output_of

NAMES = {**vars(sympy), **vars(fs)}
LEAVES = {repr(law) for law in (*POSITIVE_LEAVES, *REAL_LEAVES)}
FAST = settings(derandomize=True, database=None, deadline=None)


def _minimal(strategy: st.SearchStrategy[Any], condition: Callable[[Any], bool]) -> Any:
    return find(strategy, condition, settings=FAST)


# --------------------------------------------------------------------- validity


@pytest.mark.parametrize(
    "strategy",
    [
        laws(),
        laws(moments=False),
        bounded_laws(max_nodes=4),
        positive_laws(),
        expressions(),
        algebraic_laws(),
    ],
    ids=["laws", "moments=False", "bounded", "positive", "expressions", "algebraic"],
)
def test_laws_are_valid_and_can_be_pasted(strategy: st.SearchStrategy[Law]) -> None:
    @settings(FAST, max_examples=30)
    @given(strategy)
    def check(law: Law) -> None:
        again = eval(repr(law), dict(NAMES))
        assert again == law and not law.free_symbols
        assert pretty.pretty(law) == repr(law)
        g = law.G(0.3 + 0.7j)
        assert g.imag < 0

    check()


@settings(FAST, max_examples=30)
@given(bounded_laws(), positive_laws(), algebraic_laws(max_nodes=1))
def test_kinds(bounded: Law, positive: Law, algebraic: Law) -> None:
    assert np.isfinite(np.array(bounded.support())).all()
    assert positive.is_positive and positive.mean() > 0
    z, g = sympy.symbols("z g")
    assert algebraic.algebraic_equation(z, g).has(z)


@settings(FAST, max_examples=50)
@given(st.integers(1, 9), st.data())
def test_expressions_have_at_most_so_many_nodes(n: int, data: st.DataObject) -> None:
    names = data.draw(st.sets(st.sampled_from(["free_sum", "scale", "compress"]), min_size=1))
    law = data.draw(expressions(max_nodes=n, operations=names))
    # a sum of sums is one operation with more operands
    assert count_nodes(law) <= n
    kinds = {type(part).__name__ for part in subexpressions(law) if len(subexpressions(part)) > 1}
    allowed = {"free_sum": "FreeSum", "scale": "Affine", "compress": "Compression"}
    assert kinds <= {allowed[name] for name in names} | {"CompoundFreePoisson", "FreeBinomial"}


@pytest.mark.parametrize("name", OPERATIONS)
def test_every_operation_occurs(name: str) -> None:
    positive = name in {
        "multiplicative_power", "inverse", "reshape", "noncentral_wishart", "square",
        "multiplicative_deconvolve", "rectangular_sum",
    }  # fmt: skip
    strategy = expressions(operations=[name], positive=positive, max_nodes=4)
    law = _minimal(strategy, lambda law: count_nodes(law) > 1 and repr(law) not in LEAVES)
    # a deconvolution first convolves, which mentions a law twice
    assert count_nodes(law) <= 5


def test_seeds_of_random_expressions_do_not_move() -> None:
    """Recorded figures refer to them."""
    assert repr(random_law(1, max_nodes=3)) == "-EquilibriumMeasure(t=1, M=3)"
    first = [random_law(seed) for seed in range(40)]
    assert first == [random_law(seed) for seed in range(40)]
    assert sum(map(count_nodes, first)) == SUM_OF_NODES


SUM_OF_NODES = 332


# --------------------------------------------------------------------- shrinking


def test_laws_shrink() -> None:
    assert repr(_minimal(bounded_laws(), lambda law: True)) == "Semicircle()"
    assert repr(_minimal(positive_laws(), lambda law: True)) == "MarchenkoPastur()"
    assert repr(_minimal(expressions(), lambda law: True)) == "Semicircle()"
    found = _minimal(bounded_laws(), lambda law: bool(law.atoms()))
    assert repr(found) == "TwoPoint(a=-1, b=1, p=Rational(1, 2))"
    assert count_nodes(_minimal(expressions(), lambda law: float(law.variance()) > 2)) <= 2
    # three laws fall apart into the smallest sum
    found = _minimal(
        expressions(operations=["free_sum"], max_nodes=9), lambda law: count_nodes(law) >= 3
    )
    assert repr(found) == "Semicircle() + Semicircle()"


def test_parameters_points_networks_and_families_shrink() -> None:
    assert _minimal(exact_parameters(), lambda x: True) == 0
    assert _minimal(exact_parameters(min_value=0), lambda x: 0 < x < 1) == Fraction(1, 2)
    assert isinstance(_minimal(exact_parameters(), lambda x: x > 3), int)
    assert _minimal(spectral_points(fs.Semicircle()), lambda x: True) == 0.0
    assert _minimal(networks(), lambda n: True).widths == (1, 1)
    family = _minimal(free_families(), lambda f: True)
    assert family == FreeFamily((fs.Semicircle(), fs.Semicircle()), 0)
    assert eval(repr(family), {"FreeFamily": FreeFamily, **NAMES}) == family


def test_a_failing_property_prints_what_can_be_pasted() -> None:
    @settings(FAST, print_blob=False)
    @given(law=positive_laws(operations=["free_product"]))
    def claim(law: Law) -> None:
        assert law.variance() <= law.mean()

    with pytest.raises(AssertionError) as caught:
        claim()
    notes = "\n".join(caught.value.__notes__)
    text = notes.split("law=")[1].split("\n")[0].rstrip(",")
    law = eval(text, dict(NAMES))
    assert law.variance() > law.mean() and count_nodes(law) <= 3


# --------------------------------------------------------------------- points


def test_points_are_where_they_should_be() -> None:
    law = fs.mixture([fs.Semicircle(), fs.Semicircle(6, 1), fs.PointMass(3)], [Fraction(1, 3)] * 3)

    def drawn(kind: str) -> list[Any]:
        found: list[Any] = []

        @settings(FAST, max_examples=40)
        @given(spectral_points(law, where=[kind]))
        def collect(x: Any) -> None:
            found.append(x)

        collect()
        return found

    def inside(x: float) -> bool:
        return any(a <= x <= b for a, b in law.support())

    assert all(law.density(x) > 0 for x in drawn("bulk"))
    assert not any(map(inside, drawn("gaps"))) and not any(map(inside, drawn("far")))
    assert 3.0 in drawn("atoms") and all(abs(x - 3) < 0.2 for x in drawn("atoms"))
    assert all(min(abs(x - e) for e in law.edges()) < 0.11 for x in drawn("edges"))
    heights = [z.imag for z in drawn("complex")]
    assert min(heights) < 0 < max(heights)


@settings(FAST, max_examples=40)
@given(exact_parameters(min_value=Fraction(1, 3), max_value=2, exclude_max=True))
def test_exact_parameters(x: Any) -> None:
    assert Fraction(1, 3) <= x < 2 and isinstance(x, (int, Fraction))
    assert isinstance(x, int) == (Fraction(x).denominator == 1)


# --------------------------------------------------------------------- bad arguments


@pytest.mark.parametrize(
    "call",
    [
        lambda: expressions(max_nodes=0),
        lambda: expressions(max_nodes=2.5),
        lambda: expressions(max_nodes=True),
        lambda: expressions(min_nodes=5, max_nodes=3),
        lambda: expressions(operations=[]),
        lambda: expressions(operations=["nonsense"]),
        lambda: expressions(operations=3),
        lambda: expressions(operations=["inverse"]),
        lambda: expressions(positive=1),
        lambda: laws(moments="all"),
        lambda: laws(max_nodes=-1),
        lambda: positive_laws(operations=["difference"]),
        lambda: algebraic_laws(positive=None),
        lambda: laws_of(fs.Law),
        lambda: exact_parameters(min_value=2, max_value=1),
        lambda: exact_parameters(min_value=1, max_value=1, exclude_min=True),
        lambda: exact_parameters(min_value=Fraction(1, 3), max_value=Fraction(2, 5),
                                 max_denominator=2),
        lambda: exact_parameters(min_value="a"),
        lambda: exact_parameters(min_value=float("nan")),
        lambda: exact_parameters(max_denominator=0),
        lambda: networks(max_depth=0),
        lambda: networks(widths=[]),
        lambda: networks(widths=[0]),
        lambda: networks(weights=["nonsense"]),
        lambda: spectral_points("law"),
        lambda: spectral_points(fs.Semicircle(), where=["gaps"]),
        lambda: spectral_points(fs.Semicircle(), where=["nowhere"]),
        lambda: spectral_points(fs.Cauchy(), where=["far"]),
        lambda: free_families(min_size=3, max_size=2),
        lambda: free_families(members=[fs.Semicircle()]),
        lambda: FreeFamily([fs.Semicircle()]),
    ],
)  # fmt: skip
def test_impossible_constraints_are_refused_at_once(call: Callable[[], Any]) -> None:
    with pytest.raises(InvalidArgumentError):
        call()


# --------------------------------------------------------------------- registration


def _plugin(tmp_path: Path) -> Path:
    """What an installation writes for the entry point of pyproject.toml."""
    with (ROOT / "pyproject.toml").open("rb") as file:
        points = tomllib.load(file)["project"]["entry-points"]["hypothesis"]
    info = tmp_path / "freesym_plugin-1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: freesym-plugin\nVersion: 1\n")
    lines = [f"{name} = {target}" for name, target in points.items()]
    (info / "entry_points.txt").write_text("\n".join(["[hypothesis]", *lines, ""]))
    return tmp_path


def test_type_hints_are_enough(tmp_path: Path) -> None:
    code = """
from hypothesis import given, settings, strategies as st
from freesym import Law, MomentLaw, Semicircle
from freesym.nets import Network
from freesym.operations import FreeSum
from freesym.testing import FreeFamily, InvalidArgumentError
seen = set()
@settings(deadline=None, database=None, max_examples=20)
@given(...)
def check(law: Law, sc: Semicircle, network: Network, total: FreeSum, family: FreeFamily):
    assert isinstance(law, Law) and type(sc) is Semicircle and isinstance(network, Network)
    assert type(total) is FreeSum and len(total.terms) > 1 and len(family) > 1
    seen.add(law)
check()
@given(...)
def refused(law: MomentLaw):
    pass
try:
    refused()
    raise SystemExit("MomentLaw was drawn")
except InvalidArgumentError as error:
    assert "register_type_strategy" in str(error), error
print(len(seen) > 3)
"""
    assert output_of("-c", code, path=[_plugin(tmp_path)]) == "True"


@pytest.mark.long
def test_strategies_are_built_when_they_are_asked_for(tmp_path: Path) -> None:
    code = "import sys, hypothesis; print('freesym.testing.strategies' in sys.modules)"
    assert output_of("-c", code, path=[_plugin(tmp_path)]) == "False"


def test_without_hypothesis(tmp_path: Path) -> None:
    """Statements work; strategies say what to install."""
    code = """
import sys
sys.modules["hypothesis"] = None
import freesym as fs
from freesym.testing import assert_identity, check_law
check_law(fs.Semicircle(), only=["half-plane"])
assert assert_identity("B(1/2) + B(1/2) == Arcsine(0, 2)").proved
try:
    from freesym.testing import laws
except fs.MissingDependencyError as error:
    print(error)
"""
    assert "freesym[test]" in output_of("-c", code)


def test_importing_the_package_imports_no_hypothesis() -> None:
    code = "import sys, freesym, freesym.testing; print('hypothesis' in sys.modules)"
    assert output_of("-c", code) == "False"


def test_the_names_are_listed() -> None:
    import freesym.testing

    assert {"laws", "networks", "check_law"} <= {*dir(freesym.testing)}
    with pytest.raises(AttributeError):
        freesym.testing.nonsense  # noqa: B018
    assert isinstance(_minimal(networks(), lambda n: True), nets.Network)
