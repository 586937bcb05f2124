"""Hypothesis strategies for laws and expressions.

Every strategy takes keyword-only arguments with defaults, refuses impossible ones at once, and
shrinks to short expressions whose ``repr`` evaluates back with the names of freesym.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from freesym.errors import MissingDependencyError
from freesym.law import Law
from freesym.testing import arguments, leaves
from freesym.testing.errors import InvalidArgumentError
from freesym.testing.grammar import POSITIVE, REAL, Grammar, checked_operations

try:
    from hypothesis import strategies as st
except ImportError as error:  # pragma: no cover - tested in a process without hypothesis
    raise MissingDependencyError(
        "strategies need hypothesis; install it with: pip install freesym[test]"
    ) from error

_MOST_NODES = 200
_Families = dict[type[Law], Callable[[leaves.Choose], Law]]


def _grammar(positive: _Families, real: _Families, operations: Any, kind: str) -> Grammar:
    return Grammar(
        (*leaves.STANDARD_REAL, *real.values(), *positive.values()),
        (*leaves.STANDARD_POSITIVE, *positive.values()),
        checked_operations(operations, kind),
    )


@st.composite
def _laws(draw: st.DrawFn, grammar: Grammar, kind: str, least: int, most: int) -> Law:
    nodes = draw(st.integers(least, most))
    return grammar.law(kind, lambda options: draw(st.sampled_from(options)), nodes)


def expressions(
    *,
    max_nodes: int = 8,
    min_nodes: int = 1,
    operations: Iterable[str] | None = None,
    positive: bool = False,
) -> st.SearchStrategy[Law]:
    """Expressions in 45 fixed laws of compact support and all operations that keep them laws.

    Parameters
    ----------
    max_nodes, min_nodes : int
        How many laws and operations an expression has; fewer where no operation fits.
    operations : iterable of str, optional
        Some of :data:`freesym.testing.OPERATIONS`, such as ``["free_sum", "compress"]``; by
        default all.
    positive : bool
        Laws on ``[0, oo)``.

    Raises
    ------
    InvalidArgumentError
        At once, if no expression fits.

    Examples
    --------
    >>> from hypothesis import given, settings
    >>> @settings(deadline=None, max_examples=10, database=None)
    ... @given(expressions(max_nodes=3, operations=["free_sum"]))
    ... def test(mu):
    ...     assert mu.variance() >= 0
    >>> test()
    """
    least, most = _node_bounds(min_nodes, max_nodes)
    kind = POSITIVE if arguments.flag(positive, "positive") else REAL
    return _laws(Grammar(names=checked_operations(operations, kind)), kind, least, most)


def _node_bounds(least: Any, most: Any) -> tuple[int, int]:
    high = arguments.count(most, 1, _MOST_NODES, "max_nodes")
    return arguments.count(least, 1, high, "min_nodes"), high


def laws(
    *, max_nodes: int = 3, moments: bool = True, operations: Iterable[str] | None = None
) -> st.SearchStrategy[Law]:
    """Laws on the line: families with rational parameters and short expressions in them.

    Parameters
    ----------
    max_nodes : int
        The length of expressions; 1 for named laws alone.
    moments : bool
        Whether all moments must exist.  If not, Cauchy laws occur, alone and in free sums.
    operations : iterable of str, optional
        As for :func:`expressions`.

    Notes
    -----
    The normal law and, with ``moments=False``, Cauchy laws have unbounded support; see
    :func:`bounded_laws`.

    Examples
    --------
    >>> from hypothesis import given, settings
    >>> @settings(deadline=None, max_examples=10, database=None)
    ... @given(laws(max_nodes=1))
    ... def test(mu):
    ...     assert mu.variance() >= 0
    >>> test()
    """
    compact = bounded_laws(max_nodes=max_nodes, operations=operations)
    unbounded = dict(leaves.UNBOUNDED)
    if not arguments.flag(moments, "moments"):
        unbounded |= leaves.WITHOUT_MOMENTS
    alone = st.one_of([_leaf(build) for build in unbounded.values()])
    if max_nodes < 3 or (operations is not None and "free_sum" not in operations):
        return st.one_of(compact, alone)
    return st.one_of(compact, alone, st.builds(lambda a, b: a + b, bounded_laws(), alone))


def _leaf(build: Callable[[leaves.Choose], Law]) -> st.SearchStrategy[Law]:
    return st.composite(lambda draw: build(lambda options: draw(st.sampled_from(options))))()


def bounded_laws(
    *, max_nodes: int = 3, operations: Iterable[str] | None = None
) -> st.SearchStrategy[Law]:
    """Laws of compact support on the line.

    Parameters
    ----------
    max_nodes, operations
        As for :func:`laws`.

    Examples
    --------
    >>> from hypothesis import given, settings
    >>> @settings(deadline=None, max_examples=10, database=None)
    ... @given(bounded_laws(max_nodes=1))
    ... def test(mu):
    ...     assert all(abs(x) < 100 for x in mu.edges())
    >>> test()
    """
    positive = {**leaves.ALGEBRAIC_POSITIVE, **leaves.TRANSCENDENTAL_POSITIVE}
    real = {**leaves.ALGEBRAIC_REAL, **leaves.TRANSCENDENTAL_REAL}
    grammar = _grammar(positive, real, operations, REAL)
    return _laws(grammar, REAL, *_node_bounds(1, max_nodes))


def positive_laws(
    *, max_nodes: int = 3, operations: Iterable[str] | None = None
) -> st.SearchStrategy[Law]:
    """Laws of compact support on ``[0, oo)``, none of them the point mass at 0.

    Parameters
    ----------
    max_nodes, operations
        As for :func:`laws`.

    Examples
    --------
    >>> from hypothesis import given, settings
    >>> @settings(deadline=None, max_examples=10, database=None)
    ... @given(positive_laws(max_nodes=1))
    ... def test(mu):
    ...     assert mu.is_positive
    >>> test()
    """
    positive = {**leaves.ALGEBRAIC_POSITIVE, **leaves.TRANSCENDENTAL_POSITIVE}
    grammar = _grammar(positive, leaves.ALGEBRAIC_REAL, operations, POSITIVE)
    return _laws(grammar, POSITIVE, *_node_bounds(1, max_nodes))


def algebraic_laws(
    *, max_nodes: int = 2, positive: bool = False, operations: Iterable[str] | None = None
) -> st.SearchStrategy[Law]:
    """Laws whose Cauchy transform satisfies a polynomial with integer coefficients.

    Parameters
    ----------
    max_nodes, operations
        As for :func:`laws`; degrees multiply with the number of laws.
    positive : bool
        Laws on ``[0, oo)``.

    Examples
    --------
    >>> import sympy
    >>> z, g = sympy.symbols("z g")
    >>> from hypothesis import given, settings
    >>> @settings(deadline=None, max_examples=10, database=None)
    ... @given(algebraic_laws(max_nodes=1))
    ... def test(mu):
    ...     assert mu.algebraic_equation(z, g) != 0
    >>> test()
    """
    kind = POSITIVE if arguments.flag(positive, "positive") else REAL
    grammar = _grammar(leaves.ALGEBRAIC_POSITIVE, leaves.ALGEBRAIC_REAL, operations, kind)
    return _laws(grammar, kind, *_node_bounds(1, max_nodes))


def laws_of(kind: type[Law]) -> st.SearchStrategy[Law]:
    """One family of laws with rational parameters, such as ``laws_of(Semicircle)``.

    Parameters
    ----------
    kind : type
        A subclass of Law that freesym offers with numbers as parameters.
    """
    found = [families[kind] for families in FAMILIES if kind in families]
    if not found:
        raise InvalidArgumentError(
            f"there is no strategy for {kind!r}; build one of its parameters"
        )
    return st.one_of([_leaf(build) for build in found])


#: All families, by the class of the law.
FAMILIES: tuple[_Families, ...] = (
    leaves.ALGEBRAIC_POSITIVE,
    leaves.ALGEBRAIC_REAL,
    leaves.TRANSCENDENTAL_POSITIVE,
    leaves.TRANSCENDENTAL_REAL,
    leaves.UNBOUNDED,
    leaves.WITHOUT_MOMENTS,
)
