"""Exact traces: the rules of a tree as instructions whose constants are exact numbers.

The double-precision programs of :mod:`freesym.lowering` round their constants.  A tape records
the same rules with the parameters as they were given, to be run in ball arithmetic at any
precision by :mod:`freesym.solve.machine`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum, auto
from fractions import Fraction
from typing import Any

from freesym.errors import UnsupportedOperationError
from freesym.parameters import is_expression, sympified
from freesym.relations.functions import (
    at_home,
    coefficients,
    exp,
    flipped,
    log,
    log_lower,
    log_upper,
    measure_potential,
    measure_transform,
    of_symmetric,
    parameter_in,
    parameter_root,
    pick_smaller,
    real_log,
    sign_of_imaginary_part,
    sqrt,
    times_i,
    wrapped_potential,
)
from freesym.solve.measures import ExactMeasure

Row = tuple[int, int, int, Any]


class Op(IntEnum):
    """The instructions; ``a`` and ``b`` are earlier rows, ``c`` a constant or a number."""

    COORDINATE = auto()  # unknown number c
    CONSTANT = auto()  # constant c
    ADD = auto()
    SUBTRACT = auto()
    MULTIPLY = auto()
    DIVIDE = auto()
    SHIFT = auto()  # a + constant c
    SCALE = auto()  # a * constant c
    REFLECT = auto()  # constant c - a
    RECIPROCAL = auto()  # constant c / a
    POWER = auto()  # a ** c for an integer c
    LOG = auto()  # principal (c = 0), cut on -i (c > 0) or on +i (c < 0)
    EXP = auto()
    SQRT = auto()
    TIMES_I = auto()
    SIGN = auto()  # sign of the imaginary part; c where it is known beforehand
    SELECT = auto()  # a if |x| <= |y| else b, with c = (x, y)
    REBASE = auto()  # a, which depends on the child of match c, seen from the parent
    SYMMETRIC = auto()  # a, an odd (c = 1) or even function of b that is real on the real axis
    MEASURE = auto()  # g (b = 0) or psi (b = 1) of the measure c
    POTENTIAL = auto()  # log-potential of the measure c, on side b
    WRAP = auto()  # a without whole turns: Im a within pi of c pi/2 (c = 0: by the sign of Im b)


class InexactConstantError(UnsupportedOperationError):
    """A rule computed with a rounded number, so that nothing can be certified."""


class ExactRational(Fraction):
    """A rational parameter: arithmetic stays exact, and so do its logarithm and root."""

    __slots__ = ()


def _closed(name: str) -> Any:
    operation = getattr(Fraction, name)

    def method(self: Fraction, *others: Any) -> Any:
        result = operation(self, *others)
        return ExactRational(result) if type(result) is Fraction else result

    return method


for _name in ("add", "radd", "sub", "rsub", "mul", "rmul", "truediv", "rtruediv", "neg", "abs"):
    setattr(ExactRational, f"__{_name}__", _closed(f"__{_name}__"))


def _exact_power(self: ExactRational, exponent: Any) -> Any:
    if isinstance(exponent, (int, Fraction)):
        if Fraction(exponent).denominator == 1:
            return ExactRational(Fraction(self) ** int(exponent))
        return sympified(Fraction(self)) ** sympified(Fraction(exponent))
    return NotImplemented


ExactRational.__pow__ = _exact_power  # type: ignore[method-assign,assignment]


@log.register
@real_log.register
def _(x: ExactRational) -> Any:
    import sympy

    return ExactRational(0) if x == 1 else sympy.log(sympified(Fraction(x)))


@sqrt.register
def _(x: ExactRational) -> Any:
    import sympy

    root = sympy.sqrt(sympified(Fraction(x)))
    return ExactRational(int(root.p), int(root.q)) if root.is_Rational else root


def admit_symbols() -> None:
    """Let rules take logarithms and roots of SymPy numbers."""
    import sympy

    for function, name in ((log, "log"), (real_log, "log"), (exp, "exp"), (sqrt, "sqrt")):
        if function.dispatch(sympy.Expr) is function.dispatch(object):
            function.register(sympy.Expr, getattr(sympy, name))


_DYADIC, _LARGEST = 64, 64


def exact_constant(value: Any) -> Any:
    """A constant of a rule as a Fraction, or as a SymPy number.

    Floats are accepted where they are written in rules (``0.5``); others are rounded.

    Raises
    ------
    InexactConstantError
        If the number may have been rounded.
    """
    if isinstance(value, (int, Fraction)):
        return Fraction(value)
    if is_expression(value):
        if value.free_symbols or not value.is_number:
            raise UnsupportedOperationError(f"{value} has no numerical value")
        if not value.is_Rational:
            return value
        return Fraction(int(value.p), int(value.q))
    if isinstance(value, complex) and value.imag == 0:
        value = value.real
    if isinstance(value, float) and abs(value) <= _LARGEST and value * _DYADIC % 1 == 0:
        return Fraction(value)
    raise InexactConstantError(
        f"a rule contains the rounded number {value!r}; certified digits need exact constants"
    )


@dataclass
class Tape:
    """Instructions in static single assignment, without common subexpressions."""

    rows: list[Row] = field(default_factory=list)
    constants: list[Any] = field(default_factory=list)
    measures: list[Any] = field(default_factory=list)
    #: For each match: child quantity, wanted quantity, and their leading unknowns.
    matches: list[tuple[int, int, int, int]] = field(default_factory=list)
    unknowns: int = 0
    #: Unknowns ``psi`` that double precision knows as ``psi/(psi + rank)``.
    ranks: dict[int, float] = field(default_factory=dict)
    #: The half-plane of the node that is being combined.
    orientation: int = 1
    _seen: dict[Row, int] = field(default_factory=dict)
    _places: dict[Any, int] = field(default_factory=dict)

    def emit(self, operation: Op, a: int = -1, b: int = -1, c: Any = 0) -> int:
        """The number of an instruction, recorded once."""
        key = (int(operation), a, b, c)
        if key not in self._seen:
            self._seen[key] = len(self.rows)
            self.rows.append(key)
        return self._seen[key]

    def constant(self, value: Any) -> int:
        """The place of a constant."""
        exact = exact_constant(value)
        if exact not in self._places:
            self._places[exact] = len(self.constants)
            self.constants.append(exact)
        return self._places[exact]

    def unknown(self, orientation: int) -> Node:
        """A new unknown coordinate."""
        self.unknowns += 1
        return Node(self, self.emit(Op.COORDINATE, c=self.unknowns - 1), orientation)

    def anchored_unknown(self, orientation: int, rank: float) -> Node:
        """The ``psi`` for which double precision solves in ``psi/(psi + rank)``."""
        self.ranks[self.unknowns] = rank
        return self.unknown(orientation)

    def match(self, child: Node, wanted: Node, unknowns: tuple[int, int]) -> TapeMatch:
        """Make a child's quantity agree with a wanted value."""
        self.matches.append((child.number, wanted.number, *unknowns))
        return TapeMatch(self, len(self.matches) - 1)

    def measure(self, measure: Any) -> int:
        """The index of a measure.

        Raises
        ------
        UnsupportedOperationError
            If it is only tabulated in double precision.
        """
        if not isinstance(measure, ExactMeasure):
            raise UnsupportedOperationError(
                "a law given by a table, or by a function that is no SymPy expression, has no "
                "certified digits"
            )
        for i, known in enumerate(self.measures):
            if known is measure:
                return i
        self.measures.append(measure)
        return len(self.measures) - 1

    def node(self, value: Any) -> Node:
        """A number of a state as a node of the tape."""
        if isinstance(value, Node):
            return value
        return Node(self, self.emit(Op.CONSTANT, c=self.constant(value)), 1)


@dataclass(frozen=True)
class TapeMatch:
    """A match, through which the child's quantities are seen by its parent."""

    tape: Tape
    number: int

    def __call__(self, value: Any) -> Any:
        """The value as the parent sees it; constants stay."""
        return value.new(Op.REBASE, c=self.number) if isinstance(value, Node) else value


@dataclass(frozen=True, eq=False)
class Node:
    """A number whose arithmetic is recorded; ``orientation`` is the sign of ``Im w`` if known."""

    tape: Tape
    number: int
    orientation: int

    def new(self, operation: Op, b: int = -1, c: Any = 0) -> Node:
        """A node of the same orientation with this one as first operand."""
        return Node(self.tape, self.tape.emit(operation, self.number, b, c), self.orientation)

    def _with(self, operation: Op, constant: Any) -> Node:
        return self.new(operation, c=self.tape.constant(constant))

    def __add__(self, other: Any) -> Node:
        if isinstance(other, Node):
            return self.new(Op.ADD, other.number)
        return self._with(Op.SHIFT, other)

    def __sub__(self, other: Any) -> Node:
        if isinstance(other, Node):
            return self.new(Op.SUBTRACT, other.number)
        return self._with(Op.SHIFT, -exact_constant(other))

    def __rsub__(self, other: Any) -> Node:
        return self._with(Op.REFLECT, other)

    def __mul__(self, other: Any) -> Node:
        if isinstance(other, Node):
            return self.new(Op.MULTIPLY, other.number)
        return self._with(Op.SCALE, other)

    def __truediv__(self, other: Any) -> Node:
        if isinstance(other, Node):
            return self.new(Op.DIVIDE, other.number)
        return self._with(Op.SCALE, 1 / exact_constant(other))

    def __rtruediv__(self, other: Any) -> Node:
        return self._with(Op.RECIPROCAL, other)

    def __neg__(self) -> Node:
        return self._with(Op.SCALE, -1)

    def __pow__(self, exponent: Any) -> Node:
        t = exact_constant(exponent)
        power: Node
        if isinstance(t, Fraction) and t.denominator == 1:
            return self.new(Op.POWER, c=int(t))
        if isinstance(t, Fraction) and abs(t) == Fraction(1, 2):
            power = sqrt(self)
            return power if t > 0 else 1 / power
        power = exp(log(self) * t)
        return power

    def __rpow__(self, base: Any) -> Node:
        exact = exact_constant(base)
        rational = ExactRational(exact) if isinstance(exact, Fraction) else exact
        power: Node = exp(self * log(rational))
        return power

    __radd__ = __add__
    __rmul__ = __mul__


@exp.register
def _(x: Node) -> Node:
    return x.new(Op.EXP)


@log.register
def _(x: Node) -> Node:
    return x.new(Op.LOG, c=0)


@log_upper.register
def _(x: Node) -> Node:
    return x.new(Op.LOG, c=x.orientation)


@log_lower.register
def _(x: Node) -> Node:
    return x.new(Op.LOG, c=-x.orientation)


@sqrt.register
def _(x: Node) -> Node:
    return x.new(Op.SQRT)


@parameter_root.register
def _(like: Node, radicand: Any, n: int, value: Any) -> Any:
    import sympy

    admit_symbols()
    exact = exact_constant(radicand)
    return sympy.root(sympified(exact) if isinstance(exact, Fraction) else exact, n)


@coefficients.register
def _(like: Node, values: tuple[Any, ...]) -> tuple[Any, ...]:
    return values


@parameter_in.register
def _(like: Node, value: Any) -> Any:
    return ExactRational(value) if isinstance(value, (int, Fraction)) else value


@times_i.register
def _(x: Node) -> Node:
    return x.new(Op.TIMES_I)


@sign_of_imaginary_part.register
def _(x: Node) -> Node:
    return x.new(Op.SIGN)


@flipped.register
def _(x: Node, orientation: int = -1) -> Node:
    return Node(x.tape, x.number, orientation * x.orientation)


@of_symmetric.register
def _(x: Node, w: Node, *, odd: bool) -> Node:
    return x.new(Op.SYMMETRIC, w.number, int(odd))


@at_home.register
def _(x: Node) -> Node:
    return Node(x.tape, x.number, x.tape.orientation)


@wrapped_potential.register
def _(u: Node, w: Node) -> Node:
    return u.new(Op.WRAP, w.number, u.orientation)


@pick_smaller.register
def _(x: Node, y: Any, a: Any, b: Any) -> Any:
    if not all(isinstance(v, Node) for v in (y, a, b)):
        return a
    return Node(
        x.tape, x.tape.emit(Op.SELECT, a.number, b.number, (x.number, y.number)), x.orientation
    )


@measure_transform.register
def _(x: Node, table: Any) -> tuple[Node, Node]:
    number = x.tape.measure(table)
    return x.new(Op.MEASURE, 0, number), x.new(Op.MEASURE, 1, number)


@measure_potential.register
def _(x: Node, table: Any) -> Node:
    return x.new(Op.POTENTIAL, x.orientation, x.tape.measure(table))
