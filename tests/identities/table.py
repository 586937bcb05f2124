"""The table of identities: two expressions of one law, with a source."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction as F

import sympy

import freesym as fs
from freesym import Law

HALF, THIRD = F(1, 2), F(1, 3)
#: Relative for densities in the interior, absolute for cdf: a small multiple of what the
#: conditioning of the rows leaves of sixteen digits.
CLOSE = 1e-12

VDN = "Voiculescu, Dykema & Nica (1992)"
NS = "Nica & Speicher (2006), Lectures on the combinatorics of free probability"


@dataclass(frozen=True)
class Identity:
    """``left`` and ``right`` are the same law."""

    name: str
    left: Law
    right: Law
    reference: str
    tolerance: float = CLOSE
    has_moments: bool = True


_mp, _sc, _uniform = fs.MarchenkoPastur(), fs.Semicircle(), fs.Uniform(0, 1)
_signs, _half = fs.TwoPoint(-1, 1, HALF), fs.Bernoulli(HALF)
_four = fs.Discrete([-2, 0, 1, 3], [F(1, 8), F(3, 8), F(1, 4), F(1, 4)])


def _ratio_of_wisharts(a: F, b: F) -> Law:
    """``(1 + A^-1 B)^-1`` for Wishart matrices with ``a`` and ``b`` columns per row."""
    first, second = a * fs.MarchenkoPastur(1 / a), b * fs.MarchenkoPastur(1 / b)
    return (first.inverse() @ second + 1).inverse()


def _masked(law: Law, p: F) -> Law:
    return fs.mixture([fs.PointMass(0), law.compress(p)], [1 - p, p])


ADDITIVE = [
    Identity("semicircles", fs.Semicircle(1, 2) + fs.Semicircle(-2, 3), fs.Semicircle(-1, 5), VDN),
    Identity(
        "free Poisson laws",
        fs.FreePoisson(HALF, 2) + fs.FreePoisson(2, 2),
        fs.FreePoisson(F(5, 2), 2),
        VDN,
    ),
    Identity("two coins", _half + _half, fs.Arcsine(0, 2), VDN),
    Identity("two signs", _signs + _signs, fs.Arcsine(-2, 2), VDN),
    Identity(
        "Cauchy laws",
        fs.Cauchy(1, 2) + fs.Cauchy(-3, 1),
        fs.Cauchy(-2, 3),
        "Bercovici & Voiculescu (1993)",
        has_moments=False,
    ),
    Identity("constant", _uniform + fs.PointMass(2), _uniform + 2, "definition"),
    Identity("Kesten-McKay", fs.KestenMcKay(3), _signs.additive_power(3), "Kesten (1959)"),
    Identity(
        "Kesten-McKay, 4/3",
        fs.KestenMcKay(F(4, 3)),
        _signs.additive_power(F(4, 3)),
        "Kesten (1959)",
    ),
    Identity("Kesten-McKay, 2", fs.KestenMcKay(2), fs.Arcsine(-2, 2), "Kesten (1959)"),
    Identity(
        "free binomial",
        fs.FreeBinomial(THIRD, F(5, 2)),
        fs.Bernoulli(THIRD).additive_power(F(5, 2)),
        "Saitoh & Yoshida (2001)",
    ),
    Identity("power 2", _four.additive_power(2), _four + _four, VDN),
    Identity(
        "powers of powers",
        _uniform.additive_power(2).additive_power(F(3, 2)),
        _uniform.additive_power(3),
        "Nica & Speicher (1996)",
    ),
    Identity(
        "power of a sum",
        (_uniform + _signs).additive_power(F(3, 2)),
        _uniform.additive_power(F(3, 2)) + _signs.additive_power(F(3, 2)),
        VDN,
    ),
    Identity("power below 1", fs.Semicircle(2, 2).additive_power(HALF), fs.Semicircle(1, 1), VDN),
    Identity("thinning", fs.CompoundFreePoisson(3, fs.Bernoulli(THIRD)), fs.FreePoisson(1), NS),
    Identity(
        "one jump", fs.CompoundFreePoisson(HALF, fs.PointMass(3)), fs.FreePoisson(HALF, 3), NS
    ),
    Identity("compound of rate 1", fs.CompoundFreePoisson(1, _uniform), _mp @ _uniform, NS),
    Identity(
        "compound of signed jumps",
        fs.CompoundFreePoisson(1, fs.Semicircle(HALF)),
        fs.Semicircle(HALF) @ _mp,
        NS,
    ),
    Identity(
        "compound laws add",
        fs.CompoundFreePoisson(1, _uniform) + fs.CompoundFreePoisson(2, _signs),
        fs.CompoundFreePoisson(3, fs.mixture([_uniform, _signs], [THIRD, F(2, 3)])),
        NS,
    ),
    Identity(
        "repeated eigenvalues",
        fs.Empirical([1, 1, 2]) + _sc,
        fs.Discrete([1, 2], [F(2, 3), THIRD]) + _sc,
        "definition",
    ),
]

MULTIPLICATIVE = [
    Identity("two Wisharts", _mp @ _mp, fs.FussCatalan(2), "Banica et al. (2011)"),
    Identity("three Wisharts", _mp.multiplicative_power(3), fs.Raney(4, 1), "Mlotkowski (2010)"),
    Identity(
        "power 3/2",
        _mp.multiplicative_power(F(3, 2)),
        fs.FussCatalan(F(3, 2)),
        "Banica et al. (2011)",
    ),
    Identity(
        "Fuss-Catalan is Raney", fs.FussCatalan(F(5, 2)), fs.Raney(F(7, 2), 1), "Mlotkowski (2010)"
    ),
    Identity("Raney laws", fs.Raney(3, 2) @ fs.Raney(2, 1), fs.Raney(5, 2), "Mlotkowski (2010)"),
    Identity("masked uniform", fs.Bernoulli(F(2, 3)) @ _uniform, _masked(_uniform, F(2, 3)), NS),
    Identity("masked four points", fs.Bernoulli(F(3, 4)) @ _four, _masked(_four, F(3, 4)), NS),
    Identity("masked semicircle", fs.Bernoulli(THIRD) @ _sc, _masked(_sc, THIRD), NS),
    Identity("scale", _uniform @ fs.PointMass(3), 3 * _uniform, "definition"),
    Identity("negative scale", _four @ fs.PointMass(-2), -2 * _four, "definition"),
    Identity(
        "power 2",
        fs.Wachter(2, 3).multiplicative_power(2),
        fs.Wachter(2, 3) @ fs.Wachter(2, 3),
        VDN,
    ),
    Identity(
        "powers of powers",
        _uniform.multiplicative_power(2).multiplicative_power(F(3, 2)),
        _uniform.multiplicative_power(3),
        "Belinschi & Bercovici (2005)",
    ),
    Identity(
        "square of a symmetric product",
        (_sc @ fs.MarchenkoPastur(HALF)).square(),
        _mp @ fs.MarchenkoPastur(HALF) @ fs.MarchenkoPastur(HALF),
        "Arizmendi & Perez-Abreu (2009)",
        1e-11,
    ),
    Identity(
        "ratio of Wisharts",
        _ratio_of_wisharts(F(5, 2), F(3, 2)),
        fs.Wachter(F(5, 2), F(3, 2)),
        "Wachter (1980)",
        1e-11,
    ),
    Identity(
        "reflected beta", -fs.Wachter(2, F(3, 4)) + 1, fs.Wachter(F(3, 4), 2), "Wachter (1980)"
    ),
]

ONE_LAW = [
    Identity("double negation", -(-_four + 1), _four - 1, "definition"),
    Identity("equilibrium measure", fs.EquilibriumMeasure(HALF, 1), _sc, "Wigner (1958)"),
    Identity("Marchenko-Pastur", _mp, fs.Raney(2, 1), "Mlotkowski (2010)"),
    Identity(
        "inverse of the inverse",
        fs.MarchenkoPastur(HALF).inverse().inverse(),
        fs.MarchenkoPastur(HALF),
        "definition",
    ),
    Identity("square of a semicircle", fs.Semicircle(0, 3).square(), fs.MarchenkoPastur(1, 3), NS),
    Identity(
        "square of an arcsine law", fs.Arcsine(-2, 2).square(), fs.Arcsine(0, 4), "definition"
    ),
    Identity(
        "square of an asymmetric law",
        fs.Uniform(-1, 2).square(),
        fs.mixture([fs.Uniform(-1, 1).square(), fs.Uniform(-2, -1).square()], [F(2, 3), THIRD]),
        "definition",
    ),
    Identity(
        "square of points",
        _four.square(),
        fs.Discrete([0, 1, 4, 9], [F(3, 8), F(1, 4), F(1, 8), F(1, 4)]),
        "definition",
    ),
    Identity(
        "transposed Wishart",
        fs.MarchenkoPastur(HALF).reshape(HALF),
        fs.MarchenkoPastur(2, HALF),
        "Marchenko & Pastur (1967)",
    ),
    Identity("transposed twice", _uniform.reshape(THIRD).reshape(3), _uniform, "definition"),
    Identity(
        "corner of a corner", _four.compress(F(2, 3)).compress(F(3, 4)), _four.compress(HALF), NS
    ),
    Identity("corner of coins", _half.compress(HALF), HALF * fs.Arcsine(0, 2), NS),
    Identity("corner of a semicircle", _sc.compress(THIRD), fs.Semicircle(0, THIRD), NS),
    Identity(
        "Moebius maps compose",
        _uniform.moebius(2, 1, 1, 3).moebius(1, 2, 3, 1),
        _uniform.moebius(4, 7, 7, 6),
        "definition",
    ),
    Identity(
        "Moebius map of an arcsine law",
        fs.Arcsine(1, 4).moebius(0, 4, 1, 0),
        4 * fs.Arcsine(1, 4).inverse(),
        "definition",
    ),
    Identity(
        "mixtures associate",
        fs.mixture([fs.mixture([_sc, _uniform]), _signs], [F(2, 3), THIRD]),
        fs.mixture([_sc, _uniform, _signs]),
        "definition",
    ),
    Identity(
        "mixture of points",
        fs.mixture([_signs, fs.PointMass(0)], [F(2, 3), THIRD]),
        fs.Discrete([-1, 0, 1]),
        "definition",
    ),
    Identity(
        "mixture of intervals",
        fs.mixture([fs.Uniform(0, 1), fs.Uniform(1, 3)], [THIRD, F(2, 3)]),
        fs.Uniform(0, 3),
        "definition",
    ),
]

INVERSE_OPERATIONS = [
    Identity("semicircles", fs.Semicircle(0, 3).additive_deconvolve(_sc), fs.Semicircle(0, 2), VDN),
    Identity(
        "free Poisson laws",
        fs.FreePoisson(3).additive_deconvolve(fs.FreePoisson(1)),
        fs.FreePoisson(2),
        VDN,
    ),
    Identity("a sum", (_uniform + _signs).additive_deconvolve(_signs), _uniform, VDN),
    Identity(
        "a power",
        _uniform.additive_power(3).additive_deconvolve(_uniform),
        _uniform + _uniform,
        VDN,
    ),
    Identity("Wisharts", fs.FussCatalan(3).multiplicative_deconvolve(_mp), fs.FussCatalan(2), VDN),
    Identity(
        "a product",
        (_uniform @ fs.Wachter(2, 3)).multiplicative_deconvolve(fs.Wachter(2, 3)),
        _uniform,
        VDN,
    ),
    Identity(
        "a product with zeros",
        (fs.MarchenkoPastur(2) @ _uniform).multiplicative_deconvolve(_uniform),
        fs.MarchenkoPastur(2),
        VDN,
    ),
]

OTHER_CONVOLUTIONS = [
    Identity(
        "Boolean signs",
        fs.boolean_sum(_signs, _signs),
        fs.TwoPoint(-sympy.sqrt(2), sympy.sqrt(2), HALF),
        "Speicher & Woroudi (1997)",
    ),
    Identity(
        "Boolean associativity",
        fs.boolean_sum(fs.boolean_sum(_sc, _uniform), _signs),
        fs.boolean_sum(_sc, _uniform, _signs),
        "Speicher & Woroudi (1997)",
        1e-11,
    ),
    Identity(
        "Boolean sum of semicircles",
        fs.boolean_sum(_sc, _sc),
        fs.from_cauchy_transform(
            1 / sympy.sqrt(sympy.Symbol("z") - 2) / sympy.sqrt(sympy.Symbol("z") + 2)
        ),
        "Speicher & Woroudi (1997)",
        1e-11,
    ),
    Identity(
        "monotone arcsine laws",
        fs.monotone(fs.Arcsine(-3, 3), fs.Arcsine(-4, 4)),
        fs.Arcsine(-5, 5),
        "Muraki (2001)",
        1e-11,
    ),
    Identity(
        "monotone shift", fs.monotone(_uniform, fs.PointMass(2)), _uniform + 2, "Muraki (2001)"
    ),
    Identity(
        "monotone associativity",
        fs.monotone(fs.monotone(_sc, _uniform), fs.Arcsine()),
        fs.monotone(_sc, fs.monotone(_uniform, fs.Arcsine())),
        "Muraki (2001)",
        1e-11,
    ),
    Identity(
        "rectangular noise",
        fs.rectangular_sum(fs.MarchenkoPastur(HALF, 1), fs.MarchenkoPastur(HALF, 2), ratio=HALF),
        fs.MarchenkoPastur(HALF, 3),
        "Benaych-Georges (2009)",
    ),
    Identity(
        "noise alone",
        fs.noncentral_wishart(fs.PointMass(0), 2, THIRD),
        fs.MarchenkoPastur(THIRD, 2),
        "Dozier & Silverstein (2007)",
    ),
    Identity(
        "square singular values, semicircle",
        fs.rectangular_sum(_signs.square(), _sc.square()),
        (_signs + _sc).square(),
        "Benaych-Georges (2009)",
        1e-11,
    ),
    Identity(
        "square singular values, three points",
        fs.rectangular_sum(fs.Discrete([-1, 0, 1]).square(), fs.Uniform(-2, 2).square()),
        (fs.Discrete([-1, 0, 1]) + fs.Uniform(-2, 2)).square(),
        "Benaych-Georges (2009)",
        1e-11,
    ),
    Identity(
        "rectangular associativity",
        fs.rectangular_sum(fs.rectangular_sum(_uniform, _half, ratio=HALF), _mp, ratio=HALF),
        fs.rectangular_sum(_uniform, _half, _mp, ratio=HALF),
        "Benaych-Georges (2009)",
        1e-11,
    ),
]

IDENTITIES = [
    *(("additive", row) for row in ADDITIVE),
    *(("multiplicative", row) for row in MULTIPLICATIVE),
    *(("one law", row) for row in ONE_LAW),
    *(("inverse operations", row) for row in INVERSE_OPERATIONS),
    *(("other convolutions", row) for row in OTHER_CONVOLUTIONS),
]
