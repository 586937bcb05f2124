"""A law with given moments."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from freesym.algebra.jacobi import hankel_is_positive, jacobi_coefficients, moments_from_jacobi
from freesym.errors import InvalidLawError
from freesym.laws._joukowski import Joukowski
from freesym.laws.discrete import Discrete
from freesym.laws.leaf import LeafLaw
from freesym.parameters import Number, as_number, as_sequence, is_expression, to_float
from freesym.relations.functions import parameter_root, sqrt
from freesym.relations.leaf import CauchyLeaf
from freesym.relations.relation import Relation
from freesym.relations.simplify import Constant

Floats = NDArray[np.float64]


@dataclass(frozen=True, repr=False)
class MomentLaw(CauchyLeaf, LeafLaw):
    """One law with the given moments.

    Finitely many moments determine a law only if it has so few atoms that the moments show
    it; then this is that law.  Otherwise infinitely many laws have them, and this is **one**
    choice: the law whose recurrence coefficients go on with their last values.  It gives the
    semicircle and Marchenko-Pastur laws back from 2 and 3 of their moments, has a
    continuous part on one interval and perhaps atoms.  What all laws with these moments have
    in common is given by :meth:`cdf_bounds`.

    Parameters
    ----------
    given : sequence of numbers
        ``E X, E X^2, ...``.

    Notes
    -----
    ``G(z) = 1/(z - alpha_0 - beta_0/(z - alpha_1 - ...))`` [1]_.

    References
    ----------
    .. [1] N. I. Akhiezer, "The classical moment problem", Oliver & Boyd (1965).

    Examples
    --------
    >>> MomentLaw([0, 1]).moments(6)
    [0, 1, 0, 2, 0, 5]
    >>> MomentLaw([0, 49, 0, 49**2]).atoms()
    {-7: Fraction(1, 2), 7: Fraction(1, 2)}
    """

    given: tuple[Number, ...]

    def __post_init__(self) -> None:
        given = as_sequence(self.given, "MomentLaw: moments")
        moments = tuple(as_number(m, "MomentLaw: moment") for m in given)
        object.__setattr__(self, "given", moments)
        if not moments:
            raise InvalidLawError("MomentLaw: no moments were given; give at least the mean")
        if not self.free_symbols:
            order = hankel_is_positive(moments)
            if order is not None:
                raise InvalidLawError(
                    f"MomentLaw: no law has the first {order} of the moments {moments}: their "
                    "Hankel determinant is negative"
                )

    def numeric(self) -> Self:
        """The law itself, if no symbols are left: rounded moments need not be moments."""
        for symbol in self.free_symbols:
            to_float(symbol)
        return self

    @cached_property
    def _recurrence(self) -> tuple[list[Number], list[Number]]:
        alpha, beta = jacobi_coefficients(list(self.given))
        return [as_number(a) for a in alpha], [as_number(b) for b in beta]

    def relation(self) -> Relation:
        """The law itself, or the finitely many atoms that the moments determine."""
        alpha, beta = self._recurrence
        if not beta or beta[0] == 0:
            return Constant(alpha[0])
        return _discrete(alpha, beta[:-1]).relation() if beta[-1] == 0 else self

    @cached_property
    def _levels(self) -> list[tuple[Number, Number]]:
        """The recurrence coefficients up to the first of those that stay."""
        alpha, beta = self._recurrence
        padded = alpha + alpha[-1:] * (len(beta) - len(alpha))
        levels = list(zip(padded, beta, strict=False))
        while levels and levels[-1] == (alpha[-1], beta[-1]):
            levels.pop()
        return levels

    @property
    def _tail(self) -> tuple[Number, Number]:
        alpha, beta = self._recurrence
        return alpha[-1], beta[-1]

    def transform(self, w: Any) -> tuple[Any, Any]:
        """The continued fraction; ``psi = g (w - 1/g)`` without cancellation."""
        a, b = self._tail
        root = parameter_root(w, b, 2, sqrt(b))
        centred = w - a
        g = 2 / (centred + sqrt(centred - 2 * root) * sqrt(centred + 2 * root))
        k = a + b * g
        for alpha, beta in reversed(self._levels):
            k = alpha + beta * g
            g = 1 / (w - k)
        return g, g * k

    @cached_property
    def _curve(self) -> Joukowski:
        levels = tuple((float(a), float(b)) for a, b in self._levels)
        return Joukowski(levels, *map(float, self._tail))

    def log_potential_at(self, w: Any) -> Any:
        """The sum over the poles of the curve."""
        return self._curve.potential(w)

    @cached_property
    def _has_potential(self) -> bool:
        return not self.free_symbols and self._curve.is_accurate()

    def has_potential(self) -> bool:
        """Unless poles of the curve nearly meet; then the solver integrates G."""
        return self._has_potential

    def hull(self) -> tuple[float, float]:
        """The smallest interval that carries the law."""
        ((a, b),) = self.continuous_support()
        atoms = list(self.point_masses())
        return min([a, *atoms]), max([b, *atoms])

    def continuous_support(self) -> tuple[tuple[float, float], ...]:
        """The interval of the constant coefficients."""
        a, b = map(float, self._tail)
        return ((a - 2 * math.sqrt(b), a + 2 * math.sqrt(b)),)

    def point_masses(self) -> dict[Number, Number]:
        """The atoms, in double precision."""
        return dict(self._curve.atoms())

    def known_moments(self, n: int) -> list[Number]:
        """The given moments, and those of the continued recurrence."""
        a, b = self._tail
        alpha, beta = self._recurrence
        more = [a] * max(0, n - len(alpha)), [b] * max(0, n - len(beta))
        found = moments_from_jacobi(alpha + more[0], beta + more[1], n)
        return [as_number(m) for m in found]

    def cdf_bounds(self, x: ArrayLike) -> tuple[Any, Any]:
        """Bounds of ``P(X < x)`` and ``P(X <= x)`` for every law with the given moments.

        Parameters
        ----------
        x : array_like of float

        Returns
        -------
        lower, upper : float or ndarray
            ``lower <= P(X < x) <= P(X <= x) <= upper``: the Chebyshev-Markov-Stieltjes
            bounds, which are sharp.  Of an odd number of moments the last is not used.

        Examples
        --------
        >>> lower, upper = MomentLaw([0, 1]).cdf_bounds(2.0)
        >>> print(round(lower, 12), round(upper, 12))
        0.8 1.0
        """
        points = np.asarray(x, dtype=float)
        pairs = [_bounds(*self._recurrence, point) for point in points.ravel().tolist()]
        lower, upper = np.array(pairs).reshape(-1, 2).T
        if points.ndim == 0:
            return float(lower[0]), float(upper[0])
        return lower.reshape(points.shape), upper.reshape(points.shape)

    def _arguments(self) -> list[str]:
        return [super()._arguments()[0].removeprefix("given=")]


def _gauss(alpha: list[float], beta: list[float]) -> tuple[Floats, Floats]:
    """Nodes and weights of the quadrature rule of a recurrence."""
    matrix = np.diag(alpha) + np.diag(np.sqrt(beta), 1) + np.diag(np.sqrt(beta), -1)
    nodes, vectors = np.linalg.eigh(matrix)
    return nodes, vectors[0] ** 2


def _bounds(alpha: list[Number], beta: list[Number], x: float) -> tuple[float, float]:
    """The rule with a node at ``x`` that has all the moments."""
    a, b = [float(v) for v in alpha], [float(v) for v in beta]
    n = len(b)
    if n == 0:
        return 0.0, 1.0
    if b[-1] == 0.0:
        return _cumulated(*_gauss(a, b[:-1]), x, 0.0)
    ratio = _last_ratio(a, b, x)
    if ratio == 0.0:
        return _cumulated(*_gauss(a[:n], b[: n - 1]), x, 1e-9)
    return _cumulated(*_gauss([*a[:n], x - b[-1] / ratio], b), x, 1e-9)


def _last_ratio(a: list[float], b: list[float], x: float) -> float:
    """``p_n(x)/p_{n-1}(x)`` of the orthogonal polynomials, by their continued fraction."""
    ratio = x - a[0]
    for alpha, beta in zip(a[1 : len(b)], b, strict=False):
        ratio = x - alpha - beta / (ratio if ratio != 0.0 else 1e-300)
    return ratio


def _cumulated(nodes: Floats, weights: Floats, x: float, tolerance: float) -> tuple[float, float]:
    near = np.abs(nodes - x) <= tolerance * (1 + np.abs(nodes))
    lower = float(weights[(nodes < x) & ~near].sum())
    return lower, lower + float(weights[near | (nodes == x)].sum())


def _discrete(alpha: list[Number], beta: list[Number]) -> Discrete:
    """The law of a finite recurrence: exact if its points are rational."""
    exact = not any(isinstance(v, float) or is_expression(v) for v in alpha + beta)
    points = _rational_zeros(alpha, beta) if exact else None
    if points is None:
        nodes, weights = _gauss([float(a) for a in alpha], [float(b) for b in beta])
        return Discrete(tuple(nodes.tolist()), tuple((weights / weights.sum()).tolist()))
    return Discrete(tuple(points), tuple(_christoffel(alpha, beta, x) for x in points))


def _rational_zeros(alpha: list[Number], beta: list[Number]) -> list[Number] | None:
    import sympy

    x = sympy.Symbol("x")
    before, polynomial = sympy.S.Zero, sympy.S.One
    for k, a in enumerate(alpha):
        b = sympy.sympify(beta[k - 1]) if k else 0
        before, polynomial = polynomial, sympy.expand((x - a) * polynomial - b * before)
    zeros = sympy.Poly(polynomial, x).ground_roots()
    return [as_number(z) for z in zeros] if len(zeros) == len(alpha) else None


def _christoffel(alpha: list[Number], beta: list[Number], x: Number) -> Number:
    """``1/sum p_k(x)^2`` with orthonormal polynomials."""
    before, value, norm, total = Fraction(0), Fraction(1), Fraction(1), Fraction(0)
    for k, a in enumerate(alpha):
        total += value * value / norm
        if k < len(beta):
            previous = beta[k - 1] if k else 0
            before, value = value, (x - a) * value - previous * before
            norm *= beta[k]
    return as_number(1 / total)
