"""`Law`: what every law and every expression of laws offers."""

from __future__ import annotations

import functools
from abc import ABC, abstractmethod
from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from freesym import parameters
from freesym.errors import InvalidLawError, UnsupportedOperationError
from freesym.parameters import Number, Points, as_number, exact_quotient, is_expression
from freesym.relations.relation import Relation
from freesym.spectrum import atoms as _atoms
from freesym.spectrum import bounds as _bounds
from freesym.spectrum import density as _density
from freesym.spectrum import distribution as _distribution
from freesym.spectrum import existence as _existence
from freesym.spectrum import inversion as _inversion
from freesym.spectrum import moments as _moments
from freesym.spectrum import quantiles as _quantiles
from freesym.spectrum import support as _support
from freesym.transforms.symbolic_law import SymbolicLaw
from freesym.value import ParametrisedValue

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Interval = tuple[float, float]
LARGEST_MATRIX = 30_000


def _construct() -> Any:
    from freesym.laws import construct

    return construct


def _certified() -> Any:
    from freesym.spectrum import certified_values

    return certified_values


def _limits() -> Any:
    from freesym.transforms import certified_limits

    return certified_limits


def _certified_inversion() -> Any:
    from freesym.spectrum import certified_inversion

    return certified_inversion


def _certified_edges() -> Any:
    from freesym.transforms import certified_edges

    return certified_edges


def _operations() -> Any:
    from freesym import operations

    return operations


class Law(ParametrisedValue, SymbolicLaw, ABC):
    """A probability law on the real line, the law of a self-adjoint random variable.

    Laws are immutable values: they compare, hash, pickle and print as expressions that
    evaluate back.  ``+`` is free additive convolution, ``@`` free multiplicative
    convolution, and numbers scale and shift.  Each mention of a law is a free copy:
    ``mu + mu`` is the law of the sum of two free variables, ``2 * mu`` that of twice one.

    Examples
    --------
    >>> import freesym as fs
    >>> law = 2 * fs.Semicircle() + fs.MarchenkoPastur() @ fs.Bernoulli(0.5)
    >>> isinstance(law, fs.Law), law.moments(3)
    (True, [0.5, 4.75, 7.375])
    """

    #: NumPy must not loop over an array operand: ``np.float64(2) * law`` is our business.
    __array_ufunc__ = None

    def __init_subclass__(cls) -> None:
        """Random matrices need numbers: say which symbols are in the way."""
        super().__init_subclass__()
        if "sample_matrix" in cls.__dict__:
            cls.sample_matrix = _for_bound_laws(cls.sample_matrix)  # type: ignore[method-assign]

    @abstractmethod
    def relation(self) -> Relation:
        """The relation tree of the law, with its parameters as given."""

    @abstractmethod
    def sample_matrix(self, n: int, rng: Any = None) -> NDArray[np.float64]:
        """A random symmetric matrix of size about ``n`` whose spectrum approaches the law."""

    @property
    def has_matrix_model(self) -> bool:
        """Whether ``sample_matrix`` follows the operation that defines the law.

        Deconvolutions, powers that are no sums, products or corners, and Boolean and monotone
        convolutions have no such model: their matrices have the law's own quantiles as
        eigenvalues, which confirms nothing about the law.  Laws without operations may be
        given by their quantiles all the same: as terms of a sum they are data.
        """
        return True

    # ------------------------------------------------------------------ from a formula

    @staticmethod
    def from_r_transform(expression: Any, symbol: Any = None) -> Law:
        """The law with a given R-transform, a SymPy expression of ``symbol``."""
        return _construct().from_r_transform(expression, symbol)  # type: ignore[no-any-return]

    @staticmethod
    def from_s_transform(expression: Any, symbol: Any = None) -> Law:
        """The law on the half-line with a given S-transform, a SymPy expression."""
        return _construct().from_s_transform(expression, symbol)  # type: ignore[no-any-return]

    @staticmethod
    def from_cauchy_transform(expression: Any, symbol: Any = None) -> Law:
        """The law with a given Cauchy transform, correct on the upper half-plane."""
        return _construct().from_cauchy_transform(expression, symbol)  # type: ignore[no-any-return]

    @staticmethod
    def from_density(density: Any, support: Any) -> Law:
        """The law with a given density on one interval, or on a list of them."""
        return _construct().from_density(density, support)  # type: ignore[no-any-return]

    @staticmethod
    def from_moments(moments: Any) -> Law:
        """A law with the given first moments; see :class:`freesym.MomentLaw` for which one."""
        return _construct().from_moments(moments)  # type: ignore[no-any-return]

    @cached_property
    def _numeric(self) -> Relation:
        return self.relation().numeric()

    @cached_property
    def _exact(self) -> Relation:
        """The relation when floats are the rational numbers that they are."""
        from freesym.exact_data import exact_law

        return exact_law(self).relation()

    # ------------------------------------------------------------------ operators

    def __add__(self, other: Any) -> Law:
        if isinstance(other, Law):
            return _operations().free_sum(self, other)  # type: ignore[no-any-return]
        return _operations().affine(self, 1, other)  # type: ignore[no-any-return]

    def __radd__(self, other: Any) -> Law:
        return _operations().affine(self, 1, other)  # type: ignore[no-any-return]

    def __sub__(self, other: Any) -> Law:
        if isinstance(other, Law):
            return self + -other
        return _operations().affine(self, 1, -as_number(other, "shift"))  # type: ignore[no-any-return]

    def __rsub__(self, other: Any) -> Law:
        return _operations().affine(self, -1, other)  # type: ignore[no-any-return]

    def __mul__(self, other: Any) -> Law:
        if isinstance(other, Law):
            raise UnsupportedOperationError(
                "'*' scales a law by a number; the free product of two laws is 'mu @ nu', "
                "their classical product fs.classical_product(mu, nu)"
            )
        return _operations().affine(self, other, 0)  # type: ignore[no-any-return]

    def __rmul__(self, other: Any) -> Law:
        return _operations().affine(self, other, 0)  # type: ignore[no-any-return]

    def __truediv__(self, other: Any) -> Law:
        number = as_number(other, "divisor")
        if number == 0:
            raise InvalidLawError("division of a law by 0; divide by a nonzero number")
        scaled: Law = self.__mul__(exact_quotient(1, number))
        return scaled

    def __neg__(self) -> Law:
        return _operations().affine(self, -1, 0)  # type: ignore[no-any-return]

    def __matmul__(self, other: Any) -> Law:
        if not isinstance(other, Law):
            raise UnsupportedOperationError(
                f"'@' multiplies two laws freely, not a law and {parameters.short(other)}; "
                "'*' scales a law by a number"
            )
        return _operations().free_product(self, other)  # type: ignore[no-any-return]

    __rmatmul__ = __matmul__

    def __rtruediv__(self, other: Any) -> Law:
        raise UnsupportedOperationError(
            f"{parameters.short(other)} divided by a law; the law of 1/X is law.inverse()"
        )

    def __pow__(self, other: Any) -> Law:
        raise UnsupportedOperationError(
            "'**' has no meaning for laws; see law.square(), law.multiplicative_power(t) and "
            "law.additive_power(t)"
        )

    __rpow__ = __pow__

    def additive_power(self, t: Number) -> Law:
        """The law with free cumulants ``t kappa_n``: the free sum of ``t`` copies."""
        return _operations().AdditivePower(self, t)  # type: ignore[no-any-return]

    def multiplicative_power(self, t: Number) -> Law:
        """The law with S-transform ``S^t``: the free product of ``t`` copies."""
        return _operations().MultiplicativePower(self, t)  # type: ignore[no-any-return]

    def compress(self, p: Number) -> Law:
        """The law of a free compression to a corner of relative size ``p``."""
        return _operations().Compression(self, p)  # type: ignore[no-any-return]

    def additive_deconvolve(self, other: Law) -> Law:
        """The law ``nu`` with ``nu + other == self``, if there is one."""
        return _operations().AdditiveDeconvolution(self, other)  # type: ignore[no-any-return]

    def multiplicative_deconvolve(self, other: Law) -> Law:
        """The law ``nu`` with ``nu @ other == self``, if there is one."""
        return _operations().MultiplicativeDeconvolution(self, other)  # type: ignore[no-any-return]

    def inverse(self) -> Law:
        """The law of ``1/X``."""
        return _operations().Inverse(self)  # type: ignore[no-any-return]

    def moebius(self, p: Number, q: Number, r: Number, s: Number) -> Law:
        """The law of ``(p X + q)/(r X + s)``."""
        return _operations().moebius(self, p, q, r, s)  # type: ignore[no-any-return]

    def square(self) -> Law:
        """The law of ``X^2``."""
        return _operations().Square(self)  # type: ignore[no-any-return]

    def reshape(self, ratio: Number) -> Law:
        """From the law of ``J J^T`` to that of ``J^T J``, ``ratio`` = rows/columns of J."""
        return _operations().Reshape(self, ratio)  # type: ignore[no-any-return]

    # ------------------------------------------------------------------ spectrum

    def G(self, z: Points, digits: int | None = None) -> Any:
        """``E 1/(z - X)``; at real ``z`` the limit from above, ``inf + nan j`` at atoms."""
        if digits is not None:
            return _certified().cauchy_transform(self._exact, z, digits, _limits())
        if is_expression(z):
            return self.transform_formula("G")(z)
        return _density.cauchy_transform(self._numeric, z)

    def M(self, z: Points, digits: int | None = None) -> Any:
        """The moment generating function ``sum_{n>=1} m_n z^n = G(1/z)/z - 1``."""
        if digits is not None:
            return _certified().moment_transform(self._exact, z, digits)
        if is_expression(z):
            return self.transform_formula("M")(z)
        return _density.moment_transform(self._numeric, z)

    def R(self, w: Points, digits: int | None = None) -> Any:
        """The R-transform ``G^{-1}(w) - 1/w`` at numbers where that inverse exists."""
        if digits is not None:
            return _certified_inversion().r_transform(self._exact, w, digits)
        if is_expression(w):
            return self.transform_formula("R")(w)
        return _inversion.r_transform(self._numeric, w)

    def S(self, m: Points, digits: int | None = None) -> Any:
        """The S-transform ``(1 + m)/m M^{-1}(m)`` at numbers where that inverse exists."""
        if digits is not None:
            return _certified_inversion().s_transform(self._exact, m, digits)
        if is_expression(m):
            return self.transform_formula("S")(m)
        return _inversion.s_transform(self._numeric, m)

    def density(self, x: Points, digits: int | None = None) -> Any:
        """The density of the absolutely continuous part; 0 outside the support.

        Parameters
        ----------
        x : array_like of float
            Any shape and order; NaN gives NaN.
        digits : int, optional
            Return mpmath numbers (in lists of the shape of ``x``) of which so many digits are
            proved.  Then ``x`` may also be a Fraction, a SymPy number, an mpf or a string of
            digits; a float is exactly that binary number.

        Returns
        -------
        float or ndarray
            Of the shape of ``x``.

        Raises
        ------
        ConvergenceError
            If some points have no verified solution.
        PrecisionError
            If the digits cannot be proved: the point is an edge, or too close to one.

        Examples
        --------
        >>> import freesym as fs, mpmath
        >>> value = fs.Semicircle().density("0.1", digits=30)
        >>> print(mpmath.nstr(value, 30))
        0.317911749835126299968602021771
        """
        if digits is not None:
            return _certified().density(self._exact, x, digits, _limits())
        return _density.density(self._numeric, x)

    def enclose_density(self, x: Points, digits: int = 30) -> Any:
        """The density with a proved error bound, an :class:`freesym.Enclosure`.

        Parameters
        ----------
        x : number or list of numbers
            As for :meth:`density` with ``digits``.
        digits : int
            How many digits the enclosure determines.

        Examples
        --------
        >>> import freesym as fs
        >>> found = fs.MarchenkoPastur().enclose_density(1, digits=40)
        >>> bool(found.radius < 1e-40)
        True
        """
        from freesym.exact_data import floats_in

        return _certified().enclose_density(self._exact, x, digits, floats_in(self), _limits())

    def cdf(self, x: Points, digits: int | None = None) -> Any:
        """The distribution function ``P(X <= x)``, atoms included; right-continuous."""
        if digits is not None:
            return _certified().cdf(self._exact, x, digits)
        return _distribution.cdf(self._numeric, x, self.relation)

    def quantile(self, q: Points, digits: int | None = None) -> Any:
        """The smallest ``x`` with ``cdf(x) >= q``."""
        if digits is not None:
            return _certified().quantile(self._exact, q, digits)
        return _quantiles.quantile(self._numeric, q)

    def sample(self, size: int | tuple[int, ...] | None = None, rng: Any = None) -> Any:
        """Independent draws from the law."""
        shape, generator = parameters.as_size(size), parameters.as_generator(rng)
        return _quantiles.sample(self._numeric, shape, generator)

    def support(
        self,
        *,
        exact: bool | None = None,
        digits: int | None = None,
        max_degree: int | None = None,
    ) -> tuple[Any, ...]:
        """The intervals of the support of the continuous part and the atoms, ascending.

        Parameters
        ----------
        exact : bool, optional
            Give the ends as exact algebraic numbers or expressions in the parameters, as laws
            with symbols do by default; atoms whose mass or place symbols leave open are left
            to :meth:`atoms`.
        digits : int, optional
            Give so many proved digits, as mpmath numbers, in a tuple that says in ``complete``
            whether it was proved that there are no others.
        max_degree : int, optional
            The largest predicted degree of polynomials that exact edges may need.

        Examples
        --------
        >>> import freesym as fs, sympy
        >>> c = sympy.Symbol("c", positive=True)
        >>> fs.MarchenkoPastur(c).support()
        (((sqrt(c) - 1)**2, (sqrt(c) + 1)**2),)
        """
        if digits is not None:
            return _certified_edges().support(self._exact, digits)  # type: ignore[no-any-return]
        if exact if exact is not None else bool(self.free_symbols):
            return self._exact_support(max_degree)
        _existence.require_law(self._numeric)
        return _support.support(self._numeric)

    def edges(
        self,
        *,
        exact: bool | None = None,
        digits: int | None = None,
        max_degree: int | None = None,
    ) -> tuple[Any, ...]:
        """The end points of the intervals of the support of the continuous part.

        Parameters
        ----------
        exact : bool, optional
            Give exact algebraic numbers or expressions in the parameters, as laws with symbols
            do by default.
        digits : int, optional
            Give so many proved digits, as mpmath numbers, in a tuple that says in ``complete``
            whether it was proved that there are no others.
        max_degree : int, optional
            The largest predicted degree of polynomials that exact edges may need.

        Raises
        ------
        UnsupportedOperationError
            If exact edges have no expression, or symbols leave open which candidates they are.

        Examples
        --------
        >>> import freesym as fs
        >>> (fs.MarchenkoPastur(2) @ fs.MarchenkoPastur(2)).edges(exact=True)
        (0, 11/2 + 5*sqrt(5)/2)
        """
        if digits is not None:
            return _certified_edges().edges(self._exact, digits)  # type: ignore[no-any-return]
        if exact if exact is not None else bool(self.free_symbols):
            return self._exact_edges(max_degree)
        _existence.require_law(self._numeric)
        return _support.edges(self._numeric)

    def atoms(self) -> dict[Number, Number]:
        """The atoms and their masses, ascending."""
        return _atoms.atoms(self.relation())

    def log_potential(self, x: Points, digits: int | None = None) -> Any:
        """``E log|x - X|``."""
        if digits is not None:
            return _certified().log_potential(self._exact, x, digits, _limits())
        return _distribution.log_potential(self._numeric, x)

    def log_determinant(self, digits: int | None = None) -> Any:
        """``E log|X|``; minus infinity if 0 is an atom."""
        if digits is not None:
            return _certified().log_determinant(self._exact, digits, _limits())
        return _distribution.log_determinant(self._numeric)

    def moments(self, n: int) -> list[Number]:
        """The moments ``E X, ..., E X^n``, exact where the parameters are."""
        return _moments.moments(self.relation(), n)

    def moment(self, n: int) -> Number:
        """The moment ``E X^n``, exact where the parameters are."""
        return [1, *self.moments(n)][-1]

    def free_cumulants(self, n: int) -> list[Number]:
        """The free cumulants ``kappa_1, ..., kappa_n``."""
        return _moments.free_cumulants(self.relation(), n)

    def free_cumulant(self, n: int) -> Number:
        """The free cumulant ``kappa_n``."""
        found = self.free_cumulants(n)
        if not found:
            raise InvalidLawError("n = 0: free cumulants are numbered from 1")
        return found[-1]

    def mean(self) -> Number:
        """The mean."""
        return self.moments(1)[0]

    def variance(self) -> Number:
        """The variance."""
        return self.free_cumulants(2)[1]

    @property
    def is_positive(self) -> bool | None:
        """Whether the law lives on ``[0, oo)``; None if that depends on unbound symbols."""
        return None if self.free_symbols else _bounds.is_positive(self._numeric)

    def plot(self, ax: Axes | None = None, eigenvalues: ArrayLike | None = None) -> Axes:
        """Draw the density and, if given, a histogram of eigenvalues."""
        from freesym.plotting import plot_law

        return plot_law(self, ax=ax, eigenvalues=eigenvalues)


def _for_bound_laws(method: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(method)
    def checked(self: Law, n: Any, rng: Any = None) -> Any:
        for symbol in self.free_symbols:
            parameters.to_float(symbol)
        size = parameters.as_count(n, 1, LARGEST_MATRIX, "n")
        return method(self, size, parameters.as_generator(rng))

    return checked
