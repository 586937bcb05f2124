"""Compiled kernels compute what their Python code says.

The same code runs without the compiler, in a process of its own; that is also how the coverage of
the kernels is measured.  Contracted products and other libraries for elementary functions change
last bits, which Newton steps to convergence forgive.
"""

from __future__ import annotations

import json

import numpy as np
import pytest

from tests.kernels import values
from tests.processes import output_of

#: Values are solved for to about 1e-13, and lose the root of it at an edge that X hits by 1e-4.
TOLERANCE = 1e-9


@pytest.mark.long
def test_compiled_code_agrees_with_python() -> None:
    printed = output_of(values.__file__, timeout=600, environment={"NUMBA_DISABLE_JIT": "1"})
    python, compiled = json.loads(printed), values.all_values()
    assert python.keys() == compiled.keys() > values.LAWS.keys()
    for name, rows in compiled.items():
        for quantity, row in rows.items():
            scale = max(1.0, np.abs(row).max())
            error = np.abs(np.subtract(python[name][quantity], row)).max()
            assert error <= TOLERANCE * scale, (name, quantity, error)
