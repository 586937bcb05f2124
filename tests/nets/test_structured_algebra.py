"""Sums and multiples of structured operators, and products that only look free."""

from __future__ import annotations

from fractions import Fraction
from itertools import product as pairs

import numpy as np
import pytest

import freesym as fs
from freesym.errors import FreesymError, InvalidLawError, UnsupportedOperationError
from freesym.nets.structured import (
    BlockDiagonal,
    Butterfly,
    CommutationMatrix,
    Diagonal,
    Kronecker,
    Monarch,
    Permutation,
    RandomPermuted,
    Scaled,
    StaticMask,
    Sum,
    product,
    token_mixing,
)

SIDE = 24


def gaussian(rng, *shape):
    """Blocks whose columns have mean square 1."""
    return rng.standard_normal(shape) / np.sqrt(shape[-1])


def integers(rng, *shape):
    return rng.integers(-4, 5, shape).astype(float)


def test_operators_fit_with_each_other():
    """Products of all square operators of one size."""
    rng = np.random.default_rng(20)
    square = [
        Kronecker(2, integers(rng, 3, 3)), Diagonal(integers(rng, 6)), CommutationMatrix(2, 3),
        Permutation.uniform(6, rng), BlockDiagonal(integers(rng, 3, 2, 2)),
        Monarch(integers(rng, 2, 3, 3), integers(rng, 3, 2, 2)),
    ]  # fmt: skip
    for a, b in pairs(square, square):
        np.testing.assert_allclose((a @ b).dense(), a.dense() @ b.dense(), atol=1e-12)


# ------------------------------------------------------------------------- sums and multiples


def pair(rng):
    """Two operators of one shape, one of them complex."""
    return Kronecker(rng.standard_normal((2, 4)), rng.standard_normal((4, 2))), Kronecker(
        4, rng.standard_normal((2, 2)) + 1j
    )


def test_sums_and_multiples_are_those_of_matrices():
    rng = np.random.default_rng(5)  # seed 5
    a, b = pair(rng)
    da, db, x = a.dense(), b.dense(), rng.standard_normal((8, 3))
    cases = {
        "2 * A": (2 * a, 2 * da),
        "A * 2j": (a * 2j, 2j * da),
        "A / 4": (a / 4, da / 4),
        "-A": (-a, -da),
        "A + B": (a + b, da + db),
        "A - 2 * B": (a - 2 * b, da - 2 * db),
        "A + B + A": (a + b + a, 2 * da + db),
        "A @ B": (a @ b, da @ db),
        "A @ (2 * B)": (a @ (2 * b), 2 * da @ db),
        "(A + B) @ B": ((a + b) @ b, (da + db) @ db),
        "B ** 3": (b**3, db @ db @ db),
        "NumPy's scalar": (np.float64(3) * a, 3 * da),
        "a fraction": (Fraction(1, 2) * a, da / 2),
    }
    for name, (operator, dense) in cases.items():
        close = {"rtol": 1e-12, "atol": 1e-12, "err_msg": name}
        np.testing.assert_allclose(operator @ x, dense @ x, **close)
        np.testing.assert_allclose(operator.T.dense(), dense.T, **close)
        np.testing.assert_allclose(operator.adjoint().dense(), dense.conj().T, **close)
        np.testing.assert_allclose(operator.rmatmat(x), dense.conj().T @ x, **close)
        singular = np.linalg.svd(dense, compute_uv=False)
        np.testing.assert_allclose(operator.singular_values(), singular, atol=1e-10)
        assert operator.dense().dtype == operator.dtype
    assert isinstance(a @ (2 * b), Scaled)
    assert isinstance(a + b + a, Sum)
    assert len((a + b + a).operators) == 3
    assert (a + b).connections <= a.size
    np.testing.assert_array_equal(a.transpose().dense(), a.T.dense())


def test_laws_of_multiples_and_sums():
    rng = np.random.default_rng(6)  # seed 6
    kronecker = Kronecker(rng.standard_normal((3, 3)), rng.standard_normal((2, 2)))
    for operator in (-3 * kronecker, kronecker + 2 * kronecker, kronecker @ (2 * kronecker)):
        values = operator.eigenvalues()
        assert float(operator.law().mean()) == pytest.approx(values.mean(), rel=1e-12)
        assert float(operator.law().moment(2)) == pytest.approx((values**2).mean(), rel=1e-12)
    assert (0 * kronecker).law() == fs.PointMass(0)
    assert (3 * CommutationMatrix(2, 3)).law() == fs.PointMass(9.0)
    mp = fs.MarchenkoPastur()
    assert (2 * kronecker).law(mp, mp).moments(2) == [4, 64]


def test_scipy_combines_with_the_operators():
    linalg = pytest.importorskip("scipy.sparse.linalg")
    operator = token_mixing(np.array([[2.0, 1.0], [0.0, 3.0]]), 3)
    identity = linalg.aslinearoperator(np.eye(6))
    x = np.arange(6.0)
    np.testing.assert_allclose((operator @ identity) @ x, operator @ x)
    np.testing.assert_allclose((operator.aslinearoperator() + identity) @ x, operator @ x + x)
    found, *_ = linalg.gmres(operator, operator @ x, rtol=1e-12)
    np.testing.assert_allclose(found, x, atol=1e-9)
    top = linalg.svds(operator, 1, return_singular_vectors=False, rng=0)
    assert top[0] == pytest.approx(operator.singular_values()[0])


def test_results_share_no_memory_with_arguments():
    for operator in (CommutationMatrix(1, 6), Kronecker(2, 3), Kronecker(2, 3) ** 2):
        for x in (np.arange(6.0), np.arange(6.0)[:, None]):
            y = operator @ x
            y[0] = 9
            assert x.ravel()[0] == 0


KRONECKER = Kronecker(2, np.ones((2, 3)))
BAD = {
    "times an array": (lambda: KRONECKER * np.ones(6), "write A @ B"),
    "an array times": (lambda: np.ones(4) * KRONECKER, "write A @ B"),
    "times an operator": (lambda: KRONECKER * KRONECKER, "write A @ B"),
    "times a word": (lambda: KRONECKER * "2", "not defined"),
    "times a truth value": (lambda: True * KRONECKER, "not defined"),
    "times NaN": (lambda: float("nan") * KRONECKER, "not finite"),
    "over 0": (lambda: KRONECKER / 0, "not finite"),
    "over an array": (lambda: KRONECKER / np.ones(2), "not defined"),
    "plus a number": (lambda: KRONECKER + 1, "no structured operator"),
    "plus an array": (lambda: np.ones((4, 6)) + KRONECKER, "dense"),
    "shapes of sums": (lambda: KRONECKER + KRONECKER.T, "have no sum"),
    "no summand": (lambda: Sum(()), "have no sum"),
    "power of an oblong": (lambda: KRONECKER**2, "have no product"),
    "half a power": (lambda: CommutationMatrix(2, 2) ** 0.5, "integer"),
    "no factor": (product, "at least one"),
    "multiples in a Monarch": (lambda: Monarch(2 * KRONECKER, KRONECKER), "not block-diagonal"),
    "negative sigma": (lambda: StaticMask.random(3, 3, 0.5, sigma=-1), "must be positive"),
    "sigma of 0": (lambda: StaticMask.random(3, 3, 0.5, sigma=0), "must be positive"),
    "sigma in words": (lambda: StaticMask.random(3, 3, 0.5, sigma="one"), "is a str"),
    "p above 1": (lambda: StaticMask.random(3, 3, 1.5), "a probability"),
    "p as truth": (lambda: StaticMask.random(3, 3, True), "truth value"),
    "a connection twice": (
        lambda: StaticMask.from_entries((2, 2), [1, 0, 1], [1, 0, 1], np.ones(3)),
        "row 1 and column 1 is given twice",
    ),
    "butterflies of nothing": (lambda: Butterfly(None), "sequence"),
    "a list as permutation": (lambda: Butterfly([np.ones((1, 2, 2, 1))], [1, 0]), "Permutation"),
    "butterflies of size 1": (lambda: Butterfly.random(1), "at least 2"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_input(name):
    run, words = BAD[name]
    with pytest.raises(FreesymError, match=words):
        run()


# ------------------------------------------------------------------ products that look free


def test_operators_against_their_transposes_are_not_free():
    """The permutations between them cancel, so that the law is that of squares."""
    rng = np.random.default_rng(7)  # seed 7
    permuted = RandomPermuted(Kronecker(SIDE, gaussian(rng, SIDE, SIDE)), rng)
    for operator in (permuted.T @ permuted, permuted @ permuted.T):
        values = operator.eigenvalues()
        for k in (1, 2):
            assert float(operator.law().moment(k)) == pytest.approx((values**k).mean(), rel=1e-9)
    # of two uses of one operator that do not cancel the law is that of free factors
    values = (permuted @ permuted).eigenvalues()
    assert float((permuted @ permuted).law().moment(2)) == pytest.approx(
        (values**2).mean(), rel=0.05
    )


@pytest.mark.parametrize("spread", [1e-6, 0.3])
def test_blocks_that_are_alike_are_not_free(spread):
    rng = np.random.default_rng(8)  # seed 8
    left, right = (
        gaussian(rng, SIDE, SIDE) + spread * gaussian(rng, SIDE, SIDE, SIDE) for _ in range(2)
    )
    monarch = Monarch(left, right)
    with pytest.raises(UnsupportedOperationError, match="mixed moment"):
        monarch.law()
    free = float(monarch.law(assume="free").moment(2))
    assert (monarch.eigenvalues() ** 2).mean() > 1.2 * free
    # one side is enough
    Monarch(left, gaussian(rng, SIDE, SIDE, SIDE)).law()


def test_factors_that_recur_in_long_products_are_not_free():
    rng = np.random.default_rng(9)  # seed 9
    outer = BlockDiagonal(gaussian(rng, SIDE, SIDE, SIDE))
    inner = BlockDiagonal(gaussian(rng, SIDE, SIDE, SIDE) + 0.8 * np.eye(SIDE))
    permutation = Permutation.uniform(SIDE * SIDE, rng)
    with pytest.raises(UnsupportedOperationError, match="recur"):
        (outer.T @ permutation.T @ inner @ permutation @ outer).law()
    other = Permutation.uniform(SIDE * SIDE, rng)
    fresh = BlockDiagonal(gaussian(rng, SIDE, SIDE, SIDE))
    operator = fresh @ other @ inner @ permutation @ outer
    values = operator.eigenvalues()
    assert float(operator.law().moment(2)) == pytest.approx((values**2).mean(), rel=0.05)


def test_permutations_that_are_no_random_ones():
    rng = np.random.default_rng(10)  # seed 10
    blocks = BlockDiagonal(gaussian(rng, SIDE, SIDE, SIDE))
    square = BlockDiagonal(np.matmul(blocks.blocks, blocks.T.blocks))
    whole = square @ Permutation(np.arange(SIDE * SIDE), random=True) @ square
    assert float(whole.law().mean()) == pytest.approx(whole.eigenvalues().mean(), rel=1e-9)
    nearly = np.arange(SIDE * SIDE)
    nearly[:2] = 1, 0
    with pytest.raises(UnsupportedOperationError, match="mixed moment"):
        (square @ Permutation(nearly, random=True) @ square).law()


MASKED = {
    "of rank one": lambda rng: np.ones((100, 100)),
    "with a mean": lambda rng: rng.standard_normal((200, 200)) + 0.4,
    "of unlike rows": lambda rng: rng.standard_normal((200, 200)) * np.repeat([1, 4], 100)[:, None],
}


@pytest.mark.parametrize("name", MASKED)
def test_weights_that_are_not_marchenko_pastur(name):
    weights = MASKED[name](np.random.default_rng(11))  # seed 11
    mask = StaticMask(weights, np.ones(weights.shape))
    with pytest.raises(UnsupportedOperationError, match="not independent and alike"):
        mask.law()
    assert mask.law(force=True).mean() == pytest.approx(mask.eigenvalues().mean())


def test_diagonals_in_multiples():
    diagonal = Diagonal([1.0, -2.0])
    assert (diagonal + diagonal).law() == fs.Empirical([4.0, 16.0])
    with pytest.raises(InvalidLawError, match="have no sum"):
        diagonal + Diagonal([1.0])
