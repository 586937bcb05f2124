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

from freesym.testing.checks import STATEMENTS, LawReport, check_law
from freesym.testing.errors import InvalidArgumentError, LawCheckError
from freesym.testing.families import FreeFamily
from freesym.testing.freeness import FreenessReport, assert_asymptotically_free
from freesym.testing.grammar import OPERATIONS, random_law
from freesym.testing.simulation import (
    ConvergenceReport,
    SimulationReport,
    assert_converges,
    simulate,
)
from freesym.testing.statements import Verdict, assert_identity, assert_same_law
from freesym.testing.statistics import distance

if TYPE_CHECKING:
    from freesym.testing.strategies import (
        algebraic_laws,
        bounded_laws,
        exact_parameters,
        expressions,
        free_families,
        laws,
        laws_of,
        networks,
        positive_laws,
        spectral_points,
    )

__all__ = [
    "OPERATIONS",
    "STATEMENTS",
    "ConvergenceReport",
    "FreeFamily",
    "FreenessReport",
    "InvalidArgumentError",
    "LawCheckError",
    "LawReport",
    "SimulationReport",
    "Verdict",
    "algebraic_laws",
    "assert_asymptotically_free",
    "assert_converges",
    "assert_identity",
    "assert_same_law",
    "bounded_laws",
    "check_law",
    "distance",
    "exact_parameters",
    "expressions",
    "free_families",
    "laws",
    "laws_of",
    "networks",
    "positive_laws",
    "random_law",
    "simulate",
    "spectral_points",
]


def __getattr__(name: str) -> Any:
    if name in __all__:
        from freesym.testing import strategies

        return getattr(strategies, name)
    raise AttributeError(f"module 'freesym.testing' has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
