"""The syntax of law expressions: text to a tree, within limits of length, depth and size."""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import NoReturn

from freesym.errors import InvalidLawError, printable
from freesym.parameters import Number

MAX_LENGTH, MAX_DEPTH, MAX_NODES, MAX_DIGITS = 100_000, 40, 10_000, 1_000
_CONTEXT = 60

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
    shown = printable(text[start : start + _CONTEXT])
    return f"    {shown}\n    {' ' * (position - start)}^"


def fail(message: str, text: str, position: int) -> NoReturn:
    """Raise LawSyntaxError at a position."""
    raise LawSyntaxError(f"{message} (character {position + 1})", text, position)


def closest(name: str, names: Iterable[str]) -> str:
    """A hint at the nearest of the names, or all of them."""
    known = list(names)
    found = difflib.get_close_matches(name[:40], known, 1, 0.6)
    return f"; did you mean '{found[0]}'?" if found else f"; the names are {', '.join(known)}"


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
            character = printable(text[position])
            fail(f"unexpected character '{character}'; see the grammar's names and operators",
                  text, position)  # fmt: skip
        assert match.lastgroup is not None
        if match.lastgroup != "space":
            yield _Token(match.lastgroup, match.group(), position)
        position = match.end()
    yield _Token("end", "", len(text))


# ------------------------------------------------------------------------------------- syntax


@dataclass(frozen=True)
class Node:
    """A part of an expression and where it begins."""

    position: int


@dataclass(frozen=True)
class Literal(Node):
    """A number."""

    value: Number


@dataclass(frozen=True)
class Name(Node):
    """A name that is not called."""

    name: str


@dataclass(frozen=True)
class Negative(Node):
    """``-operand``."""

    operand: Node


@dataclass(frozen=True)
class Chain(Node):
    """``first op second op third ...`` of one precedence, from the left."""

    first: Node
    rest: tuple[tuple[str, int, Node], ...]


@dataclass(frozen=True)
class List(Node):
    """A list, or a tuple."""

    items: tuple[Node, ...]


@dataclass(frozen=True)
class Call(Node):
    """A call of a function, or of a method of ``owner``."""

    name: str
    owner: Node | None
    positional: tuple[Node, ...]
    named: tuple[tuple[str, Node], ...]


class Parser:
    """Recursive descent over the tokens, limited in depth and size."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens = _tokens(text)
        self.token = next(self.tokens)
        self.depth = self.nodes = 0

    def whole(self) -> Node:
        """The tree of the whole text."""
        tree = self._sum()
        if self.token.kind != "end":
            self._unexpected("an operator or the end")
        return tree

    def _unexpected(self, wanted: str) -> NoReturn:
        found = f"'{self.token.text[:20]}'" if self.token.text else "the end of the expression"
        fail(f"found {found} where {wanted} should be", self.text, self.token.position)

    def _advance(self) -> _Token:
        token, self.token = self.token, next(self.tokens, self.token)
        return token

    def _accept(self, *symbols: str) -> _Token | None:
        if self.token.kind == "symbol" and self.token.text in symbols:
            return self._advance()
        return None

    def _expect(self, symbol: str) -> None:
        if not self._accept(symbol):
            self._unexpected(f"'{symbol}'")

    def _enter(self, position: int) -> None:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            fail(f"the expression is nested more than {MAX_DEPTH} deep; write it in parts",
                  self.text, position)  # fmt: skip

    def _count(self, position: int) -> int:
        self.nodes += 1
        if self.nodes > MAX_NODES:
            fail(f"the expression has more than {MAX_NODES} parts; write a smaller one",
                  self.text, position)  # fmt: skip
        return position

    def _sum(self) -> Node:
        self._enter(self.token.position)
        tree = self._chain(("+", "-"), lambda: self._chain(("*", "/", "@"), self._signed))
        self.depth -= 1
        return tree

    def _chain(self, symbols: tuple[str, ...], operand: Callable[[], Node]) -> Node:
        first = operand()
        rest = []
        while token := self._accept(*symbols):
            rest.append((token.text, self._count(token.position), operand()))
        return Chain(first.position, first, tuple(rest)) if rest else first

    def _signed(self) -> Node:
        token = self._accept("+", "-")
        if token is None:
            return self._postfix()
        self._enter(token.position)
        operand = self._signed()
        self.depth -= 1
        return Negative(token.position, operand) if token.text == "-" else operand

    def _postfix(self) -> Node:
        tree, entered = self._atom(), self.depth
        while self._accept("."):
            token = self._advance()
            if token.text not in METHODS:
                hint = closest(token.text, METHODS)
                fail(f"there is no method '{printable(token.text[:40])}'{hint}",
                      self.text, token.position)  # fmt: skip
            self._enter(token.position)
            tree = self._call(token, tree)
        self.depth = entered
        return tree

    def _atom(self) -> Node:
        token = self._advance()
        self._count(token.position)
        if token.kind == "number":
            return Literal(token.position, self._number(token))
        if token.kind == "name":
            opened = self.token.kind == "symbol" and self.token.text == "("
            return self._call(token, None) if opened else Name(token.position, token.text)
        if token.text == "(":
            return self._bracket(token)
        if token.text == "[":
            return List(token.position, tuple(self._items("]")))
        self.token = token
        self._unexpected("a law or a number")

    def _number(self, token: _Token) -> Number:
        if len(token.text) > MAX_DIGITS:
            fail(f"a number of {len(token.text)} characters is too long; the limit is "
                  f"{MAX_DIGITS}", self.text, token.position)  # fmt: skip
        exact = token.text.isdigit()
        try:
            value: Number = int(token.text) if exact else float(token.text)
            finite = math.isfinite(float(value))
        except OverflowError:
            finite = False
        if not finite:
            fail(f"the number {token.text[:20]} is too large; the limit is 1.8e308",
                  self.text, token.position)  # fmt: skip
        return value

    def _bracket(self, token: _Token) -> Node:
        items = list(self._items(")"))
        if len(items) == 1 and self._single:
            return items[0]
        return List(token.position, tuple(items))

    def _items(self, close: str) -> list[Node]:
        """Items up to the closing bracket; ``self._single``: no comma was seen."""
        items: list[Node] = []
        single = True
        while not self._accept(close):
            items.append(self._sum())
            if self._accept(","):
                single = False
            elif not (self.token.kind == "symbol" and self.token.text == close):
                self._unexpected(f"',' or '{close}'")
        self._single = single
        return items

    def _call(self, token: _Token, owner: Node | None) -> Node:
        self._expect("(")
        positional: list[Node] = []
        named: dict[str, Node] = {}
        while not self._accept(")"):
            position, argument = self.token.position, self._sum()
            if isinstance(argument, Name) and self._accept("="):
                if argument.name in named:
                    fail(f"the argument '{argument.name[:40]}' is given twice", self.text, position)
                named[argument.name] = self._sum()
            elif named:
                fail("a positional argument follows a named one", self.text, position)
            else:
                positional.append(argument)
            if not self._accept(",") and self.token.text != ")":
                self._unexpected("',' or ')'")
        return Call(token.position, token.text, owner, tuple(positional), tuple(named.items()))
