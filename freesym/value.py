"""Immutable values with parameters: how laws are checked, changed, pickled and printed."""

from __future__ import annotations

import dataclasses
from typing import Any, Self

from freesym import parameters
from freesym.errors import InvalidLawError
from freesym.parameters import argument_name, number_repr


class ParametrisedValue:
    """A frozen dataclass of numbers, SymPy expressions and other such values."""

    def __post_init__(self) -> None:
        for field in _fields(self):
            domain = field.metadata.get("domain")
            if domain is not None:
                value = parameters.checked(
                    getattr(self, field.name), domain, type(self).__name__, argument_name(field)
                )
                object.__setattr__(self, field.name, value)
        self._validate()

    def _validate(self) -> None:
        """Check conditions between parameters; raise InvalidLawError."""

    def __getstate__(self) -> dict[str, Any]:
        names = {field.name for field in _fields(self)}
        return {name: value for name, value in self.__dict__.items() if name in names}

    # ------------------------------------------------------------------ symbols

    @property
    def free_symbols(self) -> frozenset[Any]:
        """The SymPy symbols in the parameters."""
        found: frozenset[Any] = frozenset()
        for field in _fields(self):
            found |= _symbols(getattr(self, field.name))
        return found

    def subs(self, replacements: dict[Any, Any]) -> Self:
        """The same law with symbols replaced by numbers or expressions.

        Parameters
        ----------
        replacements : dict
            From symbols to numbers or SymPy expressions.

        Examples
        --------
        >>> import freesym as fs, sympy
        >>> c = sympy.Symbol("c", positive=True)
        >>> fs.MarchenkoPastur(c).subs({c: sympy.Rational(1, 2)})
        MarchenkoPastur(ratio=Rational(1, 2))
        """
        fields = _fields(self)
        checked = parameters.checked_replacements(replacements)
        values = {argument_name(f): _replaced(getattr(self, f.name), checked) for f in fields}
        return type(self)(**values)

    # ------------------------------------------------------------------ printing

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(self._arguments())})"

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        """Interactive shells and test reports show the expression, not its fields."""
        printer.text(repr(self))

    def _arguments(self) -> list[str]:
        shown = []
        for field in _fields(self):
            value = getattr(self, field.name)
            if field.default is dataclasses.MISSING or value != field.default:
                shown.append(f"{argument_name(field)}={_field_repr(value)}")
        return shown


def _fields(value: ParametrisedValue) -> tuple[dataclasses.Field[Any], ...]:
    try:
        return dataclasses.fields(value)  # type: ignore[arg-type]
    except TypeError:
        raise InvalidLawError(
            f"{type(value).__name__} is no dataclass, so that its parameters are not known; "
            "decorate the class with @dataclass(frozen=True, repr=False)"
        ) from None


def _symbols(value: Any) -> frozenset[Any]:
    if isinstance(value, ParametrisedValue):
        return value.free_symbols
    if isinstance(value, tuple):
        return frozenset().union(*map(_symbols, value))
    return parameters.symbols_of(value)


def _replaced(value: Any, replacements: dict[Any, Any]) -> Any:
    if isinstance(value, ParametrisedValue):
        return value.subs(replacements)
    if isinstance(value, tuple):
        return tuple(_replaced(v, replacements) for v in value)
    return parameters.substituted(value, replacements)


def _field_repr(value: Any) -> str:
    if isinstance(value, tuple):
        inner = ", ".join(map(_field_repr, value))
        return f"({inner},)" if len(value) == 1 else f"({inner})"
    return number_repr(value)
