"""What the laws of this room have in common."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from freesym.law import Law
from freesym.laws._models import of_quantiles
from freesym.parameters import Number
from freesym.relations.relation import Relation


class LeafLaw(Law):
    """A law that is its own relation: it states one chart (see freesym.relations.leaf)."""

    def relation(self) -> Relation:
        """The law itself."""
        assert isinstance(self, Relation)
        return self

    @abstractmethod
    def hull(self) -> tuple[float, float]:
        """The smallest interval that carries the law."""

    def point_masses(self) -> dict[Number, Number]:
        """The atoms and their masses."""
        return {}

    def is_symmetric(self) -> bool:
        """Whether ``X`` and ``-X`` have this law."""
        return False

    def sample_matrix(self, n: int, rng: Any = None) -> NDArray[np.float64]:
        """A diagonal matrix of equally spaced quantiles in a random (Haar) basis."""
        return of_quantiles(self, n, rng)
