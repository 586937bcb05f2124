"""MLP-Mixers: both forms, sizes, Jacobians, spectra, and the alignment of features."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import freesym as fs
from freesym.errors import FreesymError, UnsupportedOperationError
from freesym.nets import (
    Mixer,
    connections,
    linear_cka,
    minibatch_cka,
    tokens_for,
    widest_mixer,
)

KINDS = ["mixer", "random-permuted", "masked-mlp"]


def vec(x):
    return x.reshape(-1, order="F")


@settings(max_examples=30)
@given(
    st.integers(1, 7), st.integers(1, 7), st.integers(1, 3), st.integers(1, 3),
    st.sampled_from(["relu", "tanh", "linear", "gelu"]), st.sampled_from(KINDS),
    st.integers(0, 2**32 - 1),
)  # fmt: skip
def test_matrix_form_and_vectorised_form(s, c, gamma, depth, activation, kind, seed):
    mixer = Mixer(s, c, gamma, depth, activation, kind)
    sampled = mixer.sample(seed)
    x = np.random.default_rng(seed).standard_normal((s, c))
    y, flat = sampled.forward(x), sampled.forward_vectorised(vec(x))
    size = max(1.0, np.abs(y).max())
    assert np.abs(vec(y) - flat).max() <= 1e-12 * size
    assert y.shape == (s, c)
    batch = sampled.forward(np.stack([x, 2 * x]))
    np.testing.assert_allclose(batch[0], y, atol=1e-12 * size)
    hidden = sampled.hidden_features(vec(x))
    widths = [gamma * s * c, s * c, gamma * s * c, s * c] * depth
    assert [h.shape for h in hidden] == [(w,) for w in widths]


@pytest.mark.parametrize("kind", KINDS)
def test_jacobian_is_exact(kind):
    """Against central differences in every direction."""
    sampled = Mixer(5, 4, 2, 2, "tanh", kind).sample(1)  # seed 1
    x = np.random.default_rng(2).standard_normal((5, 4))
    dense, step = sampled.jacobian(x).dense(), 1e-6
    for i, direction in enumerate(np.eye(20)):
        d = step * direction.reshape(5, 4, order="F")
        slope = vec(sampled.forward(x + d) - sampled.forward(x - d)) / (2 * step)
        np.testing.assert_allclose(dense[:, i], slope, atol=1e-8)
    reverse = sampled.jacobian(x).T @ np.eye(20)
    np.testing.assert_allclose(reverse, dense.T, atol=1e-13)


@pytest.mark.parametrize(("s", "c", "gamma"), [(6, 4, 2), (4, 6, 1), (4, 8, Fraction(1, 2))])
def test_sizes(s, c, gamma):
    mixer = Mixer(s, c, gamma, 3)
    layers = [operator.connections for operator in mixer.sample(0).operators]
    assert mixer.width == s * c
    assert sum(layers) / len(layers) == mixer.connections == connections(s, c, gamma)
    assert mixer.sparsity == Fraction(1, 2 * s) + Fraction(1, 2 * c)
    entries = [operator.size for operator in mixer.sample(0).operators]
    shares = [k / n for k, n in zip(layers, entries, strict=True)]
    assert shares == pytest.approx([1 / c, 1 / c, 1 / s, 1 / s] * 3)
    assert tokens_for(c, mixer.connections, gamma) == pytest.approx(s, rel=1e-14)


def test_masks_have_as_many_connections():
    mixer = Mixer(30, 20, 2, 1, "relu", "masked-mlp")
    layers = [operator.connections for operator in mixer.sample(3).operators]  # seed 3
    assert np.mean(layers) == pytest.approx(mixer.connections, rel=0.02)


def test_the_widest_mixer():
    assert widest_mixer(2**19, 2).side == 64
    assert widest_mixer(10**24, 1).side == 10**8
    # the talk's largest Mixer
    assert widest_mixer(256, 1).S * widest_mixer(256, 1).C >= 36
    for omega in (1, 7, 100, 12345, 10**9):
        found = widest_mixer(omega, 1)
        assert connections(found.S, found.C, 1) <= omega
        assert found.width * (1 + 1e-12) >= found.S * found.C
        assert found.width == pytest.approx(found.side**2)
        # no neighbour does better
        for c in range(max(1, found.C - 2), found.C + 3):
            s = math.floor(tokens_for(c, omega, 1) + 1e-9)
            if s >= 1 and connections(s, c, 1) <= omega:
                assert s * c <= found.S * found.C


def test_the_width_is_largest_at_equal_sides():
    side = (2**19 / 2) ** (1 / 3)
    widths = [c * tokens_for(c, 2**19, 2) for c in (0.5 * side, 0.99 * side, side, 1.01 * side)]
    assert max(widths) == widths[2] == pytest.approx(widest_mixer(2**19, 2).width, rel=1e-12)


# ------------------------------------------------------------------------------- spectra


def jacobian_moments(mixer, seeds):
    """Normalised first two moments of ``J J^T``, averaged over networks."""
    rows = []
    for seed in seeds:
        x = np.random.default_rng(100 + seed).standard_normal((mixer.S, mixer.C))
        j = mixer.sample(seed).jacobian(x).dense()
        k = j @ j.T
        rows.append([np.trace(k) / len(k), np.sum(k * k) / len(k)])
    return np.mean(rows, axis=0)


def test_linear_mixers_are_classical_products():
    mixer = Mixer(24, 20, 2, 1, "linear")
    law = mixer.jacobian_law()
    # (3/2)^2 + ... of two Gaussian layers on each side: 1 + 1 + 1/2 = 5/2
    assert [float(m) for m in law.moments(2)] == pytest.approx([1, 6.25])
    sampled = mixer.sample(4)
    weights = sampled.blocks[0].weights
    j = sampled.jacobian(np.ones((24, 20))).dense()
    np.testing.assert_allclose(
        j, np.kron(weights[3] @ weights[2], weights[1] @ weights[0]), atol=1e-12
    )
    first, second = jacobian_moments(mixer, range(6))
    assert first == pytest.approx(1, rel=0.1)
    assert second / first**2 == pytest.approx(6.25, rel=0.12)


@pytest.mark.long
def test_random_permutations_make_the_layers_free():
    mixer = Mixer(44, 40, 2, 1, "relu", "random-permuted")
    law = mixer.jacobian_law()
    assert float(law.mean()) == pytest.approx(1)
    first, second = jacobian_moments(mixer, range(2))
    assert second / first**2 == pytest.approx(float(law.moment(2)), rel=0.1)
    assert law.atoms()[0] == pytest.approx(0.5)


@pytest.mark.long
def test_nonlinear_mixers_lie_between():
    mixer = Mixer(44, 40, 2, 1, "relu")
    with pytest.raises(UnsupportedOperationError, match="approximation='free'"):
        mixer.jacobian_law()
    free = mixer.jacobian_law(approximation="free")
    first, second = jacobian_moments(mixer, range(2))
    assert second / first**2 == pytest.approx(float(free.moment(2)), rel=0.35)
    assert second / first**2 > float(free.moment(2))


def test_masked_networks():
    mixer = Mixer(60, 60, 1, 1, "tanh", "masked-mlp")
    law = mixer.jacobian_law()
    assert float(law.mean()) > 0
    with pytest.raises(UnsupportedOperationError, match="too few"):
        Mixer(20, 60, 1, 1, "tanh", "masked-mlp").jacobian_law()


# ------------------------------------------------------------------------------ alignment


def test_alignment_of_equal_and_independent_features():
    rng = np.random.default_rng(6)
    x = rng.standard_normal((300, 8))
    q, _ = np.linalg.qr(rng.standard_normal((8, 8)))
    assert linear_cka(x, 3 * x @ q + 1) == pytest.approx(1, abs=1e-13)
    assert minibatch_cka(x, 3 * x @ q + 1, 50, 0) == pytest.approx(1, abs=1e-12)
    y = rng.standard_normal((300, 8))
    assert linear_cka(x, y) < 0.1
    assert abs(minibatch_cka(x, y, 50, 0, epochs=3)) < 0.05
    assert minibatch_cka(x, x + y, 60, 0) == pytest.approx(0.5, abs=0.1)


@pytest.mark.parametrize(("scale", "offset"), [(1e200, 0), (1e-200, 0), (1, 1e6), (-1e9, 3e9)])
def test_alignment_depends_on_neither_size_nor_offset(scale, offset):
    rng = np.random.default_rng(8)
    x, y = rng.standard_normal((60, 4)), rng.standard_normal((60, 3))
    y[:, 0] += x[:, 0]
    moved = scale * x + offset
    assert linear_cka(moved, y) == pytest.approx(linear_cka(x, y), rel=1e-8)
    assert minibatch_cka(moved, y, 20, 0) == pytest.approx(minibatch_cka(x, y, 20, 0), rel=1e-7)


@given(st.integers(3, 20), st.integers(1, 30), st.integers(1, 5), st.integers(0, 2**32 - 1))
def test_alignment_by_features_and_by_samples(n, first, second, seed):
    rng = np.random.default_rng(seed)
    x, y = rng.standard_normal((n, first)), rng.standard_normal((n, second))
    centre = np.eye(n) - 1 / n
    k, m = (centre @ (a @ a.T) @ centre for a in (x, y))
    expected = np.sum(k * m) / (np.linalg.norm(k) * np.linalg.norm(m))
    assert linear_cka(x, y) == pytest.approx(expected, rel=1e-9)
    assert -1e-12 <= linear_cka(x, y) <= 1 + 1e-12


# -------------------------------------------------------------------------------- bad input

ONE = np.ones((4, 2))
BAD = {
    "no tokens": lambda: Mixer(0, 3),
    "half a channel": lambda: Mixer(3, 2.5),
    "no depth": lambda: Mixer(3, 3, depth=0),
    "half units": lambda: Mixer(3, 4, Fraction(1, 2)),
    "negative gamma": lambda: Mixer(3, 3, -1),
    "other kind": lambda: Mixer(3, 3, kind="transformer"),
    "other activation": lambda: Mixer(3, 3, activation="rely"),
    "zero sigma_w": lambda: Mixer(3, 3, sigma_w=0),
    "omega too small": lambda: widest_mixer(1, 2),
    "omega too large": lambda: widest_mixer(1e40, 2),
    "negative omega": lambda: tokens_for(3, -1, 1),
    "connections of nothing": lambda: connections(0, 3, 1),
    "other shape": lambda: Mixer(3, 3).sample(0).forward(np.ones((3, 2))),
    "nan": lambda: Mixer(1, 1).sample(0).forward([[math.nan]]),
    "text": lambda: Mixer(1, 1).sample(0).forward([["a"]]),
    "other vector": lambda: Mixer(3, 3).sample(0).forward_vectorised(np.ones(8)),
    "text for a vector": lambda: Mixer(1, 1).sample(0).forward_vectorised(["a"]),
    "nan in a vector": lambda: Mixer(1, 1).sample(0).forward_vectorised([math.nan]),
    "jacobian of a batch": lambda: Mixer(3, 3).sample(0).jacobian(np.ones((2, 3, 3))),
    "other approximation": lambda: Mixer(3, 3).jacobian_law(approximation="classical"),
    "no signal": lambda: Mixer(3, 3).jacobian_law(0),
    "other samples": lambda: linear_cka(ONE, ONE[:3]),
    "constant features": lambda: linear_cka(ONE, ONE),
    "one sample": lambda: linear_cka(ONE[:1], ONE[:1]),
    "small batches": lambda: minibatch_cka(ONE, ONE, 3),
    "few samples": lambda: minibatch_cka(ONE, ONE, 8),
    "features that vary by rounding": lambda: linear_cka(0.1 * ONE, np.eye(4)),
    "ragged features": lambda: Mixer(2, 2).sample(0).forward([[1], [1, 2]]),
    "ragged vectors": lambda: Mixer(2, 2).sample(0).hidden_features([[1], [1, 2]]),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_input(name):
    with pytest.raises(FreesymError) as caught:
        BAD[name]()
    message = str(caught.value)
    assert message
    assert "\n" not in message


def test_the_classical_law_is_one_of_the_package():
    law = Mixer(4, 4, 1, 2, "linear").jacobian_law()
    assert isinstance(law, fs.operations.ClassicalProduct)
