"""Pictures of laws: what is drawn, on which axis, and what is left alone."""

from __future__ import annotations

import sys

import numpy as np
import pytest

import freesym as fs
from freesym.errors import ConvergenceError, InvalidLawError, MissingDependencyError
from freesym.grammar import parse_law
from freesym.plotting import plot_law

matplotlib = pytest.importorskip("matplotlib")


def area(line, *, logarithmic=False):
    x, y = line.get_data()
    x = np.log10(x) if logarithmic else x
    return float(np.sum(0.5 * (y[1:] + y[:-1]) * np.diff(x)))


@pytest.mark.parametrize(
    ("text", "mass"),
    [("SC()", 1), ("MP(1/2)", 1), ("MP(2)", 0.5), ("MP(1/2) @ B(1/2) + SC(0, 1/4)", 1),
     ("Uniform() + SC()", 1), ("mixture([delta(3), SC()], [1/4, 3/4])", 0.75)],
)  # fmt: skip
def test_the_curve_has_the_continuous_mass(text, mass):
    axes = parse_law(text).plot()
    assert axes.get_xscale() == "linear"
    (curve,) = [line for line in axes.lines if line.get_label() == "density"]
    assert area(curve) == pytest.approx(mass, rel=2e-3)


def test_each_interval_has_its_curve():
    law = fs.Discrete([-2, 3]) + fs.Semicircle(0, 0.25)
    axes = law.plot()
    assert len(law.edges()) == 4
    assert len(axes.lines) == 2
    assert sum(map(area, axes.lines)) == pytest.approx(1, rel=2e-3)


def test_a_pile_at_zero_is_drawn_per_decade():
    law = parse_law("(MP(1, 2) @ B(1/2)).multiplicative_power(10)")
    axes = law.plot()
    assert axes.get_xscale() == "log"
    assert axes.get_ylabel() == "density per decade"
    (curve,) = [line for line in axes.lines if line.get_label() == "density"]
    assert area(curve, logarithmic=True) == pytest.approx(0.98 * 0.5, rel=1e-2)
    assert any("at 0: mass 0.5" in text.get_text() for text in axes.texts)


def test_atoms_are_labelled_with_their_mass():
    axes = fs.MarchenkoPastur(4).plot()
    assert [text.get_text().strip() for text in axes.texts] == ["mass 0.75"]
    axes = fs.Bernoulli(0.25).plot()
    assert [text.get_text().strip() for text in axes.texts] == ["mass 0.75", "mass 0.25"]


def test_many_atoms_are_a_histogram():
    law = fs.Empirical(np.random.default_rng(0).standard_normal(2000))
    axes = law.plot()
    assert not axes.lines
    assert len(axes.patches) == 1


def test_histogram_has_the_continuous_mass():
    law = fs.MarchenkoPastur(2)
    eigenvalues = np.linalg.eigvalsh(law.sample_matrix(300, 0))
    eigenvalues[:150] = 0.0
    axes = law.plot(eigenvalues=eigenvalues)
    (stairs,) = axes.patches
    data = stairs.get_data()
    assert np.sum(data.values * np.diff(data.edges)) == pytest.approx(0.5, rel=1e-9)


def test_outliers_are_shown_but_not_followed():
    axes = fs.Semicircle().plot(eigenvalues=[0.0, 0.5, 3.0, 1e6])
    (stairs,) = axes.patches
    assert 3 < stairs.get_data().edges[-1] < 10


def test_a_given_axes_is_used_and_returned():
    from matplotlib.figure import Figure

    axes = Figure().add_subplot()
    assert plot_law(fs.Semicircle(), ax=axes) is axes


def test_pyplot_is_not_touched():
    before = "matplotlib.pyplot" in sys.modules
    fs.Semicircle().plot()
    assert ("matplotlib.pyplot" in sys.modules) == before


@pytest.mark.parametrize("law", [fs.Cauchy(), fs.Arcsine(), fs.MarchenkoPastur(), fs.PointMass(2)],
                         ids=repr)  # fmt: skip
def test_heavy_tails_and_hard_edges(law, tmp_path):
    axes = law.plot()
    low, high = axes.get_ylim()
    assert np.isfinite([low, high]).all()
    axes.figure.savefig(tmp_path / "law.png")


def test_unsolved_points_are_left_out(monkeypatch):
    law, true = fs.Semicircle(), fs.Semicircle.density

    def refuse(self, x):
        x = np.asarray(x)
        bad = x[(x > 0.5) & (x < 0.6)]
        if bad.size:
            raise ConvergenceError("no", bad.tolist())
        return true(self, x)

    monkeypatch.setattr(fs.Semicircle, "density", refuse)
    (curve,) = law.plot().lines
    x = curve.get_xdata()
    assert len(x) > 500
    assert not ((x > 0.5) & (x < 0.6)).any()


@pytest.mark.parametrize("eigenvalues", [[], [np.nan], ["a"], [1j]])
def test_bad_eigenvalues(eigenvalues):
    with pytest.raises(InvalidLawError, match="eigenvalues"):
        fs.Semicircle().plot(eigenvalues=eigenvalues)


def test_missing_matplotlib_names_the_remedy(monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(MissingDependencyError, match=r"pip install freesym\[plot\]"):
        fs.Semicircle().plot()
