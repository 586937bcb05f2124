"""The random expressions of the tests: the grammar of ``freesym.testing``."""

from __future__ import annotations

from hypothesis import strategies as st

from freesym import Law
from freesym.testing import expressions
from freesym.testing.grammar import positive as positive
from freesym.testing.grammar import random_law as random_law
from freesym.testing.grammar import real as real
from freesym.testing.leaves import POSITIVE_LEAVES as POSITIVE_LEAVES
from freesym.testing.leaves import REAL_LEAVES as REAL_LEAVES


def laws(*, max_nodes: int = 12, kind: object = real) -> st.SearchStrategy[Law]:
    """Laws with at most ``max_nodes`` nodes, on the line or (``kind=positive``) on ``[0, oo)``."""
    return expressions(max_nodes=max_nodes, positive=kind is positive)
