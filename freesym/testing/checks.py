"""``check_law``: everything a law must satisfy, in one call."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from freesym.errors import FreesymError
from freesym.law import Law
from freesym.parameters import short
from freesym.testing import about_objects as objects
from freesym.testing import about_shorthands as shorthands
from freesym.testing import about_spectrum as spectrum
from freesym.testing import about_transforms as transforms
from freesym.testing import arguments
from freesym.testing.errors import InvalidArgumentError, LawCheckError
from freesym.testing.grammar import parts
from freesym.testing.subject import Failed, Skipped, Subject

Check = Callable[[Subject], None]

_CHECKS: dict[str, Check] = {
    "hash": objects.hashing,
    "repr": objects.representation,
    "half-plane": transforms.half_plane,
    "reflection": transforms.reflection,
    "asymptotics": transforms.asymptotics,
    "distribution": spectrum.distribution,
    "density and cdf": spectrum.density_and_cdf,
    "density and G": spectrum.density_of_the_transform,
    "support": spectrum.support,
    "edges": spectrum.edges,
    "atoms": spectrum.atoms,
    "quantiles": spectrum.quantiles,
    "samples": spectrum.samples,
    "matrices": spectrum.matrices,
    "moments of G": transforms.moments_of_the_transform,
    "moments of the potential": transforms.moments_of_the_potential,
    "moments of the density": transforms.moments_of_the_density,
    "cumulants": transforms.cumulants,
    "R, S, G and M": transforms.relations,
    "other cumulants": shorthands.other_cumulants,
    "recurrence": shorthands.recurrence,
    "shorthands": shorthands.shorthands,
    "scaling": transforms.scaling,
    "polynomial": objects.polynomial,
    "closed form": objects.formulas,
    "density formula": objects.density_formulas,
    "exact edges": objects.exact_edges,
    "certified digits": objects.certified,
    "arrays": objects.shapes,
    "pickle": objects.pickling,
}
#: The names of all statements, in the order in which they are tried.
STATEMENTS: tuple[str, ...] = tuple(_CHECKS)


@dataclass(frozen=True)
class LawReport:
    """What was checked of a law.

    Attributes
    ----------
    law : Law
    passed : tuple of str
        The statements that hold.
    skipped : dict
        From the other statements to the reason why they say nothing about this law.
    refused : tuple of complex
        The points without a verified value, which were left out.
    seed : int
        The seed of the samples.
    """

    law: Law
    passed: tuple[str, ...]
    skipped: dict[str, str] = field(default_factory=dict)
    refused: tuple[complex, ...] = ()
    seed: int = 0

    def __str__(self) -> str:
        lines = [f"{self.law!r}: {len(self.passed)} statements hold (seed {self.seed})"]
        lines += [f"  not applicable: {name}: {why}" for name, why in self.skipped.items()]
        if self.refused:
            lines.append(f"  {len(self.refused)} points without a verified value")
        return "\n".join(lines)


def check_law(
    law: Law,
    *,
    rng: Any = 0,
    thorough: bool = False,
    only: Iterable[str] | None = None,
    skip: Iterable[str] = (),
    names: dict[str, Any] | None = None,
) -> LawReport:
    """Check everything that a law must satisfy.

    Parameters
    ----------
    law : Law
        Any subclass, without symbols.
    rng : seed, Generator or None
        For the samples; the seed is reported.  A right law fails with probability below 1e-6.
    thorough : bool
        More points, larger samples, formulas of expressions.
    only, skip : iterable of str, optional
        Some of :data:`freesym.testing.STATEMENTS`.
    names : dict, optional
        What the ``repr`` of the law mentions beside freesym, SymPy and its own classes.

    Returns
    -------
    LawReport
        What holds, and what says nothing about this law and why.

    Raises
    ------
    LawCheckError
        With the first statement that fails, where and by how much, for the smallest part of the
        expression for which it does.
    InvalidArgumentError, UnboundParameterError
        If this is no law, or one with symbols.

    Notes
    -----
    ``G`` maps the upper half-plane to the lower one with ``Im 1/G(z) >= Im z``, is symmetric
    and ``1/z + m_1/z^2 + ...`` at infinity; moments agree four ways (exact, by a contour, by
    the log-potential, by the density) and with sums over non-crossing partitions; ``R``, ``S``,
    ``M`` and ``G`` agree; so do density, distribution function, quantiles, samples and matrices,
    support, edges and atoms; certified digits and double precision; polynomials, closed forms
    and the solver; the law prints, hashes, pickles, scales and shifts.

    Examples
    --------
    >>> import freesym as fs
    >>> report = check_law(fs.MarchenkoPastur(2))
    >>> "atoms" in report.passed
    True
    >>> class Wrong(fs.Semicircle):
    ...     def density(self, x, digits=None):
    ...         return 2 * super().density(x)
    >>> check_law(Wrong(), only=["density and cdf"])  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    freesym.testing.errors.LawCheckError: Wrong() fails 'density and cdf': ...
    """
    arguments.law(law, "law")
    chosen = _chosen(only, skip)
    seed = arguments.seed(rng)
    flag = arguments.flag(thorough, "thorough")

    def examined(part: Law) -> Subject:
        return Subject(part, seed, thorough=flag, names=names)

    subject = examined(law)
    if _outcome("hash", subject) is None:  # else the law is too wrong for questions about size
        subject.require_width()
    passed, skipped = [], {}
    for name in chosen:
        outcome = _outcome(name, subject)
        if isinstance(outcome, Skipped):
            skipped[name] = str(outcome)
        elif outcome is not None:
            smallest, reason = _shrunken(name, law, outcome, examined)
            raise _error(name, law, smallest, reason, seed) from reason
        else:
            passed.append(name)
    return LawReport(law, tuple(passed), skipped, tuple(subject.refused), seed)


def _chosen(only: Iterable[str] | None, skip: Iterable[str]) -> list[str]:
    wanted = STATEMENTS if only is None else _named(only, "only")
    without = _named(skip, "skip")
    return [name for name in STATEMENTS if name in wanted and name not in without]


def _named(names: Iterable[str], argument: str) -> tuple[str, ...]:
    found = (names,) if isinstance(names, str) else tuple(names)
    unknown = [name for name in found if name not in _CHECKS]
    if unknown:
        raise InvalidArgumentError(
            f"{argument}: there is no statement {short(unknown[0])}; there are "
            f"{', '.join(STATEMENTS)}"
        )
    return found


def _outcome(name: str, subject: Subject) -> Exception | None:
    """None if the statement holds, why it says nothing, or why it fails."""
    try:
        _CHECKS[name](subject)
    except (Skipped, Failed) as found:
        return found
    except InvalidArgumentError:
        raise
    except LawCheckError as error:
        return Failed(str(error), error.difference, error.allowed)
    except Exception as error:  # noqa: BLE001 - whatever a law raises is a failure of the law
        return Failed(f"{type(error).__name__}: {short(str(error))}")
    return None


def _shrunken(
    name: str, law: Law, outcome: Exception, examined: Callable[[Law], Subject]
) -> tuple[Law, Failed]:
    """The smallest part of an expression for which a statement fails, and why."""
    assert isinstance(outcome, Failed)
    for part in _bound(law):
        inner = _outcome(name, examined(part))
        if isinstance(inner, Failed):
            return _shrunken(name, part, inner, examined)
    return law, outcome


def _bound(law: Law) -> Iterator[Law]:
    try:
        yield from parts(law)
    except FreesymError:
        return


def _error(name: str, law: Law, smallest: Law, reason: Failed, seed: int) -> LawCheckError:
    lines = [f"{_shown(smallest)} fails '{name}': {reason}"]
    if reason.difference is not None:
        lines.append(f"  difference {reason.difference:.6g}, allowed {reason.allowed:.6g}")
    if smallest is not law:
        lines.append(f"  found in {_shown(law)}")
    lines.append(f"  statement: {' '.join((_CHECKS[name].__doc__ or '').split())} (seed {seed})")
    return LawCheckError("\n".join(lines), name, smallest, reason.difference, reason.allowed)


def _shown(law: Law) -> str:
    """The law, whose ``repr`` may be what is wrong with it."""
    try:
        return repr(law)
    except Exception as error:  # noqa: BLE001 - whatever it raises
        return f"<{type(law).__name__}, whose repr raises {type(error).__name__}>"
