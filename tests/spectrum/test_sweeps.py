"""Sweeps to the fixed point of subordination, from which Newton's method starts, by themselves."""

from __future__ import annotations

from fractions import Fraction as F
from typing import Any

import pytest
import sympy

import freesym as fs
from freesym.solve import subordination
from freesym.solve.subordination import Sweeper, _continue_leaf, _is_physical, _solve_leaf

SC, MP = fs.Semicircle(), fs.MarchenkoPastur(F(1, 2))
U = fs.Uniform(1, 2)
G = sympy.Symbol("g")
LAWS = [
    SC + MP,
    2 * U + MP - 3,
    (SC + U).additive_power(F(5, 2)),
    U @ MP,
    (fs.TwoPoint(1, 3, F(1, 3)) @ MP).multiplicative_power(F(3, 2)),
    (SC + F(1, 2)) @ MP,
    fs.boolean_sum(SC, U + MP),
    fs.monotone(SC, U + MP),
    fs.monotone(U + MP, SC),
    fs.mixture([SC + U, MP], [F(1, 4), F(3, 4)]),
    (U + MP).inverse() + SC,
    -(U + MP),
    (SC + fs.Uniform(-1, 1)).square() @ MP,
    (U @ MP).reshape(F(2, 3)) + U,
    (U + MP).compress(F(1, 2)),
    fs.from_r_transform(G / (1 - G), G) + U,
    fs.rectangular_sum(MP, fs.FreePoisson(2, F(1, 2)), ratio=F(1, 2)),
]
POINTS = [1j, 0.3 + 0.5j, -2 + 0.8j, 2.5 + 1j, 40 + 3j]
#: Their sweeps are known to converge high above the spectrum only.
HIGH = [fs.CompoundFreePoisson(2, U + MP)]
#: Sweeps stop when they hardly move; the rest of a geometric series is ten times that at most.
CLOSE = 1e-10


@pytest.mark.parametrize("law", [*LAWS, *HIGH], ids=repr)
def test_sweeps_settle_at_the_transform(law: fs.Law) -> None:
    """The certified value at the point is found along another path."""
    relation = law.relation().numeric()
    for z in POINTS if law in LAWS else [20j, 8 + 15j, -30 + 10j]:
        sweeper = Sweeper(relation)
        assert sweeper.solve(z, sweeps=2000, tolerance=1e-13)
        state = sweeper.sweep(z)
        expected = complex(law.G(z, digits=20))
        assert abs(state.g - expected) <= CLOSE * abs(expected)
        assert abs(state.psi - (z * expected - 1)) <= CLOSE * max(abs(z * expected), 1)


@pytest.mark.parametrize("ratio", [F(1, 10), F(1, 2), 1])
@pytest.mark.parametrize("w", [-0.5 + 0j, complex(-0.5, -0.0), -0.01 + 1e-8j, -0.5 - 1e-8j, 3 - 1j])
def test_rectangular_sums_settle_beside_the_half_line(ratio: Any, w: complex) -> None:
    """Where parts of inverses are evaluated; another solution there has a positive ``psi``."""
    law = fs.rectangular_sum(fs.MarchenkoPastur(), MP, ratio=ratio)
    sweeper = Sweeper(law.relation().numeric())
    assert sweeper.solve(w, sweeps=2000, tolerance=1e-13)
    expected = complex(law.G(w, digits=20))
    assert abs(sweeper.sweep(w).g - expected) <= CLOSE * abs(expected)


@pytest.mark.parametrize("shift", [F(1, 100), F(1, 2), 2])
def test_inverses_of_rectangular_sums_have_sums(shift: Any) -> None:
    inner = fs.rectangular_sum(fs.MarchenkoPastur(), MP, ratio=F(1, 2)) + shift
    law = SC - inner.inverse()
    for z in (1j, 0.3 + 0.5j, -2 + 0.1j):
        g = complex(law.G(z))
        # SC + X has the transform of X at z - g
        w = z - g
        assert abs(complex((-inner.inverse()).G(w)) - g) <= 1e-12 * abs(g)
        assert w.imag > 0


def test_sweeps_that_do_not_settle_say_so() -> None:
    sweeper = Sweeper((SC + MP).relation().numeric())
    assert not sweeper.solve(0.3 + 1e-6j, sweeps=3, tolerance=1e-13)


LEAVES = [
    fs.Raney(F(5, 2), F(3, 2)),
    fs.Wachter(F(5, 2), F(3, 2)),
    fs.from_r_transform(G / (1 - G), G),
    fs.from_s_transform(sympy.exp(-G), G),
]


@pytest.mark.parametrize("law", LEAVES, ids=repr)
@pytest.mark.parametrize("w", [1j, -1j, 2 + 0.1j, 2 - 0.1j, -3 + 0j, -1 + 1e-3j, 1e6 + 1j])
def test_leaves_are_followed_down_from_far_away(law: fs.Law, w: complex) -> None:
    leaf = law.relation().numeric()
    state = leaf.state(_continue_leaf(leaf, w))
    mirrored = complex(w.real, abs(w.imag))
    expected = complex(law.G(mirrored, digits=20))
    expected = expected if w.imag >= 0 else expected.conjugate()
    assert abs(state.w - w) <= 1e-9 * abs(w)
    assert abs(state.g - expected) <= 1e-8 * abs(expected)


def test_starts_are_looked_for_higher_up(monkeypatch: pytest.MonkeyPatch) -> None:
    leaf = LEAVES[2].relation().numeric()
    right = complex(LEAVES[2].G(1 + 1j))
    heights: list[float] = []

    def reluctant(leaf: Any, s: complex, w: complex) -> complex | None:
        heights.append(w.imag)
        return None if len(heights) <= 2 else _solve_leaf(leaf, s, w)

    monkeypatch.setattr(subordination, "_solve_leaf", reluctant)
    assert abs(leaf.state(_continue_leaf(leaf, 1 + 1j)).g - right) <= 1e-8
    assert heights[1:3] == pytest.approx([100 * heights[0], 10_000 * heights[0]], rel=0.01)
    monkeypatch.setattr(subordination, "_solve_leaf", lambda *_: None)
    with pytest.raises(ZeroDivisionError, match="no start"):
        _continue_leaf(leaf, 1 + 1j)


def test_solutions_on_another_sheet_are_none() -> None:
    leaf = fs.from_r_transform(G, G).relation().numeric()  # the semicircle: w = g + 1/g
    for w in (2j, 1 + 1j, -1 + 0.5j, 5 + 0j):
        s = _continue_leaf(leaf, w)
        right = _solve_leaf(leaf, s * (1 + 1e-3), w)
        assert right is not None and abs(leaf.state(right).w - w) <= 1e-9 * abs(w)
        g = complex(fs.Semicircle().G(w))
        assert abs(leaf.state(right).g - g) <= 1e-9
    assert _solve_leaf(leaf, 1 / complex(fs.Semicircle().G(2j)), 2j) is None


@pytest.mark.parametrize(
    ("g", "w", "held"),
    [
        (1 - 1j, 1j, True),
        (1 + 1j, 1j, False),
        (1 + 1j, -1j, True),
        (1 - 1j, -1j, False),
        (1 + 0j, 3 + 0j, True),
        (1 + 1e-10j, 3 + 0j, True),
        (1 - 1e-10j, 3 + 0j, True),
        (1 - 1e-3j, 3 + 0j, False),
        (1 + 0j, 1j, False),
    ],
)
def test_half_planes(g: complex, w: complex, held: bool) -> None:
    assert _is_physical(g, w) is held
