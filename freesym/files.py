"""Reading eigenvalues from files that may be anything, and writing files atomically."""

from __future__ import annotations

import os
import re
import stat
import tempfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from freesym.errors import UNREADABLE, InvalidLawError, printable, reason
from freesym.parameters import short

MAX_BYTES, MAX_EIGENVALUES = 512 * 2**20, 20_000_000
_SEPARATORS = re.compile(r"[\s,;]+")


def read_eigenvalues(path: str | Path) -> NDArray[np.float64]:
    """The eigenvalues in a text, CSV or .npy file.

    Parameters
    ----------
    path : path
        ``.npy``: a one-dimensional array of real numbers.  Anything else is UTF-8 text: one
        number a line, or all on one line between commas, semicolons or blanks; ``#`` starts a
        comment, and the first line may be a heading.

    Returns
    -------
    ndarray of float, shape (n,)

    Raises
    ------
    InvalidLawError
        For anything else, with the place in the file.
    """
    path = Path(path)
    name = short(str(path))
    try:
        _check_file(path)
        if path.suffix.lower() == ".npy":
            return _read_npy(path)
        text = path.read_bytes().decode("utf-8-sig")
    except InvalidLawError:
        raise
    except OSError as error:
        raise InvalidLawError(f"cannot read {name}: {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        raise InvalidLawError(
            f"{name} is not UTF-8 text (byte {error.start}); give text, CSV or .npy"
        ) from error
    except ValueError as error:
        raise InvalidLawError(f"cannot read {name}: {error}") from error
    return _read_text(text, path)


def _check_file(path: Path) -> None:
    status = path.stat()
    if not stat.S_ISREG(status.st_mode):
        raise InvalidLawError(f"{path} is not a regular file")
    if status.st_size > MAX_BYTES:
        raise InvalidLawError(
            f"{path} has {status.st_size} bytes; the limit is {MAX_BYTES}, thin the eigenvalues out"
        )


def _read_npy(path: Path) -> NDArray[np.float64]:
    try:
        # mapped, so that a header that promises more than the file holds allocates nothing
        array = np.load(path, mmap_mode="r", allow_pickle=False)
    except UNREADABLE as error:
        raise InvalidLawError(f"{path} is not a readable .npy array: {reason(error)}") from error
    if not isinstance(array, np.ndarray):
        array.close()
        raise InvalidLawError(f"{path} is a .npz archive; save the eigenvalues with numpy.save")
    if array.ndim != 1 or not 0 < array.size <= MAX_EIGENVALUES or array.dtype.kind not in "iuf":
        raise InvalidLawError(
            f"{path} holds an array of shape {array.shape} and type {array.dtype}; give 1 to "
            f"{MAX_EIGENVALUES} real eigenvalues in one dimension"
        )
    return np.array(array, dtype=np.float64)


def _read_text(text: str, path: Path) -> NDArray[np.float64]:
    rows = list(_rows(text))
    if rows and _is_heading(rows[0][1]):
        rows = rows[1:]
    if not rows:
        raise InvalidLawError(f"{path} contains no numbers; give one eigenvalue a line")
    if len(rows) > 1:
        wide = next((number for number, fields in rows if len(fields) > 1), None)
        if wide is not None:
            raise InvalidLawError(
                f"{path}, line {wide}: several columns; give one eigenvalue a line"
            )
    if max(len(rows), len(rows[0][1])) > MAX_EIGENVALUES:
        raise InvalidLawError(f"{path} has more than {MAX_EIGENVALUES} eigenvalues")
    return np.array([_number(field, path, number) for number, fields in rows for field in fields])


def _rows(text: str) -> Iterator[tuple[int, list[str]]]:
    """The fields of lines that have any."""
    for number, line in enumerate(text.splitlines(), 1):
        content = line.partition("#")[0].strip(" \t\r\n,;")
        if content:
            yield number, _SEPARATORS.split(content)


def _is_heading(fields: list[str]) -> bool:
    for field in fields:
        with suppress(ValueError):
            float(field)
            return False
    return True


def _number(field: str, path: Path, line: int) -> float:
    try:
        return float(field)
    except ValueError:
        shown = printable(field[:30])
        raise InvalidLawError(f"{path}, line {line}: '{shown}' is not a number") from None


def write_atomically(path: str | Path, write: Callable[[Path], None]) -> None:
    """Let ``write`` fill a temporary file in the same directory, then move it into place.

    Whatever happens, the path holds its old content or all of the new one, and no temporary
    file is left.  Devices and pipes are written to directly.

    Parameters
    ----------
    path : path
        Links are followed.
    write : callable
        Given the path to write to.

    Raises
    ------
    InvalidLawError
        If the file cannot be written.
    """
    target = check_writable(path)
    try:
        if target.exists() and not target.is_file():
            write(target)
        else:
            _replace(target, write)
    except OSError as error:
        raise _unwritable(path, error.strerror or str(error)) from error


def check_writable(path: str | Path) -> Path:
    """The file a path leads to, if it looks as if it could be written.

    Raises
    ------
    InvalidLawError
        If it is a directory, or in none that can be written to.
    """
    try:
        target = Path(os.path.realpath(path))
        if target.is_dir():
            raise _unwritable(path, "it is a directory")
        exists = target.exists()
    except (OSError, ValueError) as error:
        raise _unwritable(path, getattr(error, "strerror", None) or str(error)) from error
    if not target.parent.is_dir():
        raise _unwritable(path, "there is no such directory")
    if not os.access(target if exists and not target.is_file() else target.parent, os.W_OK):
        raise _unwritable(path, "permission denied")
    return target


def _unwritable(path: str | Path, reason: str) -> InvalidLawError:
    return InvalidLawError(f"cannot write {short(str(path))}: {reason}")


def _replace(target: Path, write: Callable[[Path], None]) -> None:
    handle, name = tempfile.mkstemp(prefix=".freesym-", suffix=target.suffix, dir=target.parent)
    temporary = Path(name)
    try:
        os.close(handle)
        write(temporary)
        temporary.chmod(_mode(target))
        temporary.replace(target)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def _mode(target: Path) -> int:
    """The permissions of the file that is replaced, or those of a new file."""
    with suppress(OSError):
        return stat.S_IMODE(target.stat().st_mode)
    mask = os.umask(0)
    os.umask(mask)
    return 0o666 & ~mask
