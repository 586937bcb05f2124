"""Benchmarks run on request: ``pytest benchmarks --benchmark-only``."""

from __future__ import annotations

import pytest

import freesym as fs


@pytest.fixture(scope="session", autouse=True)
def _compiled() -> None:
    """Kernels are compiled before anything is timed."""
    (fs.Semicircle() + fs.MarchenkoPastur(0.5)).density(1.0)
    (fs.Uniform(0, 1) + fs.Semicircle()).cdf(1.0)
