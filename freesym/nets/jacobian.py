"""The law of ``J J^T`` for the Jacobian ``J = D_L W_L ... D_1 W_1`` of a random network.

``W_l`` has shape ``(n_l, n_(l-1))`` and ``D_l`` holds the slopes of layer ``l``, the last one
included.  All factors are asymptotically free; see :mod:`freesym.nets.products`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from operator import index
from typing import Any

from freesym.errors import InvalidLawError
from freesym.law import Law
from freesym.nets.activations import activation_named
from freesym.nets.piecewise_linear import PiecewiseLinear
from freesym.nets.products import WEIGHTS, layered_law
from freesym.parameters import Number, as_number

MAX_LAYERS, MAX_WIDTH = 100_000, 10**9


@dataclass(frozen=True)
class Network:
    """A random network: widths, activation, weights and biases, with the defaults filled in.

    Parameters
    ----------
    widths : sequence of int
        ``n_0, ..., n_L``; only their ratios matter for the law.
    activation : str or Activation
        ``"relu"``, ``"leaky-relu"``, ``"hard-tanh"`` or ``"linear"``.
    weights : {"gaussian", "orthogonal"}
        Independent normal entries of variance ``sigma_w^2/n_(l-1)``, or ``sigma_w`` times a
        Haar-distributed matrix with orthonormal rows or columns, whichever are fewer.
    sigma_w : positive number, optional
        By default critical: the mean of the spectrum is 1, ``sigma_w^2 = 2`` for ReLU.
    q : positive number, optional
        The variance of all pre-activations, kept stationary by biases and by the scale of the
        input.  If it is not given there are no biases, the input has independent standard
        normal entries and the variances are propagated from layer to layer.  Only hard-tanh
        depends on it.

    Examples
    --------
    >>> Network([1, 1, 1], "relu").law()
    (Bernoulli(p=Rational(1, 2)) @ MarchenkoPastur(scale=2)).multiplicative_power(2)
    """

    widths: tuple[int, ...]
    activation: PiecewiseLinear
    weights: str = "gaussian"
    sigma_w: Number | None = None
    q: Number | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "widths", _widths(self.widths))
        object.__setattr__(self, "activation", _two_slopes(self.activation))
        object.__setattr__(self, "weights", _weights(self.weights))
        for name in ("sigma_w", "q"):
            object.__setattr__(self, name, _positive(getattr(self, name), name))
        if self.bias_variance < -1e-12:
            raise InvalidLawError(
                f"q = {self.q} is not stationary for sigma_w = {self.sigma_w}, which alone makes "
                "the variance larger; give a smaller sigma_w or another q"
            )

    @property
    def depth(self) -> int:
        """The number of layers ``L``."""
        return len(self.widths) - 1

    @property
    def variance(self) -> Number:
        """``sigma_w^2``."""
        if self.sigma_w is None:
            return self.activation.critical_variance(self.q)
        return self.sigma_w**2

    @property
    def bias_variance(self) -> float:
        """The variance of the biases that keeps ``q`` stationary; 0 if no ``q`` is given."""
        if self.q is None:
            return 0.0
        q = float(self.q)
        return q - float(self.variance) * float(self.activation.gaussian_mean_square(q))

    @property
    def input_variance(self) -> float:
        """The variance of the entries of the input."""
        return 1.0 if self.q is None else float(self.activation.gaussian_mean_square(float(self.q)))

    def pre_activation_variances(self) -> list[Number]:
        """The variances ``q_1, ..., q_L`` of the pre-activations in wide networks."""
        if self.q is not None:
            return [self.q] * self.depth
        variances, signal = [], self.input_variance
        for before, after in zip(self.widths[:-1], self.widths[1:], strict=True):
            loss = 1.0 if self.weights == "gaussian" else min(1.0, before / after)
            variances.append(float(self.variance) * loss * signal)
            if not 1e-300 < variances[-1] < 1e300:
                raise InvalidLawError(
                    f"the variance of the pre-activations is {variances[-1]:.3g} in layer "
                    f"{len(variances)}; choose sigma_w nearer to the critical value, or give q"
                )
            signal = self.activation.gaussian_mean_square(variances[-1])
        return variances

    def active_fractions(self) -> list[Number]:
        """The fractions of active units in wide networks, layer by layer."""
        return [self.activation.active_fraction(q) for q in self.pre_activation_variances()]

    def law(self, active: Sequence[Number] | None = None) -> Law:
        """The law of ``J J^T``.

        Parameters
        ----------
        active : sequence of numbers, optional
            The fractions of active units, layer by layer, for instance those measured in one
            network; by default those of infinitely wide networks.

        Returns
        -------
        Law
            On the space of the last layer, of mean ``chi_1^L``.
        """
        fractions = self.active_fractions() if active is None else list(active)
        if len(fractions) != self.depth:
            raise InvalidLawError(
                f"{len(fractions)} fractions of active units for {self.depth} layers"
            )
        slopes = [self.activation.squared_slope_law(p) for p in fractions]
        weights, variances = [self.weights] * self.depth, [self.variance] * self.depth
        return layered_law(self.widths, slopes, weights, variances)


def jacobian_law(
    widths: Sequence[int],
    activation: str | PiecewiseLinear,
    weights: str = "gaussian",
    sigma_w: Number | None = None,
    *,
    q: Number | None = None,
) -> Law:
    """The law of ``J J^T`` for the input-output Jacobian of a wide random network.

    Parameters
    ----------
    widths : sequence of int
        ``n_0, ..., n_L``; equal layers are one multiplicative power.
    activation, weights, sigma_w, q
        As in :class:`Network`.

    Returns
    -------
    Law

    Raises
    ------
    InvalidLawError
        For impossible widths, names or variances.

    References
    ----------
    J. Pennington, S. S. Schoenholz and S. Ganguli, "The emergence of spectral universality in
    deep networks", AISTATS 2018; B. Collins and T. Hayase, "Asymptotic freeness of layerwise
    Jacobians", Commun. Math. Phys. 397 (2023) 85.

    Examples
    --------
    >>> law = jacobian_law([1] * 11, "relu")
    >>> law.mean(), law.variance()
    (1, 20)
    >>> print(round(law.edges()[-1], 9))
    54.410858531
    >>> jacobian_law([784, 512, 512, 10], "relu").atoms()
    {0: Fraction(1, 2)}
    """
    return Network(_widths(widths), activation, weights, sigma_w, q).law()  # type: ignore[arg-type]


def _widths(widths: Iterable[Any]) -> tuple[int, ...]:
    try:
        found = tuple(index(n) for n in widths)
    except TypeError:
        raise InvalidLawError(f"widths = {widths!r} must be integers, n_0, ..., n_L") from None
    if not 2 <= len(found) <= MAX_LAYERS + 1:
        raise InvalidLawError(
            f"{len(found)} widths; give those of the input and of 1 to {MAX_LAYERS} layers"
        )
    for n in found:
        if not 1 <= n <= MAX_WIDTH:
            raise InvalidLawError(f"the width {n} must lie between 1 and {MAX_WIDTH}")
    return found


def _two_slopes(activation: Any) -> PiecewiseLinear:
    found = activation_named(activation)
    if not isinstance(found, PiecewiseLinear):
        raise InvalidLawError(f"{found.name} is not piecewise linear; describe it by nets.MLP")
    return found


def _weights(weights: str) -> str:
    if weights not in WEIGHTS:
        raise InvalidLawError(f"weights = {weights!r} must be one of {', '.join(WEIGHTS)}")
    return weights


def _positive(value: Number | None, name: str) -> Number | None:
    if value is None:
        return None
    number = as_number(value, name)
    if not 1e-100 < float(number) < 1e100:
        raise InvalidLawError(f"{name} = {value} must be positive and of moderate size")
    return number
