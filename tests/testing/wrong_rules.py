"""Rules and solvers of the package, each broken in one way, and what must notice.

Run as a script: every wrong rule is put in place in a process of its own, so that nothing that
was computed with it survives, and the statements and identities of :mod:`freesym.testing` are
asked about the laws that it concerns.  The script prints, as JSON, what became of each: the
first complaint, or an empty text for none.
"""

from __future__ import annotations

import dataclasses
import json
import os
import sys
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import sympy

import freesym as fs
from freesym.algebra import convolutions as convolutions_of_moments
from freesym.algebra import elimination
from freesym.algebra.cumulants import free_cumulants_from_moments as _cumulants
from freesym.relations import convolutions, mixtures, products, transformations
from freesym.relations.state import State
from freesym.solve import solver
from freesym.spectrum import atoms, distribution, moments, support
from freesym.spectrum.bounds import hull as _hull
from freesym.testing import check_law

HALF, THIRD = Fraction(1, 2), Fraction(1, 3)
MP, SC, B = fs.MarchenkoPastur, fs.Semicircle, fs.Bernoulli
Parts = tuple[State, ...]


def changed(rule: Callable[..., State], **changes: Callable[[State], Any]) -> Callable[..., State]:
    """A rule whose state has some other values."""

    def wrong(self: Any, parts: Parts) -> State:
        state = rule(self, parts)
        return dataclasses.replace(state, **{k: f(state) for k, f in changes.items()})

    return wrong


def _sum_without_excess(self: Any, parts: Parts) -> Any:
    """``w = sum t_i w_i``, the excess ``(T-1)/g`` forgotten."""
    return sum(t * part.w for t, part in zip(self.powers, parts, strict=True))


def _sum_with_sign(self: Any, parts: Parts) -> Any:
    excess = (sum(self.powers) - 1) / parts[0].g
    return sum(t * p.w for t, p in zip(self.powers, parts, strict=True)) + excess


def _product_without_excess(self: Any, parts: Parts) -> Any:
    w = parts[0].w
    for part in parts[1:]:
        w = w * part.w
    return w


def _swapped_ratio(self: Any, psi: Any, w: Any) -> Any:
    return (1 + psi) * (1 + psi / self.ratio) / w


def _evaluated(change: Callable[[Any, Any, Any], tuple[Any, Any]]) -> Callable[..., Any]:
    """Transforms ``g`` and ``psi`` at the points ``z`` after a change."""
    right = solver.Solver.transforms

    def wrong(self: Any, solved: Any) -> tuple[Any, Any]:
        return change(solved.z, *right(self, solved))

    return wrong


@dataclass(frozen=True)
class Rule:
    """What is replaced by what, and the claims that then fail."""

    owner: Any
    name: str
    wrong: Any
    claims: tuple[Any, ...]


def _polynomial() -> None:
    """The polynomial of a sum of atoms vanishes at its Cauchy transform, at verified points."""
    z, g = sympy.symbols("z g")
    law, place = B(HALF) + fs.Discrete([0, 1, 3]), complex(1, 2)
    equation = law.algebraic_equation(z, g)
    assert abs(complex(equation.subs({z: place, g: law.G(place)}))) < 1e-8


_ADDITIVE, _MULTIPLICATIVE = convolutions.Additive, convolutions.Multiplicative
_AFFINE, _INVERSE = transformations.Affine, transformations.NegativeInverse
_RESHAPE, _SQUARE = transformations.Reshape, transformations.SymmetricSquare
_BOOLEAN, _MONOTONE, _MIXTURE = mixtures.Boolean, mixtures.Monotone, mixtures.Mixture
_cdf = distribution.cdf_values
_SUM, _PRODUCT = fs.Uniform(0, 1) + SC(), fs.Uniform(1, 2) @ MP(HALF)
#: A factor that does not know 1 + psi relative to its size: its products cancel.
_SUM_AND_FOUR = fs.Uniform(1, 2) + SC() + 4
#: A law at the top of an expression is evaluated by a function of its own, so rules are nested.
_SHIFTED = MP(HALF) @ (fs.Uniform(0, 1) @ MP(2) + 1)

RULES: dict[str, Rule] = {
    "sum without the excess": Rule(_ADDITIVE, "_w", _sum_without_excess, (_SUM,)),
    "sum with the wrong sign": Rule(_ADDITIVE, "_w", _sum_with_sign, (_SUM,)),
    "psi of a sum": Rule(
        _ADDITIVE, "combine", changed(_ADDITIVE.combine, psi=lambda s: 2 * s.psi), (_SUM,)
    ),
    "product without the excess": Rule(
        _MULTIPLICATIVE, "_w", _product_without_excess, (_SUM_AND_FOUR @ (SC() + 3),)
    ),
    "product of R-transforms": Rule(
        products.RealMultiplicative,
        "combine",
        changed(products.RealMultiplicative.combine, g=lambda s: s.g + s.psi),
        ((SC() + HALF) @ MP(HALF),),
    ),
    "swapped ratio": Rule(
        products.Rectangular, "h", _swapped_ratio,
        (fs.rectangular_sum(MP(HALF), fs.FreePoisson(2, HALF), ratio=HALF),),
    ),
    "shift forgotten in psi": Rule(
        _AFFINE, "combine", changed(_AFFINE.combine, psi=lambda s: s.psi - s.g),
        (_SHIFTED,),
    ),
    "scale squared": Rule(
        _AFFINE, "combine", changed(_AFFINE.combine, g=lambda s: s.g / 3), (3 * _PRODUCT + SC(),)
    ),
    "conjugate branch of the inverse": Rule(
        _INVERSE, "combine", changed(_INVERSE.combine, g=lambda s: -s.g),
        (_PRODUCT.inverse() + SC(),)
    ),
    "root of the square": Rule(
        _SQUARE, "combine", changed(_SQUARE.combine, g=lambda s: s.g / 2),
        ((SC() + fs.Uniform(-1, 1)).square() + SC(),),
    ),
    "shape without its ratio": Rule(
        _RESHAPE, "combine", changed(_RESHAPE.combine, psi=lambda s: 2 * s.psi),
        (_PRODUCT.reshape(HALF) + SC(),),
    ),
    "mixture of R-transforms": Rule(
        _MIXTURE, "combine", changed(_MIXTURE.combine, g=lambda s: s.g * s.g),
        (fs.mixture([SC(), fs.Uniform(0, 1)]) + SC(),),
    ),
    "Boolean sum of transforms": Rule(
        _BOOLEAN, "combine", changed(_BOOLEAN.combine, g=lambda s: s.g / (1 + s.psi)),
        (fs.boolean_sum(SC(), fs.Uniform(0, 1)) + SC(),),
    ),
    "monotone in the other order": Rule(
        _MONOTONE, "children", property(lambda self: (self.outer, self.inner)),
        (fs.monotone(SC(), fs.Uniform(0, 1)) + SC(),),
    ),
    "cumulants off by one": Rule(
        moments, "free_cumulants_from_moments", lambda row: [*_cumulants(row)[1:], 0], (_SUM,)
    ),
    "moments of a product": Rule(
        convolutions_of_moments, "free_product_moments",
        lambda a, b: [x * y for x, y in zip(a, b, strict=True)],
        ((SC() + HALF) @ MP(HALF),),
    ),
    "atoms forgotten": Rule(atoms, "_additive", lambda *_: [], (B(THIRD) + B(Fraction(1, 4)),)),
    "atoms multiply in sums": Rule(
        atoms, "_sum",
        lambda a, b: {x + y: m * n for x, m in a.items() for y, n in b.items()},
        (B(THIRD) + B(Fraction(1, 4)),),
    ),
    "sums eliminated as products": Rule(
        elimination, "total", elimination.product, (_polynomial,)
    ),
    "distribution function from the other side": Rule(
        distribution, "cdf_values", lambda relation, x: 1 - _cdf(relation, x), (_SUM,)
    ),
    "wrong half-plane": Rule(
        solver.Solver, "transforms", _evaluated(lambda z, g, psi: (g.conj(), psi.conj())), (_SUM,)
    ),
    "another solution of the equations": Rule(
        solver.Solver, "transforms", _evaluated(lambda z, g, psi: (z - g, z * (z - g) - 1)), (_SUM,)
    ),
    "rounded solutions": Rule(
        solver.Solver, "transforms", _evaluated(lambda z, g, psi: (g.round(4), psi)), (_SUM,)
    ),
    "merged intervals": Rule(
        support, "continuous_support", lambda relation: (_hull(relation),),
        (fs.Discrete([-4, 4]) + SC(),),
    ),
}  # fmt: skip


def _complaint(claim: Any) -> str:
    try:
        if isinstance(claim, fs.Law):
            check_law(claim)
        else:
            claim()
    except Exception as error:  # noqa: BLE001 - refusals are as good as failures
        return f"{type(error).__name__}: {' '.join(str(error).split())[:200]}"
    return ""


def _in_a_process(rule: Rule | None, claims: tuple[Any, ...]) -> str:
    """The first complaint about the claims, in a fork where the rule is wrong."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            if rule is not None:
                setattr(rule.owner, rule.name, rule.wrong)
            found = next(filter(None, map(_complaint, claims)), "")
        except BaseException:  # noqa: BLE001 - the parent reports it
            found = "broken: " + traceback.format_exc()[-300:]
        os.write(writing, found.encode())
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as answer:
        found = answer.read()
    os.waitpid(child, 0)
    return found


def outcomes() -> dict[str, str]:
    """The first complaint about every wrong rule, and about all claims with the right rules."""
    found = {name: _in_a_process(rule, rule.claims) for name, rule in RULES.items()}
    claims = {repr(claim): claim for rule in RULES.values() for claim in rule.claims}
    found["right rules"] = _in_a_process(None, tuple(claims.values()))
    return found


if __name__ == "__main__":
    json.dump(outcomes(), sys.stdout)
