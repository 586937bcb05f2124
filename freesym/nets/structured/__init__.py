"""Structured weights: matrices that multiply fast, and the laws of their singular values."""

from __future__ import annotations

from freesym.nets.structured.algebra import Scaled as Scaled
from freesym.nets.structured.algebra import Sum as Sum
from freesym.nets.structured.blocks import BlockDiagonal as BlockDiagonal
from freesym.nets.structured.blocks import BlockOperator as BlockOperator
from freesym.nets.structured.blocks import Diagonal as Diagonal
from freesym.nets.structured.blocks import Kronecker as Kronecker
from freesym.nets.structured.blocks import channel_mixing as channel_mixing
from freesym.nets.structured.blocks import token_mixing as token_mixing
from freesym.nets.structured.butterfly import Butterfly as Butterfly
from freesym.nets.structured.butterfly import ButterflyFactor as ButterflyFactor
from freesym.nets.structured.freeness import diagonal_share as diagonal_share
from freesym.nets.structured.freeness import product_law as product_law
from freesym.nets.structured.masks import StaticMask as StaticMask
from freesym.nets.structured.monarch import Monarch as Monarch
from freesym.nets.structured.monarch import RandomPermuted as RandomPermuted
from freesym.nets.structured.operator import Product as Product
from freesym.nets.structured.operator import StructuredOperator as StructuredOperator
from freesym.nets.structured.operator import product as product
from freesym.nets.structured.permutations import CommutationMatrix as CommutationMatrix
from freesym.nets.structured.permutations import Permutation as Permutation
