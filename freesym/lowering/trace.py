"""Traced values: arithmetic on them records the instructions of a program."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from freesym.errors import UnboundParameterError
from freesym.kernels import opcodes as op
from freesym.parameters import is_expression
from freesym.relations.functions import (
    at_home,
    exp,
    flipped,
    integer_power,
    integrated_potential,
    knows_complement,
    log,
    log_lower,
    log_upper,
    measure_potential,
    measure_transform,
    pick_smaller,
    sign_of_imaginary_part,
    sqrt,
    times_i,
    with_complement,
    wrapped_potential,
)
from freesym.relations.relation import Relation

Key = tuple[int, int, int, float, float]
_ROUNDING = 4.5e-16


@dataclass
class Trace:
    """An instruction list in static single assignment, without common subexpressions."""

    rows: list[Key] = field(default_factory=list)
    tables: list[Any] = field(default_factory=list)
    matches: list[tuple[int, int]] = field(default_factory=list)
    unknowns: int = 0
    #: The half-plane of the node that is being combined.
    orientation: int = 1
    #: Where potentials of parts are integrated: points, and the parts.
    integrals: list[tuple[Value, Relation]] = field(default_factory=list)
    _seen: dict[Key, int] = field(default_factory=dict)

    def emit(self, operation: int, a: int = -1, b: int = -1, x: float = 0.0, y: float = 0.0) -> int:
        """The value number of an instruction, recorded once."""
        key = (operation, a, b, x, y)
        if key not in self._seen:
            self._seen[key] = len(self.rows)
            self.rows.append(key)
        return self._seen[key]

    def unknown(self, orientation: int) -> Value:
        """A new unknown coordinate."""
        self.unknowns += 1
        return Value(self, self.emit(op.COORDINATE, self.unknowns - 1), orientation)

    def anchored_unknown(self, orientation: int, rank: float) -> Value:
        """``psi = rank y/(1 - y)`` for an unknown ``y``: exact near 0 and near ``-rank``.

        Near ``-rank`` it is ``rank/(1 - y) - rank``, whose imaginary part does not cancel.
        """
        y = self.unknown(orientation)
        one_minus_y = y.linear(-1.0, 1.0)
        total = one_minus_y.new(op.RECIPROCAL, one_minus_y.number, -1, rank)
        one = Value(self, self.emit(op.CONSTANT, x=1.0), orientation)
        psi = pick_smaller(y, one, total * y, total.linear(1.0, -rank))
        return Value(self, psi.number, orientation, (rank, total))

    def integral(self, w: Value, relation: Relation) -> Value:
        """The potential of a part at ``w``, which the program finds behind its unknowns."""
        self.integrals.append((w, relation))
        number = self.emit(op.COORDINATE, self.unknowns + len(self.integrals) - 1)
        return Value(self, number, w.orientation)

    def match(self, child: Value, wanted: Value, unknowns: tuple[int, int]) -> Match:
        """Make a child's quantity agree with a wanted value, to first order.

        Where both know their sum with the same number, which is the smaller, that agrees.
        """
        if child.anchor and wanted.anchor and child.anchor[0] == wanted.anchor[0]:
            sums = child.anchor[1], wanted.anchor[1]
            child, wanted = (
                pick_smaller(sums[1], wanted, total, plain)
                for total, plain in zip(sums, (child, wanted), strict=True)
            )
        self.matches.append(unknowns)
        number = len(self.matches) - 1
        self.emit(op.MATCH, child.number, wanted.number, float(number))
        return Match(self, number)

    def table(self, table: Any) -> int:
        """The index of a measure table."""
        if table not in self.tables:
            self.tables.append(table)
        return self.tables.index(table)


@dataclass(frozen=True)
class Match:
    """A match, through which the child's quantities are seen by its parent."""

    trace: Trace
    number: int

    def __call__(self, value: Any) -> Any:
        """The value as the parent sees it; constants stay."""
        if not isinstance(value, Value):
            return value
        found = value.new(op.REBASE, value.number, self.number)
        if value.anchor is None:
            return found
        return replace(found, anchor=(value.anchor[0], self(value.anchor[1])))


def _is_imaginary(value: Any) -> bool:
    """Whether a constant is a number off the real line."""
    if is_expression(value):
        return bool(value.is_number) and not value.is_real
    return isinstance(value, complex) and value.imag != 0


def constant(value: Any) -> float:
    """A real number; raises for what is not one."""
    if isinstance(value, complex) and value.imag == 0.0:
        return value.real
    try:
        return float(value)
    except TypeError:
        raise UnboundParameterError(
            f"the parameter {value} has no numerical value; bind its symbols with .subs(...)"
        ) from None


@dataclass(frozen=True, eq=False)
class Value:
    """A number whose arithmetic is recorded; ``orientation`` is the sign of ``Im w`` if known."""

    trace: Trace
    number: int
    orientation: int
    #: A number ``a`` and the value of ``self + a``, known without cancellation.
    anchor: tuple[float, Value] | None = None

    def new(
        self, operation: int, a: int = -1, b: int = -1, x: float = 0.0, y: float = 0.0
    ) -> Value:
        """A value of the same orientation."""
        return Value(self.trace, self.trace.emit(operation, a, b, x, y), self.orientation)

    def linear(self, scale: float, shift: float) -> Value:
        """``scale * self + shift``."""
        if scale == 1.0 and shift == 0.0:
            return self
        if self.anchor is not None:
            a, sum_with_a = self.anchor
            if abs(shift - scale * a) <= _ROUNDING * abs(shift):
                return replace(sum_with_a.linear(scale, 0.0), orientation=self.orientation)
            moved = self.new(op.LINEAR, self.number, -1, scale, shift)
            rest = (scale * a - shift, sum_with_a.linear(scale, 0.0))
            return replace(moved, anchor=rest)
        operation, source, _, x, y = self.trace.rows[self.number]
        if operation == op.LINEAR:
            return self.new(op.LINEAR, source, -1, scale * x, scale * y + shift)
        return self.new(op.LINEAR, self.number, -1, scale, shift)

    def _binary(self, operation: int, other: Value) -> Value:
        return self.new(operation, self.number, other.number)

    def __add__(self, other: Any) -> Value:
        if isinstance(other, Value):
            return self._binary(op.ADD, other)
        if _is_imaginary(other):
            return self.linear(1.0, complex(other).real) + self._imaginary(other)
        return self.linear(1.0, constant(other))

    def _imaginary(self, other: Any) -> Value:
        """The imaginary part of a constant, as a value."""
        return times_i(self.new(op.CONSTANT, x=complex(other).imag))  # type: ignore[no-any-return]

    def __sub__(self, other: Any) -> Value:
        if isinstance(other, Value):
            return self._binary(op.SUBTRACT, other)
        return self.linear(1.0, -constant(other))

    def __rsub__(self, other: Any) -> Value:
        return self.linear(-1.0, constant(other))

    def __mul__(self, other: Any) -> Value:
        if isinstance(other, Value):
            return self._binary(op.MULTIPLY, other)
        if _is_imaginary(other):
            turned = times_i(self).linear(complex(other).imag, 0.0)
            product: Value = self.linear(complex(other).real, 0.0) + turned
            return product
        return self.linear(constant(other), 0.0)

    def __truediv__(self, other: Any) -> Value:
        if isinstance(other, Value):
            return self._binary(op.DIVIDE, other)
        return self.linear(1.0 / constant(other), 0.0)

    def __rtruediv__(self, other: Any) -> Value:
        return self.new(op.RECIPROCAL, self.number, -1, constant(other))

    def __neg__(self) -> Value:
        return self.linear(-1.0, 0.0)

    def __pow__(self, exponent: Any) -> Value:
        t = constant(exponent)
        power: Value
        if t == int(t) and abs(t) <= 16:
            power = integer_power(self, abs(int(t)))
            return 1 / power if t < 0 else power
        if t in (0.5, -0.5):
            power = sqrt(self)
            return power if t > 0 else 1 / power
        power = exp(log(self) * t)
        return power

    def __rpow__(self, base: Any) -> Value:
        from math import log as real_log

        power: Value = exp(self * real_log(constant(base)))
        return power

    __radd__ = __add__
    __rmul__ = __mul__


@exp.register
def _(x: Value) -> Value:
    return x.new(op.EXP, x.number)


@log.register
def _(x: Value) -> Value:
    return x.new(op.LOG, x.number)


@log_upper.register
def _(x: Value) -> Value:
    return x.new(op.LOG, x.number, -1, float(x.orientation))


@log_lower.register
def _(x: Value) -> Value:
    return x.new(op.LOG, x.number, -1, -float(x.orientation))


@sqrt.register
def _(x: Value) -> Value:
    return x.new(op.SQRT, x.number)


@times_i.register
def _(x: Value) -> Value:
    return x.new(op.TIMES_I, x.number)


@sign_of_imaginary_part.register
def _(x: Value) -> Value:
    return x.new(op.SIGN, x.number)


@flipped.register
def _(x: Value, orientation: int = -1) -> Value:
    return Value(x.trace, x.number, orientation * x.orientation, x.anchor)


@at_home.register
def _(x: Value) -> Value:
    return Value(x.trace, x.number, x.trace.orientation, x.anchor)


@with_complement.register
def _(psi: Value, complement: Callable[[], Any]) -> Value:
    known = complement()
    return replace(psi, anchor=None if known is None else (1.0, known))


@knows_complement.register
def _(psi: Value) -> bool:
    # what is beyond the anchor is positive, the mass of an atom at 0
    return psi.anchor is not None and psi.anchor[0] <= 1.0


@wrapped_potential.register
def _(u: Value, w: Value) -> Value:
    return u.new(op.WRAP, u.number, w.number, float(u.orientation))


@pick_smaller.register
def _(x: Value, y: Any, a: Any, b: Any) -> Any:
    if not all(isinstance(v, Value) for v in (y, a, b)):
        return a
    mark = x.new(op.COMPARE, x.number, y.number)
    return x.new(op.SELECT, a.number, b.number, float(mark.number))


@integrated_potential.register
def _(w: Value, relation: Relation) -> Value:
    return w.trace.integral(w, relation)


@measure_transform.register
def _(x: Value, table: Any) -> tuple[Value, Value]:
    number, side = x.trace.table(table), float(x.orientation)
    # two results of one evaluation: the interpreter fuses adjacent instructions
    g = x.new(op.MEASURE, x.number, number, 0.0, side)
    return g, x.new(op.MEASURE, x.number, number, 1.0, side)


@measure_potential.register
def _(x: Value, table: Any) -> Value:
    return x.new(op.POTENTIAL, x.number, x.trace.table(table), 0.0, float(x.orientation))
