"""Property-based checks: random laws for hypothesis, and what every law must satisfy.

Strategies need hypothesis, which is imported when the first of them is asked for.

>>> import freesym as fs
>>> from freesym.testing import assert_identity, check_law
>>> report = check_law(fs.Semicircle())
>>> print(assert_identity("Bernoulli(1/2) + Bernoulli(1/2)", "Arcsine(0, 2)"))
proved: one polynomial of degree (2, 2) and one branch at infinity
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from freesym.testing.checks import STATEMENTS as STATEMENTS
from freesym.testing.checks import LawReport as LawReport
from freesym.testing.checks import check_law as check_law
from freesym.testing.errors import InvalidArgumentError as InvalidArgumentError
from freesym.testing.errors import LawCheckError as LawCheckError
from freesym.testing.families import FreeFamily as FreeFamily
from freesym.testing.freeness import FreenessReport as FreenessReport
from freesym.testing.freeness import assert_asymptotically_free as assert_asymptotically_free
from freesym.testing.grammar import OPERATIONS as OPERATIONS
from freesym.testing.grammar import random_law as random_law
from freesym.testing.simulation import ConvergenceReport as ConvergenceReport
from freesym.testing.simulation import SimulationReport as SimulationReport
from freesym.testing.simulation import assert_converges as assert_converges
from freesym.testing.simulation import simulate as simulate
from freesym.testing.statements import Verdict as Verdict
from freesym.testing.statements import assert_identity as assert_identity
from freesym.testing.statements import assert_same_law as assert_same_law
from freesym.testing.statistics import distance as distance

if TYPE_CHECKING:
    from freesym.testing.strategies import algebraic_laws as algebraic_laws
    from freesym.testing.strategies import bounded_laws as bounded_laws
    from freesym.testing.strategies import exact_parameters as exact_parameters
    from freesym.testing.strategies import expressions as expressions
    from freesym.testing.strategies import free_families as free_families
    from freesym.testing.strategies import laws as laws
    from freesym.testing.strategies import laws_of as laws_of
    from freesym.testing.strategies import networks as networks
    from freesym.testing.strategies import positive_laws as positive_laws
    from freesym.testing.strategies import spectral_points as spectral_points

_STRATEGIES = (
    "algebraic_laws",
    "bounded_laws",
    "exact_parameters",
    "expressions",
    "free_families",
    "laws",
    "laws_of",
    "networks",
    "positive_laws",
    "spectral_points",
)


def __getattr__(name: str) -> Any:
    if name in _STRATEGIES:
        from freesym.testing import strategies

        return getattr(strategies, name)
    raise AttributeError(f"module 'freesym.testing' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *_STRATEGIES])
