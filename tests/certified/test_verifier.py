"""Sabotage: the certificate must refuse every solution that is not the law's."""

from __future__ import annotations

from fractions import Fraction as F
from typing import Any

import flint
import numpy as np
import pytest
import sympy

import freesym as fs
from freesym.algebra.balls import working_precision
from freesym.errors import ConvergenceError, PrecisionError, UnsupportedOperationError
from freesym.relations.relation import Relation
from freesym.solve.certificate import certifier
from freesym.solve.measures import Pushed
from freesym.solve.tape import InexactConstantError, Tape
from tests.strategies import random_law

_BITS = 200
REFUSALS = (ConvergenceError, PrecisionError)


def _accepted(relation: Relation, z: complex, starts: list[complex]) -> list[complex]:
    """The values of G that the verifier accepts, started from each candidate."""
    engine = certifier(relation)
    found = []
    with working_precision(_BITS):
        for start in starts:
            try:
                solution = engine.solve(flint.acb(z.real, z.imag), _BITS, [start])
            except REFUSALS:
                continue
            found.append(complex(solution.g))
    return found


def _all_equal(values: list[complex], expected: complex) -> bool:
    return bool(values) and all(abs(v - expected) <= 1e-12 * abs(expected) for v in values)


@pytest.mark.parametrize("z", [0.5, 1.7 + 0.3j, 3.0, -1.0, 2 + 1e-6j])
def test_other_roots_of_a_sum_are_refused(z: complex) -> None:
    """``g + 1/(1 - g/2) + 1/g = z`` has three roots."""
    law = fs.Semicircle() + fs.MarchenkoPastur(F(1, 2))
    z = complex(z)
    # g^2 (1 - g/2) + g + (1 - g/2) = z g (1 - g/2)
    roots = np.roots([-0.5, 1 + z / 2, 0.5 - z, 1.0])
    accepted = _accepted(law.relation(), z, roots.tolist())
    assert _all_equal(accepted, complex(law.G(z)))


@pytest.mark.parametrize("depth", [2, 3, 5])
@pytest.mark.parametrize("x", [0.25, 1.0, 2.0])
def test_other_roots_of_a_product_are_refused(depth: int, x: float) -> None:
    """``(1 + u)(1/2 + u)^L = x u`` has L + 1 roots, of which half have ``Im G < 0``."""
    law = (fs.Bernoulli(F(1, 2)) @ fs.MarchenkoPastur()).multiplicative_power(depth)
    polynomial = np.array([1.0])
    for root in [-1.0] + [-0.5] * depth:
        polynomial = np.convolve(polynomial, [1.0, -root])
    polynomial[-2] -= x
    roots = np.roots(polynomial).tolist()
    assert sum(complex(u).imag < -1e-9 for u in roots) >= 1
    accepted = _accepted(law.relation(), complex(x), roots)
    assert _all_equal(accepted, complex(law.G(x)))


def test_roots_beyond_the_first_sheet_exist_and_are_refused() -> None:
    """At depth 30 many roots have ``Im G < 0``: only the summed arguments tell them apart."""
    depth, x = 30, 2.0**-28
    law = (fs.Bernoulli(F(1, 2)) @ fs.MarchenkoPastur()).multiplicative_power(depth)
    accepted = 0
    tried = 0
    engine = certifier(law.relation())
    with working_precision(_BITS):
        expected = complex(law.G(x))
        for k in range(-14, 15):
            # log (1 + u) + L log (1/2 + u) - log u = log x + 2 pi i k
            start = _root_with_turns(depth, x, k)
            if start is None:
                continue
            tried += 1
            try:
                solution = engine.solve(flint.acb(x), _BITS, [start])
            except REFUSALS:
                continue
            accepted += 1
            assert abs(complex(solution.g) - expected) < 1e-9 * abs(expected)
    assert tried > 5
    assert accepted <= 2


def _root_with_turns(depth: int, x: float, k: int) -> complex | None:
    u = -0.5 + 0.5 * np.exp(-1j * (np.pi * (abs(k) + 0.5) / depth))
    for _ in range(200):
        f = np.log(1 + u) + depth * np.log(0.5 + u) - np.log(u) - np.log(x) - 2j * np.pi * k
        slope = 1 / (1 + u) + depth / (0.5 + u) - 1 / u
        step = f / slope
        if abs(step) < 1e-13:
            return complex(u)
        u = u - step * min(1.0, 0.2 / abs(step))
    return None


@pytest.mark.parametrize(
    "law",
    [
        fs.Semicircle() + fs.MarchenkoPastur(F(1, 2)),
        fs.MarchenkoPastur() @ fs.MarchenkoPastur(F(1, 3)),
        fs.Semicircle() @ fs.MarchenkoPastur(F(1, 3)),
        fs.rectangular_sum(fs.MarchenkoPastur(F(1, 2)), fs.MarchenkoPastur(), ratio=F(1, 2)),
        fs.KestenMcKay(3),
        fs.FussCatalan(F(5, 2)),
        fs.Cauchy() + fs.Semicircle(),
        fs.CompoundFreePoisson(2, fs.Discrete([1, 2])),
    ],
    ids=repr,
)
@pytest.mark.parametrize("z", [0.7, 0.7 + 0.2j])
def test_conjugate_solutions_are_refused(law: Any, z: complex) -> None:
    """The mirror image solves the equations at real points, in the wrong half-planes."""
    engine = certifier(law.relation())
    with working_precision(_BITS):
        point = flint.acb(z.real, z.imag) if isinstance(z, complex) else flint.acb(z)
        right = engine.solve(point, _BITS)
        assert right.g.imag < 0
        start = [u.conjugate() for u in right.unknowns]
        try:
            other = engine.solve(point, _BITS, start)
        except REFUSALS:
            return
        # from a mirrored start Newton's method may still find the way
        assert other.g.overlaps(right.g)


def test_points_below_the_axis_are_not_solved_from_above() -> None:
    engine = certifier((fs.Semicircle() + fs.MarchenkoPastur()).relation())
    with working_precision(_BITS):
        above = engine.solve(flint.acb(1, 1), _BITS)
        with pytest.raises(REFUSALS):
            engine.solve(flint.acb(1, -1), _BITS, [u.conjugate() for u in above.unknowns])


def test_laws_without_a_uniqueness_theorem_are_refused() -> None:
    law = (fs.Uniform(0, 1) + fs.Semicircle(0, 4)).additive_deconvolve(fs.TwoPoint(-1, 1, F(1, 2)))
    with pytest.raises(UnsupportedOperationError, match="theorem"):
        law.density(1, digits=20)


def test_rounded_constants_are_refused() -> None:
    tape = Tape()
    with pytest.raises(InexactConstantError):
        tape.constant(0.1)
    assert tape.constant(0.5) == 0


def test_the_float_of_a_parameter_is_what_is_certified() -> None:
    """0.1 is not 1/10: the difference shows from the 17th digit on."""
    first = (fs.MarchenkoPastur(0.1) + fs.Semicircle()).density(1, digits=40)
    second = (fs.MarchenkoPastur(F(0.1)) + fs.Semicircle()).density(1, digits=40)
    third = (fs.MarchenkoPastur(F(1, 10)) + fs.Semicircle()).density(1, digits=40)
    assert first == second
    assert first != third
    assert abs(first - third) < 1e-15


def _random_start(rng: np.random.Generator, value: complex) -> complex:
    """The mirror image, a neighbour, or anything."""
    noise = complex(rng.normal(), rng.normal())
    choices = (value.conjugate(), value * (1 + noise), abs(value) * noise, noise.real * 2 + 0j)
    return choices[rng.integers(len(choices))]


@pytest.mark.parametrize("seed", range(40))
def test_no_start_leads_to_another_value(seed: int) -> None:
    """Whatever the start, what is accepted is one and the same number."""
    rng = np.random.default_rng(seed)
    engine = certifier(random_law(seed, max_nodes=5).relation())
    if any(measure.is_integrated for measure in engine.tape.measures):
        pytest.skip("integrals are slow")
    for z in (complex(rng.uniform(-3, 6)), complex(rng.uniform(-3, 6), rng.exponential()), 30 + 0j):
        point = flint.acb(z.real, z.imag)
        with working_precision(_BITS):
            try:
                right = engine.solve(point, _BITS)
            except REFUSALS:
                continue
            for _ in range(12):
                start = [_random_start(rng, complex(u)) for u in right.unknowns]
                try:
                    other = engine.solve(point, _BITS, start)
                except REFUSALS:
                    continue
                assert other.g.overlaps(right.g)


@pytest.mark.long
def test_truncated_integrals_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """With a cut at 3 the rest is 1/400 of the mass: no digits are left to certify."""
    law = fs.Pushforward(sympy.tanh(sympy.Symbol("x"))) + fs.Semicircle()
    monkeypatch.setattr(Pushed, "_cut", staticmethod(lambda: flint.arb(3)))
    with pytest.raises(REFUSALS):
        law.density(F(1, 3), digits=20)
