"""The command ``freesym verify``: a law against sampled matrices, or an equation between laws."""

from __future__ import annotations

import argparse

import numpy as np

from freesym.console import picture, whole, write_plot
from freesym.errors import InvalidLawError, UnsupportedOperationError
from freesym.grammar import parse_law

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
    add("--plot", type=picture, metavar="FILE", help="draw the law and the eigenvalues to FILE")
    parser.set_defaults(run=verify)


def verify(options: argparse.Namespace) -> int:
    """Print what was found; the exit code is 0 if it held and 1 if not."""
    from freesym.testing import check_law, simulate
    from freesym.testing.errors import LawCheckError

    if "==" in options.expression:
        return _equation(options)
    law = parse_law(options.expression)
    try:
        print(check_law(law))
    except LawCheckError as error:
        print(f"fails: {error}")
        return 1
    try:
        report = simulate(law, n=options.n, rng=options.seed, trials=options.trials)
    except UnsupportedOperationError as error:
        print(f"not sampled: {str(error).split(':')[0]}\nholds")
        return 0
    print(report)
    if options.plot:
        write_plot(options.plot, law, np.concatenate(report.eigenvalues))
    print("holds" if report.holds() else "fails: the matrices do not have this spectrum")
    return 0 if report.holds() else 1


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
