"""What a relation states along each of its charts agrees with the solver, off the axis.

``at`` is how laws nested in other operations are evaluated where they are explicit; the solver
finds the same ``w``, ``g`` and ``psi`` from the shared coordinate of the whole.
"""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

import freesym as fs
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
