r"""LaTeX of laws and of expressions of laws, such as ``\mathrm{MP}(c) \boxtimes \mathrm{SC}``."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from fractions import Fraction
from typing import Any

from freesym.parameters import is_expression

#: How tightly a law's LaTeX binds: sums, products, powers, one symbol.
_SUM, _PRODUCT, _POWER, _ATOM = range(4)
_NAMES = {
    "MarchenkoPastur": "MP",
    "Semicircle": "SC",
    "Discrete": "Discrete",
    "PointMass": r"\delta",
}
_SHOWN_ITEMS = 6
_LONGEST = 60

Shown = tuple[str, int]


def law_latex(law: Any) -> str:
    r"""The LaTeX of a law, without dollar signs.

    Parameters
    ----------
    law : Law

    Returns
    -------
    str

    Examples
    --------
    >>> import freesym as fs, sympy
    >>> c = sympy.Symbol("c", positive=True)
    >>> print(law_latex(fs.MarchenkoPastur(c) @ fs.Bernoulli(0.5)))
    \mathrm{MP}(c) \boxtimes \mathrm{Bernoulli}(0.5)
    """
    return _shown(law)[0]


def number_latex(value: Any) -> str:
    """The LaTeX of a parameter."""
    if isinstance(value, Fraction):
        sign = "-" if value < 0 else ""
        return rf"{sign}\frac{{{abs(value.numerator)}}}{{{value.denominator}}}"
    if is_expression(value):
        from sympy import latex

        return str(latex(value))
    return f"{value}"


def _shown(law: Any) -> Shown:
    rule = _RULES.get(type(law).__name__)
    return rule(law) if rule is not None else _named(law)


def _grouped(law: Any, least: int) -> str:
    """An operand, in brackets unless it binds at least so tightly."""
    text, strength = _shown(law)
    return text if strength >= least else _bracketed(text)


def _named(law: Any) -> Shown:
    r"""``\mathrm{Name}(parameters)``, without defaults at the end."""
    name = type(law).__name__
    head = _NAMES.get(name) or rf"\mathrm{{{name}}}"
    head = head if head.startswith("\\") else rf"\mathrm{{{head}}}"
    fields = list(dataclasses.fields(law))
    while fields and fields[-1].default is not dataclasses.MISSING and _is_default(law, fields[-1]):
        fields.pop()
    shown = [_value(getattr(law, f.name)) for f in fields if f.init]
    if name == "PointMass":
        return rf"\delta_{{{shown[0]}}}", _ATOM
    if not shown:
        return head, _ATOM
    return head + _bracketed(", ".join(shown)), _ATOM


def _bracketed(text: str) -> str:
    """Brackets that grow with what is tall."""
    return rf"\left({text}\right)" if r"\frac" in text or r"\left" in text else f"({text})"


def _is_default(law: Any, field: Any) -> bool:
    value = getattr(law, field.name)
    return type(value) is type(field.default) and bool(value == field.default)


def _value(value: Any) -> str:
    if dataclasses.is_dataclass(value):
        return law_latex(value)
    if isinstance(value, tuple):
        items = [_value(v) for v in value[:_SHOWN_ITEMS]]
        items += [r"\ldots"] if len(value) > _SHOWN_ITEMS else []
        return rf"\left\{{{', '.join(items)}\right\}}"
    if hasattr(value, "shape"):
        return rf"{value.size} \text{{ eigenvalues}}"
    if isinstance(value, str):
        return rf"\text{{{value}}}"
    if callable(value) and not is_expression(value):
        name = getattr(value, "__name__", "f").replace("_", r"\_")
        return rf"\mathtt{{{name}}}"
    text = number_latex(value)
    return text if len(text) <= 4 * _LONGEST else r"\ldots"


def _joined(field: str, sign: str, strength: int) -> Callable[[Any], Shown]:
    def rule(law: Any) -> Shown:
        operands = getattr(law, field)
        return f" {sign} ".join(_grouped(x, strength + 1) for x in operands), strength

    return rule


def _pair(first: str, second: str, sign: str, strength: int) -> Callable[[Any], Shown]:
    def rule(law: Any) -> Shown:
        pair = (getattr(law, first), getattr(law, second))
        return f" {sign} ".join(_grouped(x, strength + 1) for x in pair), strength

    return rule


def _power(sign: str, field: str | None) -> Callable[[Any], Shown]:
    def rule(law: Any) -> Shown:
        exponent = sign if field is None else f"{sign} {number_latex(getattr(law, field))}"
        return f"{_grouped(law.law, _ATOM)}^{{{exponent}}}", _POWER

    return rule


def _affine(law: Any) -> Shown:
    text, strength = _shown(law.law)
    if law.scale != 1:
        scale = "-" if law.scale == -1 else rf"{_factor(law.scale)} \cdot "
        text, strength = f"{scale}{_grouped(law.law, _POWER)}", _PRODUCT
    if law.shift == 0:
        return text, strength
    shift = number_latex(law.shift)
    text = text if strength > _SUM else _bracketed(text)
    return (f"{text} - {shift[1:]}" if shift.startswith("-") else f"{text} + {shift}"), _SUM


def _factor(value: Any) -> str:
    text = number_latex(value)
    is_sum = is_expression(value) and value.is_Add
    return _bracketed(text) if is_sum else text


def _function(name: str, field: str) -> Callable[[Any], Shown]:
    def rule(law: Any) -> Shown:
        index = number_latex(getattr(law, field))
        return rf"\mathrm{{{name}}}_{{{index}}}{_bracketed(law_latex(law.law))}", _ATOM

    return rule


def _mixture(law: Any) -> Shown:
    parts = zip(law.weights, law.laws, strict=True)
    shown = ", ".join(rf"{number_latex(p)} : {law_latex(part)}" for p, part in parts)
    return rf"\mathrm{{mixture}}{_bracketed(shown)}", _ATOM


def _rectangular(law: Any) -> Shown:
    return _joined("laws", rf"\boxplus_{{{number_latex(law.ratio)}}}", _SUM)(law)


_RULES: dict[str, Callable[[Any], Shown]] = {
    "FreeSum": _joined("terms", r"\boxplus", _SUM),
    "FreeProduct": _joined("factors", r"\boxtimes", _PRODUCT),
    "AdditivePower": _power(r"\boxplus", "t"),
    "MultiplicativePower": _power(r"\boxtimes", "t"),
    "AdditiveDeconvolution": _pair("law", "other", r"\boxminus", _SUM),
    "MultiplicativeDeconvolution": _pair("law", "other", r"\oslash", _PRODUCT),
    "Compression": _function("compress", "p"),
    "Reshape": _function("reshape", "ratio"),
    "Affine": _affine,
    "Inverse": _power("-1", None),
    "Square": _power("2", None),
    "Mixture": _mixture,
    "BooleanSum": _joined("laws", r"\uplus", _SUM),
    "MonotoneConvolution": _pair("first", "second", r"\triangleright", _SUM),
    "RectangularSum": _rectangular,
    "ClassicalSum": _joined("operands", "*", _SUM),
    "ClassicalProduct": _joined("operands", r"\circledast", _PRODUCT),
}
