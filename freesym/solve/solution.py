"""What a certificate proves, and what it says of a solution that is not the law's."""

from __future__ import annotations

from dataclasses import dataclass

from freesym.errors import ConvergenceError
from freesym.solve.machine import Ball, Sides


class WrongBranchError(ConvergenceError):
    """A unique solution was found, but it is proved not to be the law's."""


@dataclass
class Solution:
    """A box with exactly one solution, which is the law's.

    Attributes
    ----------
    unknowns : list of acb
        The box.
    g, psi : acb
        Enclosures of ``G(z)`` and ``z G(z) - 1``.
    real : bool
        Whether the solution was proved real: ``z`` is outside the spectrum.
    sides : Sides
        The branches of logarithms and roots that hold there.
    """

    unknowns: list[Ball]
    g: Ball
    psi: Ball
    real: bool
    sides: Sides
