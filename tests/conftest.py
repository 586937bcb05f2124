"""Profiles of the suite, and the seed of every run in the report.

``quick`` is the default, for a check of a few minutes; ``ci`` adds the tests marked ``long`` and
examples; ``thorough`` is for a night.  Tests marked ``slow`` run when they are asked for.
"""

from __future__ import annotations

import os
import sys

# before NumPy is imported: with a process on every core, more threads wait for each other
for _library in ("OPENBLAS", "MKL", "OMP"):
    os.environ.setdefault(f"{_library}_NUM_THREADS", "1")

import pytest  # noqa: E402
from hypothesis import HealthCheck, settings  # noqa: E402

_COMMON = settings(
    deadline=None,  # the first examples compile or load kernels
    print_blob=True,
    report_multiple_bugs=False,  # a wrong value must not hide behind a refused point
    suppress_health_check=(HealthCheck.too_slow, HealthCheck.data_too_large),
)
settings.register_profile("quick", _COMMON, max_examples=25, derandomize=True)
settings.register_profile("ci", _COMMON, max_examples=60, derandomize=True)
settings.register_profile("thorough", _COMMON, max_examples=10_000)
_PROFILE = os.environ.get("FREESYM_HYPOTHESIS", "ci" if os.environ.get("CI") else "quick")
settings.load_profile(_PROFILE)

SEED = int(os.environ.get("FREESYM_SEED", "20240607"))


def pytest_report_header(config: pytest.Config) -> str:
    """What reproduces this run."""
    return (
        f"freesym: FREESYM_SEED={SEED} FREESYM_HYPOTHESIS={_PROFILE} "
        f"(Python {sys.version_info.major}.{sys.version_info.minor})"
    )


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Long tests are left out of the quick profile, unless they are asked for by name."""
    asked = config.getoption("-m")
    left_out = {"slow"} if _PROFILE != "quick" else {"slow", "long"}
    left_out -= set(asked.split())
    if any("::" in argument for argument in config.args):
        left_out.clear()
    kept = [item for item in items if not left_out & {mark.name for mark in item.iter_markers()}]
    if len(kept) < len(items):
        config.hook.pytest_deselected(items=[item for item in items if item not in set(kept)])
        items[:] = kept


@pytest.fixture
def seed() -> int:
    """The seed of random matrices."""
    return SEED
