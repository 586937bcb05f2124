"""Modules that are imported when they are first used.

SymPy and Numba each cost a third of a second; a law needs neither until it is asked for a
symbol or a number.
"""

from __future__ import annotations

import importlib
from typing import Any


class LazyModule:
    """Stands for a module until one of its names is wanted."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, attribute: str) -> Any:
        return getattr(importlib.import_module(self._name), attribute)
