"""Transforms of tabulated measures against closed forms and direct sums.

The kernels sum to about 1e-15; fitted densities carry the tolerance 1e-14 of the fit, amplified by
the logarithm at the joints, so their transforms are asked for 1e-13.  Derivatives of fitted laws
lose the square of the degree at a panel end and are asked for 1e-10.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable

import mpmath
import numpy as np
import pytest

from freesym.kernels.measure import cauchy_transform
from freesym.kernels.measure_potential import log_potential
from freesym.lowering import fitting
from freesym.lowering.fitting import fit_panels
from freesym.lowering.measure import (
    FittedMeasure,
    MeasureTable,
    Panel,
    measure_table,
    raw_moments,
)

ROUNDING = 2e-14
FITTED = 1e-13
DERIVATIVE = 1e-10
HEIGHTS = (0.0, 1e-14, 1e-9, 1e-3, 0.1, 1.0)

Transform = Callable[[mpmath.mpc], mpmath.mpc]


@pytest.fixture(autouse=True)
def _precision() -> Iterable[None]:
    with mpmath.workdps(40):
        yield


def evaluate(table: MeasureTable, w: complex) -> tuple[complex, complex, complex, complex]:
    a, b, c, d, e, f, g, h = cauchy_transform(table.reals, table.integers, 0, 0, w.real, w.imag)
    return complex(a, b), complex(c, d), complex(e, f), complex(g, h)


def potential(table: MeasureTable, w: complex) -> complex:
    return complex(*log_potential(table.reals, table.integers, 0, 0, w.real, w.imag))


def close(value: complex, exact: mpmath.mpc, tolerance: float) -> bool:
    return abs(value - complex(exact)) <= tolerance * abs(complex(exact))


def logarithm(z: mpmath.mpc) -> mpmath.mpc:
    z = mpmath.mpc(z)
    return mpmath.mpc(mpmath.log(abs(z)), mpmath.atan2(z.imag, z.real))


def points(low: float, high: float) -> list[complex]:
    generator = np.random.default_rng(7)
    inside = [*generator.uniform(low, high, 10), 0.5 * (low + high), 0.75 * low + 0.25 * high]
    outside = [low - 0.3, low - 5, high + 0.1, high + 30, 1e3 * high, 1e8 * high]
    near = [complex(x, y) for x in inside for y in HEIGHTS]
    return near + [complex(x, y) for x in outside for y in (0.0, 1e-3)] + [1e8j, 3e3 + 1e3j]


def root(z: mpmath.mpc) -> mpmath.mpc:
    """sqrt(z^2 - 4) with a cut on [-2, 2], taken from above."""
    z = mpmath.mpc(z)
    if z.imag == 0 and abs(z.real) < 2:
        return mpmath.mpc(0, mpmath.sqrt(4 - z.real**2))
    if z.imag == 0:
        return mpmath.sign(z.real) * mpmath.sqrt(z.real**2 - 4)
    return mpmath.sqrt(z - 2) * mpmath.sqrt(z + 2)


def uniform(low: float, high: float) -> tuple[Transform, Transform, Transform]:
    width = mpmath.mpf(high) - low

    def g(z: mpmath.mpc) -> mpmath.mpc:
        return (logarithm(z - low) - logarithm(z - high)) / width

    def u(z: mpmath.mpc) -> mpmath.mpc:
        upper, lower = (z - low) * logarithm(z - low), (z - high) * logarithm(z - high)
        return (upper - lower) / width - 1

    return g, u, lambda z: (1 / (z - low) - 1 / (z - high)) / width


def test_one_uniform_panel() -> None:
    g, u, slope = uniform(-1, 2)
    table = measure_table([], [], [Panel.affine(-1.0, 2.0, [0.5])])
    for w in points(-1, 2):
        z = mpmath.mpc(w)
        value, psi, derivative, change = evaluate(table, w)
        assert close(value, g(z), ROUNDING)
        assert close(psi, z * g(z) - 1, ROUNDING)
        assert close(derivative, slope(z), ROUNDING)
        assert close(change, g(z) + z * slope(z), ROUNDING)
        assert abs(potential(table, w) - complex(u(z))) < ROUNDING * max(1.0, abs(u(z)))


@pytest.mark.parametrize("x", [-0.4, -3.0, 1.3, 40.0])
def test_imaginary_parts_beside_a_panel_are_relative(x: float) -> None:
    """``G(x + i y) = G(x) + i y G'(x)`` for heights far below rounding of ``x``."""
    y = 10.0 ** -np.arange(12, 60, 6)
    table = measure_table([], [], [Panel.affine(0.0, 1.0, [0.5])])
    found = np.array([table.transform(complex(x, height))[0] for height in y])
    slope = 1 / x - 1 / (x - 1)
    np.testing.assert_allclose(found.imag, y * slope, rtol=1e-13)


def test_uniform_joints() -> None:
    """At and next to the joints of panels the logarithms cancel."""
    g, _, slope = uniform(-1, 2)
    table = fit_panels(lambda x: x, lambda x: x * 0 + 1 / 3, [-1, 0, 0.3, 1, 2]).table()
    for x in (0.0, 0.3, 1.0):
        for d in (0, 1e-300, 1e-17j, 1e-9, -1e-5, 0.01 + 0.01j):
            w = complex(x + d)
            assert close(evaluate(table, w)[0], g(mpmath.mpc(w)), FITTED)
            assert close(evaluate(table, w)[2], slope(mpmath.mpc(w)), DERIVATIVE)


@pytest.mark.parametrize("angular", [False, True])
def test_semicircle(angular: bool) -> None:
    """Agreement to FITTED down to 1e-3 from the edge, where rounding of x is amplified."""
    if angular:
        fitted = fit_panels(
            lambda t: 2 * np.cos(t), lambda t: 2 * np.sin(t) ** 2 / np.pi, [0, np.pi / 2, np.pi]
        )
    else:
        fitted = fit_panels(lambda x: x, lambda x: np.sqrt(4 - x * x) / (2 * np.pi), [-2, 0, 2])
    table = fitted.table()
    assert abs(raw_moments(table, 2) - np.array([1.0, 0.0, 1.0])).max() < 1e-14
    for w in points(-2, 2):
        z = mpmath.mpc(w)
        g = (z - root(z)) / 2
        value, psi, derivative, _ = evaluate(table, w)
        far = (z + root(z)) / 2
        assert close(value, 1 / far, FITTED)
        assert close(psi, 1 / far**2, 2 * FITTED)
        assert close(derivative, (1 - z / root(z)) / 2, DERIVATIVE) or abs(w) > 1e6
        assert abs(potential(table, w) - complex(g * g / 2 + logarithm(far))) < ROUNDING * (
            1 + math.log1p(abs(w))
        )


@pytest.mark.parametrize("angular", [False, True])
def test_arcsine(angular: bool) -> None:
    """The density 1/(pi sqrt(4 - x^2)) is sampled next to 2 with the rounding of x.

    The mass within the last rounding of 2, about 1e-8, is known to 1e-4 only from the fit.
    """
    tolerance = 5 * FITTED if angular else 1e-11
    if angular:
        fitted = fit_panels(lambda t: 2 * np.cos(t), lambda t: t * 0 + 1 / np.pi, [0, 1.5, np.pi])
    else:
        fitted = fit_panels(
            lambda x: x, lambda x: 1 / (np.pi * np.sqrt((2 - x) * (2 + x))), [-2, 0, 2], mass=1.0
        )
    table = fitted.table()
    assert abs(raw_moments(table, 0)[0] - 1) < 1e-15
    for w in points(-2, 2):
        z = mpmath.mpc(w)
        edge = min(abs(w - 2), abs(w + 2))
        assert close(evaluate(table, w)[0], 1 / root(z), tolerance / min(1.0, edge))


def test_inverse_square_root_at_zero() -> None:
    table = fit_panels(lambda x: x, lambda x: 0.5 / np.sqrt(x), [0, 1]).table()
    special = [1e-20 + 1e-22j, 1e-12 + 0j, -1e-9 + 0j, 1e-25j]
    for w in [*points(0, 1), *special]:
        s = mpmath.sqrt(mpmath.mpc(w))
        exact = (logarithm(1 + s) - logarithm(s - 1)) / (2 * s)
        assert close(evaluate(table, w)[0], exact, FITTED)


def normal() -> FittedMeasure:
    return fit_panels(
        lambda x: x, lambda x: np.exp(-x * x / 2) / math.sqrt(2 * math.pi), [-9.5, 0, 9.5]
    )


def normal_transform(z: mpmath.mpc) -> mpmath.mpc:
    with mpmath.workdps(150):
        scaled = -1j * z / mpmath.sqrt(2)
        return -1j * mpmath.sqrt(mpmath.pi / 2) * mpmath.exp(-z * z / 2) * mpmath.erfc(scaled)


def test_normal() -> None:
    table = normal().table()
    moments = raw_moments(table, 4)
    assert abs(moments - np.array([1, 0, 1, 0, 3])).max() < 1e-13
    inside = [w for w in points(-9, 9) if abs(w) < 50]
    for w in [*inside, 0j, 6 + 0j, 8.5 + 1e-14j, 6j, 12 + 0j]:
        z = mpmath.mpc(w)
        with mpmath.workdps(150):
            g = normal_transform(z)
            minus_slope = z * g - 1
        value, psi, derivative, _ = evaluate(table, w)
        assert close(value, g, FITTED)
        assert close(psi, minus_slope, FITTED)
        assert close(derivative, -minus_slope, DERIVATIVE)


@pytest.mark.parametrize("w", [1e3j, 1e8 + 0j, 1e8j, -3e5 + 2e5j])
def test_normal_far_away(w: complex) -> None:
    z = mpmath.mpc(w)
    psi = sum(mpmath.fac2(2 * k - 1) / z ** (2 * k) for k in range(1, 20))
    assert close(evaluate(normal().table(), w)[1], psi, FITTED)


@pytest.mark.parametrize("x", [0.0, 1.0, 4.0, 6.0, 8.0, 9.0])
def test_normal_density_in_the_tails(x: float) -> None:
    """The imaginary part is relative to the density of the panel, whatever g itself is."""
    density = math.exp(-x * x / 2) / math.sqrt(2 * math.pi)
    assert evaluate(normal().table(), complex(x))[0].imag == pytest.approx(
        -math.pi * density, rel=5e-13
    )


def gaussian(x: np.ndarray) -> np.ndarray:
    return 2 * np.exp(-x * x / 2) / math.sqrt(2 * math.pi)


IMAGES: list[tuple[Callable[..., object], Callable[..., object]]] = [
    (lambda x: 1 / np.cosh(1.3 * x) ** 4, lambda x: mpmath.sech(mpmath.mpf(1.3) * x) ** 4),
    (lambda x: np.exp(-0.7 * np.pi * x * x / 2), lambda x: mpmath.exp(-7 * mpmath.pi * x * x / 20)),
    (lambda x: x * x, lambda x: x * x),
    (lambda x: x**3, lambda x: x**3),
]


@pytest.mark.parametrize("position, exact", IMAGES)
@pytest.mark.parametrize("w", [0.4 + 0.3j, -0.1 + 0.05j, 1.05 + 0.1j, 3 + 1e-3j, 12j])
def test_images_of_the_normal_law(
    position: Callable[..., object], exact: Callable[..., object], w: complex
) -> None:
    table = fit_panels(position, gaussian, [0, 9.5]).table()
    z = mpmath.mpc(w)

    def integrand(x: mpmath.mpf) -> mpmath.mpc:
        return mpmath.npdf(x) * 2 / (z - exact(x))

    cuts = [0, 0.1, 0.3, 0.6, 0.8, 1, 1.2, 1.4, 1.44, 1.4422, 1.445]
    cuts += [1.6, 1.72, 1.734, 1.75, 2, 3, 4, 6, 10]
    with mpmath.workdps(20):
        g = mpmath.quad(integrand, cuts, maxdegree=9)
    assert close(evaluate(table, w)[0], g, FITTED)
    assert abs(raw_moments(table, 0)[0] - 1) < 1e-14


@pytest.mark.parametrize("x", [1e-10, 1e-3, 0.3, 1.0, 5.0])
def test_square_of_the_normal_law_on_the_axis(x: float) -> None:
    """g(x) = (G(s) + G(-s))/(2s) type symmetrisation at s = sqrt(x)."""
    table = fit_panels(lambda v: v * v, gaussian, [0, 9.5]).table()
    s = mpmath.sqrt(mpmath.mpf(x))
    exact = normal_transform(mpmath.mpc(s)) / s
    assert close(evaluate(table, complex(x))[0], exact, FITTED)


def direct(x: np.ndarray, p: np.ndarray, w: complex) -> list[complex]:
    kernel = 1 / (np.clongdouble(w) - x.astype(np.longdouble))
    logs = np.log(w - x + 0j)
    terms = [p * kernel, p * x * kernel, -p * kernel**2, -p * x * kernel**2, p * logs]
    return [complex(np.sum(term)) for term in terms]


@pytest.mark.parametrize("law", ["normal", "uniform", "standard_cauchy"])
@pytest.mark.parametrize("count", [10, pytest.param(100000, marks=pytest.mark.long)])
def test_atoms(law: str, count: int) -> None:
    generator = np.random.default_rng(3)
    x = np.sort(getattr(generator, law)(size=count))
    p = generator.uniform(size=count)
    p /= p.sum()
    table = measure_table(x, p)
    for y in (0.0, 1e-12, 1e-7, 1e-3, 1.0, 30.0, 1e3, 1e8):
        for centre in (0.1234, 1.7, 5.0, 50.0, x[count // 3] + 1e-9):
            w = complex(centre, y)
            values = [*evaluate(table, w), potential(table, w)]
            exact = direct(x, p, w)
            sizes = [np.sum(p * np.abs(x) ** k / np.abs(w - x)) for k in (0, 1)]
            allowed = [1, sizes[1] / abs(exact[1]), 2, 10 * sizes[1] / abs(exact[1]), 2]
            for value, reference, factor in zip(values, exact, allowed, strict=True):
                assert abs(value - reference) <= ROUNDING * factor * abs(reference)


def test_symmetric_atoms_far_away() -> None:
    table = measure_table([-1.0, 1.0], [0.5, 0.5])
    for w in (1e8 + 0j, 1e8j, 30 + 1j):
        assert close(evaluate(table, w)[1], 1 / (mpmath.mpc(w) ** 2 - 1), ROUNDING)


def test_conjugation_and_negative_zero() -> None:
    table = measure_table([0.0, 1.0], [0.25, 0.75], [Panel.affine(2.0, 3.0, [0.1, 0.05])])
    for w in (0.4 + 0.2j, 2.4 + 1e-9j, 70 + 1j):
        below = [value.conjugate() for value in evaluate(table, w.conjugate())]
        assert below == list(evaluate(table, w))
        assert potential(table, w.conjugate()).conjugate() == potential(table, w)
    assert evaluate(table, complex(2.4, -0.0)) == evaluate(table, complex(2.4, 0.0))
    assert evaluate(table, complex(2.4, 0.0))[0].imag < 0
    assert potential(table, complex(0.5, -0.0)).imag == pytest.approx(math.pi * 0.95, rel=1e-15)


def test_on_an_atom() -> None:
    table = measure_table([0.0, 1.0], [0.25, 0.75])
    g, psi, _, _ = evaluate(table, 1 + 0j)
    assert g.imag == -math.inf and psi.imag == -math.inf
    g, psi, _, _ = evaluate(table, 0j)
    assert g.imag == -math.inf and psi == pytest.approx(-0.75)
    assert potential(table, 1 + 0j).real == -math.inf


def test_table_inside_larger_arrays() -> None:
    table = measure_table([0.0], [0.5], [Panel.affine(1.0, 2.0, [0.25])])
    reals = np.concatenate([np.full(5, np.nan), table.reals])
    integers = np.concatenate([np.full(3, -7), table.integers])
    assert cauchy_transform(reals, integers, 5, 3, 1.3, 0.1) == cauchy_transform(
        table.reals, table.integers, 0, 0, 1.3, 0.1
    )


def test_constant_positions_become_atoms() -> None:
    fitted = fit_panels(lambda x: np.maximum(x, 0), lambda x: x * 0 + 0.5, [-1, 0, 1])
    assert fitted.points.tolist() == [0.0]
    assert fitted.weights[0] == pytest.approx(0.5, rel=1e-15)
    assert raw_moments(fitted.table(), 1) == pytest.approx([1.0, 0.25], rel=1e-14)


def test_undeclared_kink_and_jump() -> None:
    jump = fit_panels(lambda x: x, lambda x: np.where(x < 1 / 3, 1.5, 0.75), [0, 1])
    assert raw_moments(jump.table(), 0)[0] == pytest.approx(1.0, rel=1e-14)
    fold = fit_panels(lambda x: np.abs(x - 0.3), lambda x: x * 0 + 1, [0, 1])
    assert raw_moments(fold.table(), 1) == pytest.approx([1.0, 0.29], rel=1e-14)


def test_refusals(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ValueError, match="not finite"):
        fit_panels(lambda x: x, lambda x: np.where(x > 0.5, np.nan, 1.0), [0, 1])
    with monkeypatch.context() as patch:
        patch.setattr(fitting, "_PANEL_LIMIT", 500)
        with pytest.raises(ValueError, match="not resolved by 500 pieces"):
            fit_panels(lambda x: x, lambda x: 1 + 0.5 * np.sin(1e5 * x), [0, 1])
    with pytest.raises(ValueError, match="increase"):
        fit_panels(lambda x: x, lambda x: x, [1, 0])
    with pytest.raises(ValueError, match="finite"):
        measure_table([math.nan], [1.0])
