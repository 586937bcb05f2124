"""The polynomials of random expressions vanish at verified points."""

from __future__ import annotations

from fractions import Fraction as F

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

import freesym as fs
from freesym.errors import DegreeError
from freesym.transforms.curve import algebraic_curve
from freesym.transforms.selection import samples

HALF = F(1, 2)
MP, SC, B = fs.MarchenkoPastur, fs.Semicircle, fs.Bernoulli
SIGN = fs.TwoPoint(-1, 1, HALF)

POSITIVE = st.sampled_from(
    [MP(), MP(HALF, 2), MP(2), B(F(1, 3)), fs.Discrete([0, 1, 2]), fs.TwoPoint(1, 3, F(1, 3)),
     fs.Wachter(F(5, 2), F(3, 2)), fs.FussCatalan(2), fs.Arcsine(0, 4), fs.PointMass(2)]
)  # fmt: skip
REAL = st.sampled_from([SC(), SIGN, SC(1, F(1, 4)), fs.KestenMcKay(3), fs.Arcsine(-1, 1)])


def grown(real: st.SearchStrategy[fs.Law]) -> st.SearchStrategy[fs.Law]:
    positive = st.one_of(POSITIVE, st.builds(lambda a, b: a @ b, POSITIVE, POSITIVE))
    return st.one_of(
        st.builds(lambda a, b: a + b, real, real),
        st.builds(lambda a, b: a @ b, real, positive),
        st.builds(lambda a: 2 * a - 1, real),
        st.builds(lambda a: a.additive_power(F(3, 2)), real),
        st.builds(lambda a, b: fs.mixture([a, b], [F(1, 3), F(2, 3)]), real, real),
        st.builds(fs.boolean_sum, real, real),
        st.builds(fs.monotone, real, real),
        st.builds(lambda a: a.square(), real),
        st.builds(lambda a: fs.CompoundFreePoisson(HALF, a), real),
        st.builds(lambda a, b: fs.rectangular_sum(a, b, ratio=HALF), positive, positive),
    )


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True
)
@given(st.recursive(st.one_of(REAL, POSITIVE), grown, max_leaves=3))
def test_random_expressions(law):
    try:
        curve = algebraic_curve(law.relation(), 48)
    except DegreeError:
        assume(False)
    content, factors = curve.polynomial.factors()
    assert abs(content) == 1 and [k for _, k in factors] == [1]
    for sample in samples(law.relation()):
        for point, value, _ in sample.points:
            found, slope, _ = curve.polynomial.values("g", {"w": point, "g": value})
            assert float(abs(found)) < 1e-8 * float(abs(slope * value))
