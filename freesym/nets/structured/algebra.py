"""Multiples and sums of structured operators."""

from __future__ import annotations

import cmath
import numbers
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from freesym.errors import InvalidLawError, UnsupportedOperationError
from freesym.law import Law
from freesym.laws import Empirical, PointMass
from freesym.nets.structured.operator import Array, Shape, StructuredOperator, product
from freesym.parameters import as_count, short


@dataclass(frozen=True, eq=False, repr=False)
class Scaled(StructuredOperator):
    """A multiple of an operator; written ``factor * operator``.

    Parameters
    ----------
    factor : finite number
    operator : StructuredOperator

    Examples
    --------
    >>> from freesym.nets.structured import Kronecker
    >>> (2 * Kronecker(np.diag([1.0, 2.0]), 1)).law()
    Empirical([4.0, 16.0])
    """

    factor: float | complex
    operator: StructuredOperator

    def __post_init__(self) -> None:
        object.__setattr__(self, "factor", _number(self.factor))
        _require_operator(self.operator)

    @property
    def shape(self) -> Shape:
        """That of the operator."""
        return self.operator.shape

    @cached_property
    def dtype(self) -> np.dtype[Any]:
        """The common type."""
        return np.result_type(self.operator.dtype, self.factor)

    def _apply(self, batch: Array) -> Array:
        return self.factor * self.operator._apply(batch)

    @property
    def T(self) -> Scaled:
        """The multiple of the transpose."""
        return Scaled(self.factor, self.operator.T)

    def conjugate(self) -> Scaled:
        """Both conjugated."""
        return Scaled(self.factor.conjugate(), self.operator.conjugate())

    @property
    def connections(self) -> int:
        """Those of the operator."""
        return self.operator.connections

    def singular_values(self) -> NDArray[np.float64]:
        """The multiples, descending."""
        return np.asarray(abs(self.factor) * self.operator.singular_values())

    def law(self, *args: Any, **keywords: Any) -> Law:
        """The law of ``A A^T``, scaled; arguments go to that of the operator."""
        if self.factor == 0:
            return PointMass(0)
        law, square = self.operator.law(*args, **keywords), abs(self.factor) ** 2
        if isinstance(law, PointMass):
            return PointMass(law.a * square)
        if isinstance(law, Empirical):
            return Empirical(square * law.eigenvalues)
        scaled: Law = law * square
        return scaled


@dataclass(frozen=True, eq=False, repr=False)
class Sum(StructuredOperator):
    """A sum of operators of one shape; written ``A + B``.

    Its singular values and its law are those of the dense form: nothing is known about how the
    summands lie to each other.

    Parameters
    ----------
    operators : tuple of StructuredOperator

    Examples
    --------
    >>> from freesym.nets.structured import CommutationMatrix, Kronecker
    >>> (Kronecker(2, 2) + CommutationMatrix(2, 2)) @ np.array([1.0, 2.0, 3.0, 4.0])
    array([2., 5., 5., 8.])
    """

    operators: tuple[StructuredOperator, ...]

    def __post_init__(self) -> None:
        object.__setattr__(self, "operators", tuple(_flat(self.operators)))
        shapes = {operator.shape for operator in self.operators}
        if len(shapes) != 1:
            listed = " and ".join(str(operator.shape) for operator in self.operators) or "none"
            raise InvalidLawError(f"operators of shapes {listed} have no sum; give equal shapes")

    @property
    def shape(self) -> Shape:
        """That of all."""
        return self.operators[0].shape

    @cached_property
    def dtype(self) -> np.dtype[Any]:
        """The common type."""
        return np.result_type(*(operator.dtype for operator in self.operators))

    def _apply(self, batch: Array) -> Array:
        total = self.operators[0]._apply(batch)
        for operator in self.operators[1:]:
            total = total + operator._apply(batch)
        return total

    @property
    def T(self) -> Sum:
        """The sum of the transposes."""
        return Sum(tuple(operator.T for operator in self.operators))

    def conjugate(self) -> Sum:
        """The sum of the conjugates."""
        return Sum(tuple(operator.conjugate() for operator in self.operators))

    @property
    def connections(self) -> int:
        """Those of all, or all entries."""
        return min(self.size, sum(operator.connections for operator in self.operators))


def _flat(operators: Iterable[StructuredOperator]) -> Iterable[StructuredOperator]:
    for operator in operators:
        _require_operator(operator)
        yield from operator.operators if isinstance(operator, Sum) else (operator,)


def _require_operator(operator: Any) -> None:
    if not isinstance(operator, StructuredOperator):
        raise UnsupportedOperationError(
            f"{short(operator)} is no structured operator; operator.aslinearoperator() combines "
            "with SciPy's, operator.dense() with arrays"
        )


def _number(value: Any) -> float | complex:
    is_complex = isinstance(value, (complex, np.complexfloating))
    if not isinstance(value, numbers.Number) or isinstance(value, (bool, np.bool_)):
        raise UnsupportedOperationError(
            f"an operator times {short(value)} is not defined; write A @ B for products, and c * A "
            "for a number c"
        )
    number: Any = value
    found = complex(number) if is_complex else float(number)
    if not cmath.isfinite(found):
        raise InvalidLawError(f"an operator times {short(value)} is not finite")
    return found


def reciprocal(divisor: Any) -> float | complex:
    """The factor of a division."""
    number = _number(divisor)
    if number == 0:
        raise InvalidLawError(f"an operator divided by {short(divisor)} is not finite")
    return 1 / number


def power(operator: StructuredOperator, exponent: Any) -> StructuredOperator:
    """The product of a square operator with itself."""
    count = as_count(exponent, 1, 1000, "exponent")
    return product(*[operator] * count)
