"""Broken rules and solvers are noticed by the statements; unbroken ones pass them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.processes import output_of

SCRIPT = Path(__file__).with_name("wrong_rules.py")


@pytest.fixture(scope="module")
def outcomes() -> dict[str, str]:
    """The first complaint about every wrong rule; forks need a process without threads."""
    found: dict[str, str] = json.loads(output_of(SCRIPT, timeout=900))
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
