"""Error functions of arrays, which NumPy lacks."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from freesym.kernels.jit import entry

Floats = NDArray[np.float64]


@entry
def error_function(x: Floats) -> Floats:
    """``erf`` of a one-dimensional array."""
    y = np.empty_like(x)
    for i in range(x.size):
        y[i] = math.erf(x[i])
    return y


@entry
def complementary_error_function(x: Floats) -> Floats:
    """``erfc`` of a one-dimensional array."""
    y = np.empty_like(x)
    for i in range(x.size):
        y[i] = math.erfc(x[i])
    return y
