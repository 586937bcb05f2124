"""Your own network: free predictions from measured weights and masks."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from freesym.errors import UNREADABLE, InvalidLawError, reason
from freesym.law import Law
from freesym.laws import Empirical, PointMass
from freesym.nets.activations import Activation, activation_named
from freesym.nets.piecewise_linear import Linear
from freesym.nets.products import compressed, product
from freesym.nets.sampling import kolmogorov_distance
from freesym.parameters import as_count, as_sequence, short

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Matrix = NDArray[np.float64]
_LARGEST = 10_000_000
_UNREADABLE = (OSError, zipfile.BadZipFile, zlib.error, RuntimeError, *UNREADABLE)


@dataclass(frozen=True, eq=False)
class TrainedNetwork:
    """A network of given weights, ``x_l = phi_l(W_l x_(l-1) + b_l)``; see :func:`from_weights`."""

    weights: tuple[Matrix, ...] = field(repr=False)
    biases: tuple[Matrix, ...] = field(repr=False)
    activation: tuple[Activation, ...]

    @property
    def widths(self) -> tuple[int, ...]:
        """``n_0, ..., n_L``."""
        return (self.weights[0].shape[1], *(len(w) for w in self.weights))

    def __call__(self, x: ArrayLike) -> Matrix:
        """The output at one input or at the rows of several."""
        signal = self._inputs(x)
        for weight, bias, phi in zip(self.weights, self.biases, self.activation, strict=True):
            signal = np.asarray(phi.phi(signal @ weight.T + bias), dtype=float)
        return signal[0] if np.ndim(x) == 1 else signal

    def _inputs(self, x: ArrayLike) -> Matrix:
        try:
            rows = np.atleast_2d(np.asarray(x, dtype=float))
        except (TypeError, ValueError):
            raise InvalidLawError(f"the inputs {short(x)} must be numbers") from None
        if rows.ndim != 2 or rows.shape[1] != self.widths[0] or not len(rows):
            raise InvalidLawError(
                f"the inputs have the shape {np.shape(x)}; give rows of {self.widths[0]} numbers"
            )
        if not np.isfinite(rows).all():
            raise InvalidLawError("the inputs must be finite")
        return rows

    def slopes(self, x: ArrayLike) -> tuple[Matrix, ...]:
        """The diagonals of ``D_1, ..., D_L`` at one input."""
        (signal,) = self._inputs(x)
        found = []
        for weight, bias, phi in zip(self.weights, self.biases, self.activation, strict=True):
            h = weight @ signal + bias
            found.append(np.asarray(phi.derivative(h), dtype=float))
            signal = np.asarray(phi.phi(h), dtype=float)
        return tuple(found)

    def jacobian(self, x: ArrayLike) -> Matrix:
        """``J = D_L W_L ... D_1 W_1`` at one input."""
        found = np.eye(self.widths[0])
        for weight, slope in zip(self.weights, self.slopes(x), strict=True):
            found = slope[:, None] * (weight @ found)
        return np.asarray(found)

    @cached_property
    def _narrow(self) -> int:
        return max(i for i, n in enumerate(self.widths) if n == min(self.widths))

    @cached_property
    def weight_laws(self) -> tuple[Law, ...]:
        """The measured spectra: of ``W W^T`` before the narrowest layer, of ``W^T W`` after it."""
        found = []
        for i, weight in enumerate(self.weights):
            gram = weight @ weight.T if i < self._narrow else weight.T @ weight
            values = np.linalg.eigvalsh(gram)
            rank = min(weight.shape)
            values[: len(values) - rank] = 0.0
            found.append(Empirical(np.maximum(values, 0.0)))
        return tuple(found)

    def predicted_law(self, x: ArrayLike) -> Law:
        """The law of ``J J^T`` if the measured ``W_l`` and ``D_l`` were free."""
        from fractions import Fraction

        n, k = min(self.widths), self._narrow
        factors: list[Law] = []
        for i, slope in enumerate(self.slopes(x)):
            place = i + 1 if i < k else i
            if not slope.any() or not self.weights[i].any():
                return PointMass(0)
            factors.append(compressed(self.weight_laws[i], Fraction(n, self.widths[place])))
            factors.append(compressed(Empirical(slope**2), Fraction(n, self.widths[i + 1])))
        whole = product(factors)
        return whole if k == len(self.weights) else whole.reshape(Fraction(n, self.widths[-1]))

    def compare(self, x: ArrayLike, limit: int = 20) -> Comparison:
        """The free prediction against the true Jacobians at given inputs.

        Parameters
        ----------
        x : array_like of shape (n_0,) or (samples, n_0)
        limit : int
            At most so many samples are compared, the first ones.
        """
        rows = self._inputs(x)[: as_count(limit, 1, 10_000, "limit")]
        cases = []
        for row in rows:
            singular = np.array(np.linalg.svd(self.jacobian(row), compute_uv=False), dtype=float)
            slopes = self.slopes(row)
            rank = min(*self.widths, *(int(np.count_nonzero(d)) for d in slopes))
            singular[rank:] = 0.0
            values = np.zeros(self.widths[-1])
            values[: len(singular)] = singular**2
            law = self.predicted_law(row)
            active = tuple(float(np.mean(d**2)) for d in slopes)
            floor = float(values[0]) * 1e-26
            distance = kolmogorov_distance(law, np.sort(values), floor)
            cases.append(Case(law, singular, active, distance))
        return Comparison(self, tuple(cases))


@dataclass(frozen=True, eq=False)
class Case:
    """The comparison at one input.

    Attributes
    ----------
    law : Law
        The free prediction of ``J J^T``.
    singular_values : ndarray
        Of the true Jacobian, descending.
    mean_slopes : tuple of float
        The mean squared slope of every layer.
    distance : float
        The Kolmogorov distance of the squared singular values to the law.
    """

    law: Law
    singular_values: Matrix
    mean_slopes: tuple[float, ...]
    distance: float


@dataclass(frozen=True, eq=False)
class Comparison:
    """Free predictions and true Jacobians side by side."""

    network: TrainedNetwork = field(repr=False)
    cases: tuple[Case, ...]

    @property
    def distance(self) -> float:
        """The mean Kolmogorov distance over the inputs."""
        return float(np.mean([case.distance for case in self.cases]))

    @property
    def mean_ratio(self) -> float:
        """The true mean squared singular value over the predicted one, averaged.

        Cases in which both vanish count as 1.
        """
        size = self.network.widths[-1]
        means = [
            (float(np.sum(case.singular_values**2)) / size, float(case.law.mean()))
            for case in self.cases
        ]
        return float(np.mean([a / b if b > 0 else 1.0 + a for a, b in means]))

    def __str__(self) -> str:
        lines = [
            f"{len(self.cases)} inputs, widths {', '.join(map(str, self.network.widths))}",
            f"Kolmogorov distance to the free prediction {self.distance:.4f}",
            f"true over predicted mean squared singular value {self.mean_ratio:.4f}",
            "quantile   predicted   true (pooled)",
        ]
        pooled = np.sort(np.concatenate([self._squares(case) for case in self.cases]))
        for level in (0.1, 0.5, 0.9):
            predicted = np.mean([float(case.law.quantile(level)) for case in self.cases])
            true = pooled[min(len(pooled) - 1, int(level * len(pooled)))]
            lines.append(f"{level:8.0%} {predicted**0.5:11.4g} {true**0.5:15.4g}")
        return "\n".join(lines)

    def _squares(self, case: Case) -> Matrix:
        values = np.zeros(self.network.widths[-1])
        values[: len(case.singular_values)] = case.singular_values**2
        return values

    def plot(self, ax: Axes | None = None) -> Axes:
        """The first prediction and the eigenvalues of its true ``J J^T``."""
        return self.cases[0].law.plot(ax, eigenvalues=self._squares(self.cases[0]))


def from_weights(
    weights: Any, activation: Any = "relu", *, linear_output: bool = True
) -> TrainedNetwork:
    """A network of your own.

    Parameters
    ----------
    weights : list, path or mapping
        ``[W_1, b_1, W_2, b_2, ...]`` or ``[W_1, W_2, ...]``, with ``W_l`` of shape ``(n_l,
        n_(l-1))``; the path of a ``.npz`` archive with these arrays in their order (nothing is
        unpickled); or a ``state_dict`` of PyTorch, whose tensors are taken in their order.
    activation : str, Activation, ... or a sequence with one for each layer
    linear_output : bool
        Whether the last layer has no activation, as in classifiers.

    Raises
    ------
    InvalidLawError
        For shapes that do not fit, values that are not finite, or files that cannot be read.

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> w = [rng.standard_normal((200, 200)) / 200**0.5 for _ in range(3)]
    >>> network = from_weights(w, "linear")
    >>> network.compare(rng.standard_normal(200)).distance < 0.02
    True
    """
    arrays = [_array(value, i) for i, value in enumerate(_items(weights))]
    matrices: list[Matrix] = []
    biases: list[Matrix] = []
    for i, array in enumerate(arrays):
        if array.ndim == 2:
            if matrices and array.shape[1] != len(matrices[-1]):
                raise InvalidLawError(
                    f"weights {len(matrices) + 1} have the shape {array.shape} after a layer of "
                    f"{len(matrices[-1])} units; give W of shape (n_l, n_(l-1)), transposed if "
                    "need be"
                )
            matrices.append(array)
            biases.append(np.zeros(len(array)))
        elif array.ndim == 1 and matrices and array.shape == biases[-1].shape:
            biases[-1] = array
        else:
            raise InvalidLawError(f"array {i + 1} of shape {array.shape} is no weight nor bias")
    if not matrices:
        raise InvalidLawError("there are no weights; give at least one matrix")
    return TrainedNetwork(tuple(matrices), tuple(biases),
                          _activations(activation, len(matrices), linear_output))  # fmt: skip


def _activations(activation: Any, depth: int, linear_output: bool) -> tuple[Activation, ...]:
    several = isinstance(activation, (list, tuple))
    given = tuple(map(activation_named, activation)) if several else ()
    found = given if several else (activation_named(activation),) * depth
    if len(found) == depth - 1 and linear_output:
        return (*found, Linear())
    if len(found) != depth:
        raise InvalidLawError(f"{len(found)} activations for {depth} layers")
    return (*found[:-1], Linear()) if linear_output else found


def _items(weights: Any) -> list[Any]:
    if isinstance(weights, (str, Path)):
        return _loaded(Path(weights))
    if isinstance(weights, Mapping):
        return list(weights.values())
    return list(as_sequence(weights, "weights"))


def _loaded(path: Path) -> list[Any]:
    try:
        with path.open("rb") as stream:  # NumPy leaves files open that it cannot read
            found = np.load(stream, allow_pickle=False)
            if not isinstance(found, np.ndarray):
                with found as archive:
                    return [archive[name] for name in archive.files]
    except _UNREADABLE as error:
        raise InvalidLawError(
            f"cannot read weights from {short(str(path))}: {reason(error)}"
        ) from error
    raise InvalidLawError(f"{short(str(path))} holds one array; give a .npz archive of several")


def _array(value: Any, index: int) -> Matrix:
    if hasattr(value, "detach"):
        value = value.detach().cpu().numpy()
    try:
        array = np.asarray(value)
    except (TypeError, ValueError):
        array = np.asarray(None)
    if array.dtype.kind not in "iuf":
        raise InvalidLawError(f"array {index + 1} of the weights, {short(value)}, has no numbers")
    if array.size > _LARGEST or not array.size:
        raise InvalidLawError(f"array {index + 1} of the weights has {array.size} entries")
    if not np.isfinite(array).all():
        raise InvalidLawError(f"array {index + 1} of the weights is not finite")
    return array.astype(float)


def save_weights(path: str | Path, arrays: Sequence[ArrayLike]) -> None:
    """Write arrays in their order to a ``.npz`` archive that :func:`from_weights` reads."""
    named = {f"array_{i:04d}": np.asarray(a, dtype=float) for i, a in enumerate(arrays)}
    np.savez(Path(path), **named)  # type: ignore[arg-type]
