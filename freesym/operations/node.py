"""What the operations have in common: printing, symbols and random bases."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from freesym.errors import InvalidLawError, UnsupportedOperationError
from freesym.law import Law
from freesym.laws._models import of_quantiles, rotated
from freesym.parameters import as_sequence, is_expression, number_repr, short


def is_zero(value: Any) -> bool:
    """Whether a parameter is known to be 0."""
    return bool(value.is_zero) if is_expression(value) else bool(value == 0)


def grouped(law: Law, *, additive: bool) -> str:
    """The representation of a law as an operand: in brackets unless it binds tightly."""
    return bracketed(repr(law), additive=additive)


def bracketed(text: str, *, additive: bool) -> str:
    """The text of an operand; nested laws print in time proportional to their size."""
    return f"({text})" if text.startswith("-") or _is_compound(text, additive) else text


def _is_compound(text: str, additive: bool) -> bool:
    """Whether a binary operator stands outside all brackets."""
    depth = 0
    operators = ("-",) if additive else ("+", "-", "*", "@")
    for i, character in enumerate(text):
        depth += character in "([{"
        depth -= character in ")]}"
        if depth == 0 and character in operators and text[i - 1 : i + 2] == f" {character} ":
            return True
    return False


def require_law(value: Any, operation: str) -> Law:
    """The operand, if it is a law."""
    if not isinstance(value, Law):
        raise UnsupportedOperationError(
            f"{operation} needs laws, not {type(value).__name__} {short(value)}; "
            "a constant is PointMass(a)"
        )
    return value


def require_laws(values: Any, operation: str) -> tuple[Law, ...]:
    """The operands, if they are at least one law."""
    if isinstance(values, Law):
        raise InvalidLawError(f"{operation} takes a list of laws: [{values!r}, ...]")
    items = as_sequence(values, f"{operation}: laws")
    laws = tuple(require_law(value, operation) for value in items)
    if not laws:
        raise InvalidLawError(f"{operation} needs at least one law")
    return laws


def symmetric_function(eigenvalues: NDArray[np.float64], rng: Any) -> NDArray[np.float64]:
    """A matrix with these eigenvalues in a random basis."""
    return rotated(eigenvalues, np.random.default_rng(rng))


class WithoutMatrixModel(Law):
    """A law that no operation on random matrices has."""

    def sample_matrix(self, n: int, rng: Any = None) -> NDArray[np.float64]:
        """Quantiles of the law in a random basis."""
        return of_quantiles(self, n, rng)

    @property
    def has_matrix_model(self) -> bool:
        """No."""
        return False


class UnaryOperation(Law):
    """An operation on one law, printed as a method call."""

    law: Law

    def __post_init__(self) -> None:
        require_law(self.law, type(self).__name__)
        super().__post_init__()

    def _method(self, name: str, *arguments: Any) -> str:
        shown = ", ".join(repr(a) if isinstance(a, Law) else number_repr(a) for a in arguments)
        return f"{grouped(self.law, additive=False)}.{name}({shown})"
