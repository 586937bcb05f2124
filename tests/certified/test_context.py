"""Input, output, and independence of global precisions and of other threads."""

from __future__ import annotations

import pickle
from concurrent.futures import ThreadPoolExecutor
from fractions import Fraction as F
from typing import Any

import flint
import mpmath
import numpy as np
import pytest
import sympy

import freesym as fs
from freesym.errors import InvalidLawError, UnboundParameterError, UnsupportedOperationError

LAW = fs.Semicircle() + fs.MarchenkoPastur(F(1, 2))


def test_mp_dps_does_not_matter_and_is_not_touched() -> None:
    results = []
    for digits in (5, 15, 100):
        with mpmath.workdps(digits):
            results.append(LAW.density(F(1, 3), digits=50)._mpf_)
            assert mpmath.mp.dps == digits
    assert len(set(results)) == 1


def test_the_precision_of_flint_is_restored() -> None:
    with flint.ctx.workprec(77):
        LAW.density(F(1, 3), digits=60)
        assert flint.ctx.prec == 77


def test_threads_do_not_disturb_each_other() -> None:
    digits = [20, 50, 100, 200] * 6
    alone = {n: LAW.density(F(2, 3), digits=n)._mpf_ for n in set(digits)}
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda n: LAW.density(F(2, 3), digits=n)._mpf_, digits))
    assert found == [alone[n] for n in digits]


@pytest.mark.parametrize(
    "x", [F(1, 4), 0.25, "0.25", "1/4", sympy.Rational(1, 4), mpmath.mpf("0.25"), np.float64(0.25)]
)
def test_all_kinds_of_numbers(x: Any) -> None:
    assert LAW.density(x, digits=30) == LAW.density(F(1, 4), digits=30)


def test_floats_are_binary_numbers() -> None:
    assert LAW.density(0.1, digits=30) == LAW.density(F(0.1), digits=30)
    assert LAW.density(0.1, digits=30) != LAW.density("0.1", digits=30)


def test_shapes() -> None:
    nested = LAW.density([[0, 1], ["0.5", F(1, 3)]], digits=20)
    assert [len(row) for row in nested] == [2, 2]
    assert nested[0][1] == LAW.density(1, digits=20)
    assert LAW.density(np.array([0.0, 1.0]), digits=20) == nested[0]
    assert LAW.density([], digits=20) == []


@pytest.mark.parametrize("x", [float("nan"), float("inf"), "abc", None, 1j, mpmath.inf, True])
def test_bad_points(x: Any) -> None:
    with pytest.raises(InvalidLawError):
        LAW.density(x, digits=20)


@pytest.mark.parametrize("digits", [0, -3, 10**7])
def test_bad_digits(digits: int) -> None:
    with pytest.raises(InvalidLawError):
        LAW.density(1, digits=digits)


@pytest.mark.parametrize("digits", [2.5, 3.0, float("inf"), "3", True])
def test_digits_that_are_no_integers_are_refused(digits: Any) -> None:
    with pytest.raises(UnsupportedOperationError):
        LAW.density(1, digits=digits)


def test_unbound_symbols() -> None:
    law = fs.MarchenkoPastur(sympy.Symbol("c", positive=True)) + fs.Semicircle()
    with pytest.raises(UnboundParameterError):
        law.density(1, digits=20)


def test_tabulated_laws_are_refused() -> None:
    law = fs.Law.from_density(2 * sympy.Symbol("x"), (0, 1)) + fs.Semicircle()
    with pytest.raises(UnsupportedOperationError):
        law.density(1, digits=20)


def test_assumptions_are_stated() -> None:
    u = sympy.Symbol("u")
    found = fs.Law.from_r_transform(sympy.log(1 + u)).enclose_density(1, digits=20)
    assert found.assumptions
    assert any("the R-transform of a law" in text for text in found.assumptions)
    assert not fs.Law.from_s_transform(sympy.exp(-u)).enclose_density(1, digits=20).assumptions
    with pytest.raises(UnsupportedOperationError, match="no uniqueness theorem"):
        fs.Law.from_r_transform(u + u**3 / 10).enclose_density(1, digits=20)
    assert not LAW.enclose_density(1, digits=20).assumptions


def test_results_pickle() -> None:
    edges = LAW.edges(digits=30)
    copy = pickle.loads(pickle.dumps(edges))
    assert copy == edges
    assert copy.complete
    found = LAW.enclose_density(1)
    assert pickle.loads(pickle.dumps(found)) == found
