"""Python in a process of its own: other environments, forks, and what an import drags in."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).parents[1]


def output_of(
    *arguments: str | Path,
    path: Sequence[Path] = (),
    timeout: float = 300,
    environment: dict[str, str] | None = None,
) -> str:
    """What ``python *arguments`` prints, at the root of the repository; it must not fail.

    Parameters
    ----------
    *arguments : str or path
        A script and its arguments, or ``-c`` and code.
    path : sequence of path
        Folders searched for modules before the repository.
    timeout : float
        In seconds.
    environment : dict, optional
        Variables set besides those of this process.
    """
    folders = os.pathsep.join(map(str, (*path, ROOT)))
    process = subprocess.run(
        [sys.executable, *map(str, arguments)],
        env=os.environ | {"PYTHONPATH": folders} | (environment or {}),
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=timeout,
    )
    assert process.returncode == 0, process.stderr
    return process.stdout.strip()
