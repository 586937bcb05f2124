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

Precedence is Python's.  Integers and their quotients are exact rationals, numbers with a decimal
point or an exponent are floats.  Names are those of freesym's laws and operations, the short forms
``MP``, ``SC``, ``B``, ``delta``, and names bound by the caller.
"""

from __future__ import annotations

import difflib
import inspect
import math
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, NoReturn

import numpy as np

from freesym import laws, operations
from freesym.errors import FreesymError, InvalidLawError
from freesym.law import Law
from freesym.parameters import Number, as_number

MAX_LENGTH, MAX_DEPTH, MAX_NODES, MAX_DIGITS = 100_000, 40, 10_000, 1_000
_CONTEXT = 60

_LAWS = (
    "Arcsine", "Bernoulli", "Cauchy", "CompoundFreePoisson", "Discrete", "Empirical",
    "EquilibriumMeasure", "FreeBinomial", "FreePoisson", "FussCatalan", "KestenMcKay",
    "MarchenkoPastur", "MomentLaw", "PointMass", "Raney", "Semicircle", "TwoPoint", "Uniform", "Wachter",
)  # fmt: skip
_SHORT = {
    "MP": "MarchenkoPastur", "SC": "Semicircle", "B": "Bernoulli", "delta": "PointMass",
}  # fmt: skip
_OPERATIONS = (
    "boolean_sum", "classical_product", "classical_sum", "free_product", "free_sum", "mixture",
    "monotone", "noncentral_wishart", "rectangular_sum",
)  # fmt: skip
METHODS = (
    "additive_deconvolve", "additive_power", "compress", "inverse", "moebius",
    "multiplicative_deconvolve", "multiplicative_power", "reshape", "square",
)  # fmt: skip


class LawSyntaxError(InvalidLawError):
    """A law expression that cannot be read; ``summary`` is the message without the picture.

    Parameters
    ----------
    summary : str
        What is wrong, where, and the remedy, in one line.
    text : str
        The whole expression.
    position : int
        The offending character, counted from 0.
    """

    def __init__(self, summary: str, text: str, position: int) -> None:
        super().__init__(f"{summary}\n{_picture(text, position)}")
        self.summary, self.text, self.position = summary, text, position

    def __reduce__(self) -> tuple[type[LawSyntaxError], tuple[str, str, int]]:
        return type(self), (self.summary, self.text, self.position)


def _picture(text: str, position: int) -> str:
    """The surroundings of a position with a caret below it."""
    start = max(0, position - _CONTEXT // 2)
    shown = _printable(text[start : start + _CONTEXT])
    return f"    {shown}\n    {' ' * (position - start)}^"


def _printable(text: str) -> str:
    return "".join(c if c.isascii() and c.isprintable() else "?" for c in text)


def _fail(message: str, text: str, position: int) -> NoReturn:
    raise LawSyntaxError(f"{message} (character {position + 1})", text, position)


# ------------------------------------------------------------------------------------- tokens

_TOKEN = re.compile(
    r"(?P<space>[ \t\r\n]+)"
    r"|(?P<number>(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)"
    r"|(?P<name>[A-Za-z_][A-Za-z0-9_]*)"
    r"|(?P<symbol>[-+*/@()\[\],=.])"
)


@dataclass(frozen=True)
class _Token:
    kind: str
    text: str
    position: int


def _tokens(text: str) -> Iterator[_Token]:
    position = 0
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None:
            character = _printable(text[position])
            _fail(f"unexpected character '{character}'; see the grammar's names and operators",
                  text, position)  # fmt: skip
        assert match.lastgroup is not None
        if match.lastgroup != "space":
            yield _Token(match.lastgroup, match.group(), position)
        position = match.end()
    yield _Token("end", "", len(text))


# ------------------------------------------------------------------------------------- syntax


@dataclass(frozen=True)
class _Node:
    position: int


@dataclass(frozen=True)
class _Literal(_Node):
    value: Number


@dataclass(frozen=True)
class _Name(_Node):
    name: str


@dataclass(frozen=True)
class _Negative(_Node):
    operand: _Node


@dataclass(frozen=True)
class _Chain(_Node):
    """``first op second op third ...`` of one precedence, from the left."""

    first: _Node
    rest: tuple[tuple[str, int, _Node], ...]


@dataclass(frozen=True)
class _List(_Node):
    items: tuple[_Node, ...]


@dataclass(frozen=True)
class _Call(_Node):
    name: str
    owner: _Node | None
    positional: tuple[_Node, ...]
    named: tuple[tuple[str, _Node], ...]


class _Parser:
    """Recursive descent over the tokens, limited in depth and size."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens = _tokens(text)
        self.token = next(self.tokens)
        self.depth = self.nodes = 0

    def whole(self) -> _Node:
        """The tree of the whole text."""
        tree = self.sum()
        if self.token.kind != "end":
            self.unexpected("an operator or the end")
        return tree

    def unexpected(self, wanted: str) -> NoReturn:
        found = f"'{self.token.text[:20]}'" if self.token.text else "the end of the expression"
        _fail(f"found {found} where {wanted} should be", self.text, self.token.position)

    def advance(self) -> _Token:
        token, self.token = self.token, next(self.tokens, self.token)
        return token

    def accept(self, *symbols: str) -> _Token | None:
        if self.token.kind == "symbol" and self.token.text in symbols:
            return self.advance()
        return None

    def expect(self, symbol: str) -> None:
        if not self.accept(symbol):
            self.unexpected(f"'{symbol}'")

    def enter(self, position: int) -> None:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            _fail(f"the expression is nested more than {MAX_DEPTH} deep; write it in parts",
                  self.text, position)  # fmt: skip

    def count(self, position: int) -> int:
        self.nodes += 1
        if self.nodes > MAX_NODES:
            _fail(f"the expression has more than {MAX_NODES} parts; write a smaller one",
                  self.text, position)  # fmt: skip
        return position

    def sum(self) -> _Node:
        self.enter(self.token.position)
        tree = self.chain(("+", "-"), lambda: self.chain(("*", "/", "@"), self.signed))
        self.depth -= 1
        return tree

    def chain(self, symbols: tuple[str, ...], operand: Callable[[], _Node]) -> _Node:
        first = operand()
        rest = []
        while token := self.accept(*symbols):
            rest.append((token.text, self.count(token.position), operand()))
        return _Chain(first.position, first, tuple(rest)) if rest else first

    def signed(self) -> _Node:
        token = self.accept("+", "-")
        if token is None:
            return self.postfix()
        self.enter(token.position)
        operand = self.signed()
        self.depth -= 1
        return _Negative(token.position, operand) if token.text == "-" else operand

    def postfix(self) -> _Node:
        tree, entered = self.atom(), self.depth
        while self.accept("."):
            token = self.advance()
            if token.text not in METHODS:
                hint = _closest(token.text, METHODS)
                _fail(f"there is no method '{_printable(token.text[:40])}'{hint}",
                      self.text, token.position)  # fmt: skip
            self.enter(token.position)
            tree = self.call(token, tree)
        self.depth = entered
        return tree

    def atom(self) -> _Node:
        token = self.advance()
        self.count(token.position)
        if token.kind == "number":
            return _Literal(token.position, self.number(token))
        if token.kind == "name":
            opened = self.token.kind == "symbol" and self.token.text == "("
            return self.call(token, None) if opened else _Name(token.position, token.text)
        if token.text == "(":
            return self.bracket(token)
        if token.text == "[":
            return _List(token.position, tuple(self.items("]")))
        self.token = token
        self.unexpected("a law or a number")

    def number(self, token: _Token) -> Number:
        if len(token.text) > MAX_DIGITS:
            _fail(f"a number of {len(token.text)} characters is too long; the limit is "
                  f"{MAX_DIGITS}", self.text, token.position)  # fmt: skip
        exact = token.text.isdigit()
        try:
            value: Number = int(token.text) if exact else float(token.text)
            finite = math.isfinite(float(value))
        except OverflowError:
            finite = False
        if not finite:
            _fail(f"the number {token.text[:20]} is too large; the limit is 1.8e308",
                  self.text, token.position)  # fmt: skip
        return value

    def bracket(self, token: _Token) -> _Node:
        items = list(self.items(")"))
        if len(items) == 1 and self.single:
            return items[0]
        return _List(token.position, tuple(items))

    def items(self, close: str) -> list[_Node]:
        """Items up to the closing bracket; ``self.single``: no comma was seen."""
        items: list[_Node] = []
        single = True
        while not self.accept(close):
            items.append(self.sum())
            if self.accept(","):
                single = False
            elif not (self.token.kind == "symbol" and self.token.text == close):
                self.unexpected(f"',' or '{close}'")
        self.single = single
        return items

    def call(self, token: _Token, owner: _Node | None) -> _Node:
        self.expect("(")
        positional: list[_Node] = []
        named: dict[str, _Node] = {}
        while not self.accept(")"):
            position, argument = self.token.position, self.sum()
            if isinstance(argument, _Name) and self.accept("="):
                if argument.name in named:
                    _fail(
                        f"the argument '{argument.name[:40]}' is given twice", self.text, position
                    )
                named[argument.name] = self.sum()
            elif named:
                _fail("a positional argument follows a named one", self.text, position)
            else:
                positional.append(argument)
            if not self.accept(",") and self.token.text != ")":
                self.unexpected("',' or ')'")
        return _Call(token.position, token.text, owner, tuple(positional), tuple(named.items()))


# ------------------------------------------------------------------------------------- values


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


def _closest(name: str, names: Any) -> str:
    found = difflib.get_close_matches(name[:40], list(names), 1, 0.6)
    return f"; did you mean '{found[0]}'?" if found else f"; the names are {', '.join(names)}"


class _Builder:
    """Turns a tree into numbers, laws and lists."""

    def __init__(self, text: str, names: Mapping[str, Law]) -> None:
        self.text, self.names = text, names

    def build(self, node: _Node) -> Any:
        match node:
            case _Literal(value=value):
                return value
            case _Name():
                return self.bound(node)
            case _Negative():
                return self.guarded(node.position, lambda x: -x, self.operand(node.operand))
            case _Chain():
                return self.chain(node)
            case _List(items=items):
                return [self.build(item) for item in items]
            case _Call():
                return self.call(node)
        raise AssertionError(node)

    def bound(self, node: _Name) -> Law:
        if node.name in self.names:
            return self.names[node.name]
        if node.name in FUNCTIONS:
            _fail(f"'{node.name}' needs arguments, '{node.name}(...)'", self.text, node.position)
        hint = _closest(node.name, [*self.names, *FUNCTIONS])
        _fail(f"unknown name '{node.name[:40]}'{hint}", self.text, node.position)

    def operand(self, node: _Node) -> Any:
        value = self.build(node)
        if isinstance(value, list):
            _fail("a list is not a number or a law", self.text, node.position)
        return value

    def chain(self, node: _Chain) -> Any:
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
            _fail("'@' multiplies two laws freely; use '*' for a number", self.text, position)
        if symbol == "/" and isinstance(b, Law):
            _fail("division by a law; use .inverse()", self.text, position)
        return self.guarded(position, _BINARY[symbol], a, b)

    def call(self, node: _Call) -> Any:
        positional = [self.build(argument) for argument in node.positional]
        named = {name: self.build(argument) for name, argument in node.named}
        if node.owner is not None:
            owner = self.operand(node.owner)
            if not isinstance(owner, Law):
                _fail(f"'.{node.name}' needs a law before it", self.text, node.position)
            function = _METHODS[node.name]
            positional.insert(0, owner)
        elif node.name in FUNCTIONS:
            function = FUNCTIONS[node.name]
        else:
            hint = _closest(node.name, FUNCTIONS)
            _fail(f"unknown name '{node.name[:40]}'{hint}", self.text, node.position)
        self.check_arguments(node, function, positional, named)
        return self.guarded(node.position, function, *positional, **named)

    def check_arguments(
        self, node: _Call, function: Callable[..., Any], positional: Any, named: Any
    ) -> None:
        signature = inspect.signature(function)
        try:
            signature.bind(*positional, **named)
        except TypeError as error:
            names = [name for name in signature.parameters if name != "self"]
            _fail(f"{node.name}: {error}; its arguments are {', '.join(names) or 'none'}",
                  self.text, node.position)  # fmt: skip

    def guarded(self, position: int, function: Callable[..., Any], *args: Any, **kw: Any) -> Any:
        """Call a whitelisted function; say where in the text it failed."""
        try:
            value = function(*args, **kw)
        except LawSyntaxError:
            raise
        except FreesymError as error:
            _fail(" ".join(str(error).split()), self.text, position)
        except (ArithmeticError, RecursionError) as error:
            _fail(f"the numbers are too extreme here: {error}", self.text, position)
        return value if isinstance(value, Law) else self.finite(value, position)

    def finite(self, value: Number, position: int) -> Number:
        try:
            fine = math.isfinite(float(value))
        except OverflowError:
            fine = False
        if not fine:
            _fail("a number is too large; the limit is 1.8e308", self.text, position)
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


def parse_law(text: str, names: Mapping[str, Law] | None = None) -> Law:
    """Read a law expression.

    Parameters
    ----------
    text : str
        Such as ``"MP(1/2) @ Bernoulli(1/2) + Semicircle()"``; see the grammar above.
    names : mapping of str to Law, optional
        Laws that the expression may mention, such as the law of given eigenvalues.

    Returns
    -------
    Law

    Raises
    ------
    InvalidLawError
        With the position, for text that is not such an expression or laws that do not exist.

    Examples
    --------
    >>> parse_law("2 * MP(1/2) @ B(0.5) + SC()")
    (2 * MarchenkoPastur(ratio=Rational(1, 2))) @ Bernoulli(p=0.5) + Semicircle()
    >>> parse_law("MP(1/2")
    Traceback (most recent call last):
    ...
    freesym.grammar.LawSyntaxError: found the end of the expression where ',' or ')' should be (character 7)
        MP(1/2
              ^
    """
    if not isinstance(text, str):
        raise InvalidLawError(f"a law expression is a text, not {type(text).__name__}")
    if len(text) > MAX_LENGTH:
        _fail(f"the expression has {len(text)} characters; the limit is {MAX_LENGTH}",
              text, MAX_LENGTH)  # fmt: skip
    value = _Builder(text, dict(names or {})).build(_Parser(text).whole())
    if not isinstance(value, Law):
        kind = "a list" if isinstance(value, list) else f"the number {value}"
        _fail(f"the expression is {kind}, not a law; a constant is delta(a)", text, 0)
    return value
