"""Laws that are given by a system of equations in the upper half-plane."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any

import numpy as np

from freesym.errors import ConvergenceError, UnsupportedOperationError
from freesym.law import Law
from freesym.nets.half_plane import HalfPlaneSystem
from freesym.nets.half_plane_spectrum import HalfPlaneLeaf, spectrum
from freesym.parameters import Points
from freesym.relations.relation import Relation
from freesym.spectrum import density as _density


class HalfPlaneLaw(Law):
    """A law whose Cauchy transform solves a :class:`HalfPlaneSystem`."""

    @abstractmethod
    def equations(self) -> HalfPlaneSystem:
        """The equations in double precision."""

    def relation(self) -> Relation:
        """A leaf of panels, which the solution of the equations fills."""
        return HalfPlaneLeaf(self.equations())

    def density(self, x: Points, digits: int | None = None) -> Any:
        """The density, from the equations at every point; in double precision only."""
        _refuse(digits)
        points = _density.real_points(x)
        flat = points.ravel()
        values = np.where(np.isinf(flat), 0.0, np.nan)
        finite = np.isfinite(flat)
        values[finite] = spectrum(self.equations()).density(flat[finite])
        _density.refuse_unsolved(flat, values)
        return _density.shaped(values, points.shape)

    def G(self, z: Points, digits: int | None = None) -> Any:
        """The Cauchy transform, from the equations at every point; in double precision only."""
        _refuse(digits)
        points = _density.complex_points(z)
        flat = points.ravel()
        below = flat.imag < 0
        g = spectrum(self.equations()).at(np.where(below, flat.conj(), flat)).g
        values = np.where(below, g.conj(), g)
        if np.isnan(values).any():
            bad = flat[np.isnan(values)]
            raise ConvergenceError(f"no verified solution at {bad[0]:.6g}", bad.tolist())
        return _density.shaped(values, points.shape)


def _refuse(digits: int | None) -> None:
    if digits is not None:
        raise UnsupportedOperationError(
            "this law is solved in double precision; call without digits"
        )
