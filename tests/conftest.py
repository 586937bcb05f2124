"""Hypothesis profiles, and the seed of every run in the report."""

from __future__ import annotations

import os
import sys

import pytest
from hypothesis import HealthCheck, settings

_QUIET = (HealthCheck.too_slow, HealthCheck.data_too_large)

# the first examples compile or load kernels, so time limits per example mean nothing
settings.register_profile("dev", deadline=None, max_examples=40, suppress_health_check=_QUIET)
settings.register_profile(
    "ci", deadline=None, max_examples=60, derandomize=True, suppress_health_check=_QUIET
)
settings.register_profile(
    "thorough", deadline=None, max_examples=1000, print_blob=True, suppress_health_check=_QUIET
)
_PROFILE = os.environ.get("FREESYM_HYPOTHESIS", "ci" if os.environ.get("CI") else "dev")
settings.load_profile(_PROFILE)

SEED = int(os.environ.get("FREESYM_SEED", "20240607"))


def pytest_report_header(config: pytest.Config) -> str:
    """What reproduces this run."""
    return (
        f"freesym: FREESYM_SEED={SEED} FREESYM_HYPOTHESIS={_PROFILE} "
        f"(Python {sys.version_info.major}.{sys.version_info.minor})"
    )


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Slow tests run when they are asked for."""
    if "slow" in config.getoption("-m"):
        return
    for item in items:
        if "slow" in item.keywords:
            item.add_marker(pytest.mark.skip(reason="slow; run with -m slow"))


@pytest.fixture
def seed() -> int:
    """The seed of random matrices."""
    return SEED
