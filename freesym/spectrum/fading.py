"""Laws that reach 0 with next to no mass: where they begin to be visible."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from freesym.relations import nodes
from freesym.relations.leaf import Leaf
from freesym.relations.relation import Relation
from freesym.solve.solver import solver
from freesym.spectrum import atoms as atoms_module
from freesym.spectrum.evaluate import transforms

#: The mass that is not missed, and how far beside the axis it is looked for, in units of x.
_FADED, _BESIDE = 1e-12, 1e-13


def fades_at_zero(relation: Relation) -> bool:
    """Whether the support begins at 0, where so little lies that it need not be searched.

    A leaf says so, such as one that is tabulated down to a smallest position.  A product on the
    half-line reaches 0 as soon as one factor does: its inverse is unbounded.
    """
    match relation:
        case nodes.Affine():
            return bool(relation.shift == 0 and relation.scale > 0) and fades_at_zero(
                relation.child
            )
        case nodes.Multiplicative():
            empty = all(float(a) != 0.0 for a in atoms_module.atoms(relation))
            return empty and any(fades_at_zero(factor) for factor in relation.factors)
        case Leaf():
            return bool(getattr(relation, "fades_at_zero", False))
    return False


@lru_cache(maxsize=1024)
def visible_start(relation: Relation) -> float:
    """For laws that fade at 0: below this lies a mass of less than about 1e-12."""
    if isinstance(relation, nodes.Affine):
        return float(relation.scale) * visible_start(relation.child)
    last = 0.0
    for start in range(0, 900, 6):
        x = solver(relation).first[0] * 2.0 ** -np.arange(start, start + 6, dtype=float)
        # points beyond the last visible one are slow to fail, and on the axis are tried again
        z = x.astype(np.complex128) * (1 + _BESIDE * 1j)
        found = transforms(relation, z, potential=True, thorough=False)
        assert found.u is not None
        visible = (1 - found.u.imag / np.pi > _FADED) & (found.g.imag < 0)
        for place, seen in zip(x.tolist(), visible.tolist(), strict=True):
            if last and not seen:
                return last
            last = place if seen else last
    return last
