"""Statements about the transforms of a law and its moments."""

from __future__ import annotations

import math
from fractions import Fraction
from itertools import combinations, pairwise
from typing import Any

import numpy as np

from freesym.errors import ConvergenceError, UnsupportedOperationError
from freesym.testing import quadrature
from freesym.testing.subject import Failed, Skipped, Subject, known, number

#: Values away from the axis keep twelve digits; two of them are compared.
CLOSE = 1e-10
#: An edge is known to 1e-11 of the width; (x - a)^(-1/2) integrates that to 3e-6.
INTEGRAL = 5e-6
#: Up to here sums run over all partitions, above by Speicher's recursion.
ORDER, HIGHEST = 6, 12


def half_plane(s: Subject) -> None:
    """``G`` maps the upper half-plane to the lower one, ``Im 1/G(z) >= Im z``."""
    z, g = s.ask(s.law.G, s.upper)
    if not (g.imag < 0).all():
        k = int(np.argmax(g.imag))
        raise Failed(
            f"Im G(z) = {g[k].imag!r} at z = {complex(z[k])!r} is not negative", g[k].imag, 0
        )
    rise = (1 / g).imag / z.imag
    s.close("Im 1/G(z) below Im z", z, np.minimum(rise, 1.0), np.ones(len(z)), 1e-8)


def reflection(s: Subject) -> None:
    """``G(conj z) = conj G(z)``."""
    z, g = s.ask(s.law.G, s.upper)
    _, mirrored = s.ask(s.law.G, z.conj())
    s.close("G at the conjugate", z, mirrored, g.conj(), 1e-13 * np.abs(g))


def asymptotics(s: Subject) -> None:
    """``z G(z)`` tends to 1 at infinity, as ``1 + m_1/z + m_2/z^2`` where there are moments."""
    directions = np.exp(1j * np.array([0.3, 1.5, 2.9]))
    if not s.has_moments:
        points = s.centre + s.spread * np.multiply.outer([1e8, 1e16], directions).ravel()
        z, g = s.ask(s.law.G, points)
        if len(z) < len(points):
            raise Skipped("a point far away has no verified value")
        near, far = np.split((z - s.centre) * g, 2)
        # long tails come down slowly
        allowed = 1e-6 + 2 * np.abs(far - near)
        s.close("(z - median) G(z)", z[3:], far, np.ones(3), allowed)
        return
    size = max(abs(s.hull[0]), abs(s.hull[1])) if s.compact else 1e3 * s.width
    z, g = s.ask(s.law.G, s.mean + 1e4 * (size + s.width) * directions)
    m = [float(x) for x in s.moments(3)]
    series = sum(m[k] * (1 / z) ** (k + 1) for k in range(4))
    s.close("G(z) against 1/z + m_1/z^2 + ...", z, g, series, CLOSE * np.abs(g))


def _contour_moments(s: Subject, n: int) -> Any:
    """``m_k`` by a circle around the support: ``z^k G(z)`` integrated over it."""
    low, high = s.hull
    centre, radius = 0.5 * (low + high), 1.5 * s.width
    angles = (np.arange(64) + 0.5) * math.pi / 64
    z = centre + radius * np.exp(1j * angles)
    kept, g = s.ask(s.law.G, z)
    if len(kept) < len(z):
        raise Skipped("a point of the contour has no verified value")
    steps = (z - centre) * g / 64
    return np.array([(z**k * steps).sum().real for k in range(n + 1)]), radius + abs(centre)


def moments_of_the_transform(s: Subject) -> None:
    """The coefficients of ``G`` at infinity, by a contour, are the moments."""
    expected = [float(m) for m in s.moments(HIGHEST)]
    if not s.compact:
        raise Skipped("the support is not bounded")
    found, size = _contour_moments(s, HIGHEST)
    allowed = [1e-11 * size**k for k in range(HIGHEST + 1)]
    s.close("the moment of order", np.arange(HIGHEST + 1), found, expected, allowed)


def moments_of_the_potential(s: Subject) -> None:
    """``E log|x - X| = log|x| - sum m_k/(k x^k)`` far away."""
    m = [float(x) for x in s.moments(8)]
    if not s.compact:
        raise Skipped("the support is not bounded")
    size = max(abs(x) for x in s.hull) or 1.0
    points = 60 * size * np.array([-1.0, 1.0])
    x, u = s.ask(s.law.log_potential, points)
    series = np.log(np.abs(x)) - sum(m[k] / (k * x**k) for k in range(1, 9))
    s.close("the log-potential", x, u, series, CLOSE * (1 + np.abs(series)))


def moments_of_the_density(s: Subject) -> None:
    """The integrals of ``x^k`` over density and atoms are the moments."""
    expected = np.array([float(m) for m in s.moments(4)])
    if not s.compact:
        raise Skipped("the support is not bounded")
    try:
        found = quadrature.moments(s.law, 4)
    except ConvergenceError as error:
        raise Skipped(f"the density has no verified value at a node: {error}") from error
    scale = _scales(expected)
    if (found.errors > 0.01 * scale).any():
        raise Skipped("the density is too rough for the quadrature")
    allowed = INTEGRAL * scale + 100 * found.errors
    s.close("the moment of order", np.arange(5), found.values, expected, allowed)


def _scales(m: Any) -> Any:
    """Sizes of moments: ``(E X^4)^(k/4)``."""
    return np.array([max(abs(m[4]), 1e-300) ** (k / 4) for k in range(5)])


def non_crossing_partitions(n: int) -> list[tuple[tuple[int, ...], ...]]:
    """All non-crossing partitions of ``1, ..., n``, by the block of 1.

    Examples
    --------
    >>> [len(non_crossing_partitions(n)) for n in range(6)]
    [1, 1, 2, 5, 14, 42]
    """
    return [tuple(blocks) for blocks in _non_crossing(tuple(range(1, n + 1)))]


def _non_crossing(items: tuple[int, ...]) -> list[list[tuple[int, ...]]]:
    if not items:
        return [[]]
    found = []
    first, rest = items[0], items[1:]
    for k in range(len(rest) + 1):
        for others in combinations(range(len(rest)), k):
            # between two members of the block of 1 lies a partition of its own
            cuts = [-1, *others, len(rest)]
            pieces = [rest[a + 1 : b] for a, b in pairwise(cuts)]
            block = (first, *(rest[i] for i in others))
            partial: list[list[tuple[int, ...]]] = [[block]]
            for piece in pieces:
                partial = [p + q for p in partial for q in _non_crossing(piece)]
            found += partial
    return found


def cumulants(s: Subject) -> None:
    """Moments are sums over non-crossing partitions of products of free cumulants."""
    exact = [*s.moments(HIGHEST), *s.law.free_cumulants(HIGHEST)]
    if len(exact) != 2 * HIGHEST + 1:
        raise Failed(f"free_cumulants({HIGHEST}) gives {len(exact) - HIGHEST - 1} numbers")
    values = list(map(number, exact))
    m, k = values[: HIGHEST + 1], [0, *values[HIGHEST + 1 :]]
    slack = 0.0 if all(isinstance(v, (int, Fraction)) for v in exact) else 1e-11
    size = max(float(abs(m[n])) ** (1 / n) for n in range(2, HIGHEST + 1, 2)) + abs(float(m[1]))
    for n in range(1, HIGHEST + 1):
        total = _by_partitions(k, n) if n <= ORDER else _by_recursion(k, m, n)
        gap, allowed = abs(float(total - m[n])), slack * size**n
        if total != m[n] and not gap <= allowed:
            raise Failed(f"m_{n} = {m[n]}, but its free cumulants give {total}", gap, allowed)


def _by_partitions(k: list[Any], n: int) -> Any:
    return sum(math.prod(k[len(block)] for block in p) for p in non_crossing_partitions(n))


def _by_recursion(k: list[Any], m: list[Any], n: int) -> Any:
    """``m_n = sum_s k_s sum m_i1 ... m_is`` over ``i1 + ... + is = n - s``.

    R. Speicher, Math. Ann. 298 (1994) 611, by the block of 1.
    """
    total: Any = 0
    power = [1] + [0] * n
    for s in range(1, n + 1):
        power = [sum(power[i] * m[j - i] for i in range(j + 1)) for j in range(n - s + 1)]
        total += k[s] * power[n - s]
    return total


def relations(s: Subject) -> None:
    """``M(1/z) = z G(z) - 1``, ``R(G(z)) = z - 1/G(z)``, ``S(M) = (1 + M)/(M z)`` far away."""
    z, g = s.ask(s.law.G, s.upper)
    _, m = s.ask(s.law.M, 1 / z)
    allowed = CLOSE * (1 + np.abs(z * g)) + np.abs(z) * s.rounding(z, g)
    s.close("M(1/z) against z G(z) - 1", z, m, z * g - 1, allowed)
    if not s.compact:
        return
    low, high = s.hull
    size = max(abs(low), abs(high)) or 1.0
    directions = np.exp(1j * np.array([0.7, 1.6, 2.5]))
    far = 20 * size * directions
    # the inverse of G exists for |z - c| > 2 r (R. Speicher's lectures use 4 r), and along the
    # axis outside of the support
    near = 0.5 * (low + high) + 1.25 * s.width * directions
    beside = s.width * np.array([0.02, 0.1, 0.3])
    z, g = s.ask(s.law.G, np.concatenate([far, near, low - beside, high + beside]))
    r = np.asarray(known(lambda: s.law.R(g), UnsupportedOperationError, ConvergenceError))
    s.close("R(G(z)) against z - 1/G(z)", z, r, z - 1 / g, CLOSE * np.abs(z))
    if s.law.is_positive and s.mean > 0:
        z = -np.append(size * np.array([1.0, 10.0]), beside)
        z, m = s.ask(lambda z: s.law.M(1 / z), z)
        chi = np.asarray(known(lambda: s.law.S(m), UnsupportedOperationError, ConvergenceError))
        s.close("S(M) against (1 + M)/(M z)", z, chi, (1 + m) / (m * z), 1e-8 * np.abs(chi))
    if abs(s.mean) < 1e-4 * size:
        return
    # that of psi exists for |z| > 8 E X^2/|E X|, where its second term is small
    beyond = max(20 * size, 16 * float(s.law.moment(2)) / abs(s.mean))
    z, g = s.ask(s.law.G, beyond / (20 * size) * far)
    _, m = s.ask(s.law.M, 1 / z)
    chi = np.asarray(known(lambda: s.law.S(m), UnsupportedOperationError, ConvergenceError))
    s.close("S(M) against (1 + M)/(M z)", z, chi, (1 + m) / (m * z), 1e-8 * np.abs(chi))


def scaling(s: Subject) -> None:
    """``2 X - b``, ``-X``: transforms, cumulants, distribution functions move as they must."""
    shift = 3 * s.unit
    b, name = float(shift), f"2 X - {shift}"
    moved = 2 * s.law - shift
    z, g = s.ask(s.law.G, s.upper)
    _, there = s.ask(moved.G, 2 * z - b)
    allowed = CLOSE * np.abs(g) + s.rounding(z, g) * (1 + b / np.abs(z))
    s.close(f"G of {name}", z, 2 * there, g, allowed)
    _, back = s.ask((-s.law).G, -z.conj())
    s.close("G of -X", z, -back.conj(), g, CLOSE * np.abs(g))
    x, cdf = s.ask(s.law.cdf, s.line)
    _, same = s.ask(moved.cdf, 2 * x - b)
    _, rho = s.ask(s.law.density, x)
    s.close(f"the cdf of {name} at the image of the place", x, same, cdf, 1e-9 + s.blur * rho)
    if not s.has_moments:
        return
    k, moved_k = s.law.free_cumulants(4), moved.free_cumulants(4)
    expected = [float(2 ** (n + 1) * v - (shift if n == 0 else 0)) for n, v in enumerate(k)]
    sizes = [1e-10 * (b + 2 * abs(s.mean) + 2 * s.width) ** n for n in range(1, 5)]
    s.close(f"the free cumulant of {name} of order", np.arange(1, 5),
            [float(v) for v in moved_k], expected, sizes)  # fmt: skip
