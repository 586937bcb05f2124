"""Kernel matrices of real random networks of finite width."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from freesym.errors import InvalidLawError
from freesym.laws._models import haar_orthogonal
from freesym.nets.kernels import KernelRecursion, inputs, recursion_of
from freesym.parameters import POSITIVE, as_count, as_generator, as_sequence, checked, short

Matrix = NDArray[np.float64]
MAX_WIDTH = 30_000


@dataclass(frozen=True, eq=False)
class SampledKernels:
    """The kernels of one random network on given inputs.

    Attributes
    ----------
    conjugate : ndarray of shape (n, n)
        ``X_L^T X_L/d_L`` for the features of the last hidden layer.
    tangent : ndarray of shape (n, n)
        The NTK of one output, ``sum (df/dtheta)(x_i) (df/dtheta)(x_j)`` over all parameters.
    """

    conjugate: Matrix
    tangent: Matrix


def sample_kernels(
    net: Any, X: ArrayLike, widths: Sequence[int] | int, rng: Any = None, *, outputs: int = 1
) -> SampledKernels:
    """Sample a network in the NTK parameterisation and compute its exact kernels.

    Parameters
    ----------
    net : KernelRecursion or network
    X : array_like of shape (n, features)
    widths : sequence of int
        Of the hidden layers; a number for all of them.
    rng : seed or Generator, optional
    outputs : int
        Average the NTK over so many outputs of independent weights.

    Returns
    -------
    SampledKernels

    Notes
    -----
    ``h_l = sigma_w W_l x_(l-1)/sqrt(n_(l-1)) + sigma_b b_l`` with standard normal ``W`` and ``b``.
    Nothing is idealised: gradients are those of backpropagation.

    Examples
    --------
    >>> from freesym.nets.kernels import KernelRecursion, kernel_matrix
    >>> net, x = KernelRecursion("erf", sigma_w=1.5), np.eye(3)
    >>> sampled = sample_kernels(net, x, 4000, rng=0, outputs=50)
    >>> bool(np.abs(sampled.tangent - kernel_matrix(net, x)).max() < 0.03)
    True
    """
    recursion = recursion_of(net)
    rows = inputs(X, "X", recursion.features)
    sizes = _widths(widths, recursion.depth)
    generator = as_generator(rng)
    features, weights, hidden = [rows], [], []
    for i, (activation, width) in enumerate(zip(recursion.activations, sizes, strict=True)):
        fan_in = features[-1].shape[1]
        w = generator.standard_normal((fan_in, width))
        b = generator.standard_normal(width)
        scale = recursion.sigma_w[i] / math.sqrt(fan_in)
        hidden.append(scale * (features[-1] @ w) + recursion.sigma_b[i] * b)
        weights.append(scale * w)
        features.append(np.asarray(activation.phi(hidden[-1])))
    kernels = [x @ x.T / x.shape[1] for x in features]
    return SampledKernels(
        kernels[-1], _tangent(recursion, kernels, weights, hidden, generator, outputs)
    )


def _tangent(
    recursion: KernelRecursion,
    kernels: list[Matrix],
    weights: list[Matrix],
    hidden: list[Matrix],
    generator: np.random.Generator,
    outputs: int,
) -> Matrix:
    """``sum_l (sigma_w^2 K_l + sigma_b^2) o (delta delta^T)`` by backpropagation."""

    def layer(i: int) -> Matrix:
        return recursion.sigma_w[i] ** 2 * kernels[i] + recursion.sigma_b[i] ** 2

    total = layer(recursion.depth)
    count = as_count(outputs, 1, 10**6, "outputs")
    for _ in range(count if hidden else 0):
        width = hidden[-1].shape[1]
        readout = generator.standard_normal(width) * recursion.sigma_w[-1] / math.sqrt(width)
        back = np.broadcast_to(readout, hidden[-1].shape)
        for i in range(recursion.depth - 1, -1, -1):
            delta = back * np.asarray(recursion.activations[i].derivative(hidden[i]))
            total = total + layer(i) * (delta @ delta.T) / count
            if i:
                back = delta @ weights[i].T
    return total


def _widths(widths: Any, depth: int) -> list[int]:
    items = [widths] * depth if np.ndim(widths) == 0 else as_sequence(widths, "widths")
    if len(items) != depth:
        raise InvalidLawError(f"{len(items)} widths for {depth} hidden layers")
    return [as_count(n, 1, MAX_WIDTH, "width") for n in items]


def sample_one_sample_ntk(
    net: Any, n: int, rng: Any = None, *, q: float = 1.0, weights: str = "orthogonal"
) -> Matrix:
    """``Theta/n`` of one input and ``n`` outputs, of a network of width ``n``.

    Parameters
    ----------
    net : KernelRecursion or network
    n : int
    rng : seed or Generator, optional
    q : float
        The mean square of the entries of the input.
    weights : {"orthogonal", "gaussian"}
        ``sigma_w`` times a Haar matrix, or normal entries of variance ``sigma_w^2/n``.

    Examples
    --------
    >>> from freesym.nets.kernels import KernelRecursion
    >>> theta = sample_one_sample_ntk(KernelRecursion("linear"), 50, rng=0)
    >>> bool(np.allclose(theta, 2 * np.eye(50), atol=1e-12))
    True
    """
    if weights not in ("orthogonal", "gaussian"):
        raise InvalidLawError(f"weights = {short(weights)} must be 'orthogonal' or 'gaussian'")
    recursion, size = recursion_of(net), as_count(n, 1, 10_000, "n")
    generator, q = as_generator(rng), float(checked(q, POSITIVE, "sample_one_sample_ntk", "q"))
    x = generator.standard_normal(size)
    x *= math.sqrt(q * size) / float(np.linalg.norm(x))
    theta = q * np.eye(size)
    x = _first_layer(recursion, x, weights, generator)
    for i, activation in enumerate(recursion.activations):
        slope, x = np.asarray(activation.derivative(x)), np.asarray(activation.phi(x))
        w = recursion.sigma_w[i + 1] * _square(size, weights, generator)
        masked = w * slope
        theta = float(np.mean(x * x)) * np.eye(size) + masked @ theta @ masked.T
        x = w @ x + recursion.sigma_b[i + 1] * generator.standard_normal(size)
    return np.asarray(0.5 * (theta + theta.T))


def _square(size: int, weights: str, generator: np.random.Generator) -> Matrix:
    if weights == "orthogonal":
        return haar_orthogonal(size, generator)
    return generator.standard_normal((size, size)) / math.sqrt(size)


def _first_layer(
    recursion: KernelRecursion, x: Matrix, weights: str, generator: np.random.Generator
) -> Matrix:
    shift = recursion.sigma_b[0] * generator.standard_normal(len(x))
    return recursion.sigma_w[0] * (_square(len(x), weights, generator) @ x) + shift
