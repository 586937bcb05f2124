"""Forty-digit values with their provenance (truth.json) against the engine.

Tolerances are relative: 1e-12 for densities, a small multiple of what the conditioning of the
problem leaves of sixteen digits; 1e-11 for edges; moments and cumulants are exact.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from fractions import Fraction as F
from pathlib import Path
from typing import Any

import pytest
import sympy

import freesym as fs
from freesym import Law

TRUTH: dict[str, Any] = json.loads((Path(__file__).parent / "truth.json").read_text())
DENSITY, EDGE, MOMENT = 1e-12, 1e-11, 1e-13

HALF, THIRD = F(1, 2), F(1, 3)
_u, _x = sympy.symbols("u x")


def _signs(v: Any) -> Law:
    return fs.Semicircle(0, v) + fs.TwoPoint(-1, 1, HALF)


def _relu(depth: int) -> Law:
    return (2 * (fs.Bernoulli(HALF) @ fs.MarchenkoPastur())).multiplicative_power(depth)


def _relu_orthogonal(depth: int) -> Law:
    return (2 * fs.Bernoulli(HALF)).multiplicative_power(depth)


def _hard_tanh(depth: int) -> Law:
    p = 1 - F(1, 2 * depth)
    return (1 / p * fs.Bernoulli(p)).multiplicative_power(depth)


def _from_s(exponent: sympy.Expr) -> Law:
    return fs.from_s_transform(sympy.exp(exponent))


DENSITIES: dict[str, tuple[Law, float]] = {
    "density SC(0,1)[+]MP(c=1/2) x=0": (fs.Semicircle() + fs.MarchenkoPastur(HALF), 0.0),
    "density SC(0,1)[+]MP(c=1/2) x=2": (fs.Semicircle() + fs.MarchenkoPastur(HALF), 2.0),
    "density SC(0,0.5)[+]Bern(+-1) x=1": (_signs(HALF), 1.0),
    "density SC(0,1.0)[+]Bern(+-1) x=1": (_signs(1), 1.0),
    "density SC(0,2.0)[+]Bern(+-1) x=1": (_signs(2), 1.0),
    "density MP(1.0)[x]MP(1.0) x=0.01": (fs.MarchenkoPastur() @ fs.MarchenkoPastur(), 0.01),
    "density MP(0.5)[x]MP(0.3333) x=1.0": (fs.MarchenkoPastur(HALF) @ fs.MarchenkoPastur(THIRD), 1),
    "density Fuss-Catalan s=2 x=1": (fs.FussCatalan(2), 1.0),
    "density MP(1/2)[x]Bernoulli(1/2) x=0.5": (fs.MarchenkoPastur(HALF) @ fs.Bernoulli(HALF), 0.5),
    "density MP(1/2)[x]Bernoulli(1/2) x=1.0": (fs.MarchenkoPastur(HALF) @ fs.Bernoulli(HALF), 1.0),
    "density ReLU Gauss (sw2=2) L=1 x=1.0": (_relu(1), 1.0),
    "density ReLU Gauss (sw2=2) L=2 x=1.0": (_relu(2), 1.0),
    "density ReLU Gauss (sw2=2) L=3 x=0.25": (_relu(3), 0.25),
    "density ReLU Gauss (sw2=2) L=3 x=1.0": (_relu(3), 1.0),
    "density ReLU Gauss (sw2=2) L=5 x=0.25": (_relu(5), 0.25),
    "density ReLU Gauss (sw2=2) L=10 x=0.25": (_relu(10), 0.25),
    "density ReLU Gauss (sw2=2) L=30 x=1.0": (_relu(30), 1.0),
    "density ReLU Gauss (sw2=2) L=100 x=1.0": (_relu(100), 1.0),
    "density ReLU orth (sw2=2) L=2 x=1": (_relu_orthogonal(2), 1.0),
    "density ReLU orth (sw2=2) L=3 x=1": (_relu_orthogonal(3), 1.0),
    "density ReLU orth (sw2=2) L=5 x=1": (_relu_orthogonal(5), 1.0),
    "density ReLU orth (sw2=2) L=10 x=1": (_relu_orthogonal(10), 1.0),
    "density linear Gauss L=5 (Fuss-Catalan 5) x=1": (fs.FussCatalan(5), 1.0),
    "density KestenMcKay(3) x=1": (fs.KestenMcKay(3), 1.0),
    "density Bern(.3)[x]Bern(.6) x=1/2": (fs.Bernoulli(F(3, 10)) @ fs.Bernoulli(F(3, 5)), 0.5),
    "density SC(0,1)[+]U[-1,1] x=0": (fs.Semicircle() + fs.Uniform(-1, 1), 0.0),
    "density PSG Bernoulli-class s0^2=0.5 x=1": (_from_s(-_u / (1 + _u) / 2), 1.0),
    "density PSG Bernoulli-class s0^2=2.0 x=1": (_from_s(-2 * _u / (1 + _u)), 1.0),
    "density ResNet limit c=1.0 x=1": (_from_s(-(1 + 2 * _u)), 1.0),
    "density ResNet limit c=0.25 x=1": (_from_s(-(1 + 2 * _u) / 4), 1.0),
}

Pick = Callable[[Law], Any]


def _outer_then_inner(law: Law) -> list[float]:
    return sorted((e for e in law.edges() if e > 0), reverse=True)


def _last(law: Law) -> list[float]:
    return [law.edges()[-1]]


EDGES: dict[str, tuple[Law, Pick]] = {
    "edges SC(0,0.5)[+]Bern(+-1) (outer[,inner])": (_signs(HALF), _outer_then_inner),
    "edges SC(0,1.0)[+]Bern(+-1) (outer[,inner])": (_signs(1), _last),
    "edges MP(c=1/2)[x]Bernoulli(1/2)": (fs.MarchenkoPastur(HALF) @ fs.Bernoulli(HALF), Law.edges),
    "edge ReLU Gauss L=1": (_relu(1), _last),
    "edge ReLU Gauss L=5": (_relu(5), _last),
    "edge ReLU Gauss L=10": (_relu(10), _last),
    "edge ReLU Gauss L=30": (_relu(30), _last),
    "edge ReLU orth L=10": (_relu_orthogonal(10), _last),
    "edge ReLU orth L=30": (_relu_orthogonal(30), _last),
    "edge ReLU orth L=100": (_relu_orthogonal(100), _last),
    "edge linear Gauss L=2": (fs.MarchenkoPastur() @ fs.MarchenkoPastur(), _last),
    "edges Bernoulli(1/3)^[+]5/2": (fs.Bernoulli(THIRD).additive_power(F(5, 2)), Law.edges),
    "edges Bern(.3)[x]Bern(.6)": (fs.Bernoulli(F(3, 10)) @ fs.Bernoulli(F(3, 5)), Law.edges),
    "edges free-beta(2.5,1.5)": (fs.Wachter(F(5, 2), F(3, 2)), Law.edges),
    "edge (right) U[0,1][+]U[0,1]": (fs.Uniform(0, 1) + fs.Uniform(0, 1), _last),
    "edges PSG smooth-class s0^2=0.25": (_from_s(-_u / 4), Law.edges),
    "edges PSG smooth-class s0^2=1.0": (_from_s(-_u), Law.edges),
    "edge Bernoulli(0.9)/Gauss sw2=1/0.9 L=5": (
        (F(10, 9) * (fs.Bernoulli(F(9, 10)) @ fs.MarchenkoPastur())).multiplicative_power(5),
        _last,
    ),
}

MOMENTS: dict[str, Law] = {
    "moments 1..8 ReLU Gauss sw2=2 L=1": _relu(1),
    "moments 1..8 ReLU Gauss sw2=2 L=3": _relu(3),
    "moments 1..8 ReLU Gauss sw2=2 L=10": _relu(10),
    "moments 1..8 ReLU orth sw2=2 L=3": _relu_orthogonal(3),
    "moments 1..8 SC(0,1)[+]MP(1/2)": fs.Semicircle() + fs.MarchenkoPastur(HALF),
    "moments 1..8 Fuss-Catalan s=3": fs.FussCatalan(3),
}

CUMULANTS: dict[str, Law] = {
    "free cumulants 1..8 ReLU Gauss L=2": _relu(2),
    "free cumulants 1..8 Bernoulli(+-1)": fs.TwoPoint(-1, 1, HALF),
}

TOP_ATOMS: dict[str, Law] = {
    "hard-tanh/orth p=1-1/(2L) L=3: bulk edge, top atom loc, mass": _hard_tanh(3),
    "hard-tanh/orth p=1-1/(2L) L=100: bulk edge, top atom loc, mass": _hard_tanh(100),
}

CUSP = "SC(0,1)[+]Bern(+-1): rho(x)~C|x|^{1/3} at 0, C"
PUSHED = "moments 1..4 D^2 erf(slope1) q=1/2"


def test_every_entry_is_used() -> None:
    used = [*DENSITIES, *EDGES, *MOMENTS, *CUMULANTS, *TOP_ATOMS, CUSP, PUSHED]
    assert sorted(used) == sorted(TRUTH)


@pytest.mark.parametrize("name", DENSITIES)
def test_density(name: str) -> None:
    law, x = DENSITIES[name]
    assert law.density(x) == pytest.approx(float(TRUTH[name]["value"]), rel=DENSITY)


@pytest.mark.parametrize("name", DENSITIES)
def test_density_is_the_limit_from_above(name: str) -> None:
    law, x = DENSITIES[name]
    assert -law.G(x).imag / 3.141592653589793 == pytest.approx(law.density(x), rel=1e-14)


@pytest.mark.parametrize("name", EDGES)
def test_edges(name: str) -> None:
    law, pick = EDGES[name]
    values = TRUTH[name]["value"]
    expected = [float(v) for v in (values if isinstance(values, list) else [values])]
    assert list(pick(law)) == pytest.approx(expected, rel=EDGE)


@pytest.mark.parametrize("name", MOMENTS)
def test_moments_are_exact(name: str) -> None:
    assert [F(m) for m in MOMENTS[name].moments(8)] == [F(v) for v in TRUTH[name]["value"]]


@pytest.mark.parametrize("name", CUMULANTS)
def test_free_cumulants_are_exact(name: str) -> None:
    expected = [F(v) for v in TRUTH[name]["value"]]
    assert [F(k) for k in CUMULANTS[name].free_cumulants(8)] == expected


@pytest.mark.parametrize("name", TOP_ATOMS)
def test_top_atom_above_the_bulk(name: str) -> None:
    law = TOP_ATOMS[name]
    edge, location, mass = map(float, TRUTH[name]["value"])
    top = max(law.atoms(), key=float)
    assert law.edges()[-1] == pytest.approx(edge, rel=EDGE)
    assert float(top) == pytest.approx(location, rel=1e-13)
    assert float(law.atoms()[top]) == pytest.approx(mass, rel=1e-13)


def test_cusp() -> None:
    """The next order is smaller by ``x^(4/3)``; a rounding of the atoms +-1 moves x by 1e-16."""
    x = 1e-7
    scaled = _signs(1).density(x) / x ** (1 / 3)
    assert scaled == pytest.approx(float(TRUTH[CUSP]["value"]), rel=5e-9)


def test_moments_of_a_pushforward() -> None:
    law = fs.Pushforward(sympy.exp(-sympy.pi * _x**2 / 4))
    found = [float(m) for m in law.moments(4)]
    assert found == pytest.approx([float(v) for v in TRUTH[PUSHED]["value"]], rel=MOMENT)
