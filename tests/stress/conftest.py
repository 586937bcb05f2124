"""The stress tests run with ``-m slow`` only."""

from __future__ import annotations

import pytest


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if "slow" in config.option.markexpr:
        return
    for item in items:
        if "/stress/" in item.path.as_posix():
            item.add_marker(pytest.mark.skip(reason="slow; run with -m slow"))
