"""What every law offers symbolically: thin methods, each a door to a module of this room."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any

from freesym.spectrum import negative_moments

if TYPE_CHECKING:
    from freesym.relations.relation import Relation
    from freesym.transforms.derivation import Derivation
    from freesym.transforms.edges import EdgeExponent
    from freesym.transforms.parametric import ParametricDensity
    from freesym.transforms.recurrence import MomentRecurrence
    from freesym.transforms.transform import Transform


@negative_moments.exact_method
def _negative_moments(relation: Relation, n: int) -> list[Any] | None:
    from freesym.transforms.values_at_zero import exact_negative_moments

    return exact_negative_moments(relation, n)


class SymbolicLaw(ABC):
    """The symbolic methods of laws."""

    @abstractmethod
    def relation(self) -> Relation:
        """The relation tree of the law, with its parameters as given."""

    def algebraic_equation(
        self, z: Any, g: Any, *, coordinates: str = "zg", max_degree: int | None = None
    ) -> Any:
        """The irreducible polynomial whose zero is the graph of a transform.

        Parameters
        ----------
        z, g : SymPy symbols
            The variables of the polynomial.
        coordinates : {"zg", "zm", "wr", "ms"}
            ``"zg"``: ``P(z, G(z)) = 0`` for the Cauchy transform ``G``; ``"zm"``:
            ``P(z, M(z)) = 0`` for ``M(z) = sum_{n>=1} m_n z^n``; ``"wr"``: ``P(w, R(w)) = 0``
            with ``R(w) = G^{-1}(w) - 1/w``; ``"ms"``: ``P(m, S(m)) = 0`` with
            ``S(m) = (1 + m)/m M^{-1}(m)``.
        max_degree : int, optional
            How large a degree to allow; a law whose polynomial is predicted to be larger is
            refused.

        Returns
        -------
        SymPy expression
            Irreducible and primitive over the integers, expanded; its coefficients are
            integers or polynomials in the parameters of the law.

        Raises
        ------
        NotAlgebraicError
            If a law in the expression has no algebraic equation.
        DegreeError
            If the degree is predicted to exceed ``max_degree``.
        InvalidLawError
            If a parameter is a floating-point number.

        Notes
        -----
        Every law and operation states a polynomial relation in the coordinate in which it is
        simplest; auxiliary variables are eliminated by resultants, and among the irreducible
        factors that one is kept which vanishes at verified values of the transform [1]_.

        References
        ----------
        .. [1] N. R. Rao and A. Edelman, "The polynomial method for random matrices", Found.
           Comput. Math. 8 (2008) 649.

        Examples
        --------
        >>> import freesym as fs, sympy
        >>> z, g, c = sympy.symbols("z g c", positive=True)
        >>> fs.Semicircle().algebraic_equation(z, g)
        -g**2 + g*z - 1
        >>> fs.MarchenkoPastur(c).algebraic_equation(z, g)
        c*g**2*z - c*g - g*z + g + 1
        """
        from freesym.transforms.curve import algebraic_curve

        return algebraic_curve(self.relation(), max_degree).expression(coordinates, z, g)

    def transform_formula(self, name: str, variable: Any = None) -> Transform:
        r"""A transform as a SymPy expression, with the domain where it holds.

        Parameters
        ----------
        name : {"G", "M", "R", "S", "K", "psi", "chi", "eta", "F", "log_potential"}
            ``G(z) = E 1/(z - X)``, ``F = 1/G``, ``M = psi = sum m_n z^n``,
            ``eta = M/(1 + M)``, ``K = G^{-1}``, ``R(w) = K(w) - 1/w``, ``chi = M^{-1}``,
            ``S(m) = (1 + m)/m chi(m)`` and ``E log(z - X)``.
        variable : SymPy symbol, optional
            The variable of the expression.

        Returns
        -------
        Transform
            With ``expression``, ``domain``, ``is_closed_form`` and ``source``.  Where no closed
            form is found, the expression is implicit: it evaluates through the solver, and
            differentiates and expands in series.

        Raises
        ------
        InvalidLawError
            If a parameter is a floating-point number.
        UnsupportedOperationError
            If the law has no such transform.

        Notes
        -----
        Formulas of the laws, rules of the operations and zeros of polynomials of degree 2 are
        candidates; one is returned when it agrees with the verified solver at points of its
        domain, for several values of the symbols.  Roots are products of square roots whose
        cuts lie on the real line, so the formula for ``G`` holds on the whole upper half-plane.
        ``K`` and ``chi`` are inverses near infinity, continued from 0: ``G(K(w)) = w``, but
        ``K(G(z)) = z`` only for large ``z``.

        Examples
        --------
        >>> import freesym as fs, sympy
        >>> c, p = sympy.symbols("c p", positive=True)
        >>> (fs.MarchenkoPastur(c) @ fs.Bernoulli(p)).transform_formula("S").expression
        (m + 1)/((m + p)*(c*m + 1))
        >>> fs.Bernoulli(p).transform_formula("R").expression
        (w + sqrt(4*p*w + w**2 - 2*w + 1) - 1)/(2*w)
        >>> print(fs.Bernoulli(p).transform_formula("R").domain)
        for |w| < 1, as the continuation from 0
        """
        from freesym.transforms.transform import transform

        return transform(self, name, variable)

    def _repr_latex_(self) -> str:
        from freesym.transforms.latex import law_latex

        return f"${law_latex(self)}$"

    # ------------------------------------------------------------------ moments

    def boolean_cumulants(self, n: int) -> list[Any]:
        """The Boolean cumulants ``b_1, ..., b_n``, exact where the parameters are.

        ``sum b_n z^n = M(z)/(1 + M(z))`` [1]_.

        References
        ----------
        .. [1] R. Speicher and R. Woroudi, "Boolean convolution", Fields Inst. Commun. 12 (1997).

        Examples
        --------
        >>> import freesym as fs
        >>> fs.MarchenkoPastur(1).boolean_cumulants(5)
        [1, 1, 2, 5, 14]
        """
        from freesym.spectrum import moments

        return moments.boolean_cumulants(self.relation(), n)

    def classical_cumulants(self, n: int) -> list[Any]:
        """The classical cumulants ``c_1, ..., c_n``, exact where the parameters are.

        ``sum c_n z^n/n! = log E exp(z X)``.

        Examples
        --------
        >>> import freesym as fs
        >>> fs.Semicircle().classical_cumulants(6)
        [0, 1, 0, -1, 0, 5]
        """
        from freesym.spectrum import moments

        return moments.classical_cumulants(self.relation(), n)

    def monotone_cumulants(self, n: int) -> list[Any]:
        """The monotone cumulants ``h_1, ..., h_n``, exact where the parameters are.

        They are those of the powers of the law under monotone convolution [1]_.

        References
        ----------
        .. [1] T. Hasebe and H. Saigo, "The monotone cumulants", Ann. Inst. Henri Poincare
           Probab. Stat. 47 (2011) 1160.

        Examples
        --------
        >>> import freesym as fs
        >>> from sympy import sqrt
        >>> fs.Arcsine(-sqrt(2), sqrt(2)).monotone_cumulants(6)
        [0, 1, 0, 0, 0, 0]
        """
        from freesym.spectrum import moments

        return moments.monotone_cumulants(self.relation(), n)

    def moment_recurrence(self, n: Any = None, max_degree: int | None = None) -> MomentRecurrence:
        """The linear recurrence of the moments, with polynomial coefficients.

        Parameters
        ----------
        n : SymPy symbol, optional
            The index; a symbol called ``n`` if none is given.
        max_degree : int, optional
            How large a degree of the law's polynomial in ``M`` to allow, where the recurrence is
            predicted to be too large.

        Returns
        -------
        MomentRecurrence
            ``sum_j coefficients[j] m_(n-j) = 0`` with initial values; its method ``terms(N)``
            runs it.

        Raises
        ------
        NotAlgebraicError
            If the law has no algebraic equation.
        DegreeError
            If the recurrence is predicted to be too large.
        InvalidLawError
            If a parameter is a floating-point number.

        Notes
        -----
        ``1, M, M', M'', ...`` are linearly dependent over the rational functions [1]_; the
        dependence is computed from the law's polynomial and compared with exact moments, for
        laws without symbols up to the order that makes the comparison a proof.

        References
        ----------
        .. [1] A. Bostan, F. Chyzak, G. Lecerf, B. Salvy and E. Schost, "Differential equations
           for algebraic functions", ISSAC 2007.

        Examples
        --------
        >>> import freesym as fs, sympy
        >>> print(fs.MarchenkoPastur(1).moment_recurrence(sympy.Symbol("n")))
        (n + 1)*m(n) + (2 - 4*n)*m(n - 1) = 0 for n >= 1; m(0) = 1
        """
        from freesym.transforms.recurrence import moment_recurrence

        return moment_recurrence(self.relation(), n, max_degree)

    def density_formula(self, x: Any) -> Any:
        """The density of the continuous part in closed form.

        Parameters
        ----------
        x : SymPy symbol
            The variable.

        Returns
        -------
        SymPy expression or ParametricDensity
            A Piecewise of radicals where the Cauchy transform has degree 2 or 3, a leaf's own
            formula, or the density along a parameter (see :meth:`parametric_density`).  Atoms
            are listed by :meth:`~freesym.Law.atoms`.

        Raises
        ------
        NotAlgebraicError, UnsupportedOperationError
            If there is no such formula; the message says what there is.
        InvalidLawError
            If a parameter is a floating-point number.

        Notes
        -----
        Before it is returned a formula is compared with the solver at random points inside and
        outside of the support, at several exact values of the parameters.  It is 0 at the ends of
        the support; at points inside it is the mean of the limits from both sides, infinity where
        the density is.

        Examples
        --------
        >>> import freesym as fs, sympy
        >>> x = sympy.Symbol("x")
        >>> fs.MarchenkoPastur(1).density_formula(x)
        Piecewise((sqrt(4 - x)/(2*pi*sqrt(x)), (x > 0) & (x < 4)), (0, True))
        """
        from freesym.transforms.densities import density_formula

        return density_formula(self.relation(), x)

    def parametric_density(self) -> ParametricDensity:
        """The density along an angle, without solving a polynomial.

        For laws whose chart is a product of powers: Raney and Fuss-Catalan laws, products and
        powers of Marchenko-Pastur, Bernoulli and Wachter laws, such as the Jacobians of ReLU
        networks of any depth.

        Two zeros or poles of the chart are taken to 0 and infinity, where their exponents only
        turn an angle; with up to two others, of exponents that are equal or opposite, the radius
        solves a quadratic equation.  Products with more different factors, for example of two
        Marchenko-Pastur laws with different ratios other than 1, have none.

        Raises
        ------
        UnsupportedOperationError
            If the law has no such form.

        Examples
        --------
        >>> import freesym as fs, mpmath
        >>> density = fs.FussCatalan(3).parametric_density()
        >>> density.x
        sin(4*gamma)**4/(sin(gamma)*sin(3*gamma)**3)
        >>> density.interval
        (pi/4, 0)
        >>> mpmath.nstr(density(1, digits=30), 20)
        '0.13687779917563557403'
        """
        from freesym.transforms.trigonometric import parametric_density

        return parametric_density(self.relation())

    def edge_exponents(self, *, max_degree: int | None = None) -> tuple[EdgeExponent, ...]:
        """How the density behaves at its edges: ``|x - edge|^exponent``.

        Parameters
        ----------
        max_degree : int, optional
            The largest predicted degree, of the law's polynomial or its discriminant, to allow.

        Returns
        -------
        tuple of EdgeExponent
            Named tuples ``(edge, side, exponent)``, ``side`` being where the density lives:
            1/2 at a soft edge, 1/3 on both sides of a cusp, ``1/L - 1`` at a hard edge.  With
            one symbol they are piecewise where values of it are special, with several they are
            those of generic values.

        Examples
        --------
        >>> import freesym as fs
        >>> [(str(e), side, str(a)) for e, side, a in fs.FussCatalan(2).edge_exponents()]
        [('0', 'right', '-2/3'), ('27/4', 'left', '1/2')]
        """
        from freesym.transforms.edges import edge_exponents

        return edge_exponents(self.relation(), max_degree)

    def derivation(self, max_degree: int | None = None) -> Derivation:
        """How the law is derived: numbered steps with equations, LaTeX and sources.

        Parameters
        ----------
        max_degree : int, optional
            How large a polynomial to allow.

        Returns
        -------
        Derivation
            A sequence of steps: the relations of the laws, the rules of the operations with
            their sources, the elimination with the factor that was chosen, the branch, the
            density, atoms, edges and exponents; ``remarks`` say what has no formula, and why.
            It prints as text, shows as LaTeX in notebooks, and ``residual()`` compares every
            displayed equation with the verified solver.

        Raises
        ------
        InvalidLawError
            If a parameter is a floating-point number.

        Examples
        --------
        >>> import freesym as fs, sympy
        >>> c, p = sympy.symbols("c p", positive=True)
        >>> steps = (fs.MarchenkoPastur(c) @ fs.Bernoulli(p)).derivation()
        >>> print(steps[3].sentence, steps[3].equation)
        S-transforms of free variables multiply. Eq(S(m), S_1(m)*S_2(m))
        >>> steps.residual() < 1e-9
        True
        """
        from freesym.transforms.derivation import derivation

        return derivation(self, max_degree)

    def _exact_edges(self, max_degree: int | None = None) -> tuple[Any, ...]:
        from freesym.transforms.edges import edges

        return edges(self.relation(), max_degree)

    def _exact_support(self, max_degree: int | None = None) -> tuple[tuple[Any, Any], ...]:
        from freesym.transforms.supports import support_with_atoms

        return support_with_atoms(self.relation(), max_degree)
