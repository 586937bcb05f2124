"""Hypothesis profiles: the default one repeats the same examples, ``thorough`` draws new ones."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

_COMMON = {
    "deadline": None,  # the first use of a kernel compiles it
    "print_blob": True,
    "report_multiple_bugs": False,  # a wrong value must not hide behind a refused point
    "suppress_health_check": [HealthCheck.too_slow, HealthCheck.data_too_large],
}
settings.register_profile("default", derandomize=True, max_examples=25, **_COMMON)
settings.register_profile("thorough", max_examples=300, **_COMMON)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "default"))
