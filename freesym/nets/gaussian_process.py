"""Gaussian processes and gradient descent of infinitely wide networks."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from freesym.errors import InvalidLawError, MissingDependencyError, PrecisionError
from freesym.nets import kernels
from freesym.nets.kernels import KernelRecursion, recursion_of
from freesym.parameters import NONNEGATIVE, as_count, checked, short

Matrix = NDArray[np.float64]
_JITTERS = (0.0, *(10.0**k for k in range(-15, -5)))


@dataclass(frozen=True, eq=False)
class GaussianProcess:
    """Regression with the kernel of an infinitely wide network.

    Parameters
    ----------
    net : KernelRecursion or network
    get : {"ntk", "nngp"}
        ``"nngp"`` is the Bayesian network: the prior of its outputs is this Gaussian process.
        ``"ntk"`` is kernel regression with the tangent kernel, the limit of gradient descent.
    noise : number
        The variance ``s^2`` of the observations.

    Notes
    -----
    Mean ``K_* (K + s^2)^-1 y``, covariance ``K_** - K_* (K + s^2)^-1 K_*^T``, by a Cholesky
    factorisation.  If rounding makes the matrix indefinite (duplicated inputs without noise, say)
    the smallest of ``1e-15, 1e-14, ..., 1e-6`` times the mean of its diagonal that helps is added
    to it, and reported as ``jitter``.

    Examples
    --------
    >>> x, y = np.array([[0.0], [1.0], [2.0]]), np.array([0.0, 1.0, 0.0])
    >>> net = KernelRecursion("erf", sigma_w=2.0, sigma_b=1.0)
    >>> process = GaussianProcess(net, get="nngp", noise=1e-4).fit(x, y)
    >>> mean, deviation = process.predict([[1.0], [1.5]], return_std=True)
    >>> mean.round(3), deviation.round(3)
    (array([1.   , 0.429]), array([0.01 , 0.084]))
    """

    net: Any
    get: str = "ntk"
    noise: float = 0.0

    def __post_init__(self) -> None:
        object.__setattr__(self, "net", recursion_of(self.net))
        kernels.kind_of(self.get)
        value = checked(self.noise, NONNEGATIVE, "GaussianProcess", "noise")
        object.__setattr__(self, "noise", float(value))

    def fit(self, X: ArrayLike, y: ArrayLike) -> FittedProcess:
        """The process given observations.

        Parameters
        ----------
        X : array_like of shape (samples, features)
        y : array_like of shape (samples,) or (samples, outputs)

        Returns
        -------
        FittedProcess

        Raises
        ------
        InvalidLawError
            For observations that are not finite or do not fit together.
        PrecisionError
            If no jitter up to 1e-6 makes the kernel positive definite.
        """
        rows = kernels.inputs(X, "X", self.net.features)
        targets = _targets(y, len(rows))
        kernel = kernels.kernel_matrix(self.net, rows, get=self.get)
        factor, jitter = _cholesky(kernel, self.noise)
        weights = _solve(factor, targets.reshape(len(rows), -1)).reshape(targets.shape)
        return FittedProcess(self, rows, targets, kernel, factor, weights, jitter)

    def __repr__(self) -> str:
        return f"GaussianProcess({self.net!r}, get={self.get!r}, noise={self.noise!r})"


@dataclass(frozen=True, eq=False)
class FittedProcess:
    """A Gaussian process given observations.

    Attributes
    ----------
    X, y : ndarray
        The observations.
    kernel : ndarray of shape (samples, samples)
        Without noise and jitter.
    jitter : float
        What was added to the diagonal besides the noise.
    """

    process: GaussianProcess
    X: Matrix = field(repr=False)
    y: Matrix = field(repr=False)
    kernel: Matrix = field(repr=False)
    _factor: Matrix = field(repr=False)
    _weights: Matrix = field(repr=False)
    jitter: float = 0.0

    def predict(self, Xs: ArrayLike, *, return_std: bool = False, return_cov: bool = False) -> Any:
        """The posterior mean at new inputs, and its standard deviation or covariance.

        Parameters
        ----------
        Xs : array_like of shape (samples, features)
        return_std, return_cov : bool
            Return a pair.

        Returns
        -------
        ndarray, or pair of ndarray
        """
        if return_std and return_cov:
            raise InvalidLawError("choose one of return_std and return_cov")
        net, get = self.process.net, self.process.get
        rows = kernels.inputs(Xs, "Xs", self.X.shape[1])
        across = kernels.kernel_matrix(net, rows, self.X, get)
        mean = across @ self._weights
        if not (return_std or return_cov):
            return mean
        half = np.linalg.solve(self._factor, across.T)
        if return_cov:
            return mean, kernels.kernel_matrix(net, rows, get=get) - half.T @ half
        variance = kernels.kernel_diagonal(net, rows, get) - np.einsum("ij,ij->j", half, half)
        return mean, np.sqrt(np.maximum(variance, 0.0))

    def log_marginal_likelihood(self) -> float:
        """``log p(y)``, summed over outputs."""
        outputs = self.y.reshape(len(self.y), -1)
        fit = float(np.sum(outputs * self._weights.reshape(outputs.shape)))
        volume = 2 * float(np.log(np.diagonal(self._factor)).sum())
        n, count = outputs.shape
        return -0.5 * (fit + count * (volume + n * math.log(2 * math.pi)))

    def dynamics(self) -> GradientDescent:
        """Gradient descent of wide networks on these observations, by the tangent kernel."""
        return GradientDescent(self.process.net, self.X, self.y)


@dataclass(frozen=True, eq=False)
class GradientDescent:
    """Training of infinitely wide networks by gradient descent on ``1/2 sum (f(x_i) - y_i)^2``.

    Parameters
    ----------
    net : KernelRecursion or network
    X : array_like of shape (samples, features)
    y : array_like of shape (samples,) or (samples, outputs)

    Notes
    -----
    With the tangent kernel ``Theta`` the outputs follow a linear equation (Lee et al. 2019): the
    mean at time ``t`` is ``Theta_* Theta^-1 (1 - exp(-t Theta)) y``.  Discrete steps converge if
    and only if the learning rate is below ``2/lambda_max``.  For the mean ``1/(2N) sum`` in place
    of the sum multiply times and rates by ``N``.

    Examples
    --------
    >>> net = KernelRecursion("relu", sigma_w=2**0.5)
    >>> descent = GradientDescent(net, [[1.0, 0.0], [0.0, 1.0]], [1.0, -1.0])
    >>> round(descent.learning_rate_border(), 6)
    0.862697
    """

    net: Any
    X: Any = field(repr=False)
    y: Any = field(repr=False)

    def __post_init__(self) -> None:
        recursion = recursion_of(self.net)
        rows = kernels.inputs(self.X, "X", recursion.features)
        for name, value in (("net", recursion), ("X", rows), ("y", _targets(self.y, len(rows)))):
            object.__setattr__(self, name, value)

    @cached_property
    def _spectrum(self) -> tuple[Matrix, Matrix]:
        kernel = kernels.kernel_matrix(self.net, self.X, get="ntk")
        values, vectors = np.linalg.eigh(kernel)
        return np.maximum(values, 0.0), vectors

    @property
    def eigenvalues(self) -> Matrix:
        """Those of the tangent kernel, ascending."""
        return self._spectrum[0]

    def learning_rate_border(self) -> float:
        """``2/lambda_max``: gradient descent converges below it and diverges above."""
        return 2 / float(self.eigenvalues[-1])

    def condition_number(self) -> float:
        """``lambda_max/lambda_min``; infinite for a singular kernel."""
        low, high = float(self.eigenvalues[0]), float(self.eigenvalues[-1])
        return math.inf if low <= len(self.X) * 2.3e-16 * high else high / low

    def convergence_rate(self, learning_rate: float | None = None) -> float:
        """The factor by which the slowest error shrinks in one step.

        Parameters
        ----------
        learning_rate : float, optional
            By default the best one, ``2/(lambda_max + lambda_min)``.
        """
        low, high = float(self.eigenvalues[0]), float(self.eigenvalues[-1])
        rate = 2 / (low + high) if learning_rate is None else _positive(learning_rate)
        return max(abs(1 - rate * low), abs(1 - rate * high))

    def predict(
        self,
        Xs: ArrayLike,
        time: float = math.inf,
        *,
        learning_rate: float | None = None,
        steps: int | None = None,
        return_std: bool = False,
    ) -> Any:
        """The mean over random initialisations at time ``t``, or after discrete steps.

        Parameters
        ----------
        Xs : array_like of shape (samples, features)
        time : float
            The time of gradient flow; infinite for the limit.
        learning_rate, steps : float and int, optional
            Instead of a time.
        return_std : bool
            Also return the standard deviation over initialisations, in which the NNGP kernel is
            that of the network at initialisation.

        Returns
        -------
        ndarray, or pair of ndarray
        """
        rows = kernels.inputs(Xs, "Xs", self.X.shape[1])
        across = kernels.kernel_matrices(self.net, rows, self.X)
        operator = across["ntk"] @ self._response(time, learning_rate, steps)
        mean = operator @ self.y
        if not return_std:
            return mean
        inside = kernels.kernel_matrix(self.net, self.X, get="nngp")
        variance = kernels.kernel_diagonal(self.net, rows, "nngp")
        variance = variance + np.einsum("ij,jk,ik->i", operator, inside, operator)
        variance -= 2 * np.einsum("ij,ij->i", operator, across["nngp"])
        return mean, np.sqrt(np.maximum(variance, 0.0))

    def _response(self, time: float, learning_rate: float | None, steps: int | None) -> Matrix:
        """``Theta^-1 (1 - exp(-t Theta))``, or its discrete counterpart."""
        values, vectors = self._spectrum
        if (learning_rate is None) != (steps is None):
            raise InvalidLawError("give both learning_rate and steps, or a time")
        if not time >= 0:
            raise InvalidLawError(f"time = {short(time)} must be at least 0")
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            if learning_rate is None or steps is None:
                learnt, limit = -np.expm1(-time * values), time
            else:
                rate = _positive(learning_rate)
                count = as_count(steps, 0, 10**15, "steps")
                learnt, limit = _learnt(rate * values, count), rate * count
            gain = learnt / values
        return (vectors * np.where(values > 0, gain, _finite(limit))) @ vectors.T


def _learnt(shares: Matrix, steps: int) -> Matrix:
    """``1 - (1 - share)^steps``."""
    small = -np.expm1(steps * np.log1p(-np.minimum(shares, 0.5)))
    return np.where(shares < 0.5, small, 1 - (1 - shares) ** steps)


def _finite(limit: float) -> float:
    """In the kernel of Theta nothing is learnt: any finite value does."""
    return limit if math.isfinite(limit) else 0.0


def _positive(rate: float) -> float:
    if not (isinstance(rate, (int, float)) and 0 < rate < math.inf):
        raise InvalidLawError(f"learning_rate = {short(rate)} must be positive")
    return float(rate)


def _targets(y: ArrayLike, count: int) -> Matrix:
    try:
        array = np.asarray(y)
    except ValueError as error:
        raise InvalidLawError(f"y = {short(y)} is no array of numbers") from error
    if array.dtype.kind not in "iuf" or array.ndim not in (1, 2) or len(array) != count:
        raise InvalidLawError(
            f"y has the type {array.dtype} and the shape {array.shape}; give real numbers for "
            f"{count} samples"
        )
    if not array.size or not np.isfinite(array).all():
        raise InvalidLawError("y is empty or has entries that are not finite")
    return array.astype(np.float64)


def _cholesky(kernel: Matrix, noise: float) -> tuple[Matrix, float]:
    """The factor and the jitter it needed."""
    scale = float(np.mean(np.diagonal(kernel)))
    if not scale + noise > 0:
        raise InvalidLawError("the kernel vanishes at all inputs; give noise or a bias, sigma_b")
    for share in _JITTERS:
        jitter = share * scale
        shifted = kernel + (noise + jitter) * np.eye(len(kernel))
        try:
            factor = np.asarray(np.linalg.cholesky(shifted), dtype=np.float64)
        except np.linalg.LinAlgError:
            continue
        if np.diagonal(factor).min() > 1e-9 * math.sqrt(scale + noise) or share > 1e-13:
            return factor, jitter
    raise PrecisionError(
        "the kernel is not positive definite even with a jitter of 1e-6; give noise, or remove "
        "duplicated inputs"
    )


def _solve(factor: Matrix, right: Matrix) -> Matrix:
    return np.asarray(np.linalg.solve(factor.T, np.linalg.solve(factor, right)))


def sklearn_kernel(net: Any, get: str = "nngp") -> Any:
    """The kernel as one of scikit-learn's, for its ``GaussianProcessRegressor`` and others.

    Parameters
    ----------
    net : KernelRecursion or network
    get : {"nngp", "ntk"}

    Returns
    -------
    sklearn.gaussian_process.kernels.Kernel
        Without hyperparameters; it adds and multiplies with other kernels.

    Raises
    ------
    MissingDependencyError
        If scikit-learn is not installed.
    """
    try:
        from freesym.nets.sklearn_kernels import NetworkKernel
    except ImportError as error:
        raise MissingDependencyError(
            "kernels for scikit-learn need it: pip install scikit-learn"
        ) from error
    return NetworkKernel(recursion_of(net), kernels.kind_of(get))


__all__ = [
    "FittedProcess",
    "GaussianProcess",
    "GradientDescent",
    "KernelRecursion",
    "sklearn_kernel",
]
