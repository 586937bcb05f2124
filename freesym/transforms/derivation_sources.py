"""Where the rules that a derivation applies come from."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

from freesym.relations import nodes
from freesym.relations.leaf import Leaf
from freesym.relations.relation import Relation

ADDITION = (
    'D. Voiculescu, "Addition of certain non-commuting random variables", J. Funct. Anal. 66 '
    "(1986) 323: R-transforms add"
)
MULTIPLICATION = (
    'D. Voiculescu, "Multiplication of certain non-commuting random variables", J. Operator '
    "Theory 18 (1987) 223: S-transforms multiply"
)
ADDITIVE_POWERS = (
    'A. Nica and R. Speicher, "On the multiplication of free N-tuples of noncommutative random '
    'variables", Amer. J. Math. 118 (1996) 799: free additive powers and compressions'
)
MULTIPLICATIVE_POWERS = (
    'S. T. Belinschi and H. Bercovici, "Partially defined semigroups relative to multiplicative '
    'free convolution", Int. Math. Res. Not. (2005) 65: free multiplicative powers'
)
REAL_PRODUCTS = (
    'N. R. Rao and R. Speicher, "Multiplication of free random variables and the S-transform: '
    'the case of vanishing mean", Electron. Commun. Probab. 12 (2007) 248; O. Arizmendi, '
    "T. Hasebe and Y. Kitagawa (2021): products with a law on the whole line"
)
BOOLEAN = (
    'R. Speicher and R. Woroudi, "Boolean convolution", Fields Inst. Commun. 12 (1997) 267: '
    "z - 1/G adds"
)
MONOTONE = (
    'N. Muraki, "Monotonic convolution and monotonic Levy-Hincin formula", preprint (2000): '
    "reciprocal Cauchy transforms are composed"
)
RECTANGULAR = (
    'F. Benaych-Georges, "Rectangular random matrices, related convolution", Probab. Theory '
    "Related Fields 144 (2009) 471: rectangular R-transforms add"
)
POISSON = (
    'R. Speicher, "Combinatorial theory of the free product with amalgamation and '
    'operator-valued free probability theory", Mem. Amer. Math. Soc. 627 (1998): free cumulants '
    "of compound free Poisson laws are moments of the jumps"
)
INVERSES = (
    'U. Haagerup and H. Schultz, "Brown measures of unbounded operators affiliated with a '
    'finite von Neumann algebra", Math. Scand. 100 (2007) 209: S-transforms of inverses'
)
SYMMETRIC = "change of variables X -> X^2 in G(z) = E 1/(z - X), for a symmetric law"
CHANGE = "change of variables in G(z) = E 1/(z - X)"
DEFINITION = 'D. Voiculescu, K. Dykema and A. Nica, "Free random variables", CRM Monograph 1 (1992)'
POLYNOMIALS = (
    'N. R. Rao and A. Edelman, "The polynomial method for random matrices", Found. Comput. '
    "Math. 8 (2008) 649: eliminating auxiliary variables by resultants"
)
SUBORDINATION = (
    'P. Biane, "Processes with free increments", Math. Z. 227 (1998) 143; S. T. Belinschi and '
    'H. Bercovici, "A new approach to subordination results in free probability", J. Anal. '
    "Math. 101 (2007) 357"
)
INVERSION = "Stieltjes' inversion formula: f(x) = -Im G(x + i0)/pi"
ATOMS = "the limit of i e G(a + i e) for e -> 0 is the mass at a"
EDGES = "the edges are branch points of G: zeros of the discriminant of P"
PUISEUX = "Newton polygon of P at the edge (Puiseux expansions)"

_LIBRARY = re.compile(r"^\s*\.\. \[1\](.*?)(?:\n\s*\n|\n\s*\.\. \[|\Z)", re.DOTALL | re.MULTILINE)


@lru_cache(maxsize=256)
def source_of_law(kind: type) -> str:
    """The first reference in a law's documentation.

    Examples
    --------
    >>> from freesym.laws import Bernoulli
    >>> source_of_law(Bernoulli)[:26]
    'D. Voiculescu, "Multiplica'
    """
    found = _LIBRARY.search(kind.__doc__ or "")
    return " ".join(found.group(1).split()).rstrip(".") if found else "definition"


def source_of_rule(relation: Any) -> str:
    """The theorem by which a node combines its children."""
    match relation:
        case nodes.Additive():
            return _with_powers(ADDITION, ADDITIVE_POWERS, relation.powers)
        case nodes.Multiplicative():
            return _with_powers(MULTIPLICATION, MULTIPLICATIVE_POWERS, relation.powers)
        case nodes.RealMultiplicative():
            return f"{MULTIPLICATION}; {REAL_PRODUCTS}"
    return _RULES.get(type(relation), CHANGE)


def _with_powers(rule: str, powers: str, given: tuple[Any, ...]) -> str:
    if all(t == 1 for t in given):
        return rule
    return powers if len(given) == 1 else f"{rule}; {powers}"


_RULES: dict[type[Relation], str] = {
    nodes.Boolean: BOOLEAN,
    nodes.Monotone: MONOTONE,
    nodes.Rectangular: RECTANGULAR,
    nodes.CompoundPoisson: POISSON,
    nodes.Mixture: "G(z) = E 1/(z - X) is linear in the law",
    nodes.SymmetricSquare: SYMMETRIC,
    nodes.Reshape: "the spectra of J J^T and J^T J differ by zeros only",
}


def source_of_leaf(leaf: Leaf) -> str:
    """The source of a leaf's defining relation."""
    return source_of_law(type(leaf))
