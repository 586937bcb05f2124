"""Densities given as Python functions, which see points only as rounded numbers."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

import freesym as fs

INTERVAL = (0.0, 1.0)


def _triangle(x: np.ndarray) -> np.ndarray:
    return 2 * (1 - x)


def _half_disc(x: np.ndarray) -> np.ndarray:
    return 8 / np.pi * np.sqrt(x * (1 - x))


@pytest.mark.parametrize(
    ("density", "moments"),
    [
        (_triangle, [1 / 3, 1 / 6]),
        (lambda x: 3 * (1 - x) ** 2, [1 / 4, 1 / 10]),
        (lambda x: 6 * x * (1 - x), [1 / 2, 3 / 10]),
        (_half_disc, [1 / 2, 5 / 16]),
    ],
    ids=["triangle", "parabola", "hill", "half disc"],
)
def test_densities_that_vanish_at_the_upper_end(
    density: Callable[[np.ndarray], np.ndarray], moments: list[float]
) -> None:
    law = fs.Law.from_density(density, INTERVAL)
    assert law.moments(2) == pytest.approx(moments, rel=1e-13)
    x = np.array([1e-9, 0.3, 0.999, 1 - 1e-6])
    # 1 - x is known to 1e-16 only
    np.testing.assert_allclose(law.density(x), density(x), rtol=1e-9)


def test_the_transform_of_a_triangle() -> None:
    law = fs.Law.from_density(_triangle, INTERVAL)
    z = np.array([0.5 + 0.1j, 1 + 1e-3j, 1.5, -1e-3 + 1e-6j])
    expected = 2 * ((1 - z) * (np.log(z) - np.log(z - 1)) + 1)
    np.testing.assert_allclose(law.G(z), expected, rtol=1e-13)
    np.testing.assert_allclose(law.cdf([0.3, 0.999]), [0.51, 1 - 1e-6], rtol=1e-13)
