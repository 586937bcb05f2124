"""The command ``freesym verify``: a law against sampled matrices, or an equation between laws."""

from __future__ import annotations

import argparse
import itertools
from typing import TYPE_CHECKING, Any

import numpy as np

from freesym.console import picture, whole, write_plot
from freesym.errors import InvalidLawError, UnsupportedOperationError
from freesym.grammar import parse_law
from freesym.law import Law
from freesym.nets.phases import bar
from freesym.plotting import new_axes

if TYPE_CHECKING:
    from freesym.testing import SimulationReport

_MAX_SIZE, _MAX_TRIALS, _MAX_SEED = 30_000, 10_000, 2**32 - 1


def verify_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of the command."""
    add = parser.add_argument
    add("expression", metavar="EXPR",
        help='a law such as "MP(1/2) @ Bernoulli(1/2)", or an equation "EXPR1 == EXPR2", in '
        "which names that are no laws are positive parameters")  # fmt: skip
    add("--n", type=whole(10, _MAX_SIZE), default=2000, help="the size of matrices; default: 2000")
    add("--trials", type=whole(2, _MAX_TRIALS), default=4, help="how many; default: 4")
    add("--seed", type=whole(0, _MAX_SEED), default=0, help="of the random matrices; default: 0")
    add("--plot", type=picture, metavar="FILE", help="draw the law, and the eigenvalues, to FILE")
    parser.set_defaults(run=verify)


def verify(options: argparse.Namespace) -> int:
    """Print what was found; the exit code is 0 if it held and 1 if not."""
    from freesym.testing import check_law
    from freesym.testing.errors import LawCheckError

    if "==" in options.expression:
        return _equation(options)
    law = parse_law(options.expression)
    if options.plot:
        new_axes()  # before the long run, whether pictures can be drawn
    try:
        print(check_law(law))
    except LawCheckError as error:
        print(f"fails: {error}" + ("\nno picture is drawn" if options.plot else ""))
        return 1
    report, refusal = None, ""
    try:
        report = _simulated(law, options.n, options.trials, options.seed)
    except UnsupportedOperationError as error:
        refusal = str(error).split(":")[0]
    print(report or f"not sampled: {refusal}")
    if options.plot:
        write_plot(
            options.plot, law, None if report is None else np.concatenate(report.eigenvalues)
        )
    holds = report is None or report.holds()
    print("holds" if holds else "fails: the matrices do not have this spectrum")
    return 0 if holds else 1


def _simulated(law: Law, n: int, trials: int, seed: int) -> SimulationReport:
    """Sampled matrices; where standard error is a terminal, it shows how many are done."""
    from freesym.testing.simulation import matrix_model, simulate

    source, done, report = matrix_model(law), itertools.count(), bar("matrices")

    def model(size: int, generator: np.random.Generator) -> Any:
        if report is not None:
            report(next(done), trials)
        return source(size, generator)

    try:
        return simulate(law, n=n, trials=trials, rng=seed, model=model)
    finally:
        if report is not None:
            report(trials, trials)


def _equation(options: argparse.Namespace) -> int:
    from freesym.testing import assert_identity
    from freesym.testing.errors import LawCheckError

    if options.plot:
        raise InvalidLawError("--plot draws one law; an equation has two: leave it out")
    try:
        print(assert_identity(options.expression))
    except LawCheckError as error:
        print(f"fails: {error}")
        return 1
    print("holds")
    return 0
