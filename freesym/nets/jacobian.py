"""The law of ``J J^T`` for the Jacobian ``J = D_L W_L ... D_1 W_1`` of a random network.

``W_l`` has shape ``(n_l, n_(l-1))`` and ``D_l`` holds the slopes of layer ``l``, the last one
included.  All factors are asymptotically free.  With ``v = n_l psi_l``, which does not depend on
the layer at which the product is cut open, every factor contributes to ``1/z``

- ``S_(D_l^2)(v/n_l)``,
- ``1/(sigma_w^2 (1 + v/n_(l-1)))`` for Gaussian weights of variance ``sigma_w^2/n_(l-1)``,

so that at the narrowest layer every factor is a law: ``S(t psi)`` with ``t <= 1`` is a free
compression.  From there the law of ``J J^T`` differs by zeros only.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import reduce
from operator import index
from typing import Any

from freesym.errors import InvalidLawError
from freesym.law import Law
from freesym.laws import Bernoulli, MarchenkoPastur, PointMass, TwoPoint, Wachter
from freesym.nets.activations import Activation, activation_named
from freesym.operations import free_product
from freesym.parameters import Number, as_number

WEIGHTS = ("gaussian", "orthogonal")
MAX_LAYERS, MAX_WIDTH = 100_000, 10**9
_LARGEST_EXPONENT = 600.0


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
    activation: Activation
    weights: str = "gaussian"
    sigma_w: Number | None = None
    q: Number | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "widths", _widths(self.widths))
        object.__setattr__(self, "activation", activation_named(self.activation))
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
        return q - float(self.variance) * self.activation.second_moment(q)

    @property
    def input_variance(self) -> float:
        """The variance of the entries of the input."""
        return 1.0 if self.q is None else self.activation.second_moment(float(self.q))

    def pre_activation_variances(self) -> list[Number]:
        """The variances ``q_1, ..., q_L`` of the pre-activations in wide networks."""
        if self.q is not None:
            return [self.q] * self.depth
        variances, signal = [], self.input_variance
        for before, after in zip(self.widths[:-1], self.widths[1:], strict=True):
            loss = 1.0 if self.weights == "gaussian" else min(1.0, before / after)
            variances.append(float(self.variance) * loss * signal)
            signal = self.activation.second_moment(variances[-1])
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
        if PointMass(0) in slopes:
            return PointMass(0)
        _check_size(self.variance, slopes)
        if len(set(self.widths)) == 1 and len(set(slopes)) == 1:
            return _power(self._layer(slopes[0]), self.depth)
        return self._rectangular(slopes)

    def _layer(self, slope: Law) -> Law:
        if self.weights == "orthogonal":
            return _scaled(slope, self.variance)
        weight = MarchenkoPastur(1, self.variance)
        return weight if isinstance(slope, PointMass) else slope @ weight

    def _rectangular(self, slopes: Sequence[Law]) -> Law:
        """The product at the narrowest layer, then the zeros of the last one."""
        narrow = min(self.widths)
        k = max(i for i, n in enumerate(self.widths) if n == narrow)
        share = [Fraction(narrow, n) for n in self.widths]
        factors = Counter(_compressed(slope, t) for slope, t in zip(slopes, share[1:], strict=True))
        scale: Number = 1
        if self.weights == "gaussian":
            factors.update(MarchenkoPastur(t, self.variance) for j, t in enumerate(share) if j != k)
            scale = 1 / share[-1]
        else:
            factors = Counter({_scaled(f, self.variance): n for f, n in factors.items()})
            factors.update(_projections(self.widths, k))
        product = _scaled(_product(factors), as_number(scale))
        return product if k == self.depth else product.reshape(share[-1])


def jacobian_law(
    widths: Sequence[int],
    activation: str | Activation,
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
    return Network(_widths(widths), activation_named(activation), weights, sigma_w, q).law()


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


def _check_size(variance: Number, slopes: Sequence[Law]) -> None:
    """Refuse spectra whose mean ``chi_1^L`` overflows."""
    exponent = sum(_log_mean(variance, law) * n for law, n in Counter(slopes).items())
    if not abs(exponent) < _LARGEST_EXPONENT:
        raise InvalidLawError(
            f"the mean of the spectrum would be exp({exponent:.6g}); choose sigma_w nearer to "
            "its critical value, or fewer layers"
        )


def _log_mean(variance: Number, law: Law) -> float:
    return math.log(float(variance)) + math.log(float(law.mean()))


def _power(law: Law, n: int) -> Law:
    if n == 1:
        return law
    if isinstance(law, PointMass):
        return PointMass(law.a**n)
    return law.multiplicative_power(n)


def _scaled(law: Law, scale: Number) -> Law:
    if isinstance(law, PointMass):
        return PointMass(scale * law.a)
    scaled: Law = law * scale
    return scaled


def _compressed(law: Law, t: Fraction) -> Law:
    """A free compression; that of a projection is a Wachter law, explicit in its S-transform."""
    match law:
        case Bernoulli() if t < 1:
            return Wachter(law.p / t, (1 - law.p) / t)
        case TwoPoint() if t < 1:
            projection = _compressed(Bernoulli(law.p), t)
            moved: Law = _scaled(projection, law.b - law.a) + law.a
            return moved
    return law


def _projections(widths: Sequence[int], k: int) -> list[Law]:
    """Orthogonal weights lose the directions that do not fit on the way from and to layer k."""
    narrow = widths[k]
    pairs = [(widths[i], widths[i + 1]) for i in range(k)]
    pairs += [(widths[i + 1], widths[i]) for i in range(k, len(widths) - 1)]
    return [
        _compressed(Bernoulli(Fraction(small, large)), Fraction(narrow, large))
        for small, large in pairs
        if small < large
    ]


def _product(factors: Counter[Law]) -> Law:
    constants = [(f, n) for f, n in factors.items() if isinstance(f, PointMass)]
    scale: Number = reduce(lambda total, pair: total * pair[0].a ** pair[1], constants, 1)
    others = [_power(f, n) for f, n in factors.items() if not isinstance(f, PointMass)]
    return _scaled(free_product(*others), scale) if others else PointMass(scale)
