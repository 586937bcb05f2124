"""The command ``freesym verify``."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

import freesym.testing
from freesym.cli import main
from freesym.law import Law
from freesym.testing import LawCheckError


@pytest.mark.parametrize(
    ("equation", "code", "words"),
    [
        ("Bernoulli(1/2) + Bernoulli(1/2) == Arcsine(0, 2)", 0, "proved"),
        ("SC(0, s) + SC(0, t) == SC(0, s + t)", 0, "for generic s, t"),
        ("Uniform() + Cauchy() == Cauchy() + Uniform()", 0, "holds"),
        ("SC(0, s) + SC(0, t) == SC(0, s + 2*t)", 1, "moments of order 2"),
        ("MP(1/2) == MP(1/3)", 1, "fails"),
    ],
)
def test_equations(equation: str, code: int, words: str, capsys: pytest.CaptureFixture) -> None:
    assert main(["verify", equation]) == code
    assert words in capsys.readouterr().out


def test_a_law_against_matrices(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    picture = tmp_path / "law.png"
    arguments = ["--n", "200", "--trials", "3", "--seed", "5", "--plot", str(picture)]
    assert main(["verify", "MP(1/2) @ Bernoulli(1/2)", *arguments]) == 0
    printed = capsys.readouterr().out
    assert "statements hold" in printed and "3 matrices of size 200" in printed
    assert printed.endswith("holds\n") and picture.stat().st_size > 1000


def test_a_law_without_a_model_says_so(capsys: pytest.CaptureFixture) -> None:
    assert main(["verify", "boolean_sum(SC(), SC())"]) == 0
    assert "not sampled" in capsys.readouterr().out


def test_a_law_without_a_model_is_drawn_alone(tmp_path: Path) -> None:
    picture = tmp_path / "law.png"
    assert main(["verify", "boolean_sum(SC(), SC())", "--plot", str(picture)]) == 0
    assert picture.stat().st_size > 1000


def test_no_picture_of_a_law_that_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    def fail(law: Law) -> None:
        raise LawCheckError("it does not hold")

    monkeypatch.setattr(freesym.testing, "check_law", fail)
    assert main(["verify", "SC()", "--plot", str(tmp_path / "law.png")]) == 1
    assert capsys.readouterr().out == "fails: it does not hold\nno picture is drawn\n"


@pytest.mark.parametrize(
    ("missing", "path", "words"),
    [
        ("matplotlib.figure", "law.png", "pip install freesym[plot]"),
        ("nothing", "no/such/directory/law.png", "there is no such directory"),
    ],
)
def test_pictures_that_cannot_be_drawn_are_refused_before_the_run(
    missing: str,
    path: str,
    words: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture,
) -> None:
    monkeypatch.setitem(sys.modules, missing, None)
    monkeypatch.setattr(freesym.testing, "check_law", lambda law: pytest.fail("it ran"))
    try:
        code = main(["verify", "SC()", "--plot", str(tmp_path / path)])
    except SystemExit as stop:
        code = stop.code
    assert code == 2 and words in capsys.readouterr().err


def test_progress_changes_nothing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    seen: list[tuple[int, int]] = []
    printed = []
    for progress in (None, lambda done, total: seen.append((done, total))):
        monkeypatch.setattr("freesym.verify.bar", lambda title, shown=progress: shown)
        assert main(["verify", "SC()", "--n", "100", "--trials", "3"]) == 0
        assert main(["verify", "boolean_sum(SC(), SC())"]) == 0
        printed.append(capsys.readouterr())
    assert printed[0] == printed[1] and not printed[0].err
    assert seen == [(0, 3), (1, 3), (2, 3), (3, 3)]


@pytest.mark.parametrize(
    "arguments",
    [["MP(1/2"], ["MP(1/2) == "], ["a == b == c"], ["SC() == SC()", "--plot", "x.png"],
     ["SC()", "--n", "3"], ["SC()", "--trials", "0"], ["__import__('os') == SC()"]],
    ids=str,
)  # fmt: skip
def test_bad_input(arguments: list[str], capsys: pytest.CaptureFixture) -> None:
    try:
        code = main(["verify", *arguments])
    except SystemExit as stop:
        code = stop.code
    assert code == 2
    assert len(capsys.readouterr().err.splitlines()) == 1
