"""Residual networks: ``J = prod (s_l I + a_l D_l W_l)``; ``s_l`` is 1, or 0 for a plain layer.

For weights with Haar symmetry ``a D W`` is R-diagonal, and ``I + a D W`` has the singular values
of a sum of two free R-diagonal elements: their symmetrised laws add freely.  That is rectangular
convolution with equal sides; for Gaussian weights without slopes it is
``S = 1/(s + a^2 (1 + u))``, ``s = (1 - a^2 + sqrt((1 + a^2)^2 + 4 a^2 u))/2``, and for orthogonal
ones the arcsine law on ``[(1 - a)^2, (1 + a)^2]``.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from freesym.errors import InvalidLawError, UnsupportedOperationError
from freesym.law import Law
from freesym.laws import Arcsine, MarchenkoPastur, PointMass
from freesym.nets.activations import Activation, activation_named
from freesym.nets.limit_laws import ResidualLimit
from freesym.nets.mlp import positive, spread
from freesym.nets.products import Weights, checked_weights, dropped, product, scaled
from freesym.nets.realisation import sampled_weights
from freesym.nets.signal import CORRELATION, Signal
from freesym.nets.singular_values import SingularValues
from freesym.nets.slope_law import stratified_slopes
from freesym.operations import rectangular_sum
from freesym.parameters import NONNEGATIVE, Number, as_count, as_generator, as_number, checked

if TYPE_CHECKING:
    from freesym.nets.report import Report

Matrix = NDArray[np.float64]
MAX_DEPTH, _MAX_SAMPLED = 100_000, 8192


@dataclass(frozen=True)
class ResidualMLP:
    """A random residual network, ``x_l = s_l x_(l-1) + a_l phi_l(W_l x_(l-1) + b_l)``.

    Parameters
    ----------
    depth : int
        The number of residual blocks; all have one width.
    activation, weights, sigma_w, sigma_b, dropout
        As in :class:`MLP`; ``sigma_w`` is 1 if not given.
    scale : number or sequence of numbers
        ``a_l``.
    input_square : positive number
        The mean square of the entries of the input.
    skip : number or sequence of numbers
        ``s_l``, the weight of the identity: 1 for a residual block, 0 for a plain layer.

    Examples
    --------
    >>> net = ResidualMLP(10, "linear", scale=0.05**0.5)
    >>> round(float(net.jacobian_law().mean()), 9), round(net.exponent, 9)
    (1.628894627, 0.5)
    >>> plain_first = ResidualMLP(3, "linear", scale=[1, 0.1, 0.1], skip=[0, 1, 1])
    >>> round(float(plain_first.jacobian_law().mean()), 9)
    1.0201
    """

    depth: int
    activation: tuple[Activation, ...] = ("relu",)  # type: ignore[assignment]
    weights: tuple[Weights, ...] = ("gaussian",)
    sigma_w: tuple[Number, ...] = (1,)
    sigma_b: tuple[Number, ...] = (0,)
    scale: tuple[Number, ...] = (1,)
    dropout: tuple[Number, ...] = (0,)
    input_square: Number = 1
    skip: tuple[Number, ...] = (1,)

    def __post_init__(self) -> None:
        depth = as_count(self.depth, 1, MAX_DEPTH, "depth")

        def at_least_zero(name: str) -> Any:
            return lambda value: checked(value, NONNEGATIVE, "ResidualMLP", name)

        found: dict[str, Any] = {
            "depth": depth,
            "activation": spread(self.activation, depth, "activation", activation_named),
            "weights": spread(self.weights, depth, "weights", checked_weights),
            "sigma_w": spread(self.sigma_w, depth, "sigma_w", lambda v: positive(v, "sigma_w")),
            "sigma_b": spread(self.sigma_b, depth, "sigma_b", at_least_zero("sigma_b")),
            "scale": spread(self.scale, depth, "scale", at_least_zero("scale")),
            "skip": spread(self.skip, depth, "skip", at_least_zero("skip")),
            "dropout": spread(self.dropout, depth, "dropout", at_least_zero("dropout")),
            "input_square": positive(self.input_square, "input_square"),
        }
        if any(float(rate) >= 1 for rate in found["dropout"]):
            raise InvalidLawError("dropout must lie between 0 and 1, below 1")
        for name, value in found.items():
            object.__setattr__(self, name, value)

    def __getstate__(self) -> dict[str, Any]:
        return {name: self.__dict__[name] for name in self.__dataclass_fields__}

    @cached_property
    def lengths(self) -> tuple[float, ...]:
        """The mean squares ``q_1, ..., q_L`` of the pre-activations in wide networks.

        The mean square ``p`` of the residual stream grows by ``a^2 E phi^2 + 2 a m E phi``, where
        ``m`` is its mean.
        """
        return self._streams[0]

    @cached_property
    def _streams(self) -> tuple[tuple[float, ...], tuple[float, ...]]:
        """The lengths, and the correlations of two inputs that begin with correlation 1/2."""
        square, mean, lengths, correlations = float(self.input_square), 0.0, [], []
        product = CORRELATION * square
        for i, phi in enumerate(self.activation):
            gain = float(self.weights[i].mean()) if isinstance(self.weights[i], Law) else 1.0
            variance, bias = float(self.sigma_w[i]) ** 2 * gain, float(self.sigma_b[i]) ** 2
            q = variance * square + bias
            if not q < 1e100:
                raise InvalidLawError(
                    f"the residual stream reaches {q:.3g} in block {i + 1}; choose a smaller scale"
                )
            covariance = min(variance * product + bias, q)
            lengths.append(q)
            correlations.append(covariance / q if q > 0 else 1.0)
            s, a, first = float(self.skip[i]), float(self.scale[i]), float(phi.gaussian_mean(q))
            second = float(phi.gaussian_mean_square(q)) / (1 - float(self.dropout[i]))
            square = s * s * square + a * a * second + 2 * s * a * mean * first
            joint = float(phi.dual(q, q, covariance))
            product = s * s * product + a * a * joint + 2 * s * a * mean * first
            mean = s * mean + a * first
        return tuple(lengths), tuple(correlations)

    def signal(self) -> Signal:
        """Lengths, growth of gradients and correlations, block by block.

        Examples
        --------
        >>> signal = ResidualMLP(3, "relu", scale=0.5).signal()
        >>> [round(chi, 6) for chi in signal.chi], round(signal.gradient, 6)
        ([1.125, 1.125, 1.125], 1.423828)
        """
        rows = zip(self.skip, self.scale, self._gradients, strict=True)
        chi = tuple(float(s) ** 2 + float(a) ** 2 * gradient for s, a, gradient in rows)
        note = "residual streams keep their input: the lengths have no common fixed point"
        return Signal(self.lengths, chi, self._streams[1], None, note)

    @cached_property
    def _gradients(self) -> tuple[float, ...]:
        """``sigma_w^2 E phi'^2`` of every block, dropout included."""
        rows = zip(self.activation, self.lengths, self.dropout, self.sigma_w, self.weights,
                   strict=True)  # fmt: skip
        return tuple(
            float(sigma) ** 2 * float(phi.gaussian_mean_square_slope(q)) / (1 - float(rate))
            * (float(weights.mean()) if isinstance(weights, Law) else 1.0)
            for phi, q, rate, sigma, weights in rows
        )  # fmt: skip

    def report(self) -> Report:
        """Is this network well conditioned?  Figures, a verdict and advice."""
        from freesym.nets.report import residual_report

        return residual_report(self)

    def slope_laws(self) -> tuple[Law, ...]:
        """The laws of ``D_l^2``."""
        return tuple(
            dropped(phi.slope_law(q), rate)
            for phi, q, rate in zip(self.activation, self.lengths, self.dropout, strict=True)
        )

    def jacobian_law(self) -> Law:
        """The law of ``J J^T`` in wide networks, at this very depth."""
        layers = zip(self.slope_laws(), self.weights, self.sigma_w, self.scale, self.skip,
                     strict=True)  # fmt: skip
        known: dict[Any, Law] = {}
        found = []
        for slope, weights, sigma_w, scale, skip in layers:
            key = (slope, weights, sigma_w, scale, skip)
            if key not in known:
                known[key] = block_law(slope, weights, as_number(scale * sigma_w), skip)
            found.append(known[key])
        return product(found)

    def singular_values(self) -> SingularValues:
        """The law of the singular values of the Jacobian."""
        return SingularValues(self.jacobian_law())

    @property
    def exponent(self) -> float:
        """``c = sum a_l^2 sigma_w^2 E phi'^2``, all that the limit of many layers depends on."""
        if any(s != 1 for s in self.skip):
            raise UnsupportedOperationError(
                "the limit of many blocks is that of residual blocks alone, skip=1"
            )
        rows = zip(self.scale, self._gradients, strict=True)
        return math.fsum(float(a) ** 2 * gradient for a, gradient in rows)

    def universal_limit(self) -> ResidualLimit:
        """The law of many blocks of small scale with the same exponent, whatever they are."""
        return ResidualLimit(self.exponent)

    def simulate_jacobian(self, n: int, rng: Any = None, *, stratified: bool = False) -> Matrix:
        """The Jacobian of a real random network of width ``n`` at a random input."""
        n = as_count(n, 1, _MAX_SAMPLED, "n")
        generator = as_generator(rng)
        signal = math.sqrt(float(self.input_square)) * generator.standard_normal(n)
        jacobian = np.eye(n)
        for i, phi in enumerate(self.activation):
            weight = float(self.sigma_w[i]) * sampled_weights(self.weights[i], n, n, generator)
            h = weight @ signal + float(self.sigma_b[i]) * generator.standard_normal(n)
            keep = 1 - float(self.dropout[i])
            mask = (generator.random(n) < keep) / keep if keep < 1 else np.ones(n)
            slope = mask * phi.derivative(h)
            if stratified:
                slope = generator.permutation(stratified_slopes(phi, self.lengths[i], n)) * mask
            a = float(self.scale[i])
            s = float(self.skip[i])
            jacobian = s * jacobian + a * slope[:, None] * (weight @ jacobian)
            signal = s * signal + a * mask * phi.phi(h)
        return np.asarray(jacobian)


def block_law(slope: Law, weights: Weights, a: Number, skip: Number = 1) -> Law:
    """The law of ``(s I + a D W)(s I + a D W)^T`` for ``sigma_w = 1``, ``s = skip``."""
    if float(skip) not in (0.0, 1.0):
        return scaled(block_law(slope, weights, as_number(a / skip)), as_number(skip * skip))
    if float(a) == 0 or slope == PointMass(0):
        return PointMass(skip)
    if skip and weights == "orthogonal" and isinstance(slope, PointMass):
        size = a * math.sqrt(float(slope.a)) if slope.a != 1 else a
        return Arcsine((1 - size) ** 2, (1 + size) ** 2)
    if weights == "orthogonal":
        inner = slope
    else:
        squares = weights if isinstance(weights, Law) else MarchenkoPastur(1)
        inner = product([squares] if slope == PointMass(1) else [slope, squares])
    block = scaled(inner, as_number(a * a))
    return rectangular_sum(PointMass(1), block, ratio=1) if skip else block


def residual_distance(net: ResidualMLP, points: Sequence[float] | None = None) -> float:
    """The largest difference of distribution functions from the universal limit.

    It shrinks like ``c/L`` for equal blocks.
    """
    law, limit = net.jacobian_law(), net.universal_limit()
    if points is None:
        ((low, high),) = limit.support()
        angles = np.pi * (np.arange(48) + 0.5) / 48
        points = np.exp(math.log(low) + math.log(high / low) * np.sin(0.5 * angles) ** 2).tolist()
    x = np.asarray(points, dtype=float)
    return float(np.abs(np.asarray(law.cdf(x)) - np.asarray(limit.cdf(x))).max())
