"""Laws given by a formula for their R-transform."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from freesym.errors import InvalidLawError
from freesym.laws import _antiderivatives, _divisibility, _formula_atoms
from freesym.laws._formulas import FormulaLaw, limit_at_zero
from freesym.parameters import Number
from freesym.relations.leaf import RTransformLeaf


@dataclass(frozen=True, repr=False)
class RTransformLaw(FormulaLaw, RTransformLeaf):
    """The law with a given R-transform.

    Not every function is the R-transform of a law.  Checked at construction: the formula is
    real and analytic at 0 and its slope there, the variance, is not negative.  A law far from
    infinitely divisible has an R-transform with branch points, and then its formula holds
    only far from the spectrum: prefer another transform for it.

    Parameters
    ----------
    expression : SymPy expression
        ``R(g) = G^{-1}(g) - 1/g``.
    symbol : SymPy symbol, optional
        The variable; needed if there are other symbols, which are parameters.

    Examples
    --------
    >>> import sympy
    >>> g = sympy.Symbol("g")
    >>> RTransformLaw(1 / (1 - g / 2)).moments(3)
    [1, Fraction(3, 2), Fraction(11, 4)]
    """

    def _check(self) -> None:
        words = f"R = {self.expression}"
        mean = limit_at_zero(self.r_transform, words)
        step = 1e-4
        slope = complex(self.r_transform(step) - self.r_transform(-step)).real / (2 * step)
        if slope < -1e-6 * (1 + abs(mean)):
            raise InvalidLawError(f"{words} has the slope {slope:.6g} at 0, which is a variance")

    @cached_property
    def proved(self) -> bool:
        """Whether the formula is seen to be that of a freely infinitely divisible law."""
        return _divisibility.is_levy_khintchine(self.expression, self.symbol)

    @cached_property
    def unique(self) -> bool:
        """Whether it is, or was at all points of a grid."""
        return self.proved or _divisibility.looks_divisible(self.r_transform, -1)

    def r_transform(self, g: Any) -> Any:
        """The formula."""
        return self._evaluate(g)

    @cached_property
    def _antiderivative(self) -> Any:
        simple = _antiderivatives.rational(self.expression, self.symbol)
        if simple is not None:
            return simple
        step = 1e-3
        spread = abs(complex(self.r_transform(step) - self.r_transform(-step))) / (2 * step)
        depth = 1 / math.sqrt(spread) if spread > 0 else 1.0
        closed = _antiderivatives.elementary(self.expression, self.symbol, depth)
        return closed or _antiderivatives.quadrature(self.r_transform, depth)

    def r_antiderivative(self, g: Any) -> Any:
        """The integral of R from 0, in closed form or by quadrature."""
        return self._antiderivative(g)

    def has_potential(self) -> bool:
        """Whether R was integrated accurately; if not, the solver integrates G."""
        return self._antiderivative is not None

    def point_masses(self) -> dict[Number, Number]:
        """The atoms, from limits of the formula."""
        return {} if self.free_symbols else dict(self._atoms)

    @cached_property
    def _atoms(self) -> dict[float, float]:
        return _formula_atoms.from_r_transform(self.r_transform)

    def hull(self) -> tuple[float, float]:
        """Not known from the formula."""
        return -math.inf, math.inf
