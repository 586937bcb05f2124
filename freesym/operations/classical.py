"""Sums and products of classically independent variables."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Any

import numpy as np
from numpy.typing import NDArray

from freesym.errors import InvalidLawError, UnsupportedOperationError
from freesym.law import Law
from freesym.laws._models import rotated
from freesym.laws.cauchy import Cauchy
from freesym.laws.discrete import Discrete
from freesym.lowering.independent import Kind
from freesym.operations.node import require_law, require_laws
from freesym.parameters import exact_quotient
from freesym.relations import nodes, simplify
from freesym.relations.leaf import Leaf
from freesym.relations.relation import Relation
from freesym.relations.simplify import Constant
from freesym.spectrum import atoms as _atoms
from freesym.spectrum.bounds import hull
from freesym.spectrum.classical import Convolution, discrete_masses
from freesym.spectrum.support import continuous_support

_FEW_ATOMS = 16


def _is_atomic(relation: Relation) -> bool:
    """Whether the tree shows the law to have finitely many atoms and nothing else."""
    if isinstance(relation, Constant):
        return True
    if isinstance(relation, Leaf):
        return _has_no_density(relation)
    kept = (
        nodes.Affine, nodes.Boolean, nodes.Mixture, nodes.Monotone, nodes.NegativeInverse,
        nodes.Reshape, nodes.SymmetricSquare,
    )  # fmt: skip
    return isinstance(relation, kept) and all(map(_is_atomic, relation.children))


def _has_no_density(leaf: Any) -> bool:
    try:
        return bool(getattr(leaf, "point_masses", dict)()) and leaf.continuous_support() == ()
    except (AttributeError, TypeError, ValueError):
        return False


def _convolution(kind: Kind, first: Relation, second: Relation) -> Relation:
    """The relation of the sum or product of two independent variables."""
    if _is_atomic(first) and _is_atomic(second):
        return _atomic(kind, first, second)
    for atomic, other in ((first, second), (second, first)):
        if _is_atomic(atomic):
            masses = _atoms._atoms(atomic)
            if len(masses) <= _FEW_ATOMS or not _is_bounded(other):
                return _mixed(kind, other, masses)
    if kind == "sum" and (_is_cauchy(first) or _is_cauchy(second)):
        return simplify.additive([first, second], [1, 1])
    return Convolution(kind, first, second)


def _atomic(kind: Kind, first: Relation, second: Relation) -> Relation:
    masses = discrete_masses(kind, _atoms._atoms(first), _atoms._atoms(second))
    total = sum(masses.values())
    weights = [exact_quotient(m, total) if isinstance(total, float) else m for m in masses.values()]
    return Discrete(tuple(masses), tuple(weights)).relation()


def _mixed(kind: Kind, relation: Relation, masses: Any) -> Relation:
    """Shifted or scaled copies of a law, one for each atom."""
    copies = tuple(_moved(kind, relation, a) for a in masses)
    return copies[0] if len(copies) == 1 else nodes.Mixture(copies, tuple(masses.values()))


def _moved(kind: Kind, relation: Relation, a: Any) -> Relation:
    if kind == "sum":
        return simplify.affine(relation, 1, a)
    return Constant(0) if a == 0 else simplify.affine(relation, a, 0)


def _is_cauchy(relation: Relation) -> bool:
    return isinstance(relation.child if isinstance(relation, nodes.Affine) else relation, Cauchy)


def _is_bounded(relation: Relation) -> bool:
    """Whether the spectrum is bounded; a hull may be larger than it."""
    numeric = relation.numeric()
    if all(map(math.isfinite, hull(numeric))):
        return True
    return all(math.isfinite(end) for i in continuous_support(numeric) for end in i)


class _Classical(Law):
    """What sums and products of independent variables share."""

    kind: Kind
    operands: tuple[Law, ...]

    def _validate(self) -> None:
        operands = require_laws(self.operands, f"classical_{self.kind}")
        object.__setattr__(self, "operands", operands)
        if self.free_symbols:
            return
        unbounded = [law for law in self.operands if not _is_bounded(law.relation())]
        if unbounded and not self._is_elementary(unbounded):
            raise UnsupportedOperationError(
                f"classical_{self.kind} needs laws with bounded spectra; {unbounded[0]!r} is not "
                "bounded, and neither the others are atomic nor is this a sum with a Cauchy law"
            )

    def _is_elementary(self, unbounded: Sequence[Law]) -> bool:
        """Whether the unbounded laws are only moved, or are Cauchy laws that are added."""
        if len(unbounded) == 1 and all(
            _is_atomic(law.relation()) for law in self.operands if law is not unbounded[0]
        ):
            return True
        return self.kind == "sum" and all(_is_cauchy(law.relation()) for law in unbounded)

    def relation(self) -> Relation:
        """The classical convolution, folded from the left; Cauchy laws come last."""
        relations = sorted((law.relation() for law in self.operands), key=_is_cauchy)
        return reduce(lambda a, b: _convolution(self.kind, a, b), relations)

    def sample_matrix(self, n: int, rng: Any = None) -> NDArray[np.float64]:
        """The Kronecker sum or product of the matrix models, of about equal sizes."""
        generator = np.random.default_rng(rng)
        sizes = _block_sizes(n, len(self.operands))
        models = [
            law.sample_matrix(size, generator)
            for law, size in zip(self.operands, sizes, strict=True)
        ]
        whole = reduce(self._kronecker, models)
        if len(whole) == n:
            return np.asarray(whole)
        return rotated(np.linalg.eigvalsh(whole), generator)[:n, :n]

    def _kronecker(self, a: NDArray[np.float64], b: NDArray[np.float64]) -> NDArray[np.float64]:
        if self.kind == "product":
            return np.asarray(np.kron(a, b), dtype=np.float64)
        return np.asarray(np.kron(a, np.eye(len(b))) + np.kron(np.eye(len(a)), b))

    def __repr__(self) -> str:
        return f"classical_{self.kind}({', '.join(map(repr, self.operands))})"


def _block_sizes(n: int, count: int) -> list[int]:
    """Sizes whose product is at least ``n``, and little more."""
    sizes: list[int] = []
    rest = n
    for left in range(count, 0, -1):
        sizes.append(max(1, math.ceil(rest ** (1 / left) - 1e-9)))
        rest = math.ceil(rest / sizes[-1])
    return sizes


@dataclass(frozen=True, repr=False)
class ClassicalSum(_Classical):
    """The law of a sum of independent variables; see :func:`classical_sum`."""

    operands: tuple[Law, ...]
    kind = "sum"


@dataclass(frozen=True, repr=False)
class ClassicalProduct(_Classical):
    """The law of a product of independent variables; see :func:`classical_product`."""

    operands: tuple[Law, ...]
    kind = "product"


def _flattened(kind: type[_Classical], laws: Sequence[Any], name: str) -> tuple[Law, ...]:
    found: list[Law] = []
    for value in laws:
        law = require_law(value, name)
        found.extend(law.operands if isinstance(law, kind) else [law])
    if not found:
        raise InvalidLawError(f"{name} needs at least one law")
    return tuple(found)


def classical_sum(*laws: Law) -> Law:
    r"""The law of ``X + Y`` for independent ``X`` and ``Y``.

    This is the spectrum of the Kronecker sum ``A (x) I + I (x) B`` of large matrices.

    Parameters
    ----------
    *laws : Law
        With bounded spectra, unless the others are atomic or the unbounded ones Cauchy laws, whose
        classical sums are free sums.

    Raises
    ------
    UnsupportedOperationError
        If other laws are unbounded.

    Notes
    -----
    :math:`f(x) = \int f_1(y) f_2(x - y)\, dy` for the densities [1]_, once, when first wanted; the
    density is right to 1e-13 and the distribution function to 1e-14.  Moments and masses of atoms
    are exact.  With an atomic law it is a mixture of shifted copies.

    References
    ----------
    .. [1] W. Feller, "An introduction to probability theory and its applications", vol. II,
       section V.4, Wiley (1971).

    Examples
    --------
    >>> import freesym as fs
    >>> law = classical_sum(fs.Uniform(0, 1), fs.Uniform(0, 1))
    >>> print(round(law.density(0.25), 12), law.moments(2))
    0.25 [1, Fraction(7, 6)]
    """
    found = _flattened(ClassicalSum, laws, "classical_sum")
    return found[0] if len(found) == 1 else ClassicalSum(found)


def classical_product(*laws: Law) -> Law:
    r"""The law of ``X Y`` for independent ``X`` and ``Y``.

    This is the spectrum of the Kronecker product ``A (x) B`` of large matrices.

    Parameters
    ----------
    *laws : Law
        With bounded spectra, of any sign; one may be unbounded if the others are atomic.

    Raises
    ------
    UnsupportedOperationError
        If other laws are unbounded.

    Notes
    -----
    :math:`f(x) = \int f_1(x/y) f_2(y)\, dy/|y|` for the densities [1]_, once, when first wanted;
    the density is right to 1e-13 and the distribution function to 1e-14.  Moments are products
    of moments.  With an atomic law it is a mixture of scaled copies.

    References
    ----------
    .. [1] M. D. Springer, "The algebra of random variables", section 4.1, Wiley (1979).

    Examples
    --------
    >>> import freesym as fs
    >>> law = classical_product(fs.Uniform(0, 1), fs.Uniform(0, 1))
    >>> print(round(law.density(0.25) / math.log(4), 12), law.moments(2))
    1.0 [Fraction(1, 4), Fraction(1, 9)]
    """
    found = _flattened(ClassicalProduct, laws, "classical_product")
    return found[0] if len(found) == 1 else ClassicalProduct(found)


__all__ = ["ClassicalProduct", "ClassicalSum", "classical_product", "classical_sum"]
