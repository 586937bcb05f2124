"""Random networks of finite width, their exact Jacobians and the distance to a law."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from freesym.errors import InvalidLawError
from freesym.law import Law
from freesym.laws._models import haar_orthogonal, orthonormal_columns
from freesym.nets.jacobian import Network

Matrix = NDArray[np.float64]
MAX_SAMPLED_WIDTH = 8192
#: Eight gigabytes.
MAX_SAMPLED_WEIGHTS = 10**9
_SNAP = 1e-9


@dataclass(frozen=True, eq=False)
class JacobianSample:
    """The Jacobian of one random network at one random input.

    Attributes
    ----------
    network : Network
        What was sampled, with the widths of the sample.
    matrix : ndarray of shape (n_L, n_0)
        The Jacobian ``J``.
    active_counts : tuple of int
        How many units of each layer are active.
    """

    network: Network
    matrix: Matrix = field(repr=False)
    active_counts: tuple[int, ...]

    @property
    def active_fractions(self) -> tuple[Fraction, ...]:
        """The measured fractions of active units, layer by layer."""
        pairs = zip(self.active_counts, self.network.widths[1:], strict=True)
        return tuple(Fraction(count, n) for count, n in pairs)

    @property
    def rank(self) -> int:
        """The rank of ``J``: with probability 1 the smallest of all widths and all ranks of D."""
        widths = self.network.widths
        masks = self.active_counts if self.network.activation.floor == 0 else widths
        return min(*widths, *masks)

    @property
    def resolution(self) -> float:
        """The size below which eigenvalues of ``J J^T`` drown in rounding."""
        norm = float(np.linalg.norm(self.matrix, 2))
        return float(max(self.matrix.shape) * np.finfo(float).eps * norm) ** 2

    def eigenvalues(self) -> Matrix:
        """The eigenvalues of ``J J^T``, ascending; exactly as many zeros as the rank implies."""
        values = np.zeros(self.matrix.shape[0])
        singular = np.linalg.svd(self.matrix, compute_uv=False)[: self.rank]
        values[: len(singular)] = singular**2
        return values[::-1]

    def conditional_law(self) -> Law:
        """The law given the widths and the fractions of active units of this sample.

        These fractions fluctuate by ``O(n^(-1/2))``, which is most of the distance between one
        finite network and the law of infinitely wide ones.
        """
        return self.network.law(self.active_fractions)


def sample_jacobian(
    network: Network,
    rng: Any = None,
    progress: Callable[[int, int], None] | None = None,
) -> JacobianSample:
    """Sample a network, run an input through it and multiply out its Jacobian.

    Parameters
    ----------
    network : Network
        Its widths are the widths of the sample.
    rng : seed or Generator, optional
        For the weights, the biases and the input, whose entries are independent and normal.
    progress : callable, optional
        Called with the number of finished layers and of all layers.

    Returns
    -------
    JacobianSample

    Notes
    -----
    Nothing is idealised: the slopes are those of a forward pass and depend on the weights.
    """
    if max(network.widths) > MAX_SAMPLED_WIDTH:
        raise InvalidLawError(
            f"a layer of {max(network.widths)} units is too wide to sample; the limit is "
            f"{MAX_SAMPLED_WIDTH}"
        )
    generator = np.random.default_rng(rng)
    signal = math.sqrt(network.input_variance) * generator.standard_normal(network.widths[0])
    jacobian, counts = np.eye(network.widths[0]), []
    for layer in range(network.depth):
        weight = _weight(network, layer, generator)
        h = weight @ signal + _biases(network, layer, generator)
        signal = network.activation.phi(h)
        counts.append(int(network.activation.active(h).sum()))
        jacobian = network.activation.derivative(h)[:, None] * (weight @ jacobian)
        if progress is not None:
            progress(layer + 1, network.depth)
    return JacobianSample(network, jacobian, tuple(counts))


def _weight(network: Network, layer: int, generator: np.random.Generator) -> Matrix:
    columns, rows = network.widths[layer], network.widths[layer + 1]
    sigma = math.sqrt(float(network.variance))
    if network.weights == "gaussian":
        return sigma / math.sqrt(columns) * generator.standard_normal((rows, columns))
    if rows == columns:
        return sigma * haar_orthogonal(rows, generator)
    if rows > columns:
        return sigma * orthonormal_columns(rows, columns, generator)
    return sigma * orthonormal_columns(columns, rows, generator).T


def _biases(network: Network, layer: int, generator: np.random.Generator) -> Matrix | float:
    variance = network.bias_variance
    if variance <= 0:
        return 0.0
    return math.sqrt(variance) * generator.standard_normal(network.widths[layer + 1])


def kolmogorov_distance(law: Law, eigenvalues: ArrayLike, floor: float = 0.0) -> float:
    """``sup |F_n(x) - F(x)|`` between the eigenvalues of a matrix and a law.

    Parameters
    ----------
    law : Law
    eigenvalues : array_like of float, shape (n,)
        Eigenvalues within a relative 1e-9 of a nonzero atom count as lying on it; zeros must be
        exact.
    floor : float
        If positive eigenvalues lie below it they are rounding errors, and only ``x = 0`` and
        ``x >= floor`` are compared.

    Returns
    -------
    float
        Both one-sided limits are compared at every eigenvalue and at every atom.

    Examples
    --------
    >>> from freesym import Bernoulli
    >>> kolmogorov_distance(Bernoulli(0.5), [0.0, 0.0, 1.0, 1.0]) < 1e-15
    True
    """
    masses = {float(a): float(m) for a, m in law.atoms().items()}
    values = np.sort(_snapped(np.asarray(eigenvalues, dtype=float), masses))
    points = np.unique(np.concatenate([values, np.array(list(masses))]))
    if ((values > 0) & (values < floor)).any():
        points = np.append(points[(points >= floor) | (points == 0)], floor)
    # on the half-line the value at 0 is the mass there, which needs no search of the support
    upper = np.empty(len(points))
    at_zero = (points == 0) & bool(law.is_positive)
    upper[at_zero] = masses.get(0.0, 0.0)
    upper[~at_zero] = law.cdf(points[~at_zero])
    lower = upper - np.array([masses.get(x, 0.0) for x in points.tolist()])
    n = len(values)
    above = np.searchsorted(values, points, side="right") / n - upper
    below = np.searchsorted(values, points, side="left") / n - lower
    return float(max(np.abs(above).max(), np.abs(below).max()))


def _snapped(values: Matrix, masses: dict[float, float]) -> Matrix:
    snapped = values.copy()
    for location in masses:
        snapped[np.abs(values - location) <= _SNAP * abs(location)] = location
    return snapped
