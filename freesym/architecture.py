"""Architectures of networks as text: activation expressions, and JSON or TOML files.

An activation is a name (``tanh``, ``prelu(1/4)``) or an expression of ``x`` such as
``x*tanh(x)`` or ``max(x, 0) - 1/2``: numbers, ``pi``, ``+ - * /``, ``pow(a, b)`` and the functions
of :data:`FUNCTIONS`.  Nothing is evaluated but these.

A file is one table (an object in JSON) of these keys:

=================  ===========================================================================
``kind``           ``"mlp"`` (default) or ``"residual"``
``widths``         list of integers ``n_0, ..., n_L``; of an ``mlp``
``depth``          integer; equal widths, instead of ``widths``; required for ``residual``
``activation``     text, or a list with one for each layer; default ``"relu"``
``weights``        ``"gaussian"`` (default), ``"orthogonal"``, ``{sparse = 0.1}`` (the density of
                   what is not masked), ``{law = "MP(1/2)"}`` (the spectrum of ``W W^T``), or a
                   list with one for each layer
``sigma_w``        number or list; critical by default (1 for ``residual``)
``sigma_b``        number or list; default 0
``dropout``        probability or list; default 0
``scale``          number or list: ``a_l`` of a ``residual`` network; default 1
``skip``           number or list: ``s_l`` of a ``residual`` network, 0 for a plain layer;
                   default 1
``linear_output``  true or false (default); of an ``mlp``
``input_square``   number; default 1
=================  ===========================================================================

Numbers may be texts such as ``"1/3"``, which are exact.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from freesym.errors import InvalidLawError
from freesym.grammar import parse_law
from freesym.lazy import LazyModule
from freesym.nets.activations import Activation, activation_named
from freesym.nets.custom import CustomActivation
from freesym.nets.mlp import MLP
from freesym.nets.products import Sparse
from freesym.nets.residual import ResidualMLP
from freesym.parameters import exact_number, short
from freesym.syntax import Call, Chain, Literal, Name, Negative, Node, Parser, closest, fail

sympy: Any = LazyModule("sympy")

MAX_LENGTH, MAX_FILE, _LARGEST_POWER = 500, 1_000_000, 20
#: The functions of activation expressions, with the number of their arguments.
FUNCTIONS: dict[str, int] = {
    "abs": 1, "atan": 1, "cos": 1, "cosh": 1, "erf": 1, "exp": 1, "log": 1, "max": 2, "min": 2,
    "pow": 2, "relu": 1, "sigmoid": 1, "sin": 1, "sinh": 1, "softplus": 1, "sqrt": 1, "tanh": 1,
}  # fmt: skip
_KEYS = {
    "mlp": ("activation", "depth", "dropout", "input_square", "kind", "linear_output", "sigma_b",
            "sigma_w", "weights", "widths"),
    "residual": ("activation", "depth", "dropout", "input_square", "kind", "scale", "sigma_b",
                 "sigma_w", "skip", "weights"),
}  # fmt: skip


# ------------------------------------------------------------------------------- activations


def parse_activation(text: str) -> Activation:
    """An activation from its name or from an expression of ``x``.

    Raises
    ------
    InvalidLawError
        For text that is neither, with the place.

    Examples
    --------
    >>> parse_activation("tanh")
    Tanh()
    >>> parse_activation("x*sigmoid(2*x)").name
    'x*sigmoid(2*x)'
    """
    if not isinstance(text, str) or not text.strip():
        raise InvalidLawError(f"activation = {short(text)} must be a text such as 'tanh'")
    if len(text) > MAX_LENGTH:
        raise InvalidLawError(f"the activation has {len(text)} characters; give {MAX_LENGTH}")
    try:
        return activation_named(text)
    except InvalidLawError:
        if not any(c in text for c in "x(+-*/"):
            raise
    tree = Parser(text).whole()
    if not _mentions_x(tree):
        return activation_named(text)
    return CustomActivation(_Reader(text).expression(tree), name=" ".join(text.split()))


def _mentions_x(node: Any) -> bool:
    match node:
        case Name():
            return node.name == "x"
        case Negative():
            return _mentions_x(node.operand)
        case Chain():
            return _mentions_x(node.first) or any(_mentions_x(n) for *_, n in node.rest)
        case Call():
            return any(_mentions_x(n) for n in node.positional)
    return False


class _Reader:
    """Turns a syntax tree into a SymPy expression of one real symbol."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.x = sympy.Symbol("x", real=True)

    def expression(self, node: Node) -> Any:
        match node:
            case Literal():
                return sympy.Rational(str(node.value))
            case Name(name="x"):
                return self.x
            case Name(name="pi"):
                return sympy.pi
            case Name():
                fail(f"unknown name '{node.name[:40]}'; the variable is x", self.text,
                     node.position)  # fmt: skip
            case Negative():
                return -self.expression(node.operand)
            case Chain():
                return self._chain(node)
            case Call() if node.owner is None:
                return self._call(node)
        fail("an activation is made of numbers, x and functions", self.text, node.position)

    def _chain(self, node: Chain) -> Any:
        total = self.expression(node.first)
        for symbol, position, child in node.rest:
            value = self.expression(child)
            if symbol == "@":
                fail("'@' multiplies laws; use '*'", self.text, position)
            if symbol == "/" and value.is_zero:
                fail("division by 0", self.text, position)
            total = {
                "+": lambda a, b: a + b, "-": lambda a, b: a - b,
                "*": lambda a, b: a * b, "/": lambda a, b: a / b,
            }[symbol](total, value)  # fmt: skip
        return total

    def _call(self, node: Call) -> Any:
        if node.name not in FUNCTIONS:
            fail(f"there is no function '{node.name[:40]}'{closest(node.name, FUNCTIONS)}",
                 self.text, node.position)  # fmt: skip
        if node.named or len(node.positional) != FUNCTIONS[node.name]:
            fail(f"{node.name} takes {FUNCTIONS[node.name]} argument(s)", self.text, node.position)
        arguments = [self.expression(argument) for argument in node.positional]
        if node.name == "pow":
            power = arguments[1]
            if not (power.is_Rational and abs(power) <= _LARGEST_POWER):
                fail(f"powers are numbers up to {_LARGEST_POWER}", self.text, node.position)
        found = _functions()[node.name](*arguments)
        if found.has(sympy.zoo, sympy.nan, sympy.oo, -sympy.oo):
            fail(f"{node.name} has no value here", self.text, node.position)
        return found


def _functions() -> dict[str, Callable[..., Any]]:
    plain = ("atan", "cos", "cosh", "erf", "exp", "log", "sin", "sinh", "sqrt", "tanh")
    named: dict[str, Callable[..., Any]] = {name: getattr(sympy, name) for name in plain}
    return named | {
        "abs": sympy.Abs, "max": sympy.Max, "min": sympy.Min, "pow": sympy.Pow,
        "relu": lambda x: sympy.Max(x, 0), "sigmoid": lambda x: (1 + sympy.tanh(x / 2)) / 2,
        "softplus": lambda x: sympy.log(1 + sympy.exp(x)),
    }  # fmt: skip


# -------------------------------------------------------------------------------------- files


def read_architecture(path: str | Path) -> MLP | ResidualMLP:
    """The network that a ``.json`` or ``.toml`` file describes.

    Raises
    ------
    InvalidLawError
        If the file cannot be read or does not follow the schema of :mod:`freesym.architecture`.
    """
    file = Path(path)
    loaders: dict[str, Callable[[str], Any]] = {".json": _json, ".toml": _toml}
    if file.suffix.lower() not in loaders:
        raise InvalidLawError(f"{short(str(path))} must end in .json or .toml")
    try:
        if file.stat().st_size > MAX_FILE:
            raise InvalidLawError(f"{short(str(path))} has more than {MAX_FILE} bytes")
        text = file.read_text(encoding="utf-8")
    except OSError as error:
        raise InvalidLawError(f"cannot read {short(str(path))}: {error.strerror}") from error
    except (UnicodeDecodeError, ValueError) as error:
        raise InvalidLawError(f"cannot read {short(str(path))}: {error}") from error
    try:
        table = loaders[file.suffix.lower()](text)
    except (ValueError, RecursionError) as error:
        raise InvalidLawError(f"{short(str(path))}: {error}") from error
    return architecture(table)


def _json(text: str) -> Any:
    return json.loads(text)


def _toml(text: str) -> Any:
    import tomllib

    return tomllib.loads(text)


def architecture(table: Any) -> MLP | ResidualMLP:
    """The network that a table describes; see :mod:`freesym.architecture` for its keys.

    Examples
    --------
    >>> net = architecture({"depth": 3, "activation": "tanh", "weights": "orthogonal"})
    >>> net.depth, net.activation[0]
    (3, Tanh())
    """
    if not isinstance(table, dict):
        raise InvalidLawError(f"an architecture is a table of keys, not {short(table)}")
    kind = table.get("kind", "mlp")
    if not isinstance(kind, str) or kind not in _KEYS:
        raise InvalidLawError(f"kind = {short(kind)} must be one of {', '.join(_KEYS)}")
    for key in table:
        if key not in _KEYS[kind]:
            raise InvalidLawError(f"there is no key {short(key)}{closest(str(key), _KEYS[kind])}")
    fields: dict[str, Any] = {
        "activation": _each(table.get("activation", "relu"), parse_activation),
        "weights": _each(table.get("weights", "gaussian"), _weights),
    }
    for key in ("sigma_w", "sigma_b", "dropout", "scale", "skip", "input_square"):
        if key in table:
            fields[key] = _each(table[key], partial(_number, key=key))
    if kind == "residual":
        if "depth" not in table:
            raise InvalidLawError("a residual network needs a depth")
        return ResidualMLP(_depth(table["depth"]), **fields)
    fields["linear_output"] = table.get("linear_output", False)
    return MLP(tuple(_widths(table)), **fields)


def _widths(table: dict[str, Any]) -> list[Any]:
    widths, depth = table.get("widths"), table.get("depth")
    if widths is None:
        return [1] * (_depth(depth) + 1)
    if not isinstance(widths, list):
        raise InvalidLawError(f"widths = {short(widths)} must be a list of integers")
    if depth not in (None, len(widths) - 1):
        raise InvalidLawError(f"depth = {short(depth)} contradicts {len(widths)} widths")
    return widths


def _depth(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= 100_000:
        raise InvalidLawError(f"depth = {short(value)} must be an integer; or give widths")
    return value


def _each(value: Any, convert: Callable[[Any], Any]) -> Any:
    if not isinstance(value, list):
        return convert(value)
    if not value:
        raise InvalidLawError("a list with one value for each layer is empty")
    return [convert(item) for item in value]


def _number(value: Any, key: str) -> Any:
    if isinstance(value, str):
        try:
            return exact_number(value[:40])
        except ValueError:
            raise InvalidLawError(f"{key} = {short(value)} is not a number") from None
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not _is_finite(value):
        raise InvalidLawError(f"{key} = {short(value)} is not a number")
    return value


def _is_finite(value: float) -> bool:
    """Whether a number, perhaps an integer of any length, is one of double precision."""
    try:
        return math.isfinite(value)
    except OverflowError:
        return False


def _weights(value: Any) -> Any:
    if isinstance(value, dict) and len(value) == 1:
        ((key, inner),) = value.items()
        if key == "sparse":
            return Sparse(_number(inner, "sparse"))
        if key == "law" and isinstance(inner, str):
            return parse_law(inner)
    if isinstance(value, dict):
        raise InvalidLawError(
            f"weights = {short(value)} must be a name, {{sparse = density}} or {{law = text}}"
        )
    return value
