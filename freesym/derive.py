"""The command ``freesym derive``: how a law is derived, as text or LaTeX."""

from __future__ import annotations

import argparse

from freesym.errors import InvalidLawError
from freesym.grammar import parse_law

_HIGHEST_DEGREE = 10_000


def _degree(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not 1 <= int(text[:9]) <= _HIGHEST_DEGREE:
        raise argparse.ArgumentTypeError(
            f"'{text[:40]}' is not a whole number from 1 to {_HIGHEST_DEGREE}"
        )
    return int(text)


def derive_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of the command."""
    parser.add_argument(
        "expression", metavar="EXPR",
        help='such as "MP(c) @ Bernoulli(p)"; names that are no laws are positive parameters',
    )  # fmt: skip
    parser.add_argument("--latex", action="store_true",
                        help="print LaTeX: text and align* environments")  # fmt: skip
    parser.add_argument("--max-degree", type=_degree, metavar="N",
                        help="allow polynomials up to this degree")  # fmt: skip
    parser.set_defaults(run=derive)


def derive(options: argparse.Namespace) -> None:
    """Print the derivation."""
    law = parse_law(options.expression, symbols=True)
    try:
        found = law.derivation(options.max_degree)
    except InvalidLawError as error:
        if "floating-point" not in str(error):
            raise
        raise InvalidLawError(
            f"a derivation needs exact numbers; write 1/2 for 0.5 ({str(error).split(';')[0]})"
        ) from error
    print(found.to_latex() if options.latex else found)
