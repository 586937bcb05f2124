"""Monarch matrices and randomly permuted operators."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from freesym.errors import InvalidLawError, UnsupportedOperationError
from freesym.law import Law
from freesym.nets.structured.blocks import BlockDiagonal, BlockOperator, Kronecker
from freesym.nets.structured.freeness import product_law
from freesym.nets.structured.operator import Product, StructuredOperator
from freesym.nets.structured.permutations import CommutationMatrix, Permutation
from freesym.parameters import as_generator


def _as_blocks(value: Any, name: str) -> BlockOperator:
    if isinstance(value, Kronecker):
        if not isinstance(value.V, int):
            raise InvalidLawError(f"{name} = {value!r} is not block-diagonal")
        return value
    if isinstance(value, StructuredOperator) and not isinstance(value, BlockOperator):
        raise InvalidLawError(f"{name} = {value!r} is not block-diagonal; give its blocks")
    return value if isinstance(value, BlockOperator) else BlockDiagonal(value)


class Monarch(Product):
    """``J^T L J R`` with block-diagonal ``L`` and ``R`` (Dao et al. 2022).

    ``R`` acts on the columns of a matrix of shape ``(S, C)``, ``L`` on its rows: ``C`` blocks of
    ``S`` rows and ``S`` blocks of ``C`` columns.  Smaller blocks in ``L`` act on parts of the rows.

    Parameters
    ----------
    L, R : BlockOperator or array_like of shape (count, rows, columns)
        As many columns in ``L`` as rows in ``R``.

    Notes
    -----
    With one block ``V^T`` shared by ``L`` and one block ``W`` shared by ``R`` this is the Kronecker
    product ``V^T (x) W``, whose law is a classical convolution; with independent delocalised blocks
    the two factors are asymptotically free.  The bias of a finite size is about ``2/C`` of the
    second moment when one side is shared.

    Examples
    --------
    >>> from freesym.nets.structured import Kronecker
    >>> v, w = np.array([[1.0, 2.0], [0.0, 1.0]]), np.array([[3.0, 0.0], [1.0, 1.0]])
    >>> shared = Monarch(Kronecker(2, v), Kronecker(2, w))
    >>> bool((shared.dense() == np.kron(v, w)).all())
    True
    """

    L: BlockOperator
    R: BlockOperator

    def __init__(self, L: Any, R: Any) -> None:
        left, right = _as_blocks(L, "L"), _as_blocks(R, "R")
        if left.shape[1] != right.shape[0]:
            raise InvalidLawError(
                f"L takes {left.shape[1]} numbers and R gives {right.shape[0]}; they must agree"
            )
        count, rows, _ = right.block_array.shape
        outer = left.shape[0]
        if outer % rows:
            raise InvalidLawError(
                f"L gives {outer} numbers, which do not fill rows of length {rows}, R's block rows"
            )
        object.__setattr__(self, "L", left)
        object.__setattr__(self, "R", right)
        forward, back = CommutationMatrix(rows, count), CommutationMatrix(outer // rows, rows)
        super().__init__((back, left, forward, right))

    def _kronecker(self) -> Kronecker | None:
        """``V^T (x) W`` for shared blocks that fill rows and columns."""
        whole = len(self.L.block_array) == self.R.block_array.shape[1]
        if not (whole and self.L.is_shared and self.R.is_shared):
            return None
        return Kronecker(self.L.distinct[0], self.R.distinct[0])

    def singular_values(self) -> NDArray[np.float64]:
        """Products of those of the blocks if they are shared; else of the dense form."""
        kronecker = self._kronecker()
        return super().singular_values() if kronecker is None else kronecker.singular_values()

    def law(
        self,
        left: Law | None = None,
        right: Law | None = None,
        *,
        assume: str | None = None,
    ) -> Law:
        """The law of ``A A^T``.

        Parameters
        ----------
        left, right : Law, optional
            Limit laws of ``L^T L`` and ``R R^T``, such as ``MarchenkoPastur()`` for Gaussian
            blocks of variance 1/columns, in place of the measured spectra.
        assume : {"free", "classical"}, optional
            Decides where the blocks do not; see :mod:`freesym.nets.structured.freeness`.
        """
        return product_law(self.L, self.factors[2], self.R, (left, right), assume)  # type: ignore[arg-type]


class RandomPermuted(Product):
    """``J_1 A J_2`` with independent uniformly distributed permutations.

    Parameters
    ----------
    operator : StructuredOperator
    rng : seed or Generator, optional
        For the two permutations.

    Notes
    -----
    A single permuted operator keeps its singular values.  Products of them are free where the
    blocks are delocalised, and classically independent where they are diagonal.

    Examples
    --------
    >>> from freesym.nets.structured import Diagonal
    >>> RandomPermuted(Diagonal([1.0, 2.0, 3.0]), rng=0).singular_values()
    array([3., 2., 1.])
    """

    operator: StructuredOperator

    def __init__(self, operator: StructuredOperator, rng: Any = None) -> None:
        if not isinstance(operator, StructuredOperator):
            raise UnsupportedOperationError(
                f"RandomPermuted takes a structured operator, not {type(operator).__name__}; "
                "BlockDiagonal([matrix]) is one"
            )
        generator = as_generator(rng)
        outer, inner = (Permutation.uniform(n, generator) for n in operator.shape)
        object.__setattr__(self, "operator", operator)
        super().__init__((outer, operator, inner))

    @property
    def connections(self) -> int:
        """Those of ``A``."""
        return self.operator.connections

    def singular_values(self) -> NDArray[np.float64]:
        """Those of ``A``."""
        return self.operator.singular_values()

    def law(self, *, assume: str | None = None) -> Law:
        """That of ``A``."""
        return self.operator.law()
