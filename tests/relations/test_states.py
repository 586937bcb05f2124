"""What a relation states along each of its charts agrees with the solver, off the axis.

``at`` is how laws nested in other operations are evaluated where they are explicit; the solver
finds the same ``w``, ``g`` and ``psi`` from the shared coordinate of the whole.
"""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

import freesym as fs
from freesym.relations.transformations import NegativeInverse
from freesym.spectrum.evaluate import transforms

HALF, THIRD = Fraction(1, 2), Fraction(1, 3)
MP, SC, B, U = fs.MarchenkoPastur, fs.Semicircle, fs.Bernoulli, fs.Uniform
LAWS = [
    SC(1, 2),
    MP(HALF),
    MP(2, 3),
    B(THIRD),
    U(-1, 2),
    fs.Arcsine(-1, 3),
    fs.Cauchy(1, 2),
    fs.Discrete([0, 1, 3]),
    fs.FreePoisson(2, -1),
    fs.Raney(3, 2),
    fs.FussCatalan(2),
    fs.KestenMcKay(3),
    fs.Wachter(2, 3),
    SC() + MP(HALF),
    SC(0, HALF) + MP(HALF) + MP(2),
    MP(HALF).additive_power(Fraction(5, 2)),
    MP(HALF) @ MP(2),
    MP(HALF) @ MP(THIRD) @ MP(2),
    MP(HALF).multiplicative_power(Fraction(5, 2)),
    MP(HALF) @ (SC() + 1),
    -2 * MP(HALF) + 1,
    3 * U(0, 1) - 1,
    U(1, 2).inverse(),
    (U(0, 1) + 1).inverse(),
    MP(HALF).inverse(),
    U(-1, 1).square(),
    fs.TwoPoint(-1, 1, HALF).square(),
    U(1, 2).reshape(THIRD),
    MP(HALF).reshape(THIRD),
    fs.mixture([U(0, 1), B(HALF)], [THIRD, 2 * THIRD]),
    fs.boolean_sum(U(0, 1), B(HALF), U(1, 2).inverse()),
    fs.monotone(U(0, 1), B(HALF)),
    fs.CompoundFreePoisson(2, fs.Discrete([1, 3])),
]


@pytest.mark.parametrize("law", LAWS, ids=repr)
def test_states_agree_with_the_solver(law: fs.Law) -> None:
    relation = law.relation().numeric()
    z = np.array([0.4 + 1.3j, -1.7 + 0.8j, 6 + 3j])
    found = transforms(relation, z)
    for w, g, psi in zip(z.tolist(), found.g.tolist(), found.psi.tolist(), strict=True):
        assert abs(psi - (w * g - 1)) < 1e-12
        for kind, value in (("w", w), ("g", g), ("psi", psi)):
            if not relation.explicit(kind):
                continue
            state = relation.at(kind, value)
            assert state.w == pytest.approx(w, rel=1e-10), kind
            assert state.g == pytest.approx(g, rel=1e-10), kind
            assert state.psi == pytest.approx(psi, rel=1e-10, abs=1e-12), kind
            log_s = complex(state.log_s())
            assert np.exp(log_s) == pytest.approx(g / psi, rel=1e-10), kind


def test_every_factor_of_a_product_is_checked() -> None:
    """A power above 1 by the logarithm of its own ``w``, a factor by its half-plane."""
    power, factor = MP(HALF).multiplicative_power(Fraction(5, 2)), MP(2)
    psi = transforms((power @ factor).relation().numeric(), np.array([0.4 + 1.3j])).psi[0]
    product = (power @ factor).relation().numeric()
    found = product.at("psi", psi).checks()
    assert [check.kind for check in found] == ["opposite", "principal", "principal", "same", "same"]
    alone = power.relation().numeric().at("psi", psi).w
    w = product.at("psi", psi).w
    assert np.exp(found[1].a) == pytest.approx(w, rel=1e-13)
    assert np.exp(found[2].a) == pytest.approx(alone, rel=1e-13)
    for check in found[1:3]:
        assert 0 <= check.a.imag <= np.pi
        assert check.b == pytest.approx(w, rel=1e-13)


@pytest.mark.parametrize("z", [0.3 + 0.2j, -2 + 1e-3j])
def test_potentials_of_inverses_know_the_negative_mass(z: complex) -> None:
    """``-1/X`` of the points -1 and 2 with masses 1/3 and 2/3."""
    child = fs.TwoPoint(-1, 2, Fraction(2, 3)).relation().numeric()
    inverse = NegativeInverse(child, log_mean=2 / 3 * np.log(2), negative_mass=1 / 3)
    expected = np.log(z - 1) / 3 + 2 / 3 * np.log(z + 0.5)
    assert inverse.at("w", z).potential() == pytest.approx(expected, rel=1e-14)
