"""Laws given by a formula for their S-transform."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from freesym.errors import InvalidLawError
from freesym.laws import _antiderivatives, _divisibility, _formula_atoms
from freesym.laws._formulas import FormulaLaw, limit_at_zero
from freesym.parameters import Number
from freesym.relations.formula import LogarithmOfProduct, logarithm_of_product
from freesym.relations.functions import exp
from freesym.relations.leaf import STransformLeaf


@dataclass(frozen=True, repr=False)
class STransformLaw(FormulaLaw, STransformLeaf):
    """The law on the half-line with a given S-transform.

    Not every function is the S-transform of a law.  Checked at construction: the formula is
    real and analytic at 0, positive there (``1/S(0)`` is the mean), and decreasing.

    Parameters
    ----------
    expression : SymPy expression
        ``S(m) = (1 + m)/m M^{-1}(m)``.
    symbol : SymPy symbol, optional
        The variable; needed if there are other symbols, which are parameters.

    Notes
    -----
    The logarithm of the formula is taken factor by factor, from its value at 0, so that
    powers like ``(1 + 2m)**(-1000)`` neither overflow nor change their branch.

    Examples
    --------
    >>> import sympy
    >>> m = sympy.Symbol("m")
    >>> STransformLaw(1 / (1 + 2 * m)).moments(3)
    [1, 3, 11]
    """

    def _check(self) -> None:
        words = f"S = {self.expression}"
        value = limit_at_zero(self.s_transform, words)
        if value <= 0:
            raise InvalidLawError(
                f"{words} is {value:.6g} at 0, but 1/S(0) is the mean of a law on the half-line; "
                "a law that also has negative values needs its R- or Cauchy transform"
            )
        step = 1e-4
        slope = complex(self.s_transform(step) - self.s_transform(-step)).real / (2 * step)
        if slope > 1e-6 * value:
            raise InvalidLawError(
                f"{words} has the slope {slope:.6g} at 0; it is minus a variance over a cube"
            )

    @cached_property
    def proved(self) -> bool:
        """Whether the formula is seen to be that of a freely infinitely divisible law."""
        return _divisibility.is_multiplicative_levy_khintchine(self._logarithm)

    @cached_property
    def unique(self) -> bool:
        """Whether it is, or was at all points of a grid."""
        return self.proved or _divisibility.looks_divisible(self.log_s, 1)

    @cached_property
    def _logarithm(self) -> LogarithmOfProduct:
        return logarithm_of_product(self.expression, self.symbol)

    def s_transform(self, m: Any) -> Any:
        """The formula; through its logarithm where powers are large."""
        if any(abs(float(f.exponent)) > 8 for f in self._large):
            return exp(self.log_s(m))
        return self._evaluate(m)

    @cached_property
    def _large(self) -> tuple[Any, ...]:
        return () if self.free_symbols else self._logarithm.factors

    def log_s(self, m: Any) -> Any:
        """The logarithm, continued from 0."""
        return self._logarithm(m)

    @cached_property
    def _antiderivative(self) -> Any:
        closed = _antiderivatives.logarithm(self._logarithm, self.symbol)
        return closed or _antiderivatives.quadrature(self.log_s, 0.5)

    def log_s_antiderivative(self, m: Any) -> Any:
        """The integral of ``log S`` from 0, in closed form or by quadrature."""
        return self._antiderivative(m)

    def has_potential(self) -> bool:
        """Whether ``log S`` was integrated accurately; if not, the solver integrates G."""
        return self._antiderivative is not None

    def point_masses(self) -> dict[Number, Number]:
        """The atoms, from limits of the formula."""
        return {} if self.free_symbols else dict(self._atoms)

    @cached_property
    def _atoms(self) -> dict[float, float]:
        return _formula_atoms.from_s_transform(self.s_transform)

    def hull(self) -> tuple[float, float]:
        """The half-line; no more is known from the formula."""
        return 0.0, math.inf
