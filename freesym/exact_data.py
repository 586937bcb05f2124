"""Laws whose data are exact: what certified digits are digits of.

A float is the binary number it is.  The conversion acts on a law, before its relation is built,
so that what is derived from the data, such as the power ``1/p`` of a compression, is exact too.
"""

from __future__ import annotations

import dataclasses
import math
from fractions import Fraction
from typing import Any

from freesym.law import Law
from freesym.parameters import as_number, is_expression, number_repr

#: What is evaluated or tabulated as it stands.
_AS_GIVEN = frozenset({"function", "density_function", "breakpoints", "intervals", "given"})


def exact_law(law: Law) -> Law:
    """The law with every float replaced by the rational number it is.

    Weights with floats among them, which sum to 1 up to rounding, are divided by their sum.
    The law itself if there is nothing to replace.

    Examples
    --------
    >>> import freesym as fs
    >>> exact_law(fs.Semicircle(0, 0.25))
    Semicircle(variance=Rational(1, 4))
    """
    found = {f.name: getattr(law, f.name) for f in dataclasses.fields(law)}  # type: ignore[arg-type]
    exact = {name: v if name in _AS_GIVEN else _converted(v) for name, v in found.items()}
    if all(exact[name] is value for name, value in found.items()):
        return law
    if exact.get("weights") is not found.get("weights"):
        exact["weights"] = _normalised(exact["weights"])
    copy = object.__new__(type(law))
    for name, value in exact.items():
        object.__setattr__(copy, name, value)
    return copy


def _converted(value: Any) -> Any:
    if isinstance(value, Law):
        return exact_law(value)
    if isinstance(value, tuple):
        items = tuple(map(_converted, value))
        changed = any(a is not b for a, b in zip(items, value, strict=True))
        return items if changed else value
    if isinstance(value, float) and math.isfinite(value):
        return as_number(Fraction(value))
    if is_expression(value):
        return _without_floats(value)
    return value


def _without_floats(value: Any) -> Any:
    import sympy

    floats = value.atoms(sympy.Float)
    return value.xreplace({x: sympy.Rational(x) for x in floats}) if floats else value


def _normalised(weights: tuple[Any, ...]) -> tuple[Any, ...]:
    total = sum(weights)
    return weights if total == 1 else tuple(as_number(w / total) for w in weights)


def floats_in(law: Law) -> tuple[str, ...]:
    """The floats among the data of a law, as they are written."""
    found = []
    for field in dataclasses.fields(law):  # type: ignore[arg-type]
        if field.name not in _AS_GIVEN:
            found += _floats(getattr(law, field.name))
    return tuple(dict.fromkeys(found))


def _floats(value: Any) -> list[str]:
    if isinstance(value, Law):
        return list(floats_in(value))
    if isinstance(value, tuple):
        return [text for item in value for text in _floats(item)]
    if isinstance(value, float):
        return [number_repr(value)]
    if is_expression(value):
        import sympy

        return sorted(map(str, value.atoms(sympy.Float)))
    return []
