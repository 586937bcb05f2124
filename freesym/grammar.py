"""A small grammar for law expressions; it builds laws and evaluates nothing else.

::

    sum      = product { ("+" | "-") product }
    product  = signed { ("*" | "/" | "@") signed }
    signed   = ("+" | "-") signed | postfix
    postfix  = atom { "." METHOD arguments }
    atom     = NUMBER | NAME [ arguments ] | "(" sum ")" | list
    list     = "[" [ sum { "," sum } [","] ] "]" | the same with two or more in "( )"
    arguments = "(" [ argument { "," argument } [","] ] ")"
    argument = [ NAME "=" ] sum

Where the caller admits symbols, a name that is not bound is a positive SymPy symbol.

Precedence is Python's.  Integers and their quotients are exact rationals, numbers with a decimal
point or an exponent are floats.  Names are those of freesym's laws and operations, the short forms
``MP``, ``SC``, ``B``, ``delta``, and names bound by the caller.
"""

from __future__ import annotations

import inspect
import math
import re
from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Any

import numpy as np

from freesym import laws, operations
from freesym.errors import FreesymError, InvalidLawError
from freesym.law import Law
from freesym.lazy import LazyModule
from freesym.parameters import Number, as_number, is_expression, short
from freesym.syntax import (
    MAX_LENGTH,
    METHODS,
    Call,
    Chain,
    LawSyntaxError,
    List,
    Literal,
    Name,
    Negative,
    Node,
    Parser,
    closest,
    fail,
)

sympy: Any = LazyModule("sympy")

_LONGEST_SYMBOL = 11
_NAME = r"[A-Za-z_][A-Za-z0-9_]*"
_SYMBOL = rf"[A-Za-z][A-Za-z0-9_]{{0,{_LONGEST_SYMBOL}}}"
_LAWS = (
    "Arcsine", "Bernoulli", "Cauchy", "CompoundFreePoisson", "Discrete", "Empirical",
    "EquilibriumMeasure", "FreeBinomial", "FreePoisson", "FussCatalan", "KestenMcKay",
    "MarchenkoPastur", "MomentLaw", "PointMass", "Raney", "Semicircle", "TwoPoint", "Uniform",
    "Wachter",
)  # fmt: skip
_SHORT = {
    "MP": "MarchenkoPastur", "SC": "Semicircle", "B": "Bernoulli", "delta": "PointMass",
}  # fmt: skip
_OPERATIONS = (
    "boolean_sum", "classical_product", "classical_sum", "free_product", "free_sum", "mixture",
    "monotone", "noncentral_wishart", "rectangular_sum",
)  # fmt: skip


def _rational(p: Number, q: Number = 1) -> Number:
    """An exact quotient, as laws print it."""
    if not (isinstance(p, int) and isinstance(q, int)) or q == 0:
        raise InvalidLawError(f"Rational({p}, {q}) needs two integers, the second not 0")
    return as_number(Fraction(p, q))


def _listed(values: Any, name: str, kind: type | tuple[type, ...], example: str) -> list[Any]:
    """The items of a list, all of one kind."""
    if not isinstance(values, list) or not all(isinstance(v, kind) for v in values):
        raise InvalidLawError(f"{name} needs a list, as in {example}")
    return values


_NUMBERS = (int, float, Fraction)


def _empirical(eigenvalues: Any) -> Law:
    values = _listed(eigenvalues, "Empirical", _NUMBERS, "Empirical([1, 2.5, 4])")
    return laws.Empirical(np.array(values, dtype=float))


def _moment_law(given: Any) -> Law:
    return laws.MomentLaw(tuple(_listed(given, "MomentLaw", _NUMBERS, "MomentLaw([0, 1, 0, 2])")))


def _mixture(laws: Any, weights: Any = None) -> Law:
    example = "mixture([SC(), MP(2)], [1/3, 2/3])"
    found = _listed(laws, "mixture", Law, example)
    given = None if weights is None else _listed(weights, "mixture", _NUMBERS, example)
    return operations.mixture(found, given)


def _functions() -> dict[str, Callable[..., Any]]:
    table = {name: getattr(laws, name) for name in _LAWS}
    table |= {short: table[name] for short, name in _SHORT.items()}
    # an operation that this version of the package does not have is simply not a name
    table |= {name: vars(operations)[name] for name in _OPERATIONS if name in vars(operations)}
    own = {"Rational": _rational, "Empirical": _empirical, "MomentLaw": _moment_law}
    return table | own | {"from_moments": _moment_law, "mixture": _mixture}


FUNCTIONS: Mapping[str, Callable[..., Any]] = _functions()


class _Builder:
    """Turns a tree into numbers, laws and lists."""

    def __init__(self, text: str, names: Mapping[str, Law], *, symbols: bool = False) -> None:
        self.text, self.names, self.symbols = text, names, symbols

    def build(self, node: Node) -> Any:
        match node:
            case Literal(value=value):
                return value
            case Name():
                return self.bound(node)
            case Negative():
                return self.guarded(node.position, lambda x: -x, self.operand(node.operand))
            case Chain():
                return self.chain(node)
            case List(items=items):
                return [self.build(item) for item in items]
            case Call():
                return self.call(node)
        fail("this cannot be read", self.text, node.position)

    def bound(self, node: Name) -> Any:
        if node.name in self.names:
            return self.names[node.name]
        if self.symbols and node.name not in FUNCTIONS:
            return self.symbol(node)
        if node.name in FUNCTIONS:
            fail(f"'{node.name}' needs arguments, '{node.name}(...)'", self.text, node.position)
        hint = closest(node.name, [*self.names, *FUNCTIONS])
        fail(f"unknown name '{node.name[:40]}'{hint}", self.text, node.position)

    def symbol(self, node: Name) -> Any:
        """A parameter without a value, positive."""
        if re.fullmatch(_SYMBOL, node.name) is None:
            hint = closest(node.name, FUNCTIONS)
            fail(f"'{node.name[:40]}' is neither a law nor a symbol, a letter with at most "
                 f"{_LONGEST_SYMBOL} letters and digits after it{hint}",
                 self.text, node.position)  # fmt: skip
        return sympy.Symbol(node.name, positive=True)

    def operand(self, node: Node) -> Any:
        value = self.build(node)
        if isinstance(value, list):
            fail("a list is not a number or a law", self.text, node.position)
        return value

    def chain(self, node: Chain) -> Any:
        """Runs of the same operation on laws are one operation."""
        total = self.operand(node.first)
        pending: list[Law] = []
        current, place = "", node.position
        for symbol, position, child in node.rest:
            value = self.operand(child)
            joins = symbol in "+@" and isinstance(total, Law) and isinstance(value, Law)
            if pending and (not joins or symbol != current):
                total, pending = self.joined(current, place, [total, *pending]), []
            if joins:
                pending.append(value)
                current, place = symbol, position
            else:
                total = self.binary(symbol, position, total, value)
        return self.joined(current, place, [total, *pending]) if pending else total

    def joined(self, symbol: str, position: int, operands: list[Law]) -> Law:
        join = operations.free_sum if symbol == "+" else operations.free_product
        law: Law = self.guarded(position, join, *operands)
        return law

    def binary(self, symbol: str, position: int, a: Any, b: Any) -> Any:
        if symbol == "@" and not (isinstance(a, Law) and isinstance(b, Law)):
            fail("'@' multiplies two laws freely; use '*' for a number", self.text, position)
        if symbol == "/" and isinstance(b, Law):
            fail("division by a law; use .inverse()", self.text, position)
        return self.guarded(position, _BINARY[symbol], a, b)

    def call(self, node: Call) -> Any:
        positional = [self.build(argument) for argument in node.positional]
        named = {name: self.build(argument) for name, argument in node.named}
        if node.owner is not None:
            owner = self.operand(node.owner)
            if not isinstance(owner, Law):
                fail(f"'.{node.name}' needs a law before it", self.text, node.position)
            function = _METHODS[node.name]
            positional.insert(0, owner)
        elif node.name in FUNCTIONS:
            function = FUNCTIONS[node.name]
        else:
            hint = closest(node.name, FUNCTIONS)
            fail(f"unknown name '{node.name[:40]}'{hint}", self.text, node.position)
        self.check_arguments(node, function, positional, named)
        return self.guarded(node.position, function, *positional, **named)

    def check_arguments(
        self, node: Call, function: Callable[..., Any], positional: Any, named: Any
    ) -> None:
        signature = inspect.signature(function)
        try:
            signature.bind(*positional, **named)
        except TypeError as error:
            names = [name for name in signature.parameters if name != "self"]
            fail(f"{node.name}: {error}; its arguments are {', '.join(names) or 'none'}",
                  self.text, node.position)  # fmt: skip

    def guarded(self, position: int, function: Callable[..., Any], *args: Any, **kw: Any) -> Any:
        """Call a whitelisted function; say where in the text it failed."""
        try:
            value = function(*args, **kw)
        except LawSyntaxError:
            raise
        except FreesymError as error:
            fail(" ".join(str(error).split()), self.text, position)
        except (ArithmeticError, RecursionError) as error:
            fail(f"the numbers are too extreme here: {error}", self.text, position)
        if isinstance(value, Law) or (self.symbols and is_expression(value)):
            return value
        return self.finite(value, position)

    def finite(self, value: Number, position: int) -> Number:
        try:
            fine = math.isfinite(float(value))
        except OverflowError:
            fine = False
        if not fine:
            fail("a number is too large; the limit is 1.8e308", self.text, position)
        return value


def _times(a: Any, b: Any) -> Any:
    return b * a if isinstance(b, Law) else a * b


def _divided(a: Any, b: Any) -> Any:
    if isinstance(a, Law):
        return a / b
    if b == 0:
        raise InvalidLawError("division by 0")
    both = isinstance(a, (int, Fraction)) and isinstance(b, (int, Fraction))
    return as_number(Fraction(a) / Fraction(b)) if both else a / b


_BINARY: dict[str, Callable[[Any, Any], Any]] = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": _times,
    "/": _divided,
    "@": lambda a, b: a @ b,
}
_METHODS: dict[str, Callable[..., Any]] = {name: getattr(Law, name) for name in METHODS}


def _checked_names(names: Mapping[str, Law] | None) -> dict[str, Law]:
    """Laws under names that the grammar can read and has no other use for."""
    if names is None:
        return {}
    if not isinstance(names, Mapping):
        raise InvalidLawError(
            f"names = {short(names)} must be a mapping from names to laws, such as "
            "{'data': Empirical([1.0, 2.0])}"
        )
    for name, law in names.items():
        if not isinstance(name, str) or re.fullmatch(_NAME, name) is None:
            raise InvalidLawError(
                f"names: {short(name)} cannot be read in an expression; give a text of letters, "
                "digits and underscores that begins with no digit"
            )
        if name in FUNCTIONS:
            raise InvalidLawError(
                f"names: '{name}' is a law or an operation of the grammar already; choose another "
                "name"
            )
        if not isinstance(law, Law):
            raise InvalidLawError(
                f"names: '{name}' is {short(law)}, not a law; a constant is PointMass(a)"
            )
    return dict(names)


def parse_law(text: str, names: Mapping[str, Law] | None = None, *, symbols: bool = False) -> Law:
    """Read a law expression.

    Parameters
    ----------
    text : str
        Such as ``"MP(1/2) @ Bernoulli(1/2) + Semicircle()"``; see the grammar above.
    names : mapping of str to Law, optional
        Laws that the expression may mention, such as the law of given eigenvalues; not under the
        names of laws and operations.
    symbols : bool, optional
        Whether other names are parameters without a value: positive SymPy symbols.

    Returns
    -------
    Law

    Raises
    ------
    InvalidLawError
        With the position, for text that is not such an expression or laws that do not exist; and
        for names that cannot be used.

    Examples
    --------
    >>> parse_law("2 * MP(1/2) @ B(0.5) + SC()")
    (2 * MarchenkoPastur(ratio=Rational(1, 2))) @ Bernoulli(p=0.5) + Semicircle()
    >>> parse_law("B(p)", symbols=True)
    Bernoulli(p=Symbol('p', positive=True))
    """
    if not isinstance(text, str):
        raise InvalidLawError(f"a law expression is a text, not {type(text).__name__}")
    if len(text) > MAX_LENGTH:
        fail(f"the expression has {len(text)} characters; the limit is {MAX_LENGTH}",
              text, MAX_LENGTH)  # fmt: skip
    value = _Builder(text, _checked_names(names), symbols=symbols).build(Parser(text).whole())
    if not isinstance(value, Law):
        kind = "a list" if isinstance(value, list) else f"the number {value}"
        fail(f"the expression is {kind}, not a law; a constant is delta(a)", text, 0)
    return value
