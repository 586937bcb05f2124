"""The command ``freesym verify``."""

from __future__ import annotations

from pathlib import Path

import pytest

from freesym.cli import main


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
