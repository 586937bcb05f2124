"""Laws with closed and with implicit transforms, and where to compare them."""

from __future__ import annotations

from fractions import Fraction as F

import mpmath
import numpy as np
import sympy

import freesym as fs
from freesym.transforms.precision import number

z, w, m, x = sympy.symbols("z w m x")
a, b, c, d, p, q, t, v = sympy.symbols("a b c d p q t v", positive=True)
mu = sympy.Symbol("mu", real=True)
HALF = F(1, 2)

CLOSED = {
    "point": fs.PointMass(F(3, 2)),
    "semicircle": fs.Semicircle(F(1, 3), 2),
    "marchenko-pastur": fs.MarchenkoPastur(HALF),
    "marchenko-pastur with an atom": fs.MarchenkoPastur(3, 2),
    "marchenko-pastur at the hard edge": fs.MarchenkoPastur(1),
    "free poisson": fs.FreePoisson(F(2, 3), -2),
    "compound": fs.CompoundFreePoisson(2, fs.Bernoulli(F(1, 3))),
    "bernoulli": fs.Bernoulli(F(3, 10)),
    "two points": fs.TwoPoint(-1, 2, F(1, 3)),
    "discrete": fs.Discrete([0, 1, 3, 7]),
    "uniform": fs.Uniform(-1, 2),
    "arcsine": fs.Arcsine(1, 4),
    "kesten-mckay": fs.KestenMcKay(3),
    "kesten-mckay with atoms": fs.KestenMcKay(F(3, 2)),
    "wachter": fs.Wachter(F(5, 2), F(3, 2)),
    "wachter with atoms": fs.Wachter(HALF, F(3, 4)),
    "free binomial": fs.FreeBinomial(F(1, 3), F(5, 2)),
    "cauchy": fs.Cauchy(1, 2),
    "equilibrium": fs.EquilibriumMeasure(1, 2),
    "moments": fs.MomentLaw([0, 1, 0, 3]),
    "from cauchy": fs.Law.from_cauchy_transform((z - sympy.sqrt(z - 2) * sympy.sqrt(z + 2)) / 2),
    "from r": fs.Law.from_r_transform(1 / (1 - w / 2)),
    "from s": fs.Law.from_s_transform(1 / (1 + m / 3)),
    "projections": fs.Bernoulli(F(1, 3)) + fs.Bernoulli(F(3, 4)),
    "product of projections": fs.Bernoulli(F(1, 3)) @ fs.Bernoulli(F(3, 4)),
    "mp times bernoulli": fs.MarchenkoPastur(F(1, 3)) @ fs.Bernoulli(HALF),
    "compression": fs.MarchenkoPastur(2).compress(F(1, 3)),
    "inverse": fs.MarchenkoPastur(HALF).inverse(),
    "square": fs.Semicircle().square(),
    "reshape": fs.MarchenkoPastur(3).reshape(2),
    "reflected": -2 * fs.MarchenkoPastur(2) + 3,
    "mixture": fs.mixture([fs.Semicircle(), fs.MarchenkoPastur(2)]),
    "boolean": fs.boolean_sum(fs.Semicircle(), fs.Bernoulli(F(1, 3))),
    "monotone": fs.monotone(fs.Semicircle(), fs.Uniform(0, 1)),
    "fuss-catalan": fs.FussCatalan(2),
    "raney": fs.Raney(3, 2),
    "with cauchy": fs.Cauchy() + fs.MarchenkoPastur(2),
    "uniform with cauchy": fs.Cauchy() + fs.Uniform(0, 1),
}
IMPLICIT = {
    "fuss-catalan": fs.FussCatalan(3),
    "raney": fs.Raney(F(5, 2), F(3, 2)),
    "cubic": fs.MarchenkoPastur(HALF) + fs.Semicircle(),
    "uniform sum": fs.Uniform(0, 1) + fs.Semicircle(),
    "pushforward": fs.Pushforward(x**2),
    "density": fs.Law.from_density(2 * x, (0, 1)),
}
SYMBOLIC = {
    "semicircle": fs.Semicircle(mu, v),
    "marchenko-pastur": fs.MarchenkoPastur(c, v),
    "bernoulli": fs.Bernoulli(p),
    "two points": fs.TwoPoint(a, b, p),
    "mp times bernoulli": fs.MarchenkoPastur(c) @ fs.Bernoulli(p),
    "wachter": fs.Wachter(a, b),
    "kesten-mckay": fs.KestenMcKay(d),
    "free binomial": fs.FreeBinomial(p, t),
    "projections": fs.Bernoulli(p) + fs.Bernoulli(q),
    "product of projections": fs.Bernoulli(p) @ fs.Bernoulli(q),
    "compression": fs.MarchenkoPastur(c).compress(p),
    "arcsine": fs.Arcsine(mu, mu + v),
    "uniform": fs.Uniform(mu, mu + v),
    "compound": fs.CompoundFreePoisson(v, fs.Bernoulli(p)),
    "free poisson": fs.FreePoisson(v, 2),
}
#: Values of both kinds for every symbol: on either side of 1, and of 0 for ``mu``.
VALUES = (
    {a: HALF, b: F(7, 3), c: F(2, 7), d: F(3, 2), p: F(1, 4), q: F(2, 3), t: F(6, 5), v: 2, mu: -3},
    {a: 3, b: F(3, 5), c: 5, d: 6, p: F(4, 5), q: F(8, 9), t: 4, v: F(1, 3), mu: F(1, 2)},
)  # fmt: skip


def at(expression, point, values=None, digits=40):
    """The value of an expression at a complex number, rounded at the end."""
    with mpmath.workdps(digits):
        known = {
            s: mpmath.mpf(sympy.Rational(r).p) / sympy.Rational(r).q
            for s, r in (values or {}).items()
        }
        return complex(number(expression, {**known, point[0]: mpmath.mpc(point[1])}))


def grid(law):
    """Points of the upper half-plane: over the support, close to it, and far on both sides.

    A law given by its Cauchy transform is solved by that formula, which cancels far away.
    """
    known = [e for i in law.support() for e in i if np.isfinite(e)] or [-3.0, 5.0]
    low, high = min(known), max(known) + (max(known) == min(known))
    width = high - low
    inside = low + width * np.array([-0.61, -0.02, 0.013, 0.29, 0.52, 0.83, 0.991, 1.04, 1.7])
    heights = width * np.array([1e-7, 1e-3, 0.2, 2.0])
    near = (inside[:, None] + 1j * heights).ravel()
    far = np.array([-1e4 + 1j, 1e4 + 1e-3j, 1e3j, -80 + 40j]) * width
    return near if isinstance(law, fs.CauchyTransformLaw) else np.concatenate([near, far])
