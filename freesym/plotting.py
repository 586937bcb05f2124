"""Drawing a law: density, atoms and a histogram of eigenvalues.  Matplotlib is optional."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from freesym.errors import ConvergenceError, InvalidLawError, MissingDependencyError
from freesym.law import Law
from freesym.parameters import to_float

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Array = NDArray[np.float64]
Interval = tuple[float, float]

_POINTS = 600
_PILE_UP = 1e3
_MOST_STEMS = 400
_NEAR = 1e-9


def plot_law(law: Law, ax: Axes | None = None, eigenvalues: ArrayLike | None = None) -> Axes:
    """Draw the density of a law, its atoms and, if given, a histogram of eigenvalues.

    Parameters
    ----------
    law : Law
    ax : matplotlib Axes, optional
        Where to draw; by default on a new figure, which pyplot does not know.
    eigenvalues : array_like of float, shape (n,), optional
        Those that lie on atoms are left out of the histogram, whose area is the mass of the
        continuous part.

    Returns
    -------
    Axes
        ``axes.figure.savefig(path)`` writes the picture.

    Raises
    ------
    MissingDependencyError
        If matplotlib is not installed.

    Notes
    -----
    A law on ``[0, oo)`` whose density grows without bound towards 0 is drawn over a logarithmic
    axis, per decade of x, so that areas remain masses.
    """
    axes = new_axes() if ax is None else ax
    view = _view(law)
    if eigenvalues is not None:
        _draw_histogram(axes, view, _real(eigenvalues))
    _draw_density(axes, view)
    _draw_atoms(axes, view)
    _label(axes, view)
    return axes


def new_axes() -> Axes:
    """Axes on a new figure, which pyplot does not know."""
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
    except ImportError as error:
        raise MissingDependencyError(
            "plotting needs matplotlib; install it with: pip install freesym[plot]"
        ) from error
    figure = Figure(figsize=(8, 4.5), layout="constrained")
    FigureCanvasAgg(figure)
    return figure.add_subplot()


def _real(eigenvalues: ArrayLike) -> Array:
    try:
        values = np.asarray(eigenvalues, dtype=np.float64).ravel()
    except (TypeError, ValueError):
        raise InvalidLawError("the eigenvalues to draw must be real numbers") from None
    if not values.size or not np.isfinite(values).all():
        raise InvalidLawError("the eigenvalues to draw must be finite, and there must be some")
    return values


@dataclass(frozen=True, eq=False)
class _View:
    """What is drawn: curves over x, the scale of the axis and the atoms."""

    curves: list[tuple[Array, Array]]
    logarithmic: bool
    atoms: dict[float, float]
    continuous_mass: float

    @property
    def range(self) -> Interval:
        """The smallest interval with all curves and, on a linear axis, all atoms."""
        ends = [float(x[i]) for x, _ in self.curves for i in (0, -1)]
        ends += [a for a in self.atoms if not self.logarithmic or a > 0]
        return min(ends, default=0.0), max(ends, default=1.0)


def _view(law: Law) -> _View:
    atoms = {to_float(a): to_float(m) for a, m in law.atoms().items()}
    mass = max(0.0, 1.0 - math.fsum(atoms.values()))
    ends = law.edges()
    intervals = [_finite(law, pair) for pair in zip(ends[::2], ends[1::2], strict=True)]
    logarithmic = _piles_up(law, intervals)
    grids = [
        _logarithmic_grid(law, interval, atoms) if logarithmic else _cosine_grid(*interval)
        for interval in intervals
    ]
    curves = [_curve(law, grid, logarithmic) for grid in grids]
    return _View([c for c in curves if len(c[0])], logarithmic, atoms, mass)


def _finite(law: Law, interval: Interval) -> Interval:
    """Infinite ends are replaced by quantiles."""
    low, high = interval
    if math.isinf(low):
        low = float(law.quantile(0.01))
    return low, float(law.quantile(0.99)) if math.isinf(high) else high


def _piles_up(law: Law, intervals: list[Interval]) -> bool:
    if not intervals or intervals[0][0] < 0:
        return False
    low, high = intervals[0][0], intervals[-1][1]
    if low > 1e-5 * high:
        return False
    near, far = _density(law, np.array([1e-6 * high, 0.3 * intervals[0][1]]))
    return bool(near > _PILE_UP * far)


def _cosine_grid(a: float, b: float) -> Array:
    """Points that crowd at both ends, where densities rise like roots; the ends left out."""
    angle = (np.arange(_POINTS) + 0.5) * (np.pi / _POINTS)
    return np.asarray(0.5 * (a + b) - 0.5 * (b - a) * np.cos(angle))


def _logarithmic_grid(law: Law, interval: Interval, atoms: dict[float, float]) -> Array:
    """From the point with two percent of the continuous mass below it."""
    low, high = interval
    zero = atoms.get(0.0, 0.0)
    start = float(law.quantile(zero + 0.02 * (1 - zero)))
    low = max(low, start, 1e-290)
    x = np.exp(_cosine_grid(math.log(low), math.log(high)))
    return x[(x > 0) & (x < high)]


def _density(law: Law, x: Array) -> Array:
    """The density; NaN at points without a verified value, which are not drawn."""
    try:
        return np.asarray(law.density(x), dtype=np.float64)
    except ConvergenceError as error:
        solved = ~np.isin(x, np.real(error.points))
        values = np.full(x.shape, np.nan)
        values[solved] = law.density(x[solved])
        return values


def _curve(law: Law, x: Array, logarithmic: bool) -> tuple[Array, Array]:
    y = _density(law, x) * (math.log(10) * x if logarithmic else 1.0)
    keep = np.isfinite(y)
    return x[keep], y[keep]


def _draw_density(axes: Axes, view: _View) -> None:
    for i, (x, y) in enumerate(view.curves):
        axes.plot(x, y, color="C0", lw=1.8, label=None if i else "density")
    if view.logarithmic:
        axes.set_xscale("log")
    if view.curves:
        # a hard edge is infinite: it must not flatten the rest
        top = max(min(float(y.max()), 4 * _typical_height(x, y)) for x, y in view.curves)
        if top > 0:
            axes.set_ylim(0, 1.15 * top)


def _typical_height(x: Array, y: Array) -> float:
    """What the curve exceeds on a twentieth of its interval only."""
    return float(np.quantile(np.interp(np.linspace(x[0], x[-1], _POINTS), x, y), 0.95))


def _draw_atoms(axes: Axes, view: _View) -> None:
    if not view.atoms:
        return
    if len(view.atoms) > _MOST_STEMS:
        _draw_many_atoms(axes, view)
        return
    height = axes.get_ylim()[1] if view.curves else 1.15 * max(view.atoms.values())
    if not view.curves:
        axes.set_ylim(0, height)
    scale = height / 1.15 / (1.0 if view.curves else max(view.atoms.values()))
    for location, mass in view.atoms.items():
        place = view.range[0] if view.logarithmic and location <= 0 else location
        axes.plot([place, place], [0, mass * scale], color="C3", lw=2.2, solid_capstyle="butt")
        axes.plot([place], [mass * scale], "o", color="C3", ms=5)
        if len(view.atoms) <= 8:
            where = f"at {location:.4g}: " if view.logarithmic and location <= 0 else ""
            axes.annotate(f" {where}mass {mass:.4g}", (place, mass * scale), color="C3")


def _draw_many_atoms(axes: Axes, view: _View) -> None:
    locations, masses = np.array(list(view.atoms)), np.array(list(view.atoms.values()))
    bins = _bins(locations, view)
    totals, _ = np.histogram(locations, bins, weights=masses)
    axes.stairs(totals / np.diff(bins), bins, fill=True, color="C3", alpha=0.5,
                label=f"{len(locations)} atoms")  # fmt: skip


def _bins(values: Array, view: _View) -> Array:
    low, high = view.range
    count = int(np.clip(2 * math.sqrt(len(values)), 10, 120))
    if view.logarithmic:
        return np.geomspace(low, high, count + 1)
    # outliers are shown up to half a width away
    room = 0.5 * (high - low) if view.curves else math.inf
    low, high = max(low - room, min(low, values.min())), min(high + room, max(high, values.max()))
    return np.linspace(low, high if high > low else low + 1, count + 1)


def _draw_histogram(axes: Axes, view: _View, eigenvalues: Array) -> None:
    kept = _off_atoms(eigenvalues, view)
    if not len(kept):
        return
    bins = _bins(kept, view)
    widths = np.diff(np.log10(bins) if view.logarithmic else bins)
    counts, _ = np.histogram(kept, bins)
    mass = view.continuous_mass if view.curves else 1.0
    axes.stairs(mass * counts / len(kept) / widths, bins, fill=True, color="0.75",
                label=f"{len(eigenvalues)} eigenvalues")  # fmt: skip


def _off_atoms(eigenvalues: Array, view: _View) -> Array:
    """The eigenvalues of the continuous part: atoms are hit up to rounding."""
    keep = np.ones(len(eigenvalues), dtype=bool)
    if not view.curves:
        return eigenvalues
    scale = float(np.abs(eigenvalues).max())
    for location in view.atoms:
        reach = _NEAR * abs(location) if location else 1e-15 * scale
        keep &= np.abs(eigenvalues - location) > reach
    return eigenvalues[keep]


def _label(axes: Axes, view: _View) -> None:
    axes.set_xlabel("x")
    axes.set_ylabel("density per decade" if view.logarithmic else "density")
    handles: list[Any] = axes.get_legend_handles_labels()[0]
    if handles:
        axes.legend(frameon=False)
