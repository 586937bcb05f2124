"""Laws from formulas, densities and moments."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from freesym.laws.cauchy_transform_law import CauchyTransformLaw
from freesym.laws.density_law import DensityLaw
from freesym.laws.moment_law import MomentLaw
from freesym.laws.r_transform_law import RTransformLaw
from freesym.laws.s_transform_law import STransformLaw
from freesym.parameters import Number


def from_r_transform(expression: Any, symbol: Any = None) -> RTransformLaw:
    """The law with R-transform ``expression``; see :class:`RTransformLaw`."""
    return RTransformLaw(expression, symbol)


def from_s_transform(expression: Any, symbol: Any = None) -> STransformLaw:
    """The law with S-transform ``expression``; see :class:`STransformLaw`."""
    return STransformLaw(expression, symbol)


def from_cauchy_transform(expression: Any, symbol: Any = None) -> CauchyTransformLaw:
    """The law with Cauchy transform ``expression``; see :class:`CauchyTransformLaw`."""
    return CauchyTransformLaw(expression, symbol)


def from_density(density: Any, support: Any) -> DensityLaw:
    """The law with the given density on an interval or several; see :class:`DensityLaw`."""
    return DensityLaw(density, support)


def from_moments(moments: Sequence[Number]) -> MomentLaw:
    """One law with the given moments; see :class:`MomentLaw`."""
    return MomentLaw(tuple(moments))
