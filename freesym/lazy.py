"""Modules that are imported when they are first used.

SymPy and Numba each cost a third of a second; a law needs neither until it is asked for a
symbol or a number.
"""

from __future__ import annotations

import importlib
from functools import cached_property
from types import ModuleType
from typing import Any


class LazyModule:
    """Stands for a module until one of its names is wanted."""

    def __init__(self, name: str) -> None:
        self._name = name

    @cached_property
    def _module(self) -> ModuleType:
        return importlib.import_module(self._name)

    def __getattr__(self, attribute: str) -> Any:
        return getattr(self._module, attribute)
