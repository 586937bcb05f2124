"""What hypothesis calls when it is imported: strategies for the types of freesym.

Nothing is built before a test asks for one of the types.
"""

from __future__ import annotations

from typing import Any


def register() -> None:
    """Register strategies for laws and networks, for ``@given`` with type hints."""
    from hypothesis import strategies as st

    from freesym import laws
    from freesym.law import Law

    st.register_type_strategy(Law, _any_law)
    for name in _FAMILIES:
        st.register_type_strategy(getattr(laws, name), _family)
    from freesym.nets import Network

    st.register_type_strategy(Network, _network)


_FAMILIES = (
    "Arcsine", "Bernoulli", "Cauchy", "CompoundFreePoisson", "Discrete", "EquilibriumMeasure",
    "FreeBinomial", "FreePoisson", "FussCatalan", "KestenMcKay", "MarchenkoPastur", "PointMass",
    "Pushforward", "Raney", "Semicircle", "TwoPoint", "Uniform", "Wachter",
)  # fmt: skip


def _any_law(kind: type) -> Any:
    from freesym.testing.strategies import laws

    return laws()


def _family(kind: type) -> Any:
    from freesym.testing.strategies import laws_of

    return laws_of(kind)


def _network(kind: type) -> Any:
    from freesym.testing.strategies import networks

    return networks()
