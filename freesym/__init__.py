"""freesym: a symbolic-numeric free probability engine.

Laws are expressions: build them from the classical laws of random-matrix theory with ``+``
(free additive convolution), ``@`` (free multiplicative convolution) and the other
operations, and ask for densities, distribution functions, edges, atoms, moments or samples.

>>> import freesym as fs
>>> law = fs.MarchenkoPastur(ratio=1/2) @ fs.Bernoulli(1/2) + fs.Semicircle(variance=1/4)
>>> print(round(law.compress(0.7).density(0.5), 6))
0.479957
"""

from __future__ import annotations

from freesym.algebra import cumulants as cumulants
from freesym.errors import ConvergenceError as ConvergenceError
from freesym.errors import DegreeError as DegreeError
from freesym.errors import FreesymError as FreesymError
from freesym.errors import InvalidLawError as InvalidLawError
from freesym.errors import MissingDependencyError as MissingDependencyError
from freesym.errors import NotAlgebraicError as NotAlgebraicError
from freesym.errors import PrecisionError as PrecisionError
from freesym.errors import UnboundParameterError as UnboundParameterError
from freesym.errors import UnsupportedOperationError as UnsupportedOperationError
from freesym.law import Law as Law
from freesym.laws import *  # noqa: F403
from freesym.operations import boolean_sum as boolean_sum
from freesym.operations import classical_product as classical_product
from freesym.operations import classical_sum as classical_sum
from freesym.operations import free_product as free_product
from freesym.operations import free_sum as free_sum
from freesym.operations import mixture as mixture
from freesym.operations import monotone as monotone
from freesym.operations import noncentral_wishart as noncentral_wishart
from freesym.operations import rectangular_sum as rectangular_sum
from freesym.spectrum.certified_numbers import Enclosure as Enclosure

__version__ = "0.1.0"
