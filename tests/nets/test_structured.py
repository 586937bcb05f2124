"""Structured weights: identities, sizes, singular values and the laws of products."""

from __future__ import annotations

import tracemalloc
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import freesym as fs
from freesym.errors import FreesymError, UnsupportedOperationError
from freesym.nets.structured import (
    BlockDiagonal,
    Butterfly,
    ButterflyFactor,
    CommutationMatrix,
    Diagonal,
    Kronecker,
    Monarch,
    Permutation,
    RandomPermuted,
    StaticMask,
    channel_mixing,
    diagonal_share,
    product,
    token_mixing,
)
from tests.processes import output_of

SIZES = st.integers(1, 6)
SEEDS = st.integers(0, 2**32 - 1)


def vec(x):
    return x.reshape(-1, order="F")


def gaussian(rng, *shape):
    """Blocks whose columns have mean square 1."""
    return rng.standard_normal(shape) / np.sqrt(shape[-1])


def integers(rng, *shape):
    return rng.integers(-4, 5, shape).astype(float)


# ------------------------------------------------------------------------------- identities


@given(SIZES, SIZES, SIZES, SIZES, SEEDS)
def test_vec_of_a_product(s, c, rows, columns, seed):
    rng = np.random.default_rng(seed)
    w, x, v = integers(rng, rows, s), integers(rng, s, c), integers(rng, c, columns)
    assert np.array_equal(Kronecker(v.T, w) @ vec(x), vec(w @ x @ v))
    assert np.array_equal(token_mixing(w, c) @ vec(x), vec(w @ x))
    assert np.array_equal(channel_mixing(v, s) @ vec(x), vec(x @ v))
    assert np.array_equal(CommutationMatrix(s, c) @ vec(x), vec(x.T))


@given(SIZES, SIZES, SIZES, SEEDS)
def test_channel_mixing_by_commutation(s, c, columns, seed):
    v = integers(np.random.default_rng(seed), c, columns)
    across = product(CommutationMatrix(s, columns).T, Kronecker(s, v.T), CommutationMatrix(s, c))
    assert np.array_equal(across.dense(), np.kron(v.T, np.eye(s)))
    assert np.array_equal(across.dense(), channel_mixing(v, s).dense())


@given(SIZES, SIZES, SEEDS)
def test_kronecker_is_a_monarch_with_shared_blocks(s, c, seed):
    rng = np.random.default_rng(seed)
    v, w = integers(rng, c, c), integers(rng, s, s)
    assert np.array_equal(Monarch(Kronecker(s, v), Kronecker(c, w)).dense(), np.kron(v, w))


@given(SIZES, SIZES, SEEDS)
def test_monarch_by_its_definition(s, c, seed):
    rng = np.random.default_rng(seed)
    left, right = integers(rng, s, c, c), integers(rng, c, s, s)
    x = integers(rng, s, c)
    inner = np.stack([right[j] @ x[:, j] for j in range(c)], axis=1)
    outer = np.stack([left[i] @ inner[i] for i in range(s)])
    assert np.array_equal(Monarch(left, right) @ vec(x), vec(outer))


@pytest.mark.parametrize("bits", [1, 2, 3, 8, 14])
def test_fourier_is_a_product_of_butterflies(bits):
    n = 2**bits
    x = np.random.default_rng(bits).standard_normal(n)
    fourier = Butterfly.fourier(n)
    assert len(fourier.factors) == bits + 1
    assert np.abs(fourier @ x - np.fft.fft(x)).max() < 1e-12 * np.sqrt(n)
    back = fourier.rmatvec(np.fft.fft(x)) / n
    assert np.abs(back - x).max() < 1e-12
    assert fourier.law() == fs.PointMass(float(n))
    assert Butterfly.fourier(n, unitary=True).law() == fs.PointMass(1.0)


def operators(rng):
    """One of every kind, square or not."""
    return {
        "kronecker": Kronecker(integers(rng, 3, 4), integers(rng, 5, 2)),
        "token": token_mixing(integers(rng, 4, 3), 5),
        "channel": channel_mixing(integers(rng, 4, 3), 2),
        "blocks": BlockDiagonal(integers(rng, 3, 2, 4)),
        "wide blocks": BlockDiagonal(integers(rng, 2, 3, 30)),
        "diagonal": Diagonal(integers(rng, 6)),
        "commutation": CommutationMatrix(3, 4),
        "permutation": Permutation.uniform(7, rng),
        "permuted": RandomPermuted(Kronecker(2, integers(rng, 3, 3)), rng),
        "monarch": Monarch(integers(rng, 3, 4, 4), integers(rng, 4, 3, 3)),
        "parted monarch": Monarch(integers(rng, 6, 2, 2), integers(rng, 4, 3, 3)),
        "butterfly": Butterfly.random(8, rng),
        "rotations": Butterfly.random(8, rng, orthogonal=True),
        "fourier": Butterfly.fourier(8),
        "mask": StaticMask(integers(rng, 5, 4), rng.integers(0, 2, (5, 4))),
        "random mask": StaticMask.random(6, 9, 0.3, rng),
    }


@pytest.mark.parametrize("name", operators(np.random.default_rng(0)))
def test_protocol(name):
    rng = np.random.default_rng(3)
    operator = operators(rng)[name]
    dense = operator.dense()
    rows, columns = operator.shape
    assert dense.shape == operator.shape
    x, y = rng.standard_normal((columns, 3)), rng.standard_normal((rows, 2))
    close = {"rtol": 1e-12, "atol": 1e-12}
    np.testing.assert_allclose(operator @ x, dense @ x, **close)
    np.testing.assert_allclose(operator @ x[:, 0], dense @ x[:, 0], **close)
    np.testing.assert_allclose(operator.matvec(x[:, :1]), dense @ x[:, :1], **close)
    np.testing.assert_allclose(operator.T @ y, dense.T @ y, **close)
    np.testing.assert_allclose(operator.rmatvec(y[:, 0]), dense.conj().T @ y[:, 0], **close)
    np.testing.assert_allclose(operator.rmatmat(y), dense.conj().T @ y, **close)
    np.testing.assert_allclose(y.T @ operator, y.T @ dense, **close)
    np.testing.assert_allclose(operator.T.T.dense(), dense, **close)
    whole = (operator.H @ operator).dense()
    np.testing.assert_allclose(whole, dense.conj().T @ dense, **close)
    singular = np.linalg.svd(dense, compute_uv=False)
    np.testing.assert_allclose(operator.singular_values(), singular, rtol=1e-12, atol=1e-11)
    assert operator.size == rows * columns
    if name not in ("monarch", "parted monarch", "butterfly", "rotations", "fourier"):
        assert np.count_nonzero(dense) <= operator.connections


@pytest.mark.parametrize("name", ["kronecker", "monarch", "fourier", "mask"])
def test_scipy_takes_the_operators(name):
    linalg = pytest.importorskip("scipy.sparse.linalg")
    operator = operators(np.random.default_rng(3))[name]
    for wrapped in (linalg.aslinearoperator(operator), operator.aslinearoperator()):
        np.testing.assert_allclose(wrapped @ np.eye(operator.shape[1]), operator.dense())
        np.testing.assert_allclose(wrapped.H @ np.eye(operator.shape[0]), operator.H.dense())


def test_scipy_is_not_imported():
    code = "import sys, freesym.nets.structured; print('scipy.sparse' in sys.modules)"
    assert output_of("-c", code) == "False"


# ------------------------------------------------------------------------------------- sizes


MILLION = 10**6
LARGE = {
    "token mixing": lambda rng: token_mixing(gaussian(rng, 1000, 1000), 1000),
    "channel mixing": lambda rng: channel_mixing(gaussian(rng, 1000, 1000), 1000),
    "kronecker": lambda rng: Kronecker(gaussian(rng, 1000, 1000), gaussian(rng, 1000, 1000)),
    "commutation": lambda rng: CommutationMatrix(1000, 1000),
    "monarch": lambda rng: Monarch(
        gaussian(rng, MILLION // 10, 10, 10), gaussian(rng, MILLION // 10, 10, 10)
    ),
    "mask": lambda rng: StaticMask.random(MILLION, MILLION, 5 / MILLION, rng),
    "butterfly": lambda rng: Butterfly.random(2**20, rng),
}


@pytest.mark.long
@pytest.mark.parametrize("name", LARGE)
def test_a_million_units_need_five_vectors(name):
    operator = LARGE[name](np.random.default_rng(1))
    m = operator.shape[0]
    assert m >= 10**6
    x = np.random.default_rng(2).standard_normal(m)
    operator @ x
    tracemalloc.start()
    y = operator @ x
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    # a mask multiplies every connection, of which it has five per row
    assert peak <= (5 if name != "mask" else 11) * 8 * m + 1e5
    # <y, A x> = <A^T y, x>
    assert y @ y == pytest.approx((operator.T @ y) @ x, rel=1e-10)
    with pytest.raises(UnsupportedOperationError, match="dense form"):
        operator.dense()


# -------------------------------------------------------------------------------------- laws


def test_shared_blocks_are_classically_independent():
    """Second moment 4, not the 3 of free factors; all moments products."""
    mp = fs.MarchenkoPastur()
    assert Kronecker(2, 2).law(mp, mp).moments(3) == [1, 4, 25]
    assert (mp @ mp).moments(3) == [1, 3, 12]
    rng = np.random.default_rng(11)  # seed 11
    v, w = gaussian(rng, 30, 30), gaussian(rng, 30, 30)
    shared = Monarch(Kronecker(30, v), Kronecker(30, w))
    eigenvalues = shared.eigenvalues()
    found = shared.law()
    for k in range(1, 4):
        expected = np.mean(eigenvalues**k)
        assert float(found.moment(k)) == pytest.approx(expected, rel=1e-10)
        assert float(Kronecker(v, w).law().moment(k)) == pytest.approx(expected, rel=1e-10)


def test_classical_and_free_by_exact_integers():
    """``tr (X Y X Y)`` over all permutations of two small diagonal matrices."""
    from itertools import permutations

    x, y = [Fraction(v) for v in (0, 1, 3)], [Fraction(v) for v in (1, 2, 6)]
    n = len(x)
    mixed = [sum((x[i] * y[p[i]]) ** 2 for i in range(n)) / n for p in permutations(range(n))]
    squares = [sum(v * v for v in values) / n for values in (x, y)]
    means = [sum(values) / n for values in (x, y)]
    average = sum(mixed) / len(mixed)
    free = squares[0] * means[1] ** 2 + means[0] ** 2 * squares[1] - (means[0] * means[1]) ** 2
    assert average == squares[0] * squares[1]
    law = fs.classical_product(fs.Discrete(x), fs.Discrete(y))
    assert law.moment(2) == average
    assert (fs.Discrete(x) @ fs.Discrete(y)).moment(2) == free != average


def deviation(operator, law, orders=(2, 3)):
    """The largest relative difference of moments in units of the mean."""
    values = operator.eigenvalues()
    return max(abs(float(law.moment(k)) / np.mean(values**k) - 1) for k in orders)


def test_independent_and_randomly_permuted_blocks_are_free():
    rng = np.random.default_rng(12)  # seed 12
    side = 28
    left, right = gaussian(rng, side, side, side), gaussian(rng, side, side, side)
    monarch = Monarch(left, right)
    assert deviation(monarch, monarch.law()) < 1e-2
    permuted = product(
        RandomPermuted(Kronecker(side, left[0]), rng),
        RandomPermuted(Kronecker(side, right[0]), rng),
    )
    assert deviation(permuted, permuted.law()) < 2e-2
    # one side shared: a bias of about 2/C
    half = Monarch(Kronecker(side, left[0]), right)
    assert deviation(half, half.law(), (2,)) < 4 / side
    mp = fs.MarchenkoPastur()
    assert monarch.law(mp, mp) == mp @ mp
    classical = monarch.law(mp, mp, assume="classical")
    assert deviation(monarch, classical, (2,)) > 0.2


def test_diagonal_blocks_are_not_free():
    rng = np.random.default_rng(13)  # seed 13
    n = 900
    blocks = BlockDiagonal([np.diag(rng.exponential(size=30)) for _ in range(30)])
    diagonal = Diagonal(rng.exponential(size=n))
    commuting = RandomPermuted(blocks, rng) @ diagonal
    assert deviation(commuting, commuting.law()) < 1e-10
    free = commuting.law(assume="free")
    assert deviation(commuting, free, (2,)) > 0.3
    monarch = Monarch(blocks, BlockDiagonal([np.diag(rng.exponential(size=30)) for _ in range(30)]))
    assert deviation(monarch, monarch.law()) < 1e-10
    small = Monarch(blocks, gaussian(rng, 30, 30, 30))
    with pytest.raises(UnsupportedOperationError, match="not delocalised"):
        small.law()
    assert small.law(assume="free").mean() > 0


def second_moment_over_permutations(gram, d):
    """The exact mean of ``tr (G P D P^T)^2`` over uniformly random permutations."""
    n = len(d)
    same, other = np.mean(d * d), (d.sum() ** 2 - d @ d) / (n * (n - 1))
    on = (np.diagonal(gram, axis1=1, axis2=2) ** 2).sum()
    return (on * same + ((gram**2).sum() - on) * other) / n


def test_a_delocalised_side_suffices():
    """Diagonal against Gaussian blocks: the deviation from freeness falls with their size."""
    rng, found = np.random.default_rng(14), []  # seed 14
    for side in (20, 200):
        count = 2000 // side
        entries = rng.uniform(0.5, 1.5, 2000)
        blocks = BlockDiagonal(gaussian(rng, count, side, side))
        mixed = RandomPermuted(blocks, rng) @ Diagonal(entries)
        free = float(mixed.law(assume="free").moment(2))
        gram = np.matmul(blocks.blocks.transpose(0, 2, 1), blocks.blocks)
        found.append(second_moment_over_permutations(gram, entries**2) / free - 1)
    assert mixed.law() == mixed.law(assume="free")
    assert abs(found[1]) < 2e-3 < 5e-3 < abs(found[0])


@pytest.mark.long
def test_rectangular_monarch():
    rng = np.random.default_rng(15)  # seed 15
    monarch = Monarch(gaussian(rng, 60, 20, 40), gaussian(rng, 40, 60, 30))
    assert monarch.shape == (1200, 1200)
    assert deviation(monarch, monarch.law()) < 2e-2
    tall = Monarch(gaussian(rng, 30, 60, 30), gaussian(rng, 30, 30, 30))
    assert tall.shape == (1800, 900)
    assert deviation(tall, tall.law()) < 2e-2
    assert float(tall.law().atoms()[0]) == pytest.approx(0.5)


def test_long_products():
    rng = np.random.default_rng(16)  # seed 16
    parts = [RandomPermuted(BlockDiagonal(gaussian(rng, 16, 40, 40)), rng) for _ in range(3)]
    chain = product(*parts)
    assert deviation(chain, chain.law(), (2,)) < 2e-2
    assert product(Permutation.uniform(5, rng), CommutationMatrix(1, 5)).law() == fs.PointMass(1)


@pytest.mark.long
@pytest.mark.parametrize(("np_", "second"), [(80, 2.034), (8, 2.40)], ids=["80", "8"])
def test_static_masks(np_, second):
    n = 1000
    mask = StaticMask.random(n, n, np_ / n, 17)  # seed 17
    values = mask.eigenvalues()
    measured = np.mean(values**2) / values.mean() ** 2
    assert mask.expected_second_moment() == pytest.approx(2 + 3 / np_, abs=0.03)
    assert measured == pytest.approx(mask.expected_second_moment(), abs=0.02)
    assert measured == pytest.approx(second, abs=0.05)
    if np_ >= 50:
        law = mask.law()
        assert fs.nets.kolmogorov_distance(law, values) < 0.02
        assert mask.singular_values()[0] == pytest.approx(2.039, abs=0.04)
    else:
        with pytest.raises(UnsupportedOperationError, match="connections per row"):
            mask.law()
        assert isinstance(mask.law(force=True), fs.MarchenkoPastur)


def test_masks_have_distinct_connections():
    for p in (0.01, 0.5, 1.0):
        mask = StaticMask.random(50, 40, p, 18)
        places = mask.rows * 40 + mask.columns
        assert len(np.unique(places)) == mask.connections
    assert mask.connections == 2000


def test_diagonal_shares():
    rng = np.random.default_rng(19)
    w = gaussian(rng, 200, 200)
    assert diagonal_share((w.T @ w)[None]) < 0.03
    assert diagonal_share(np.eye(4)[None]) == 0
    assert diagonal_share(np.diag([1.0, 0.0])[None]) == 1


@pytest.mark.parametrize("pair", [
    lambda rng: token_mixing(gaussian(rng, 8, 4), 5) @ channel_mixing(gaussian(rng, 6, 5), 4),
    lambda rng: token_mixing(gaussian(rng, 4, 4), 3) @ token_mixing(gaussian(rng, 4, 3), 3),
    lambda rng: BlockDiagonal(rng.standard_normal((5, 3, 4)))
    @ BlockDiagonal(rng.standard_normal((5, 4, 2))) @ CommutationMatrix(5, 2),
])  # fmt: skip
def test_neighbours_are_joined(pair):
    """Mixed products of Kronecker products, and blocks on blocks."""
    operator = pair(np.random.default_rng(25))
    values, law = operator.eigenvalues(), operator.law()
    expected = [np.mean(values**k) for k in (1, 2, 3)]
    assert [float(m) for m in law.moments(3)] == pytest.approx(expected, rel=1e-10)


@pytest.mark.long
@pytest.mark.parametrize(("v", "w"), [((3, 3), (4, 4)), ((5, 3), (4, 2))])
def test_singular_values_of_shared_monarchs(v, w):
    rng = np.random.default_rng(26)
    monarch = Monarch(Kronecker(w[0], gaussian(rng, *v)), Kronecker(v[1], gaussian(rng, *w)))
    expected = np.linalg.svd(monarch.dense(), compute_uv=False)
    np.testing.assert_allclose(monarch.singular_values(), expected, atol=1e-12)
    large = Monarch(Kronecker(1000, 2 * np.eye(1000)), Kronecker(1000, np.eye(1000)))
    assert large.singular_values()[[0, -1]].tolist() == [2, 2]


@pytest.mark.long
def test_masks_multiply_in_any_order_of_their_entries():
    """Sorted by rows or not, complex ones too; ``.T`` sees weights that are trained in place."""
    rng = np.random.default_rng(27)
    mask = StaticMask.random(500, 600, 0.6, rng)
    x = rng.standard_normal(600)
    np.testing.assert_allclose(mask @ x, mask.dense() @ x, atol=1e-12)
    turned = StaticMask.from_entries((600, 500), mask.columns, mask.rows, 1j * mask.entries)
    y = rng.standard_normal(500)
    np.testing.assert_allclose(turned @ y, turned.dense() @ y, atol=1e-12)
    transposed = mask.T
    mask.entries[:] *= 2
    np.testing.assert_allclose(transposed @ y, mask.dense().T @ y, atol=1e-12)


@pytest.mark.parametrize("kind", ["f2", "f4", ">f8", "g", "i1", "?", "c8", ">c16"])
def test_masks_multiply_any_type(kind):
    """Weights and vectors of every type, strided too, give double precision."""
    rng = np.random.default_rng(28)
    weights, mask = 4 * rng.standard_normal((5, 7)), rng.random((5, 7)) < 0.4
    x = (4 * rng.standard_normal((7, 6))).astype(kind)
    expected = (weights * mask) @ x.astype(complex)
    found = StaticMask(weights, mask) @ x[:, ::2]
    assert found.dtype == (np.complex128 if np.iscomplexobj(x) else np.float64)
    np.testing.assert_allclose(found, expected[:, ::2], atol=1e-6)
    whole = weights.astype(kind)
    operator = StaticMask(whole, mask)
    np.testing.assert_allclose(operator.dense(), whole.astype(complex) * mask, rtol=1e-6)


def test_masks_without_connections():
    rng = np.random.default_rng(29)
    for mask in (
        StaticMask(rng.standard_normal((3, 4)), np.zeros((3, 4))),
        StaticMask.from_entries((3, 4), [], [], []),
        StaticMask.random(3, 4, 1e-9, rng),
    ):
        assert not (mask @ np.ones(4)).any() and not (mask.T @ np.ones(3)).any()
        assert not mask.singular_values().any() and mask.law() == fs.PointMass(0)
        with pytest.raises(fs.InvalidLawError, match="vanish"):
            mask.expected_second_moment()


@pytest.mark.parametrize("name", sorted(operators(np.random.default_rng(0))))
def test_batches_of_no_vectors(name):
    operator = operators(np.random.default_rng(0))[name]
    assert (operator @ np.zeros((operator.shape[1], 0))).shape == (operator.shape[0], 0)


def test_unitary_butterflies():
    assert Butterfly.fourier(256).law() == fs.PointMass(256.0)
    assert Butterfly.fourier(256, unitary=True).law() == fs.PointMass(1.0)
    assert Butterfly.random(64, 1, orthogonal=True).law() == fs.PointMass(1.0)
    assert isinstance(Butterfly.random(8, 0).law(), fs.Empirical)
    half = ButterflyFactor([[[[1.0], [1.0]], [[1.0], [1.0]]]])
    assert half.unitary_square is None


# --------------------------------------------------------------------------------- bad input

EYE = np.eye(2)
BAD = {
    "commutation of nothing": lambda: CommutationMatrix(0, 3),
    "commutation of halves": lambda: CommutationMatrix(1.5, 3),
    "no permutation": lambda: Permutation([0, 0]),
    "permutation of text": lambda: Permutation(["a"]),
    "kronecker of vectors": lambda: Kronecker([1.0], EYE),
    "kronecker of nan": lambda: Kronecker([[np.nan]], EYE),
    "kronecker of text": lambda: Kronecker([["a"]], EYE),
    "kronecker of nothing": lambda: Kronecker(0, EYE),
    "no channels": lambda: token_mixing(EYE, 0),
    "ragged blocks": lambda: BlockDiagonal([[[1.0]], [[1.0, 2.0]]]),
    "a matrix of blocks": lambda: BlockDiagonal(EYE),
    "mismatched product": lambda: Kronecker(2, EYE) @ CommutationMatrix(2, 3),
    "mismatched vector": lambda: CommutationMatrix(2, 2) @ np.ones(3),
    "mismatched matrix": lambda: CommutationMatrix(2, 2) @ np.ones((3, 2)),
    "text": lambda: CommutationMatrix(2, 2) @ "abcd",
    "mismatched monarch": lambda: Monarch(np.ones((2, 3, 3)), np.ones((2, 2, 2))),
    "monarch of a full kronecker": lambda: Monarch(Kronecker(EYE, EYE), Kronecker(2, EYE)),
    "ragged monarch": lambda: Monarch(np.ones((1, 3, 4)), np.ones((2, 2, 2))),
    "permuted array": lambda: RandomPermuted(EYE),
    "butterfly of three": lambda: Butterfly.fourier(3),
    "butterfly of one": lambda: Butterfly.fourier(1),
    "no factors": lambda: Butterfly(()),
    "three by three": lambda: ButterflyFactor(np.ones((1, 3, 3, 1))),
    "no mask": lambda: StaticMask(EYE, 2 * EYE),
    "mask of another shape": lambda: StaticMask(EYE, np.ones((2, 3))),
    "no connections": lambda: StaticMask.random(3, 3, 0),
    "too many connections": lambda: StaticMask.random(10**6, 10**6, 0.5),
    "entries outside": lambda: StaticMask.from_entries((2, 2), [0], [2], [1.0]),
    "a mask of one side": lambda: StaticMask.from_entries((2,), [0], [0], [1.0]),
    "a mask of no rows": lambda: StaticMask.from_entries((0, 2), [], [], []),
    "wrong assumption": lambda: Monarch(EYE[None], EYE[None]).law(assume="maybe"),
    "law of a butterfly": Butterfly.random(8192, 0).law,
    "law of anything": (StaticMask(EYE, EYE) @ Kronecker(2, 1)).law,
    "partly shared blocks": lambda: Monarch(
        np.repeat(np.random.default_rng(0).standard_normal((5, 10, 10)), 2, axis=0),
        np.repeat(np.random.default_rng(1).standard_normal((5, 10, 10)), 2, axis=0),
    ).law(),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD)
def test_bad_input(name):
    with pytest.raises(FreesymError) as caught:
        BAD[name]()
    message = str(caught.value)
    assert message
    assert "\n" not in message
