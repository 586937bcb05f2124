"""Values of transforms beside 0 and beside atoms, where poles hide what else there is."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from freesym.errors import FreesymError
from freesym.relations.relation import Relation
from freesym.solve.solved import Solved
from freesym.solve.solver import Solver
from freesym.spectrum.bounds import hull

Complex = NDArray[np.complex128]
_ROUNDING = 4e-16
#: So near to an atom, in units of the spectrum, its pole may hide the rest.
_BESIDE_ATOM = 1e-4
#: And so near that its pole is all there is.
_AT_ATOM = 1e-7
#: Nearer to 0 than this share of the scale, solutions whose `w` is off by more than such a relative
#: error are compared with their neighbours; values may be off by the last.
DOUBTFUL, _BACKWARD, FORWARD = 1e-6, 1e-9, 1e-6
#: At this share of the scale ``w`` has some digits.
_SOUND = 1e-12


@lru_cache(maxsize=1024)
def known_atoms(relation: Relation) -> Mapping[float, float]:
    """The atoms, where they follow from theorems and not from values of the transform."""
    from freesym.spectrum.atoms import atoms

    known = atoms(relation) if relation.all_proved else {}
    return MappingProxyType({float(place): float(mass) for place, mass in known.items()})


def beside_zero(z: Complex, g: Complex, psi: Complex, mass: float, scale: float) -> Complex:
    """``(1 + psi)/z`` beside an atom at 0, where it is better than ``g``.

    Solutions have ``w = z`` up to rounding of ``scale``, which the pole of ``g`` magnifies by
    ``scale/|z|``; ``psi`` has no pole there.
    """
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


def root_error(engine: Solver, found: Solved) -> NDArray[np.float64]:
    """By what share of ``z`` solutions miss it next to 0; 0 elsewhere, infinite at 0."""
    error = np.zeros(found.z.shape)
    near = np.abs(found.z) < DOUBTFUL * engine.first[0]
    if near.any():
        z = found.z[near]
        missed = np.abs(engine.root(found.at(near)) - z)
        error[near] = np.where(z == 0, np.inf, missed / np.abs(z))
    return error


def lost_beside_zero(
    engine: Solver, z: Complex, g: Complex, error: NDArray[np.float64]
) -> NDArray[np.bool_]:
    """Points so near to 0 that solutions for ``w = z`` up to rounding say nothing about ``g``.

    How much ``g`` changes up to a point where the relative error of ``w`` is small shows what that
    error does: nothing where ``g`` is smooth.
    """
    lost = error > _BACKWARD
    if lost.any():
        near = z[lost]
        away = np.maximum(2 * np.abs(near), _SOUND * engine.first[0]) * directions(near)
        further, _ = engine.transforms(engine.solve(away, thorough=False))
        change = np.abs(further / g[lost] - 1)
        lost[lost] = ~(np.minimum(error[lost], 1) * change < FORWARD)
    return np.asarray(lost)


def impossible(z: Complex, g: Complex) -> NDArray[np.bool_]:
    """Values that no law has: ``Im 1/G(z) >= Im z`` in the closed upper half-plane.

    Beside infinities of a part, rounding of its ``w`` may be all that a solution is; on the real
    line rounding may put it below.
    """
    with np.errstate(all="ignore"):
        reciprocal = 1 / g
    return np.asarray(reciprocal.imag < z.imag - FORWARD * np.abs(reciprocal))


def at_atoms(engine: Solver, relation: Relation, z: Complex, g: Complex) -> Complex:
    """``g`` so near to an atom that ``(z - a) G(z)`` must be its mass, where it is something else.

    It tends to the mass, so it is compared with what is left farther away in the same direction;
    that is also what is added to the pole, if it is next to nothing.  Where all parts have two
    atoms, other solutions come that near.
    """
    found = g.copy()
    width = extent(relation)
    for a, mass in known_atoms(relation).items() if np.isfinite(width) else ():
        distance = np.abs(z - a)
        near = (distance > 0) & (distance < _AT_ATOM * width) & (z.imag != 0)
        if near.any():
            away = a + (z[near] - a) * (10 * _AT_ATOM * width / distance[near])
            rest = engine.transforms(engine.solve(away, thorough=False))[0] - mass / (away - a)
            left = np.abs((away - a) * rest)
            right = np.abs((z[near] - a) * g[near] - mass) <= 2 * left + FORWARD
            instead = np.where(left < 1e-5, mass / (z[near] - a) + rest, np.nan)
            found[near] = np.where(right, g[near], instead)
    return found


def directions(z: Complex) -> Complex:
    """``z/|z|``, which exists for the smallest numbers, too; 1 at 0."""
    return np.where(z.imag == 0, np.where(z.real < 0, -1, 1), np.exp(1j * np.angle(z)))


def beside_atoms(engine: Solver, relation: Relation, z: Complex, g: Complex) -> Complex:
    """``g`` at real points so near to an atom inside the spectrum that the pole hides the rest.

    The rest is smooth there, and interpolated between points farther away at two widths that must
    agree; where they do not, an imaginary part that rounding may have changed is NaN.
    """
    found = g.copy()
    width = extent(relation)
    at_zero = 0.0 if engine.compiled.relative else 1e-11
    for a, mass in known_atoms(relation).items() if np.isfinite(width) else ():
        distance = np.abs(z.real - a)
        lost = (
            (z.imag == 0)
            & (distance < (at_zero if a == 0 else _BESIDE_ATOM) * width)
            & (distance > 0)
        )
        if not lost.any():
            continue
        pole = 1.0 if a == 0 else mass * width / distance[lost]
        error = _ROUNDING * pole / distance[lost]
        smooth = _interpolated(engine, relation, a, mass, z.real[lost], width)
        # outside the spectrum solutions are real to the last bit
        direct = g[lost]
        kept = (error < 1e-6 * np.abs(direct.imag)) | (direct.imag == 0)
        direct.imag = np.where(kept, direct.imag, np.nan)
        found[lost] = np.where(np.isnan(smooth), direct, mass / (z.real[lost] - a) + smooth)
    return found


@lru_cache(maxsize=1024)
def extent(relation: Relation) -> float:
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
    engine: Solver,
    relation: Relation,
    a: float,
    mass: float,
    x: NDArray[np.float64],
    width: float,
) -> Complex:
    """``g`` without its pole beside ``a``: through both sides where it is smooth, else one alone.

    At 0 alone it is known near enough to the atom to do without the other side.
    """
    shares = (1e-2, 5e-3, 2e-3, 1e-3, *((5e-4, 1e-4, 1e-5, 1e-6, 1e-7) if a == 0 else ()))
    found = np.full(x.shape, complex(np.nan, np.nan))
    for side in (0, -1, 1) if a == 0 else (0,):
        where = np.isnan(found) & ((side == 0) | (np.sign(x - a) == side))
        for share in shares if where.any() else ():
            wide, narrow = (
                _through(engine, relation, a, mass, side, x[where], s * width)
                for s in (share, 0.5 * share)
            )
            if (np.abs(wide.imag - narrow.imag) <= 1e-7 * np.abs(narrow.imag)).all():
                found[where] = narrow
                break
    return found


def _through(
    engine: Solver,
    relation: Relation,
    a: float,
    mass: float,
    side: int,
    x: NDArray[np.float64],
    h: float,
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
    others = np.array([b for b in known_atoms(relation) if b != a])
    if (np.abs(points[:, None] - others) < _BESIDE_ATOM * extent(relation)).any():
        return np.full(x.shape, complex(np.nan, np.nan))
    from freesym.spectrum.evaluate import transforms

    places = points.astype(np.complex128)
    # at 0 alone values are better than those of the solutions themselves
    if a:
        values = engine.transforms(engine.solve(places, thorough=False))[0]
    else:
        values = transforms(relation, places, thorough=False).g
    if not (values.imag < 0).all():
        return np.full(x.shape, complex(np.nan, np.nan))
    weights = (-1.0) ** np.arange(12) * np.sin(angles) / (where[:, None] - nodes)
    return np.asarray(weights @ (values - mass / (points - a)) / weights.sum(axis=1))
