"""The command line: what it prints, writes and refuses."""

from __future__ import annotations

import argparse
import csv
import os
import re
import signal
import subprocess
import sys
import time
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

import freesym as fs
from freesym import console, files
from freesym.cli import main
from freesym.errors import InvalidLawError
from freesym.files import read_eigenvalues, write_atomically

ROOT = Path(__file__).parents[1]


def run(*arguments, **options):
    return subprocess.run(
        [sys.executable, "-m", "freesym", *arguments], capture_output=True, text=True,
        timeout=120, check=False, cwd=ROOT, stdin=subprocess.DEVNULL, **options,
    )  # fmt: skip


def refused(capsys, *arguments):
    """The one line on stderr."""
    assert main(arguments) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert re.fullmatch(r"freesym: error: [^\n]+\n", captured.err)
    assert captured.err.isascii()
    return captured.err


def table(path):
    with path.open(newline="") as file:
        return {name: np.array(column, dtype=float)
                for name, *column in zip(*csv.reader(file), strict=True)}  # fmt: skip


# ------------------------------------------------------------------------------------ jacobian


def test_jacobian(capsys):
    assert main(["jacobian", "--depth", "10", "--activation", "relu"]) == 0
    out = capsys.readouterr().out
    for piece in ("[0, 54.41085853]", "0 with mass 1/2", "critical", "variance          20",
                  "largest/smallest nonzero singular value infinite", "7.376371637"):  # fmt: skip
        assert piece in out


def test_jacobian_with_all_outputs(capsys, tmp_path):
    picture, numbers = tmp_path / "spectrum.png", tmp_path / "spectrum.csv"
    arguments = ["jacobian", "--depth", "3", "--verify", "200", "--seed", "1",
                 "--plot", str(picture), "--csv", str(numbers)]  # fmt: skip
    assert main(arguments) == 0
    out = capsys.readouterr().out
    distance = float(re.search(r"Kolmogorov +([0-9.]+)", out)[1])
    assert 0 < distance < 0.13
    assert picture.read_bytes().startswith(b"\x89PNG")
    columns = table(numbers)
    assert list(columns) == ["x", "density", "cdf", "singular_value"]
    assert columns["singular_value"] == pytest.approx(np.sqrt(columns["x"]))
    assert sorted(p.name for p in tmp_path.iterdir()) == ["spectrum.csv", "spectrum.png"]
    assert main(arguments[:7]) == 0
    again = capsys.readouterr().out
    assert main(arguments[:7]) == 0
    assert capsys.readouterr().out == again


def test_jacobian_of_given_widths(capsys):
    assert main(["jacobian", "--widths", "784,512,512,10", "--verify", "784"]) == 0
    out = capsys.readouterr().out
    assert "widths 784, 512, 512, 10" in out
    assert "0 with mass 1/2" in out
    assert "10 eigenvalues" in out


@pytest.mark.parametrize(
    "arguments",
    [
        ["--depth", "4", "--activation", "leaky-relu", "--slope", "0.1"],
        ["--depth", "4", "--activation", "hard-tanh"],
        ["--depth", "4", "--activation", "hard-tanh", "--q", "0.5"],
        ["--depth", "4", "--activation", "linear", "--sigma-w", "1.1"],
        ["--depth", "1", "--weights", "orthogonal", "--activation", "linear"],
        ["--widths", "100,200,50", "--weights", "orthogonal"],
    ],
    ids=" ".join,
)
def test_jacobian_of_other_networks(capsys, arguments):
    assert main(["jacobian", *arguments, "--verify", "60"]) == 0
    assert "Kolmogorov" in capsys.readouterr().out


# -------------------------------------------------------------------------------- density, info


def test_density_to_standard_output(capsys):
    assert main(["density", "SC()", "--points", "5", "--from", "-2", "--to", "2"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "x,density,cdf"
    assert [float(line.split(",")[0]) for line in lines[1:]] == [-2, -1, 0, 1, 2]
    assert float(lines[3].split(",")[1]) == pytest.approx(1 / np.pi)


def test_density_to_files(tmp_path):
    numbers, picture = tmp_path / "out.csv", tmp_path / "out.svg"
    text = "MP(1/2) @ Bernoulli(1/2) + Semicircle()"
    assert main(["density", text, "--csv", str(numbers), "--plot", str(picture)]) == 0
    columns = table(numbers)
    assert len(columns["x"]) == 200
    law = fs.MarchenkoPastur(0.5) @ fs.Bernoulli(0.5) + fs.Semicircle()
    assert columns["density"] == pytest.approx(law.density(columns["x"]), rel=1e-12)
    assert columns["cdf"] == pytest.approx(law.cdf(columns["x"]), rel=1e-12)
    assert "<svg" in picture.read_text()


def test_density_covers_every_interval(capsys):
    assert main(["density", "Discrete([-3, 4]) + SC(0, 1/4)", "--points", "40"]) == 0
    rows = capsys.readouterr().out.splitlines()[1:]
    density = [float(row.split(",")[1]) for row in rows]
    assert len(rows) == 40
    assert min(density) > 0


def test_density_of_data(capsys, tmp_path):
    path = tmp_path / "data.txt"
    path.write_text("eigenvalue\n1\n2.5\n4e0  # the last\n")
    assert main(["density", "data @ MP(1/10)", "--eigenvalues", str(path), "--points", "9"]) == 0
    rows = capsys.readouterr().out.splitlines()[1:]
    law = fs.Empirical([1, 2.5, 4]) @ fs.MarchenkoPastur(0.1)
    x, density, _ = map(float, rows[4].split(","))
    assert density == pytest.approx(law.density(x))


def test_an_expression_may_begin_with_a_minus(capsys):
    assert main(["info", "-SC(1)"]) == 0
    assert "mean              -1" in capsys.readouterr().out


def test_info(capsys):
    assert main(["info", "FussCatalan(2)", "--moments", "4"]) == 0
    out = capsys.readouterr().out
    assert "moments           1, 3, 12, 55\n" in out
    assert "free cumulants    1, 2, 5, 14\n" in out
    assert "support           [0, 6.75]" in out


def test_info_without_moments(capsys):
    assert main(["info", "Cauchy()"]) == 0
    assert "mean              none: a Cauchy law has no moments" in capsys.readouterr().out


# ------------------------------------------------------------------------------------ refusals

REFUSED = [
    [],
    ["nonsense"],
    ["jacobian", "--depth", "0"],
    ["jacobian", "--depth", "1e3"],
    ["jacobian", "--depth", "99999999999999999999999999"],
    ["jacobian", "--activation", "swoosh"],
    ["jacobian", "--widths", "1,x"],
    ["jacobian", "--widths", "5"],
    ["jacobian", "--widths", "5,5", "--depth", "3"],
    ["jacobian", "--sigma-w", "nan"],
    ["jacobian", "--sigma-w", "0"],
    ["jacobian", "--sigma-w", "1e999"],
    ["jacobian", "--slope", "0.1"],
    ["jacobian", "--activation", "leaky-relu", "--slope", "7"],
    ["jacobian", "--q", "1"],
    ["jacobian", "--verify", "1000000"],
    ["jacobian", "--plot", "spectrum.exe"],
    ["jacobian", "--unknown"],
    ["density"],
    ["density", "SC(", "--points", "5"],
    ["density", "SC()", "--points", "1"],
    ["density", "SC()", "--points", "99999999"],
    ["density", "SC()", "--from", "2", "--to", "1"],
    ["density", "SC()", "--from", "1/0"],
    ["density", "SC()", "--eigenvalues", "/nonexistent"],
    ["density", "SC()", "--csv", "/nonexistent/out.csv"],
    ["density", "data"],
    ["info", "__import__('os').system('true')"],
    ["info", "(" * 10**5],
    ["info", "\u03bc\n\x1b[31m"],
    ["info", "MP(1e999)"],
    ["info", "SC() * SC()"],
    pytest.param(["info", "MP(1e300)"], marks=pytest.mark.long),
    ["info", "Uniform(-1e308, 1e308)"],
    ["info", "EquilibriumMeasure(1, 1e60)"],
    ["info", "1e300*MP(1) @ (1e300*MP(1))"],
    ["density", "SC()", "--eigenvalues", "a\0b"],
    ["density", "SC()", "--eigenvalues", "x" * 5000],
    ["density", "SC()", "--csv", "a\0b"],
    ["density", "SC()", "--csv", "x" * 5000],
    ["density", "SC()", "--plot", "/nonexistent/out.png"],
    ["jacobian", "--depth", "2", "--csv", "/nonexistent/out.csv"],
    ["jacobian", "--depth", "2", "--csv", "/"],
    ["jacobian", "--depth", "2", "--sigma-w", "1e200"],
]


@pytest.mark.parametrize("arguments", REFUSED, ids=lambda a: " ".join(a)[:40])
def test_refusals_are_one_line(capsys, arguments):
    refused(capsys, *arguments)


def test_refusals_say_where(capsys):
    assert "(character 7)" in refused(capsys, "info", "MP(1/2")


def test_numbers_beyond_floats_are_shown(capsys):
    assert main(["info", f"delta(1{'0' * 200})", "--moments", "3"]) == 0
    assert "1e+200, 1e+400, 1e+600" in capsys.readouterr().out


def test_messages_hold_nothing_a_terminal_obeys(capsys):
    assert main(["density", "SC()", "--eigenvalues", "\x1b[31m\udcff"]) == 2
    assert re.fullmatch(r"freesym: error: [ -~]+\n", capsys.readouterr().err)


# --------------------------------------------------------------------------------------- files


def test_reads_text_csv_and_npy(tmp_path):
    values = [1.0, -2.5, 3e-7]
    contents = {
        "lines.txt": "1\n-2.5\n3e-7\n",
        "row.csv": "1, -2.5, 3e-7",
        "blanks.txt": "1 -2.5\t3e-7\n\n",
        "semicolons.csv": "\ufeff1;-2.5;3e-7;\n",
        "heading.csv": "eigenvalue\r\n1\r\n-2.5\r\n3e-7\r\n",
        "comments.dat": "# a comment\n1\n-2.5 # another\n3e-7",
    }
    for name, text in contents.items():
        (tmp_path / name).write_text(text, encoding="utf-8", newline="")
        assert read_eigenvalues(tmp_path / name).tolist() == values, name
    for dtype in (np.float64, np.float32, ">f8"):
        np.save(tmp_path / "a.npy", np.array(values, dtype=dtype))
        assert read_eigenvalues(tmp_path / "a.npy") == pytest.approx(values)


def _promise(path, shape):
    """A .npy header that promises more than the file holds."""
    header = f"{{'descr': '<f8', 'fortran_order': False, 'shape': {shape}}}".ljust(117) + "\n"
    path.write_bytes(b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header.encode())


def test_malformed_files(tmp_path):
    bad = {
        "empty.txt": b"",
        "words.txt": b"one\ntwo\n",
        "late.txt": b"1\n2\nx\n",
        "columns.csv": b"1,2\n3,4\n",
        "binary.txt": bytes(range(256)),
        "truncated.npy": b"\x93NUMPY",
        "text.npy": b"1\n2\n",
        "nothing.npy": b"",
        # no literal: NumPy takes the header for one of an old version and tokenizes it
        "open.npy": b"\x93NUMPY\x01\x00\x02\x00(\n",
        "control.npy": b"\x93NUMPY\x01\x00\x08\x00\x1b[31m\xbc\n\n",
        "control.txt": b"1\n\x1b[31m\n",
    }
    for name, content in bad.items():
        (tmp_path / name).write_bytes(content)
    np.save(tmp_path / "matrix.npy", np.eye(3))
    np.save(tmp_path / "complex.npy", np.array([1j]))
    np.save(tmp_path / "object.npy", np.array([{}], dtype=object), allow_pickle=True)
    np.save(tmp_path / "none.npy", np.array([]))
    with (tmp_path / "archive.npy").open("wb") as file:
        np.savez(file, np.ones(2))
    _promise(tmp_path / "huge.npy", "(10**9,)")
    _promise(tmp_path / "large.npy", "(1000000000000,)")
    _promise(tmp_path / "negative.npy", "(-1,)")
    (tmp_path / "directory").mkdir()
    for path in sorted(tmp_path.iterdir()):
        with pytest.raises(InvalidLawError, match=path.name) as caught:
            read_eigenvalues(path)
        message = str(caught.value)
        assert message.isprintable() and message.count(path.name) == 1, message
    for device in ("/dev/zero", "/dev/stdin"):
        if Path(device).exists():
            with pytest.raises(InvalidLawError):
                read_eigenvalues(device)


@pytest.mark.parametrize("text", ["0e-9999999999", "1e-9999999999", "1e9999999999", "1/0", "_1"])
def test_numbers_of_absurd_size_are_refused_at_once(text):
    """Written out, their digits would fill the memory."""
    with pytest.raises(argparse.ArgumentTypeError, match="not a number"):
        console.number(text)


def test_numbers_are_as_exact_as_they_were_typed():
    typed = {"0.01": Fraction(1, 100), "-2.50": Fraction(-5, 2), "1/3": Fraction(1, 3), "4/2": 2}
    for text, value in typed.items():
        assert console.number(text) == value
        assert type(console.number(text)) is type(value)
    for text in ("1e101", "1e-101"):
        with pytest.raises(argparse.ArgumentTypeError, match="moderate"):
            console.number(text)


def test_non_finite_eigenvalues(capsys, tmp_path):
    (tmp_path / "a.txt").write_text("1\nnan\n")
    message = refused(capsys, "density", "data + SC()", "--eigenvalues", str(tmp_path / "a.txt"))
    assert "nan" in message


def test_file_size_limit(tmp_path, monkeypatch):
    monkeypatch.setattr(files, "MAX_BYTES", 3)
    (tmp_path / "a.txt").write_text("1\n2\n")
    with pytest.raises(InvalidLawError, match="limit"):
        read_eigenvalues(tmp_path / "a.txt")


@pytest.mark.parametrize("failure", [RuntimeError, KeyboardInterrupt, SystemExit])
def test_a_failed_write_leaves_the_old_file(tmp_path, failure):
    path = tmp_path / "out.csv"
    path.write_text("old")

    def write(target):
        target.write_text("half of the ne")
        raise failure

    with pytest.raises(failure):
        write_atomically(path, write)
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_writing_keeps_links_and_permissions(tmp_path):
    path, link = tmp_path / "out.csv", tmp_path / "link.csv"
    path.write_text("old")
    path.chmod(0o640)
    link.symlink_to(path)
    write_atomically(link, lambda target: target.write_text("new"))
    assert link.is_symlink()
    assert path.read_text() == "new"
    assert path.stat().st_mode & 0o777 == 0o640
    write_atomically("/dev/null", lambda target: target.write_text("x"))
    assert Path("/dev/null").is_char_device()


def test_new_files_respect_the_mask(tmp_path):
    mask = os.umask(0o027)
    try:
        write_atomically(tmp_path / "a.csv", lambda target: target.write_text("x"))
    finally:
        os.umask(mask)
    assert (tmp_path / "a.csv").stat().st_mode & 0o777 == 0o640


# ------------------------------------------------------------------------------------- process


def test_as_a_process():
    result = run("info", "SC(")
    assert result.returncode == 2
    assert result.stdout == ""
    assert re.fullmatch(r"freesym: error: [^\n]+\n", result.stderr)
    result = run("--version")
    assert (result.returncode, result.stdout) == (0, f"freesym {fs.__version__}\n")


def test_a_closed_pipe_is_quiet():
    read, write = os.pipe()
    os.close(read)
    try:
        result = subprocess.run(
            [sys.executable, "-m", "freesym", "density", "SC()", "--points", "20000"],
            stdout=write, stderr=subprocess.PIPE, timeout=120, check=False, cwd=ROOT,
        )  # fmt: skip
    finally:
        os.close(write)
    assert result.returncode == 141
    assert result.stderr == b""


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_full_device():
    with Path("/dev/full").open("w") as full:
        result = subprocess.run(
            [sys.executable, "-m", "freesym", "density", "SC()", "--points", "5"],
            stdout=full, stderr=subprocess.PIPE, text=True, timeout=120, check=False, cwd=ROOT,
        )  # fmt: skip
    assert result.returncode == 2
    assert re.fullmatch(r"freesym: error: [^\n]+\n", result.stderr)


def test_interruption(tmp_path):
    process = subprocess.Popen(
        # where tests run in the background, children ignore SIGINT unless they ask for it
        [sys.executable, "-c",
         ("import signal; signal.signal(signal.SIGINT, signal.default_int_handler);"
         "import freesym.cli as c; print('ready', flush=True); raise SystemExit(c.main())"),
         "jacobian", "--depth", "200", "--verify", "2000", "--csv", str(tmp_path / "a.csv")],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT,
    )  # fmt: skip
    assert process.stdout.readline() == "ready\n"
    time.sleep(1)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out, err) == (130, "", "")
    assert list(tmp_path.iterdir()) == []
