"""What a certificate takes from the user of a law."""

from __future__ import annotations

from freesym.relations.leaf import RTransformLeaf, STransformLeaf
from freesym.relations.relation import Relation


def assumptions(relation: Relation) -> tuple[str, ...]:
    """The statements about leaves that enter the proof and are not theorems about them.

    A formula given as an R- or S-transform that is not seen to be that of an infinitely divisible
    law is assumed to be that of a law whose physical sheet is the set where the half-plane
    conditions hold.
    """
    found: list[str] = []
    stack = [relation]
    while stack:
        node = stack.pop()
        stack.extend(node.children)
        formula = getattr(node, "expression", None)
        if formula is None or not node.assumed:
            if _has_stated_sheet(node):
                found.append(
                    f"the sheet of {node!r} is the one its documentation states: the theorem on "
                    "infinitely divisible laws does not cover it"
                )
            continue
        kind = {RTransformLeaf: "R", STransformLeaf: "S"}
        name = next((n for k, n in kind.items() if isinstance(node, k)), "Cauchy ")
        words = (
            f"{formula} is the {name}-transform of a law, and the half-planes single out its sheet"
        )
        found.append(words.replace("Cauchy -", "Cauchy "))
    return tuple(dict.fromkeys(found))


def exact_floats(floats: tuple[str, ...]) -> tuple[str, ...]:
    """The statement that floating-point data are exactly the binary numbers they are."""
    if not floats:
        return ()
    shown = ", ".join(floats[:3]) + (", ..." if len(floats) > 3 else "")
    return (f"the data {shown} of the law are exactly these binary floating-point numbers",)


def _has_stated_sheet(node: Relation) -> bool:
    """Laws with S-transforms that are neither Moebius maps nor known to be infinitely divisible."""
    name = type(node).__name__
    return name == "Raney" or (name == "Wachter" and bool(node.a < 1))  # type: ignore[attr-defined]
