"""The exceptions freesym raises.

Every error derives from :class:`FreesymError` and from the built-in exception a caller
would naturally catch.  A message says what was wrong, the value, and the remedy.
"""

from __future__ import annotations

from collections.abc import Sequence


class FreesymError(Exception):
    """Root of all errors raised by freesym."""


class InvalidLawError(FreesymError, ValueError):
    """A parameter, or a combination of laws, does not define a probability law."""


class UnsupportedOperationError(FreesymError, TypeError):
    """The operation is not defined for these operands, or not supported."""


class UnboundParameterError(FreesymError, ValueError):
    """A numerical value was requested from a law with free symbols."""


class NotAlgebraicError(FreesymError, ValueError):
    """An algebraic equation was requested from a law that has none."""


class ConvergenceError(FreesymError, ArithmeticError):
    """Some points have no verified solution.

    Parameters
    ----------
    message : str
        What failed and what to do about it.
    points : sequence of complex
        The points without a verified value.
    """

    def __init__(self, message: str, points: Sequence[complex] = ()) -> None:
        super().__init__(message)
        self.points = tuple(points)

    def __reduce__(self) -> tuple[type[ConvergenceError], tuple[str, tuple[complex, ...]]]:
        return type(self), (str(self), self.points)


class PrecisionError(FreesymError, ArithmeticError):
    """The requested precision cannot be reached within the stated limits."""


class MissingDependencyError(FreesymError, ImportError):
    """An optional package is needed for this feature."""
