"""Truncated series: identities, honest truncation and coefficient domains."""

from __future__ import annotations

import math
import pickle
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import mpmath
import numpy as np
import pytest
import sympy
from hypothesis import given, settings
from hypothesis import strategies as st

from freesym.algebra import coefficients as module
from freesym.algebra.coefficients import in_common_field, scalar_power
from freesym.algebra.series import Series
from tests.processes import output_of

HALF = Fraction(1, 2)

# ------------------------------------------------------------------------------- law formulas

FORMULAS: dict[str, Callable[[Series], Series]] = {
    "free Poisson R": lambda g: 3 / (1 - 2 * g),
    "Bernoulli S": lambda u: (1 + u) / (Fraction(1, 3) + u),
    "Raney chi": lambda u: ((1 + u) ** HALF - 1) * (1 + u) ** Fraction(-3, 2),
    "semicircle G": lambda z: (1 / z - (1 / z - 2).sqrt() * (1 / z + 2).sqrt()) / 2,
    "centred semicircle S": lambda u: 1 / u.sqrt(),
    "Bernoulli R": lambda g: (g - 1 + ((1 - g) ** 2 + g).sqrt()) / (2 * g),
    "uniform R": lambda g: ((2 * (3 * g).exp() + 1) / ((3 * g).exp() - 1)) - 1 / g,
    "logarithm": lambda z: (1 + z + z * z).log() / z**2,
    "mixed exponents": lambda z: z.sqrt() + z + z ** Fraction(-1, 3),
    "cancellation": lambda z: 1 / ((1 + z).log() - z),
    "reversion": lambda z: (z / (1 + z) ** 2).reversion() ** 2,
    "composition": lambda z: (1 / z).derivative()(z.sqrt() - z),
    "composition of even": lambda z: ((1 - z * z) ** -2)(z + z * z),
    "derivative": lambda z: (z ** Fraction(3, 2) / (1 - z)).derivative(),
}


@pytest.mark.parametrize("name", FORMULAS)
@pytest.mark.parametrize("order", [4, 5, 7])
def test_truncation_is_honest(name: str, order: int) -> None:
    short, long = (FORMULAS[name](Series.variable(n)) for n in (order, order + 6))
    assert short.coefficients
    assert long.order > short.order
    assert long.truncate(short.order).valuation == short.valuation
    exponents = [short.valuation + k * short.step for k in range(len(short.coefficients))]
    assert [long.coefficient(e) for e in exponents] == list(short.coefficients)


def test_semicircle_cauchy_transform() -> None:
    zeta = Series.variable(12)
    cauchy = FORMULAS["semicircle G"](zeta)
    assert cauchy.coefficient_list(1, 10) == [1, 0, 1, 0, 2, 0, 5, 0, 14]


def test_uniform_cumulants_are_bernoulli_numbers() -> None:
    g = Series.variable(11)
    transform = g.exp() / (g.exp() - 1) - 1 / g
    expected = [Fraction(int(b.p), int(b.q)) for b in map(sympy.bernoulli, range(2, 9))]
    assert transform.coefficient(0) == HALF
    assert [transform.coefficient(n - 1) * math.factorial(n) for n in range(2, 9)] == expected


def test_symbolic_formula() -> None:
    scale, ratio = sympy.symbols("scale ratio")
    transform = scale / (1 - ratio * scale * Series.variable(4))
    assert transform.coefficients == tuple(scale ** (n + 1) * ratio**n for n in range(4))


def test_symbolic_cut() -> None:
    a, b = sympy.symbols("a b")
    w = 1 / Series.variable(6)
    root = (w - a).sqrt() * (w - b).sqrt()
    assert root.valuation == -1
    assert root.coefficient(-1) == 1
    assert root.coefficient(0) == -a / 2 - b / 2
    assert sympy.expand(root.coefficient(1) + (a - b) ** 2 / 8) == 0


def test_symbolic_exponent() -> None:
    t = sympy.Symbol("t")
    power = (1 + Series.variable(4)) ** t
    assert [
        sympy.expand(value - sympy.binomial(t, n).expand(func=True))
        for n, value in enumerate(power.coefficients)
    ] == [0] * 4


# ---------------------------------------------------------------------------- roots and powers


@pytest.mark.parametrize(
    ("base", "exponent", "expected"),
    [
        (Fraction(1), HALF, Fraction(1)),
        (Fraction(4), HALF, Fraction(2)),
        (Fraction(9, 4), HALF, Fraction(3, 2)),
        (Fraction(9, 4), -HALF, Fraction(2, 3)),
        (Fraction(8, 27), Fraction(2, 3), Fraction(4, 9)),
        (Fraction(10**60), Fraction(1, 30), Fraction(100)),
        (Fraction(-2), Fraction(3), Fraction(-8)),
        (sympy.Integer(2), HALF, sympy.sqrt(2)),
        (Fraction(2), HALF, sympy.sqrt(2)),
        (Fraction(8, 3), Fraction(-1, 3), sympy.cbrt(3) / 2),
        (sympy.Symbol("x", positive=True) ** 2, HALF, sympy.Symbol("x", positive=True)),
    ],
)
def test_exact_powers(base: Any, exponent: Fraction, expected: Any) -> None:
    result = scalar_power(base, exponent)
    assert result == expected
    assert type(result) is type(expected)


def test_inexact_powers() -> None:
    assert scalar_power(Fraction(-4), HALF) == 2j
    assert scalar_power(2.0, HALF) == math.sqrt(2)
    assert scalar_power(2.0, math.pi) == 2**math.pi


def test_leading_coefficient_of_a_root() -> None:
    z = Series.variable(3)
    assert (Fraction(9, 4) + z).sqrt().coefficients == (
        Fraction(3, 2),
        Fraction(1, 3),
        -Fraction(1, 27),
    )
    assert (2 + z).sqrt().coefficient(0) == sympy.sqrt(2)
    assert (sympy.Integer(2) + z).sqrt().coefficient(0) == sympy.sqrt(2)
    c = sympy.Symbol("c", positive=True)
    assert ((c + z).sqrt() ** 2).coefficients == (c, 1, 0)


def test_half_integer_float_exponents_are_exact() -> None:
    z = Series.variable(4)
    assert (1 + z) ** 0.5 == (1 + z).sqrt()
    assert (z**-0.5).valuation == -HALF
    assert isinstance(((1 + z) ** 0.3).coefficient(1), float)


@pytest.mark.parametrize("exponent", [0.3, math.pi, sympy.Symbol("t")])
def test_powers_without_puiseux_expansion(exponent: Any) -> None:
    with pytest.raises(ValueError, match="not a Puiseux series"):
        Series.variable(4) ** exponent


# -------------------------------------------------------------------------------------- errors


def test_unknown_coefficients_are_refused() -> None:
    z = Series.variable(4)
    with pytest.raises(ValueError, match="not known"):
        z.coefficient(4)
    assert z.coefficient(-3) == 0
    assert z.coefficient(HALF) == 0
    assert (1 / z).order == 2


@pytest.mark.parametrize(
    ("call", "error"),
    [
        (lambda z: z.log(), ValueError),
        (lambda z: (1 / z).exp(), ValueError),
        (lambda z: (1 + z).reversion(), ValueError),
        (lambda z: z(1 + z), ValueError),
        (lambda z: z(2), TypeError),
        (lambda z: 1 / (z - z), ZeroDivisionError),
        (lambda z: z / 0, ZeroDivisionError),
        (lambda z: z + "1", TypeError),
        (lambda z: z**z, TypeError),
        (lambda z: Series.variable(1), ValueError),
        (lambda z: Series((1,), 0, 0), ValueError),  # type: ignore[arg-type]
        (lambda z: in_common_field(list, ["1"]), TypeError),
    ],
)
def test_errors(call: Callable[[Series], Any], error: type[Exception]) -> None:
    with pytest.raises(error):
        call(Series.variable(4))


def test_a_lost_series_is_zero_up_to_its_order() -> None:
    z = Series.variable(4)
    lost = z - z
    assert lost.coefficients == ()
    assert lost.order == 4
    assert (lost * (1 / z)).order == 3
    assert (lost + 1).coefficients == (1, 0, 0, 0)
    assert str(lost) == "O(z**4)"


# ------------------------------------------------------------------------------------- domains


def test_integer_quotients_are_fractions() -> None:
    z = Series.variable(4)
    third = z / 3
    assert type(third.coefficient(1)) is Fraction
    assert third.coefficient(1) == Fraction(1, 3)
    assert type((1 / (3 + z)).coefficient(2)) is Fraction


@pytest.mark.parametrize("factor", [np.float64(0.5), np.float32(0.5), 0.5])
def test_floats_stay_floats(factor: Any) -> None:
    z = Series.variable(3)
    for product in (factor * z, z * factor):
        assert type(product.coefficient(1)) is float
    assert type((np.int64(2) * z).coefficient(1)) is Fraction


def test_float_cancellation_is_no_coefficient() -> None:
    z = Series.variable(5)
    difference = (0.1 + z) + 0.2 - 0.3
    assert difference.valuation == 1


def test_complex_and_mpmath_coefficients() -> None:
    z = Series.variable(4)
    assert (1 / (1 - 1j * z)).coefficients == (1, 1j, -1, -1j)
    root = (mpmath.mpf(2) + z).sqrt()
    assert mpmath.almosteq(root.coefficient(1), 1 / (2 * mpmath.sqrt(2)))
    assert mpmath.almosteq((mpmath.mpf(2) + z).log().coefficient(0), mpmath.log(2))
    assert (2.0 + z).log().coefficient(0) == math.log(2)
    assert (1 + z).exp().coefficient(0) == math.e


def test_sympy_on_the_left() -> None:
    x = sympy.Symbol("x")
    z = Series.variable(3)
    assert (x + z) == (z + x)
    assert (x * z) == (z * x)
    assert (x - z) == -(z - x)
    assert (x / (1 + z)).coefficients == (x, -x, x)
    assert (x + z).exp().coefficient(0) == sympy.exp(x)
    assert (x + z).log().coefficient(0) == sympy.log(x)


def test_symbolic_zeros_are_recognised() -> None:
    x = sympy.Symbol("x")
    z = Series.variable(4)
    assert ((x + 1) ** 2 - (x**2 + 2 * x + 1) + z).valuation == 1
    nested = sympy.sqrt(3 + 2 * sympy.sqrt(2)) - 1 - sympy.sqrt(2)
    assert (nested + z).valuation == 1


def test_module_does_not_import_sympy() -> None:
    script = (
        "import importlib.util, sys\n"
        f"spec = importlib.util.spec_from_file_location('loaded', {module.__file__!r})\n"
        "loaded = importlib.util.module_from_spec(spec)\n"
        "sys.modules['loaded'] = loaded\n"
        "spec.loader.exec_module(loaded)\n"
        "assert loaded.in_common_field(lambda a, b: a / b, 1, 2.0) == 0.5\n"
        "assert 'sympy' not in sys.modules\n"
    )
    assert output_of("-c", script) == ""


def test_value_semantics() -> None:
    series = (1 / Series.variable(4)).sqrt()
    assert pickle.loads(pickle.dumps(series)) == series
    assert eval(repr(series)) == series
    assert hash(series) == hash((1 / Series.variable(4)).sqrt())


# ---------------------------------------------------------------------------------- properties

fractions = st.fractions(-4, 4, max_denominator=5)
tails = st.lists(fractions, min_size=3, max_size=5)
units = tails.map(lambda tail: Series.from_coefficients([1, *tail]))
locals_ = tails.map(lambda tail: Series.from_coefficients([2, *tail], 1))
relaxed = settings(max_examples=40, deadline=None)


def agree(left: Series, right: Series) -> bool:
    """Whether two series agree as far as both are known."""
    difference = left - right
    return not difference.coefficients and difference.order == min(left.order, right.order)


@relaxed
@given(units, units, units)
def test_ring_laws(a: Series, b: Series, c: Series) -> None:
    assert agree(a * b, b * a)
    assert agree((a + b) * c, a * c + b * c)
    assert agree(a / b * b, a)
    assert agree((a - b) + b, a)


@relaxed
@given(units, units)
def test_elementary_functions(a: Series, b: Series) -> None:
    assert agree(a.log().exp(), a)
    assert agree((a * b).log(), a.log() + b.log())
    assert agree(a.sqrt() ** 2, a)
    assert agree((a ** Fraction(2, 3)) ** 3, a * a)
    assert agree(a.log().derivative(), a.derivative() / a)


@relaxed
@given(locals_, locals_)
def test_composition(a: Series, b: Series) -> None:
    identity = Series.variable(9)
    assert agree(a.reversion()(a), identity)
    assert agree(a(a.reversion()), identity)
    assert agree(a(b).reversion(), b.reversion()(a.reversion()))
    assert agree(a(b).derivative(), a.derivative()(b) * b.derivative())


def test_derivatives_of_roots() -> None:
    """``(1 + 3 z^(1/2) + z^(3/2))' = 3/2 z^(-1/2) + 3/2 z^(1/2)``."""
    root = Series.variable(4).sqrt()
    total = 1 + 3 * root + root**3
    assert total.step == Fraction(1, 2)
    found = total.derivative()
    assert agree(found, Fraction(3, 2) / root + Fraction(3, 2) * root)
    assert found.valuation == Fraction(-1, 2)


@pytest.mark.parametrize(
    ("exponent", "exact"),
    [(4.0, Fraction(4)), (2.5, Fraction(5, 2)), (-0.5, Fraction(-1, 2)), (8, Fraction(8))],
)
def test_halves_are_exact_exponents(exponent: Any, exact: Fraction) -> None:
    found = module.exact_exponent(exponent)
    assert found == exact and isinstance(found, Fraction)


@pytest.mark.parametrize("exponent", [2 / 3, 0.25, 4 / 3])
def test_other_floats_are_no_exact_exponents(exponent: float) -> None:
    assert type(module.exact_exponent(exponent)) is float
