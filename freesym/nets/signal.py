"""How signals travel through one network, layer by layer."""

from __future__ import annotations

import math
from dataclasses import dataclass

from freesym.nets.mean_field import FixedPoint

#: With which two inputs begin whose correlation is followed.
CORRELATION = 0.5


@dataclass(frozen=True)
class Signal:
    """Mean-field quantities of a network, layer by layer and in the limit of many layers.

    Attributes
    ----------
    q : tuple of float
        The mean squares ``q_1, ..., q_L`` of the pre-activations.
    chi : tuple of float
        ``chi_l = sigma_w^2 E phi'(h_l)^2``: the mean of the spectrum of ``D_l W_l (D_l W_l)^T``
        (times the share of the directions that orthogonal weights keep when they widen).
    correlations : tuple of float
        The correlation of the pre-activations of two inputs that begin with correlation 1/2.
    fixed_point : FixedPoint or None
        That of the length map; None for networks whose layers differ.
    note : str
        Why there is none.
    """

    q: tuple[float, ...]
    chi: tuple[float, ...]
    correlations: tuple[float, ...]
    fixed_point: FixedPoint | None
    note: str = "the layers differ: no common fixed point"

    @property
    def gradient(self) -> float:
        """The product of all ``chi_l``: the mean of the spectrum of ``J J^T``."""
        return math.exp(sum(math.log(c) for c in self.chi)) if all(self.chi) else 0.0

    def __str__(self) -> str:
        lines = ["layer          q        chi   correlation"]
        rows = list(zip(self.q, self.chi, self.correlations, strict=True))
        shown = list(enumerate(rows, 1))
        if len(shown) > 12:
            shown = [*shown[:5], *shown[-5:]]
        for number, (q, chi, c) in shown:
            lines.append(f"{number:5} {q:10.6g} {chi:10.6g} {c:13.6f}")
        lines.append(f"product of chi {self.gradient:.6g}")
        lines.append(self._limit())
        return "\n".join(lines)

    def _limit(self) -> str:
        point = self.fixed_point
        if point is None:
            return self.note
        if not math.isfinite(point.q):
            return "no finite fixed point: lengths grow without bound"
        return (
            f"fixed point q* = {point.q:.6g}, chi_1 = {point.chi:.6g} ({point.phase}), "
            f"c* = {point.correlation:.6g}, xi_q = {point.depth_of_length:.4g}, "
            f"xi_c = {point.depth_of_correlation:.4g} layers"
        )
