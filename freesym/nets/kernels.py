"""Kernels of infinitely wide networks: NNGP and NTK.

In the NTK parameterisation, for inputs of ``n_0`` features, with the dual kernels
``k(a, b, c) = E phi(u) phi(v)`` and ``k'(a, b, c) = E phi'(u) phi'(v)`` of every activation,

- ``K^1 = sigma_b^2 + sigma_w^2 x.x'/n_0``, ``Theta^1 = K^1``,
- ``K^(l+1) = sigma_b^2 + sigma_w^2 k(K^l)``,
- ``Theta^(l+1) = K^(l+1) + Theta^l o sigma_w^2 k'(K^l)``,

weights and biases both counted (Lee et al. 2018; Jacot, Gabriel & Hongler 2018).  The recursion
is entrywise, so that it runs through all layers on one tile of the matrix at a time.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from freesym.errors import InvalidLawError, UnsupportedOperationError
from freesym.nets.activations import Activation, activation_named
from freesym.parameters import as_number, as_sequence, short

Matrix = NDArray[np.float64]
KINDS = ("nngp", "ntk")
MAX_LAYERS = 100_000
_TILE = 192
_LARGEST = 1e150  # products of two variances must not overflow
#: Correlations this near to 1 are those of equal inputs: the rounding of a scalar product.
_EQUAL = 1 - 16 * float(np.finfo(float).eps)


@dataclass(frozen=True)
class KernelRecursion:
    """What the kernels of a network depend on: its activations and variances.

    Parameters
    ----------
    activations : Activation, str, or a sequence of them
        ``phi_1, ..., phi_H`` of the hidden layers.
    sigma_w, sigma_b : number or sequence of ``H + 1`` numbers
        Of the affine layers, the output included.
    features : int, optional
        The number of features of an input, if it is fixed.

    Examples
    --------
    >>> recursion = KernelRecursion(["relu"] * 2, sigma_w=2**0.5)
    >>> round(float(recursion.matrix([1.0, 0.0], [0.0, 1.0], "ntk")), 12)
    0.685708636283
    """

    activations: tuple[Activation, ...]
    sigma_w: tuple[float, ...] = (1.0,)
    sigma_b: tuple[float, ...] = (0.0,)
    features: int | None = None

    def __post_init__(self) -> None:
        given = self.activations
        single = isinstance(given, (str, Activation)) or not isinstance(given, (tuple, list))
        items = (given,) if single else as_sequence(given, "activations")
        if len(items) > MAX_LAYERS:
            raise InvalidLawError(f"{len(items)} layers are more than {MAX_LAYERS}")
        found = tuple(map(activation_named, items))
        object.__setattr__(self, "activations", found)
        for name, positive in (("sigma_w", True), ("sigma_b", False)):
            values = _spread(getattr(self, name), len(found) + 1, name, positive)
            object.__setattr__(self, name, values)

    @property
    def depth(self) -> int:
        """The number of hidden layers."""
        return len(self.activations)

    def matrix(self, x1: ArrayLike, x2: ArrayLike | None = None, get: str = "ntk") -> Any:
        """The kernel between inputs; see :func:`kernel_matrix`."""
        return kernel_matrix(self, x1, x2, get)


def _spread(values: Any, count: int, name: str, positive: bool) -> tuple[float, ...]:
    if np.ndim(values) == 0:
        values = [values] * count
    found = tuple(float(as_number(v, name)) for v in as_sequence(values, name))
    if len(found) == 1:
        found *= count
    if len(found) != count:
        raise InvalidLawError(
            f"{len(found)} values of {name} for {count} affine layers, the output included"
        )
    for value in found:
        if value < 0 or (positive and value == 0) or not value < 1e100:
            words = "positive" if positive else "at least 0"
            raise InvalidLawError(f"{name} = {value} must be {words} and of moderate size")
    return found


def recursion_of(net: Any) -> KernelRecursion:
    """The kernel recursion of a network.

    Parameters
    ----------
    net : KernelRecursion, or a network that has a ``kernel_recursion()``

    Raises
    ------
    UnsupportedOperationError
        If there is none.
    """
    if isinstance(net, KernelRecursion):
        return net
    method = getattr(net, "kernel_recursion", None)
    if method is None:
        raise UnsupportedOperationError(
            f"{short(net)} is no network with kernels; give an MLP or a KernelRecursion"
        )
    found = method()
    assert isinstance(found, KernelRecursion)
    return found


def inputs(x: ArrayLike, name: str, features: int | None = None) -> Matrix:
    """Inputs as rows: finite real numbers; a single vector is one row.

    Raises
    ------
    InvalidLawError
        If they are not, or have another number of features.
    """
    try:
        array = np.asarray(x)
    except ValueError as error:
        raise InvalidLawError(f"{name} = {short(x)} is no array of numbers") from error
    if array.dtype.kind not in "iuf" or array.ndim not in (1, 2) or not array.size:
        raise InvalidLawError(
            f"{name} has the type {array.dtype} and the shape {array.shape}; give real numbers of "
            "shape (samples, features)"
        )
    rows = np.atleast_2d(array).astype(np.float64)
    if not np.isfinite(rows).all():
        raise InvalidLawError(f"{name} has entries that are not finite")
    if features is not None and rows.shape[1] != features:
        raise InvalidLawError(f"{name} has {rows.shape[1]} features, not {features}")
    return rows


def kind_of(get: Any) -> str:
    """``"nngp"`` or ``"ntk"``."""
    if get not in KINDS:
        raise InvalidLawError(f"get = {short(get)} must be one of {', '.join(KINDS)}")
    return str(get)


def kernel_matrix(net: Any, x1: ArrayLike, x2: ArrayLike | None = None, get: str = "ntk") -> Any:
    """The NNGP or NTK kernel between inputs, in the limit of infinite width.

    Parameters
    ----------
    net : KernelRecursion or network
    x1, x2 : array_like of shape (samples, features) or (features,)
        Vectors are single inputs; without ``x2`` the kernel of ``x1`` with itself.
    get : {"ntk", "nngp"}

    Returns
    -------
    ndarray or float
        Of shape (samples of x1, samples of x2), without the axes of single inputs.

    Raises
    ------
    InvalidLawError
        For inputs that are not finite or do not fit together.

    Notes
    -----
    Correlations within 16 roundings of 1 are taken as 1: the slopes of kinks have kernels with
    a square-root singularity there.

    Examples
    --------
    >>> net = KernelRecursion("erf", sigma_w=1.5, sigma_b=0.1)
    >>> x = np.array([[1.0, 0.0], [0.6, 0.8]])
    >>> kernel_matrix(net, x, get="nngp").round(6)
    array([[1.109067, 0.629224],
           [0.629224, 1.109067]])
    """
    both = kernel_matrices(net, x1, x2, ntk=kind_of(get) == "ntk")
    return _squeezed(both[get], x1, x1 if x2 is None else x2)


def _squeezed(values: Matrix, x1: ArrayLike, x2: ArrayLike) -> Any:
    axes = tuple(i for i, x in enumerate((x1, x2)) if np.ndim(x) == 1)
    found = values.squeeze(axis=axes)
    return float(found) if found.ndim == 0 else found


def kernel_matrices(
    net: Any, x1: ArrayLike, x2: ArrayLike | None = None, *, ntk: bool = True
) -> dict[str, Matrix]:
    """Both kernels, under the names ``"nngp"`` and ``"ntk"``; the latter only if asked for."""
    recursion = recursion_of(net)
    first = inputs(x1, "x1", recursion.features)
    second = None if x2 is None else inputs(x2, "x2", recursion.features)
    if second is not None and second.shape[1] != first.shape[1]:
        raise InvalidLawError(
            f"x1 has {first.shape[1]} features and x2 {second.shape[1]}; they must agree"
        )
    return _tiled(recursion, first, second, ntk)


def kernel_diagonal(net: Any, x: ArrayLike, get: str = "ntk") -> Matrix:
    """The kernel of every input with itself."""
    recursion = recursion_of(net)
    rows = inputs(x, "x", recursion.features)
    return diagonals(recursion, rows)[kind_of(get)]


def diagonals(recursion: KernelRecursion, rows: Matrix) -> dict[str, Matrix]:
    """Both kernels of every input with itself."""
    variances = _variances(recursion, rows)
    theta = variances[0]
    steps = zip(recursion.activations, variances[:-1], variances[1:], recursion.sigma_w[1:],
                strict=True)  # fmt: skip
    for activation, before, after, sigma in steps:
        slope = np.asarray(activation.gaussian_mean_square_slope(before))
        theta = after + theta * (sigma * sigma * slope)
    return {"nngp": variances[-1], "ntk": theta}


def _variances(recursion: KernelRecursion, rows: Matrix) -> list[Matrix]:
    """``K^1(x, x), K^2(x, x), ...`` of every input."""
    squares = np.einsum("ij,ij->i", rows, rows) / rows.shape[1]
    found = [recursion.sigma_b[0] ** 2 + recursion.sigma_w[0] ** 2 * squares]
    for activation, w, b in zip(
        recursion.activations, recursion.sigma_w[1:], recursion.sigma_b[1:], strict=True
    ):
        found.append(b * b + w * w * np.asarray(activation.gaussian_mean_square(found[-1])))
        if not (found[-1] < _LARGEST).all():
            raise InvalidLawError(
                f"the variance overflows after {len(found)} layers; choose a smaller sigma_w"
            )
    return found


def _tiled(
    recursion: KernelRecursion, first: Matrix, second: Matrix | None, ntk: bool
) -> dict[str, Matrix]:
    symmetric = second is None
    other = first if second is None else second
    a = _variances(recursion, first)
    b = a if symmetric else _variances(recursion, other)
    found = {name: np.empty((len(first), len(other))) for name in KINDS[: 1 + ntk]}
    products = (first / first.shape[1]) @ other.T

    def fill(place: tuple[slice, slice]) -> None:
        rows, columns = place
        c = recursion.sigma_b[0] ** 2 + recursion.sigma_w[0] ** 2 * products[place]
        tile = _through(
            recursion, [v[rows, None] for v in a], [v[None, columns] for v in b], c, ntk
        )
        for name, computed in zip(found, tile, strict=False):
            on_diagonal = symmetric and rows == columns
            values = 0.5 * (computed + computed.T) if on_diagonal else computed
            found[name][place] = values
            if symmetric and rows != columns:
                found[name][columns, rows] = values.T

    places = list(_places(len(first), len(other), symmetric))
    if len(places) == 1:
        fill(places[0])
    else:
        with ThreadPoolExecutor(max_workers=2) as pool:
            list(pool.map(fill, places))
    if symmetric:
        exact = diagonals(recursion, first)
        for name, values in found.items():
            values[np.diag_indices(len(first))] = exact[name]
    return found


def _places(rows: int, columns: int, symmetric: bool) -> Iterator[tuple[slice, slice]]:
    for i in range(0, rows, _TILE):
        for j in range(i if symmetric else 0, columns, _TILE):
            yield slice(i, i + _TILE), slice(j, j + _TILE)


def _through(
    recursion: KernelRecursion, a: Sequence[Matrix], b: Sequence[Matrix], c: Matrix, ntk: bool
) -> tuple[Matrix, Matrix]:
    """All layers on one tile: covariances and, if asked for, the tangent kernel."""
    theta = c
    for i, activation in enumerate(recursion.activations):
        w, shift = recursion.sigma_w[i + 1] ** 2, recursion.sigma_b[i + 1] ** 2
        bound = np.sqrt(a[i] * b[i])
        equal = np.abs(c) >= _EQUAL * bound
        if equal.any():
            c = np.where(equal, np.copysign(bound, c), c)
        slope = w * activation.dual_slope(a[i], b[i], c) if ntk else None
        c = shift + w * np.asarray(activation.dual(a[i], b[i], c))
        if slope is not None:
            theta = c + theta * slope
    return c, theta
