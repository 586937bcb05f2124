"""What hypothesis calls when it is imported: strategies for the types of freesym.

Nothing is built before a test asks for one of the types.
"""

from __future__ import annotations

from typing import Any


def register() -> None:
    """Register strategies for laws, networks and free families, for ``@given`` with type hints."""
    from hypothesis import strategies as st

    from freesym import laws, operations
    from freesym.law import Law

    st.register_type_strategy(Law, _any_law)
    for kind in [*vars(laws).values(), *vars(operations).values()]:
        if isinstance(kind, type) and issubclass(kind, Law) and kind is not Law:
            st.register_type_strategy(kind, _one_kind)
    from freesym.nets import Network
    from freesym.testing.families import FreeFamily

    st.register_type_strategy(Network, _network)
    st.register_type_strategy(FreeFamily, _free_family)


def _any_law(kind: type) -> Any:
    from freesym.testing.strategies import laws

    return laws()


def _one_kind(kind: type) -> Any:
    from freesym.testing.strategies import laws_of

    return laws_of(kind)


def _network(kind: type) -> Any:
    from freesym.testing.strategies import networks

    return networks()


def _free_family(kind: type) -> Any:
    from freesym.testing.strategies import free_families

    return free_families()
