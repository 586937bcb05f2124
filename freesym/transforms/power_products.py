"""Products of powers of linear functions, and the laws whose chart is one.

Many laws state ``w`` as such a product of their coordinate: the S-transforms of
Marchenko-Pastur, Bernoulli, Wachter and Raney laws, their free products and powers,
compressions, inverses and Poisson sums all keep that form.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from freesym.lazy import LazyModule
from freesym.relations import nodes
from freesym.relations.leaf import CauchyLeaf, Leaf, RTransformLeaf, STransformLeaf
from freesym.relations.relation import Relation
from freesym.relations.simplify import Constant

sympy: Any = LazyModule("sympy")


@dataclass(frozen=True)
class PowerProduct:
    """``constant * prod (t - point)^exponent * exp(rate t)``, exponents by point."""

    variable: Any
    constant: Any
    exponents: dict[Any, Any]
    rate: Any = 0

    def expression(self) -> Any:
        """The product as a SymPy expression."""
        powers = [(self.variable - b) ** e for b, e in self.exponents.items()]
        return sympy.Mul(self.constant, *powers, sympy.exp(self.rate * self.variable))

    def logarithmic_derivative(self) -> Any:
        """``sum exponent/(t - point) + rate``."""
        return sympy.Add(self.rate, *(e / (self.variable - b) for b, e in self.exponents.items()))


@dataclass(frozen=True)
class Chart:
    """``w`` as a product of powers of ``t``, with ``psi`` as a function of ``t``."""

    w: PowerProduct
    psi: Any


Bases = dict[Any, Any]


def power_chart(relation: Relation) -> Chart | None:
    """The chart of a relation whose ``w`` is a product of powers; None where it is not one.

    Examples
    --------
    >>> from freesym.laws import FussCatalan
    >>> power_chart(FussCatalan(2).relation()).w.exponents
    {0: -1, -1: 3}
    """
    m = sympy.Dummy("psi")
    bases = _bases(relation, m)
    if bases is not None:
        return _in_psi(bases, m) or _in_root(bases, m)
    return _through_leaf(relation, m)


# ---------------------------------------------------------------------- w as powers of bases


def _bases(relation: Relation, m: Any) -> Bases | None:
    """``w`` as ``{base: exponent}`` in bases that are expressions of ``psi``."""
    match relation:
        case STransformLeaf():
            return _collected([(1 + m, 1), (m, -1), (_s_transform(relation, m), -1)])
        case nodes.Multiplicative():
            return _product(relation, m, {})
        case nodes.Affine() if relation.shift == 0:
            return _times(_bases(relation.child, m), [(relation.scale, 1)])
        case nodes.Additive() if len(relation.terms) == 1:
            t = _exact(relation.powers[0])
            inner = _substituted(_bases(relation.terms[0], m), m, m / t)
            # w = r_t + 1/g = (1 + psi)/g at the g of the single term
            return _times(inner, [(1 + m, 1), (1 + m / t, -1)])
        case nodes.NegativeInverse():
            inner = _substituted(_bases(relation.child, m), m, -1 - m)
            if inner is None:
                return None
            return _collected([(-1, 1), *((b, -e) for b, e in inner.items())])
        case nodes.Reshape():
            return _substituted(_bases(relation.child, m), m, m / _exact(relation.ratio))
        case nodes.CompoundPoisson():
            inner = _substituted(_bases(relation.jumps, m), m, m / _exact(relation.rate))
            return _times(inner, [(1 + m, 1)])
        case CauchyLeaf():
            return _moebius_leaf(relation, m)
    return None


def _s_transform(leaf: STransformLeaf, m: Any) -> Any:
    """The formula of a leaf, as it was given where one was."""
    given = getattr(leaf, "expression", None)
    if given is not None:
        return given.subs(getattr(leaf, "symbol", None), m)
    found = leaf.s_transform(m)
    if sympy.sympify(found).is_rational_function(m):
        return found
    # in symbols for the parameters: with numbers a leaf may divide its roots out
    fields = dataclasses.fields(leaf)  # type: ignore[arg-type]
    values = {sympy.Dummy(f.name, positive=True): getattr(leaf, f.name) for f in fields}
    generic = type(leaf)(*values)
    expression = generic.s_transform(m)
    pairs = [(b, e) for b, e in _powers(expression)]
    return sympy.Mul(*(b.subs(values) ** sympy.sympify(e).subs(values) for b, e in pairs))


def _product(relation: nodes.Multiplicative, m: Any, given: dict[Relation, Bases]) -> Bases | None:
    """``w = prod w_i^t_i (psi/(1 + psi))^(T - 1)``."""
    total = sum(map(_exact, relation.powers))
    pairs: list[tuple[Any, Any]] = [(m, total - 1), (1 + m, 1 - total)]
    for factor, power in zip(relation.factors, relation.powers, strict=True):
        bases = given.get(factor) or _bases(factor, m)
        if bases is None:
            return None
        pairs += [(b, e * _exact(power)) for b, e in bases.items()]
    return _collected(pairs)


def _moebius_leaf(leaf: Leaf, m: Any) -> Bases | None:
    """A law on ``{0, a}``: ``psi`` is a Moebius function of ``w``."""
    rational = _rational_chart(leaf)
    if rational is None or isinstance(leaf, Constant):
        return None
    t, w, psi = rational
    numerator, denominator = sympy.fraction(sympy.together(psi))
    equation = sympy.Poly(numerator - m * denominator, t)
    if equation.degree() != 1 or w != t:
        return None
    a, b = equation.all_coeffs()
    return _collected([(-b, 1), (a, -1)])


def _exact(value: Any) -> Any:
    return sympy.sympify(value) if not isinstance(value, str) else value


def _times(bases: Bases | None, pairs: Iterable[tuple[Any, Any]]) -> Bases | None:
    return None if bases is None else _collected([*bases.items(), *pairs])


def _substituted(bases: Bases | None, m: Any, value: Any) -> Bases | None:
    return None if bases is None else _collected((b.subs(m, value), e) for b, e in bases.items())


def _collected(pairs: Iterable[tuple[Any, Any]]) -> Bases:
    """Split products of powers and add the exponents of equal bases."""
    totals: Bases = {}
    for expression, exponent in pairs:
        for base, power in _powers(_exact(expression)):
            totals[base] = totals.get(base, 0) + power * _exact(exponent)
    return {base: e for base, e in totals.items() if e != 0 and base != 1}


def _powers(expression: Any) -> list[tuple[Any, Any]]:
    if expression.is_Mul:
        return [pair for factor in expression.args for pair in _powers(factor)]
    if expression.is_Pow:
        return [(b, e * expression.exp) for b, e in _powers(expression.base)]
    return [(expression, sympy.S.One)]


def square_chart(relation: Relation) -> Chart | None:
    """``w^2`` of a symmetric relation as a product of powers of ``psi``; None if it is not one."""
    m = sympy.Dummy("psi")
    bases = _squared_bases(relation, m)
    return None if bases is None else _in_psi(bases, m)


def _squared_bases(relation: Relation, m: Any) -> Bases | None:
    match relation:
        case nodes.Affine() if relation.shift == 0:
            return _times(_squared_bases(relation.child, m), [(relation.scale, 2)])
        case nodes.Additive() if len(relation.terms) == 1:
            t = _exact(relation.powers[0])
            inner = _substituted(_squared_bases(relation.terms[0], m), m, m / t)
            return _times(inner, [(1 + m, 2), (1 + m / t, -2)])
        case nodes.RealMultiplicative():
            positive = _bases(relation.positive, m)
            if positive is None:
                return None
            inner = _squared_bases(relation.real, m)
            pairs = [(m, 2), (1 + m, -2), *((b, 2 * e) for b, e in positive.items())]
            return _times(inner, pairs)
        case Leaf():
            return _squared_leaf(relation, m)
    return None


def _squared_leaf(leaf: Leaf, m: Any) -> Bases | None:
    """A leaf in which ``psi`` is a Moebius function of ``w^2`` or of ``g^2``."""
    rational = _rational_chart(leaf)
    symmetric = getattr(leaf, "is_symmetric", None)
    if rational is None or symmetric is None or not symmetric():
        return None
    t, w, psi = rational
    square = sympy.Dummy("t2")
    numerator, denominator = sympy.fraction(sympy.together(psi))
    equation = sympy.Poly(sympy.expand(numerator - m * denominator), t)
    if any(k % 2 for (k,) in equation.monoms()) or equation.degree() != 2:
        return None
    a, _, b = equation.all_coeffs()
    changed = sympy.cancel(sympy.expand(w**2)).subs(t, sympy.sqrt(square))
    return _collected([(sympy.factor(changed.subs(square, -b / a)), 1)])


# ---------------------------------------------------------------------- from bases to points


def _in_psi(bases: Bases, m: Any) -> Chart | None:
    """Bases that are products of linear functions of ``psi``, or exponentials of them."""
    w = _linear(bases, m)
    return _in_pole(bases, m) if w is None else Chart(w, m)


def _in_pole(bases: Bases, m: Any) -> Chart | None:
    """An exponential of ``1/(psi - b)``, which becomes the coordinate."""
    poles = set()
    for base in bases:
        if isinstance(base, sympy.exp):
            poles |= set(sympy.roots(sympy.fraction(sympy.together(base.exp))[1], m))
    if len(poles) != 1:
        return None
    t, (pole,) = sympy.Dummy("t"), poles
    psi = pole + 1 / t
    changed = {}
    for base, e in bases.items():
        value = base.subs(m, psi)
        changed[sympy.exp(sympy.expand(value.exp)) if isinstance(value, sympy.exp) else value] = e
    w = _linear(changed, t)
    return None if w is None else Chart(w, psi)


def _linear(bases: Bases, t: Any) -> PowerProduct | None:
    constant: Any = sympy.S.One
    rate: Any = sympy.S.Zero
    exponents: dict[Any, Any] = {}
    for base, exponent in bases.items():
        if t not in base.free_symbols:
            constant *= sympy.Abs(base) ** exponent if base.is_negative else base**exponent
            constant *= -1 if base == -1 and exponent == 1 else 1
            continue
        if isinstance(base, (sympy.exp, sympy.Pow)) and base.func is sympy.exp:
            slope = sympy.diff(base.exp, t)
            if t in slope.free_symbols:
                return None
            rate += slope * exponent
            constant *= sympy.exp(exponent * base.exp.subs(t, 0))
            continue
        split = _linear_factors(base, t)
        if split is None:
            return None
        scale, points = split
        constant *= sympy.Abs(scale) ** exponent if scale.is_negative else scale**exponent
        for point, multiplicity in points:
            exponents[point] = exponents.get(point, 0) + multiplicity * exponent
    kept = {b: sympy.nsimplify(e) if e.is_Rational else e for b, e in exponents.items()}
    return PowerProduct(t, constant, {b: e for b, e in kept.items() if e != 0}, rate)


def _linear_factors(base: Any, t: Any) -> tuple[Any, list[tuple[Any, int]]] | None:
    """``scale * prod (t - point)^multiplicity`` of a rational function, if it splits."""
    scale: Any = sympy.S.One
    points: list[tuple[Any, int]] = []
    for part, sign in zip(sympy.fraction(sympy.together(base)), (1, -1), strict=True):
        if t not in part.free_symbols:
            scale *= part**sign
            continue
        if not part.is_polynomial(t):
            return None
        lead, factors = sympy.factor_list(part, t)
        scale *= lead**sign
        for factor, multiplicity in factors:
            if t not in factor.free_symbols:
                scale *= factor ** (sign * multiplicity)
                continue
            polynomial = sympy.Poly(factor, t)
            if polynomial.degree() != 1:
                return None
            a, b = polynomial.all_coeffs()
            scale *= a ** (sign * multiplicity)
            points.append((sympy.cancel(-b / a), sign * multiplicity))
    return sympy.cancel(scale), points


def _in_root(bases: Bases, m: Any) -> Chart | None:
    """Bases in a root ``t = (1 + psi)^e``: the Raney laws."""
    roots = {
        p.exp for base in bases for p in base.atoms(sympy.Pow)
        if m in p.base.free_symbols and sympy.expand(p.base - 1 - m) == 0 and not p.exp.is_Integer
    }  # fmt: skip
    if len(roots) != 1:
        return None
    (e,) = roots
    t = sympy.Dummy("t")
    changed: Bases = {}
    for base, exponent in bases.items():
        if base == 1 + m:
            changed[t] = changed.get(t, 0) + exponent / e
        else:
            changed[base.subs((1 + m) ** e, t).subs(m, t ** (1 / e) - 1)] = exponent
    if any(m in base.free_symbols for base in changed):
        return None
    w = _linear({b: sympy.simplify(x) for b, x in changed.items()}, t)
    return None if w is None else Chart(w, t ** (1 / e) - 1)


# ---------------------------------------------------------------------- one rational leaf


def _rational_chart(leaf: Relation) -> tuple[Any, Any, Any] | None:
    """``(t, w(t), psi(t))`` of a leaf that is rational in ``w`` or in ``g``."""
    if not isinstance(leaf, (CauchyLeaf, RTransformLeaf)):
        return None
    t = sympy.Dummy("t")
    try:
        if isinstance(leaf, RTransformLeaf):
            r = leaf.r_transform(t)
            w, psi = r + 1 / t, t * r
        else:
            w, psi = t, leaf.transform(t)[1]
    except (TypeError, ValueError, AttributeError, ArithmeticError):
        return None
    psi = sympy.cancel(sympy.together(psi)) if isinstance(psi, sympy.Expr) else None
    if psi is None or not psi.is_rational_function(t) or psi.has(sympy.log):
        return None
    return t, w, psi


def _through_leaf(relation: Relation, m: Any) -> Chart | None:
    """A product with one factor that is rational in its own coordinate, which becomes ``t``."""
    scale: Any = sympy.S.One
    if isinstance(relation, nodes.Affine) and relation.shift == 0:
        scale, relation = _exact(relation.scale), relation.child
    if not isinstance(relation, nodes.Multiplicative):
        return None
    others = [f for f in relation.factors if _bases(f, m) is None]
    rational = _rational_chart(others[0]) if len(others) == 1 else None
    if rational is None:
        return None
    t, w, psi = rational
    bases = _product(relation, m, {others[0]: {w: sympy.S.One}})
    if bases is None:
        return None
    product = _linear(_collected([(scale, 1), *((b.subs(m, psi), e) for b, e in bases.items())]), t)
    return None if product is None else Chart(product, psi)
