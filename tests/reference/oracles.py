"""Independent methods: subordination sweeps, polynomial roots, continuation of S-transforms.

Nothing here uses the engine: laws are read as data.  ``cauchy_transform`` evaluates any
expression in the upper half-plane by fixed-point sweeps (Belinschi & Bercovici 2007; for
rectangular sums the subordination of the Hermitisation over diagonal 2 x 2 matrices), from
closed forms of the leaves' transforms.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import lru_cache
from typing import Any

import mpmath as mp
import numpy as np
from numpy.typing import NDArray

import freesym as fs
from freesym import Law, operations

Complex = NDArray[np.complex128]
Transform = Callable[[Complex], Complex]


def sqrt_cut(z: Any, a: float, b: float) -> Any:
    """``sqrt((z - a)(z - b))``, like ``z`` at infinity, with the cut ``[a, b]``."""
    return np.sqrt(z - a) * np.sqrt(z - b)


# --------------------------------------------------------------------- leaves


def _marchenko_pastur(w: Complex, c: float, s: float) -> Complex:
    a, b = s * (1 - math.sqrt(c)) ** 2, s * (1 + math.sqrt(c)) ** 2
    return (w + s * (c - 1) - sqrt_cut(w, a, b)) / (2 * c * s * w)


def _free_binomial(w: Complex, p: float, t: float) -> Complex:
    ends = [(math.sqrt((t - 1) * p) + sign * math.sqrt(1 - p)) ** 2 for sign in (-1, 1)]
    linear = w * (t - 2) + t - p * t * t
    return (t * sqrt_cut(w, *ends) - linear) / (2 * w * (w - t))


def _wachter(w: Complex, a: float, b: float) -> Complex:
    root = [math.sqrt(a * (a + b - 1)) + sign * math.sqrt(b) for sign in (-1, 1)]
    ends = [(r / (a + b)) ** 2 for r in root]
    psi = ((a + b) * (sqrt_cut(w, *ends) - w) + 1 + a) / (2 * (w - 1))
    return (1 + psi) / w


def _raney(w: Complex, p: float, r: float) -> Complex:
    """``w = s^p/(s - 1)``, ``1 + psi = s^r``, continued along the ray from infinity."""
    far = 1e3 * p**p / max(p - 1, 0.5) ** (p - 1)
    start = np.maximum(far / np.abs(w), 1.0)
    s = 1 + 1 / (w * start)
    for share in np.linspace(1, 0, 30):
        target = np.log(w * start**share)
        for _ in range(4 if share else 12):
            value = p * np.log(s) - np.log(s - 1) - target
            value -= 2j * np.pi * np.round(value.imag / (2 * np.pi))
            s = s - value / (p / s - 1 / (s - 1))
    return s**r / w


def _equilibrium(w: Complex, t: float, m: int) -> Complex:
    """The density ``h(x) sqrt(a^2 - x^2)/pi``, by the quadrature rule of its weight."""
    ratios = np.cumprod([1.0, *((2 * k - 1) / (2 * k) for k in range(1, m + 1))])
    square = (1 / (m * t * ratios[m])) ** (1 / m)
    angles = np.arange(1, 400) * np.pi / 400
    x = math.sqrt(square) * np.cos(angles)
    h = m * t * sum(ratios[k] * square**k * x ** (2 * m - 2 - 2 * k) for k in range(m))
    return (square / 400 * np.sin(angles) ** 2 * h / (w[:, None] - x)).sum(axis=1)


def _points(law: Law) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    match law:
        case fs.PointMass():
            pairs = {law.a: 1}
        case fs.Bernoulli():
            pairs = {0: 1 - law.p, 1: law.p}
        case fs.TwoPoint():
            pairs = {law.a: 1 - law.p, law.b: law.p}
        case fs.Empirical():
            values = np.asarray(law.eigenvalues)
            return values, np.full(len(values), 1 / len(values))
        case fs.Discrete():
            assert law.weights is not None
            pairs = dict(zip(law.points, law.weights, strict=True))
        case _:
            return _quadrature(law)
    return np.array([float(a) for a in pairs]), np.array([float(m) for m in pairs.values()])


@lru_cache(maxsize=64)
def _quadrature(law: Law) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Nodes and weights of a pushforward."""
    from sympy import lambdify

    if not isinstance(law, fs.Pushforward):
        raise NotImplementedError(f"no second method for {law!r}")
    (symbol,) = law.function.free_symbols
    function = lambdify(symbol, law.function, "numpy")
    if law.base == "uniform":
        x, weights = np.polynomial.legendre.leggauss(400)
        return function(0.5 + 0.5 * x), 0.5 * weights
    x, step = np.linspace(-9, 9, 4001, retstep=True)
    return function(x), step * np.exp(-0.5 * x * x) / math.sqrt(2 * math.pi)


def leaf_transform(law: Law, w: Complex) -> Complex:
    """``G`` of a leaf in the upper half-plane, from its closed form."""
    match law:
        case fs.Semicircle():
            m, v = float(law.mean()), float(law.variance())
            r = 2 * math.sqrt(v)
            return (w - m - sqrt_cut(w, m - r, m + r)) / (2 * v)
        case fs.MarchenkoPastur():
            return _marchenko_pastur(w, float(law.ratio), float(law.scale))
        case fs.FreePoisson():
            rate, jump = float(law.rate), float(law.jump)
            return _marchenko_pastur(w, 1 / rate, rate * jump)
        case fs.Uniform():
            a, b = float(law.a), float(law.b)
            return np.log((w - a) / (w - b)) / (b - a)
        case fs.Arcsine():
            return 1 / sqrt_cut(w, float(law.a), float(law.b))
        case fs.KestenMcKay():
            d = float(law.d)
            r = 2 * math.sqrt(d - 1)
            return ((2 - d) * w + d * sqrt_cut(w, -r, r)) / (2 * (w * w - d * d))
        case fs.Wachter():
            return _wachter(w, float(law.a), float(law.b))
        case fs.FreeBinomial():
            return _free_binomial(w, float(law.p), float(law.t))
        case fs.FussCatalan():
            return _raney(w, float(law.s) + 1, 1.0)
        case fs.Raney():
            return _raney(w, float(law.p), float(law.r))
        case fs.Cauchy():
            return 1 / (w - float(law.location) + 1j * float(law.scale))
        case fs.EquilibriumMeasure():
            return _equilibrium(w, float(law.t), int(law._degree))
    points, weights = _points(law)
    return (weights / (w[:, None] - points)).sum(axis=1)


# --------------------------------------------------------------------- expressions


class Sweeps:
    """Fixed-point sweeps over an expression at an array of points with ``Im z > 0``."""

    def __init__(self, law: Law) -> None:
        self.law = law
        self.memory: dict[tuple[int, ...], list[Complex]] = {}

    def solve(self, z: Complex, *, tolerance: float = 1e-13, sweeps: int = 1500) -> Complex:
        """``G`` where the sweeps have settled, NaN elsewhere."""
        before = np.full(z.shape, np.inf, dtype=complex)
        with np.errstate(all="ignore"):
            for _ in range(sweeps):
                g = self.visit(self.law, (), z)
                moved = np.abs(g - before) > tolerance * np.abs(g)
                if not moved.any():
                    break
                before = g
        return np.where(moved, complex("nan"), g)

    def visit(self, law: Law, path: tuple[int, ...], w: Complex) -> Complex:
        """``G`` at ``w``, in either half-plane."""
        below = w.imag < 0
        g = self._upper(law, path, np.where(below, w.conj(), w))
        return np.where(below, g.conj(), g)

    def _children(self, laws: tuple[Law, ...], path: tuple[int, ...], w: list[Complex]) -> Any:
        return [self.visit(law, (*path, i), w[i]) for i, law in enumerate(laws)]

    def _upper(self, law: Law, path: tuple[int, ...], w: Complex) -> Complex:
        def child(v: Complex, index: int = 0) -> Complex:
            return self.visit(law.law, (*path, index), v)  # type: ignore[attr-defined]

        match law:
            case operations.Affine():
                a, b = float(law.scale), float(law.shift)
                return child((w - b) / a) / a
            case operations.FreeSum():
                return self._additive(law.terms, (1.0,) * len(law.terms), path, w)
            case operations.AdditivePower():
                return self._additive((law.law,), (float(law.t),), path, w)
            case operations.Compression():
                p = float(law.p)
                return self._additive((law.law,), (1 / p,), path, w / p) / p
            case operations.FreeProduct():
                return self._multiplicative(law.factors, (1.0,) * len(law.factors), path, w)
            case operations.MultiplicativePower():
                return self._multiplicative((law.law,), (float(law.t),), path, w)
            case operations.Inverse():
                return (1 - child(1 / w) / w) / w
            case operations.Square():
                root = np.sqrt(w)
                return (child(root) - child(-root, 1)) / (2 * root)
            case operations.Reshape():
                r = float(law.ratio)
                return r * child(w) + (1 - r) / w
            case operations.Mixture():
                parts = self._children(law.laws, path, [w] * len(law.laws))
                return sum(float(p) * g for p, g in zip(law.weights, parts, strict=True))
            case operations.BooleanSum():
                parts = self._children(law.laws, path, [w] * len(law.laws))
                return 1 / (sum(1 / g - w for g in parts) + w)
            case operations.MonotoneConvolution():
                inner = self.visit(law.second, (*path, 0), w)
                return self.visit(law.first, (*path, 1), 1 / inner)
            case operations.RectangularSum():
                return self._rectangular(law, path, w)
            case fs.CompoundFreePoisson():
                return self._compound(law, path, w)
            case operations.AdditiveDeconvolution() | operations.MultiplicativeDeconvolution():
                return self.visit(_undone(law), (*path, 0), w)
        return leaf_transform(law, w)

    def _additive(
        self, terms: tuple[Law, ...], powers: tuple[float, ...], path: tuple[int, ...], w: Complex
    ) -> Complex:
        targets = self.memory.setdefault(path, [w] * len(terms))
        parts = self._children(terms, path, targets)
        h = [1 / g - v for g, v in zip(parts, targets, strict=True)]
        total = sum(t * hi for t, hi in zip(powers, h, strict=True))
        self.memory[path] = [w + total - hi for hi in h]
        return 1 / (w + total)

    def _multiplicative(
        self, factors: tuple[Law, ...], powers: tuple[float, ...], path: tuple[int, ...], w: Complex
    ) -> Complex:
        """In ``x = 1/w`` with ``eta = 1 - x/G`` and ``h = eta(x)/x``."""
        targets = self.memory.setdefault(path, [w] * len(factors))
        parts = self._children(factors, path, targets)
        h = [v - 1 / g for g, v in zip(parts, targets, strict=True)]
        product = np.prod([hi**t for t, hi in zip(powers, h, strict=True)], axis=0)
        self.memory[path] = [w * hi / product for hi in h]
        return 1 / (w - product)

    def _rectangular(self, law: Any, path: tuple[int, ...], w: Complex) -> Complex:
        c, root = float(law.ratio), np.sqrt(w)
        n = len(law.laws)
        targets = self.memory.setdefault(path, [root] * (2 * n))
        left, right = targets[:n], targets[n:]
        at = [a * b for a, b in zip(left, right, strict=True)]
        parts = self._children(law.laws, path, at)
        h = [1 / (b * g) - a for g, a, b in zip(parts, left, right, strict=True)]
        k = [b / (1 + c * (v * g - 1)) - b for g, v, b in zip(parts, at, right, strict=True)]
        self.memory[path] = [root + sum(h) - x for x in h] + [root + sum(k) - x for x in k]
        return 1 / (root * (root + sum(h)))

    def _compound(self, law: Any, path: tuple[int, ...], w: Complex) -> Complex:
        (target,) = self.memory.setdefault(path, [w])
        g = self.visit(law.jumps, (*path, 0), target)
        inner = w - float(law.rate) * target * (target * g - 1)
        self.memory[path] = [inner]
        return 1 / inner


def _undone(law: Any) -> Law:
    """The law that is left where a convolution is undone by one of its own operands."""
    operands = law.law.terms if isinstance(law.law, operations.FreeSum) else law.law.factors
    taken = getattr(law.other, "terms", None) or getattr(law.other, "factors", None)
    last = len(taken) if taken and operands[-len(taken) :] == taken else 1
    assert last > 1 or operands[-1] == law.other
    rest = operands[:-last]
    join = fs.free_sum if isinstance(law.law, operations.FreeSum) else fs.free_product
    return join(*rest)


def cauchy_transform(law: Law, z: Complex) -> Complex:
    """``G`` by sweeps; NaN where they do not settle."""
    return Sweeps(law).solve(np.asarray(z, dtype=complex))


# --------------------------------------------------------------------- algebraic laws on the line


def lower_root(coefficients: list[Any]) -> complex:
    """The only zero of a real polynomial in the lower half-plane, 0 if there is none."""
    roots = mp.polyroots(coefficients, maxsteps=500, extraprec=200)
    below = [r for r in roots if mp.im(r) < -(mp.mpf(10) ** (-mp.mp.dps // 2))]
    assert len(below) <= 1, "the half-plane does not single out a root"
    return complex(below[0]) if below else 0j


def density_semicircle_plus_marchenko_pastur(v: Any, c: Any, s: Any, x: Any) -> float:
    """``x = v g + s/(1 - c s g) + 1/g``."""
    k = c * s
    g = lower_root([-k * v, v + k * x, s - x - k, 1])
    return -g.imag / math.pi


def density_semicircle_plus_two_points(v: Any, a: Any, b: Any, p: Any, x: Any) -> float:
    """``g = (1 - p)/(x - v g - a) + p/(x - v g - b)``."""
    y, q = x - a, x - b
    # g (y - v g)(q - v g) = (1 - p)(q - v g) + p (y - v g)
    g = lower_root([v * v, -v * (y + q), y * q + v, -(1 - p) * q - p * y])
    return -g.imag / math.pi


def density_product_of_marchenko_pastur(c1: Any, c2: Any, x: Any) -> float:
    """``(1 + u)(1 + c1 u)(1 + c2 u) = x u`` with ``Im u < 0``."""
    u = lower_root([c1 * c2, c1 + c2 + c1 * c2, 1 + c1 + c2 - x, 1])
    return -u.imag / (math.pi * float(x))


def density_marchenko_pastur_of_two_points(c: Any, a: Any, b: Any, p: Any, x: Any) -> float:
    """``MP(c) @ {a, b}``: Silverstein's equation, a cubic in the companion transform.

    ``1/m = -x + (1/c) E[t/(1 + t m)]`` for ``m = -(companion of G)``, scaled by ``1/c``.
    """
    # companion G~ = (1 - 1/c)/x + G/c of X^T X, in units where X X^T/m has ratio c
    # m = -G~ solves  x = -1/m + (1/c') E[t/(1 + t m)]  with c' = 1/c and t scaled by 1
    q = 1 - p
    # m (1 + a m)(1 + b m)(x) + (1 + a m)(1 + b m) - c m (q a (1 + b m) + p b (1 + a m)) = 0
    cubic = x * a * b
    square = x * (a + b) + a * b - c * a * b
    linear = x + a + b - c * (q * a + p * b)
    m = lower_root([cubic, square, linear, 1]).conjugate()
    return m.imag / (math.pi * float(c))


def density_from_s_transform(
    log_s: Callable[[Any], Any], slope: Callable[[Any], Any], mean: float, x: float
) -> float:
    """Continuation of ``u - log(1+u) + log S(u) = -log z`` in logarithms from far above ``x``."""
    far = mp.mpf(10) ** 4 * max(1, mean)
    u = mean / mp.mpc(x, far)
    heights = [far * mp.mpf(10) ** (-mp.mpf(k) / 20) for k in range(320)] + [mp.mpf(0)]
    for y in heights:
        z = mp.mpc(x, y)
        for _ in range(60):
            f = mp.log(u) - mp.log(1 + u) + log_s(u) + mp.log(z)
            f -= 2j * mp.pi * mp.nint(f.imag / (2 * mp.pi))
            step = f / (1 / u - 1 / (1 + u) + slope(u))
            u -= step * min(1, abs(u) / (4 * abs(step))) if step else 0
            if abs(step) < mp.eps * 1000 * abs(u):
                break
    return float(-u.imag / (mp.pi * x))
