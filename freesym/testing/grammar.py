"""Random expressions: one grammar, driven by hypothesis or by a seeded generator.

Every expression is a probability law, built from exact rational parameters.  The simplest
alternative comes first everywhere, so that hypothesis shrinks to readable laws.
"""

from __future__ import annotations

import dataclasses
import functools
import random
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from freesym.law import Law
from freesym.laws import CompoundFreePoisson
from freesym.operations import boolean_sum, mixture, monotone, noncentral_wishart, rectangular_sum
from freesym.testing import arguments
from freesym.testing.errors import InvalidArgumentError
from freesym.testing.leaves import POSITIVE_LEAVES, REAL_LEAVES, Choose, Leaf

F = Fraction
HALF, THIRD = F(1, 2), F(1, 3)
REAL, POSITIVE = "real", "positive"

_POWERS = (2, F(3, 2), F(5, 4), 3)
_CORNERS = (HALF, F(2, 3), F(9, 10), F(1, 4))
_WEIGHTS = ((HALF, HALF), (THIRD, F(2, 3)))
_RATES = (1, 2, HALF)
#: The most nodes that a choice of operations is asked for.
MOST_NODES = 200


@dataclass(frozen=True)
class Production:
    """An operation on laws of the given kinds, and the parameters it may have."""

    name: str
    kinds: tuple[str, ...]
    combine: Callable[..., Law]
    parameters: tuple[Any, ...] = ()

    def build(self, grammar: Grammar, choose: Choose, nodes: int) -> Law:
        """An expression of so many nodes, this one included."""
        if len(self.kinds) == 1:
            operands = [grammar.law(self.kinds[0], choose, nodes - 1)]
        else:
            left, right = self.kinds[:1], self.kinds[1:]
            first = choose([
                i for i in range(1, nodes - 1)
                if grammar.fits(left, i) and grammar.fits(right, nodes - 1 - i)
            ])  # fmt: skip
            operands = [
                grammar.law(self.kinds[0], choose, first),
                grammar.law(self.kinds[1], choose, nodes - 1 - first),
            ]
        chosen = [choose(self.parameters)] if self.parameters else []
        return self.combine(*operands, *chosen)


def _common(kind: str) -> list[Production]:
    """Operations that keep a kind, on one law."""
    return [
        Production("scale", (kind,), lambda law, a: a * law, (2, HALF, 3)),
        Production("additive_power", (kind,), lambda law, t: law.additive_power(t), _POWERS),
        Production("compress", (kind,), lambda law, p: law.compress(p), _CORNERS),
        Production(
            "compound_free_poisson",
            (kind,),
            lambda law, rate: CompoundFreePoisson(rate, law),
            _RATES,
        ),
    ]


def _common_pairs(kind: str) -> list[Production]:
    """Operations that keep a kind, on two laws."""
    pair = (kind, kind)
    return [
        Production("free_sum", pair, lambda a, b: a + b),
        Production("free_product", (kind, POSITIVE), lambda a, b: a @ b),
        Production("mixture", pair, lambda a, b, weights: mixture([a, b], weights), _WEIGHTS),
        Production("additive_deconvolve", pair, lambda a, b: (a + b).additive_deconvolve(b)),
        Production("boolean_sum", pair, boolean_sum),
        Production("monotone", pair, monotone),
    ]


_POSITIVE_PRODUCTIONS: tuple[Production, ...] = (
    *_common(POSITIVE),
    Production("shift", (POSITIVE,), lambda law, b: law + b, (1, HALF)),
    Production(
        "multiplicative_power",
        (POSITIVE,),
        lambda law, t: law.multiplicative_power(t),
        _POWERS,
    ),
    Production("inverse", (POSITIVE,), lambda law, b: (law + b).inverse(), (1, HALF)),
    Production("reshape", (POSITIVE,), lambda law, r: law.reshape(r), (HALF, F(2, 3))),
    Production(
        "noncentral_wishart",
        (POSITIVE,),
        lambda law, s: noncentral_wishart(law, s, HALF),
        (1, F(1, 10)),
    ),
    Production("square", (REAL,), lambda law: law.square()),
    *_common_pairs(POSITIVE),
    Production(
        "multiplicative_deconvolve",
        (POSITIVE, POSITIVE),
        lambda a, b: (a @ b).multiplicative_deconvolve(b),
    ),
    Production(
        "rectangular_sum",
        (POSITIVE, POSITIVE),
        lambda a, b, ratio: rectangular_sum(a, b, ratio=ratio),
        (1, HALF, F(2, 3)),
    ),
)

_REAL_PRODUCTIONS: tuple[Production, ...] = (
    *_common(REAL),
    Production("negative", (REAL,), lambda law: -law),
    Production("shift", (REAL,), lambda law, b: law + b, (1, -HALF)),
    Production("negative", (POSITIVE,), lambda law: -law),
    *_common_pairs(REAL),
    Production("difference", (POSITIVE, POSITIVE), lambda a, b: a - b),
)

_PRODUCTIONS = {REAL: _REAL_PRODUCTIONS, POSITIVE: _POSITIVE_PRODUCTIONS}
#: The names of all operations of the grammar.
OPERATIONS: tuple[str, ...] = tuple(
    dict.fromkeys(p.name for p in (*_REAL_PRODUCTIONS, *_POSITIVE_PRODUCTIONS))
)


@dataclass(frozen=True)
class Grammar:
    """Which laws expressions are built of, and by which operations.

    Parameters
    ----------
    real, positive : tuple of leaves
        Laws, or functions that choose one, on the line and on ``[0, oo)``.
    names : frozenset of str, optional
        The operations to use; by default all of :data:`OPERATIONS`.
    """

    real: tuple[Leaf, ...] = REAL_LEAVES
    positive: tuple[Leaf, ...] = POSITIVE_LEAVES
    names: frozenset[str] | None = None

    def law(self, kind: str, choose: Choose, nodes: int) -> Law:
        """A law of a kind with so many nodes, which must be a number that can be reached."""
        if nodes > 1:
            found: Production = choose(self.productions(kind, nodes))
            return found.build(self, choose, nodes)
        leaf = choose(self.real if kind == REAL else self.positive)
        return leaf if isinstance(leaf, Law) else leaf(choose)

    def productions(self, kind: str, nodes: int) -> list[Production]:
        """The operations that can stand at the top of an expression of so many nodes."""
        return [p for p in _named(kind, self.names) if self.fits(p.kinds, nodes - 1)]

    def fits(self, kinds: tuple[str, ...], nodes: int) -> bool:
        """Whether expressions of these kinds can have exactly so many nodes together."""
        if self.names is None:
            # one operation on one law suffices to reach every number
            return nodes >= len(kinds)
        return nodes in _totals(self.names)[kinds]


def _named(kind: str, names: frozenset[str] | None) -> list[Production]:
    return [p for p in _PRODUCTIONS[kind] if names is None or p.name in names]


@functools.lru_cache(maxsize=128)
def _totals(names: frozenset[str]) -> dict[tuple[str, ...], set[int]]:
    """How many nodes operands can have together, by their kinds."""
    shapes = {kind: {p.kinds for p in _named(kind, names)} for kind in _PRODUCTIONS}
    totals: dict[tuple[str, ...], set[int]] = {(kind,): {1} for kind in _PRODUCTIONS}
    totals |= {kinds: set() for found in shapes.values() for kinds in found if len(kinds) == 2}
    for nodes in range(2, MOST_NODES + 1):
        for kinds in totals:
            if len(kinds) == 2 and any(
                nodes - i in totals[kinds[1:]] for i in totals[kinds[:1]] if i < nodes
            ):
                totals[kinds].add(nodes)
        for kind, found in shapes.items():
            if any(nodes - 1 in totals[kinds] for kinds in found):
                totals[kind,].add(nodes)
    return totals


def checked_operations(names: Any, kind: str) -> frozenset[str] | None:
    """The names of operations, if there are such, and some of them give laws of the kind."""
    if names is None:
        return None
    found = frozenset(arguments.names(names, OPERATIONS, "operations"))
    if not any(p.name in found for p in _PRODUCTIONS[kind]):
        where = "the line" if kind == REAL else "[0, oo)"
        fitting = ", ".join(dict.fromkeys(p.name for p in _PRODUCTIONS[kind]))
        raise InvalidArgumentError(
            f"operations = {sorted(found)} do not make laws on {where}; add some of {fitting}"
        )
    return found


#: The grammar of the tests of this package.
GRAMMAR = Grammar()


def real(choose: Choose, nodes: int) -> Law:
    """A law on the line of so many nodes."""
    return GRAMMAR.law(REAL, choose, nodes)


def positive(choose: Choose, nodes: int) -> Law:
    """A law on ``[0, oo)`` of so many nodes."""
    return GRAMMAR.law(POSITIVE, choose, nodes)


def random_law(seed: int, *, max_nodes: int = 12, kind: Callable[[Choose, int], Law] = real) -> Law:
    """The random expression of a seed, with 2 to ``max_nodes`` nodes.

    Parameters
    ----------
    seed : int
    max_nodes : int
    kind : {real, positive}
        The rule to begin with.

    Examples
    --------
    >>> random_law(1, max_nodes=3)
    -EquilibriumMeasure(t=1, M=3)
    """
    generator = random.Random(seed)  # noqa: S311 - not for secrets
    return kind(generator.choice, generator.randint(2, max_nodes))


def parts(law: Law) -> list[Law]:
    """The laws that an expression is directly built of.

    Examples
    --------
    >>> import freesym as fs
    >>> parts(fs.Semicircle() + fs.Bernoulli(1))
    [Semicircle(), Bernoulli(p=1)]
    """
    found: list[Law] = []
    for field in dataclasses.fields(law):  # type: ignore[arg-type]
        value = getattr(law, field.name)
        for item in value if isinstance(value, tuple) else (value,):
            inner = item if isinstance(item, tuple) else (item,)
            found += [part for part in inner if isinstance(part, Law)]
    return found


def subexpressions(law: Law) -> list[Law]:
    """The law and all laws it is built of, from the top.

    Examples
    --------
    >>> import freesym as fs
    >>> subexpressions(-fs.Semicircle())
    [-Semicircle(), Semicircle()]
    """
    return [law, *(inner for part in parts(law) for inner in subexpressions(part))]


def count_nodes(law: Law) -> int:
    """How many laws and operations an expression has."""
    return len(subexpressions(law))
