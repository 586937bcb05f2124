"""Asymptotic freeness made visible in real random networks."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from freesym.errors import InvalidLawError
from freesym.nets.mlp import MLP
from freesym.nets.realisation import JacobianRealisation
from freesym.nets.sampling import MAX_SAMPLED_WIDTH, kolmogorov_distance
from freesym.parameters import as_count, as_generator, as_sequence

Matrix = NDArray[np.float64]


@dataclass(frozen=True)
class MixedMoment:
    """A mixed centred moment, which vanishes for free variables.

    Attributes
    ----------
    layer : int
        Between which layers the two sides meet.
    word : str
        ``X`` stands for ``(D_l W_l)(D_l W_l)^T``, ``Y`` for ``(D_(l+1) W_(l+1))^T(D_(l+1)
        W_(l+1))``, both centred and scaled to variance 1.
    value : float
    """

    layer: int
    word: str
    value: float


@dataclass(frozen=True)
class FreenessReport:
    """What was measured in real networks, against what freeness predicts.

    Attributes
    ----------
    net : MLP
    widths : tuple of int
    moments : tuple of MixedMoment
        At the largest width; 0 for free variables, of order ``1/n`` in real networks.
    distances : tuple of float
        Kolmogorov distances of the spectrum to the law of infinitely wide networks.
    conditional : tuple of float
        To the law given the slopes measured in the same network.
    """

    net: MLP
    widths: tuple[int, ...]
    moments: tuple[MixedMoment, ...]
    distances: tuple[float, ...]
    conditional: tuple[float, ...]

    @property
    def largest_moment(self) -> float:
        """The largest modulus of a mixed moment."""
        return max((abs(m.value) for m in self.moments), default=0.0)

    @property
    def rates(self) -> tuple[float, float]:
        """Exponents ``a`` of ``distance ~ n^a`` fitted to both rows; NaN for a single width."""
        return _rate(self.widths, self.distances), _rate(self.widths, self.conditional)

    def __str__(self) -> str:
        lines = ["mixed centred moments (0 if free):"]
        lines += [
            f"  layers {m.layer}, {m.layer + 1}: tr {m.word:5} = {m.value:+.5f}"
            for m in self.moments[:12]
        ]
        if len(self.moments) > 12:
            lines.append(f"  ... {len(self.moments)} in all, the largest {self.largest_moment:.5f}")
        lines.append("width   distance to the law   to the law given the measured slopes")
        lines += [
            f"{n:5} {d:21.5f} {c:36.5f}"
            for n, d, c in zip(self.widths, self.distances, self.conditional, strict=True)
        ]
        first, second = self.rates
        if math.isfinite(first):
            lines.append(f"rates: n^{first:.2f} and n^{second:.2f}")
        return "\n".join(lines)


def freeness_report(
    net: MLP, n: int | Sequence[int] = (100, 200, 400), rng: Any = None
) -> FreenessReport:
    """Measure in real sampled networks how free their layers are.

    Parameters
    ----------
    net : MLP
        Nothing is idealised: the slopes are those of a forward pass and depend on the weights.
    n : int or sequence of int
        Widths of the widest layer, ascending.
    rng : seed or Generator, optional

    Examples
    --------
    >>> found = freeness_report(MLP([1] * 4, "relu"), 200, rng=0)
    >>> found.largest_moment < 0.1
    True
    """
    items = as_sequence(n, "n") if isinstance(n, (list, tuple, np.ndarray)) else (n,)
    widths = tuple(as_count(value, 8, MAX_SAMPLED_WIDTH, "n") for value in items)
    if not widths or any(b <= a for a, b in pairwise(widths)):
        raise InvalidLawError(f"n = {widths} must be one or more ascending widths")
    generator = as_generator(rng)
    distances, conditional = [], []
    moments: tuple[MixedMoment, ...] = ()
    for width in widths:
        sample = net.resized(width).simulate_jacobian(rng=generator)
        values = sample.eigenvalues()
        floor = float(values[-1]) * (width * np.finfo(float).eps) ** 2
        distances.append(kolmogorov_distance(sample.net.jacobian_law(), values, floor))
        conditional.append(kolmogorov_distance(sample.conditional_law(), values, floor))
        moments = mixed_moments(sample)
    return FreenessReport(net, widths, moments, tuple(distances), tuple(conditional))


def mixed_moments(sample: JacobianRealisation) -> tuple[MixedMoment, ...]:
    """``tr XY``, ``tr XYXY`` and ``tr (X^2 - 1) Y`` between neighbouring layers."""
    layers = [d[:, None] * w for w, d in zip(sample.weights, sample.slopes, strict=True)]
    found = []
    for number, (below, above) in enumerate(pairwise(layers), 1):
        x, y = _centred(below @ below.T), _centred(above.T @ above)
        if x is None or y is None:
            continue
        size, xy = len(x), x @ y
        square = _centred(x @ x)
        found.append(MixedMoment(number, "XY", float(np.trace(xy)) / size))
        found.append(MixedMoment(number, "XYXY", float(np.vdot(xy.T, xy)) / size))
        if square is not None:
            found.append(MixedMoment(number, "X2Y", float(np.vdot(square, y)) / size))
    return tuple(found)


def _centred(a: Matrix) -> Matrix | None:
    """Trace 0 and variance 1; None for a multiple of the identity, free from everything."""
    size = len(a)
    centred = a - np.trace(a) / size * np.eye(size)
    norm = float(np.linalg.norm(centred)) / math.sqrt(size)
    scale = float(np.linalg.norm(a)) / math.sqrt(size)
    return None if norm <= 1e-10 * scale else np.asarray(centred / norm)


def _rate(widths: Sequence[int], values: Sequence[float]) -> float:
    if len(widths) < 2 or min(values) <= 0:
        return math.nan
    return float(np.polyfit(np.log(widths), np.log(values), 1)[0])
