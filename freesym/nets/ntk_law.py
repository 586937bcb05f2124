"""The limit law of the neural tangent kernel in the regime of linear width."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any

import numpy as np
from numpy.typing import NDArray

from freesym.errors import InvalidLawError
from freesym.law import Law
from freesym.laws import MarchenkoPastur
from freesym.nets.half_plane_law import HalfPlaneLaw
from freesym.nets.kernel_laws import (
    LinearisedLayer,
    affine_law,
    checked_input,
    checked_ratios,
    linearised_layers,
)
from freesym.nets.kernels import recursion_of
from freesym.nets.ntk_equations import NtkEquations
from freesym.parameters import NONNEGATIVE, POSITIVE, Number, as_sequence, checked

Matrix = NDArray[np.float64]
_VANISHING = 1e-12


@dataclass(frozen=True, repr=False)
class NtkLaw(HalfPlaneLaw):
    """The law of ``shift + sum_l weights_l K_l`` for the kernels of successive layers.

    Parameters
    ----------
    input_law : Law
        Of ``K_0``.
    shift : number
    weights : sequence of positive numbers
        Of ``K_0, ..., K_L``.
    alphas, betas, ratios : sequences of numbers
        ``E K_l = alpha_l + beta_l K_(l-1)`` and ``n/d_l`` for ``l = 1, ..., L``.

    Notes
    -----
    The coupled equations of :mod:`freesym.nets.ntk_equations`: the kernels of successive layers
    are not free of each other.
    """

    input_law: Law
    shift: Number
    weights: tuple[Number, ...]
    alphas: tuple[Number, ...]
    betas: tuple[Number, ...]
    ratios: tuple[Number, ...]

    def _validate(self) -> None:
        checked_input(self.input_law)
        object.__setattr__(self, "shift", checked(self.shift, NONNEGATIVE, "NtkLaw", "shift"))
        domains = {"weights": POSITIVE, "alphas": NONNEGATIVE, "betas": NONNEGATIVE,
                   "ratios": POSITIVE}  # fmt: skip
        depth = len(as_sequence(self.ratios, "ratios"))
        for name, domain in domains.items():
            values = as_sequence(getattr(self, name), name)
            if len(values) != depth + (name == "weights") or not depth:
                raise InvalidLawError(
                    f"NtkLaw: {len(values)} {name} for {depth} layers above the inputs"
                )
            found = tuple(checked(v, domain, "NtkLaw", name) for v in values)
            object.__setattr__(self, name, found)
        for alpha, beta in zip(self.alphas, self.betas, strict=True):
            if float(alpha) + float(beta) == 0:
                raise InvalidLawError("NtkLaw: a layer with alpha = beta = 0 vanishes")

    def equations(self) -> NtkEquations:
        """The equations in double precision."""
        rows = (tuple(map(float, v)) for v in (self.weights, self.alphas, self.betas, self.ratios))
        return NtkEquations(self.input_law.relation().numeric(), float(self.shift), *rows)

    def sample_matrix(self, n: int, rng: Any = None) -> Matrix:
        """The sum for Gaussian layers with these covariances."""
        generator = np.random.default_rng(rng)
        kernel = self.input_law.sample_matrix(n, generator)
        size = len(kernel)
        total = float(self.shift) * np.eye(size) + float(self.weights[0]) * kernel
        for weight, alpha, beta, ratio in zip(
            self.weights[1:], self.alphas, self.betas, self.ratios, strict=True
        ):
            values, vectors = np.linalg.eigh(float(alpha) * np.eye(size) + float(beta) * kernel)
            root = (vectors * np.sqrt(np.maximum(values, 0))) @ vectors.T
            width = max(1, round(size / float(ratio)))
            features = generator.standard_normal((width, size)) @ root / np.sqrt(width)
            kernel = features.T @ features
            total += float(weight) * kernel
        return total


def ntk_law(net: Any, input_law: Law, aspect_ratios: Any) -> Law:
    """The law of the neural tangent kernel in the regime of linear width.

    Parameters
    ----------
    net : KernelRecursion or network
        With Gaussian weights and without biases; all hidden layers but the last must be centred,
        ``E phi(h) = 0``.
    input_law : Law
        Of the kernel ``X X^T/n_0`` of almost orthogonal inputs.
    aspect_ratios : number or sequence of numbers
        ``n/d_l`` of every hidden layer.

    Returns
    -------
    Law
        The bulk; an uncentred last layer has an outlier besides.  For widths in the hundreds the
        whole spectrum is shifted by a random amount of order ``d^(-1/2)``.

    Raises
    ------
    UnsupportedOperationError
        For biases, or uncentred layers below the last: their kernels of slopes add to the bulk,
        which is then not known.

    Notes
    -----
    ``Theta = r_+ + sum_l q_l K_l``: off the diagonal the slopes of the layers above multiply
    ``K_l`` by ``q_l = prod sigma_w^2 (E phi')^2``, on it by ``prod sigma_w^2 E phi'^2``.

    Examples
    --------
    >>> import freesym as fs
    >>> from freesym.nets.kernels import KernelRecursion
    >>> law = ntk_law(KernelRecursion("erf", sigma_w=1.3), fs.MarchenkoPastur(0.5), 0.8)
    >>> print(f"{law.density(1.5):.6f}")
    0.336398
    """
    recursion = recursion_of(net)
    if recursion.depth == 0:
        return affine_law(input_law, recursion.sigma_w[0] ** 2, recursion.sigma_b[0] ** 2)
    mean = checked_input(input_law)
    layers = linearised_layers(recursion, mean)
    ratios = checked_ratios(aspect_ratios, recursion.depth)
    off, on = ([*accumulate(v[::-1], lambda a, b: a * b, initial=1.0)][::-1] for v in (
        [layer.slope for layer in layers], [layer.diagonal_slope for layer in layers]))  # fmt: skip
    variances = [w * w for w in recursion.sigma_w]
    weights = tuple(w * q for w, q in zip(variances, off, strict=True))
    means = [mean, *(layer.mean for layer in layers)]
    shift = sum(w * m * (r - q) for w, m, r, q in zip(variances, means, on, off, strict=True))
    shift = max(shift, 0.0)
    if min(weights) <= _VANISHING * max(weights):
        return _without_vanishing(input_law, shift, weights, layers, ratios)
    alphas, betas = (tuple(getattr(layer, name) for layer in layers) for name in ("alpha", "beta"))
    return NtkLaw(input_law, shift, weights, alphas, betas, ratios)


def _without_vanishing(
    input_law: Law,
    shift: float,
    weights: Sequence[float],
    layers: Sequence[LinearisedLayer],
    ratios: Sequence[Number],
) -> Law:
    """Even activations cut the network: only the layers above the last of them are left."""
    first = max(i for i, w in enumerate(weights) if w <= _VANISHING * max(weights)) + 1
    law = MarchenkoPastur(ratios[first - 1]) * layers[first - 1].alpha
    if first == len(layers):
        return affine_law(law, weights[-1], shift)
    alphas, betas = (
        tuple(getattr(layer, name) for layer in layers[first:]) for name in ("alpha", "beta")
    )
    kept = tuple(weights[first:]), alphas, betas, tuple(ratios[first:])
    return NtkLaw(law, shift, *kept)
