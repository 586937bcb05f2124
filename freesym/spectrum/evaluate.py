"""Transforms of any relation at any points of the closed upper half-plane.

Nodes whose children's points are known from their own (scales, inverses, mixtures, Boolean
and monotone convolutions) are unwound here, on arrays; what remains is solved.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache, partial
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from freesym.errors import FreesymError
from freesym.lowering.compile import RESIDUAL_PLAIN
from freesym.relations import nodes
from freesym.relations.leaf import Leaf
from freesym.relations.relation import Relation
from freesym.solve.solver import solver
from freesym.spectrum import vanishing
from freesym.spectrum.bounds import hull

Complex = NDArray[np.complex128]
_ROUNDING = 4e-16
#: So far away, in units of the spectrum, a law is a point mass.
_FAR = 1e60
#: So near to an atom, in units of the spectrum, its pole may hide the rest.
_BESIDE_ATOM = 1e-4
#: So far away, in units of the spectrum, ``(1 + psi)/z`` has all digits of ``G``.
_AWAY = 100.0
#: Products whose factors share psi are not resolved closer to 0 than this, in units of the scale.
_TINY = 1e-12
#: By how much log-potentials on the two sides of 0 may differ to be that at 0.
_BESIDE_ZERO = 1e-9
#: Nearer to 0 than this share of the scale, solutions whose `w` is off by more than such a relative
#: error are compared with their neighbours; values may be off by the last.
_DOUBTFUL, _BACKWARD, _FORWARD = 1e-6, 1e-9, 1e-6
#: At this share of the scale ``w`` has some digits.
_SOUND = 1e-12


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
        case nodes.RealMultiplicative():
            return _real_product(relation, z, potential, thorough)
    return _solved(relation, z, potential, thorough)


def _real_product(
    relation: nodes.RealMultiplicative, z: Complex, potential: bool, thorough: bool
) -> Transforms:
    """Solve, but take the value beside 0 at 0 where the transform is seen to be regular.

    The factors share ``psi``, which is -1 there up to rounding.
    """
    h = _TINY * solver(relation).first[0]
    close = (z.imag == 0) & (np.abs(z) < h) & (z != 0)
    if not close.any():
        return _solved(relation, z, potential, thorough)
    around = np.array([-2, -1, 1, 2], dtype=np.complex128) * h
    near = _solved(relation, around, potential, thorough=False)
    size = np.abs(near.g)
    if not (np.ptp(near.g.imag) <= 1e-6 * size.max() and size.max() <= 1.001 * size.min()):
        return _solved(relation, z, potential, thorough)
    found = _solved(relation, np.where(close, h, z), potential, thorough)
    g = np.where(close, near.g.mean(), found.g)
    u = None if found.u is None or near.u is None else np.where(close, near.u.mean(), found.u)
    return Transforms(g, np.where(close, z * g - 1, found.psi), u)


def _with_integral(
    relation: Relation, z: Complex, found: Transforms, potential: bool
) -> Transforms:
    if not potential:
        return found
    return Transforms(found.g, found.psi, _integrated_potential(relation, z))


def _solved(relation: Relation, z: Complex, potential: bool, thorough: bool) -> Transforms:
    found = _solved_there(relation, z, potential, thorough)
    if isinstance(relation, Leaf) or solver(relation).compiled.residual != RESIDUAL_PLAIN:
        return found
    rows = [row for row in (found.g, found.psi, found.u) if row is not None]
    solve = partial(_rows, relation, potential)
    vanishing.mend(z, rows, hull(relation), _extent(relation), thorough, solve)
    return found


def _rows(relation: Relation, potential: bool, z: Complex) -> Complex:
    found = _solved_there(relation, z, potential, thorough=False)
    return np.array([row for row in (found.g, found.psi, found.u) if row is not None])


def _solved_there(relation: Relation, z: Complex, potential: bool, thorough: bool) -> Transforms:
    engine = solver(with_constants(relation) if potential else relation)
    found, unknown = engine.solve(z, thorough=thorough), np.zeros(z.shape, dtype=bool)
    g, psi = engine.transforms(found)
    if engine.compiled.residual == RESIDUAL_PLAIN and not isinstance(relation, Leaf):
        g = _beside_zero(relation, z, g, psi, engine.first[0])
        mass = _atoms(relation).get(0.0, 0.0)
        lost = _lost_beside_zero(engine, z, g, psi, mass)
        change = np.zeros(z.shape) if mass else engine.unsettled(found, g)
        lost, unknown = lost | (change > _FORWARD), change > 1e-3
        g[lost] = psi[lost] = np.nan
    noise = (z.imag == 0) & (np.abs(g.imag) < _noise(relation) * np.abs(g.real))
    if _contains(
        relation, (nodes.SymmetricSquare, nodes.RealMultiplicative, nodes.NegativeInverse)
    ):
        # far away w loses digits: both signs cancel, and inverses are taken next to 0; psi is small
        away = np.abs(z) > _AWAY * engine.first[0]
        g[away] = (1 + psi[away]) / z[away]
    if _contains(relation, (nodes.SymmetricSquare,)):
        noise |= (z.imag == 0) & (np.abs(g.imag) < engine.rounding(found) * np.abs(g.real))
    # nor is anything known of an imaginary part where ``G`` itself vanishes
    zero = np.abs(g) < 1e-15 / engine.first[0]
    noise |= (z.imag == 0) & zero & (np.abs(z) < _AWAY * engine.first[0])
    g.imag[noise] = psi.imag[noise] = 0.0
    if not isinstance(relation, Leaf):
        g = _beside_atoms(relation, z, g)
    far = ~found.verified & (np.abs(z) > _FAR * engine.first[0])
    g[far] = 1 / z[far]
    if not potential:
        return Transforms(g, psi)
    if engine.compiled.potential is None:
        return Transforms(g, psi, _integrated_potential(relation, z))
    u = engine.potential(found, _integrated_potential)
    u[far], u[unknown] = np.log(z[far]), complex(np.nan, np.nan)
    # integer multiplicities leave full turns undetermined; the cdf lies in [0, 1]
    turns = np.round((u.imag - 0.5 * np.pi) / (2 * np.pi))
    return Transforms(g, psi, u - 2j * np.pi * turns)


@lru_cache(maxsize=1024)
def _atoms(relation: Relation) -> Mapping[float, float]:
    """The atoms, where they follow from theorems and not from values of the transform."""
    from freesym.spectrum.atoms import atoms

    known = atoms(relation) if relation.all_proved else {}
    return MappingProxyType({float(place): float(mass) for place, mass in known.items()})


def _beside_zero(relation: Relation, z: Complex, g: Complex, psi: Complex, scale: float) -> Complex:
    """``(1 + psi)/z`` beside an atom at 0, where it is better than ``g``.

    Solutions have ``w = z`` up to rounding of ``scale``, which the pole of ``g`` magnifies by
    ``scale/|z|``; ``psi`` has no pole there.
    """
    mass = _atoms(relation).get(0.0, 0.0)
    better = (np.abs(z) < 0.1 * mass * scale) & (z != 0) & np.isfinite(g)
    if not better.any():
        return g
    found = g.copy()
    real = better & (z.imag == 0)
    found.real[real] = (1 + psi.real[real]) / z.real[real]
    found.imag[real] = psi.imag[real] / z.real[real]
    rest = better & ~real
    found[rest] = (1 + psi[rest]) / z[rest]
    return found


def _lost_beside_zero(
    engine: Any, z: Complex, g: Complex, psi: Complex, mass: float
) -> NDArray[np.bool_]:
    """Points so near to 0 that solutions for ``w = z`` up to rounding say nothing about ``g``.

    ``1 + psi = w g`` shows the relative error of ``w``; how much ``g`` changes up to a point where
    that is small shows what it does: nothing where ``g`` is smooth.
    """
    lost = np.zeros(z.shape, dtype=bool)
    if mass:
        return lost
    with np.errstate(all="ignore"):
        error = np.maximum(np.abs(1 + psi - z * g) - 10 * _ROUNDING, 0.0) / np.abs(z * g)
    doubtful = (np.abs(z) < _DOUBTFUL * engine.first[0]) & (error > _BACKWARD) & (z != 0)
    if doubtful.any():
        near = z[doubtful]
        away = np.maximum(2 * np.abs(near), _SOUND * engine.first[0]) * near / np.abs(near)
        further, _ = engine.transforms(engine.solve(away, thorough=False))
        with np.errstate(all="ignore"):
            change = np.abs(further / g[doubtful] - 1)
        lost[doubtful] = ~(np.minimum(error[doubtful], 1) * change < _FORWARD)
    return lost


def _beside_atoms(relation: Relation, z: Complex, g: Complex) -> Complex:
    """``g`` at real points so near to an atom inside the spectrum that the pole hides the rest.

    The rest is smooth there, and interpolated between points farther away at two widths that must
    agree; where they do not, an imaginary part that rounding may have changed is NaN.
    """
    found = g.copy()
    width = _extent(relation)
    for a, mass in _atoms(relation).items() if np.isfinite(width) else ():
        distance = np.abs(z.real - a)
        lost = (
            (z.imag == 0)
            & (distance < (1e-11 if a == 0 else _BESIDE_ATOM) * width)
            & (distance > 0)
        )
        if not lost.any():
            continue
        pole = 1.0 if a == 0 else mass * width / distance[lost]
        error = _ROUNDING * pole / distance[lost]
        smooth = _interpolated(relation, a, mass, z.real[lost], width)
        # outside the spectrum solutions are real to the last bit
        direct = g[lost]
        kept = (error < 1e-6 * np.abs(direct.imag)) | (direct.imag == 0)
        direct.imag = np.where(kept, direct.imag, np.nan)
        found[lost] = np.where(np.isnan(smooth), direct, mass / (z.real[lost] - a) + smooth)
    return found


@lru_cache(maxsize=1024)
def _extent(relation: Relation) -> float:
    """The size of the spectrum: bounds of long products exceed it by powers of ten."""
    from freesym.spectrum.moments import moments

    lower, upper = hull(relation)
    if not np.isfinite(upper - lower):
        return float(upper - lower)
    try:
        spread = 1e4 * float(moments(relation, 2)[1]) ** 0.5
    except (FreesymError, ArithmeticError):
        return float(upper - lower)
    return min(float(upper - lower), spread) if spread > 0 else float(upper - lower)


def _interpolated(
    relation: Relation, a: float, mass: float, x: NDArray[np.float64], width: float
) -> Complex:
    """``g`` without its pole beside ``a``: through both sides where it is smooth, else one alone.

    At 0 alone it is known near enough to the atom to do without the other side.
    """
    shares = (1e-2, 5e-3, 2e-3, *((5e-4, 1e-4, 1e-5, 1e-6, 1e-7) if a == 0 else ()))
    found = np.full(x.shape, complex(np.nan, np.nan))
    for side in (0, -1, 1) if a == 0 else (0,):
        where = np.isnan(found) & ((side == 0) | (np.sign(x - a) == side))
        for share in shares if where.any() else ():
            wide, narrow = (
                _through(relation, a, mass, side, x[where], s * width) for s in (share, 0.5 * share)
            )
            if (np.abs(wide.imag - narrow.imag) <= 1e-7 * np.abs(narrow.imag)).all():
                found[where] = narrow
                break
    return found


def _through(
    relation: Relation, a: float, mass: float, side: int, x: NDArray[np.float64], h: float
) -> Complex:
    """The polynomial through ``g`` without its pole at Chebyshev points.

    NaN beside an edge, and beside other atoms, where these points would be interpolated in turn.
    On one ``side`` alone it is a polynomial in the root of the distance: a part of the law may
    have its edge at the atom.
    """
    angles = (np.arange(12) + 0.5) * np.pi / 12
    nodes = np.cos(angles)
    if side:
        nodes = 0.55 + 0.45 * nodes
        points, where = a + side * h * nodes**2, np.sqrt(np.abs(x - a) / h)
    else:
        points, where = a + h * nodes, (x - a) / h
    others = np.array([b for b in _atoms(relation) if b != a])
    if (np.abs(points[:, None] - others) < _BESIDE_ATOM * _extent(relation)).any():
        return np.full(x.shape, complex(np.nan, np.nan))
    values = transforms(relation, points.astype(np.complex128)).g
    if not (values.imag < 0).all():
        return np.full(x.shape, complex(np.nan, np.nan))
    weights = (-1.0) ** np.arange(12) * np.sin(angles) / (where[:, None] - nodes)
    return np.asarray(weights @ (values - mass / (points - a)) / weights.sum(axis=1))


@lru_cache(maxsize=1024)
def _noise(relation: Relation) -> float:
    """Imaginary parts of ``g`` below this fraction are rounding.

    Outside the spectrum solutions are real to the last bit, but for the unknowns inside a
    square, which may be imaginary there.
    """
    if _contains(relation, (nodes.SymmetricSquare,)):
        return 1e-13
    plain = solver(relation).compiled.residual == RESIDUAL_PLAIN
    return 1e-15 if plain and not isinstance(relation, Leaf) else 0.0


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
        for a in _atoms(term) if unknown.any() else ():
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
    total = _settled(difference) @ _HEIGHTS
    return np.asarray(np.log(z + 1j * scale) - 1j * scale * _STEP * total)


def _settled(values: Complex) -> Complex:
    """Values that failed next to the axis replaced by those above them."""
    for k in range(int(np.searchsorted(_HEIGHTS, _LOWEST)) - 1, -1, -1):
        values[:, k] = np.where(np.isnan(values[:, k]), values[:, k + 1], values[:, k])
    return values
