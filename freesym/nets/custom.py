"""Activations given by a SymPy expression or by a vectorised callable."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from freesym.errors import InvalidLawError
from freesym.laws.pushforward import check_function, shown, vectorised
from freesym.nets.activations import Activation
from freesym.nets.gaussian_integrals import resolved_ends
from freesym.parameters import as_number, as_sequence, is_expression, short, to_float

Array = NDArray[np.float64]
_PROBES: Array = np.array([-1.7, -0.6, 0.3, 0.9, 2.1])
_STENCIL = ((4 / 5, 1), (-1 / 5, 2), (4 / 105, 3), (-1 / 280, 4))


@dataclass(frozen=True)
class CustomActivation(Activation):
    """An activation of your own.

    Parameters
    ----------
    function : SymPy expression of one symbol, or vectorised callable
    slope : SymPy expression or vectorised callable, optional
        The derivative.  That of an expression is SymPy's; that of a callable is found by a
        complex step where the callable takes complex numbers, otherwise by differences of
        eighth order, accurate to about 1e-11.
    breakpoints : sequence of float, optional
        Where the function or its slope has kinks or jumps.  By default they are found, by
        SymPy or by bisection between -64 and 64.
    name : str, optional

    Examples
    --------
    >>> import sympy
    >>> x = sympy.Symbol("x")
    >>> relu = custom_activation(sympy.Max(x, 0))
    >>> relu.breakpoints, round(relu.gaussian_mean_square(1.0), 13)
    ((0.0,), 0.5)
    """

    function: Any
    slope: Any = None
    kinks: tuple[float, ...] | None = None
    name: str = ""  # type: ignore[misc]

    def __post_init__(self) -> None:
        check_function(self.function, _PROBES, "activation")
        if is_expression(self.function) and not self.function.free_symbols:
            raise InvalidLawError(f"the activation {self.function} is constant; its slope is 0")
        if self.slope is not None:
            check_function(self.slope, _PROBES, "activation: slope")
        if self.kinks is not None:
            given = as_sequence(self.kinks, "activation: breakpoints")
            cuts = {to_float(as_number(k, "activation: breakpoint")) for k in given}
            object.__setattr__(self, "kinks", tuple(sorted(cuts)))
        if not self.name:
            object.__setattr__(self, "name", _title(self.function))

    def __getstate__(self) -> dict[str, Any]:
        return {key: self.__dict__[key] for key in ("function", "slope", "kinks", "name")}

    @property
    def noise(self) -> float:  # type: ignore[override]
        """Formulas that cancel, and differences even more, carry rounding errors."""
        if self._kind == "difference":
            return 1e-9
        return 0.0 if self._is_polynomial else 1e-12

    @cached_property
    def _is_polynomial(self) -> bool:
        """Whether nothing cancels in the slope but at its zeros."""
        return (
            self.slope is None
            and is_expression(self.function)
            and bool(self.function.is_polynomial())
        )

    @property
    def breakpoints(self) -> tuple[float, ...]:
        """Those given, or those found."""
        return self._breaks if self.kinks is None else self.kinks

    @cached_property
    def _value(self) -> Callable[[Array], Any]:
        function = _real(self.function) if is_expression(self.function) else self.function
        evaluated: Callable[[Array], Any] = vectorised(function)
        return evaluated

    @cached_property
    def _kind(self) -> str:
        if self.slope is not None or is_expression(self.function):
            return "given"
        return "complex" if _takes_complex(self.function) else "difference"

    def slope_formula(self, x: Any) -> Any:
        """The slope that was given, or the derivative, where there are no kinks."""
        formula: Any = self.slope
        if formula is None and is_expression(self.function):
            formula = self.function.diff()
        if self.breakpoints or not is_expression(formula):
            return None
        return formula.subs(dict.fromkeys(formula.free_symbols, x))

    @cached_property
    def _slope(self) -> Callable[[Array], Any]:
        if self.slope is not None:
            return vectorised(self.slope)
        if is_expression(self.function):
            return vectorised(_derivative(_real(self.function)))
        if self._kind == "complex":
            function = self.function
            return lambda x: np.imag(function(x + 1e-100j)) / 1e-100
        return self._difference

    def _difference(self, x: Array) -> Array:
        """Central differences that stay on one side of every kink."""
        kinks = self.breakpoints
        gap = np.full(x.shape, np.inf)
        for k in kinks:
            gap = np.minimum(gap, np.abs(x - k))
        step = np.maximum(np.minimum(0.03 * np.maximum(1.0, np.abs(x)), 0.24 * gap), 1e-9)
        f = self._value
        total = sum(w * (f(x + m * step) - f(x - m * step)) for w, m in _STENCIL)
        return np.asarray(total / step)

    @cached_property
    def _breaks(self) -> tuple[float, ...]:
        if is_expression(self.function):
            found = _symbolic_breaks(_real(self.function))
            if found is not None:
                return found
        return _found_breaks(self.phi)

    def phi(self, x: Array) -> Array:
        """The function."""
        with np.errstate(all="ignore"):
            return _array(self._value(np.asarray(x, dtype=float)), x, self.name)

    def derivative(self, x: Array) -> Array:
        """Its slope."""
        with np.errstate(all="ignore"):
            return _array(self._slope(np.asarray(x, dtype=float)), x, self.name)


def custom_activation(
    function: Any,
    derivative: Any = None,
    breakpoints: Sequence[float] | None = None,
    name: str = "",
) -> CustomActivation:
    """An activation given by a function; see :class:`CustomActivation`."""
    cuts = None if breakpoints is None else tuple(breakpoints)
    return CustomActivation(function, derivative, cuts, name)


def _title(function: Any) -> str:
    return str(function) if is_expression(function) else str(shown(function))


def _array(values: Any, x: Array, name: str) -> Array:
    array = np.asarray(values)
    if np.iscomplexobj(array):
        raise InvalidLawError(f"the activation {short(name)} has complex values; make it real")
    return np.broadcast_to(array.astype(float), np.shape(x))


def _real(expression: Any) -> Any:
    """With a real variable, so that SymPy can differentiate moduli."""
    import sympy

    symbol = next(iter(expression.free_symbols))
    return expression.subs(symbol, sympy.Symbol("x", real=True))


def _derivative(expression: Any) -> Any:
    """The derivative almost everywhere: steps keep no delta function."""
    import sympy

    symbol = next(iter(expression.free_symbols))
    slope = sympy.diff(expression.rewrite(sympy.Piecewise), symbol)
    return slope.replace(sympy.DiracDelta, lambda *_: sympy.Integer(0))


def _symbolic_breaks(expression: Any) -> tuple[float, ...] | None:
    """The kinks of maxima, moduli, signs and pieces; None if SymPy cannot find them."""
    import sympy

    kinked = expression.atoms(sympy.Max, sympy.Min, sympy.Abs, sympy.sign, sympy.Heaviside,
                              sympy.Piecewise, sympy.floor, sympy.ceiling)  # fmt: skip
    if not kinked:
        return ()
    symbol = next(iter(expression.free_symbols))
    places: set[float] = set()
    for part in kinked:
        for zero in _crossings(part):
            try:
                roots = sympy.solveset(zero, symbol, sympy.S.Reals)
            except (NotImplementedError, ValueError, TypeError):
                return None
            if not isinstance(roots, sympy.FiniteSet):
                return None
            places |= {float(root) for root in roots}
    return tuple(sorted(places))


def _crossings(part: Any) -> list[Any]:
    """Expressions whose zeros are the kinks of a part."""
    import sympy

    if isinstance(part, (sympy.Max, sympy.Min)):
        arguments = list(part.args)
        return [a - b for i, a in enumerate(arguments) for b in arguments[:i]]
    if isinstance(part, sympy.Piecewise):
        relations = part.atoms(sympy.core.relational.Relational)
        return [relation.lhs - relation.rhs for relation in relations]
    if isinstance(part, (sympy.floor, sympy.ceiling)):
        return [sympy.sin(sympy.pi * part.args[0])]
    return [part.args[0]]


def _takes_complex(function: Callable[[Any], Any]) -> bool:
    """Whether a complex step gives the slope at a few points, compared with differences."""
    try:
        with np.errstate(all="ignore"):
            complex_values = np.asarray(function(_PROBES + 1e-100j))
            plus, minus = function(_PROBES + 1e-5), function(_PROBES - 1e-5)
    except Exception:  # noqa: BLE001 - whatever it raises, it does not take complex numbers
        return False
    if not np.iscomplexobj(complex_values):
        return False
    slope = complex_values.imag / 1e-100
    difference = (np.asarray(plus) - np.asarray(minus)) / 2e-5
    return bool(np.allclose(slope, difference, rtol=1e-4, atol=1e-6))


def _found_breaks(phi: Callable[[Array], Array]) -> tuple[float, ...]:
    """Where bisection ends in panels of no width."""
    with np.errstate(all="ignore"):
        ends = resolved_ends(lambda x: (phi(x),), np.arange(-64.0, 64.5, 0.5), 1e-13)
    width = np.diff(ends)
    narrow = np.flatnonzero(width < 1e-9)
    places = [float(ends[i]) for i in narrow]
    kept: list[float] = []
    for place in places:
        if not kept or place - kept[-1] > 1e-7:
            kept.append(place)
    # a kink on the grid shows no narrow panel: the slopes of its neighbours differ
    x = ends[1:-1]
    step = 1e-4 * np.minimum(width[:-1], width[1:])
    usable = step > 1e-9
    with np.errstate(all="ignore"):
        centre = phi(x)
        right, left = (phi(x + step) - centre) / step, (centre - phi(x - step)) / step
    size = 1 + np.abs(right) + np.abs(left)
    kinked = usable & (np.abs(right - left) > 1e-2 * size)
    kept += [float(place) for place in x[kinked]]
    return tuple(sorted(round(k, 9) if math.isclose(k, round(k, 9), abs_tol=1e-12) else k
                        for k in set(kept)))  # fmt: skip
