"""Reports on how well conditioned a network is, and what would make it better."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from freesym.errors import ConvergenceError, FreesymError
from freesym.law import Law
from freesym.laws import PointMass
from freesym.nets.activations import Activation
from freesym.nets.mean_field import critical_point

if TYPE_CHECKING:
    from freesym.nets.mlp import MLP
    from freesym.nets.residual import ResidualMLP

_WISHED = 0.5  # c of a residual network, whose mean is then about exp(1/2)


@dataclass(frozen=True)
class Report:
    """Figures about the spectrum of a Jacobian.

    Attributes
    ----------
    mean, variance : float
        Of the squared singular values.
    largest, smallest, median : float
        Singular values; the last two among those that are not 0.
    dead : float
        The fraction of directions of the last layer that no input reaches (zeros).
    score : float
        The isometry score ``mean^2/(mean^2 + variance)``, between 0 and 1: the share of
        directions that carry the gradient.  1 is dynamical isometry.
    verdict : str
        ``"isometric"``, ``"good"``, ``"fair"``, ``"poor"``, ``"vanishing"`` or ``"exploding"``.
    advice : tuple of str
    """

    mean: float
    variance: float
    largest: float
    smallest: float
    median: float
    dead: float
    score: float
    verdict: str
    advice: tuple[str, ...]

    @property
    def condition(self) -> float:
        """Largest over smallest singular value that is not 0."""
        return math.inf if self.smallest == 0 else self.largest / self.smallest

    def __str__(self) -> str:
        spread = self.largest / self.median if self.median else math.inf
        lines = [
            f"squared singular values   mean {self.mean:.6g}, variance {self.variance:.6g}",
            f"largest singular value    {self.largest:.6g}",
            f"median, smallest          {self.median:.6g}, {self.smallest:.6g} (zeros apart)",
            f"condition number          {self.condition:.6g}; largest/median {spread:.6g}",
            f"dead directions           {100 * self.dead:.4g}%",
            f"isometry score            {self.score:.4f}",
            f"verdict                   {self.verdict}",
        ]
        return "\n".join([*lines, *(f"advice                    {text}" for text in self.advice)])


def report(net: MLP) -> Report:
    """The report of a network.

    Examples
    --------
    >>> from freesym.nets import MLP
    >>> found = report(MLP([1] * 11, "relu"))
    >>> found.verdict, found.variance, found.dead
    ('poor', 20.0, 0.5)
    """
    law = net.jacobian_law()
    figures = spectrum_figures(law)
    verdict = _verdict(figures["mean"], figures["score"])
    return Report(**figures, verdict=verdict, advice=tuple(_advice(net, verdict, figures)))


def residual_report(net: ResidualMLP) -> Report:
    """The report of a residual network.

    Examples
    --------
    >>> from freesym.nets import ResidualMLP
    >>> print(residual_report(ResidualMLP(40, "relu", scale=1)).advice[0])
    multiply all scales by about 0.1581: the mean is then near exp(1/2) at any depth
    """
    figures = spectrum_figures(net.jacobian_law())
    verdict = _verdict(figures["mean"], figures["score"])
    advice = []
    if verdict not in ("isometric", "good"):
        plain = sum(s == 0 for s in net.skip)
        if plain:
            advice.append(f"skip connections in the {plain} layers without one keep directions")
        elif all(s == 1 for s in net.skip) and net.exponent > _WISHED:
            factor = math.sqrt(_WISHED / net.exponent)
            advice.append(
                f"multiply all scales by about {factor:.4g}: the mean is then near exp(1/2) at "
                "any depth"
            )
    return Report(**figures, verdict=verdict, advice=tuple(advice or ["none needed"]))


def spectrum_figures(law: Law) -> dict[str, float]:
    """Mean, variance, ends, median, zeros and score of a law of ``J J^T``."""
    mean, variance = float(law.mean()), max(0.0, float(law.variance()))
    dead = float(law.atoms().get(0, 0))
    score = mean**2 / (mean**2 + variance) if mean > 0 else 0.0
    if isinstance(law, PointMass) or dead >= 1:
        ends = (mean, mean, mean)
    else:
        support = [pair for pair in law.support() if pair[1] > 0]
        try:
            median = float(law.quantile(dead + 0.5 * (1 - dead)))
        except ConvergenceError:
            median = math.nan
        ends = (support[-1][1], support[0][0], median)
    largest, smallest, middle = (math.sqrt(max(0.0, float(x))) for x in ends)
    return {
        "mean": mean, "variance": variance, "largest": largest, "smallest": smallest,
        "median": middle, "dead": dead, "score": score,
    }  # fmt: skip


def _verdict(mean: float, score: float) -> str:
    if mean < 0.1:
        return "vanishing"
    if mean > 10:
        return "exploding"
    for bound, word in ((0.99, "isometric"), (0.5, "good"), (0.2, "fair")):
        if score >= bound:
            return word
    return "poor"


def _advice(net: MLP, verdict: str, figures: dict[str, Any]) -> list[str]:
    found = []
    if verdict in ("vanishing", "exploding"):
        found.append(_towards_criticality(net, figures["mean"]))
    if verdict in ("poor", "fair") and "gaussian" in net.weights:
        found.append(
            "orthogonal weights: Gaussian ones add depth to the relative variance of the squared "
            "singular values whatever the activation"
        )
    if figures["dead"] > 0 and min(net.widths) == net.widths[-1]:
        found.append(
            f"{100 * figures['dead']:.3g}% of the directions are cut: a slope that is not 0 for "
            "negative inputs (leaky ReLU), or residual connections, keep them"
        )
    if verdict in ("poor", "fair") and "gaussian" not in net.weights and not figures["dead"]:
        found.append("a smaller q*, by smaller sigma_b or inputs, makes the slopes more equal")
    if verdict in ("poor", "fair") and net.depth > 1:
        relative = figures["variance"] / figures["mean"] ** 2 / net.depth
        if relative > 0:
            found.append(
                f"the relative variance grows by about {relative:.3g} per layer; residual "
                f"connections of scale below {net.depth**-0.5:.2g} keep it bounded"
            )
    return found or ["none needed"]


def _towards_criticality(net: MLP, mean: float) -> str:
    factor = mean ** (-0.5 / net.depth)
    phi: Activation = net.activation[0]
    try:
        sigma = critical_point(phi, float(net.sigma_b[0])).sigma_w
        critical = f"; the edge of chaos of {phi.name} is at sigma_w = {sigma:.6g}"
    except FreesymError:
        critical = ""
    return f"multiply sigma_w by about {factor:.4g} for a mean of 1 at this depth{critical}"
