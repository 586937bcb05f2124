"""Transforms without a closed form, as SymPy expressions that know their law.

An :class:`ImplicitTransform` prints, substitutes (the parameters of its law too), evaluates
through the verified solver, differentiates and expands in a power series.
"""

from __future__ import annotations

from typing import Any

import mpmath
import sympy
from sympy.core.symbol import Str

from freesym.algebra.cumulants import s_transform_series
from freesym.errors import FreesymError, NotAlgebraicError, UnsupportedOperationError
from freesym.spectrum.moments import free_cumulants, moments
from freesym.transforms import values
from freesym.transforms.latex import law_latex

#: The coordinates of the polynomial that a transform satisfies.
COORDINATES = {"G": "zg", "M": "zm", "R": "wr", "S": "ms"}
_LATEX = {"log_potential": "u"}
_DOUBLE = 64


class LawAtom(sympy.Atom):  # type: ignore[misc]
    """A law as a leaf of SymPy expressions: its parameters are symbols of the expression."""

    __slots__ = ("law",)

    def __new__(cls, law: Any) -> LawAtom:
        """Wrap a law."""
        made = super().__new__(cls)
        made.law = law
        return made  # type: ignore[no-any-return]

    def __getnewargs__(self) -> tuple[Any, ...]:
        return (self.law,)

    def _hashable_content(self) -> tuple[Any, ...]:
        # SymPy orders expressions by this, so it is text and a number
        return repr(self.law), hash(self.law)

    @property
    def free_symbols(self) -> set[Any]:
        """The parameters."""
        return set(self.law.free_symbols)

    def _eval_subs(self, old: Any, new: Any) -> Any:
        return LawAtom(self.law.subs({old: new})) if old in self.law.free_symbols else self

    def _xreplace(self, rule: Any) -> tuple[Any, bool]:
        if self in rule:
            return rule[self], True
        found = {s: rule[s] for s in self.law.free_symbols if s in rule}
        return (LawAtom(self.law.subs(found)), True) if found else (self, False)

    def _sympystr(self, printer: Any) -> str:
        return repr(self.law)

    def _latex(self, printer: Any) -> str:
        return law_latex(self.law)


class ImplicitTransform(sympy.Expr):  # type: ignore[misc]
    """A transform of a law at an argument, or a derivative of it.

    Parameters
    ----------
    law : Law
    name : {"G", "M", "R", "S", "log_potential"}
    argument : SymPy expression
    order : int
        How many times the transform is differentiated, before the argument is put in.
    """

    is_commutative = True

    def __new__(cls, law: Any, name: Any, argument: Any, order: Any = 0) -> ImplicitTransform:
        """Any of the parts may come from another expression's ``args``."""
        atom = law if isinstance(law, LawAtom) else LawAtom(law)
        return super().__new__(  # type: ignore[no-any-return]
            cls, atom, Str(str(name)), sympy.sympify(argument), sympy.Integer(order)
        )

    @property
    def law(self) -> Any:
        """The law."""
        return self.args[0].law

    @property
    def name(self) -> str:
        """Which transform it is."""
        return str(self.args[1].name)

    @property
    def argument(self) -> Any:
        """Where it is taken."""
        return self.args[2]

    @property
    def order(self) -> int:
        """How often it is differentiated."""
        return int(self.args[3])

    # ------------------------------------------------------------------ printing

    def _sympystr(self, printer: Any) -> str:
        marks = "'" * self.order
        return f"{self.name}{marks}[{self.law!r}]({printer.doprint(self.argument)})"

    def _latex(self, printer: Any, exp: Any = None) -> str:
        letter = _LATEX.get(self.name, self.name)
        marks = f"^{{({self.order})}}" if self.order else ""
        shown = f"{letter}{marks}_{{{law_latex(self.law)}}}"
        shown += rf"\left({printer.doprint(self.argument)}\right)"
        return shown if exp is None else rf"\left({shown}\right)^{{{exp}}}"

    # ---------------------------------------------------------------- evaluation

    def _eval_evalf(self, prec: int) -> Any:
        argument = self.argument.evalf(mpmath.libmp.prec_to_dps(max(prec, 53)))
        if self.law.free_symbols or not argument.is_number:
            return None
        point = complex(argument)
        value = values.value(self.law, self.name, point, self.order)
        if prec > _DOUBLE and not self.order:
            value = self._polished(value, argument, prec)
        real, imaginary = mpmath.re(value), mpmath.im(value)
        number = sympy.Float(real, precision=max(prec, 53))
        if imaginary == 0:
            return number
        return number + sympy.I * sympy.Float(imaginary, precision=max(prec, 53))

    def _polished(self, value: complex, argument: Any, prec: int) -> Any:
        """More digits by Newton's method on the polynomial, if there is one."""
        x, y = sympy.Dummy("x"), sympy.Dummy("y")
        polynomial = self._polynomial(x, y)
        if polynomial is None:
            return value
        with mpmath.workprec(prec + 20):
            point = mpmath.mpmathify(argument)
            f = sympy.lambdify((x, y), polynomial, "mpmath")
            slope = sympy.lambdify((x, y), polynomial.diff(y), "mpmath")
            better = mpmath.mpmathify(value)
            for _ in range(prec.bit_length() + 2):
                better -= f(point, better) / slope(point, better)
            near = abs(better - value) <= 1e-6 * abs(value)
            return +better if near else value

    def _eval_is_zero(self) -> bool | None:
        return None

    def doit(self, **hints: Any) -> Any:
        """The transform derived again, now that the parameters of the law may be known."""
        from freesym.transforms.transform import transform

        argument = self.argument.doit(**hints) if hints.get("deep", True) else self.argument
        x = sympy.Dummy("x")
        found = transform(self.law, self.name, x).expression
        if found.has(ImplicitTransform):
            return self.func(self.args[0], self.args[1], argument, self.args[3])
        return found.diff(x, self.order).subs(x, argument)

    # --------------------------------------------------------------- derivatives

    def _polynomial(self, x: Any, y: Any) -> Any:
        from freesym.transforms.curve import algebraic_curve

        if self.name not in COORDINATES:
            return None
        try:
            curve = algebraic_curve(self.law.relation())
            return curve.expression(COORDINATES[self.name], x, y)
        except (NotAlgebraicError, UnsupportedOperationError, FreesymError):
            return None

    def _eval_derivative(self, s: Any) -> Any:
        inner = self.argument.diff(s)
        total: Any = sympy.S.Zero
        if inner != 0:
            total += inner * self.fdiff()
        if s in self.args[0].free_symbols:
            part = self._parameter_slope(s)
            if part is None:
                return None
            total += part
        return total

    def fdiff(self, argindex: int = 1) -> Any:
        """The derivative by the argument: from the polynomial, where there is one."""
        if self.name == "log_potential" and not self.order:
            return self._cauchy_transform()
        if not self.order:
            slope = self._implicit_slope(None)
            if slope is not None:
                return slope
        return self.func(self.args[0], self.args[1], self.argument, self.order + 1)

    def _cauchy_transform(self) -> Any:
        from freesym.transforms.transform import transform

        return transform(self.law, "G", None)(self.argument)

    def _implicit_slope(self, parameter: Any) -> Any:
        """``-P_x/P_y`` at this point, or by a parameter."""
        x, y = sympy.Dummy("x"), sympy.Dummy("y")
        polynomial = self._polynomial(x, y)
        if polynomial is None:
            return None
        change = polynomial.diff(x if parameter is None else parameter)
        return -(change / polynomial.diff(y)).subs({x: self.argument, y: self}, simultaneous=True)

    def _parameter_slope(self, parameter: Any) -> Any:
        return None if self.order else self._implicit_slope(parameter)

    # -------------------------------------------------------------------- series

    def coefficients(self, n: int) -> list[Any]:
        """The first ``n`` coefficients of the power series, exact.

        Of ``M``, ``R`` and ``S`` at 0; of ``G``, and of the log-potential without ``log z``,
        in ``1/z`` at infinity.
        """
        relation = self.law.relation()
        match self.name:
            case "R":
                row = free_cumulants(relation, n)
            case "S":
                row = s_transform_series(moments(relation, n))
            case "M":
                row = [0, *moments(relation, n - 1)]
            case "G":
                row = [0, 1, *moments(relation, max(n - 2, 0))][:n]
            case _:
                row = [0, *(-m / sympy.Integer(k) for k, m in enumerate(moments(relation, n), 1))]
        return [sympy.sympify(value) for value in row[:n]]

    @property
    def is_at_infinity(self) -> bool:
        """Whether the power series is one in the reciprocal of the argument."""
        return self.name in ("G", "log_potential")

    def _eval_nseries(self, x: Any, n: int, logx: Any, cdir: Any = 0) -> Any:
        small = 1 / self.argument if self.is_at_infinity else self.argument
        if self.order or small.limit(x, 0) != 0:
            return super()._eval_nseries(x, n=n, logx=logx, cdir=cdir)
        lowest = small.as_leading_term(x).as_coeff_exponent(x)[1]
        count = max(int(sympy.ceiling(n / lowest)), 2)
        t = sympy.Dummy("t")
        total = sum(c * t**k for k, c in enumerate(self.coefficients(count)))
        found = sympy.sympify(total).subs(t, small)
        if self.name == "log_potential":
            found += sympy.log(self.argument)
        return found._eval_nseries(x, n=n, logx=logx, cdir=cdir) + sympy.Order(x**n, x)

    def _eval_as_leading_term(self, x: Any, logx: Any = None, cdir: Any = 0) -> Any:
        for n in (2, 4, 8):
            found = self._eval_nseries(x, n, logx, cdir).removeO()
            if found != 0:
                return found.as_leading_term(x, logx=logx, cdir=cdir)
        return sympy.S.Zero
