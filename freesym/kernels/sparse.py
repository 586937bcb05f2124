"""Products with matrices that are stored by their nonzero entries."""

from __future__ import annotations

from typing import Any

from numpy.typing import NDArray

from freesym.kernels.jit import entry


@entry
def accumulate(
    rows: NDArray[Any], columns: NDArray[Any], entries: NDArray[Any], batch: NDArray[Any],
    sums: NDArray[Any],
) -> None:  # fmt: skip
    """Add ``entries[k] batch[:, columns[k]]`` to ``sums[:, rows[k]]`` for every ``k``.

    Any order of entries will do; a run of equal rows is summed before it is stored.
    """
    for b in range(batch.shape[0]):
        if rows.size == 0:
            break
        row, total = rows[0], sums[b, rows[0]]
        for k in range(rows.size):
            if rows[k] != row:
                sums[b, row] = total
                row = rows[k]
                total = sums[b, row]
            total += entries[k] * batch[b, columns[k]]
        sums[b, row] = total
