"""How a law is derived: numbered steps from the relations of its parts to its density.

Every step has SymPy equations, LaTeX, a sentence and a source, and can be verified: its
``residual()`` puts numbers from the verified solver into what is displayed.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from freesym.errors import ConvergenceError, DegreeError, NotAlgebraicError
from freesym.relations.leaf import CauchyLeaf, Leaf
from freesym.relations.relation import Relation
from freesym.transforms.curve import Curve
from freesym.transforms.derivation_elimination import elimination_steps
from freesym.transforms.derivation_notation import Notation, Step, numbered
from freesym.transforms.derivation_spectrum import spectrum_steps
from freesym.transforms.derivation_steps import definitions, implicit_step, leaf_step, node_step
from freesym.transforms.derivation_text import (
    as_html,
    escaped,
    indented,
    latex,
    plain,
    shortened,
)
from freesym.transforms.parameters import check_exact

__all__ = ["Derivation", "Step", "derivation"]


@dataclass(frozen=True, eq=False)
class Derivation:
    """The derivation of a law.

    Attributes
    ----------
    law : Law
    steps : tuple of Step
        Numbered from 1; each has ``title``, ``sentence``, ``equation``, ``equations``,
        ``latex``, ``source`` and ``residual()``.
    remarks : tuple of str
        What has no formula, and why.

    Examples
    --------
    >>> import freesym as fs
    >>> found = fs.MarchenkoPastur(1).derivation()
    >>> [step.title for step in found][1:3]
    ['The law mu = MarchenkoPastur()', 'The polynomial of mu']
    >>> found[2].equation
    Eq(z*G(z)**2 - z*G(z) + 1, 0)
    >>> found.residual() < 1e-6
    True
    """

    law: Any
    steps: tuple[Step, ...]
    remarks: tuple[str, ...] = field(default=())

    def __len__(self) -> int:
        return len(self.steps)

    def __getitem__(self, index: int) -> Step:
        return self.steps[index]

    def __iter__(self) -> Iterator[Step]:
        return iter(self.steps)

    def residual(self, values: Any = None) -> float:
        """The largest relative error of all displayed equations, by the verified solver.

        Parameters
        ----------
        values : mapping, optional
            Exact numbers for the symbols; by default two choices that the law admits.
        """
        return max(step.residual(values) for step in self.steps)

    @property
    def _title(self) -> tuple[Any, ...]:
        return ("Derivation of ", self.law)

    def __str__(self) -> str:
        parts = [indented(plain(self._title), "    ", ""), *map(str, self.steps)]
        if self.remarks:
            parts.append("\n".join(indented(remark, "  ", "- ") for remark in self.remarks))
        return "\n\n".join(parts)

    def __repr__(self) -> str:
        return f"<derivation of {self.law!r} in {len(self.steps)} steps>"

    def to_latex(self) -> str:
        """A fragment for a LaTeX document, or a page with MathJax: text and ``align*``."""
        parts = [f"{latex(self._title)}.", *(step.to_latex() for step in self.steps)]
        parts += [escaped(remark) for remark in self.remarks]
        return "\n\n".join(parts)

    def _repr_latex_(self) -> str:
        lines = " \\\\[1ex]\n".join(step.lines() for step in self.steps)
        return f"\\begin{{align*}}\n{lines}\n\\end{{align*}}"

    def _repr_html_(self) -> str:
        items = "\n".join(f"<li>{step._repr_html_()}</li>" for step in self.steps)
        notes = "\n".join(f"<p>{as_html(escaped(remark))}</p>" for remark in self.remarks)
        return f"<p>{as_html(latex(self._title))}</p>\n<ol>\n{items}\n</ol>\n{notes}"


def derivation(law: Any, max_degree: int | None = None) -> Derivation:
    """The derivation of a law, as far as it goes.

    Parameters
    ----------
    law : Law
        With exact parameters, numbers or symbols.
    max_degree : int, optional
        How large a polynomial to allow.

    Raises
    ------
    InvalidLawError
        If a parameter is a floating-point number.
    """
    relation = law.relation()
    _check(relation)
    notation = Notation(relation)
    steps = [
        leaf_step(r, notation) if isinstance(r, Leaf) else node_step(r, notation)
        for r in notation.order
    ]
    remarks: list[str] = []
    further, curve = _eliminated(notation, max_degree, remarks)
    steps += further
    for found in spectrum_steps(law, notation, curve):
        if isinstance(found, str):
            remarks += [" ".join(found.split())] if curve is not None else []
        else:
            steps += found
    steps.insert(0, definitions(notation, steps))
    return Derivation(law, numbered(steps), tuple(dict.fromkeys(map(shortened, remarks))))


def _eliminated(
    notation: Notation, max_degree: int | None, remarks: list[str]
) -> tuple[list[Step], Curve | None]:
    try:
        return elimination_steps(notation, max_degree)
    except (NotAlgebraicError, DegreeError, ConvergenceError) as error:
        remarks.append(
            f"The derivation stops before a polynomial: {error}. What has no formula is computed: "
            "density(x), cdf(x), edges() and atoms() are there."
        )
    found = (implicit_step(r, notation) for r in notation.order)
    return [step for step in found if step is not None], None


def _check(relation: Relation) -> None:
    """Refuse floats, but for laws that are given by data or a function."""
    for child in relation.children:
        _check(child)
    given = isinstance(relation, CauchyLeaf) and hasattr(relation, "exact_masses")
    tabulated = type(relation).__name__ in ("DensityLaw", "Empirical", "Pushforward", "MomentLaw")
    if not given and not tabulated and not relation.children:
        check_exact(relation)
