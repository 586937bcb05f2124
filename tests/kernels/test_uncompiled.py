"""Compiled kernels compute what their Python code says.

The same code runs without the compiler, in a process of its own; that is also how the coverage of
the kernels is measured.  Contracted products and other libraries for elementary functions change
last bits, which Newton steps to convergence forgive.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tests.kernels import values

#: Values are solved for to about 1e-13, and lose the root of it at an edge that X hits by 1e-4.
TOLERANCE = 1e-9
SCRIPT = Path(values.__file__)


@pytest.mark.long
def test_compiled_code_agrees_with_python() -> None:
    root = SCRIPT.parents[2]
    process = subprocess.run(
        [sys.executable, str(SCRIPT)],
        env=os.environ | {"NUMBA_DISABLE_JIT": "1", "PYTHONPATH": str(root)},
        cwd=root,
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )
    assert process.returncode == 0, process.stderr
    python, compiled = json.loads(process.stdout), values.all_values()
    assert python.keys() == compiled.keys() > values.LAWS.keys()
    for name, rows in compiled.items():
        for quantity, row in rows.items():
            scale = max(1.0, np.abs(row).max())
            error = np.abs(np.subtract(python[name][quantity], row)).max()
            assert error <= TOLERANCE * scale, (name, quantity, error)
