"""Laws of functions of random variables: rigorous integrals on and off the axis."""

from __future__ import annotations

import cmath
import math
from fractions import Fraction as F

import flint
import mpmath
import pytest
import sympy

import freesym as fs
from freesym.errors import PrecisionError, UnsupportedOperationError
from freesym.solve.measures import Atoms, Pushed, _empirical
from freesym.solve.ranges import is_continuous, range_of
from tests.certified.helpers import agrees

X = sympy.Symbol("x")
BOUNDED = [
    sympy.tanh(X),
    sympy.erf(X),
    sympy.sech(X),
    pytest.param(sympy.exp(-(X**2)), marks=pytest.mark.long),
    pytest.param(1 / (1 + sympy.exp(-X)), marks=pytest.mark.long),
]


@pytest.mark.long
@pytest.mark.parametrize("function", BOUNDED, ids=str)
def test_sums_of_bounded_functions(function: sympy.Expr) -> None:
    law = fs.Pushforward(function) + fs.Semicircle()
    assert law.density(10, digits=20) == 0 == law.density(-4, digits=20)
    assert law.cdf(10, digits=20) == 1
    assert law.cdf(-10, digits=20) == 0
    x = F(1, 2)
    assert float(law.density(x, digits=20)) == pytest.approx(law.density(0.5), rel=1e-11)
    assert float(law.cdf(x, digits=20)) == pytest.approx(law.cdf(0.5), rel=1e-11)
    assert float(law.log_potential(7, digits=20)) == pytest.approx(law.log_potential(7.0))
    assert law.cdf(x, digits=30) == pytest.approx(law.cdf(x, digits=15), rel=1e-15)


def test_transforms_outside_by_an_independent_integral() -> None:
    law = fs.Pushforward(sympy.tanh(X))
    with mpmath.workdps(40):
        expected = mpmath.quad(
            lambda t: mpmath.npdf(t) / (-3 - mpmath.tanh(t)), [-15, -5, -2, 0, 2, 5, 15]
        )
    assert agrees(law.G(-3, digits=25), expected, 24)


@pytest.mark.long
def test_products_with_squares() -> None:
    """The squared integrand has its double pole beside the axis."""
    law = fs.Pushforward(X**2) @ fs.MarchenkoPastur(F(1, 2))
    assert float(law.density(F(1, 2), digits=20)) == pytest.approx(law.density(0.5), rel=1e-11)


@pytest.mark.long
def test_potentials_of_unbounded_functions() -> None:
    """Tails that grow at most exponentially are bounded; the values are those of the quadrature."""
    law = fs.Pushforward(X**2) + fs.Semicircle()
    for x in (F(1), F(-4)):
        assert float(law.cdf(x, digits=20)) == pytest.approx(law.cdf(x), rel=1e-11)
        assert float(law.log_potential(x, digits=20)) == pytest.approx(
            law.log_potential(x), rel=1e-11
        )
    with pytest.raises(UnsupportedOperationError, match="exponentially"):
        (fs.Pushforward(sympy.exp(X**2 / 8)) + fs.Semicircle()).cdf(1, digits=20)


def test_the_cut_of_an_integral_is_part_of_the_enclosure() -> None:
    """At a low precision the cut is close, and its ball must contain the true value."""
    measure = Pushed(sympy.tanh(X), "normal")
    for w in (flint.acb(-3), flint.acb(2), flint.acb(0.5, 0.25)):
        with flint.ctx.workprec(400):
            exact = measure.transform(flint.acb(w))
        for bits in (10, 20, 40, 80):
            with flint.ctx.workprec(bits):
                rough = measure.transform(flint.acb(w))
            assert all(a.contains(b.mid()) for a, b in zip(rough, exact, strict=True))


@pytest.mark.parametrize(
    "function",
    [*BOUNDED, X**3 - X, -(X**2), sympy.log(X**2 + 1), X / (X**2 + 1), sympy.cosh(X), sympy.sin(X)],
    ids=str,
)
def test_ranges_contain_values(function: sympy.Expr) -> None:
    for ray in ((flint.arb(2), flint.arb.pos_inf()), (flint.arb.neg_inf(), flint.arb(-2))):
        low, high = range_of(function, X, ray)
        sign = 1 if ray[0] > 0 else -1
        for t in (2, 2.5, 4, 10, 30):
            value = float(function.subs(X, sign * t))
            assert low <= value + 1e-12
            assert value - 1e-12 <= high


SHARP = [
    (1 / X, (0.5, 2.0), (0.5, 2.0)),
    (1 / X, (-2.0, -0.5), (-2.0, -0.5)),
    (1 / X, (-1.0, 0.5), (-math.inf, math.inf)),
    (1 / (1 + X), (1.0, math.inf), (0.0, 0.5)),
    (sympy.cosh(X), (-1.0, 2.0), (1.0, math.cosh(2))),
    (sympy.cosh(X), (-1.0, 0.5), (1.0, math.cosh(1))),
    (sympy.cosh(X), (0.5, 2.0), (math.cosh(0.5), math.cosh(2))),
    (sympy.cosh(X), (-2.0, -1.0), (math.cosh(1), math.cosh(2))),
    (sympy.sech(X), (-math.inf, -1.0), (0.0, 1 / math.cosh(1))),
    (sympy.log(X), (1.0, 4.0), (0.0, math.log(4))),
    (sympy.exp(X) * (2 + X), (0.0, 1.0), (2.0, 3 * math.e)),
    (X**2, (-1.0, 3.0), (0.0, 9.0)),
    (X**2, (-3.0, -1.0), (1.0, 9.0)),
    (X**2, (-1.0, 0.5), (0.0, 1.0)),
    (X**2, (0.5, 2.0), (0.25, 4.0)),
    (X**3, (-2.0, 1.0), (-8.0, 1.0)),
    (sympy.sqrt(X), (4.0, 9.0), (2.0, 3.0)),
    (2**X, (1.0, 3.0), (2.0, 8.0)),
    (3 - sympy.tanh(X), (-math.inf, math.inf), (2.0, 4.0)),
    (sympy.Abs(X), (-3.0, 2.0), (-math.inf, math.inf)),  # nothing is known
]


@pytest.mark.parametrize(("function", "interval", "values"), SHARP, ids=str)
def test_ranges_of_monotone_formulas_are_sharp(
    function: sympy.Expr, interval: tuple[float, float], values: tuple[float, float]
) -> None:
    low, high = map(float, range_of(function, X, tuple(map(flint.arb, interval))))
    assert (low, high) == pytest.approx(values, rel=1e-13, abs=1e-13)


def _normal(a: float | None, b: float | None) -> mpmath.mpf:
    low, high = (mpmath.mpf(-40) if a is None else a), (mpmath.mpf(40) if b is None else b)
    return mpmath.ncdf(high) - mpmath.ncdf(low)


@pytest.mark.parametrize("place", [F(-7, 5), F(-1, 3), F(1, 7), F(2), F(9, 4)])
def test_values_of_a_cubic(place: F) -> None:
    """All solutions of t^3 - t = x by mpmath, and what they say of density and masses."""
    law = fs.Pushforward(X**3 - X)
    with mpmath.workdps(40):
        x = mpmath.mpf(place.numerator) / place.denominator
        roots = sorted(r.real for r in mpmath.polyroots([1, 0, -1, -x]) if abs(r.imag) < 1e-20)
        density = sum(mpmath.npdf(t) / abs(3 * t**2 - 1) for t in roots)
        below = _normal(None, roots[0])
        if len(roots) == 3:
            below += _normal(roots[1], roots[2])
        assert agrees(law.density(place, digits=30), density, 28)
        assert agrees(law.cdf(place, digits=30), below, 28)


def test_combinations_of_values() -> None:
    """A scaled normal law, and a mixture of one that is outside its values at the point."""
    with mpmath.workdps(40):
        half = mpmath.mpf(1) / 2
        law = 1 - 2 * fs.Pushforward(X)
        assert agrees(law.density(2, digits=30), mpmath.npdf(half) / 2, 29)
        assert agrees(law.cdf(2, digits=30), mpmath.ncdf(half), 29)
        both = fs.mixture([law, fs.Pushforward(sympy.exp(X)) + 5])
        assert agrees(both.density(2, digits=30), mpmath.npdf(half) / 4, 29)
        assert agrees(both.cdf(2, digits=30), mpmath.ncdf(half) / 2, 29)
        found = fs.Pushforward(sympy.exp(X), base="uniform").quantile("0.25", digits=30)
        assert agrees(found, mpmath.exp(mpmath.mpf(1) / 4), 28)


@pytest.mark.long
def test_beside_an_extremum_digits_are_refused() -> None:
    law = fs.Pushforward(X**2)
    with mpmath.workdps(30):
        near = law.density(F(1, 10**400), digits=20)
        assert agrees(near, mpmath.mpf(10) ** 200 / mpmath.sqrt(2 * mpmath.pi), 19)
    with pytest.raises(fs.PrecisionError):
        law.density(0, digits=20)
    with pytest.raises(fs.PrecisionError, match="far away"):
        fs.Pushforward(sympy.sin(X)).density(F(1, 3), digits=20)


# -------------------------------------------------------------------------- sums over atoms

THREE = Atoms((F(0), F(1), F(3)), (F(1, 2), F(1, 3), F(1, 6)))


@pytest.mark.parametrize("w", [0.5 + 0.25j, -2 - 1j, 5 + 0j])
def test_transforms_of_atoms_are_sums(w: complex) -> None:
    pairs = [(float(x), float(p)) for x, p in zip(THREE.points, THREE.weights, strict=True)]
    expected = [
        sum(p / (w - x) for x, p in pairs),
        sum(p * x / (w - x) for x, p in pairs),
        -sum(p / (w - x) ** 2 for x, p in pairs),
        -sum(p * x / (w - x) ** 2 for x, p in pairs),
    ]
    point = flint.acb(w.real, w.imag)
    assert [complex(v) for v in THREE.transform(point)] == pytest.approx(expected, rel=1e-13)
    side = -1 if w.imag < 0 else 1
    logarithm = sum(p * cmath.log(w - x) for x, p in pairs)
    assert complex(THREE.potential(point, side)) == pytest.approx(logarithm, rel=1e-13)


@pytest.mark.parametrize(
    ("x", "side", "turn"),
    [
        (-1, 1, F(1)),
        (0.5, 1, F(1, 2)),
        (0.5, -1, F(-1, 2)),
        (2, 1, F(1, 6)),
        (4, 1, F(0)),
        (2, 0, None),
        (flint.arb(1, 0.5), 1, None),
        (3, 1, None),
    ],
    ids=str,
)
def test_the_mass_to_the_right_of_a_point_is_exact(x: object, side: int, turn: F | None) -> None:
    assert THREE.turn(flint.acb(x), side) == turn


def test_masses_that_are_not_rational_are_not_exact() -> None:
    root = sympy.sqrt(2) / 2
    assert Atoms((F(0), F(1)), (root, 1 - root)).turn(flint.acb(0.5), 1) is None


def test_the_values_of_a_continuous_function_lie_on_one_side_of_a_gap() -> None:
    measure = Pushed(sympy.tanh(X), "normal")
    for x, side, turn in (
        (2, 1, F(0)),
        (2, -1, F(0)),
        (-3, 1, F(1)),
        (-3, -1, F(-1)),
        (2, 0, None),
    ):
        assert measure.turn(flint.acb(x), side) == turn
    assert measure.turn(flint.acb(flint.arb(0, 1)), 1) is None
    assert (fs.Pushforward(sympy.tanh(X)) + fs.Semicircle()).cdf(-10, digits=20) == 0


def test_equal_eigenvalues_are_one_atom() -> None:
    measure = _empirical((0.5, 2.0, 0.5, 0.25))
    atoms = dict(zip(measure.points, measure.weights, strict=True))
    assert atoms == {F(1, 2): F(1, 2), F(2): F(1, 4), F(1, 4): F(1, 4)}


@pytest.mark.long
def test_poles_far_away_do_not_hide_places() -> None:
    """Every branch of the tangent takes the value: those beyond a pole on a ray too."""
    law = fs.Pushforward(sympy.tan(X / 3))
    # the place 3 pi/4 alone has the density 0.0372799487707..., all have 0.0372799487955...
    for function in (law.density, law.cdf):
        with pytest.raises(PrecisionError, match="leave a value"):
            function(1, digits=20)


def test_continuity_on_rays() -> None:
    ray = (flint.arb(4), flint.arb.pos_inf())
    for good in (1 / X, X**3, sympy.exp(-X), sympy.log(X), sympy.sqrt(X - 3), sympy.tanh(X) ** 2):
        assert is_continuous(good, X, ray)
    for bad in (
        1 / (X - 5),
        sympy.tan(X / 3),
        sympy.log(X - 5),
        sympy.sqrt(X - 5),
        1 / sympy.sin(X),
    ):
        assert not is_continuous(bad, X, ray)


def test_tails_beyond_the_cut_have_their_size() -> None:
    """Each tail is its mass times values of ``1/(w - f)``, between -1/2 and -1/4."""
    measure = Pushed(sympy.tanh(X), "normal")
    with flint.ctx.workprec(20):
        mass = measure._mass_beyond()
        first, second = measure._beyond(flint.acb(-3))
        assert -1.01 * mass <= first.real <= -0.49 * mass
        assert -0.51 * mass <= second.real <= -0.12 * mass


def test_logarithms_beyond_the_cut_are_covered() -> None:
    """``|log(-1 - f)|`` is ``pi`` where ``f`` is nearly 0."""
    measure = Pushed(sympy.sech(X), "normal")
    with flint.ctx.workprec(20):
        found = measure.potential_beyond(flint.acb(-1), flint.arb(1))
        assert found.imag.rad() >= 2 * measure._mass_beyond() * 3.14


def test_weights_are_kept_for_few_precisions() -> None:
    measure = Atoms([F(1, 3), F(2)], [F(1, 2), F(1, 2)])
    for bits in range(60, 100):
        with flint.ctx.workprec(bits):
            g = measure.transform(flint.acb(1))[0]
            assert g.contains(flint.arb(1) / 4)
    assert 1 < len(measure._balls) < 12


def test_sums_of_two_laws_with_many_atoms() -> None:
    """Two measures on one tape."""
    law = fs.Empirical([0.0, 1.0, 3.0, 4.0]) + fs.Empirical([-1.0, 0.0, 5.0])
    for x in (F(1, 2), F(9, 2)):
        assert float(law.density(x, digits=15)) == pytest.approx(law.density(float(x)), rel=1e-11)
