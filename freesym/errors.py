"""The exceptions freesym raises.

Every error derives from :class:`FreesymError` and from the built-in exception a caller
would naturally catch.  A message says what was wrong, the value, and the remedy.
"""

from __future__ import annotations

from collections.abc import Sequence
from tokenize import TokenError


class FreesymError(Exception):
    """Root of all errors raised by freesym.

    Examples
    --------
    >>> import freesym as fs
    >>> try:
    ...     fs.Semicircle(variance=-1)
    ... except fs.FreesymError as error:
    ...     print(error)
    Semicircle: variance = -1 must be positive
    """


class InvalidLawError(FreesymError, ValueError):
    """A parameter, or a combination of laws, does not define a probability law.

    Examples
    --------
    >>> import freesym as fs
    >>> fs.Bernoulli(2)
    Traceback (most recent call last):
    freesym.errors.InvalidLawError: Bernoulli: p = 2 must be a probability, between 0 and 1
    """


class UnsupportedOperationError(FreesymError, TypeError):
    """The operation is not defined for these operands, or not supported.

    Examples
    --------
    >>> import freesym as fs
    >>> fs.Semicircle() ** 2  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    freesym.errors.UnsupportedOperationError: '**' has no meaning for laws; ...
    """


class UnboundParameterError(FreesymError, ValueError):
    """A numerical value was requested from a law with free symbols.

    Examples
    --------
    >>> import freesym as fs, sympy
    >>> fs.Bernoulli(sympy.Symbol("p")).density(0.5)  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    freesym.errors.UnboundParameterError: the parameter p has no numerical value; ...
    """


class NotAlgebraicError(FreesymError, ValueError):
    """An algebraic equation was requested from a law that has none."""


class DegreeError(UnsupportedOperationError):
    """A polynomial is predicted to be larger than was asked for.

    Parameters
    ----------
    message : str
        The prediction and the remedy.
    degree : int
        The predicted degree.
    """

    def __init__(self, message: str, degree: int = 0) -> None:
        super().__init__(message)
        self.degree = degree

    def __reduce__(self) -> tuple[type[DegreeError], tuple[str, int]]:
        return type(self), (str(self), self.degree)


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


#: What NumPy raises for bytes that are no array; it reads old headers with Python's tokenizer.
UNREADABLE = (
    ValueError, EOFError, OverflowError, TypeError, MemoryError, RecursionError, SyntaxError,
    TokenError,
)  # fmt: skip


def reason(error: Exception) -> str:
    r"""What another library says about a file: one short line, whatever bytes it quotes.

    Examples
    --------
    >>> reason(ValueError("bad header:\n\x1b[31m\u00bc"))
    'bad header: ?[31m?'
    """
    return printable(" ".join(str(error).split())[:200])


def printable(text: str) -> str:
    r"""Text that cannot confuse a terminal.

    Examples
    --------
    >>> printable("1\N{MICRO SIGN}\a")
    '1??'
    """
    return "".join(c if c.isascii() and c.isprintable() else "?" for c in text)
