"""Closed forms of transforms, derived from the relations of leaves and nodes.

Candidates come from the formula a leaf states, from the rules of nodes run on SymPy
expressions, and from the polynomial of the tree where it is of degree 1 or 2.  Every one is
compared with the solver at points of its domain, with several values for symbols, before it
is returned; what fails is dropped.
"""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import sympy

from freesym.errors import FreesymError
from freesym.relations import functions, nodes
from freesym.relations.leaf import CauchyLeaf, Leaf, RTransformLeaf, STransformLeaf
from freesym.relations.relation import Relation
from freesym.relations.simplify import Constant, additive
from freesym.relations.state import Kind, State
from freesym.transforms.branches import (
    Surd,
    radius_of,
    reduced,
    solved_in_half_plane,
    solved_near_zero,
)
from freesym.transforms.checks import Samples
from freesym.transforms.cubics import cubic_zeros
from freesym.transforms.formulas import (
    Closed,
    Formula,
    Known,
    Local,
    formula,
    no_value,
    symbolic,
    with_children,
)
from freesym.transforms.logarithms import inverse_of_logarithm
from freesym.transforms.potentials import collected, without_lower_arguments

_FAILURES = (
    ArithmeticError, AssertionError, AttributeError, FreesymError, NotImplementedError,
    TypeError, ValueError, sympy.PolynomialError,
)  # fmt: skip


def admit_expressions() -> None:
    """Let the rules of relations run on SymPy expressions."""
    entries: tuple[tuple[Any, Any], ...] = (
        (functions.log, sympy.log),
        (functions.exp, sympy.exp),
        (functions.sqrt, sympy.sqrt),
        (functions.times_i, lambda x: sympy.I * x),
        (functions.pick_smaller, lambda x, y, a, b: a),
        (functions.sign_of_imaginary_part, lambda x: sympy.sign(sympy.im(x))),
    )
    for function, rule in entries:
        if function.dispatch(sympy.Expr) is function.dispatch(object):
            function.register(sympy.Expr, rule)


# ------------------------------------------------------------------------------------ derivation


@dataclass
class ClosedForms:
    """The closed forms of a tree and of what it is made of, each derived and checked once.

    Parameters
    ----------
    samples : Samples
        Values for the symbols, at which candidates are compared with the solver.
    """

    samples: Samples
    variable: Any = field(default_factory=lambda: sympy.Dummy("x"))
    _known: dict[tuple[str, Relation], Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        admit_expressions()

    def _first(
        self, name: str, relation: Relation, candidates: Iterable[Callable[[], Any]], check: Any
    ) -> Any:
        """The first candidate that agrees with the solver."""
        key = name, relation
        if key not in self._known:
            agreeing = (found for found in _computed(candidates) if check(
                relation, found.expression, self.variable))  # fmt: skip
            self._known[key] = next(agreeing, None)
        return self._known[key]

    # ------------------------------------------------------------------ in the upper half-plane

    def cauchy(self, relation: Relation) -> Closed | None:
        """``G`` on the upper half-plane."""
        candidates = self._cauchy_candidates(relation)
        found: Closed | None = self._first("G", relation, candidates, self.samples.agrees_g)
        if found is None or not found.expression.has(sympy.log):
            return found
        x, side = self.variable, partial(self.samples.half_plane, relation, x=self.variable)
        return formula(x, without_lower_arguments(found.expression, x, side))

    def _cauchy_candidates(self, relation: Relation) -> Iterator[Callable[[], Any]]:
        x = self.variable
        is_leaf = isinstance(relation, (CauchyLeaf, Constant))
        composed = isinstance(relation, (nodes.Mixture, nodes.Boolean, nodes.Monotone))
        if is_leaf:
            yield lambda: _as_given(formula(x, symbolic(relation).at("w", x).g), relation, x)
        if composed:
            yield lambda: self._composed(relation)
        yield lambda: self._shifted(relation)
        zeros: list[Closed] = []
        with contextlib.suppress(*_FAILURES):
            zeros = self._half_plane_zeros(relation)
        yield from map(_constantly, zeros)
        if not is_leaf and not composed:
            yield lambda: self._composed(relation)

    def _shifted(self, relation: Relation) -> Closed | None:
        """Terms with constant R, like Cauchy laws, shift the variable of the others' sum."""
        if not isinstance(relation, nodes.Additive):
            return None
        shift: Any = sympy.S.Zero
        rest: list[tuple[Relation, Any]] = []
        for term, power in zip(relation.terms, relation.powers, strict=True):
            r = self.r(term)
            if r is None or r.expression.has(self.variable):
                rest.append((term, power))
            else:
                shift += sympy.sympify(power) * r.expression
        if shift == 0 or not rest:
            return None
        whole = additive([term for term, _ in rest], [power for _, power in rest])
        g = self._value(self.cauchy(whole), self.variable - shift)
        return formula(self.variable, g)

    def _half_plane_zeros(self, relation: Relation) -> list[Closed]:
        """The zeros ``g`` of a polynomial of degree at most 3."""
        y = sympy.Dummy("g")
        polynomial = _polynomial(relation, "zg", self.variable, y)
        degree = sympy.degree(polynomial, y)
        if degree == 1:
            return [_linear_zero(polynomial, self.variable, y)]
        if degree == 2:
            return list(solved_in_half_plane(polynomial, self.variable, y))
        if degree == 3:
            return [Formula(self.variable, g) for g in cubic_zeros(polynomial, self.variable, y)]
        return []

    def _composed(self, relation: Relation) -> Closed | None:
        """The rule of the node on the closed forms of its children."""
        x = self.variable
        if isinstance(relation, nodes.SymmetricSquare):
            state = relation.combine((self._state(relation.child, "w", sympy.sqrt(x)),))
        else:
            node = with_children(symbolic(relation), self._proxy)
            state = node.at("w", x)
        return formula(x, state.g)

    def _proxy(self, relation: Relation) -> Relation:
        return Known(lambda kind, value: self._state(relation, kind, value))

    def moment(self, relation: Relation) -> Closed | None:
        """``M(x) = G(1/x)/x - 1``, off the real line."""
        g = self.cauchy(relation)

        def candidate() -> Closed | None:
            return None if g is None else g.at_reciprocal().moebius(1 / self.variable, -1, 0, 1)

        found: Closed | None = self._first("M", relation, [candidate], self.samples.agrees_m)
        return found

    # ------------------------------------------------------------------------------- near zero

    def r(self, relation: Relation) -> Local | None:
        """``R`` near 0."""
        candidates = self._r_candidates(relation)
        found: Local | None = self._first("R", relation, candidates, self.samples.agrees_r)
        return found

    def _r_candidates(self, relation: Relation) -> Iterator[Callable[[], Any]]:
        yield lambda: self._r_by_rule(symbolic(relation), relation)
        if isinstance(relation, CauchyLeaf):
            yield lambda: self._r_of_logarithm(relation)
        yield from self._near_zero(relation, "wr")

    def _r_of_logarithm(self, leaf: Leaf) -> Local | None:
        x, cauchy = self.variable, self.cauchy(leaf)
        w = sympy.Dummy("w")
        inverse = None if cauchy is None else inverse_of_logarithm(cauchy.expression, x, w)
        return None if inverse is None else _stated(x, inverse.subs(w, x) - 1 / x)

    def _r_by_rule(self, exact: Any, relation: Any) -> Local | None:
        x = self.variable
        match relation:
            case Constant():
                return _everywhere(x, exact.value)
            case RTransformLeaf():
                # the variable lies in the lower half-plane
                return _stated(x, exact.r_transform(x).subs(sympy.sign(sympy.im(x)), -1))
            case nodes.Additive():
                return _sum(x, exact.powers, [self.r(term) for term in relation.terms])
            case nodes.Affine():
                return self._r_of_affine(exact, self.r(relation.child))
            case nodes.CompoundPoisson():
                psi = self.moment(relation.jumps)
                return None if psi is None else _stated(x, exact.rate * psi.expression / x)
        return None

    def _r_of_affine(self, exact: Any, child: Local | None) -> Local | None:
        if child is None:
            return None
        x, a = self.variable, exact.scale
        r = child.closed
        if r.expression.has(sympy.I) and not a.is_positive:  # the other half-plane
            if not a.is_negative:
                return None
            r = formula(x, r.expression.subs(sympy.I, -sympy.I))
        radius = None if child.radius is None else child.radius / sympy.Abs(a)
        return Local(r.at_multiple(a).moebius(a, exact.shift, 0, 1), radius)

    def s(self, relation: Relation) -> Local | None:
        """``S`` near 0."""
        candidates = self._s_candidates(relation)
        found: Local | None = self._first("S", relation, candidates, self.samples.agrees_s)
        return found

    def _s_candidates(self, relation: Relation) -> Iterator[Callable[[], Any]]:
        yield lambda: self._s_by_rule(symbolic(relation), relation)
        yield from self._near_zero(relation, "ms")

    def _s_by_rule(self, exact: Any, relation: Any) -> Local | None:
        x = self.variable
        match relation:
            case Constant():
                return _everywhere(x, 1 / exact.value)
            case STransformLeaf():
                return _stated(x, _stated_s(exact, x))
            case nodes.Multiplicative():
                return _product(x, exact.powers, [self.s(f) for f in relation.factors])
            case nodes.RealMultiplicative():
                pair = [self.s(relation.real), self.s(relation.positive)]
                return _product(x, (1, 1), pair)
            case nodes.Affine() if relation.shift == 0:
                return self._s_after(relation.child, x, lambda s: s / exact.scale)
            case nodes.Reshape():
                ratio = exact.ratio
                rule = (1 + x) / (ratio + x)
                return self._s_after(relation.child, x / ratio, lambda s: rule * s)
            case nodes.CompoundPoisson():
                rate = exact.rate
                return self._s_after(relation.jumps, x / rate, lambda s: s / (rate + x))
            case nodes.NegativeInverse():
                child = self.s(relation.child)
                if child is None or not child.closed.is_rational:
                    return None
                return _stated(x, -1 / child.expression.subs(x, -1 - x))
        return None

    def _s_after(self, child: Relation, argument: Any, rule: Callable[[Any], Any]) -> Local | None:
        """A rule on S of a child at a multiple of the variable."""
        found, x = self.s(child), self.variable
        if found is None:
            return None
        factor = argument / x
        radius = None if found.radius is None else found.radius / sympy.Abs(factor)
        inner = found.closed.at_multiple(factor)
        slope = rule(sympy.S.One)  # the rules are linear in S
        return Local(inner.moebius(slope, 0, 0, 1), radius)

    def _near_zero(self, relation: Relation, coordinates: str) -> Iterator[Callable[[], Any]]:
        """The zeros of a polynomial of degree 1 or 2, analytic at 0."""
        x, y = self.variable, sympy.Dummy("y")
        try:
            polynomial = _polynomial(relation, coordinates, x, y)
            degree = sympy.degree(polynomial, y)
            if degree == 1:
                yield lambda: Local(_linear_zero(polynomial, x, y), sympy.oo)
            zeros = solved_near_zero(polynomial, x, y, self.samples.values) if degree == 2 else ()
        except _FAILURES:
            return
        values = self.samples.values
        for zero in zeros:
            rational = zero.is_rational
            radius = sympy.oo if rational else radius_of(zero.radicands[0], x, values)
            yield _constantly(Local(zero, radius))

    # ------------------------------------------------------------------------------- potentials

    def potential(self, relation: Relation) -> Closed | None:
        """``E log(x - X)`` on the upper half-plane, by the rules of leaves and nodes."""
        x = self.variable
        side = partial(self.samples.half_plane, relation, x=x)

        def candidate() -> Closed:
            value = self._state(relation, "w", x).potential()
            constants = [c for c in value.atoms(sympy.log) if not c.has(x)]
            return formula(x, value.xreplace({c: sympy.expand_log(c) for c in constants}))

        def continuous() -> Closed:
            return formula(x, without_lower_arguments(candidate().expression, x, side))

        found: Closed | None = self._first(
            "u", relation, [continuous, candidate], self.samples.agrees_potential
        )
        return found

    def _state(self, relation: Relation, kind: Kind, value: Any) -> State:
        """The state of a tree at an expression for ``w``, ``g`` or ``psi``."""
        exact = symbolic(relation)
        if isinstance(relation, Leaf):
            return self._leaf_state(relation, exact, kind, value)
        if isinstance(relation, nodes.Affine):
            return self._affine_state(relation, exact, kind, value)
        known = relation.native == kind or isinstance(
            relation, (nodes.Monotone, nodes.NegativeInverse, nodes.Reshape)
        )
        if known:
            found: State = with_children(exact, self._proxy).at(kind, value)
            return found
        target: Kind = "w" if relation.native is None else relation.native
        if isinstance(relation, nodes.CompoundPoisson):
            if kind != "w":
                return with_children(exact, self._proxy).at(kind, value)  # type: ignore[no-any-return]
            target = "g"
        if target == kind:
            raise NotImplementedError
        there = self._moved(relation, kind, value, target)
        if kind == "w" and isinstance(relation, nodes.Additive) and len(relation.terms) == 1:
            return self._power_state(relation, exact, value, there)
        y = sympy.Dummy("y")
        state = self._state(relation, target, y)
        return _moved_state(state, y, there)

    def _power_state(self, relation: Any, exact: Any, w: Any, g: Any) -> State:
        """``u = t u_1 + (t - 1) log g`` at ``w_1 = (w + (t - 1)/g)/t``."""
        (t,) = exact.powers
        part = self._state(relation.terms[0], "w", (w + (t - 1) / g) / t)
        return State(
            w, g, w * g - 1,
            potential=lambda: t * part.potential() + (t - 1) * sympy.log(g),
            log_s=no_value,
        )  # fmt: skip

    def _affine_state(self, relation: Any, exact: Any, kind: Kind, value: Any) -> State:
        """As the node does, but with the exact logarithm of the scale."""
        node = with_children(exact, self._proxy)
        if kind == "psi" and exact.shift != 0:
            value, kind = self._moved(relation, kind, value, "w"), "w"
        state: State = node.at(kind, value)
        (child,) = state.parts
        scale = exact.scale
        if scale.is_positive:
            turn = sympy.log(scale)
        elif scale.is_negative and kind == "w":  # z - X = scale (w_1 - X_1), w_1 in the lower half
            turn = sympy.log(-scale) + sympy.I * sympy.pi
        else:
            return dataclasses.replace(state, potential=no_value)
        return dataclasses.replace(state, potential=lambda: child.potential() + turn)

    def _leaf_state(self, leaf: Leaf, exact: Any, kind: Kind, value: Any) -> State:
        chart = leaf.chart
        if chart == kind:
            found: State = exact.state(value)
            return found
        if chart == "s":
            raise NotImplementedError
        if kind == "w" and chart in ("g", "psi"):
            # only the transforms of a proxied child may be asked for
            g = self._value(self.cauchy(leaf), value)
            psi = sympy.cancel(value * g - 1)
            y = sympy.Dummy("y")
            inner = _moved_state(exact.state(y), y, g if chart == "g" else psi)
            return dataclasses.replace(inner, w=value, g=g, psi=psi)
        return exact.state(self._moved(leaf, kind, value, chart))  # type: ignore[no-any-return]

    def _moved(self, relation: Relation, kind: Kind, value: Any, target: Kind) -> Any:
        """One coordinate from another; ``g`` and ``psi`` only where that is rational."""
        if kind == "w":
            g = self._value(self.cauchy(relation), value)
            return g if target == "g" else value * g - 1
        local = self.r(relation) if kind == "g" else self.s(relation)
        if local is None or not local.closed.is_rational:
            raise NotImplementedError
        given = self._value(local.closed, value)
        if kind == "g":
            return given + 1 / value if target == "w" else value * given
        return (1 + value) / (value * given) if target == "w" else value * given

    def _value(self, closed: Closed | None, value: Any) -> Any:
        if closed is None:
            raise NotImplementedError
        return closed.expression.subs(self.variable, value)


# --------------------------------------------------------------------------------------- pieces


def _constantly(value: Any) -> Callable[[], Any]:
    return lambda: value


def _computed(candidates: Iterable[Callable[[], Any]]) -> Iterator[Any]:
    """The candidates that can be computed."""
    for candidate in candidates:
        try:
            found = candidate()
        except _FAILURES:
            continue
        if found is not None:
            yield found


def _moved_state(state: State, y: Any, value: Any) -> State:
    """The state with an expression in the place of the coordinate ``y``."""
    return dataclasses.replace(
        state, w=state.w.subs(y, value), g=state.g.subs(y, value), psi=state.psi.subs(y, value),
        r=None, s=None, regular=None, log_w=None,
        potential=lambda: collected(state.potential()).subs(y, value),
        log_s=lambda: state.log_s().subs(y, value),
    )  # fmt: skip


def _as_given(closed: Closed, leaf: Any, x: Any) -> Closed:
    """Sums of fractions stay sums."""
    shown = symbolic(leaf).at("w", x).g
    if isinstance(closed, Surd) and shown.is_Add:
        return dataclasses.replace(closed, given=shown)
    return closed


def _polynomial(relation: Relation, coordinates: str, x: Any, y: Any) -> Any:
    from freesym.transforms.curve import algebraic_curve

    return algebraic_curve(relation).expression(coordinates, x, y)


def _linear_zero(polynomial: Any, x: Any, y: Any) -> Surd:
    poly = sympy.Poly(polynomial, y)
    return reduced(x, -poly.nth(0), sympy.S.Zero, poly.nth(1), ())


def _everywhere(x: Any, expression: Any) -> Local:
    return Local(formula(x, expression), sympy.oo)


def _stated(x: Any, expression: Any) -> Local:
    closed = formula(x, expression)
    return Local(closed, sympy.oo if closed.is_rational else None)


def _stated_s(leaf: Any, x: Any) -> Any:
    """The formula of a leaf, as it was given where one was."""
    given = getattr(leaf, "expression", None)
    return leaf.s_transform(x) if given is None else given.subs(leaf.symbol, x)


def _smallest(parts: Iterable[Local]) -> Any:
    radii = [part.radius for part in parts if part.radius is not sympy.oo]
    if not radii:
        return sympy.oo
    return None if None in radii else sympy.Min(*radii)


def _sum(x: Any, powers: Any, parts: list[Local | None]) -> Local | None:
    known = [part for part in parts if part is not None]
    if len(known) < len(parts):
        return None
    terms = [t * part.expression for t, part in zip(powers, known, strict=True)]
    if len(known) == 1:
        return Local(known[0].closed.moebius(powers[0], 0, 0, 1), known[0].radius)
    return Local(Formula(x, sympy.Add(*terms)), _smallest(known))


def _product(x: Any, powers: Any, parts: list[Local | None]) -> Local | None:
    known = [part for part in parts if part is not None]
    if len(known) < len(parts):
        return None
    total: Any = sympy.S.One
    whole = True
    for t, part in zip(powers, known, strict=True):
        if sympy.sympify(t).is_Integer:
            total *= part.expression**t
            continue
        whole = False
        top, bottom = sympy.fraction(sympy.together(part.expression))
        # S is positive at 0, so powers of quotients may be split
        total *= top**t * bottom ** (-t)
    return Local(formula(x, total), _smallest(known) if whole else None)
