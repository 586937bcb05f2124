"""Transforms far away from the spectrum, by their series in ``1/z``, where formulas cancel."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from freesym.relations.relation import Relation
from freesym.solve.solver import Solver
from freesym.spectrum.bounds import hull

Complex = NDArray[np.complex128]
Real = NDArray[np.float64]
#: So far away, in units of the spectrum, ``(1 + psi)/z`` has all digits of ``G``.
AWAY = 100.0
#: Nodes on a half-circle around the spectrum, and how many moments they give.
_CIRCLE, _TERMS = 16, 6
#: Circles that may hold the spectrum of a formula, in units of its scale; its series are used at so
#: many radii, if no other powers are above rounding.
_RADII, _BEYOND, _OTHERS = (8, 64, 512), 10, 1e-10


def expand(engine: Solver, relation: Relation, z: Complex, g: Complex, psi: Complex) -> None:
    """Far away, where inverses lose the digits of ``psi``, sum its series in ``1/z``."""
    lower, upper = hull(relation)
    radius = 8 * max(-lower, upper, engine.first[0])
    away = np.abs(z) > AWAY * radius
    if np.isfinite(radius) and away.any():
        _sum_series(_terms(engine, radius)[_CIRCLE:], radius, away, z, g, psi)


def expand_formula(engine: Solver, z: Complex, g: Complex, psi: Complex) -> None:
    """The same for a formula of ``G``, whose terms may cancel; the spectrum is not known."""
    for factor in _RADII:
        radius = factor * engine.first[0]
        away = np.abs(z) > _BEYOND * radius
        if not away.any():
            return
        terms = _terms(engine, radius)
        # where the spectrum lies inside the circle there are no other powers
        if np.abs(terms[:_CIRCLE]).max() < _OTHERS:
            _sum_series(terms[_CIRCLE:], radius, away, z, g, psi)
            return


def _terms(engine: Solver, radius: float) -> Real:
    """Coefficients of ``psi`` in powers of ``radius/z``, from ``1 - _CIRCLE`` to ``_TERMS``."""
    angles = (np.arange(_CIRCLE) + 0.5) * np.pi / _CIRCLE
    points = radius * np.exp(1j * angles)
    on_circle, _ = engine.transforms(engine.solve(points))
    powers = np.arange(1 - _CIRCLE, _TERMS + 1)
    return np.asarray(
        ((points * on_circle - 1) * np.exp(1j * np.outer(powers, angles))).real.mean(1)
    )


def _sum_series(
    terms: Real, radius: float, away: NDArray[np.bool_], z: Complex, g: Complex, psi: Complex
) -> None:
    """Put the sum of a series in ``radius/z`` where it is known."""
    found = np.zeros_like(z[away])
    for term in terms[::-1]:
        found = (found + term) * radius / z[away]
    known = np.isfinite(found)
    psi[away] = np.where(known, found, psi[away])
    g[away] = np.where(known, (1 + found) / z[away], g[away])
