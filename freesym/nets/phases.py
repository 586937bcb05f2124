"""The phase diagram of an activation over ``(sigma_w, sigma_b)``."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from freesym.errors import InvalidLawError
from freesym.nets.activations import Activation, activation_named
from freesym.nets.mean_field import critical_point, fixed_points, mean_squares
from freesym.parameters import short

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Floats = NDArray[np.float64]
Progress = Callable[[int, int], None]


@dataclass(frozen=True, eq=False)
class PhaseDiagram:
    """Fixed points on a grid.

    Attributes
    ----------
    sigma_w, sigma_b : ndarray
        The axes; the arrays below have the shape ``(len(sigma_b), len(sigma_w))``.
    q : ndarray
        ``q*``; 0 where signals die and infinite where they grow without bound.
    chi : ndarray
        ``chi_1`` at ``q*``; NaN where ``q*`` is infinite.
    """

    activation: Activation
    sigma_w: Floats
    sigma_b: Floats
    q: Floats
    chi: Floats

    def __repr__(self) -> str:
        (w, x), (b, c) = ((axis[0], axis[-1]) for axis in (self.sigma_w, self.sigma_b))
        rows, columns = self.q.shape
        return (
            f"<PhaseDiagram of {self.activation.name}, {columns} sigma_w from {w:.4g} to {x:.4g} "
            f"by {rows} sigma_b from {b:.4g} to {c:.4g}>"
        )

    def critical_line(self) -> Floats:
        """``sigma_w`` with ``chi_1 = 1`` for every ``sigma_b``; NaN where there is none."""
        found = np.full(self.sigma_b.shape, np.nan)
        for i, b in enumerate(self.sigma_b.tolist()):
            try:
                found[i] = critical_point(self.activation, b).sigma_w
            except InvalidLawError:
                continue
        return found

    def plot(self, ax: Axes | None = None) -> Axes:
        """``log10 chi_1`` in colours and the edge of chaos as a line."""
        from freesym.plotting import new_axes

        axes = new_axes() if ax is None else ax
        with np.errstate(divide="ignore", invalid="ignore"):
            shade = np.clip(np.log10(self.chi), -1, 1)
        mesh = axes.pcolormesh(self.sigma_w, self.sigma_b, shade, cmap="RdBu_r", vmin=-1, vmax=1)
        figure = axes.get_figure()
        assert figure is not None
        figure.colorbar(mesh, ax=axes, label="log10 chi_1 (red: chaotic, gradients explode)")
        axes.plot(self.critical_line(), self.sigma_b, "k-", lw=1.8, label="edge of chaos")
        axes.set_xlim(self.sigma_w[0], self.sigma_w[-1])
        axes.set_xlabel("sigma_w")
        axes.set_ylabel("sigma_b")
        axes.set_title(self.activation.name)
        axes.legend(frameon=False, loc="upper left")
        return axes


def phase_diagram(
    activation: Any,
    sigma_w: ArrayLike | None = None,
    sigma_b: ArrayLike | None = None,
    progress: Progress | bool | None = True,
) -> PhaseDiagram:
    """Fixed points and ``chi_1`` over a grid.

    Parameters
    ----------
    activation : str, Activation, SymPy expression or callable
    sigma_w, sigma_b : array_like of float, optional
        By default 100 values each, up to 4 and 2.
    progress : callable or bool
        Called with the finished and all rows; True draws a bar when standard error is a
        terminal.

    Examples
    --------
    >>> diagram = phase_diagram("tanh", [0.5, 2.0], [0.1])
    >>> diagram.chi.round(3).tolist()
    [[0.244, 1.359]]
    """
    phi = activation_named(activation)
    w = _axis(np.linspace(0.04, 4, 100) if sigma_w is None else sigma_w, "sigma_w", 1e-6)
    b = _axis(np.linspace(0, 2, 100) if sigma_b is None else sigma_b, "sigma_b", 0.0)
    report = bar("phase diagram") if progress is True else progress or None
    q, chi = np.empty((len(b), len(w))), np.full((len(b), len(w)), np.nan)
    rows = max(1, 2000 // len(w))
    for start in range(0, len(b), rows):
        part = slice(start, start + rows)
        variance, bias = np.broadcast_arrays(w[None, :] ** 2, b[part, None] ** 2)
        found = fixed_points(phi, variance, bias)
        q[part] = found
        chi[part] = variance * _slopes(phi, found)
        if report is not None:
            report(min(start + rows, len(b)), len(b))
    return PhaseDiagram(phi, w, b, q, chi)


def _slopes(phi: Activation, q: Floats) -> Floats:
    found = np.full(q.shape, np.nan)
    positive = np.isfinite(q) & (q > 0)
    found[positive] = mean_squares(phi, q[positive])[1]
    found[q == 0] = phi.gaussian_mean_square_slope(0.0)
    return found


def _axis(values: ArrayLike, name: str, low: float) -> Floats:
    try:
        axis = np.atleast_1d(np.asarray(values, dtype=float))
    except (TypeError, ValueError):
        raise InvalidLawError(f"{name} = {short(values)} must be numbers") from None
    if axis.ndim != 1 or not axis.size or not np.isfinite(axis).all() or (axis < low).any():
        raise InvalidLawError(f"{name} must be a list of finite numbers of at least {low:g}")
    if (axis > 1000).any():
        raise InvalidLawError(f"{name} must be below 1000")
    return axis


def bar(title: str) -> Progress | None:
    """A progress bar on standard error, if that is a terminal; shown after half a second."""
    if not sys.stderr.isatty():
        return None
    started = time.monotonic()

    def report(done: int, total: int) -> None:
        if time.monotonic() - started > 0.5:
            filled = round(30 * done / total)
            end = "\r" if done < total else "\r\033[K"
            line = f"{title} [{'#' * filled}{'.' * (30 - filled)}] {done}/{total}"
            print(line, end=end, file=sys.stderr, flush=True)

    return report
