"""What every relation offers: explicit evaluation along a coordinate, or a combination."""

from __future__ import annotations

import dataclasses
from abc import ABC, abstractmethod
from fractions import Fraction
from typing import Any, Self

from freesym.parameters import argument_name, is_expression, to_float
from freesym.relations.state import Kind, State


class Relation(ABC):
    """A leaf or a node of a relation tree; immutable and hashable."""

    #: The quantity the children share, which is also the natural coordinate of the node.
    native: Kind | None = None

    #: Whether the log-potential is an integral, for want of a rule.
    integrates = False

    #: Whether ``w`` is known relative to its size where ``1 + psi`` is.
    keeps_digits_of_w = False

    @property
    def children(self) -> tuple[Relation, ...]:
        """The relations this one is built from."""
        return ()

    @property
    def flips(self) -> tuple[int, ...]:
        """For each child: 1 if its ``w`` lies in our half-plane, -1 if not, 0 if unknown."""
        return (1,) * len(self.children)

    @property
    def proved(self) -> bool:
        """Whether the half-plane conditions of this node single out the solution."""
        return True

    @property
    def unique(self) -> bool:
        """Whether they do, by a theorem or as far as points were tested."""
        return self.proved

    @property
    def any_integrates(self) -> bool:
        """Whether the log-potential of some part is an integral."""
        return self.integrates or any(child.any_integrates for child in self.children)

    @property
    def any_unknown_side(self) -> bool:
        """Whether some part may cross into the other half-plane."""
        return 0 in self.flips or any(child.any_unknown_side for child in self.children)

    @property
    def all_proved(self) -> bool:
        """Whether they do in the whole tree."""
        return self.proved and all(child.all_proved for child in self.children)

    @property
    def all_unique(self) -> bool:
        """Whether all nodes are ``unique``."""
        return self.unique and all(child.all_unique for child in self.children)

    @property
    def assumed(self) -> bool:
        """Whether no theorem says that the law exists: see ``spectrum.existence``."""
        return not self.proved or any(child.assumed for child in self.children)

    @property
    def mass_at_zero(self) -> float:
        """The mass of the atom at 0, where the tree shows it at once; otherwise 0."""
        if self.native == "psi":
            return max(child.mass_at_zero for child in self.children)
        return 0.0

    def explicit(self, kind: Kind) -> bool:
        """Whether the state is an explicit function of the component ``kind``."""
        return False

    def at(self, kind: Kind, value: Any) -> State:
        """The state whose component ``kind`` has the given value."""
        raise NotImplementedError(f"{type(self).__name__} is not explicit in {kind}")

    def shared(self, index: int, state: State) -> Any:
        """The quantity that must agree between the children, read off child ``index``."""
        assert self.native is not None
        return state.value(self.native)

    def numeric(self) -> Self:
        """The same relation with every parameter a float."""
        fields = dataclasses.fields(self)  # type: ignore[arg-type]
        values = {argument_name(f): numeric(getattr(self, f.name)) for f in fields if f.init}
        return type(self)(**values)

    @abstractmethod
    def combine(self, parts: tuple[State, ...]) -> State:
        """The state of this node from those of its children, once they agree."""

    @abstractmethod
    def has_potential(self) -> bool:
        """Whether the log-potential follows by rules, and by integrals of parts."""


def numeric(value: Any) -> Any:
    """A relation, or a tuple of them or of parameters, with every parameter a float."""
    if isinstance(value, Relation):
        return value.numeric()
    if isinstance(value, tuple):
        return tuple(map(numeric, value))
    return (
        to_float(value)
        if isinstance(value, (int, float, Fraction)) or is_expression(value)
        else value
    )
