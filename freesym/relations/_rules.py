"""Small pieces of the rules of nodes."""

from __future__ import annotations

from typing import Any

from freesym.relations.functions import integer_power, log_upper


def log_ratio(g: Any, psi: Any) -> Any:
    """``log S``, where ``S = g/psi``."""
    return log_upper(g / psi)


def total_of(values: list[Any]) -> Any:
    """The sum, without a zero to start from, which would be an operation of the trace."""
    total = values[0]
    for value in values[1:]:
        total = total + value
    return total


def scaled(t: Any, value: Any) -> Any:
    """``t * value``, without the operation when ``t`` is 1."""
    return value if t == 1 else t * value


def times(total: Any, value: Any, power: Any) -> Any:
    """``total * value**power`` for a natural power; None stands for 1."""
    if power == 0:
        return total
    factor = integer_power(value, int(power))
    return factor if total is None else total * factor


def no_potential() -> Any:
    """The potential of nodes for which there is no rule."""
    raise NotImplementedError("this operation has no potential rule")


def half_turn(w: Any) -> Any:
    """``i pi`` in the half-plane of ``w``: the constant ``log(-1)`` continued from there."""
    return log_upper(-1 + 0 * w)
