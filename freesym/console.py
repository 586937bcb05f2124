"""What the commands share: reading numbers, printing laws, writing tables and pictures."""

from __future__ import annotations

import argparse
import math
import re
from collections.abc import Callable, Sequence
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from freesym.errors import ConvergenceError, FreesymError
from freesym.files import check_writable, write_atomically
from freesym.law import Law
from freesym.parameters import exact_number, short

Array = NDArray[np.float64]

LEVELS = (0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99, 1.0)
_PLOT_FORMATS = (".png", ".pdf", ".svg")
_MOST_ATOMS = 8


def number(text: str) -> int | Fraction:
    """A number as exact as it was typed: 0.01 is 1/100."""
    text = text.strip()
    if len(text) > 40:
        raise argparse.ArgumentTypeError(f"'{text[:40]}' is not a number")
    try:
        exact = exact_number(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"'{text}' is not a number") from None
    if exact and not 1e-100 < abs(Fraction(exact)) < 1e100:
        raise argparse.ArgumentTypeError(f"'{text}' is not of moderate size")
    return exact


def whole(low: int, high: int) -> Callable[[str], int]:
    """A converter for whole numbers between two bounds."""

    def convert(text: str) -> int:
        if re.fullmatch(r"[0-9]{1,18}", text) is None or not low <= int(text) <= high:
            raise argparse.ArgumentTypeError(
                f"'{text[:40]}' is not a whole number from {low} to {high}"
            )
        return int(text)

    return convert


def width_list(text: str) -> list[int]:
    """Widths, separated by commas."""
    return [whole(1, 10**9)(part.strip()) for part in text.split(",")]


def output(text: str) -> str:
    """The path of a file that can be written."""
    try:
        check_writable(text)
    except FreesymError as error:
        raise argparse.ArgumentTypeError(str(error)) from None
    return text


def picture(text: str) -> str:
    """The path of a picture."""
    if Path(text).suffix.lower() not in _PLOT_FORMATS:
        raise argparse.ArgumentTypeError(
            f"{short(text)} must end in one of {', '.join(_PLOT_FORMATS)}"
        )
    return output(text)


def extent(law: Law) -> tuple[float, float]:
    """The support, cut off at the quantiles 0.001 and 0.999 where it is infinite."""
    support = law.support()
    if not support:
        raise ConvergenceError(
            "no point of the spectrum was found; is it narrower than the rounding of its place?"
        )
    low, high = support[0][0], support[-1][1]
    low = low if math.isfinite(low) else float(law.quantile(0.001))
    return low, high if math.isfinite(high) else float(law.quantile(0.999))


def crowded_points(law: Law, count: int) -> Array:
    """Points shared out between the intervals, crowding at the edges; the ends left out."""
    ends, reach = law.edges(), extent(law)
    intervals = [
        (max(a, reach[0]), min(b, reach[1])) for a, b in zip(ends[::2], ends[1::2], strict=True)
    ]
    if not intervals:
        low, high = reach
        return np.linspace(low, high, count) if low < high else np.full(1, low)
    shares = np.diff(np.rint(np.linspace(0, count, len(intervals) + 1)).astype(int))
    parts = [
        0.5 * (a + b) - 0.5 * (b - a) * np.cos(np.pi * (np.arange(n) + 0.5) / n)
        for (a, b), n in zip(intervals, shares.tolist(), strict=True)
        if n
    ]
    return np.concatenate(parts)


def table(law: Law, x: Array, *, singular: bool = False) -> str:
    """CSV with a heading; 17 digits, which read back to the same numbers."""
    names, columns = ["x", "density", "cdf"], [x, law.density(x), law.cdf(x)]
    if singular:
        names.append("singular_value")
        columns.append(np.sqrt(np.maximum(x, 0.0)))
    rows = zip(*(np.asarray(column).tolist() for column in columns), strict=True)
    lines = [",".join(names), *(",".join(map(repr, row)) for row in rows)]
    return "\n".join(lines) + "\n"


def write_csv(path: str, law: Law, x: Array, *, singular: bool = False) -> None:
    """Write a table of the law."""
    text = table(law, x, singular=singular)
    write_atomically(path, lambda target: _write_text(target, text))


def _write_text(path: Path, text: str) -> None:
    path.write_text(text, encoding="ascii", newline="\n")


def write_plot(path: str, law: Law, eigenvalues: Array | None) -> None:
    """Draw the law to a file."""
    axes = law.plot(eigenvalues=eigenvalues)
    figure = axes.get_figure(root=True)
    assert figure is not None
    write_atomically(path, lambda target: figure.savefig(target, dpi=150))


def print_law(law: Law, *, expression: bool = True) -> None:
    """Print support, atoms, mean and variance."""
    if expression:
        print(f"law of J J^T      {law!r}")
    print(f"support           {_intervals(law)}")
    print(f"atoms             {_atoms(law)}")
    print(f"mean              {row(law.moments, 1)}")
    print(f"variance          {row(lambda n: law.free_cumulants(n)[1:], 2)}")


def _intervals(law: Law) -> str:
    parts = [f"{{{shown(a)}}}" if a == b else f"[{shown(a)}, {shown(b)}]" for a, b in law.support()]
    return _shortened(parts, " u ")


def _atoms(law: Law) -> str:
    pairs = [f"{shown(a)} with mass {shown(m)}" for a, m in law.atoms().items()]
    return _shortened(pairs, "; ") or "none"


def _shortened(parts: list[str], separator: str) -> str:
    if len(parts) <= _MOST_ATOMS:
        return separator.join(parts)
    return separator.join([*parts[:4], f"... ({len(parts) - 5} more)", parts[-1]])


def row(values: Callable[[int], Sequence[Any]], n: int) -> str:
    """Moments, or why there are none."""
    try:
        return ", ".join(map(shown, values(n)))
    except FreesymError as error:
        return f"none: {error}"


def shown(value: Any, digits: int = 10) -> str:
    """Short rationals exactly, other numbers rounded."""
    if isinstance(value, (int, Fraction)) and len(str(value)) <= 24:
        return str(value)
    try:
        return f"{float(value):.{digits}g}"
    except OverflowError:
        exact = Fraction(value)
        quotient = Decimal(exact.numerator) / Decimal(exact.denominator)
        return f"{quotient.normalize():.{digits}g}"


def ratio(a: float, b: float) -> str:
    """A quotient, or infinite."""
    return "infinite" if b == 0 else shown(float(a) / float(b), 6)


def percent(level: float) -> str:
    """A percentage."""
    return f"{100 * level:.4g}%"
