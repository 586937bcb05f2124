"""Boxes in the complex plane, and on its axes."""

from __future__ import annotations

from typing import Any

import flint

from freesym.solve.machine import Ball

acb, arb = flint.acb, flint.arb


def relative(step: Ball, m: Ball) -> float:
    """The size of a step relative to what it moves."""
    size = float(abs(m).mid())
    return float(abs(step).upper()) / size if size > 0 else float(abs(step).upper())


def nearly_axial(m: Ball) -> bool:
    """Whether a number is on the real or the imaginary axis up to half the precision."""
    small = arb(2) ** (-flint.ctx.prec // 2)
    return bool(abs(m.imag) <= small * abs(m.real) or abs(m.real) <= small * abs(m.imag))


def snapped(m: Ball) -> Ball:
    """The nearest point on the real or the imaginary axis."""
    return acb(m.real.mid()) if abs(m.real) >= abs(m.imag) else acb(0, m.imag.mid())


def inflated(m: Ball, radius: Any, *, axial: bool) -> Ball:
    """A box around a middle; if ``axial``, on an axis it is an interval of that axis."""
    around = arb(0, radius)
    if axial and m.imag.is_zero():
        return acb(m.real + around)
    if axial and m.real.is_zero():
        return acb(0, m.imag + around)
    return acb(m.real + around, m.imag + around)


def inside(image: Ball, box: Ball) -> bool:
    """Whether a box lies in the interior of another, or on the same axis."""
    return bool(
        (box.real.contains_interior(image.real) or (box.real.is_zero() and image.real.is_zero()))
        and (
            box.imag.contains_interior(image.imag) or (box.imag.is_zero() and image.imag.is_zero())
        )
    )


def met(a: Ball, b: Ball) -> Ball:
    """The intersection of two boxes that share the solution."""
    real = a.real if a.real.is_zero() else a.real.intersection(b.real)
    imag = a.imag if a.imag.is_zero() else a.imag.intersection(b.imag)
    return acb(real, imag)
