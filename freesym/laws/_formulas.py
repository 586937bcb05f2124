"""What laws given by a SymPy formula have in common."""

from __future__ import annotations

import math
import numbers
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Self

from freesym.errors import FreesymError, InvalidLawError
from freesym.laws.leaf import LeafLaw
from freesym.lazy import LazyModule
from freesym.parameters import as_number, checked_replacements, short, sympified, to_float
from freesym.relations.formula import evaluate

sympy: Any = LazyModule("sympy")


@dataclass(frozen=True, repr=False)
class FormulaLaw(LeafLaw):
    """A law that states its relation as a SymPy formula; other symbols are parameters."""

    expression: Any
    symbol: Any = None

    def __post_init__(self) -> None:
        expression = formula(self.expression)
        object.__setattr__(self, "expression", expression)
        object.__setattr__(self, "symbol", variable(expression, self.symbol))
        if not self.free_symbols:
            self._check()

    def _check(self) -> None:
        """Check numerically what can be checked."""

    @property
    def free_symbols(self) -> frozenset[Any]:
        """The parameters: every symbol but the variable."""
        return frozenset(self.expression.free_symbols - {self.symbol})

    def subs(self, replacements: dict[Any, Any]) -> Self:
        """The same law with parameters replaced; the variable stays."""
        checked = checked_replacements(replacements)
        free = {key: value for key, value in checked.items() if key != self.symbol}
        return type(self)(self.expression.subs(free), self.symbol)

    def numeric(self) -> Self:
        """The law itself, if no parameters are left."""
        for symbol in self.free_symbols:
            to_float(symbol)
        return self

    def _arguments(self) -> list[str]:
        return [sympy.srepr(self.expression), sympy.srepr(self.symbol)]

    def _evaluate(self, value: Any) -> Any:
        return evaluate(self.expression, self.symbol, value)


def formula(value: Any) -> Any:
    """A finite SymPy expression, or a number as one; texts are not read."""
    if not isinstance(value, sympy.Expr) and not isinstance(value, numbers.Real):
        raise InvalidLawError(
            f"{short(value)} is not a SymPy expression; build one from symbols, as in "
            "x = sympy.Symbol('x'); 1/(1 - x)"
        )
    if not isinstance(value, sympy.Expr):
        return sympified(as_number(value, "the formula"))
    if value.is_number:
        as_number(value, "the formula")
    if value.has(sympy.nan, sympy.oo, -sympy.oo, sympy.zoo):
        raise InvalidLawError(f"the formula {short(value)} is not finite")
    undefined = value.atoms(sympy.core.function.AppliedUndef)
    if undefined:
        raise InvalidLawError(
            f"the formula {short(value)} has no value: what is {undefined.pop()}?"
        )
    return value


def variable(expression: Any, symbol: Any) -> Any:
    """The variable of a formula: the one given, or the only symbol there is."""
    if symbol is not None:
        if not isinstance(symbol, sympy.Symbol):
            raise InvalidLawError(f"the variable {short(symbol)} is not a SymPy symbol")
        return symbol
    symbols = expression.free_symbols
    if len(symbols) > 1:
        names = ", ".join(sorted(map(str, symbols)))
        raise InvalidLawError(
            f"the formula {expression} has the symbols {names}; name its variable by symbol=..."
        )
    return next(iter(symbols), sympy.Symbol("x"))


def value_at(function: Callable[[Any], Any], point: complex, words: str) -> complex:
    """A finite value, or an error with the point where there is none."""
    try:
        value = complex(function(point))
    except FreesymError:
        raise
    except (ArithmeticError, ValueError, TypeError) as error:
        raise InvalidLawError(f"{words} cannot be evaluated at {point:g}: {error}") from error
    if not (math.isfinite(value.real) and math.isfinite(value.imag)):
        raise InvalidLawError(f"{words} is not finite at {point:g}")
    return value


def limit_at_zero(function: Callable[[Any], Any], words: str) -> float:
    """The value at 0 of a function that is real and analytic there, seen from four sides."""
    step = 1e-5
    values = [value_at(function, step * d, words) for d in (1, -1, 1j, -1j)]
    mean = sum(values) / 4
    scale = 1 + abs(mean)
    if abs(mean.imag) > 1e-6 * scale or max(abs(v - mean) for v in values) > 1e-2 * scale:
        raise InvalidLawError(
            f"{words} is not real and analytic at 0: near 0 it takes the values "
            f"{values[0]:.6g} and {values[2]:.6g}"
        )
    return mean.real
