"""Scaling, shifting, inverting, squaring and reshaping one law."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from freesym.errors import InvalidLawError
from freesym.law import Law
from freesym.operations.node import UnaryOperation, is_zero, symmetric_function
from freesym.parameters import POSITIVE, REAL, Number, as_number, exact_quotient, parameter
from freesym.relations import nodes, simplify
from freesym.relations.relation import Relation


@dataclass(frozen=True, repr=False)
class Affine(UnaryOperation):
    """The law of ``scale X + shift``; written ``2 * mu``, ``mu + 3``, ``-mu``."""

    law: Law
    scale: Number = parameter(REAL)
    shift: Number = parameter(REAL)

    def _validate(self) -> None:
        if is_zero(self.scale):
            raise InvalidLawError("scale = 0 gives a point mass; write PointMass(shift)")

    def relation(self) -> Relation:
        """``w = scale w_1 + shift``."""
        return simplify.affine(self.law.relation(), self.scale, self.shift)

    def sample_matrix(self, n: int, rng: Any = None) -> NDArray[np.float64]:
        """``scale A + shift I``."""
        a = self.law.sample_matrix(n, rng)
        return float(self.scale) * a + float(self.shift) * np.eye(len(a))

    def __repr__(self) -> str:
        from freesym.operations.node import bracketed
        from freesym.parameters import number_repr

        text = repr(self.law)
        if self.scale != 1:
            sign = "-" if self.scale == -1 else f"{number_repr(self.scale)} * "
            text = sign + bracketed(text, additive=False)
        return text if is_zero(self.shift) else f"{text} + {number_repr(self.shift)}"


def affine(law: Law, scale: Any, shift: Any) -> Law:
    """``scale X + shift`` with nested scalings and shifts merged."""
    a, b = as_number(scale, "scale"), as_number(shift, "shift")
    if is_zero(a):
        from freesym.laws.point_mass import PointMass

        return PointMass(b)
    if isinstance(law, Affine):
        return affine(law.law, a * law.scale, a * law.shift + b)
    return law if a == 1 and is_zero(b) else Affine(law, a, b)


@dataclass(frozen=True, repr=False)
class Inverse(UnaryOperation):
    """The law of ``1/X``; 0 must not be an atom of ``X``."""

    law: Law

    def _validate(self) -> None:
        if not self.law.free_symbols and any(float(a) == 0.0 for a in self.law.atoms()):
            raise InvalidLawError(
                f"{self.law!r} has an atom at 0 and no inverse; shift it away from 0 first"
            )

    def relation(self) -> Relation:
        """``-(-1/X)``."""
        return simplify.affine(simplify.negative_inverse(self.law.relation()), -1, 0)

    def sample_matrix(self, n: int, rng: Any = None) -> NDArray[np.float64]:
        """The inverse of the matrix model."""
        return np.asarray(np.linalg.inv(self.law.sample_matrix(n, rng)))

    def __repr__(self) -> str:
        return self._method("inverse")


@dataclass(frozen=True, repr=False)
class Square(UnaryOperation):
    """The law of ``X^2``.

    For a law that is not symmetric this is the square of the symmetric law
    ``(law of X + law of -X)/2``, which has the same square.
    """

    law: Law

    def relation(self) -> Relation:
        """``w = w_1^2`` for the symmetrised law."""
        inner = self.law.relation()
        masses: dict[Any, Any] = getattr(inner, "point_masses", dict)()
        squares = {place * place for place in masses}
        if len(squares) == 1 and sum(masses.values()) == 1:
            return simplify.Constant(squares.pop())
        if not self._is_symmetric():
            half = exact_quotient(1, 2)
            mirrored = simplify.affine(inner, -1, 0)
            inner = nodes.Mixture((inner, mirrored), (half, half))
        return nodes.SymmetricSquare(inner)

    def _is_symmetric(self) -> bool:
        from freesym.spectrum.symmetry import is_symmetric

        return is_symmetric(self.law.relation())

    def sample_matrix(self, n: int, rng: Any = None) -> NDArray[np.float64]:
        """The square of the matrix model."""
        a = self.law.sample_matrix(n, rng)
        return np.asarray(a @ a)

    def __repr__(self) -> str:
        return self._method("square")


@dataclass(frozen=True, repr=False)
class Reshape(UnaryOperation):
    """From the law of ``J J^T`` to that of ``J^T J``: ``ratio (mu - delta_0) + delta_0``.

    ``ratio`` is the number of rows of ``J`` over its number of columns.
    """

    law: Law
    ratio: Number = parameter(POSITIVE)

    def _validate(self) -> None:
        if self.free_symbols:
            return
        mass = 1 - self.ratio * (1 - self.law.atoms().get(0, 0))
        if float(mass) < -1e-12:
            raise InvalidLawError(
                f"reshape ratio = {self.ratio} leaves mass {float(mass):.6g} at 0; the law of "
                f"J J^T has too few zeros for that shape"
            )

    def relation(self) -> Relation:
        """``psi = ratio psi_1`` at the same ``w``."""
        return simplify.reshape(self.law.relation(), self.ratio)

    def sample_matrix(self, n: int, rng: Any = None) -> NDArray[np.float64]:
        """Append zeros to, or remove zeros from, the spectrum of the matrix model."""
        size = max(1, round(n * float(self.ratio)))
        eigenvalues = np.linalg.eigvalsh(self.law.sample_matrix(size, rng))
        order = np.argsort(-np.abs(eigenvalues))[:n]
        padded = np.zeros(n)
        padded[: len(order)] = eigenvalues[order]
        return symmetric_function(padded, rng)

    def __repr__(self) -> str:
        return self._method("reshape", self.ratio)


def moebius(law: Law, p: Number, q: Number, r: Number, s: Number) -> Law:
    """The law of ``(p X + q)/(r X + s)``.

    Raises
    ------
    InvalidLawError
        If the map is constant (``p s = q r``), or ``-s/r`` is an atom.
    """
    a, b, c, d = (as_number(v, n) for v, n in zip((p, q, r, s), "pqrs", strict=True))
    determinant = a * d - b * c
    if is_zero(determinant):
        raise InvalidLawError(f"the Moebius map with p s - q r = 0 is constant: {(p, q, r, s)}")
    if is_zero(c):
        return affine(law, exact_quotient(a, d), exact_quotient(b, d))
    inner = Inverse(affine(law, c, d))
    return affine(inner, exact_quotient(-determinant, c), exact_quotient(a, c))
