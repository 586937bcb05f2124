"""The one way kernels are compiled: cached on disk, without the interpreter lock."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba

Function = TypeVar("Function", bound=Callable[..., Any])

_OPTIONS: dict[str, Any] = {
    "cache": True,
    "nogil": True,
    "error_model": "numpy",
    "fastmath": {"contract"},
}


def kernel(function: Function) -> Function:
    """Compile a function that other kernels call.

    It gets no entry points from outside: unpacking twenty arrays costs more to compile than
    most kernels themselves.  It must not allocate: without the runtime that counts references
    to arrays, which took a third of the time, a call costs only its arithmetic.
    """
    options = _OPTIONS | {"no_cpython_wrapper": True, "no_cfunc_wrapper": True, "_nrt": False}
    return cast(Function, numba.njit(**options)(function))


def entry(function: Function) -> Function:
    """Compile a function that Python calls; the result is cached on disk."""
    return cast(Function, numba.njit(**_OPTIONS)(function))


def part(function: Function) -> Function:
    """Compile a function as a part of each kernel that calls it, never on its own.

    Every separately compiled caller of the interpreter optimises the interpreter again.
    """
    return cast(Function, numba.njit(**_OPTIONS, inline="always")(function))
