"""Transforms of any relation at any points of the closed upper half-plane.

Nodes whose children's points are known from their own (scales, inverses, mixtures, Boolean
and monotone convolutions) are unwound here, on arrays; what remains is solved.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from freesym.lowering.compile import RESIDUAL_PLAIN
from freesym.relations import nodes
from freesym.relations.leaf import CauchyLeaf, Leaf, STransformLeaf
from freesym.relations.relation import Relation
from freesym.solve.solver import Solver, solver
from freesym.spectrum import series, vanishing
from freesym.spectrum.beside import (
    DOUBTFUL,
    FORWARD,
    at_atoms,
    beside_atoms,
    beside_zero,
    directions,
    extent,
    impossible,
    known_atoms,
    lost_beside_zero,
    root_error,
)
from freesym.spectrum.bounds import hull

Complex = NDArray[np.complex128]
Real = NDArray[np.float64]
_UNKNOWN = complex(np.nan, np.nan)
_ROUNDING = 4e-16
#: So far away, in units of the spectrum, a law is a point mass.
_FAR = 1e60
#: Absolute solutions show no half-plane closer to 0 than this, in units of the scale.
_TINY = 1e-12
#: So near to an atom at 0, in units of the spectrum, it is.
_NEAR = 1e-120
#: A transform beyond this, in units of the inverse scale, is about to be infinite.
_LARGE = 100.0
#: By how much log-potentials on the two sides of 0 may differ to be that at 0.
_BESIDE_ZERO = 1e-9
#: The double exponential rule on the unit interval (H. Takahasi and M. Mori, 1974).
_STEPS = np.linspace(-3.1, 3.1, 201)
_SHARES = 1 / (1 + np.exp(-np.pi * np.sinh(_STEPS)))
_SHARE_WEIGHTS = (_STEPS[1] - _STEPS[0]) * np.pi * np.cosh(_STEPS) * _SHARES * _SHARES[::-1]


@dataclass(frozen=True, eq=False)
class Transforms:
    """``g``, ``psi`` and, if asked for, the log-potential ``u``; NaN where unsolved."""

    g: Complex
    psi: Complex
    u: Complex | None = None


def transforms(
    relation: Relation, z: Complex, *, potential: bool = False, thorough: bool = True
) -> Transforms:
    """Evaluate a numerical relation at points with ``Im z >= 0`` (boundary values if 0).

    Unverified points are NaN.
    """
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        return _transforms(relation, z, potential, thorough)


def _transforms(
    relation: Relation, z: Complex, potential: bool, thorough: bool = True
) -> Transforms:
    match relation:
        case nodes.Affine():
            return _affine(relation, z, potential, thorough)
        case nodes.NegativeInverse():
            return _negative_inverse(relation, z, potential)
        case nodes.SymmetricSquare():
            return _square(relation, z, potential)
        case nodes.Reshape():
            return _reshape(relation, z, potential, thorough)
        case nodes.Mixture():
            return _mixture(relation, z, potential)
        case nodes.Boolean():
            return _with_integral(relation, z, _boolean(relation, z), potential)
        case nodes.Monotone():
            return _with_integral(relation, z, _monotone(relation, z), potential)
    return _solved(relation, z, potential, thorough)


def _with_integral(
    relation: Relation, z: Complex, found: Transforms, potential: bool
) -> Transforms:
    if not potential:
        return found
    return Transforms(found.g, found.psi, _integrated_potential(relation, z))


def _at_atom(relation: Relation, z: Complex, potential: bool) -> Transforms:
    """Points so near to an atom at 0 that numbers overflow: ``psi`` is its limit there."""
    mass = known_atoms(relation).get(0.0, 0.0)
    instead = 2 * _NEAR * solver(relation).first[0] * directions(z)
    found = _solved(relation, instead, potential, thorough=False)
    hidden = np.abs(found.psi + 1 - mass) < _ROUNDING * mass
    g = np.where(hidden, mass / z, _UNKNOWN)
    u = None if found.u is None else found.u + mass * np.log(z / instead)
    return Transforms(g, found.psi, u)


def _solved(relation: Relation, z: Complex, potential: bool, thorough: bool) -> Transforms:
    found = _solved_there(relation, z, potential, thorough)
    if isinstance(relation, Leaf) or solver(relation).compiled.relative:
        return found
    rows = [row for row in (found.g, found.psi, found.u) if row is not None]
    solve = partial(_rows, relation, potential)
    vanishing.mend(z, rows, hull(relation), extent(relation), thorough, solve)
    return found


def _rows(relation: Relation, potential: bool, z: Complex) -> Complex:
    found = _solved_there(relation, z, potential, thorough=False)
    return np.array([row for row in (found.g, found.psi, found.u) if row is not None])


def _keeps_digits(relation: Relation) -> bool:
    """Whether solutions keep their digits beside 0, as those of leaves do but for mere formulas."""
    if not isinstance(relation, Leaf):
        return False
    return hasattr(relation, "continuous_support") or bool(np.isfinite(hull(relation)).all())


@lru_cache(maxsize=1024)
def _has_formula(relation: Relation) -> bool:
    """Whether a part is given by a formula of ``G``, whose terms may cancel far away."""
    formula = isinstance(relation, CauchyLeaf) and not _keeps_digits(relation)
    return formula or any(map(_has_formula, relation.children))


def _solved_there(relation: Relation, z: Complex, potential: bool, thorough: bool) -> Transforms:
    engine = solver(with_constants(relation) if potential else relation)
    scale = engine.first[0]
    beside = (np.abs(z) < DOUBTFUL * scale) & (not _keeps_digits(relation))
    if not beside.any():
        return _found(engine, relation, z, potential, thorough)
    found = _solved_beside_zero(engine, relation, z, potential)
    lost = np.isnan(found.g) & (np.abs(z) < _NEAR * scale) & (z.imag != 0)
    if lost.any() and engine.compiled.relative:
        _fill(found, lost, _at_atom(relation, z[lost], potential))
    # parts with an edge at 0 may not have the digits for ``w = z`` relative to ``z``, or have
    # them where it was not seen beforehand
    lost = np.isnan(found.g) & beside & (z != 0)
    if lost.any() and (thorough or engine.compiled.relative):
        other = solver(engine.relation, otherwise=True)
        _fill(found, lost, _solved_beside_zero(other, relation, z[lost], potential))
    lost = np.isnan(found.g) & ~beside
    if lost.any() and thorough:
        _fill(found, lost, _found(engine, relation, z[lost], potential, thorough))
    return found


def _fill(found: Transforms, where: NDArray[np.bool_], other: Transforms) -> None:
    found.g[where], found.psi[where] = other.g, other.psi
    if found.u is not None and other.u is not None:
        found.u[where] = other.u


def _solved_beside_zero(
    engine: Solver, relation: Relation, z: Complex, potential: bool
) -> Transforms:
    """Solve, but take the value beside 0 at 0 where the transform is seen to be regular.

    In solutions up to rounding of the spectrum no half-plane is seen so near to 0.
    """
    h = _TINY * engine.first[0]
    close = (z.imag == 0) & (np.abs(z) < h) & (z != 0)
    absolute = engine.compiled.residual == RESIDUAL_PLAIN and relation.any_unknown_side
    if not (absolute and close.any()):
        return _found(engine, relation, z, potential, thorough=False)
    around = np.array([-2, -1, 1, 2], dtype=np.complex128) * h
    near = _found(engine, relation, around, potential, thorough=False)
    size = np.abs(near.g)
    if not (np.ptp(near.g.imag) <= 1e-6 * size.max() and size.max() <= 1.001 * size.min()):
        return _found(engine, relation, z, potential, thorough=False)
    found = _found(engine, relation, np.where(close, h, z), potential, thorough=False)
    g = np.where(close, near.g.mean(), found.g)
    u = None if found.u is None or near.u is None else np.where(close, near.u.mean(), found.u)
    return Transforms(g, np.where(close, z * g - 1, found.psi), u)


def _found(
    engine: Solver, relation: Relation, z: Complex, potential: bool, thorough: bool
) -> Transforms:
    found, unknown = engine.solve(z, thorough=thorough), np.zeros(z.shape, dtype=bool)
    plain = not (engine.compiled.relative or _keeps_digits(relation))
    found = engine.polished(found) if plain else found
    g, psi = engine.transforms(found)
    mass = 0.0 if _keeps_digits(relation) else known_atoms(relation).get(0.0, 0.0)
    if plain:
        g = beside_zero(z, g, psi, mass, engine.first[0])
        error = root_error(engine, found)
        lost = np.zeros(z.shape, dtype=bool) if mass else lost_beside_zero(engine, z, g, error)
        change = np.zeros(z.shape) if mass else engine.unsettled(found, g)
        # at 0 itself g may be infinite, but the potential is finite
        at_zero = (z == 0) & (np.abs(g) * engine.first[0] > _LARGE)
        unknown = (change > 1e-3) | (lost & at_zero)
        # the phase of ``w`` counts in the potential as much as the mass at 0
        far = (error > 1e-8) if mass else lost & (error > 1.0)
        unknown |= far & (z != 0)
        lost = (lost & (z != 0)) | (change > FORWARD)
        g[lost] = psi[lost] = _UNKNOWN
    # the pole of an atom at 0 is as exact as z
    size = np.abs(g.real - mass / z.real) if mass and not plain else np.abs(g.real)
    noise = (z.imag == 0) & (np.abs(g.imag) < _noise(engine) * size)
    if _contains(
        relation, (nodes.SymmetricSquare, nodes.RealMultiplicative, nodes.NegativeInverse)
    ):
        # far away w loses digits: both signs cancel, and inverses are taken next to 0; psi is small
        away = np.abs(z) > series.AWAY * engine.first[0]
        g[away] = (1 + psi[away]) / z[away]
        series.expand(engine, relation, z, g, psi)
    if _has_formula(relation):
        series.expand_formula(engine, z, g, psi)
    if _contains(relation, (nodes.SymmetricSquare,)):
        noise |= (z.imag == 0) & (np.abs(g.imag) < engine.rounding(found) * size)
    # nor is anything known of an imaginary part where ``G`` itself vanishes
    zero = np.abs(g) < 1e-15 / engine.first[0]
    noise |= (z.imag == 0) & zero & (np.abs(z) < series.AWAY * engine.first[0])
    g.imag[noise] = psi.imag[noise] = 0.0
    if not isinstance(relation, Leaf):
        g = beside_atoms(engine, relation, z, g)
        held = at_atoms(engine, relation, z, g)
        moved = (held != g) & np.isfinite(held)
        psi = np.where(moved, z * held - 1, psi)
        wrong = impossible(z, held) | (np.isnan(held) & np.isfinite(g))
        # the potential is still that of the other solution
        g, unknown = held, unknown | moved
        if not relation.all_proved:
            wrong |= engine.sensitivity(found, g) > FORWARD
        g[wrong] = psi[wrong] = _UNKNOWN
        unknown |= wrong
    far = ~found.verified & (np.abs(z) > _FAR * engine.first[0])
    g[far] = 1 / z[far]
    if not potential:
        return Transforms(g, psi)
    if engine.compiled.potential is None:
        return Transforms(g, psi, _integrated_potential(relation, z))
    u = engine.potential(found, _integrated_potential)
    u[far], u[unknown] = np.log(z[far]), _UNKNOWN
    # integer multiplicities leave full turns undetermined; the cdf lies in [0, 1]
    turns = np.round((u.imag - 0.5 * np.pi) / (2 * np.pi))
    return Transforms(g, psi, u - 2j * np.pi * turns)


def _noise(engine: Solver) -> float:
    """Imaginary parts of ``g`` below this fraction are rounding.

    Outside the spectrum solutions are real to the last bit, but for the unknowns inside a
    square, which may be imaginary there.
    """
    if _contains(engine.relation, (nodes.SymmetricSquare,)):
        return 1e-13
    return 0.0 if engine.compiled.relative or isinstance(engine.relation, Leaf) else 1e-15


def _contains(relation: Relation, kinds: tuple[type, ...]) -> bool:
    return isinstance(relation, kinds) or any(_contains(c, kinds) for c in relation.children)


@lru_cache(maxsize=1024)
def with_constants(relation: Relation) -> Relation:
    """The same relation, with the constants that the potentials of inverses need."""
    if isinstance(relation, Leaf):
        return relation
    fields = {f.name: getattr(relation, f.name) for f in dataclasses.fields(relation)}  # type: ignore[arg-type]
    completed = {name: _with_constants(value) for name, value in fields.items()}
    changed = any(completed[name] is not fields[name] for name in fields)
    found = dataclasses.replace(relation, **completed) if changed else relation  # type: ignore[type-var]
    if isinstance(found, nodes.NegativeInverse) and found.log_mean is None:
        u = potential_at_zero(found.child)
        if np.isfinite(u):
            negative = 1 - float(u.imag) / np.pi
            return dataclasses.replace(found, log_mean=float(u.real), negative_mass=negative)
    return found


def _with_constants(value: Any) -> Any:
    if isinstance(value, Relation):
        return with_constants(value)
    if isinstance(value, tuple) and value and isinstance(value[0], Relation):
        completed = tuple(map(with_constants, value))
        return value if all(a is b for a, b in zip(completed, value, strict=True)) else completed
    return value


def has_potential(relation: Relation) -> bool:
    """Whether the potential follows by rules alone."""
    return not relation.any_integrates and with_constants(relation).has_potential()


def _affine(relation: nodes.Affine, z: Complex, potential: bool, thorough: bool) -> Transforms:
    inner = (z - relation.shift) / relation.scale
    mirrored = relation.scale < 0
    child = _transforms(relation.child, inner.conj() if mirrored else inner, potential, thorough)
    g, psi, u = child.g, child.psi, child.u
    if mirrored:
        g, psi, u = g.conj(), psi.conj(), None if u is None else u.conj() + 1j * np.pi
    g = g / relation.scale
    if u is not None:
        u = u + np.log(abs(relation.scale))
    return Transforms(g, psi + relation.shift * g if relation.shift else psi, u)


def _negative_inverse(relation: nodes.NegativeInverse, z: Complex, potential: bool) -> Transforms:
    inner = -1 / z
    child = _transforms(relation.child, inner, potential)
    g, psi = inner * child.psi, -inner * child.g
    at_zero = (z == 0) & np.isfinite(hull(relation.child)).all()
    if at_zero.any():
        from freesym.spectrum.moments import moments

        g[at_zero], psi[at_zero] = float(moments(relation.child, 1)[0]), -1
    if child.u is None:
        return Transforms(g, psi)
    u = np.where(at_zero, 0, child.u - np.log(inner)) - potential_at_zero(relation.child)
    return Transforms(g, psi, u + 1j * np.pi)


@lru_cache(maxsize=1024)
def potential_at_zero(relation: Relation) -> complex:
    """The log-potential at 0, or so near that it is the same; NaN if it is infinite.

    Products are solved in ``log z`` and know nothing of 0 itself; those with tabulated factors
    lose their digits beside it, where ``psi`` is -1 to rounding.
    """
    known = _potential_of_factors(relation)
    if known is not None:
        return known
    extent = max(map(abs, hull(relation)))
    scale = extent if 0 < extent < np.inf else 1.0
    for share in (0.0, -1e-100, 1e-100, -1e-50, 1e-50, -1e-30, 1e-30):
        u = transforms(relation, np.array([share * scale], dtype=complex), potential=True).u
        if u is not None and np.isfinite(u[0]):
            return complex(u[0])
    for share in (1e-14, 1e-12, 1e-10):
        z = np.array([-share * scale, share * scale], dtype=complex)
        u = transforms(relation, z, potential=True).u
        if u is not None and abs(u[1] - u[0]) <= _BESIDE_ZERO * (1 + abs(u[0])):
            return complex(u.mean())
    return complex(np.nan, np.nan)


def _potential_of_factors(relation: Relation) -> complex | None:
    """The log-potential at 0 by rules that hold there: it may be approached very slowly.

    ``E log|X|`` is additive under free multiplicative convolution (B. Fuglede and R. V. Kadison,
    Ann. Math. 55 (1952) 520), and ``-int_0^1 log S(-t) dt`` for a law on the half-line without
    an atom at 0 (U. Haagerup and S. Moeller, "The law of large numbers for the free
    multiplicative convolution" (2013), theorem 2).
    """
    match relation:
        case nodes.Multiplicative():
            parts = [potential_at_zero(child) for child in relation.children]
            total = sum(float(t) * u.real for t, u in zip(relation.powers, parts, strict=True))
            return complex(total, np.pi)
        case nodes.RealMultiplicative():
            first, second = map(potential_at_zero, relation.children)
            return complex(first.real + second.real, first.imag)
        case nodes.Affine() if relation.shift == 0:
            u = potential_at_zero(relation.child)
            imaginary = u.imag if relation.scale > 0 else np.pi - u.imag
            return complex(u.real + np.log(abs(float(relation.scale))), imaginary)
        case nodes.Mixture():
            weights = zip(relation.weights, relation.children, strict=True)
            return sum((float(p) * potential_at_zero(child) for p, child in weights), 0j)
        case nodes.SymmetricSquare():
            return 2 * potential_at_zero(relation.child)
        case STransformLeaf() if relation.mass_at_zero == 0:
            logarithms = [relation.log_s(complex(-t)).real for t in _SHARES.tolist()]
            return complex(-(_SHARE_WEIGHTS @ logarithms), np.pi)
    return None


def upper_root(z: Complex) -> Complex:
    """The square root in the closed upper half-plane."""
    root = np.sqrt(z)
    return np.where(root.imag < 0, -root, root)


def _square(relation: nodes.SymmetricSquare, z: Complex, potential: bool) -> Transforms:
    inner = upper_root(z)
    child = _transforms(relation.child, inner, potential)
    u = None if child.u is None else 2 * child.u
    return Transforms(child.g / inner, child.psi, u)


def _reshape(relation: nodes.Reshape, z: Complex, potential: bool, thorough: bool) -> Transforms:
    child = _transforms(relation.child, z, potential, thorough)
    psi = relation.ratio * child.psi
    u = child.u
    if u is not None:
        u = relation.ratio * u + (1 - relation.ratio) * np.log(z)
    return Transforms((1 + psi) / z, psi, u)


def _mixture(relation: nodes.Mixture, z: Complex, potential: bool) -> Transforms:
    parts = [_transforms(c, z, potential) for c in relation.components]
    weights = relation.weights
    g = sum((p * t.g for p, t in zip(weights, parts, strict=True)), np.zeros_like(z))
    psi = sum((p * t.psi for p, t in zip(weights, parts, strict=True)), np.zeros_like(z))
    if not potential:
        return Transforms(g, psi)
    u = np.zeros_like(z)
    for p, t in zip(weights, parts, strict=True):
        assert t.u is not None
        u = u + p * t.u
    return Transforms(g, psi, u)


def _boolean(relation: nodes.Boolean, z: Complex) -> Transforms:
    parts = [_transforms(term, z, False) for term in relation.terms]
    terms = [t.psi / t.g for t in parts]
    for term, moved in zip(relation.terms, terms, strict=True):
        unknown = np.isnan(moved)
        for a in known_atoms(term) if unknown.any() else ():
            # at a pole of ``G`` the real function ``z - 1/G`` is the point itself
            moved[unknown & (z == a)] = a
    k = sum(terms, np.zeros_like(z))
    g = 1 / (z - k)
    return Transforms(g, k * g)


def _monotone(relation: nodes.Monotone, z: Complex) -> Transforms:
    inner = _transforms(relation.inner, z, False)
    outer = _transforms(relation.outer, 1 / inner.g, False)
    return Transforms(outer.g, outer.psi + outer.g * inner.psi / inner.g)


#: ``int_0^oo f(y) dy`` with ``y = e^t`` by the trapezoidal rule: ``f`` is analytic for
#: ``|arg y| < pi/2``, so that the error is about ``exp(-pi^2/step) = 3e-20``.
_STEP = 0.22
_HEIGHTS = np.exp(np.arange(-39.0, 37.0, _STEP))
#: Below this height, relative to the spectrum, the transform is that at the axis up to rounding.
_LOWEST = 1e-14


def _integrated_potential(relation: Relation, z: Complex) -> Complex:
    """``u(z) = log(z + i s) - i int_0^oo (G(w) - 1/(w + i s)) dy`` along ``w = z + i y``.

    ``s`` is a scale.  Far away the difference is written with ``psi``, where it does not cancel.
    Poles at atoms are integrated in closed form.
    """
    scale = 4.0 * max(map(abs, hull(relation)))
    if not np.isfinite(scale):
        scale = 4.0 * solver(relation).first[0]
    w = z[:, None] + 1j * scale * _HEIGHTS
    found = _transforms(relation, w.ravel(), False)
    g, psi = found.g.reshape(w.shape), found.psi.reshape(w.shape)
    difference = np.where(
        np.abs(w) < scale, g - 1 / (w + 1j * scale), (psi + 1j * scale / (w + 1j * scale)) / w
    )
    below = z + 1j * scale
    u = np.log(below)
    for a, mass in known_atoms(relation).items():
        difference -= mass * (a + 1j * scale) / ((w - a) * (w + 1j * scale))
        # real points may carry a negative zero, which is below the cut
        u += mass * (np.log(z - a + 0j) - np.log(below))
    total = _settled(difference) @ _HEIGHTS
    return np.asarray(u - 1j * scale * _STEP * total)


def _settled(values: Complex) -> Complex:
    """Values that failed next to the axis replaced by those above them."""
    for k in range(int(np.searchsorted(_HEIGHTS, _LOWEST)) - 1, -1, -1):
        values[:, k] = np.where(np.isnan(values[:, k]), values[:, k + 1], values[:, k])
    return values
