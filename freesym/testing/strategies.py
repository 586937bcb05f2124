"""All hypothesis strategies of freesym."""

from __future__ import annotations

from freesym.testing.input_strategies import exact_parameters as exact_parameters
from freesym.testing.input_strategies import free_families as free_families
from freesym.testing.input_strategies import networks as networks
from freesym.testing.input_strategies import spectral_points as spectral_points
from freesym.testing.law_strategies import algebraic_laws as algebraic_laws
from freesym.testing.law_strategies import bounded_laws as bounded_laws
from freesym.testing.law_strategies import expressions as expressions
from freesym.testing.law_strategies import laws as laws
from freesym.testing.law_strategies import laws_of as laws_of
from freesym.testing.law_strategies import positive_laws as positive_laws
