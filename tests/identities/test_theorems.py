"""Theorems of free probability as properties of the package, each with its source."""

from __future__ import annotations

import math
from fractions import Fraction as F
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from numpy.polynomial import legendre

import freesym as fs
from freesym import Law
from freesym.testing import assert_same_law, positive_laws

HALF = F(1, 2)
SIGN = fs.TwoPoint(-1, 1, HALF)
NODES, WEIGHTS = legendre.leggauss(200)


def _integral(law: Law, function: Any) -> float:
    """The integral of a function of places and densities, by Gauss rules in ``cos`` of angles."""
    total = 0.0
    for a, b in zip(law.edges()[::2], law.edges()[1::2], strict=True):
        angle = 0.5 * math.pi * (NODES + 1)
        x = 0.5 * (a + b) - 0.5 * (b - a) * np.cos(angle)
        weights = 0.5 * math.pi * WEIGHTS * 0.5 * (b - a) * np.sin(angle)
        total += float(weights @ function(x, law.density(x)))
    return total


@st.composite
def _discrete(draw: Any) -> fs.Discrete:
    places = draw(st.lists(st.integers(-3, 5), min_size=1, max_size=3, unique=True))
    shares = draw(st.lists(st.integers(1, 9), min_size=len(places), max_size=len(places)))
    return fs.Discrete(places, [F(share, sum(shares)) for share in shares])


@given(_discrete(), _discrete())
def test_atoms_of_sums(mu: fs.Discrete, nu: fs.Discrete) -> None:
    """``c`` is an atom iff ``c = a + b`` with masses above 1 in all, of the mass left over.

    H. Bercovici and D. Voiculescu, "Regularity questions for free convolution" (1998), Theorem 7.4.
    """
    assume(len(mu.atoms()) > 1 and len(nu.atoms()) > 1)
    pairs = [(a + b, m + n - 1) for a, m in mu.atoms().items() for b, n in nu.atoms().items()]
    expected = {place: mass for place, mass in pairs if mass > 0}
    law = mu + nu
    assert law.atoms() == expected
    for place, mass in expected.items():
        near = 1e-7j
        # where other masses tie, G has an inverse root there, too
        assert near * law.G(float(place) + near) == pytest.approx(float(mass), abs=5e-3)


@given(positive_laws(max_nodes=2), st.sampled_from([F(1, 4), HALF, F(9, 10)]))
def test_compressions(mu: Law, p: F) -> None:
    """``pXp`` has the free cumulants ``p^(n-1) kappa_n``, and ``X @ Bernoulli(p)`` adds an atom.

    A. Nica and R. Speicher, "On the multiplication of free n-tuples of noncommutative random
    variables" (1996), Section 1.
    """
    expected = [p ** (n - 1) * k for n, k in enumerate(mu.free_cumulants(6), 1)]
    found = mu.compress(p).free_cumulants(6)
    assert list(map(float, found)) == pytest.approx(list(map(float, expected)), rel=1e-9)
    product = (mu @ fs.Bernoulli(p)).moments(6)
    corner = [float(p * m) for m in mu.compress(p).moments(6)]
    assert list(map(float, product)) == pytest.approx(corner, rel=1e-9)


@pytest.mark.parametrize(
    ("law", "divisible"),
    [
        (fs.Semicircle(), True),
        (fs.MarchenkoPastur(2), True),
        (fs.CompoundFreePoisson(HALF, SIGN), True),
        (fs.FreePoisson(2) - fs.Semicircle(0, HALF), True),
        (SIGN, False),
        (fs.Uniform(-1, 1), False),
        (fs.Bernoulli(F(1, 3)) + fs.Bernoulli(F(1, 3)), False),
    ],
    ids=str,
)
def test_free_levy_khintchine(law: Law, divisible: bool) -> None:
    """Freely infinitely divisible laws have cumulants ``kappa_(n+2)`` that are moments.

    D. Voiculescu, "Addition of certain non-commuting random variables" (1986), Theorem 4.3;
    H. Bercovici and D. Voiculescu (1993), Theorem 5.10.
    """
    kappa = [float(k) for k in law.free_cumulants(10)]
    hankel = np.array([[kappa[i + j + 1] for j in range(5)] for i in range(5)])
    smallest = np.linalg.eigvalsh(hankel)[0]
    assert (smallest >= -1e-12 * np.abs(hankel).max()) == divisible


@pytest.mark.parametrize("law", [SIGN, fs.Uniform(-1, 1) * math.sqrt(3)], ids=["signs", "uniform"])
def test_superconvergence(law: Law) -> None:
    """Densities of normalised sums converge uniformly, their edges to 2, at the rate ``1/n``.

    H. Bercovici and D. Voiculescu, "Superconvergence to the central limit and failure of the
    Cramer theorem for free random variables" (1995), Theorem 7.
    """
    x = np.linspace(-1.9, 1.9, 77)
    far, ends = [], []
    for n in (32, 64, 128, 256):
        total = law.additive_power(n) / math.sqrt(n)
        assert total.atoms() == {}
        far.append(np.abs(total.density(x) - fs.Semicircle().density(x)).max())
        ends.append(2 - total.edges()[-1])
    for errors in (far, np.abs(ends)):
        assert all(0.45 < b / a < 0.55 for a, b in pairwise(errors))


@pytest.mark.parametrize("rate", [HALF, 2])
def test_bercovici_pata(rate: Any) -> None:
    """Sums of ``n`` rare jumps tend to the free Poisson law, whose free cumulants are those that
    the Poisson law has classically.

    H. Bercovici and V. Pata, "Stable laws and domains of attraction in free probability theory"
    (1999), Theorem 6.3.
    """
    limit = fs.FreePoisson(rate)
    assert limit.free_cumulants(6) == [rate] * 6
    errors = []
    for n in (100, 200, 400):
        moments = fs.Bernoulli(F(rate) / n).additive_power(n).moments(6)
        errors.append(
            max(abs(float(a - b)) for a, b in zip(moments, limit.moments(6), strict=True))
        )
    assert all(0.45 < b / a < 0.55 for a, b in pairwise(errors))


@pytest.mark.parametrize(
    "square", [fs.Uniform(0, 1), fs.MarchenkoPastur(), fs.Arcsine(0, 4)], ids=str
)
def test_haagerup_larsen(square: Law) -> None:
    """Eigenvalues of ``U h`` lie within ``S(t - 1)^(-1/2)`` with probability ``t``.

    U. Haagerup and F. Larsen, "Brown's spectral distribution measure for R-diagonal elements in
    finite von Neumann algebras" (2000), Theorem 4.4.  ``S`` is that of ``h^2``.
    """
    rng, n = np.random.default_rng(7), 500
    gauss = rng.standard_normal((n, n)) + 1j * rng.standard_normal((n, n))
    unitary, upper = np.linalg.qr(gauss)
    unitary = unitary * (np.diag(upper) / np.abs(np.diag(upper)))
    singular = np.sqrt(np.asarray(square.quantile((np.arange(n) + 0.5) / n)))
    radii = np.sort(np.abs(np.linalg.eigvals(unitary * singular)))
    for t in (0.25, 0.5, 0.75, 0.9):
        psi = t - 1
        # psi = z G(z) - 1 at a z < 0 where S = (1 + psi)/(psi z)
        low, high = -1e6, -1e-9
        for _ in range(200):
            middle = -math.sqrt(low * high)
            value = float(np.real(middle * square.G(middle))) - 1
            low, high = (middle, high) if value > psi else (low, middle)
        radius = 1 / math.sqrt((1 + psi) / (psi * high))
        assert np.searchsorted(radii, radius) / n == pytest.approx(t, abs=0.03)


@given(_discrete())
def test_belinschi_nica(mu: fs.Discrete) -> None:
    """``B_1(mu)``, the Boolean root of ``mu + mu``, has free cumulants: the Boolean ones of ``mu``.

    S. T. Belinschi and A. Nica, "On a remarkable semigroup of homomorphisms with respect to free
    multiplicative convolution" (2008), Theorem 1.5 and Proposition 1.10.
    """
    halves = [F(b) / 2 for b in (mu + mu).boolean_cumulants(8)]
    moments: list[F] = [F(1)]
    for n in range(1, 9):
        moments.append(sum((halves[k - 1] * moments[n - k] for k in range(1, n + 1)), F(0)))
    free = _free_cumulants(moments[1:])
    assert free == [F(b) for b in mu.boolean_cumulants(8)]


def _free_cumulants(moments: list[F]) -> list[F]:
    """By ``m_n = sum_k kappa_k [x^(n-k)] M(x)^k`` with ``M = 1 + m_1 x + ...`` (Speicher 1994)."""
    series, found = [F(1), *moments], list[F]()
    for n in range(1, len(moments) + 1):
        power, rest = [F(1)] + [F(0)] * n, moments[n - 1]
        for k in range(1, n + 1):
            power = [
                sum((power[i] * series[j - i] for i in range(j + 1)), F(0)) for j in range(n + 1)
            ]
            if k < n:
                rest -= found[k - 1] * power[n - k]
        found.append(rest)
    return found


@pytest.mark.parametrize("t", [0.1, 0.5, 2.0])
@pytest.mark.parametrize("places", [[-1.0, 1.0], [0.0, 1.0, 5.0]], ids=str)
def test_biane_density(places: list[float], t: float) -> None:
    """``psi(u) = u + t int (u - x)/((u-x)^2 + v^2)`` has the density ``v/(pi t)``, where
    ``int 1/((u-x)^2 + v^2) = 1/t``.

    P. Biane, "On the free convolution with a semi-circular distribution" (1997), Corollary 3.
    """
    law, x = fs.Discrete(places) + fs.Semicircle(0, t), np.array(places)
    for u in np.linspace(min(places) - 0.4, max(places) + 0.4, 23) + 0.003:
        if np.mean(1 / (u - x) ** 2) <= 1 / t:
            continue
        low, high = 0.0, math.sqrt(t) + 1e-12
        for _ in range(80):
            v = 0.5 * (low + high)
            low, high = (v, high) if np.mean(1 / ((u - x) ** 2 + v * v)) > 1 / t else (low, v)
        place = u + t * np.mean((u - x) / ((u - x) ** 2 + v * v))
        assert law.density(place) == pytest.approx(v / (math.pi * t), rel=1e-7, abs=1e-9)


PAIRS = [
    (fs.Semicircle(), fs.Uniform(-1, 1)),
    (fs.Semicircle(0, HALF), fs.MarchenkoPastur(HALF)),
    (fs.Uniform(0, 1), fs.Uniform(-2, 2)),
]


def _information(law: Law) -> float:
    return 4 * math.pi**2 / 3 * _integral(law, lambda _, rho: rho**3)


@pytest.mark.parametrize(("mu", "nu"), PAIRS, ids=str)
def test_free_stam_inequality(mu: Law, nu: Law) -> None:
    """``1/Phi(X + Y) >= 1/Phi(X) + 1/Phi(Y)`` with ``Phi = 4 pi^2/3 int rho^3``.

    D. Voiculescu, "The analogues of entropy and of Fisher's information measure in free
    probability theory V" (1998), Proposition 6.5; equality for semicircles.
    """
    assert _information(fs.Semicircle(0, 3)) == pytest.approx(1 / 3, rel=1e-9)
    whole, parts = 1 / _information(mu + nu), 1 / _information(mu) + 1 / _information(nu)
    assert whole > parts * (1 + 1e-6)


def _entropy_power(law: Law) -> float:
    energy = _integral(law, lambda x, rho: rho * np.real(law.log_potential(x)))
    return math.exp(2 * energy)


@pytest.mark.parametrize(("mu", "nu"), PAIRS, ids=str)
def test_free_entropy_power_inequality(mu: Law, nu: Law) -> None:
    """``exp 2 chi(X + Y) >= exp 2 chi(X) + exp 2 chi(Y)``.

    S. Szarek and D. Voiculescu, "Volumes of restricted Minkowski sums and the free analogue of
    the entropy power inequality" (1996), Theorem 1; the energy of a semicircle is -1/4.
    """
    assert _entropy_power(fs.Semicircle()) == pytest.approx(math.exp(-0.5), rel=1e-9)
    assert _entropy_power(mu + nu) > (_entropy_power(mu) + _entropy_power(nu)) * (1 + 1e-6)


@pytest.mark.parametrize("spike", [1.5, 2.0, 4.0])
def test_outliers_of_spiked_matrices(spike: float) -> None:
    """A spike of vanishing mass makes a band where ``G(z) = 1/spike``: ``spike + 1/spike``.

    J. Baik, G. Ben Arous and S. Peche (2005); F. Benaych-Georges and R. R. Nadakuditi (2011),
    Theorem 2.1.
    """
    place = spike + 1 / spike
    assert fs.Semicircle().G(place) == pytest.approx(1 / spike, rel=1e-13)
    for mass in (F(1, 10**4), F(1, 10**6)):
        law = fs.Discrete([0, spike], [1 - mass, mass]) + fs.Semicircle()
        low, high = law.support()[-1]
        assert low < place < high
        # a band of mass m is a semicircle of radius 2 sqrt(m (1 - 1/spike^2)) to leading order
        width = 4 * math.sqrt(mass * (1 - 1 / spike**2))
        assert high - low == pytest.approx(width, rel=20 * math.sqrt(mass))


def test_spikes_below_the_threshold_make_no_band() -> None:
    law = fs.Discrete([0, F(9, 10)], [1 - F(1, 10**6), F(1, 10**6)]) + fs.Semicircle()
    assert len(law.support()) == 1


def test_free_compression_of_projections() -> None:
    """Free projections: ``Bernoulli(p) @ Bernoulli(q)`` (Voiculescu, Dykema & Nica 1992, 3.6.7)."""
    left = fs.Bernoulli(F(1, 3)) @ fs.Bernoulli(HALF)
    right = fs.mixture([fs.PointMass(0), fs.Bernoulli(F(1, 3)).compress(HALF)], [HALF, HALF])
    assert_same_law(left, right)
