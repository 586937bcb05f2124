"""The imaginary unit of the half-plane a quantity lives in."""

from __future__ import annotations

import math
from functools import singledispatch
from typing import Any

from freesym.lowering.trace import Value
from freesym.relations.functions import log_lower, sign_of_imaginary_part, times_i


@singledispatch
def lower_unit(x: Any) -> Any:
    """``-i`` for ``x`` in the lower half-plane, where ``g`` and ``psi`` live, else ``i``."""
    return times_i(sign_of_imaginary_part(x))


@lower_unit.register
def _(x: Value) -> Any:
    # A traced value knows its half-plane also when an iterate strays or lies on the axis.
    if x.orientation == 0:
        return times_i(sign_of_imaginary_part(x))
    return log_lower(0 * x - 1) * (1 / math.pi)
