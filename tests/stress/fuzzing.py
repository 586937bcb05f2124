"""Hostile inputs: random and mutated law expressions, and files of every kind gone wrong."""

from __future__ import annotations

import io
import json
import random
from collections.abc import Callable
from typing import Any

import numpy as np

from freesym.architecture import read_architecture
from freesym.files import read_eigenvalues
from freesym.grammar import FUNCTIONS
from freesym.kernel_command import read_inputs
from freesym.nets.trained import from_weights
from freesym.syntax import METHODS

#: Valid expressions that mutations start from; every law and operation occurs.
EXPRESSIONS = (
    "MP(1/2) @ Bernoulli(1/2) + Semicircle()",
    "FussCatalan(3) @ Wachter(2.5, 1.5)",
    "MarchenkoPastur(ratio=1/2, scale=3).compress(0.7).square()",
    "-2 * SC(0, 1e-3) @ MP() - 1/3",
    "mixture([SC(), MP(2)], [1/3, 2/3]) + delta(1.5)",
    "(MP(1/2) + 1).inverse() / 3",
    "MP(1/2).moebius(1, 2, 3, 4).additive_power(3)",
    "MP().multiplicative_power(2.5).reshape(1/2)",
    "Discrete((1, 3), weights=(2/3, 1/3)) @ Empirical([1, 2, 1/2])",
    "CompoundFreePoisson(2, SC()).additive_deconvolve(SC(0, 1/2))",
    "boolean_sum(SC(), monotone(SC(), MP()))",
    "rectangular_sum(MP(1/2), B(1/2), ratio=1/2)",
    "noncentral_wishart(B(1/2), 1/3, 1/2)",
    "from_moments([1, 2, 5, 14]) + EquilibriumMeasure(1/2, 2)",
    "TwoPoint(-1, 1, 1/2) + KestenMcKay(3) + Raney(2, 1)",
    "FreePoisson(2, jump=-1) + Arcsine() + Uniform(0, 2) + Cauchy()",
    "classical_sum(B(1/2), SC()) + classical_product(B(1/3), MP())",
    "(FreeBinomial(1/3, 2) @ B(1/2)).multiplicative_deconvolve(B(1/2))",
)
WORDS = (
    *FUNCTIONS, *METHODS, *"()[],=.+-*/@", "()", "1", "0", "2.5", "-1", "1e5", "1e308", "1e-320",
    "1e999", "1/3", "10000000000000001/10000000000000000", "9" * 30, "p", "mean", "data", " ", "\n",
    "'", "__", "__class__", "lambda", "import", "\u03bc", "\x00", "\u202e", "\ud800", "**", "//",
)  # fmt: skip
_CHARACTERS = "".join(map(chr, range(128))) + "\u00e9\u03bc\u2212\u0661\ufeff\U0001d7d9"


def random_text(source: random.Random) -> str:
    """Characters of any kind."""
    return "".join(source.choices(_CHARACTERS, k=source.randrange(60)))


def random_words(source: random.Random) -> str:
    """The words of the grammar in any order."""
    return "".join(source.choices(WORDS, k=source.randrange(1, 16)))


def mutated(source: random.Random) -> str:
    """A valid expression after one or two small accidents."""
    text = source.choice(EXPRESSIONS)
    for _ in range(source.randrange(1, 3)):
        i = source.randrange(len(text) + 1)
        j = min(len(text), i + source.randrange(1, 6))
        other = source.choice(EXPRESSIONS)
        k = source.randrange(len(other))
        piece = source.choice(
            ["", source.choice(WORDS), source.choice(_CHARACTERS), text[i:j] * 2, other[k : k + 8]]
        )
        text = text[:i] + piece + text[source.choice([i, j]) :]
    return text


def recombined(source: random.Random) -> str:
    """Two valid expressions put together; mostly a law, or a law that does not exist."""
    a, b = source.choices(EXPRESSIONS, k=2)
    number = source.choice(["0", "1/2", "-3", "2.5", "1e-300", "7"])
    return source.choice(
        [f"({a}) + ({b})", f"({a}) @ ({b})", f"{number} * ({a})", f"({a}) / {number}",
         f"({a}).{source.choice(METHODS)}({number})", f"({a}).{source.choice(METHODS)}({b})",
         f"{source.choice([*FUNCTIONS])}({number}, {b})", f"mixture([{a}, {b}])"]
    )  # fmt: skip


TEXTS: tuple[Callable[[random.Random], str], ...] = (
    random_text, random_words, mutated, mutated, recombined,
)  # fmt: skip

_FIELDS = (
    "1", "-2.5", "1e-3", ".5", "nan", "inf", "-inf", "1e999", "0x10", "1_000", "value", "#", "# no",
    "'", '"1"', "1,2", "\u0661", "1j", "", "--1", "True", "1e", "\x00", "+", "1.2.3", "9" * 400,
)  # fmt: skip
_DESCRIPTIONS = ("<f8", ">f4", "<i8", "|u1", "|b1", "<c16", "|O", "<U3", "<M8[s]", "V8", "f0", "")
_SHAPES = ("(3,)", "(0,)", "()", "(3, 1)", "(-1,)", "(10**9,)", "(1000000000000,)", "3", "(True,)")


def text_file(source: random.Random) -> tuple[str, bytes]:
    """Lines of numbers and other fields, perhaps with broken bytes."""
    separators = source.choices(["\n", ",", ";", " ", "\t", "\r\n", "\r", "\x0c", "\u2028"], k=2)
    fields = source.choices(_FIELDS[: source.choice([3, 4, len(_FIELDS)])], k=source.randrange(12))
    text = "".join(field + source.choice(separators) for field in fields)
    content = text.encode(source.choice(["utf-8", "utf-8", "utf-8-sig", "utf-16"]), "replace")
    return source.choice(["data.txt", "data.csv"]), _damaged(content, source, source.randrange(2))


def npy_file(source: random.Random) -> tuple[str, bytes]:
    """An array file whose header, or some of whose bytes, are corrupt."""
    if source.random() < 0.5:
        stream = io.BytesIO()
        dtype = source.choice(["f8", ">f4", "i2", "?", "c16", "U2", "M8[s]"])
        np.save(stream, np.ones(source.choice([0, 1, 3, (2, 2)])).astype(dtype))
        return "data.npy", _damaged(stream.getvalue(), source, source.randrange(4))
    header = (
        f"{{'descr': '{source.choice(_DESCRIPTIONS)}', 'fortran_order': "
        f"{source.choice(['False', 'True', '0', 'x'])}, 'shape': {source.choice(_SHAPES)}}}\n"
    ).encode()
    version = source.choice([b"\x01\x00", b"\x02\x00", b"\x03\x00", b"\x09\x00"])
    promised = source.choice([len(header), len(header) + 9, 3, 60_000])
    length = promised.to_bytes(2 if version == b"\x01\x00" else 4, "little")
    content = b"\x93NUMPY" + version + length + header + bytes(source.randrange(40))
    return "data.npy", _damaged(content, source, source.randrange(3))


def weights_file(source: random.Random) -> tuple[str, bytes]:
    """An archive of arrays, perhaps broken."""
    stream = io.BytesIO()
    n = source.randrange(3)
    arrays = [np.ones(source.choice([(2, 2), 2, 0, (1, 2)])) for _ in range(n)]
    (np.savez if source.random() < 0.5 else np.savez_compressed)(stream, *arrays)
    return "data.npz", _damaged(stream.getvalue(), source, source.randrange(3))


_KEYS = (
    "kind", "activation", "depth", "widths", "weights", "dropout", "input_square", "linear_output",
    "sigma_b", "sigma_w", "scale", "skip", "sparse", "law", "unknown",
)  # fmt: skip
_VALUES: tuple[Any, ...] = (
    None, True, 0, 1, 3, -1, 0.5, 10**400, float("nan"), float("inf"), "relu", "x*tanh(x)", "1/3",
    "1e9999999999", "1e-9999999999", "", "x**x**x", "orthogonal", "MP(1/2)", "residual", "mlp",
    "__import__('os')", [1, 2, 3], [], [[1]], {}, {"sparse": 0.5}, {"law": "B(1/2)"},
    {"law": "1/0"}, {"sparse": "1e99999999"}, ["relu", "tanh"], {"sparse": []},
)  # fmt: skip


def architecture_file(source: random.Random) -> tuple[str, bytes]:
    """A description of a network with values of the wrong kinds, perhaps with broken syntax."""
    table: dict[str, Any] = {"depth": 2} if source.random() < 0.8 else {}
    for key in source.choices(_KEYS, k=source.randrange(4)):
        table[key] = source.choice(_VALUES)
    if source.random() < 0.5:
        return "data.json", _damaged(json.dumps(table).encode(), source, source.randrange(2))
    text = "\n".join(f"{key} = {json.dumps(value)}" for key, value in table.items())
    return "data.toml", _damaged(text.encode(), source, source.randrange(2))


def _damaged(content: bytes, source: random.Random, accidents: int) -> bytes:
    found = bytearray(content)
    for _ in range(accidents):
        if not found:
            break
        place = source.randrange(len(found))
        match source.randrange(3):
            case 0:
                found[place] = source.randrange(256)
            case 1:
                del found[place:]
            case _:
                found[place:place] = source.randbytes(source.randrange(1, 5))
    return bytes(found)


def matrix_file(source: random.Random) -> tuple[str, bytes]:
    """Rows of numbers, or an array."""
    return source.choice([text_file, npy_file])(source)


#: Files, and what reads them.
FILES: tuple[tuple[Callable[[random.Random], tuple[str, bytes]], Callable[[Any], Any]], ...] = (
    (text_file, read_eigenvalues),
    (npy_file, read_eigenvalues),
    (matrix_file, read_inputs),
    (weights_file, from_weights),
    (architecture_file, read_architecture),
)
