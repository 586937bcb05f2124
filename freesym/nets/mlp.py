"""Multilayer perceptrons: signals, Jacobian laws and samples of random networks."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from freesym.errors import InvalidLawError, UnsupportedOperationError
from freesym.law import Law
from freesym.laws import PointMass
from freesym.nets.activations import Activation, activation_named
from freesym.nets.jacobian import _widths
from freesym.nets.mean_field import critical_point, fixed_point
from freesym.nets.piecewise_linear import Linear, PiecewiseLinear
from freesym.nets.products import (
    Sparse,
    Weights,
    checked_weights,
    dropped,
    layered_law,
    weight_gain,
)
from freesym.nets.signal import CORRELATION, Signal
from freesym.nets.singular_values import SingularValues
from freesym.parameters import Number, as_count, as_number, as_sequence, short

if TYPE_CHECKING:
    from freesym.nets.kernels import KernelRecursion
    from freesym.nets.realisation import JacobianRealisation, RandomNetwork
    from freesym.nets.report import Report

_LARGEST = 1e250


@dataclass(frozen=True)
class MLP:
    """A random multilayer perceptron, ``x_l = phi_l(W_l x_(l-1) + b_l)``.

    Parameters
    ----------
    widths : sequence of int
        ``n_0, ..., n_L``.
    activation : str, Activation, SymPy expression, callable, or a sequence of ``L`` of them
    weights : str, Sparse, Law, or a sequence of ``L`` of them
        ``"gaussian"``: independent entries of variance ``sigma_w^2/n_(l-1)``;
        ``"orthogonal"``: ``sigma_w`` times a Haar matrix with orthonormal rows or columns,
        whichever are fewer; ``nets.Sparse(density)``; or the law of ``W W^T/sigma_w^2`` of
        matrices in random bases.
    sigma_w : positive number, or a sequence of ``L`` numbers, optional
        By default critical: ``chi_1 = 1`` (``sigma_w^2 = 2`` for ReLU).
    sigma_b : number, or a sequence of ``L`` numbers
        The standard deviation of the biases.
    linear_output : bool
        Drop the last activation, as for the logits of a classifier.
    dropout : number, or a sequence of ``L`` numbers
        The probability with which a unit is dropped in training; the others are enlarged by
        ``1/(1 - dropout)``.
    input_square : positive number
        The mean square of the entries of the input.

    Examples
    --------
    >>> net = MLP([100] * 4, "tanh", weights="orthogonal", sigma_w=1.05, sigma_b=0.05)
    >>> signal = net.signal()
    >>> [round(q, 4) for q in signal.q], round(signal.fixed_point.chi, 4)
    ([1.105, 0.4573, 0.2884], 0.9712)
    >>> MLP([1, 1, 1], "relu").jacobian_law()
    (Bernoulli(p=Rational(1, 2)) @ MarchenkoPastur(scale=2)).multiplicative_power(2)
    """

    widths: tuple[int, ...]
    activation: tuple[Activation, ...]
    weights: tuple[Weights, ...] = ("gaussian",)
    sigma_w: tuple[Number, ...] | None = None
    sigma_b: tuple[Number, ...] = (0,)
    linear_output: bool = False
    dropout: tuple[Number, ...] = (0,)
    input_square: Number = 1

    def __post_init__(self) -> None:
        widths = _widths(self.widths)
        depth = len(widths) - 1
        if not isinstance(self.linear_output, bool):
            raise InvalidLawError(f"linear_output = {self.linear_output!r} must be True or False")
        found: dict[str, Any] = {
            "widths": widths,
            "activation": spread(self.activation, depth, "activation", activation_named),
            "weights": spread(self.weights, depth, "weights", checked_weights),
            "sigma_b": spread(self.sigma_b, depth, "sigma_b", _at_least_zero),
            "dropout": spread(self.dropout, depth, "dropout", _rate),
            "input_square": positive(self.input_square, "input_square"),
        }
        if self.linear_output:
            found["activation"] = (*found["activation"][:-1], Linear())
            found["dropout"] = (*found["dropout"][:-1], 0)
        if self.sigma_w is not None:
            found["sigma_w"] = spread(self.sigma_w, depth, "sigma_w",
                                      lambda v: positive(v, "sigma_w"))  # fmt: skip
        for name, value in found.items():
            object.__setattr__(self, name, value)

    def __getstate__(self) -> dict[str, Any]:
        return {name: self.__dict__[name] for name in self.__dataclass_fields__}

    @property
    def depth(self) -> int:
        """The number of layers ``L``."""
        return len(self.widths) - 1

    @cached_property
    def variances(self) -> tuple[Number, ...]:
        """``sigma_w^2`` of every layer; the critical ones if none were given."""
        if self.sigma_w is not None:
            return tuple(sigma**2 for sigma in self.sigma_w)
        rows = list(zip(self.activation, self.sigma_b, self.dropout, strict=True))
        known = {row: _critical_variance(*row) for row in set(rows)}
        return tuple(known[row] for row in rows)

    @property
    def is_homogeneous(self) -> bool:
        """Whether all layers with an activation are of one kind (widths apart)."""
        rows = list(zip(self.activation, self.weights, self.variances, self.sigma_b, self.dropout,
                        strict=True))  # fmt: skip
        rows = rows[:-1] if self.linear_output and len(rows) > 1 else rows
        return all(row == rows[0] for row in rows)

    # ------------------------------------------------------------------------------ signals

    @cached_property
    def lengths(self) -> tuple[float, ...]:
        """The mean squares ``q_1, ..., q_L`` of the pre-activations in wide networks.

        Raises
        ------
        InvalidLawError
            If they leave double precision.
        """
        square, found = float(self.input_square), []
        known: dict[tuple[Activation, float], float] = {}
        for i, phi in enumerate(self.activation):
            q = float(self.variances[i]) * self._gain(i) * square + float(self.sigma_b[i]) ** 2
            if not q < _LARGEST:
                raise _unbounded(phi, q, i)
            found.append(q)
            if (phi, q) not in known:
                try:
                    known[phi, q] = float(phi.gaussian_mean_square(q))
                except InvalidLawError as error:
                    if i == 0:
                        raise
                    raise _unbounded(phi, q, i) from error
            square = known[phi, q] / (1 - float(self.dropout[i]))
        return tuple(found)

    def _gain(self, i: int) -> float:
        return weight_gain(self.weights[i], self.widths[i], self.widths[i + 1])

    def signal(self) -> Signal:
        """Lengths, growth factors and correlations layer by layer, and their limits."""
        chi = tuple(
            float(self.variances[i]) * self._gain(i)
            * float(phi.gaussian_mean_square_slope(self.lengths[i])) / (1 - float(self.dropout[i]))
            for i, phi in enumerate(self.activation)
        )  # fmt: skip
        named = all(isinstance(w, (str, Sparse)) for w in self.weights)
        point = None
        if self.is_homogeneous and named and not any(self.dropout):
            sigma_w = math.sqrt(float(self.variances[0]))
            point = fixed_point(self.activation[0], sigma_w, float(self.sigma_b[0]),
                                self.lengths[0] or 1.0)  # fmt: skip
        return Signal(self.lengths, chi, self._correlations(), point)

    def _correlations(self) -> tuple[float, ...]:
        """Of two inputs that begin with correlation 1/2."""
        product, found = CORRELATION * float(self.input_square), []
        for i, phi in enumerate(self.activation):
            q = self.lengths[i]
            covariance = float(self.variances[i]) * self._gain(i) * product
            covariance += float(self.sigma_b[i]) ** 2
            covariance = min(covariance, q)
            found.append(covariance / q if q > 0 else 1.0)
            product = float(phi.dual(q, q, covariance))
        return tuple(found)

    # -------------------------------------------------------------------------------- laws

    def slope_laws(self) -> tuple[Law, ...]:
        """The laws of ``D_l^2``, layer by layer."""
        rows = list(zip(self.activation, self.lengths, self.dropout, strict=True))
        laws = {row: dropped(row[0].slope_law(_exact_zero(row[1])), row[2]) for row in set(rows)}
        return tuple(laws[row] for row in rows)

    def jacobian_law(self, slopes: Sequence[Law] | None = None) -> Law:
        """The law of ``J J^T`` for ``J = D_L W_L ... D_1 W_1`` in wide networks.

        Parameters
        ----------
        slopes : sequence of Law, optional
            The laws of ``D_l^2``, for instance measured ones; by default those of the
            propagated lengths, layer by layer.

        Returns
        -------
        Law
            On the space of the last layer.

        References
        ----------
        J. Pennington, S. S. Schoenholz and S. Ganguli, "The emergence of spectral universality
        in deep networks", AISTATS 2018.
        """
        found = self.slope_laws() if slopes is None else tuple(slopes)
        if len(found) != self.depth:
            raise InvalidLawError(f"{len(found)} laws of slopes for {self.depth} layers")
        return layered_law(self.widths, found, self.weights, self.variances)

    def singular_values(self) -> SingularValues:
        """The law of the singular values of the Jacobian.

        Examples
        --------
        >>> s = MLP([1] * 6, "relu").singular_values()
        >>> round(s.largest(), 9), s.atoms()
        (5.222334095, {0.0: Fraction(1, 2)})
        """
        return SingularValues(self.jacobian_law())

    def report(self) -> Report:
        """Is this network well conditioned?  Figures, a verdict and advice."""
        from freesym.nets.report import report

        return report(self)

    # ------------------------------------------------------------------------------ kernels

    def kernel_recursion(self) -> KernelRecursion:
        """The recursion of the kernels of an affine output.

        The output is the last layer itself if that is linear, else one more affine layer.
        """
        from freesym.nets.kernels import KernelRecursion

        if any(self.dropout):
            raise UnsupportedOperationError("kernels have no dropout; set dropout=0")
        if any(isinstance(w, Law) for w in self.weights):
            raise UnsupportedOperationError(
                "kernels need Gaussian, sparse or orthogonal weights, not a given spectrum"
            )
        sigma_w = [math.sqrt(float(v)) for v in self.variances]
        sigma_b = [float(v) for v in self.sigma_b]
        hidden = self.activation[:-1] if self.linear_output else self.activation
        if not self.linear_output:
            sigma_w, sigma_b = [*sigma_w, sigma_w[-1]], [*sigma_b, sigma_b[-1]]
        return KernelRecursion(tuple(hidden), tuple(sigma_w), tuple(sigma_b), self.widths[0])

    def kernel(self, x1: ArrayLike, x2: ArrayLike | None = None, get: str = "ntk") -> Any:
        """The NNGP or NTK kernel between inputs, of an affine output."""
        return self.kernel_recursion().matrix(x1, x2, get)

    # ------------------------------------------------------------------------------ samples

    def resized(self, n: int) -> MLP:
        """The same network with the widest layer of ``n`` units and the others in proportion."""
        n, widest = as_count(n, 1, 10**9, "n"), max(self.widths)
        widths = tuple(max(1, round(w * n / widest)) for w in self.widths)
        fields = {name: self.__dict__[name] for name in self.__dataclass_fields__}
        return MLP(**{**fields, "widths": widths})

    def sample(self, n: int | None = None, rng: Any = None) -> RandomNetwork:
        """A real random network; ``n`` units in its widest layer."""
        from freesym.nets.realisation import sample_network

        return sample_network(self if n is None else self.resized(n), rng)

    def simulate_jacobian(
        self,
        x: ArrayLike | None = None,
        n: int | None = None,
        rng: Any = None,
        *,
        stratified: bool = False,
    ) -> JacobianRealisation:
        """The Jacobian of a real random network at one input.

        Parameters
        ----------
        x : array_like, optional
            The input; by default random, with the mean square the network states.  With
            ``n``, an input of the stated width ``n_0`` becomes a random one of the sampled
            width and the same mean square: all that Gaussian and orthogonal weights see.
        n : int, optional
            The width of the widest layer; by default the widths as they are.
        rng : seed or Generator, optional
        stratified : bool
            Instead of a forward pass, take slopes at equally spaced quantiles in random
            order: what fluctuates by ``O(n^(-1/2))`` is left out.
        """
        from freesym.nets.realisation import simulate

        net = self if n is None else self.resized(n)
        return simulate(net, x, rng, stratified=stratified, features=self.widths[0])


def _unbounded(phi: Activation, q: float, i: int) -> InvalidLawError:
    return InvalidLawError(
        f"the mean square of the pre-activations reaches {q:.3g} in layer {i + 1}: the length map "
        f"of {phi.name} has no finite fixed point for this sigma_w; choose a smaller one or fewer "
        "layers"
    )


# -------------------------------------------------------------------------------- arguments


def spread(value: Any, depth: int, name: str, convert: Callable[[Any], Any]) -> tuple[Any, ...]:
    """One value for each layer, from one for all or a sequence."""
    if isinstance(value, (list, tuple, np.ndarray)) and np.ndim(np.asarray(value, object)):
        items = as_sequence(value, name)
        if len(items) == 1:
            items = items * depth
        if len(items) != depth:
            raise InvalidLawError(
                f"{len(items)} values of {name} for {depth} layers; give one, or one a layer"
            )
        known: dict[int, Any] = {}
        return tuple(known.setdefault(id(item), convert(item)) for item in items)
    return (convert(value),) * depth


def positive(value: Any, name: str) -> Number:
    """A positive number of moderate size."""
    number = as_number(value, name)
    if not 1e-100 < float(number) < 1e100:
        raise InvalidLawError(f"{name} = {short(value)} must be positive and of moderate size")
    return number


def _at_least_zero(value: Any) -> Number:
    number = as_number(value, "sigma_b")
    if not 0 <= float(number) < 1e100:
        raise InvalidLawError(f"sigma_b = {short(value)} must be at least 0")
    return number


def _rate(value: Any) -> Number:
    number = as_number(value, "dropout")
    if not 0 <= float(number) < 1:
        raise InvalidLawError(f"dropout = {short(value)} must lie between 0 and 1, below 1")
    return number


def _exact_zero(q: float) -> Number:
    return 0 if q == 0 else q


def _critical_variance(phi: Activation, sigma_b: Number, rate: Number) -> Number:
    """``sigma_w^2`` with ``chi_1 = 1``, exact where the slopes do not depend on lengths."""
    keep = 1 - rate
    if isinstance(phi, PiecewiseLinear) and isinstance(phi.slope_law(1), type(PointMass(1))):
        return as_number(keep)
    if isinstance(phi, PiecewiseLinear) and not any(phi.breakpoints):
        return as_number(keep * phi.critical_variance(1))
    if float(sigma_b) == 0 and isinstance(phi, PiecewiseLinear):
        return as_number(keep * phi.critical_variance(None))
    return float(keep) * critical_point(phi, float(sigma_b)).sigma_w ** 2
