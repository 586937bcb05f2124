"""Laws given by a formula for their Cauchy transform."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from freesym.errors import InvalidLawError
from freesym.laws import _formula_atoms
from freesym.laws._formulas import FormulaLaw, value_at
from freesym.parameters import Number
from freesym.relations.leaf import CauchyLeaf

_HEIGHTS = (1e-3, 0.05, 0.5, 3.0)
_FAR = 1e6


@dataclass(frozen=True, repr=False)
class CauchyTransformLaw(FormulaLaw, CauchyLeaf):
    """The law with a given Cauchy transform.

    The formula must hold on the whole upper half-plane: write ``sqrt(z - a)*sqrt(z - b)``,
    whose cut is ``[a, b]``, and not the root of the product.  Checked at construction:
    ``z G(z)`` tends to 1, and ``Im G < 0`` at some hundred points of the upper half-plane.

    Parameters
    ----------
    expression : SymPy expression
        ``G(z) = E 1/(z - X)``.
    symbol : SymPy symbol, optional
        The variable; needed if there are other symbols, which are parameters.

    Notes
    -----
    ``z G(z) - 1`` cancels far from the spectrum; laws with other descriptions are better
    given by those.  The log-potential is integrated numerically.

    Examples
    --------
    >>> import sympy
    >>> z = sympy.Symbol("z")
    >>> law = CauchyTransformLaw((z - sympy.sqrt(z - 2) * sympy.sqrt(z + 2)) / 2)
    >>> print(round(law.density(0.0), 6))
    0.31831
    """

    def _check(self) -> None:
        words = f"G = {self.expression}"
        far = 1j * _FAR
        if abs(far * value_at(self._evaluate, far, words) - 1) > 1e-3:
            raise InvalidLawError(
                f"{words}: z G(z) is {far * self._evaluate(far):.4g} at z = {far:g}, but tends "
                "to 1 for the Cauchy transform of a probability law"
            )
        for z in _sample():
            if value_at(self._evaluate, z, words).imag > 0:
                raise InvalidLawError(
                    f"{words} has a positive imaginary part at z = {z:.4g}; it must map the upper "
                    "to the lower half-plane (write sqrt(z - a)*sqrt(z - b), not the root of "
                    "the product)"
                )

    def transform(self, w: Any) -> tuple[Any, Any]:
        """The formula, and ``w G - 1``."""
        g = self._evaluate(w)
        return g, w * g - 1

    def log_potential_at(self, w: Any) -> Any:
        """There is no formula: it is integrated by the solver."""
        raise NotImplementedError("a Cauchy transform law has no formula for its potential")

    @property
    def assumed(self) -> bool:
        """The formula was tested at some points only."""
        return True

    def has_potential(self) -> bool:
        """The solver integrates G."""
        return False

    def point_masses(self) -> dict[Number, Number]:
        """The atoms, from limits of the formula."""
        return {} if self.free_symbols else dict(self._atoms)

    @cached_property
    def _atoms(self) -> dict[float, float]:
        return _formula_atoms.from_cauchy_transform(self.expression, self.symbol, self._evaluate)

    def keeps_digits_at_zero(self) -> bool:
        """Nobody knows how the formula rounds."""
        return False

    def hull(self) -> tuple[float, float]:
        """Not known from the formula."""
        return -math.inf, math.inf


def _sample() -> list[complex]:
    x = np.concatenate([-np.geomspace(1e-2, 1e3, 16), [0.0], np.geomspace(1e-2, 1e3, 16)])
    return [complex(a, y) for a in x.tolist() for y in _HEIGHTS]
