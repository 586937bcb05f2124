"""Which convolution the law of a product of structured matrices is.

For ``A P B`` with block-diagonal ``A`` and ``B`` and a permutation ``P`` between them:

- blocks shared on both sides, across a commutation matrix: a Kronecker product, so that the
  law is the *classical* multiplicative convolution;
- independent blocks, or a random permutation, with delocalised blocks on one side: *free*;
- diagonal Gram matrices on both sides: they commute, and a random permutation does not make
  them free (their traffic independence, Male 2020, is classical independence here);
- anything between is refused: no theorem says what the law is.

The second moment tells the cases apart.  For a uniformly random permutation the mixed moment
``tr(X Y X Y)`` of the centred Gram matrices ``X = A^T A``, ``Y = B B^T`` tends to the product of
the variances of their diagonals, which freeness wants to be 0 and commutation wants to be
``tr(X^2) tr(Y^2)``: what counts is the share of the diagonals in ``tr(X^2)`` and ``tr(Y^2)``.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from typing import Any

import numpy as np

from freesym.errors import InvalidLawError, UnsupportedOperationError
from freesym.law import Law
from freesym.laws import Empirical, PointMass
from freesym.nets.structured.blocks import BlockDiagonal, BlockOperator, Kronecker
from freesym.nets.structured.mixing import is_identity, require_free, require_moments
from freesym.nets.structured.operator import Array, StructuredOperator, flattened, product
from freesym.nets.structured.permutations import (
    CommutationMatrix,
    Permutation,
    PermutationOperator,
)
from freesym.operations import classical_product
from freesym.parameters import exact_quotient, short

#: The largest product of diagonal shares at which a product counts as free; a few percent of
#: ``tr(X^2) tr(Y^2)`` is what blocks of size 100 miss anyway.
LARGEST_SHARE = 0.02
_CONSTANT = 1e-20
ASSUMPTIONS = ("free", "classical")


def grams(operator: BlockOperator, side: str) -> Array:
    """The blocks of ``A^T A`` (side ``"right"``) or ``A A^T`` (``"left"``)."""
    blocks = operator.distinct
    adjoint = blocks.conj().transpose(0, 2, 1)
    pair = (adjoint, blocks) if side == "right" else (blocks, adjoint)
    return np.asarray(np.matmul(*pair))


def diagonal_share(gram: Array) -> float:
    """The part of the variance of a block-diagonal Gram matrix that lies on its diagonal.

    The larger value for the matrix and for its square; 0 for a multiple of the identity, 1 for
    a diagonal matrix, about ``2/k`` for a Gaussian block of size ``k``.

    Examples
    --------
    >>> diagonal_share(np.diag([1.0, 2.0, 3.0])[None])
    1.0
    >>> diagonal_share(np.array([[[1.0, 0.5], [0.5, 1.0]]]))
    0.0
    """
    return max(_share(gram), _share(np.matmul(gram, gram)))


def _share(gram: Array) -> float:
    diagonals = np.diagonal(gram, axis1=1, axis2=2).real
    mean = diagonals.mean()
    on = float(((diagonals - mean) ** 2).sum())
    off = float((np.abs(gram) ** 2).sum() - (diagonals**2).sum())
    total = on + max(off, 0.0)
    scale = float((diagonals**2).sum())
    return 0.0 if total <= _CONSTANT * scale else on / total


def gram_law(gram: Array) -> Law:
    """The measured law of the eigenvalues of blocks."""
    values = np.linalg.eigvalsh(gram).ravel()
    top = float(np.abs(values).max())
    return Empirical(np.where(np.abs(values) <= 1e-14 * len(gram[0]) * top, 0.0, values))


def product_law(
    left: BlockOperator,
    junction: PermutationOperator,
    right: BlockOperator,
    laws: tuple[Law | None, Law | None] = (None, None),
    assume: str | None = None,
) -> Law:
    """The law of ``A A^T`` for ``A = left junction right``.

    Parameters
    ----------
    left, right : BlockOperator
    junction : CommutationMatrix or Permutation
        What stands between them.
    laws : pair of Law, optional
        Limit laws of ``left^T left`` and ``right right^T`` in place of the measured spectra.
    assume : {"free", "classical"}, optional
        Decides where the blocks do not.

    Returns
    -------
    Law

    Raises
    ------
    UnsupportedOperationError
        If the factors are neither free nor classically independent.
    """
    if assume is not None and assume not in ASSUMPTIONS:
        raise InvalidLawError(f"assume = {short(assume)} must be 'free' or 'classical'")
    first, second = grams(left, "right"), grams(right, "left")
    kind = assume or _checked_kind(left, junction, right, first, second)
    if kind == "diagonal":
        if laws == (None, None):
            return _commuting_law(left, junction, right, first, second)
        kind = "classical"
    found = [law or gram_law(gram) for law, gram in zip(laws, (first, second), strict=True)]
    whole = found[0] @ found[1] if kind == "free" else classical_product(*found)
    rows, inner = left.shape
    return whole if rows == inner else whole.reshape(exact_quotient(inner, rows))


def _checked_kind(
    left: BlockOperator, junction: StructuredOperator, right: BlockOperator, x: Array, y: Array
) -> str:
    """What the structure says, and the mixed moments where it says that the factors are free."""
    a, b = diagonal_share(x), diagonal_share(y)
    kind = _kind(left, junction, right, a, b)
    if kind == "free" and a * b > 0:
        require_free(left, junction, right, (x, y))
    return kind


def _kind(
    left: BlockOperator, junction: StructuredOperator, right: BlockOperator, a: float, b: float
) -> str:
    if a == 0 or b == 0:
        return "free"
    across = isinstance(junction, CommutationMatrix)
    if across and left.is_shared and right.is_shared and _fits(left, junction, right):
        return "classical"
    if a == 1 and b == 1:
        return "diagonal"
    if not (across or (isinstance(junction, Permutation) and junction.random)):
        raise UnsupportedOperationError(
            "nothing is known about the permutation between the blocks; use a CommutationMatrix "
            "or Permutation.uniform, or choose with assume='free' or assume='classical'"
        )
    if across and not (_is_independent(left) or _is_independent(right)):
        raise UnsupportedOperationError(
            "some blocks are repeated and others not, so that the factors are neither free nor "
            "independent; give distinct blocks, or choose with assume='free'"
        )
    if a * b <= LARGEST_SHARE:
        return "free"
    raise UnsupportedOperationError(
        f"the blocks are not delocalised: {a:.3g} and {b:.3g} of the variance of their Gram "
        "matrices lies on the diagonal, so that the factors are neither free nor independent "
        "(permutations do not make diagonal matrices free); use denser or larger blocks, or choose "
        "with assume='free' or assume='classical'"
    )


def _fits(left: BlockOperator, junction: StructuredOperator, right: BlockOperator) -> bool:
    """Whether the commutation matrix takes every block of one side across all of the other."""
    assert isinstance(junction, CommutationMatrix)
    shape = right.block_array.shape[1], left.block_array.shape[2]
    return shape == (junction.S, junction.C)


def _is_independent(operator: BlockOperator) -> bool:
    """Whether no block is repeated."""
    blocks = operator.block_array
    if len(blocks) == 1:
        return True
    if operator.is_shared:
        return False
    return len({block.tobytes() for block in blocks}) == len(blocks)


def _commuting_law(
    left: BlockOperator, junction: StructuredOperator, right: BlockOperator, a: Array, b: Array
) -> Law:
    """The exact law where both Gram matrices are diagonal."""
    first, second = (
        np.broadcast_to(np.diagonal(g, axis1=1, axis2=2).real, (count, g.shape[1])).ravel()
        for g, count in ((a, len(left.block_array)), (b, len(right.block_array)))
    )
    law = Empirical(np.asarray(first * junction.matvec(second), dtype=np.float64))
    rows, inner = left.shape
    return law if rows == inner else law.reshape(exact_quotient(inner, rows))


def chain_law(factors: Sequence[StructuredOperator], assume: str | None = None) -> Law:
    """The law of ``A A^T`` for a product of block-diagonal matrices and permutations.

    A chain of more than two blocks must be free at every junction; permutations at both ends
    change no singular value.
    """
    chain = _without_outer_permutations(_merged(flattened(factors)))
    if not chain:
        return PointMass(1)
    blocks, junctions = chain[::2], chain[1::2]
    regular = all(isinstance(b, BlockOperator) for b in blocks)
    if not regular or not all(isinstance(p, PermutationOperator) for p in junctions):
        raise UnsupportedOperationError(
            "only products that alternate between block-diagonal matrices and permutations have a "
            "known law; use Empirical(operator.eigenvalues()) for small sizes"
        )
    if len(blocks) == 1:
        return blocks[0].law()
    if len(blocks) == 2:
        return product_law(blocks[0], junctions[0], blocks[1], assume=assume)  # type: ignore[arg-type]
    return _long_chain_law(blocks, junctions, assume)


def _merged(chain: Sequence[StructuredOperator]) -> list[StructuredOperator]:
    """Neighbours as one operator where they can be, without permutations that move nothing."""
    found: list[StructuredOperator] = []
    for operator in chain:
        _push(found, operator)
    return found


def _push(found: list[StructuredOperator], operator: StructuredOperator) -> None:
    """Add an operator to a chain, joined with those before it as long as that is possible."""
    joined = _joined(found[-1] if found else None, operator)
    if joined is not None:
        del found[-1]
        _push(found, joined)
    elif not (isinstance(operator, PermutationOperator) and is_identity(operator)):
        found.append(operator)


def _joined(left: Any, right: StructuredOperator) -> StructuredOperator | None:
    """Neighbours as one operator: permutations, Kronecker products that fit, blocks on blocks.

    A product of permutations is random if one of them is.
    """
    if isinstance(left, PermutationOperator) and isinstance(right, PermutationOperator):
        indices = left.matvec(right.matvec(np.arange(right.shape[0]))).astype(np.int64)
        random = any(isinstance(p, Permutation) and p.random for p in (left, right))
        return Permutation(indices, random)
    if isinstance(left, Kronecker) and isinstance(right, Kronecker):
        factors = [_factor_product(a, b) for a, b in ((left.V, right.V), (left.W, right.W))]
        return None if any(f is None for f in factors) else Kronecker(*factors)
    if isinstance(left, BlockDiagonal) and isinstance(right, BlockDiagonal):
        a, b = left.blocks, right.blocks
        if len(a) == len(b) and a.shape[2] == b.shape[1]:
            return BlockDiagonal(np.matmul(a, b))
    return None


def _factor_product(a: Any, b: Any) -> Any:
    """The product of factors of Kronecker products, of which whole numbers are identities."""
    columns = a if isinstance(a, int) else a.shape[1]
    if columns != (b if isinstance(b, int) else b.shape[0]):
        return None
    return b if isinstance(a, int) else a if isinstance(b, int) else a @ b


def _without_outer_permutations(chain: list[StructuredOperator]) -> list[StructuredOperator]:
    while chain and isinstance(chain[0], PermutationOperator):
        chain = chain[1:]
    while chain and isinstance(chain[-1], PermutationOperator):
        chain = chain[:-1]
    return chain


def _long_chain_law(
    blocks: Sequence[Any], junctions: Sequence[StructuredOperator], assume: str | None
) -> Law:
    if any(b.shape[0] != b.shape[1] for b in blocks):
        raise UnsupportedOperationError("long products need square blocks")
    if assume is None:
        for left, junction, right in zip(blocks[:-1], junctions, blocks[1:], strict=True):
            pair = grams(left, "right"), grams(right, "left")
            if _checked_kind(left, junction, right, *pair) != "free":
                raise UnsupportedOperationError(
                    "two neighbours in a long product are not free; choose with assume="
                )
    join = classical_product if assume == "classical" else _free
    law = reduce(join, [gram_law(grams(b, "right")) for b in blocks])
    if assume is None:
        pairs = zip(blocks, junctions, strict=False)
        require_moments(product(*(f for pair in pairs for f in pair), blocks[-1]), law)
    return law


def _free(a: Law, b: Law) -> Law:
    return a @ b
