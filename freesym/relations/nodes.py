"""Nodes: each makes its children share one coordinate and combines the rest.

The rules are those of the calculus of free convolutions in the coordinates
``(w, g, psi, u)``: subordination function, Cauchy transform, moment transform and
log-potential (Voiculescu, Dykema & Nica 1992; Belinschi & Bercovici 2007;
Benaych-Georges 2009; Speicher & Woroudi 1997; Muraki 2001).
"""

from __future__ import annotations

from freesym.relations.convolutions import Additive as Additive
from freesym.relations.convolutions import Multiplicative as Multiplicative
from freesym.relations.mixtures import Boolean as Boolean
from freesym.relations.mixtures import Mixture as Mixture
from freesym.relations.mixtures import Monotone as Monotone
from freesym.relations.products import RealMultiplicative as RealMultiplicative
from freesym.relations.products import Rectangular as Rectangular
from freesym.relations.transformations import Affine as Affine
from freesym.relations.transformations import CompoundPoisson as CompoundPoisson
from freesym.relations.transformations import NegativeInverse as NegativeInverse
from freesym.relations.transformations import Reshape as Reshape
from freesym.relations.transformations import SymmetricSquare as SymmetricSquare
