"""Hypothesis strategies for laws and expressions.

Every strategy takes keyword-only arguments with defaults, refuses impossible ones at once, and
shrinks to short expressions whose ``repr`` evaluates back with the names of freesym and SymPy.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from freesym import operations as classes
from freesym.errors import MissingDependencyError
from freesym.law import Law
from freesym.parameters import short
from freesym.testing import arguments, leaves
from freesym.testing.errors import InvalidArgumentError
from freesym.testing.grammar import (
    MOST_NODES,
    OPERATIONS,
    POSITIVE,
    REAL,
    Grammar,
    checked_operations,
)

try:
    from hypothesis import strategies as st
except ImportError as error:  # pragma: no cover - tested in a process without hypothesis
    raise MissingDependencyError(
        "strategies need hypothesis; install it with: pip install freesym[test]"
    ) from error

_Families = dict[type[Law], Callable[[leaves.Choose], Law]]


def _grammar(positive: _Families, real: _Families, operations: Any, kind: str) -> Grammar:
    return Grammar(
        (*leaves.STANDARD_REAL, *real.values(), *positive.values()),
        (*leaves.STANDARD_POSITIVE, *positive.values()),
        checked_operations(operations, kind),
    )


@st.composite
def _drawn(draw: st.DrawFn, build: Callable[[leaves.Choose], Law]) -> Law:
    return build(lambda options: draw(st.sampled_from(options)))


def _laws(grammar: Grammar, kind: str, least: int, most: int) -> st.SearchStrategy[Law]:
    sizes = _sizes(grammar, kind, least, most)
    return _drawn(lambda choose: grammar.law(kind, choose, choose(sizes)))


def _sizes(grammar: Grammar, kind: str, least: int, most: int) -> list[int]:
    """The numbers of nodes within bounds that expressions can have."""
    sizes = [n for n in range(1, MOST_NODES + 1) if grammar.fits((kind,), n)]
    found = [n for n in sizes if least <= n <= most]
    if not found:
        near = [n for n in sizes if n < least][-1:] + [n for n in sizes if n > most][:1]
        raise InvalidArgumentError(
            f"operations = {sorted(grammar.names or OPERATIONS)} make no expression of min_nodes = "
            f"{least} to max_nodes = {most}; the nearest have {' or '.join(map(str, near))} nodes"
        )
    return found


def expressions(
    *,
    max_nodes: int = 8,
    min_nodes: int = 1,
    operations: str | Iterable[str] | None = None,
    positive: bool = False,
) -> st.SearchStrategy[Law]:
    """Expressions in 45 fixed laws of compact support and all operations that keep them laws.

    Parameters
    ----------
    max_nodes, min_nodes : int
        How many laws and operations an expression is built of.  Some then become one: a sum of
        sums is one sum, and ``2 * (3 * mu)`` is ``6 * mu``; deconvolutions first convolve.
    operations : str or iterable of str, optional
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
    high = arguments.count(most, 1, MOST_NODES, "max_nodes")
    return arguments.count(least, 1, high, "min_nodes"), high


def laws(
    *, max_nodes: int = 3, moments: bool = True, operations: str | Iterable[str] | None = None
) -> st.SearchStrategy[Law]:
    """Laws on the line: families with rational parameters and short expressions in them.

    Parameters
    ----------
    max_nodes : int
        The length of expressions; 1 for named laws alone.
    moments : bool
        Whether all moments must exist.  If not, Cauchy laws occur, alone and in free sums.
    operations : str or iterable of str, optional
        As for :func:`expressions`.

    Notes
    -----
    Laws print as what can be pasted after ``from freesym import *`` and ``from sympy import *``:
    rational parameters and pushforwards are written with SymPy's names.
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
    unbounded = dict(leaves.UNBOUNDED)
    if not arguments.flag(moments, "moments"):
        unbounded |= leaves.WITHOUT_MOMENTS
    grammar, tails = _bounded_grammar(operations), tuple(unbounded.values())
    sizes = _sizes(grammar, REAL, *_node_bounds(1, max_nodes))
    return _drawn(lambda choose: _law_or_tails(choose, grammar, tails, choose(sizes)))


def _law_or_tails(
    choose: leaves.Choose, grammar: Grammar, tails: tuple[Any, ...], nodes: int
) -> Law:
    """A law that may have unbounded support, which takes no fewer choices than a bounded one.

    Otherwise hypothesis, which prefers few choices, would shrink to it.
    """
    rest = nodes - 2
    sums = grammar.names is None or "free_sum" in grammar.names
    if (nodes == 1 or (sums and grammar.fits((REAL,), rest))) and choose((False, True)):
        # twice, for a choice among one is none
        tail: Law = choose(tails * 2)(choose)
        return tail if nodes == 1 else grammar.law(REAL, choose, rest) + tail
    return grammar.law(REAL, choose, nodes)


def bounded_laws(
    *, max_nodes: int = 3, operations: str | Iterable[str] | None = None
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
    return _laws(_bounded_grammar(operations), REAL, *_node_bounds(1, max_nodes))


def _bounded_grammar(operations: Any) -> Grammar:
    positive = {**leaves.ALGEBRAIC_POSITIVE, **leaves.TRANSCENDENTAL_POSITIVE}
    real = {**leaves.ALGEBRAIC_REAL, **leaves.TRANSCENDENTAL_REAL}
    return _grammar(positive, real, operations, REAL)


def positive_laws(
    *, max_nodes: int = 3, operations: str | Iterable[str] | None = None
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
    *, max_nodes: int = 2, positive: bool = False, operations: str | Iterable[str] | None = None
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
    """Laws of one class, such as ``laws_of(Semicircle)``.

    Parameters
    ----------
    kind : type
        A family, whose parameters are then rational, or a class of :mod:`freesym.operations`,
        which is then applied to fixed laws.

    Raises
    ------
    InvalidArgumentError
        For other classes, such as those of laws that are given by a formula.

    Examples
    --------
    >>> from freesym.operations import FreeSum
    >>> from hypothesis import given, settings
    >>> @settings(deadline=None, max_examples=10, database=None)
    ... @given(laws_of(FreeSum))
    ... def test(mu):
    ...     assert len(mu.terms) > 1
    >>> test()
    """
    if not (isinstance(kind, type) and issubclass(kind, Law)):
        raise InvalidArgumentError(
            f"kind = {short(kind)} must be a class of laws, such as freesym.Semicircle"
        )
    if kind in _OPERATIONS:
        grammar = Grammar(names=frozenset(_OPERATIONS[kind]))
        where = REAL if grammar.fits((REAL,), 2) or grammar.fits((REAL,), 3) else POSITIVE
        return _laws(grammar, where, 2, 3).filter(lambda law: type(law) is kind)
    found = [families[kind] for families in FAMILIES if kind in families]
    if not found:
        offered = {*_OPERATIONS, *(kind for families in FAMILIES for kind in families)}
        raise InvalidArgumentError(
            f"there is no strategy for {kind.__name__}, only for "
            f"{', '.join(sorted(kind.__name__ for kind in offered))}; build it of its parameters "
            "with hypothesis.strategies.builds and, for type hints, register that with "
            "hypothesis.strategies.register_type_strategy"
        )
    return st.one_of([_drawn(build) for build in found])


#: The operations of the grammar that build a class.
_OPERATIONS: dict[type[Law], tuple[str, ...]] = {
    classes.Affine: ("shift", "scale"),
    classes.Inverse: ("inverse",),
    classes.Reshape: ("reshape",),
    classes.Square: ("square",),
    classes.AdditiveDeconvolution: ("additive_deconvolve",),
    classes.AdditivePower: ("additive_power",),
    classes.Compression: ("compress",),
    classes.FreeProduct: ("free_product",),
    classes.FreeSum: ("free_sum",),
    classes.MultiplicativeDeconvolution: ("multiplicative_deconvolve",),
    classes.MultiplicativePower: ("multiplicative_power",),
    classes.BooleanSum: ("boolean_sum",),
    classes.Mixture: ("mixture",),
    classes.MonotoneConvolution: ("monotone",),
    classes.RectangularSum: ("rectangular_sum", "noncentral_wishart"),
}
#: All families, by the class of the law.
FAMILIES: tuple[_Families, ...] = (
    leaves.ALGEBRAIC_POSITIVE,
    leaves.ALGEBRAIC_REAL,
    leaves.TRANSCENDENTAL_POSITIVE,
    leaves.TRANSCENDENTAL_REAL,
    leaves.UNBOUNDED,
    leaves.WITHOUT_MOMENTS,
)
