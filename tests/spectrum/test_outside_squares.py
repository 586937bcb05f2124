"""Beside the spectrum of expressions with squares, where another real solution is near."""

from __future__ import annotations

import numpy as np
import pytest

import freesym as fs

_SQUARE = fs.Semicircle(mean=-1 / 2, variance=1 / 10).square()
_LAWS = [
    _SQUARE.compress(1 / 2),
    _SQUARE.additive_power(3 / 2),
    fs.mixture([fs.PointMass(1), _SQUARE]).compress(1 / 2),
    fs.rectangular_sum(_SQUARE, fs.MarchenkoPastur(1 / 2), ratio=1 / 2),
    fs.CompoundFreePoisson(3, _SQUARE),
    _SQUARE.compress(1 / 2) @ fs.MarchenkoPastur(1 / 2),
    (_SQUARE - 1 / 10).square().compress(1 / 2).square().compress(1 / 2),
]


@pytest.mark.parametrize("law", _LAWS, ids=str)
def test_values_are_limits_from_above(law: fs.Law) -> None:
    """Unknowns inside a square are complex where the transform is real."""
    (lower, upper), *_ = law.support()
    x = lower - np.geomspace(1e-6, 1e-2, 40) * (upper - lower)
    above = law.G(x + 1e-12j * upper)
    np.testing.assert_allclose(law.G(x + 0j), above, rtol=1e-6)
    alone = np.array([law.G(complex(z)) for z in x])
    np.testing.assert_allclose(alone, above, rtol=1e-6)
