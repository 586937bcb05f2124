"""Non-central Wishart matrices with more rows than columns."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

import freesym as fs
from freesym.testing import distance

N, P, VARIANCE = 800, 400, Fraction(1, 2)


def test_against_sampled_matrices(seed: int) -> None:
    """Half of the eigenvalues vanish; the others are those of the transposed matrices."""
    law = fs.noncentral_wishart(fs.Discrete([0, 4]), VARIANCE, 2)
    signal = np.zeros((N, P))
    np.fill_diagonal(signal, 2.0)
    noise = np.random.default_rng(seed).standard_normal((N, P)) / np.sqrt(P)
    x = signal + np.sqrt(float(VARIANCE)) * noise
    eigenvalues = np.linalg.eigvalsh(x @ x.T)
    assert law.atoms() == {0: Fraction(1, 2)}
    # the mean of the trace is exact; its fluctuation is of order 1/n
    assert eigenvalues.mean() == pytest.approx(float(law.mean()), abs=20 / N)
    assert distance(law, np.where(eigenvalues > 1e-9, eigenvalues, 0.0)) < 5 / N


def test_a_law_without_the_zeros_of_such_matrices_is_refused() -> None:
    with pytest.raises(fs.InvalidLawError, match="zeros"):
        fs.noncentral_wishart(fs.PointMass(1), 1, 2)
