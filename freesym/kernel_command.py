"""The command ``freesym kernel``: NNGP and NTK kernels of inputs in a file."""

from __future__ import annotations

import argparse
import math
import stat
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from freesym.architecture import parse_activation, read_architecture
from freesym.console import number, output, shown, whole
from freesym.errors import UNREADABLE, InvalidLawError, reason
from freesym.files import write_atomically
from freesym.nets.kernels import KINDS, KernelRecursion, kernel_matrix, recursion_of
from freesym.parameters import short

Array = NDArray[np.float64]
MAX_BYTES, MAX_SAMPLES = 2_000_000_000, 10_000


def kernel_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of the command."""
    add = parser.add_argument
    add("inputs", metavar="FILE", help="inputs as rows: .npy, or text with commas or blanks")
    add("--config", metavar="FILE",
        help="a .json or .toml file that describes the network, instead of the options up to "
        "--sigma-b; its last affine layer is the output")  # fmt: skip
    add("--depth", type=whole(0, 10_000), default=3, help="the number of hidden layers; default: 3")
    add("--activation", default="relu", help="a name or an expression in x; default: relu")
    add("--sigma-w", type=number, default=None,
        help="default: sqrt(2) for relu, 1 for other activations")  # fmt: skip
    add("--sigma-b", type=number, default=0, help="default: 0")
    add("--get", choices=KINDS, default="ntk", help="default: ntk")
    add("--standardise", action="store_true",
        help="give every column mean 0 and variance 1; constant columns are dropped")  # fmt: skip
    add("--csv", type=output, metavar="FILE", help="write the kernel matrix to FILE")
    parser.set_defaults(run=kernel)


def kernel(options: argparse.Namespace) -> None:
    """Print what the kernel says about training, and write it."""
    rows = read_inputs(options.inputs)
    if options.standardise:
        rows = _standardised(rows)
    net = _recursion(options)
    matrix = kernel_matrix(net, rows, get=options.get)
    _print(options, net, rows, matrix)
    if options.csv:
        write_atomically(options.csv, lambda path: np.savetxt(path, matrix, "%.17g", ","))


def _recursion(options: argparse.Namespace) -> KernelRecursion:
    if options.config is not None:
        net = read_architecture(options.config)
        # a depth alone leaves the number of features open
        return replace(recursion_of(net), features=None) if max(_widths_of(net)) == 1 else (
            recursion_of(net))  # fmt: skip
    activation = parse_activation(options.activation)
    sigma_w = options.sigma_w
    if sigma_w is None:
        sigma_w = math.sqrt(2) if activation.name == "relu" else 1
    return KernelRecursion((activation,) * options.depth, (sigma_w,), (options.sigma_b,))


def _widths_of(net: object) -> tuple[int, ...]:
    """The widths, if the network states them."""
    return tuple(getattr(net, "widths", (1,)))


def _distinct(values: Iterable[str]) -> str:
    return ", ".join(dict.fromkeys(values))


def _print(options: argparse.Namespace, net: KernelRecursion, rows: Array, matrix: Array) -> None:
    values = np.linalg.eigvalsh(matrix)
    low, high = max(float(values[0]), 0.0), float(values[-1])
    diagonal = np.diagonal(matrix)
    singular = low <= len(rows) * 2.3e-16 * high
    lines = {
        "inputs": f"{rows.shape[0]} samples of {rows.shape[1]} features",
        "kernel": f"{options.get}, {net.depth} hidden layers of "
        f"{_distinct(phi.name for phi in net.activations) or 'nothing'}, "
        f"sigma_w = {_distinct(shown(w, 6) for w in net.sigma_w)}, "
        f"sigma_b = {_distinct(shown(b, 6) for b in net.sigma_b)}",
        "diagonal": f"{shown(diagonal.min())} to {shown(diagonal.max())}",
        "eigenvalues": f"{shown(low)} to {shown(high)}",
        "condition": "infinite (duplicated inputs?)" if singular else shown(high / low, 6),
    }
    if options.get == "ntk" and high > 0:
        lines["learning rate"] = (
            f"below {shown(2 / high)} for the loss sum (f - y)^2/2, "
            f"below {shown(2 * len(rows) / high)} for its mean"
        )
        if not singular:
            rate = (high - low) / (high + low)
            lines["convergence"] = f"errors shrink by {shown(rate, 6)} a step at the best rate"
    for name, text in lines.items():
        print(f"{name:17} {text}")


def _standardised(rows: Array) -> Array:
    deviations = rows.std(axis=0)
    kept = deviations > 0
    if not kept.any():
        raise InvalidLawError("all columns are constant; leave --standardise out")
    return np.asarray((rows[:, kept] - rows[:, kept].mean(axis=0)) / deviations[kept])


def read_inputs(path: str) -> Array:
    """The matrix in a .npy or text file; nothing in it is executed.

    Raises
    ------
    InvalidLawError
        If it is no matrix of finite numbers, or too large.
    """
    file, name = Path(path), short(path)
    try:
        status = file.stat()
        if not stat.S_ISREG(status.st_mode) or status.st_size > MAX_BYTES:
            raise InvalidLawError(f"{name} is no regular file of at most {MAX_BYTES} bytes")
        rows = _loaded(file)
    except OSError as error:
        raise InvalidLawError(f"cannot read {name}: {error.strerror or error}") from error
    except UNREADABLE as error:
        if isinstance(error, InvalidLawError):
            raise
        raise InvalidLawError(f"{name} is no matrix of numbers: {reason(error)}") from error
    if rows.ndim != 2 or rows.dtype.kind not in "iuf" or not rows.size:
        raise InvalidLawError(
            f"{name} holds an array of shape {rows.shape} and type {rows.dtype}; give real numbers "
            "of shape (samples, features)"
        )
    if len(rows) > MAX_SAMPLES:
        raise InvalidLawError(f"{name} has {len(rows)} samples; the limit is {MAX_SAMPLES}")
    if not np.isfinite(rows).all():
        raise InvalidLawError(f"{name} has entries that are not finite")
    return np.array(rows, dtype=np.float64)


def _loaded(file: Path) -> Array:
    if file.suffix.lower() == ".npy":
        array = np.load(file, mmap_mode="r", allow_pickle=False)
        if not isinstance(array, np.ndarray):
            array.close()
            raise InvalidLawError(f"{short(str(file))} is a .npz archive; save one array")
        return array
    text = file.read_bytes().decode("utf-8-sig")
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    if not lines:
        raise InvalidLawError(f"{short(str(file))} contains no numbers")
    if any(c.isalpha() and c not in "eE" for c in lines[0]):
        lines = lines[1:]  # a heading
    return np.array([[float(v) for v in line.replace(",", " ").split()] for line in lines])
