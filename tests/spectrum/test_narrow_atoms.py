"""Boolean sums whose atoms lie between two poles that nearly meet."""

from __future__ import annotations

from fractions import Fraction

import pytest

import freesym as fs


def test_an_atom_between_close_poles_is_found() -> None:
    """Place and mass by the roots of the numerator of ``1/G``, to 25 digits with SymPy."""
    law = fs.boolean_sum(
        fs.Discrete(
            [-2, 0, 1, 3], [Fraction(1, 8), Fraction(3, 8), Fraction(1, 4), Fraction(1, 4)]
        ),
        fs.Discrete([-1, 0, 1]),
    )
    atoms = {float(a): float(m) for a, m in law.atoms().items()}
    place = min(atoms, key=lambda a: abs(a - 0.578))
    assert place == pytest.approx(0.5779445760884606625, rel=1e-13)
    assert atoms[place] == pytest.approx(5.68635098150203e-7, rel=1e-8)
    assert sum(atoms.values()) == pytest.approx(1, abs=1e-11)
