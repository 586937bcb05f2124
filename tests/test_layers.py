"""Imports go only downward: every room may use itself and the rooms below it."""

from __future__ import annotations

import ast
import dataclasses
import importlib
import pkgutil
from pathlib import Path

import pytest

import freesym
from tests.processes import output_of

PACKAGE = Path(__file__).parents[1] / "freesym"

# Rooms on one line are one layer.
LAYERS = [
    {"errors", "lazy"},
    {"parameters"},
    {"value"},
    {"symbols"},
    {"kernels"},
    {"algebra"},
    {"relations"},
    {"lowering"},
    {"solve"},
    {"spectrum"},
    {"transforms"},
    {"law", "laws", "operations", "exact_data"},
    {"nets"},
    {"plotting"},
    {"syntax", "grammar"},
    {"testing"},
    {"files"},
    {"architecture", "console"},
    {"derive", "kernel_command", "networks", "verify"},
    {"cli"},
    {"__main__"},
]
LEVEL = {room: level for level, rooms in enumerate(LAYERS) for room in rooms}

# Plot methods, for which users import nothing, are the only doors upward.
METHOD_DOORS = {("law", "plotting"), ("nets", "plotting")}

MODULES = sorted(p for p in PACKAGE.rglob("*.py") if p != PACKAGE / "__init__.py")


def room_of(module: str) -> str:
    """The room of a dotted name within the package."""
    return module.split(".")[1]


def imports(path: Path):
    """The rooms a module imports, with the line."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}:{node.lineno}: imports are absolute"
            base = node.module or ""
            names = [f"{base}.{a.name}" for a in node.names] if base == "freesym" else [base]
        else:
            continue
        for name in names:
            if name.startswith("freesym.") and not name.startswith("freesym.__"):
                yield room_of(name), node.lineno


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_imports_go_downward(path):
    room = path.relative_to(PACKAGE).with_suffix("").parts[0]
    assert room in LEVEL, f"the room {room} has no place among the layers"
    upward = [
        f"{path.relative_to(PACKAGE)}:{line} imports {target}"
        for target, line in imports(path)
        if LEVEL[target] > LEVEL[room] and (room, target) not in METHOD_DOORS
    ]
    assert not upward, "; ".join(upward)


def test_kernels_know_no_symbols():
    for path in (PACKAGE / "kernels").glob("*.py"):
        text = path.read_text(encoding="utf-8")
        assert "sympy" not in text, path


def test_import_is_light():
    """Optional and heavy packages are imported when they are used."""
    code = (
        "import sys, freesym; "
        "print([m for m in ('matplotlib', 'scipy.stats', 'hypothesis', 'pytest', 'sklearn') "
        "if m in sys.modules])"
    )
    assert output_of("-c", code) == "[]"


#: Tables and walks that live inside one call and are filled step by step.
FILLED = {
    "_Fit", "_Cells", "_PanelRecord", "_GeometryFit", "Trace", "Sides", "Solution", "Tape",
    "ClosedForms", "Evaluation", "RecordedWalk", "Walk",
}  # fmt: skip


def test_values_are_immutable():
    """Every record of the package, but for those that are filled inside one call."""
    filled = set()
    for module in pkgutil.walk_packages(freesym.__path__, "freesym."):
        found = vars(importlib.import_module(module.name)).values()
        records = [r for r in found if isinstance(r, type) and dataclasses.is_dataclass(r)]
        filled |= {r.__name__ for r in records if not r.__dataclass_params__.frozen}
    assert filled == FILLED
