"""Block-diagonal and Kronecker matrices, the mixing layers of an MLP-Mixer among them."""

from __future__ import annotations

import math
from abc import abstractmethod
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from freesym.errors import UnsupportedOperationError
from freesym.law import Law
from freesym.laws import Empirical, PointMass
from freesym.nets.structured.operator import (
    MAX_SIZE,
    Array,
    Shape,
    StructuredOperator,
    finite_array,
    padded_squares,
)
from freesym.operations import classical_product
from freesym.parameters import as_count

_SMALL_BLOCK = 24
_MOST_EIGENVALUES = 5_000_000


class BlockOperator(StructuredOperator):
    """A block-diagonal matrix with ``count`` blocks of one shape."""

    @property
    @abstractmethod
    def block_array(self) -> Array:
        """The blocks, of shape ``(count, rows, columns)``; a shared one is broadcast."""

    @property
    @abstractmethod
    def is_shared(self) -> bool:
        """Whether all blocks are equal."""

    @property
    def distinct(self) -> Array:
        """The blocks, a shared one only once."""
        return self.block_array[:1] if self.is_shared else self.block_array


@dataclass(frozen=True, eq=False, repr=False)
class Kronecker(BlockOperator):
    """``V (x) W``: ``vec(X)`` is mapped to ``vec(W X V^T)``; ``vec`` stacks columns.

    Parameters
    ----------
    V, W : array_like of two axes, or int
        A whole number ``n`` stands for the identity of size ``n``.

    Notes
    -----
    The singular values are the products of those of ``V`` and ``W``: the law of ``A A^T`` is the
    *classical* multiplicative convolution of theirs, not the free one.

    Examples
    --------
    >>> a, b = np.diag([1.0, 2.0]), np.diag([1.0, 3.0])
    >>> Kronecker(a, b).singular_values()
    array([6., 3., 2., 1.])
    >>> Kronecker(a, b).law()
    Empirical([1.0, 4.0, 9.0, 36.0])
    """

    V: Array | int
    W: Array | int

    def __post_init__(self) -> None:
        for name in ("V", "W"):
            object.__setattr__(self, name, _factor(getattr(self, name), name))

    @property
    def shape(self) -> Shape:
        """The products of the sizes."""
        (a, b), (c, d) = _shape(self.V), _shape(self.W)
        return a * c, b * d

    @property
    def dtype(self) -> np.dtype[Any]:
        """The common type."""
        return np.result_type(np.float32, *(m.dtype for m in self._matrices))

    @property
    def _matrices(self) -> list[Array]:
        return [m for m in (self.V, self.W) if not isinstance(m, int)]

    def _apply(self, batch: Array) -> Array:
        count, columns = len(batch), (_shape(self.V)[1], _shape(self.W)[1])
        x = batch.reshape(count, *columns)
        if not isinstance(self.W, int):
            x = np.matmul(x.reshape(-1, columns[1]), self.W.T)
            x = x.reshape(count, columns[0], -1)
        if not isinstance(self.V, int):
            x = np.matmul(self.V, x)
        return x.reshape(count, -1)

    @property
    def T(self) -> Kronecker:
        """``V^T (x) W^T``."""
        return Kronecker(*(m if isinstance(m, int) else m.T for m in (self.V, self.W)))

    def conjugate(self) -> Kronecker:
        """The factors conjugated."""
        return Kronecker(*(m if isinstance(m, int) else m.conj() for m in (self.V, self.W)))

    @property
    def connections(self) -> int:
        """The product of the nonzero entries of the factors."""
        return math.prod(
            m if isinstance(m, int) else int(np.count_nonzero(m)) for m in (self.V, self.W)
        )

    @property
    def block_array(self) -> Array:
        """Copies of ``W`` if ``V`` is the identity."""
        if not isinstance(self.V, int):
            raise UnsupportedOperationError("V (x) W is block-diagonal only if V is the identity")
        w = np.eye(self.W) if isinstance(self.W, int) else self.W
        return np.broadcast_to(w, (self.V, *w.shape))

    @property
    def is_shared(self) -> bool:
        """Always."""
        return True

    def singular_values(self) -> NDArray[np.float64]:
        """The products, descending."""
        values = np.zeros(min(self.shape))
        found = np.sort(np.multiply.outer(*map(_singular, (self.V, self.W))).ravel())[::-1]
        values[: len(found)] = found
        return values

    def law(self, v: Law | None = None, w: Law | None = None) -> Law:
        """The classical product of the laws of ``V V^T`` and ``W W^T``.

        Parameters
        ----------
        v, w : Law, optional
            Limit laws to use in place of the measured spectra, such as
            ``MarchenkoPastur()`` for a Gaussian factor.

        Examples
        --------
        >>> import freesym as fs
        >>> Kronecker(2, np.eye(2)).law(fs.MarchenkoPastur(), fs.MarchenkoPastur()).moments(3)
        [1, 4, 25]
        """
        if v is None and w is None:
            _check_count(self.shape[0])
            return Empirical(self.eigenvalues())
        laws = [_measured(m) if law is None else law for m, law in ((self.V, v), (self.W, w))]
        return classical_product(*laws)

    def __repr__(self) -> str:
        shapes = (m if isinstance(m, int) else m.shape for m in (self.V, self.W))
        return "<Kronecker product of {} and {}>".format(*shapes)


def _shape(factor: Array | int) -> Shape:
    return (factor, factor) if isinstance(factor, int) else (factor.shape[0], factor.shape[1])


def _check_count(n: int) -> None:
    if n > _MOST_EIGENVALUES:
        raise UnsupportedOperationError(
            f"the measured law would have {n} atoms; give the laws of the factors"
        )


def _singular(factor: Array | int) -> NDArray[np.float64]:
    if isinstance(factor, int):
        return np.ones(factor)
    return np.linalg.svd(factor, compute_uv=False)


def _measured(factor: Array | int) -> Law:
    if isinstance(factor, int):
        return PointMass(1)
    return Empirical(padded_squares(_singular(factor), factor.shape[0]))


def _factor(value: Any, name: str) -> Array | int:
    if isinstance(value, (int, np.integer)) and not isinstance(value, bool):
        return as_count(value, 1, MAX_SIZE, name)
    return finite_array(value, name, 2)


def token_mixing(W: Any, channels: int) -> Kronecker:
    """``I_C (x) W``, which maps ``vec(X)`` to ``vec(W X)``: it mixes the tokens, the rows of X.

    Parameters
    ----------
    W : array_like of shape (S', S)
    channels : int
        The number ``C`` of columns of ``X``, whose shape is ``(S, C)``.

    Notes
    -----
    Talks and papers on the Mixer sometimes call this layer channel mixing.  With
    ``Token-MLP(X) = W_2 phi(W_1 X)`` (Tolstikhin et al. 2021) it is the token mixing one.

    Examples
    --------
    >>> w, x = np.array([[0.0, 1.0], [1.0, 0.0]]), np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
    >>> vec = x.reshape(-1, order="F")
    >>> (token_mixing(w, 3) @ vec).reshape(2, 3, order="F")
    array([[4., 5., 6.],
           [1., 2., 3.]])
    """
    return Kronecker(as_count(channels, 1, MAX_SIZE, "channels"), finite_array(W, "W", 2))


def channel_mixing(V: Any, tokens: int) -> Kronecker:
    """``V^T (x) I_S``, which maps ``vec(X)`` to ``vec(X V)``: it mixes the channels.

    Parameters
    ----------
    V : array_like of shape (C, C')
    tokens : int
        The number ``S`` of rows of ``X``.

    Notes
    -----
    ``V^T (x) I_S = J'^T (I_S (x) V^T) J`` with the commutation matrices of the two shapes.
    """
    matrix = finite_array(V, "V", 2)
    return Kronecker(matrix.T, as_count(tokens, 1, MAX_SIZE, "tokens"))


@dataclass(frozen=True, eq=False, repr=False)
class BlockDiagonal(BlockOperator):
    """Blocks of one shape on the diagonal.

    Parameters
    ----------
    blocks : array_like of shape (count, rows, columns)

    Examples
    --------
    >>> BlockDiagonal([[[2.0]], [[3.0]]]) @ np.array([1.0, 1.0])
    array([2., 3.])
    """

    blocks: Array

    def __post_init__(self) -> None:
        object.__setattr__(self, "blocks", finite_array(self.blocks, "blocks", 3))

    @property
    def shape(self) -> Shape:
        """The blocks in a diagonal row."""
        count, rows, columns = self.blocks.shape
        return count * rows, count * columns

    @property
    def dtype(self) -> np.dtype[Any]:
        """That of the blocks."""
        return self.blocks.dtype

    def _apply(self, batch: Array) -> Array:
        count, _, columns = self.blocks.shape
        x = batch.reshape(len(batch), count, columns)
        if len(batch) == 1 and columns <= _SMALL_BLOCK:
            return np.asarray(np.einsum("bij,bj->bi", self.blocks, x[0])).reshape(1, -1)
        y = np.matmul(self.blocks, x.transpose(1, 2, 0))
        return np.asarray(y.transpose(2, 0, 1)).reshape(len(batch), -1)

    @property
    def T(self) -> BlockDiagonal:
        """The blocks transposed."""
        return BlockDiagonal(self.blocks.transpose(0, 2, 1))

    def conjugate(self) -> BlockDiagonal:
        """The blocks conjugated."""
        return BlockDiagonal(self.blocks.conj())

    @property
    def connections(self) -> int:
        """The nonzero entries of the blocks."""
        return int(np.count_nonzero(self.blocks))

    @property
    def block_array(self) -> Array:
        """The blocks."""
        return self.blocks

    @cached_property
    def is_shared(self) -> bool:
        """Whether all blocks are equal."""
        return bool((self.blocks[1:] == self.blocks[:1]).all())

    def singular_values(self) -> NDArray[np.float64]:
        """Those of the blocks, descending."""
        found = np.linalg.svd(self.distinct, compute_uv=False)
        values = np.zeros(min(self.shape))
        whole = np.broadcast_to(found, (len(self.blocks), found.shape[1])).ravel()
        values[: whole.size] = np.sort(whole)[::-1]
        return values


@dataclass(frozen=True, eq=False, repr=False)
class Diagonal(BlockOperator):
    """A diagonal matrix, such as the slopes of a layer.

    Parameters
    ----------
    entries : array_like of shape (n,)
    """

    entries: Array

    def __post_init__(self) -> None:
        object.__setattr__(self, "entries", finite_array(self.entries, "entries", 1))

    @property
    def shape(self) -> Shape:
        """Square."""
        return len(self.entries), len(self.entries)

    @property
    def dtype(self) -> np.dtype[Any]:
        """That of the entries."""
        return self.entries.dtype

    def _apply(self, batch: Array) -> Array:
        return batch * self.entries

    @property
    def T(self) -> Diagonal:
        """The same."""
        return self

    def conjugate(self) -> Diagonal:
        """The entries conjugated."""
        return Diagonal(self.entries.conj())

    @property
    def connections(self) -> int:
        """The nonzero entries."""
        return int(np.count_nonzero(self.entries))

    @property
    def block_array(self) -> Array:
        """Blocks of size 1."""
        return self.entries[:, None, None]

    @property
    def is_shared(self) -> bool:
        """Whether this is a multiple of the identity."""
        return bool((self.entries == self.entries[0]).all())

    def singular_values(self) -> NDArray[np.float64]:
        """The moduli, descending."""
        return np.sort(np.abs(self.entries))[::-1]
