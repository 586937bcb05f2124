"""Whether a law is symmetric about 0, as far as its tree shows."""

from __future__ import annotations

from freesym.relations import nodes
from freesym.relations.relation import Relation


def is_symmetric(relation: Relation) -> bool:
    """True if the tree shows the law to be symmetric; False otherwise."""
    match relation:
        case nodes.Additive() | nodes.Boolean() | nodes.NegativeInverse():
            return all(map(is_symmetric, relation.children))
        case nodes.RealMultiplicative():
            return is_symmetric(relation.real)
        case nodes.CompoundPoisson():
            return is_symmetric(relation.jumps)
        case nodes.Affine():
            return bool(relation.shift == 0) and is_symmetric(relation.child)
        case nodes.Mixture():
            return all(map(is_symmetric, relation.components))
    declared = getattr(relation, "is_symmetric", None)
    return bool(declared()) if declared is not None else False
