"""Derivations as text for a terminal, as LaTeX and as HTML."""

from __future__ import annotations

import html
import re
import textwrap
from collections.abc import Iterable
from typing import Any

import sympy
from sympy.core.function import AppliedUndef
from sympy.printing.latex import LatexPrinter
from sympy.printing.str import StrPrinter

from freesym.transforms.latex import law_latex

#: Words of a sentence: texts, and laws or SymPy expressions, which are written as formulas.
Words = tuple[Any, ...]

_WIDTH = 92
_LONGEST_TEXT, _LONGEST_LATEX = 1600, 4000
_LINE = 110
_SPECIAL = {"&": r"\&", "%": r"\%", "#": r"\#", "_": r"\_", "$": r"\$", "~": r"\sim ",
            "^": r"\wedge "}  # fmt: skip
_SHORTER = (
    (re.compile(r"Symbol\('(\w+)'[^()]*\)"), r"\1"),
    (re.compile(r"(?:Rational|Fraction)\((-?\d+), 1\)"), r"\1"),
    (re.compile(r"(?:Rational|Fraction)\((-?\d+), (\d+)\)"), r"\1/\2"),
    (re.compile(r"Integer\((-?\d+)\)"), r"\1"),
)


class _Latex(LatexPrinter):  # type: ignore[misc]
    """Function applications with plain brackets."""

    def _print_AppliedUndef(self, e: Any, exp: Any = None) -> str:
        name = self._deal_with_super_sub(e.func.__name__) if "_" in e.func.__name__ else None
        name = name or {"mu": r"\mu"}.get(e.func.__name__, e.func.__name__)
        power = "" if exp is None else f"^{{{exp}}}"
        arguments = ", ".join(map(self._print, e.args))
        return rf"{name}{power}\left({arguments}\right)"


class _Text(StrPrinter):  # type: ignore[misc]
    """Intervals with their usual brackets."""

    def _print_Interval(self, e: Any) -> str:
        return f"[{self._print(e.start)}, {self._print(e.end)}]"

    def _print_Union(self, e: Any) -> str:
        return " u ".join(map(self._print, e.args))

    def _print_Limit(self, e: Any) -> str:
        value, variable, place, side = e.args
        return f"lim[{variable} -> {self._print(place)}{side}] {self._print(value)}"

    def _print_Equality(self, e: Any) -> str:
        return f"{self._print(e.lhs)} = {self._print(e.rhs)}"


def equation_latex(expression: Any) -> str:
    """LaTeX for MathJax."""
    return str(_Latex({"fold_short_frac": False}).doprint(expression))


def equation_text(expression: Any) -> str:
    """One line of text; long polynomials are cut."""
    text = str(_Text().doprint(expression))
    if len(text) <= _LONGEST_TEXT:
        return text
    kept = _LONGEST_TEXT // 2
    return f"{text[:kept]} ... {text[-kept // 2 :]}"


def law_text(law: Any) -> str:
    """A law as it is typed, with symbols by their names.

    Examples
    --------
    >>> import freesym as fs, sympy
    >>> print(law_text(fs.MarchenkoPastur(sympy.Symbol("c", positive=True))))
    MarchenkoPastur(ratio=c)
    """
    return shortened(repr(law))


def shortened(text: str) -> str:
    """Text with symbols and numbers as they are typed."""
    for pattern, shorter in _SHORTER:
        text = pattern.sub(shorter, text)
    return text


# ------------------------------------------------------------------------------------- sentences


def _is_formula(word: Any) -> bool:
    return isinstance(word, sympy.Basic)


def plain(words: Words) -> str:
    """A sentence for a terminal."""
    return "".join(_plain(word) for word in words)


def _plain(word: Any) -> str:
    if isinstance(word, str):
        return word
    return equation_text(word) if _is_formula(word) else law_text(word)


def latex(words: Words) -> str:
    """The sentence with its formulas between dollar signs."""
    return "".join(_latex(word) for word in words)


def _latex(word: Any) -> str:
    if isinstance(word, str):
        return escaped(word)
    return f"${equation_latex(word) if _is_formula(word) else law_latex(word)}$"


def escaped(text: str) -> str:
    """Text in LaTeX."""
    found = "".join(_SPECIAL.get(c, c) for c in text)
    return re.sub(r"(\\sim |\\wedge )", r"$\1$", found)


# ------------------------------------------------------------------------------------- equations


def aligned(equations: Iterable[Any]) -> str:
    """Lines of an ``align*`` environment; long sums are broken."""
    return " \\\\\n".join(line for equation in equations for line in _lines(equation))


def _lines(equation: Any) -> list[str]:
    whole = equation_latex(equation)
    if not isinstance(equation, sympy.Eq):
        return [f"& {whole}"]
    left, right = map(equation_latex, equation.args)
    if len(whole) <= _LINE or not (equation.lhs.is_Add or equation.rhs.is_Add):
        return [f"{left} &= {right}"]
    if equation.rhs.is_Add:
        first, *others = _broken(equation.rhs)
        return [f"{left} &= {first}", *(rf"& \quad {part}" for part in others)]
    parts = [rf"& {'' if k == 0 else chr(92) + 'quad '}{p}" for k, p in
             enumerate(_broken(equation.lhs))]  # fmt: skip
    return [*parts[:-1], f"{parts[-1]} = {right}"]


def _broken(total: Any) -> list[str]:
    """A sum in lines of moderate length."""
    lines, size = [""], 0
    for position, term in enumerate(total.as_ordered_terms()):
        shown = equation_latex(term)
        if position and not shown.startswith("-"):
            shown = f"+ {shown}"
        if lines[-1] and len(lines[-1]) + len(shown) > 2 * _LINE:
            lines.append("")
        size += len(shown)
        if size > _LONGEST_LATEX:
            lines[-1] += r" + \cdots"
            break
        lines[-1] = f"{lines[-1]} {shown}".strip()
    return lines


def environment(equations: Iterable[Any]) -> str:
    """Equations in an ``align*`` environment."""
    return f"\\begin{{align*}}\n{aligned(equations)}\n\\end{{align*}}"


# ------------------------------------------------------------------------------------- wholes


def indented(text: str, indent: str, first: str | None = None) -> str:
    """A paragraph in the width of a terminal; formulas without spaces stay whole."""
    return textwrap.fill(
        text, _WIDTH, initial_indent=indent if first is None else first,
        subsequent_indent=indent, break_long_words=False, break_on_hyphens=False,
    )  # fmt: skip


def as_html(text: str) -> str:
    """Text with LaTeX between dollar signs, safe in HTML."""
    return html.escape(text, quote=False)


def functions_in(expression: Any) -> set[str]:
    """The names of the transforms in an expression."""
    return {f.func.__name__ for f in expression.atoms(AppliedUndef)}
