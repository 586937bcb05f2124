"""Matrix-free linear operators: what all structured weights have in common."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from freesym.errors import InvalidLawError, MissingDependencyError, UnsupportedOperationError
from freesym.law import Law
from freesym.laws import Empirical
from freesym.parameters import short

Array = NDArray[Any]
Shape = tuple[int, int]

#: The number of entries of the largest dense form.
MAX_DENSE = 40_000_000
#: The largest number of rows.
MAX_SIZE = 10**9


class StructuredOperator(ABC):
    """A matrix that is multiplied without being formed.

    It speaks the protocol of SciPy's ``LinearOperator`` (``shape``, ``dtype``, ``matvec``,
    ``rmatvec``, ``matmat``, ``rmatmat``, ``T``, ``H``, ``@``, ``+``, ``-``, ``**``, multiples), so
    that SciPy's iterative solvers take it as it is; SciPy itself is not needed.

    Examples
    --------
    >>> from freesym.nets.structured import Kronecker
    >>> operator = Kronecker(np.eye(3), np.array([[1.0, 2.0], [0.0, 1.0]]))
    >>> operator @ np.arange(6.0)
    array([ 2.,  1.,  8.,  3., 14.,  5.])
    """

    #: Whether this only moves entries.
    is_permutation = False
    #: NumPy must leave ``array @ operator`` to us.
    __array_ufunc__ = None
    ndim = 2

    @property
    @abstractmethod
    def shape(self) -> Shape:
        """Rows and columns."""

    @property
    @abstractmethod
    def dtype(self) -> np.dtype[Any]:
        """The type of the entries."""

    @abstractmethod
    def _apply(self, batch: Array) -> Array:
        """The images of the rows of a batch, as rows."""

    @property
    @abstractmethod
    def T(self) -> StructuredOperator:
        """The transpose."""

    @property
    @abstractmethod
    def connections(self) -> int:
        """The number of entries that may differ from 0."""

    @property
    def H(self) -> StructuredOperator:
        """The conjugate transpose."""
        return self.T.conjugate()

    def conjugate(self) -> StructuredOperator:
        """The complex conjugate; a real operator is its own."""
        if self.dtype.kind != "c":
            return self
        raise UnsupportedOperationError(f"{type(self).__name__} has no complex conjugate")

    @property
    def size(self) -> int:
        """The number of entries, zeros included."""
        return math.prod(self.shape)

    @property
    def sparsity(self) -> float:
        """The share of the entries that may differ from 0."""
        return self.connections / self.size

    # ------------------------------------------------------------------ products

    def matvec(self, x: ArrayLike) -> Array:
        """The product with a vector of shape ``(n,)`` or ``(n, 1)``."""
        vector = numeric_array(x, "x")
        if vector.shape not in ((self.shape[1],), (self.shape[1], 1)):
            raise InvalidLawError(
                f"an operator of shape {self.shape} takes a vector of {self.shape[1]} numbers, "
                f"not an array of shape {vector.shape}"
            )
        found = self._apply(vector.reshape(1, -1))
        return _own(found.reshape(self.shape[0], *vector.shape[1:]), vector)

    def matmat(self, x: ArrayLike) -> Array:
        """The product with a matrix of shape ``(n, k)``."""
        matrix = numeric_array(x, "x")
        if matrix.ndim != 2 or matrix.shape[0] != self.shape[1]:
            raise InvalidLawError(
                f"an operator of shape {self.shape} takes a matrix of {self.shape[1]} rows, "
                f"not an array of shape {matrix.shape}"
            )
        if not matrix.shape[1]:
            return np.zeros((self.shape[0], 0), np.result_type(self.dtype, matrix))
        return _own(self._apply(np.ascontiguousarray(matrix.T)).T, matrix)

    def rmatvec(self, x: ArrayLike) -> Array:
        """The product of the conjugate transpose with a vector."""
        return self.H.matvec(x)

    def rmatmat(self, x: ArrayLike) -> Array:
        """The product of the conjugate transpose with a matrix."""
        return self.H.matmat(x)

    def __matmul__(self, other: Any) -> Any:
        if isinstance(other, StructuredOperator):
            return product(self, other)
        if hasattr(other, "matvec"):  # an operator of SciPy's
            return self.aslinearoperator() @ other
        array = numeric_array(other, "the right operand of @")
        return self.matmat(array) if array.ndim == 2 else self.matvec(array)

    def __rmatmul__(self, other: Any) -> Array:
        array = numeric_array(other, "the left operand of @")
        return self.T.matmat(array.T).T if array.ndim == 2 else self.T.matvec(array)

    __call__ = __matmul__
    dot = __matmul__

    # ------------------------------------------------------------------ sums and multiples

    def __mul__(self, factor: Any) -> StructuredOperator:
        from freesym.nets.structured.algebra import Scaled

        return Scaled(factor, self)

    __rmul__ = __mul__

    def __truediv__(self, divisor: Any) -> StructuredOperator:
        from freesym.nets.structured.algebra import reciprocal

        return self * reciprocal(divisor)

    def __neg__(self) -> StructuredOperator:
        return self * -1.0

    def __add__(self, other: Any) -> StructuredOperator:
        from freesym.nets.structured.algebra import Sum

        return Sum((self, other))

    __radd__ = __add__

    def __sub__(self, other: StructuredOperator) -> StructuredOperator:
        return self + other * -1.0

    def __pow__(self, exponent: Any) -> StructuredOperator:
        from freesym.nets.structured.algebra import power

        return power(self, exponent)

    def transpose(self) -> StructuredOperator:
        """The transpose, :attr:`T`."""
        return self.T

    def adjoint(self) -> StructuredOperator:
        """The conjugate transpose, :attr:`H`."""
        return self.H

    # ------------------------------------------------------------------ dense forms

    def dense(self) -> Array:
        """The matrix as an array.

        Raises
        ------
        UnsupportedOperationError
            If it has more than forty million entries.
        """
        if self.size > MAX_DENSE:
            raise UnsupportedOperationError(
                f"the dense form of shape {self.shape} has {self.size} entries, more than "
                f"{MAX_DENSE}; multiply with the operator instead"
            )
        return self.matmat(np.eye(self.shape[1], dtype=self.dtype))

    def aslinearoperator(self) -> Any:
        """The same operator as a ``scipy.sparse.linalg.LinearOperator``.

        Raises
        ------
        MissingDependencyError
            If SciPy is not installed.
        """
        try:
            from scipy.sparse.linalg import LinearOperator
        except ImportError as error:
            raise MissingDependencyError(
                "a LinearOperator needs SciPy, which is not installed: pip install scipy"
            ) from error
        return LinearOperator(
            self.shape, self.matvec, self.rmatvec, self.matmat, self.dtype, self.rmatmat
        )

    # ------------------------------------------------------------------ spectrum

    def singular_values(self) -> NDArray[np.float64]:
        """The ``min(shape)`` singular values, descending; of the dense form for want of better."""
        return np.linalg.svd(self.dense(), compute_uv=False)

    def eigenvalues(self) -> NDArray[np.float64]:
        """The eigenvalues of ``A A^T``, ascending, zeros included."""
        return padded_squares(self.singular_values(), self.shape[0])

    def law(self) -> Law:
        """The law of ``A A^T``; by default the measured one.

        Returns
        -------
        Law
            An :class:`freesym.Empirical` law of the squared singular values, unless the structure
            says more.
        """
        return Empirical(self.eigenvalues())

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of shape {self.shape}>"


def _own(result: Array, argument: Array) -> Array:
    """A result that shares no memory with the argument."""
    return result.copy() if np.may_share_memory(result, argument) else result


def padded_squares(singular: NDArray[np.float64], rows: int) -> NDArray[np.float64]:
    """The squares of singular values with the zeros of ``A A^T``, ascending."""
    values = np.zeros(rows)
    values[: min(rows, len(singular))] = singular[:rows] ** 2
    return np.sort(values)


def numeric_array(value: Any, name: str) -> Array:
    """An array of real or complex floating-point numbers."""
    try:
        array = np.asarray(value)
    except ValueError as error:
        raise InvalidLawError(f"{name} = {short(value)} is no array of numbers") from error
    if array.dtype.kind not in "biufc" or array.ndim == 0:
        raise InvalidLawError(f"{name} = {short(value)} is no array of numbers")
    return array if array.dtype.kind in "fc" else array.astype(np.float64)


def finite_array(value: Any, name: str, ndim: int) -> Array:
    """A non-empty array of finite numbers with a number of axes."""
    array = numeric_array(value, name)
    if array.ndim != ndim or not array.size:
        raise InvalidLawError(
            f"{name} has the shape {array.shape}; give a non-empty array of {ndim} axes"
        )
    if not np.isfinite(array).all():
        raise InvalidLawError(f"{name} has entries that are not finite")
    return array


@dataclass(frozen=True, eq=False, repr=False)
class Product(StructuredOperator):
    """The product of operators, applied from the right."""

    factors: tuple[StructuredOperator, ...]

    @property
    def shape(self) -> Shape:
        """Rows of the first, columns of the last."""
        return self.factors[0].shape[0], self.factors[-1].shape[1]

    @cached_property
    def dtype(self) -> np.dtype[Any]:
        """The common type."""
        return np.result_type(*(factor.dtype for factor in self.factors))

    def _apply(self, batch: Array) -> Array:
        for factor in reversed(self.factors):
            batch = factor._apply(batch)
        return batch

    @property
    def T(self) -> StructuredOperator:
        """The transposes in reverse order."""
        return Product(tuple(factor.T for factor in reversed(self.factors)))

    def conjugate(self) -> StructuredOperator:
        """The product of the conjugates."""
        return Product(tuple(factor.conjugate() for factor in self.factors))

    @property
    def connections(self) -> int:
        """Those of all factors that are no permutations: the work of a multiplication."""
        weights = [factor for factor in self.factors if not factor.is_permutation]
        return sum(factor.connections for factor in weights or self.factors[:1])

    @property
    def sparsity(self) -> float:
        """Parameters over entries of the whole."""
        return min(1.0, self.connections / self.size)

    def law(self, *, assume: str | None = None) -> Law:
        """The law of ``A A^T``; see :func:`freesym.nets.structured.product_law`."""
        from freesym.nets.structured.freeness import chain_law

        return chain_law(self.factors, assume)


def product(*operators: StructuredOperator) -> StructuredOperator:
    """The product of operators whose shapes fit.

    Raises
    ------
    InvalidLawError
        If they do not.
    """
    from freesym.nets.structured.algebra import Scaled

    scales = [o.factor for o in operators if isinstance(o, Scaled)]
    if scales:
        bare = product(*(o.operator if isinstance(o, Scaled) else o for o in operators))
        return Scaled(math.prod(scales), bare)
    factors = tuple(_flat(operators))
    if not factors:
        raise InvalidLawError("a product needs at least one operator")
    for left, right in pairwise(factors):
        if left.shape[1] != right.shape[0]:
            raise InvalidLawError(
                f"operators of shapes {left.shape} and {right.shape} have no product"
            )
    return factors[0] if len(factors) == 1 else Product(factors)


def _flat(operators: Iterable[StructuredOperator]) -> Iterable[StructuredOperator]:
    for operator in operators:
        if not isinstance(operator, StructuredOperator):
            raise InvalidLawError(f"{short(operator)} is no structured operator")
        yield from operator.factors if type(operator) is Product else (operator,)


def flattened(operators: Iterable[StructuredOperator]) -> list[StructuredOperator]:
    """All factors, those of named products included."""
    found: list[StructuredOperator] = []
    for operator in operators:
        found += flattened(operator.factors) if isinstance(operator, Product) else [operator]
    return found
