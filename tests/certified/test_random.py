"""Random expressions and points: enclosures nest and contain what they should."""

from __future__ import annotations

from fractions import Fraction as F

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

import freesym as fs
from freesym.errors import ConvergenceError, PrecisionError, UnsupportedOperationError
from tests.certified.helpers import as_fraction
from tests.strategies import laws, random_law

#: Points that are refused, with a typed error, prove nothing and claim nothing.
REFUSALS = (ConvergenceError, PrecisionError, UnsupportedOperationError)
POINTS = st.fractions(-4, 8, max_denominator=1000)


def _holds(law: fs.Law, x: F) -> bool:
    """Whether enclosures nest and agree with double precision; False if a point is refused."""
    try:
        wide, narrow, finest = (law.enclose_density(x, digits=n) for n in (15, 40, 80))
    except REFUSALS:
        return False
    for inner, outer in ((narrow, wide), (finest, wide), (finest, narrow)):
        error = abs(as_fraction(inner.value) - as_fraction(outer.value))
        assert error <= as_fraction(inner.radius) + as_fraction(outer.radius)
        assert inner.radius <= outer.radius
    return True


@given(laws(max_nodes=5), POINTS)
def test_enclosures_nest(law: fs.Law, x: F) -> None:
    assume(_holds(law, x))


@pytest.mark.long
@given(laws(max_nodes=5), POINTS)
def test_double_precision_lies_within_its_own_error(law: fs.Law, x: F) -> None:
    try:
        found = float(law.density(x, digits=20))
        double = float(law.density(float(x)))
        beside = [float(law.density(float(x) * (1 + t) + t)) for t in (1e-9, -1e-9)]
    except REFUSALS:
        assume(False)
        return
    slack = 1e-9 + 10 * max(abs(value - double) for value in beside)
    assert found == pytest.approx(double, rel=1e-8, abs=slack)


@pytest.mark.slow
def test_no_false_certificate_in_many_random_pairs() -> None:
    """Refused points are counted, false certificates would fail."""
    proved = 0
    for seed in range(10_000):
        law = random_law(seed, max_nodes=4)
        x = F((seed * 7919) % 6001 - 2000, 500)
        proved += _holds(law, x)
    assert proved > 9_900
