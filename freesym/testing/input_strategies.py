"""Hypothesis strategies for what laws are made of and asked: numbers, points, networks."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from freesym.errors import FreesymError, MissingDependencyError
from freesym.law import Law
from freesym.parameters import Number, as_number, short
from freesym.testing import arguments
from freesym.testing.errors import InvalidArgumentError
from freesym.testing.families import FreeFamily
from freesym.testing.law_strategies import bounded_laws
from freesym.testing.places import KINDS, Places

try:
    from hypothesis import strategies as st
except ImportError as error:  # pragma: no cover - tested in a process without hypothesis
    raise MissingDependencyError(
        "strategies need hypothesis; install it with: pip install freesym[test]"
    ) from error

if TYPE_CHECKING:
    from freesym.nets import Network

_WEIGHTS = ("gaussian", "orthogonal")


def exact_parameters(
    *,
    min_value: Any = None,
    max_value: Any = None,
    exclude_min: bool = False,
    exclude_max: bool = False,
    max_denominator: int = 12,
) -> st.SearchStrategy[Number]:
    """Rational numbers in the form in which laws keep and print them: ``int`` or ``Fraction``.

    Parameters
    ----------
    min_value, max_value : number, optional
        Bounds, which may be attained unless excluded; by default -10 and 10, moved if needed.
        Floating-point numbers count as the binary fractions that they are.
    exclude_min, exclude_max : bool
        Whether the bounds are excluded.
    max_denominator : int
        At most a million.

    Raises
    ------
    InvalidArgumentError
        At once, if there is no such number.

    Examples
    --------
    >>> from hypothesis import given, settings
    >>> @settings(deadline=None, max_examples=10, database=None)
    ... @given(exact_parameters(min_value=0, max_value=1, exclude_min=True))
    ... def test(p):
    ...     assert 0 < p <= 1
    >>> test()
    """
    largest = arguments.count(max_denominator, 1, 10**6, "max_denominator")
    low, high = _bounds(min_value, max_value)
    open_low = arguments.flag(exclude_min, "exclude_min")
    open_high = arguments.flag(exclude_max, "exclude_max")
    first, last = _least(low, open_low, largest), -_least(-high, open_high, largest)
    if first > last:
        ends = [short(as_number(end)) for end in (low, high)]
        without = ", without the excluded bounds" if open_low or open_high else ""
        raise InvalidArgumentError(
            f"there is no rational number of denominator at most {largest} from {ends[0]} to "
            f"{ends[1]}{without}; give a larger max_denominator or other bounds"
        )
    return st.fractions(first, last, max_denominator=largest).map(as_number)


def _least(low: Fraction, excluded: bool, largest: int) -> Fraction:
    """The least rational of denominator at most ``largest`` at or above a bound, or above it."""
    if excluded:
        # two fractions of denominators b and d differ by 1/(b d) at least
        low += Fraction(1, low.denominator * largest)
    near = low.limit_denominator(largest)
    if near >= low:
        return near
    # the right neighbour c/d of a/b among these fractions: b c - a d = 1, with the largest such d
    a, b = near.numerator, near.denominator
    d = largest - (largest + pow(a, -1, b)) % b
    return Fraction((1 + a * d) // b, d)


def _bounds(min_value: Any, max_value: Any) -> tuple[Fraction, Fraction]:
    low = None if min_value is None else arguments.rational(min_value, "min_value")
    high = None if max_value is None else arguments.rational(max_value, "max_value")
    if low is None:
        low = Fraction(-10) if high is None else min(Fraction(-10), high - 10)
    if high is None:
        high = max(Fraction(10), low + 10)
    if low > high:
        raise InvalidArgumentError(
            f"min_value = {short(as_number(low))} is above max_value = {short(as_number(high))}; "
            "exchange them"
        )
    return low, high


@st.composite
def _networks(draw: st.DrawFn, most: int, widths: tuple[int, ...], weights: Any, act: Any) -> Any:
    from freesym.nets import Network

    depth = draw(st.integers(1, most))
    if draw(st.booleans()):
        sizes = [draw(st.sampled_from(widths)) for _ in range(depth + 1)]
    else:
        sizes = [widths[0]] * (depth + 1)
    return Network(tuple(sizes), draw(st.sampled_from(act)), draw(st.sampled_from(weights)))


def _activation(given: Any) -> Any:
    from freesym.nets import Network

    try:
        return Network((1, 1), given).activation
    except FreesymError as error:
        raise InvalidArgumentError(f"activations: {error}") from error


def networks(
    *,
    max_depth: int = 4,
    widths: Iterable[int] = (1, 2, 3, 4),
    activations: str | Iterable[Any] = ("linear", "relu", "leaky-relu", "hard-tanh"),
    weights: str | Iterable[str] = _WEIGHTS,
) -> st.SearchStrategy[Network]:
    """Random networks with the default weights; ``network.law()`` is the law of their Jacobian.

    They print with the names of :mod:`freesym.nets` and ``Fraction``.

    Parameters
    ----------
    max_depth : int
        The largest number of layers.
    widths : iterable of int
        What layers may have; half of the networks have equal widths.
    activations : str, or iterable of str or Activation
        Piecewise linear ones.
    weights : str or iterable of str

    Examples
    --------
    >>> from hypothesis import given, settings
    >>> @settings(deadline=None, max_examples=10, database=None)
    ... @given(networks(max_depth=2, widths=[1]))
    ... def test(network):
    ...     assert 0 < network.law().mean() <= 1
    >>> test()
    """
    most = arguments.count(max_depth, 1, 1000, "max_depth")
    given = arguments.items(widths, "widths", "[3]")
    sizes = tuple(arguments.count(n, 1, 10**9, "a width") for n in given)
    kinds = tuple(map(_activation, arguments.items(activations, "activations", "['relu']")))
    forms = arguments.names(weights, _WEIGHTS, "weights")
    return _networks(most, sizes, forms, kinds)


def spectral_points(
    law: Law, *, where: str | Iterable[str] | None = None
) -> st.SearchStrategy[Any]:
    """Points at which a law may be asked: ordinary ones and the delicate ones.

    Parameters
    ----------
    law : Law
        Without symbols.
    where : str or iterable of str, optional
        Some of ``"bulk"``, ``"edges"`` (also beside them), ``"gaps"``, ``"atoms"`` (also beside
        them), ``"far"`` and ``"complex"``; by default all that the law has.

    Returns
    -------
    strategy of float or complex
        Complex points lie in both half-planes, down to a height of 1e-8 of the spread.

    Raises
    ------
    InvalidArgumentError
        At once, if the law has no such points.

    Examples
    --------
    >>> import freesym as fs
    >>> mu = fs.Semicircle()
    >>> from hypothesis import given, settings
    >>> @settings(deadline=None, max_examples=10, database=None)
    ... @given(spectral_points(mu, where=["bulk"]))
    ... def test(x):
    ...     assert mu.density(x) > 0
    >>> test()
    """
    places = Places(arguments.law(law, "law"))
    kinds = KINDS if where is None else arguments.names(where, KINDS, "where")
    found = {kind: places.of(kind) for kind in kinds}
    empty = [kind for kind, points in found.items() if not points]
    if where is not None and empty:
        there = ", ".join(kind for kind in KINDS if places.of(kind))
        raise InvalidArgumentError(
            f"{law!r} has no points of the kind {', '.join(empty)}; it has {there}"
        )
    return st.one_of([st.sampled_from(points) for points in found.values() if points])


def free_families(
    *,
    min_size: int = 2,
    max_size: int = 3,
    members: st.SearchStrategy[Law] | None = None,
) -> st.SearchStrategy[FreeFamily]:
    """Families of free random variables, with seeded matrices that become free.

    They print with the names of freesym and SymPy, as laws do, and ``FreeFamily``.

    Parameters
    ----------
    min_size, max_size : int
        How many variables.
    members : strategy of laws, optional
        By default ``bounded_laws(max_nodes=1)``.

    Examples
    --------
    >>> from hypothesis import given, settings
    >>> @settings(deadline=None, max_examples=10, database=None)
    ... @given(free_families(max_size=2))
    ... def test(family):
    ...     assert len(family) == 2
    >>> test()
    """
    most = arguments.count(max_size, 1, 100, "max_size")
    least = arguments.count(min_size, 1, most, "min_size")
    each = bounded_laws(max_nodes=1) if members is None else members
    if not isinstance(each, st.SearchStrategy):
        raise InvalidArgumentError(f"members = {each!r} must be a strategy of laws")
    return st.builds(
        FreeFamily,
        st.lists(each, min_size=least, max_size=most).map(tuple),
        st.integers(0, 2**31 - 1),
    )
