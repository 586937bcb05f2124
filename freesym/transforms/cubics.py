"""Zeros of cubic polynomials by Cardano's formula, where its roots are right on a half-plane.

The square root in it is a product of roots with real branch points.  The cube root is that of
a function that has no zeros on the upper half-plane and whose argument there stays in an
interval shorter than a whole turn: the argument is harmonic, so its values on the real line
and far away decide.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import sympy
from numpy.typing import NDArray

from freesym.transforms.branches import factored_root, real_zeros, square_parts

_MARGIN = 0.05
_NEAR = 1e-9
#: ``r`` and ``c`` with ``c**3 r = 1``: the cube root of ``W`` is ``c`` times that of ``r W``.
_TURNS = ((1, 1), (-1, -1), (sympy.I, sympy.I), (-sympy.I, -sympy.I))


def cubic_zeros(polynomial: Any, x: Any, y: Any) -> Iterator[Any]:
    """Zeros ``y`` that are analytic on the upper half-plane of ``x``, as expressions.

    There are none where the formula cannot be shown to be right on all of it, among others
    for polynomials with symbolic parameters.

    Examples
    --------
    >>> z, g = sympy.symbols("z g")
    >>> found = next(cubic_zeros(z**2 * g**3 - z * g + 1, z, g))
    >>> abs(sympy.N((z**2 * g**3 - z * g + 1).subs(g, found).subs(z, 1 + sympy.I))) < 1e-12
    True
    """
    if polynomial.free_symbols - {x, y}:
        return
    a, b, c, d = sympy.Poly(polynomial, y).all_coeffs()
    first = sympy.expand(b**2 - 3 * a * c)
    second = sympy.expand(2 * b**3 - 9 * a * b * c + 27 * a**2 * d)
    constant, square, odd = square_parts(second**2 - 4 * first**3, x)
    root = factored_root(constant)
    for factor in odd:
        zeros = real_zeros(factor, x)
        if zeros is None or any(zero.has(sympy.CRootOf) for zero in zeros):
            return
        root *= factored_root(sympy.LC(factor, x))
        root *= sympy.Mul(*(sympy.sqrt(x - zero) for zero in zeros))
    common, pulled = _common_powers(second, square, x)
    for sign in (1, -1):
        inner = sympy.cancel(second / common) + sign * sympy.cancel(square / common) * root
        for turn, back in _TURNS:
            if _stays_off_the_cut(turn * inner / 2, x):
                cube_root = back * pulled * (turn * inner / 2) ** sympy.Rational(1, 3)
                yield from _three(a, b, first, cube_root)
                break


def _three(a: Any, b: Any, first: Any, cube_root: Any) -> Iterator[Any]:
    unit = (-1 + sympy.sqrt(3) * sympy.I) / 2
    for factor in (sympy.S.One, unit, sympy.conjugate(unit)):
        u = factor * cube_root
        yield -(b + u + first * sympy.conjugate(factor) / cube_root) / (3 * a)


def _common_powers(second: Any, square: Any, x: Any) -> tuple[Any, Any]:
    """Powers of ``x - a`` in both terms: their cube roots are taken one by one."""
    common, pulled = sympy.S.One, sympy.S.One
    for factor, multiplicity in sympy.factor_list(sympy.gcd(second, square))[1]:
        if factor.has(x) and sympy.degree(factor, x) == 1:
            monic = x - sympy.cancel(-factor.subs(x, 0) / sympy.LC(factor, x))
            common *= monic**multiplicity
            pulled *= monic ** sympy.Rational(multiplicity, 3)
    return common, pulled


def _stays_off_the_cut(value: Any, x: Any) -> bool:
    """Whether the argument stays within half a turn of 0 on the upper half-plane."""
    points = _boundary()
    with np.errstate(all="ignore"):
        numbers = np.asarray(sympy.lambdify(x, value, "numpy")(points), dtype=complex)
    if numbers.ndim == 0:
        return True
    if not np.isfinite(numbers).all() or (numbers == 0).any():
        return False
    angles = np.angle(numbers)
    turned = np.unwrap(angles)
    steps = np.abs(np.diff(turned)).max() < 1.0
    closed = abs(turned[-1] - turned[0]) < 1.0  # no zeros inside
    return bool(steps and closed and np.abs(turned).max() < np.pi - _MARGIN)


def _boundary() -> NDArray[np.complex128]:
    """The real line, seen from above, and a large half circle back to its beginning."""
    scales = np.geomspace(1e-7, 1e7, 6000)
    line = np.concatenate([-scales[::-1], scales])
    near = line + 1j * _NEAR * np.abs(line)
    bridge = scales[0] * np.exp(1j * np.linspace(np.pi, 0, 60)[1:-1])
    arc = scales[-1] * np.exp(1j * np.linspace(0, np.pi, 200)[1:])
    half = len(scales)
    return np.concatenate([near[:half], bridge, near[half:], arc])
