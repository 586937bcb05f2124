"""Laws: one file each, with its parameters, one defining relation, source and matrix model."""

from freesym.laws.arcsine import Arcsine
from freesym.laws.bernoulli import Bernoulli
from freesym.laws.cauchy import Cauchy
from freesym.laws.cauchy_transform_law import CauchyTransformLaw
from freesym.laws.compound_free_poisson import CompoundFreePoisson
from freesym.laws.construct import (
    from_cauchy_transform,
    from_density,
    from_moments,
    from_r_transform,
    from_s_transform,
)
from freesym.laws.density_law import DensityLaw
from freesym.laws.discrete import Discrete
from freesym.laws.empirical import Empirical
from freesym.laws.equilibrium_measure import EquilibriumMeasure
from freesym.laws.free_binomial import FreeBinomial
from freesym.laws.free_poisson import FreePoisson
from freesym.laws.fuss_catalan import FussCatalan
from freesym.laws.kesten_mckay import KestenMcKay
from freesym.laws.marchenko_pastur import MarchenkoPastur
from freesym.laws.moment_law import MomentLaw
from freesym.laws.point_mass import PointMass
from freesym.laws.pushforward import Pushforward
from freesym.laws.r_transform_law import RTransformLaw
from freesym.laws.raney import Raney
from freesym.laws.s_transform_law import STransformLaw
from freesym.laws.semicircle import Semicircle
from freesym.laws.two_point import TwoPoint
from freesym.laws.uniform import Uniform
from freesym.laws.wachter import Wachter

__all__ = [
    "Arcsine",
    "Bernoulli",
    "Cauchy",
    "CauchyTransformLaw",
    "CompoundFreePoisson",
    "DensityLaw",
    "Discrete",
    "Empirical",
    "EquilibriumMeasure",
    "FreeBinomial",
    "FreePoisson",
    "FussCatalan",
    "KestenMcKay",
    "MarchenkoPastur",
    "MomentLaw",
    "PointMass",
    "Pushforward",
    "RTransformLaw",
    "Raney",
    "STransformLaw",
    "Semicircle",
    "TwoPoint",
    "Uniform",
    "Wachter",
    "from_cauchy_transform",
    "from_density",
    "from_moments",
    "from_r_transform",
    "from_s_transform",
]
