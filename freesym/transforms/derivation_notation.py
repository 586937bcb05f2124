"""The names of laws, transforms and variables in a derivation, and its steps."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import sympy

from freesym.relations import nodes
from freesym.relations.leaf import Leaf
from freesym.relations.relation import Relation
from freesym.transforms.derivation_checks import Evaluation, Meaning
from freesym.transforms.derivation_text import (
    Words,
    aligned,
    as_html,
    environment,
    equation_text,
    escaped,
    indented,
    latex,
    plain,
)
from freesym.transforms.instances import instances, symbols_of
from freesym.transforms.tree import postorder

_VARIABLES = {
    "z": ("z", "zeta"), "w": ("w", "omega"), "m": ("m", "u"), "h": ("h", "eta"),
    "x": ("x", "xi"), "s": ("s", "sigma"), "gamma": ("gamma", "phi"), "edge": ("x_e", "xi_e"),
}  # fmt: skip


@dataclass(frozen=True, eq=False)
class Step:
    """One step of a derivation.

    Attributes
    ----------
    number : int
    heading, words : tuple
        Title and sentence as texts and formulas; see ``title`` and ``sentence``.
    equations : tuple of SymPy objects
        Equations, sets; the last one is the result of the step.
    source : str
        Author, year and theorem.
    dropped : tuple of SymPy expressions
        Factors of the eliminant that do not vanish on the law's curve.
    """

    number: int
    heading: Words
    words: Words
    equations: tuple[Any, ...]
    source: str
    meaning: Meaning = field(repr=False)
    dropped: tuple[Any, ...] = ()
    interval: tuple[Any, Any] | None = None
    definitions: Mapping[Any, Any] = field(default_factory=dict)

    @property
    def title(self) -> str:
        """What the step does."""
        return plain(self.heading)

    @property
    def sentence(self) -> str:
        """How it is done."""
        return plain(self.words)

    @property
    def equation(self) -> Any:
        """The result of the step, a SymPy object."""
        return self.equations[-1]

    @property
    def latex(self) -> str:
        """The equations as an ``align*`` environment."""
        return environment(self.equations)

    def residual(self, values: Mapping[Any, Any] | None = None) -> float:
        """The largest relative error of the step's equations, by the verified solver.

        Parameters
        ----------
        values : mapping, optional
            Exact numbers for the symbols; by default two choices that the law admits.
        """
        return max((self._residual(e, v) for v in self._cases(values) for e in self.equations),
                   default=0.0)  # fmt: skip

    def distances(self, values: Mapping[Any, Any] | None = None) -> tuple[float, ...]:
        """How far from the law's curve the dropped factors stay, relative to the transform."""
        cases = self._cases(values)
        return tuple(
            min(self._residual(sympy.Eq(factor, 0, evaluate=False), v) for v in cases)
            for factor in self.dropped
        )

    def _cases(self, values: Mapping[Any, Any] | None) -> list[Mapping[Any, Any]]:
        if values is not None:
            return [values]
        return [dict(found) for found, _ in instances(self.meaning.laws[""], 2)]

    def _residual(self, equation: Any, values: Mapping[Any, Any]) -> float:
        changed = equation.subs(self.definitions) if self.definitions else equation
        if changed is sympy.true:
            return 0.0
        return Evaluation(self.meaning, values).residual(changed, self.interval)

    # ------------------------------------------------------------------ printing

    def __str__(self) -> str:
        head = f"{self.number:2}. "
        lines = [indented(self.title, "    ", head)]
        if self.sentence:
            lines.append(indented(self.sentence, "    "))
        lines += [indented(equation_text(e), "            ", "        ") for e in self.equations]
        lines.append(indented(f"[{self.source}]", "    "))
        return "\n".join(lines)

    def to_latex(self) -> str:
        """Text with an ``align*`` environment."""
        head = f"{self.number}. {latex(self.heading)}. {latex(self.words)}".strip()
        return f"{head}\n{self.latex}\n[{escaped(self.source)}]"

    def _repr_latex_(self) -> str:
        return self.latex

    def _repr_html_(self) -> str:
        return (
            f"<b>{as_html(latex(self.heading))}.</b> {as_html(latex(self.words))}\n"
            f"{as_html(self.latex)}\n<small>{as_html(self.source)}</small>"
        )

    def lines(self) -> str:
        """The step inside an ``align*`` environment."""
        return rf"& \text{{{self.number}. {latex(self.heading)}}} \\" + "\n" + aligned(
            self.equations)  # fmt: skip


class Notation:
    """Numbers for the laws of a tree; names for their transforms."""

    def __init__(self, root: Relation) -> None:
        self.root = root
        self.order = postorder(root)
        self.keys = {relation: str(k) for k, relation in enumerate(self.order[:-1], 1)}
        self.keys[root] = ""
        taken = {symbol.name for symbol in symbols_of(root)}
        self.variables = {kind: sympy.Symbol(_free(kind, names, taken))
                          for kind, names in _VARIABLES.items()}  # fmt: skip
        ratios = [r.ratio for r in self.order if isinstance(r, nodes.Rectangular)]
        laws = {key: relation for relation, key in self.keys.items()}
        self.meaning = Meaning(laws, self.variables, ratios[0] if ratios else None)

    def law(self, relation: Relation) -> Any:
        """The symbol of a law: ``mu_1``, and ``mu`` for the whole."""
        key = self.keys[relation]
        return sympy.Symbol(f"mu_{key}" if key else "mu")

    def __call__(self, letter: str, relation: Relation) -> Any:
        """The transform of a law, a SymPy function."""
        key = self.keys[relation]
        return sympy.Function(f"{letter}_{key}" if key else letter)

    def variable(self, kind: str) -> Any:
        """The symbol of an argument."""
        return self.variables[kind]

    def step(
        self, heading: Iterable[Any], words: Iterable[Any], equations: Iterable[Any], source: str,
        **further: Any,
    ) -> Step:  # fmt: skip
        """A step without its number."""
        return Step(
            0, tuple(heading), tuple(words), tuple(equations), source, self.meaning, **further
        )


def _free(kind: str, names: tuple[str, ...], taken: set[str]) -> str:
    found = next((name for name in names if name not in taken), None)
    return found or next(n for n in (f"{kind}_{k}" for k in range(99)) if n not in taken)


def numbered(steps: Iterable[Step]) -> tuple[Step, ...]:
    """The steps with their numbers."""
    return tuple(dataclasses.replace(step, number=k) for k, step in enumerate(steps, 1))


def equal(left: Any, right: Any) -> Any:
    """An equation that SymPy does not decide."""
    return sympy.Eq(left, right, evaluate=False)


def native_letter(relation: Relation) -> str:
    """The transform in which a law of the tree is simplest."""
    match relation:
        case Leaf():
            return {"g": "R", "psi": "S"}.get(relation.chart, "G")
        case nodes.Additive() | nodes.CompoundPoisson():
            return "R"
        case nodes.Multiplicative() | nodes.RealMultiplicative():
            return "S"
        case nodes.Boolean():
            return "B"
        case nodes.Monotone():
            return "F"
        case nodes.Rectangular():
            return "C"
        case nodes.Reshape():
            return "S" if native_letter(relation.child) == "S" else "G"
        case nodes.Affine():
            inner = native_letter(relation.child)
            keeps = inner == "R" or (
                inner == "S" and relation.shift == 0 and sympy.sympify(relation.scale).is_positive
            )
            return inner if keeps else "G"
    return "G"
