"""What statements raise when they do not hold, and what bad arguments raise."""

from __future__ import annotations

from typing import Any

from freesym.errors import FreesymError


class InvalidArgumentError(FreesymError, ValueError):
    """An argument that a strategy or a statement cannot work with."""


class LawCheckError(FreesymError, AssertionError):
    """A statement does not hold.

    Parameters
    ----------
    message : str
        The whole story: which statement, where, by how much, for which input.
    statement : str
        The name of the statement.
    subject : object
        The smallest part of the input for which it fails: a law, or a pair of laws.
    difference, allowed : float, optional
        How far the two sides are apart, and how far they may be.
    """

    def __init__(
        self,
        message: str,
        statement: str = "",
        subject: Any = None,
        difference: float | None = None,
        allowed: float | None = None,
    ) -> None:
        super().__init__(message)
        self.statement = statement
        self.subject = subject
        self.difference = difference
        self.allowed = allowed

    def __reduce__(self) -> tuple[Any, ...]:
        values = (str(self), self.statement, self.subject, self.difference, self.allowed)
        return type(self), values
