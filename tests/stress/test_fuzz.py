"""Readers of untrusted text: the documented errors and nothing else, at once, nothing evaluated.

``FREESYM_FUZZ`` inputs, a million unless it says otherwise; a report lists every kind of failure
with the first input that shows it.
"""

from __future__ import annotations

import os
import random
import signal
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

import freesym as fs
from freesym.errors import FreesymError, InvalidLawError
from freesym.grammar import parse_law
from tests.stress import fuzzing

COUNT = int(os.environ.get("FREESYM_FUZZ", "1_000_000"))
#: Nobody waits longer for a message about a line of text; it takes a millisecond.
SECONDS = 5.0
PACKAGE = Path(fs.__file__).parent
#: What text must never reach; the names are those of Python's audit events.
FORBIDDEN = ("exec", "os.system", "os.exec", "subprocess.Popen", "socket.connect")
DATA = {"data": fs.Empirical([1.0, 2.0])}


def _is_own(event: str) -> bool:
    """Whether an event is the package's doing: the libraries below generate code of their own."""
    caller = sys._getframe(2).f_code.co_filename
    return event != "exec" or Path(caller).is_relative_to(PACKAGE)


class Watch:
    """Raises TimeoutError for a hang, and keeps what was evaluated."""

    def __init__(self) -> None:
        self.active, self.evaluated = False, list[str]()
        sys.addaudithook(self.audit)

    def audit(self, event: str, arguments: tuple[Any, ...]) -> None:
        if self.active and event in FORBIDDEN and _is_own(event):
            self.evaluated.append(f"{event} {arguments!r}"[:600])

    def late(self, *_: Any) -> None:
        raise TimeoutError(f"more than {SECONDS} seconds")

    @contextmanager
    def __call__(self) -> Iterator[None]:
        before = signal.signal(signal.SIGALRM, self.late)
        signal.setitimer(signal.ITIMER_REAL, SECONDS)
        self.active = True
        try:
            yield
        finally:
            self.active = False
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, before)
        found, self.evaluated = self.evaluated, []
        assert not found, found


@pytest.fixture(scope="module")
def watch() -> Watch:
    return Watch()


class Findings:
    """What became of the inputs, and the first input of every kind of failure."""

    def __init__(self, watch: Watch) -> None:
        self.watch = watch
        self.outcomes: Counter[str] = Counter()
        self.failures: dict[str, str] = {}

    def run(self, shown: str, read: Callable[[], Any]) -> Any:
        """The value that was read, or None if it was refused as documented."""
        try:
            with self.watch():
                value = read()
        except InvalidLawError as error:
            assert str(error).replace("\n", "").isprintable(), shown
            self.outcomes["refused"] += 1
            return None
        except Exception as error:  # noqa: BLE001 - every other exception is a finding
            self.outcomes["failed"] += 1
            self.failures.setdefault(f"{type(error).__name__}: {str(error)[:300]}", shown)
            return None
        self.outcomes["read"] += 1
        return value


def _warm() -> None:
    """What is imported and compiled late is there before anything is watched."""
    law = fs.Semicircle() + fs.MarchenkoPastur() @ fs.Uniform(0, 1)
    law.density(0.5), law.G(1j), law.atoms()
    source = random.Random(0)
    for _ in range(300):
        with suppress(FreesymError):
            parse_law(fuzzing.recombined(source), DATA)


def _parse(watch: Watch, count: int, seed: int) -> Findings:
    source, found = random.Random(seed), Findings(watch)
    for i in range(count):
        text = fuzzing.TEXTS[i % len(fuzzing.TEXTS)](source)
        law = found.run(repr(text), lambda text=text: parse_law(text, DATA))
        if law is not None and source.random() < 0.02:
            again = found.run(repr(text), lambda law=law: parse_law(repr(law)))
            assert again == law, text
    return found


def _read(watch: Watch, count: int, seed: int, folder: Path) -> Findings:
    source, found = random.Random(seed), Findings(watch)
    for i in range(count):
        write, read = fuzzing.FILES[i % len(fuzzing.FILES)]
        name, content = write(source)
        path = folder / name
        path.write_bytes(content)
        found.run(f"{read.__name__} {name}: {content!r}", lambda path=path, read=read: read(path))
    return found


def _sound(found: Findings, count: int, seed: int) -> None:
    """No failures, and inputs that are neither all nonsense nor all fine."""
    print(f"seed {seed}: {dict(found.outcomes)}")
    assert not found.failures, "\n".join(
        [f"seed {seed}", *(f"{k}  {v}" for k, v in found.failures.items())]
    )
    assert min(found.outcomes["read"], found.outcomes["refused"]) > 0.05 * count


@pytest.mark.parametrize(
    "share",
    [pytest.param(0.004, marks=pytest.mark.long), pytest.param(0.8, marks=pytest.mark.slow)],
)
def test_expressions(share: float, watch: Watch, seed: int) -> None:
    _warm()
    _sound(_parse(watch, int(share * COUNT), seed), int(share * COUNT), seed)


@pytest.mark.filterwarnings("ignore:Reading")  # NumPy, of headers from Python 2
@pytest.mark.parametrize(
    "share",
    [pytest.param(0.002, marks=pytest.mark.long), pytest.param(0.2, marks=pytest.mark.slow)],
)
def test_files(share: float, watch: Watch, seed: int, tmp_path: Path) -> None:
    _warm()
    _sound(_read(watch, int(share * COUNT), seed, tmp_path), int(share * COUNT), seed)
