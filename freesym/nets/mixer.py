"""MLP-Mixers seen as wide and sparse multilayer perceptrons.

With ``vec`` stacking columns of ``X`` of shape ``(S, C)``, tokens by channels, ``vec(W X V)`` is
``(V^T (x) W) vec(X)``, so that a Mixer block

- token mixing ``U = phi(W_2 phi(W_1 X))``, ``W_1`` of shape ``(gamma S, S)``,
- channel mixing ``Y = phi(phi(U W_3) W_4)``, ``W_3`` of shape ``(C, gamma C)``,

is a perceptron of four layers of widths ``m, gamma m, m, gamma m, m`` with ``m = S C`` and the
weights ``I_C (x) W_1``, ``I_C (x) W_2``, ``J'^T (I_S (x) W_3^T) J`` and so on, in which only one
entry in ``C`` or in ``S`` differs from 0 (Hayase & Karakida 2024).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from freesym.errors import InvalidLawError, UnsupportedOperationError
from freesym.law import Law
from freesym.laws import MarchenkoPastur, PointMass
from freesym.nets.activations import Activation, activation_named
from freesym.nets.structured import (
    CommutationMatrix,
    Diagonal,
    Kronecker,
    Permutation,
    StaticMask,
    StructuredOperator,
    product,
    token_mixing,
)
from freesym.nets.structured.masks import FEWEST_CONNECTIONS
from freesym.nets.structured.operator import numeric_array
from freesym.operations import classical_product
from freesym.parameters import (
    POSITIVE,
    Number,
    as_count,
    as_generator,
    as_number,
    checked,
    exact_quotient,
    short,
)

Matrix = NDArray[np.float64]
KINDS = ("mixer", "random-permuted", "masked-mlp")
MAX_SIDE, MAX_DEPTH = 30_000, 1000


def connections(S: int, C: int, gamma: Number) -> Number:
    """``Omega = gamma (C S^2 + S C^2)/2``, the mean number of connections of a layer.

    Examples
    --------
    >>> connections(64, 64, 2)
    524288
    """
    s, c = as_count(S, 1, 10**9, "S"), as_count(C, 1, 10**9, "C")
    expansion = checked(gamma, POSITIVE, "connections", "gamma")
    return as_number(exact_quotient(expansion * (c * s * s + s * c * c), 2))


def tokens_for(C: Number, omega: Number, gamma: Number) -> float:
    """``S = (sqrt(C^2 + 8 Omega/(gamma C)) - C)/2``, for which a layer has Omega connections.

    Examples
    --------
    >>> tokens_for(64, 2**19, 2)
    64.0
    """
    c, total, g = (
        float(checked(v, POSITIVE, "tokens_for", name))
        for v, name in ((C, "C"), (omega, "omega"), (gamma, "gamma"))
    )
    # the difference of roots as a quotient, which does not cancel
    rest = 8 * total / (g * c)
    return 0.5 * rest / (math.sqrt(c * c + rest) + c)


@dataclass(frozen=True)
class WidestMixer:
    """The shape of largest effective width at a number of connections.

    Attributes
    ----------
    side : float
        ``S* = C* = (Omega/gamma)^(1/3)``.
    width : float
        ``m* = (Omega/gamma)^(2/3)``.
    S, C : int
        The whole numbers of largest ``S C`` that need no more than ``Omega`` connections.
    """

    side: float
    width: float
    S: int
    C: int


def widest_mixer(omega: Number, gamma: Number) -> WidestMixer:
    """The widest Mixer with ``Omega`` connections per layer.

    Raises
    ------
    InvalidLawError
        If Omega is below ``gamma``, that of ``S = C = 1``.

    Examples
    --------
    >>> widest_mixer(2**19, 2)
    WidestMixer(side=64.0, width=4096.0, S=64, C=64)
    """
    total = checked(omega, POSITIVE, "widest_mixer", "omega")
    expansion = checked(gamma, POSITIVE, "widest_mixer", "gamma")
    ratio = float(total) / float(expansion)
    if float(total) < float(expansion):
        raise InvalidLawError(
            f"omega = {short(omega)} is too small: even S = C = 1 has gamma = {short(gamma)} "
            f"connections; give at least {short(gamma)}"
        )
    if ratio > 1e24:
        raise InvalidLawError(f"omega/gamma = {ratio:.3g} is too large; give at most 1e24")
    side = float(np.cbrt(ratio))
    return WidestMixer(side, side * side, *_whole_shape(ratio, side))


def _whole_shape(ratio: float, side: float) -> tuple[int, int]:
    """Shapes beside the square one, and the largest partner of each."""
    best = (1, 1)
    for c in range(max(1, int(side) - 50), int(side) + 51):
        s = int(tokens_for(c, ratio, 1) * (1 + 1e-14))
        if s >= 1 and s * c * (s + c) <= 2 * ratio * (1 + 1e-14) and s * c > best[0] * best[1]:
            best = (s, c)
    return best


@dataclass(frozen=True)
class Mixer:
    """The architecture of an MLP-Mixer without normalisations and skip connections.

    Parameters
    ----------
    S, C : int
        Tokens and channels.
    gamma : number
        The hidden layers are ``gamma`` times as wide; ``gamma S`` and ``gamma C`` are whole.
    depth : int
        The number of blocks, each of four layers.
    activation : str or Activation
    kind : {"mixer", "random-permuted", "masked-mlp"}
        ``"random-permuted"`` puts independent random permutations in place of the commutation
        matrices; ``"masked-mlp"`` has random masks with as many connections in place of the
        Kronecker products.
    sigma_w : positive number, optional
        Weights have variance ``sigma_w^2`` over the connections into a unit; by default
        ``1/sqrt(E phi(z)^2)``, which keeps the size of the features.

    Examples
    --------
    >>> mixer = Mixer(64, 64, 2, depth=1, activation="relu")
    >>> mixer.width, mixer.connections, mixer.sparsity
    (4096, 524288, Fraction(1, 64))
    """

    S: int
    C: int
    gamma: Number = 1
    depth: int = 1
    activation: Any = "relu"
    kind: str = "mixer"
    sigma_w: Number | None = None

    def __post_init__(self) -> None:
        for name, high in (("S", MAX_SIDE), ("C", MAX_SIDE), ("depth", MAX_DEPTH)):
            object.__setattr__(self, name, as_count(getattr(self, name), 1, high, name))
        gamma = checked(self.gamma, POSITIVE, "Mixer", "gamma")
        for name in ("S", "C"):
            hidden = gamma * getattr(self, name)
            if hidden != int(hidden) or hidden < 1:
                raise InvalidLawError(
                    f"gamma {name} = {float(hidden):g} hidden units are no whole number"
                )
        object.__setattr__(self, "gamma", gamma)
        object.__setattr__(self, "activation", activation_named(self.activation))
        if self.kind not in KINDS:
            raise InvalidLawError(f"kind = {short(self.kind)} must be one of {', '.join(KINDS)}")
        if self.sigma_w is not None:
            value = checked(self.sigma_w, POSITIVE, "Mixer", "sigma_w")
            object.__setattr__(self, "sigma_w", value)
        elif not self.activation.gaussian_mean_square(1.0) > 0:
            raise InvalidLawError("E phi(z)^2 = 0, so that no sigma_w keeps the size of features")

    # ------------------------------------------------------------------ sizes

    @property
    def width(self) -> int:
        """The effective width ``m = S C``."""
        return self.S * self.C

    @property
    def connections(self) -> Number:
        """``Omega = gamma (C S^2 + S C^2)/2``."""
        return connections(self.S, self.C, self.gamma)

    @property
    def sparsity(self) -> Number:
        """The share of connections, ``(1/C + 1/S)/2``; that of a layer is ``1/C`` or ``1/S``."""
        return Fraction(1, 2 * self.C) + Fraction(1, 2 * self.S)

    @cached_property
    def variance(self) -> float:
        """``sigma_w^2``."""
        if self.sigma_w is not None:
            return float(self.sigma_w) ** 2
        return 1 / float(self.activation.gaussian_mean_square(1.0))

    @property
    def hidden(self) -> tuple[int, int]:
        """``gamma S`` and ``gamma C``."""
        return int(self.gamma * self.S), int(self.gamma * self.C)

    # ------------------------------------------------------------------ laws

    def pre_activation_variances(self, q: Number = 1) -> list[float]:
        """The variances in front of every activation, for inputs of mean square ``q``."""
        found, signal = [], float(checked(q, POSITIVE, "Mixer", "q"))
        for _ in range(4 * self.depth):
            found.append(self.variance * signal)
            signal = float(self.activation.gaussian_mean_square(found[-1]))
        return found

    def jacobian_law(self, q: Number = 1, *, approximation: str | None = None) -> Law:
        """The law of ``J J^T`` at initialisation, for the Jacobian ``J`` of ``vec(X)``.

        Parameters
        ----------
        q : number
            The mean square of the entries of the input.
        approximation : {"free"}, optional
            Multiply freely where the factors are neither free nor classically independent.

        Returns
        -------
        Law

        Raises
        ------
        UnsupportedOperationError
            For ``kind="mixer"`` with an activation that is not linear: tokens and channels share
            weights but not slopes, so that its law lies between the classical product (linear
            Mixers) and the free one; and for masks with few connections.

        Notes
        -----
        The free approximation is too narrow: for ``S = C = 40``, ``gamma = 2`` and ReLU its second
        moment is 7.0 where networks have 8.6, and after two blocks 13 where they have 28.

        Linear Mixers are Kronecker products: a *classical* product of the free products of all
        token layers and of all channel layers.  Random permutations make the factors free.
        """
        slopes = [self.activation.slope_law(v) for v in self.pre_activation_variances(q)]
        linear = all(isinstance(law, PointMass) for law in slopes)
        if self.kind == "mixer" and linear and approximation is None:
            gains = [float(law.a) for law in slopes]
            token = self._side_law(gains, 0)
            return classical_product(token, self._side_law(gains, 2))
        self._require_free(approximation)
        ratio = exact_quotient(1, self.gamma)
        law: Law = PointMass(1)
        for i, slope in enumerate(slopes):
            law = self._layer(law, ratio if i % 2 == 0 else self.gamma, slope)
        return law

    def _require_free(self, approximation: str | None) -> None:
        if approximation not in (None, "free"):
            raise InvalidLawError(f"approximation = {short(approximation)} must be 'free' or None")
        if approximation == "free":
            return
        if self.kind == "mixer":
            raise UnsupportedOperationError(
                "the layers of a nonlinear Mixer are neither free nor classically independent; "
                "use kind='random-permuted', or approximation='free'"
            )
        fewest = min(self.S, self.C)
        if self.kind == "masked-mlp" and fewest < FEWEST_CONNECTIONS:
            raise UnsupportedOperationError(
                f"{fewest} connections into a unit are too few for the Marchenko-Pastur law; use "
                f"at least {FEWEST_CONNECTIONS}, or approximation='free'"
            )

    def _side_law(self, gains: list[float], first: int) -> Law:
        """The free product of the token layers (``first = 0``) or of the channel layers."""
        law: Law = PointMass(1)
        ratio = exact_quotient(1, self.gamma)
        for i, gain in enumerate(gains):
            if i % 4 in (first, first + 1):
                law = self._layer(law, ratio if i % 2 == 0 else self.gamma, PointMass(gain))
        return law

    def _layer(self, law: Law, ratio: Number, slope: Law) -> Law:
        """``D W A W^T D`` for weights of ``ratio`` columns per row, given the law of ``A``."""
        weights = MarchenkoPastur(ratio, exact_quotient(1, ratio) * self.variance)
        grown = weights * law.a if isinstance(law, PointMass) else law @ weights
        if ratio != 1:
            grown = grown.reshape(ratio)
        if isinstance(slope, PointMass):
            return grown * slope.a if slope.a else PointMass(0)
        return grown @ slope

    # ------------------------------------------------------------------ samples

    def sample(self, rng: Any = None) -> SampledMixer:
        """A random Mixer with Gaussian weights."""
        generator = as_generator(rng)
        blocks = tuple(self._block(generator) for _ in range(self.depth))
        return SampledMixer(self, blocks)

    def _block(self, generator: np.random.Generator) -> Block:
        (s, c), (hs, hc) = (self.S, self.C), self.hidden
        shapes = ((hs, s), (s, hs), (hc, c), (c, hc))
        if self.kind == "masked-mlp":
            return Block((), tuple(
                self._masked(rows * other, columns * other, columns, generator)
                for (rows, columns), other in zip(shapes, (c, c, s, s), strict=True)
            ))  # fmt: skip
        weights = tuple(
            math.sqrt(self.variance / shape[1]) * generator.standard_normal(shape)
            for shape in shapes
        )
        return Block(weights, self._operators(weights, generator))

    def _masked(
        self, rows: int, columns: int, fan_in: int, generator: np.random.Generator
    ) -> StaticMask:
        sigma = math.sqrt(self.variance / fan_in)
        return StaticMask.random(rows, columns, fan_in / columns, generator, sigma=sigma)

    def _operators(
        self, weights: tuple[Matrix, ...], generator: np.random.Generator
    ) -> tuple[StructuredOperator, ...]:
        (s, c), (_, hc) = (self.S, self.C), self.hidden
        tokens = [token_mixing(w, c) for w in weights[:2]]
        channels = [Kronecker(s, w) for w in weights[2:]]
        if self.kind == "random-permuted":
            sizes = (self.width, self.width * hc // c)
            enter, inner, leave = (
                Permutation.uniform(n, generator) for n in (sizes[0], sizes[1], sizes[0])
            )
            return (
                *tokens,
                product(inner, channels[0], enter),
                product(leave, channels[1], Permutation.uniform(sizes[1], generator)),
            )
        # between the two channel layers features stay transposed: phi commutes with J
        first = product(CommutationMatrix(hc, s), channels[0], CommutationMatrix(s, c))
        second = product(CommutationMatrix(c, s), channels[1], CommutationMatrix(s, hc))
        return (*tokens, first, second)


@dataclass(frozen=True, eq=False)
class Block:
    """The weights of a block and its layers as operators on ``vec(X)``."""

    weights: tuple[Matrix, ...]
    operators: tuple[StructuredOperator, ...]


@dataclass(frozen=True, eq=False)
class SampledMixer:
    """A Mixer with weights.

    Attributes
    ----------
    mixer : Mixer
    blocks : tuple of Block

    Examples
    --------
    >>> sampled = Mixer(4, 3, 2, depth=2, activation="tanh").sample(rng=0)
    >>> x = np.random.default_rng(1).standard_normal((4, 3))
    >>> vec = sampled.forward_vectorised(x.reshape(-1, order="F"))
    >>> bool(np.allclose(sampled.forward(x), vec.reshape(4, 3, order="F"), atol=1e-14))
    True
    """

    mixer: Mixer
    blocks: tuple[Block, ...] = field(repr=False)

    @property
    def _activation(self) -> Activation:
        activation: Activation = self.mixer.activation
        return activation

    @property
    def operators(self) -> tuple[StructuredOperator, ...]:
        """All layers, from the input."""
        return tuple(operator for block in self.blocks for operator in block.operators)

    def forward(self, X: ArrayLike) -> Matrix:
        """The output for features of shape ``(S, C)``, or ``(samples, S, C)``.

        In matrix form, ``W_2 phi(W_1 X)`` and ``phi(U W_3) W_4``; the other kinds have none, and
        take the vectorised form.
        """
        x = self._features(X)
        if self.mixer.kind != "mixer":
            columns = x.swapaxes(-1, -2).reshape(*x.shape[:-2], -1)
            y = self.forward_vectorised(columns)
            return y.reshape(*x.shape[:-2], self.mixer.C, self.mixer.S).swapaxes(-1, -2)
        phi = self._activation.phi
        for block in self.blocks:
            w1, w2, w3, w4 = block.weights
            u = phi(w2 @ phi(w1 @ x))
            x = phi(phi(u @ w3.T) @ w4.T)
        return x

    def _features(self, X: ArrayLike) -> Matrix:
        x = numeric_array(X, "X")
        shape = (self.mixer.S, self.mixer.C)
        if x.dtype.kind not in "iuf" or x.ndim not in (2, 3) or x.shape[-2:] != shape:
            raise InvalidLawError(
                f"X has the type {x.dtype} and the shape {x.shape}; give real numbers of shape "
                f"{shape}, or with an axis of samples in front"
            )
        if not np.isfinite(x).all():
            raise InvalidLawError("X has entries that are not finite")
        return x.astype(np.float64)

    def hidden_features(self, x: ArrayLike) -> list[Matrix]:
        """The features after every layer, for ``vec(X)`` of shape ``(m,)`` or ``(samples, m)``."""
        batch = numeric_array(x, "vec(X)")
        if batch.dtype.kind not in "iuf" or not np.isfinite(batch).all():
            raise InvalidLawError(f"vec(X) = {short(x)} is no array of finite numbers")
        batch = batch.astype(np.float64, copy=False)
        if batch.ndim not in (1, 2) or batch.shape[-1] != self.mixer.width:
            raise InvalidLawError(
                f"vec(X) has the shape {batch.shape}; give {self.mixer.width} numbers"
            )
        features, found = np.atleast_2d(batch), []
        for operator in self.operators:
            features = self._activation.phi(operator._apply(np.ascontiguousarray(features)))
            found.append(features.reshape(*batch.shape[:-1], -1))
        return found

    def forward_vectorised(self, x: ArrayLike) -> Matrix:
        """The output for ``vec(X)``, as a perceptron with structured weights."""
        return self.hidden_features(x)[-1]

    def jacobian(self, X: ArrayLike) -> StructuredOperator:
        """The Jacobian ``J = D_L A_L ... D_1 A_1`` of ``vec(X)``, exact, as an operator.

        Its ``dense()`` form is the product by forward mode; its ``T`` the one by reverse mode.
        """
        x = self._features(X)
        if x.ndim != 2:
            raise InvalidLawError("a Jacobian is taken at one input of shape (S, C)")
        features, factors = x.reshape(1, -1, order="F"), []
        for operator in self.operators:
            h = operator._apply(np.ascontiguousarray(features))
            factors += [operator, Diagonal(self._activation.derivative(h[0]))]
            features = self._activation.phi(h)
        return product(*reversed(factors))
