"""Broken rules and solvers are noticed by the statements; unbroken ones pass them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).with_name("wrong_rules.py")


@pytest.fixture(scope="module")
def outcomes() -> dict[str, str]:
    """The first complaint about every wrong rule; forks need a process without threads."""
    root = SCRIPT.parents[2]
    process = subprocess.run(
        [sys.executable, str(SCRIPT)],
        env=os.environ | {"PYTHONPATH": str(root)},
        cwd=root,
        capture_output=True,
        text=True,
        check=False,
        timeout=900,
    )
    assert process.returncode == 0, process.stderr
    found: dict[str, str] = json.loads(process.stdout)
    return found


@pytest.mark.long
def test_wrong_rules_are_noticed(outcomes: dict[str, str]) -> None:
    right = outcomes.pop("right rules")
    assert right == "", right
    assert len(outcomes) >= 20
    unnoticed = [name for name, complaint in outcomes.items() if not complaint]
    assert not unnoticed
    broken = {name: text for name, text in outcomes.items() if text.startswith("broken")}
    assert not broken
