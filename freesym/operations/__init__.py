"""Operations on laws: each builds a node of the expression."""

from __future__ import annotations

from freesym.operations.affine import Affine as Affine
from freesym.operations.affine import Inverse as Inverse
from freesym.operations.affine import Reshape as Reshape
from freesym.operations.affine import Square as Square
from freesym.operations.affine import affine as affine
from freesym.operations.affine import moebius as moebius
from freesym.operations.classical import ClassicalProduct as ClassicalProduct
from freesym.operations.classical import ClassicalSum as ClassicalSum
from freesym.operations.classical import classical_product as classical_product
from freesym.operations.classical import classical_sum as classical_sum
from freesym.operations.convolution import AdditiveDeconvolution as AdditiveDeconvolution
from freesym.operations.convolution import AdditivePower as AdditivePower
from freesym.operations.convolution import Compression as Compression
from freesym.operations.convolution import FreeProduct as FreeProduct
from freesym.operations.convolution import FreeSum as FreeSum
from freesym.operations.convolution import (
    MultiplicativeDeconvolution as MultiplicativeDeconvolution,
)
from freesym.operations.convolution import MultiplicativePower as MultiplicativePower
from freesym.operations.convolution import free_product as free_product
from freesym.operations.convolution import free_sum as free_sum
from freesym.operations.mixture import BooleanSum as BooleanSum
from freesym.operations.mixture import Mixture as Mixture
from freesym.operations.mixture import MonotoneConvolution as MonotoneConvolution
from freesym.operations.mixture import RectangularSum as RectangularSum
from freesym.operations.mixture import boolean_sum as boolean_sum
from freesym.operations.mixture import mixture as mixture
from freesym.operations.mixture import monotone as monotone
from freesym.operations.mixture import noncentral_wishart as noncentral_wishart
from freesym.operations.mixture import rectangular_sum as rectangular_sum
