"""What the tests of networks compare with."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np

_FILES = (
    Path(__file__).parents[1] / "reference" / "truth.json",
    Path(__file__).parent / "truth.json",
)
TRUTH = {k: v for file in _FILES for k, v in json.loads(file.read_text("utf-8")).items()}
_X, _W = np.polynomial.legendre.leggauss(30)


def truth(key):
    """A value of 40 printed digits, as floats."""
    value = TRUTH[key]["value"]
    return [float(v) for v in value] if isinstance(value, list) else float(value)


def panels(ends):
    """Gauss nodes and weights between sorted ends."""
    ends = np.array(sorted(set(ends)))
    half, middle = np.diff(ends) / 2, (ends[1:] + ends[:-1]) / 2
    return (middle[:, None] + half[:, None] * _X).ravel(), (half[:, None] * _W).ravel()


def mean(function, q, kinks=()):
    """``E f(h)`` by brute force."""
    s = math.sqrt(q)
    ends = [*np.linspace(-12 * s, 12 * s, 241), *np.linspace(-6, 6, 49), *kinks]
    x, w = panels([e for e in ends if abs(e) <= 12 * s])
    return float(w @ (function(x) * np.exp(-x * x / (2 * q)))) / math.sqrt(2 * math.pi * q)


def dual(function, a, b, c, kinks=()):
    """``E f(u) f(v)`` by brute force in two variables."""
    spread, size = math.sqrt(b - c * c / a), math.sqrt(a)
    ends = [*np.linspace(-9, 9, 73) * size, *kinks]
    width = spread * a / abs(c)
    ends += [k * a / c + s * width * 2.0**j for k in kinks for j in range(-3, 12) for s in (-1, 1)]
    u, weights = panels([e for e in ends if abs(e) <= 9 * size])
    weights = weights * np.exp(-u * u / (2 * a)) / math.sqrt(2 * math.pi * a)
    total = 0.0
    for place, weight in zip(u, weights, strict=True):
        centre = c / a * place
        inner = [*(centre + spread * np.linspace(-9, 9, 19)),
                 *(k for k in kinks if abs(k - centre) < 9 * spread)]  # fmt: skip
        v, w = panels(inner)
        z = (v - centre) / spread
        given = float(w @ (function(v) * np.exp(-z * z / 2))) / spread / math.sqrt(2 * math.pi)
        total += weight * float(function(np.array([place]))[0]) * given
    return total
