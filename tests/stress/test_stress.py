"""Two hundred random expressions of up to twelve nodes: refusals, and wrong values.

The second methods are fixed-point sweeps at complex points and sampled matrices.  Failures are
collected over all expressions, so that one run shows them all.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import pytest

import freesym as fs
from freesym import ConvergenceError, Law, operations
from freesym.testing import quadrature
from freesym.testing.grammar import subexpressions
from tests.reference import oracles
from tests.strategies import random_law

pytestmark = pytest.mark.slow

COUNT, NODES, POINTS = 200, 12, 1000
SEEDS = range(COUNT)
#: One point in ten thousand may be refused.
REFUSED = 1e-4
SIZE = 500


def _grid(law: Law) -> Any:
    ends = np.array(law.support())
    low, high = ends[0, 0], ends[-1, 1]
    margin = 0.05 * (high - low) or 1.0
    return np.linspace(low - margin, high + margin, POINTS)


def _collected(check: Callable[[Law, int], str | None], seeds: Iterable[int] = SEEDS) -> list[str]:
    """One line for every seed whose check complains or fails."""
    found = []
    for seed in seeds:
        law = random_law(seed, max_nodes=NODES)
        try:
            words = check(law, seed)
        except Exception as error:  # noqa: BLE001 - a crash is a finding
            words = f"{type(error).__name__}: {str(error)[:200]}"
        if words:
            found.append(f"seed {seed}: {law!r}: {words}")
    return found


def _report(found: list[str]) -> str:
    return "\n".join([f"{len(found)} of {COUNT} expressions:", *found])


@pytest.mark.parametrize("function", ["density", "cdf"])
def test_points_are_rarely_refused(function: str) -> None:
    refused: list[str] = []

    def check(law: Law, seed: int) -> str | None:
        try:
            getattr(law, function)(_grid(law))
        except ConvergenceError as error:
            refused.extend([str(p) for p in error.points] or [str(error)] * POINTS)
            return f"{len(error.points)} refused, the first at {error.points[:1]}"
        return None

    found = _collected(check)
    assert len(refused) <= REFUSED * COUNT * POINTS, _report(found)


def test_values_at_real_points_are_possible() -> None:
    """Positive densities, increasing distribution functions from 0 to 1, exact moments."""

    def check(law: Law, seed: int) -> str | None:
        x = _grid(law)
        if (law.density(x) < 0).any():
            return f"negative density at {x[law.density(x) < 0][:3]}"
        cdf = law.cdf(x)
        if np.diff(cdf).min() < -1e-9 or cdf[0] > 1e-9 or cdf[-1] < 1 - 1e-9:
            return f"cdf from {cdf[0]} to {cdf[-1]}, smallest step {np.diff(cdf).min()}"
        moments, scale = quadrature.moments(law, 2), quadrature.scales(law, 2)
        error = np.abs(moments.values - [1.0, *map(float, law.moments(2))])
        if (error > 1e-5 * scale + 20 * moments.errors).any():
            return f"moments of the density are wrong by {error}, support {law.support()}"
        return None

    found = _collected(check)
    assert not found, _report(found)


def test_transforms_agree_with_sweeps() -> None:
    def check(law: Law, seed: int) -> str | None:
        generator = np.random.default_rng(seed)
        spread = math.sqrt(float(law.free_cumulant(2))) or 1.0
        heights = np.array([0.1, 0.2, 0.5, 1.0])
        z = float(law.moment(1)) + spread * (generator.uniform(-2, 2, 4) + 1j * heights)
        expected = oracles.cauchy_transform(law, z)
        known = np.isfinite(expected)
        error = np.abs(law.G(z)[known] / expected[known] - 1).max(initial=0.0)
        return f"relative error {error:.1e} at {z}" if error > 1e-9 else None

    found = _collected(check)
    assert not found, _report(found)


def test_sampled_matrices_agree() -> None:
    """The Kolmogorov distance to n eigenvalues is a few times 1/n.

    Finite sizes shift ranks by O(1), and rounding sizes of blocks by one for every node; atoms
    are smeared by rounding.  The bound is (5 + 3 nodes)/n, between points away from atoms.
    """

    def check(law: Law, seed: int) -> str | None:
        if not all(part.has_matrix_model for part in subexpressions(law)):
            return None
        values = np.linalg.eigvalsh(law.sample_matrix(SIZE, rng=seed))
        edge = max(abs(end) for interval in law.support() for end in interval)
        x = np.quantile(values, np.linspace(0.01, 0.99, 99))
        atoms = np.array([float(a) for a in law.atoms()])
        x = x[[np.abs(atoms - p).min(initial=np.inf) > 1e-6 * edge for p in x]]
        if not x.size:
            return None
        empirical = np.searchsorted(np.sort(values), x, side="right") / len(values)
        distance = np.abs(empirical - law.cdf(x)).max()
        nodes = repr(law).count("(")
        bound = (5 + 3 * nodes) / SIZE
        return f"distance {distance:.4f}, bound {bound:.4f}" if distance > bound else None

    found = _collected(check, range(0, COUNT, 2))
    assert not found, _report(found)


def test_deep_expressions_are_built_and_printed() -> None:
    """Nothing but the size of an expression limits its depth."""
    law: Law = fs.Semicircle()
    for _ in range(60):
        law = operations.Compression(law + 1, 0.5)
    assert "compress" in repr(law)
    assert np.isfinite(law.G(1j))
