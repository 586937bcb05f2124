"""Real random networks of finite width and their exact Jacobians."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from freesym.errors import InvalidLawError
from freesym.law import Law
from freesym.laws import Empirical
from freesym.laws._models import haar_orthogonal, orthonormal_columns
from freesym.nets.activations import Activation
from freesym.nets.products import Sparse, Weights, layered_law
from freesym.nets.sampling import (
    MAX_SAMPLED_WEIGHTS,
    MAX_SAMPLED_WIDTH,
    kolmogorov_distance,
)
from freesym.nets.slope_law import stratified_slopes
from freesym.parameters import as_generator, short

if TYPE_CHECKING:
    from freesym.nets.mlp import MLP

Matrix = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class RandomNetwork:
    """Weights and biases of one network.

    Attributes
    ----------
    net : MLP
        What was sampled.
    weights, biases : tuple of ndarray
        Of every layer.
    masks : tuple of ndarray
        What dropout multiplies the activations with; ones without dropout.
    """

    net: MLP
    weights: tuple[Matrix, ...] = field(repr=False)
    biases: tuple[Matrix, ...] = field(repr=False)
    masks: tuple[Matrix, ...] = field(repr=False)

    def __call__(self, x: ArrayLike) -> Matrix:
        """The output at one input or at the rows of several."""
        signal = self._input(x)
        for weight, bias, mask, phi in self._layers():
            signal = mask * phi.phi(signal @ weight.T + bias)
        return signal

    def _layers(self) -> list[tuple[Matrix, Matrix, Matrix, Activation]]:
        return list(zip(self.weights, self.biases, self.masks, self.net.activation, strict=True))

    def _input(self, x: ArrayLike) -> Matrix:
        signal = np.asarray(x, dtype=float)
        if signal.ndim not in (1, 2) or signal.shape[-1] != self.net.widths[0]:
            raise InvalidLawError(
                f"the input has the shape {signal.shape}; give {self.net.widths[0]} numbers"
            )
        if not np.isfinite(signal).all():
            raise InvalidLawError("the input must be finite")
        return signal

    def slopes(self, x: ArrayLike) -> tuple[Matrix, ...]:
        """The diagonals of ``D_1, ..., D_L`` at one input."""
        signal, found = self._input(x), []
        for weight, bias, mask, phi in self._layers():
            h = weight @ signal + bias
            found.append(mask * np.asarray(phi.derivative(h), dtype=float))
            signal = mask * phi.phi(h)
        return tuple(found)

    def jacobian(self, x: ArrayLike) -> JacobianRealisation:
        """The Jacobian at one input."""
        return JacobianRealisation(self.net, self.weights, self.slopes(x))


@dataclass(frozen=True, eq=False)
class JacobianRealisation:
    """The Jacobian ``J = D_L W_L ... D_1 W_1`` of one network at one input.

    Attributes
    ----------
    net : MLP
    weights, slopes : tuple of ndarray
        ``W_l`` and the diagonals of ``D_l``.
    """

    net: MLP
    weights: tuple[Matrix, ...] = field(repr=False)
    slopes: tuple[Matrix, ...] = field(repr=False)

    @property
    def matrix(self) -> Matrix:
        """``J``, of shape ``(n_L, n_0)``."""
        found = np.eye(self.net.widths[0])
        for weight, slope in zip(self.weights, self.slopes, strict=True):
            found = slope[:, None] * (weight @ found)
        return np.asarray(found)

    @property
    def rank(self) -> int:
        """With probability 1 the smallest of all widths and numbers of slopes that are not 0."""
        return min(*self.net.widths, *(int(np.count_nonzero(d)) for d in self.slopes))

    def singular_values(self) -> Matrix:
        """``min(shape)`` singular values, ascending; exactly as many zeros as the rank implies."""
        values = np.linalg.svd(self.matrix, compute_uv=False)
        values[self.rank :] = 0.0
        return np.asarray(values[::-1], dtype=float)

    def eigenvalues(self) -> Matrix:
        """The eigenvalues of ``J J^T``, ascending."""
        rows = self.net.widths[-1]
        values = np.zeros(rows)
        singular = self.singular_values()
        values[rows - len(singular) :] = singular**2
        return values

    def conditional_law(self) -> Law:
        """The law given the slopes of this network."""
        laws = [Empirical(d**2) for d in self.slopes]
        net = self.net
        return layered_law(net.widths, laws, net.weights, net.variances)

    def distance(self, law: Law | None = None) -> float:
        """The Kolmogorov distance of the eigenvalues to a law, by default the free prediction.

        Eigenvalues that drown in rounding are only counted.
        """
        values = self.eigenvalues()
        scale = max(self.net.widths) * np.finfo(float).eps
        floor = float(values[-1]) * scale**2
        return kolmogorov_distance(self.net.jacobian_law() if law is None else law, values, floor)


def sample_network(net: MLP, rng: Any = None) -> RandomNetwork:
    """Draw weights, biases and dropout masks."""
    if max(net.widths) > MAX_SAMPLED_WIDTH:
        raise InvalidLawError(
            f"a layer of {max(net.widths)} units is too wide to sample; the limit is "
            f"{MAX_SAMPLED_WIDTH}; name a smaller width n"
        )
    count = sum(a * b for a, b in pairwise(net.widths))
    if count > MAX_SAMPLED_WEIGHTS:
        raise InvalidLawError(
            f"{net.depth} layers of {max(net.widths)} units have {count:.3g} weights, more than "
            f"{MAX_SAMPLED_WEIGHTS:.0e} to hold in memory; sample fewer layers or name a smaller "
            "width n"
        )
    generator = as_generator(rng)
    weights, biases, masks = [], [], []
    for i in range(net.depth):
        before, after = net.widths[i], net.widths[i + 1]
        sigma = math.sqrt(float(net.variances[i]))
        weights.append(sigma * sampled_weights(net.weights[i], before, after, generator))
        biases.append(float(net.sigma_b[i]) * generator.standard_normal(after))
        keep = 1 - float(net.dropout[i])
        masks.append(np.ones(after) if keep == 1 else (generator.random(after) < keep) / keep)
    return RandomNetwork(net, tuple(weights), tuple(biases), tuple(masks))


def sampled_weights(weights: Weights, before: int, after: int, rng: np.random.Generator) -> Matrix:
    """A matrix of shape ``(after, before)`` with ``sigma_w = 1``."""
    if isinstance(weights, Law):
        return _with_spectrum(weights, before, after, rng)
    if weights == "orthogonal":
        if after == before:
            return haar_orthogonal(after, rng)
        tall = orthonormal_columns(max(before, after), min(before, after), rng)
        return tall if after > before else tall.T
    gaussian = rng.standard_normal((after, before)) / math.sqrt(before)
    if isinstance(weights, Sparse):
        density = float(weights.density)
        gaussian *= (rng.random((after, before)) < density) / math.sqrt(density)
    return np.asarray(gaussian)


def _with_spectrum(law: Law, before: int, after: int, rng: np.random.Generator) -> Matrix:
    """A matrix in Haar bases whose squared singular values are quantiles of the law."""
    squares = np.asarray(law.quantile((np.arange(after) + 0.5) / after))[::-1]
    rank = min(before, after)
    left, right = haar_orthogonal(after, rng), haar_orthogonal(before, rng)
    return np.asarray((left[:, :rank] * np.sqrt(np.maximum(squares[:rank], 0.0))) @ right[:rank])


def simulate(
    net: MLP,
    x: ArrayLike | None,
    rng: Any,
    *,
    stratified: bool = False,
    features: int | None = None,
) -> JacobianRealisation:
    """The Jacobian of a sampled network, with the slopes of a forward pass or stratified ones.

    An input of so many ``features``, other than the network takes, lends its mean square.
    """
    generator = as_generator(rng)
    if stratified and x is not None:
        raise InvalidLawError(f"stratified slopes depend on no input; leave out x = {short(x)}")
    if x is not None:
        x = _fitted(x, net.widths[0], features, generator)
    network = sample_network(net, generator)
    if stratified:
        return JacobianRealisation(net, network.weights, _stratified(net, network, generator))
    if x is None:
        size = math.sqrt(float(net.input_square))
        x = size * generator.standard_normal(net.widths[0])
    return network.jacobian(x)


def _fitted(x: ArrayLike, width: int, features: int | None, rng: np.random.Generator) -> ArrayLike:
    """The input, checked; of another width, a random one of its mean square."""
    given = np.asarray(x)
    if given.dtype.kind not in "iuf" or given.shape not in ((width,), (features,)):
        expected = f"{width}" if features in (None, width) else f"{width} or {features}"
        raise InvalidLawError(
            f"the input has the type {given.dtype} and the shape {given.shape}; give {expected} "
            "numbers"
        )
    if given.shape == (width,):
        return given
    drawn = rng.standard_normal(width)
    norm = float(np.sqrt(np.mean(np.square(given, dtype=float))))
    return np.asarray(drawn * (norm / np.sqrt(np.mean(drawn**2))))


def _stratified(net: MLP, network: RandomNetwork, rng: np.random.Generator) -> tuple[Matrix, ...]:
    found = []
    for phi, q, n, rate in zip(net.activation, net.lengths, net.widths[1:], net.dropout,
                               strict=True):  # fmt: skip
        slopes = stratified_slopes(phi, q, n)
        keep = 1 - float(rate)
        kept = np.arange(n) < round(keep * n)
        found.append(rng.permutation(slopes) * rng.permutation(kept) / keep)
    return tuple(found)
