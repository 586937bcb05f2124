"""Third-party laws, one of them right and the others each wrong in one way."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

import numpy as np

import freesym as fs
from freesym.laws.leaf import LeafLaw
from freesym.parameters import POSITIVE, Number, parameter
from freesym.relations.leaf import RTransformLeaf


@dataclass(frozen=True, repr=False)
class FreeCharlier(RTransformLeaf, LeafLaw):
    """A right law of another author: free Poisson of rate ``rate``, by its R-transform."""

    rate: Number = parameter(POSITIVE, default=2)

    def r_transform(self, g: Any) -> Any:
        return self.rate / (1 - g)

    def r_antiderivative(self, g: Any) -> Any:
        from freesym.relations.functions import log_lower, log_upper

        del log_lower
        return -self.rate * log_upper(1 - g)

    def hull(self) -> tuple[float, float]:
        root = math.sqrt(float(self.rate))
        return (0.0 if root < 1 else (1 - root) ** 2), (1 + root) ** 2


class DoubledDensity(fs.Semicircle):
    def density(self, x: Any, digits: int | None = None) -> Any:
        return 2 * np.asarray(super().density(x))


class NegativeDensity(fs.Uniform):
    def density(self, x: Any, digits: int | None = None) -> Any:
        return np.asarray(super().density(x)) - 0.1


class WrongBranch(fs.MarchenkoPastur):
    def G(self, z: Any, digits: int | None = None) -> Any:
        z = np.asarray(z, dtype=complex)
        return 1 / np.asarray(super().G(z)) / z


class ConjugateBranch(fs.Semicircle):
    def G(self, z: Any, digits: int | None = None) -> Any:
        return np.asarray(super().G(z)).conj()


class UnnormalisedTransform(fs.Semicircle):
    def G(self, z: Any, digits: int | None = None) -> Any:
        return 0.9 * np.asarray(super().G(z))


class OnlyUpperHalfPlane(fs.Semicircle):
    def G(self, z: Any, digits: int | None = None) -> Any:
        z = np.asarray(z, dtype=complex)
        return super().G(z.real + 1j * np.abs(z.imag))


class WrongMoments(fs.Semicircle):
    def moments(self, n: int) -> list[Any]:
        found = super().moments(n)
        return [*found[:3], *(m + 1 for m in found[3:])]


class WrongMean(fs.MarchenkoPastur):
    def moments(self, n: int) -> list[Any]:
        return [m * (1 + Fraction(1, 1000)) for m in super().moments(n)]


class ShiftedCumulants(fs.MarchenkoPastur):
    """Off by one: the cumulants start at the second."""

    def free_cumulants(self, n: int) -> list[Any]:
        return super().free_cumulants(n + 1)[1:]


class MissingAtom(fs.MarchenkoPastur):
    def atoms(self) -> dict[Any, Any]:
        return {}


class LightAtom(fs.Bernoulli):
    def atoms(self) -> dict[Any, Any]:
        return {a: m * Fraction(9, 10) for a, m in super().atoms().items()}


class InventedAtom(fs.Semicircle):
    def atoms(self) -> dict[Any, Any]:
        return {3: Fraction(1, 10)}


class NarrowSupport(fs.Semicircle):
    def edges(self, **options: Any) -> Any:
        return (-1.5, 1.5)

    def support(self, **options: Any) -> Any:
        return ((-1.5, 1.5),)


class WideSupport(fs.Semicircle):
    def edges(self, **options: Any) -> Any:
        return (-3.0, 3.0)

    def support(self, **options: Any) -> Any:
        return ((-3.0, 3.0),)


class ForgottenInterval(fs.TwoPoint):
    def support(self, **options: Any) -> Any:
        return super().support()[:1]


class FallingCdf(fs.Uniform):
    def cdf(self, x: Any, digits: int | None = None) -> Any:
        return 1 - np.asarray(super().cdf(x))


class HalfCdf(fs.Uniform):
    def cdf(self, x: Any, digits: int | None = None) -> Any:
        return np.asarray(super().cdf(x)) ** 2


class WrongQuantile(fs.Arcsine):
    def quantile(self, q: Any, digits: int | None = None) -> Any:
        return np.asarray(super().quantile(q)) ** 3


class WrongSampler(fs.Uniform):
    def sample(self, size: Any = None, rng: Any = None) -> Any:
        return np.asarray(super().sample(size, rng)) ** 2


class WrongMatrices(fs.Semicircle):
    def sample_matrix(self, n: int, rng: Any = None) -> Any:
        return 1.5 * fs.Semicircle().sample_matrix(n, rng)


class LopsidedMatrices(fs.Semicircle):
    def sample_matrix(self, n: int, rng: Any = None) -> Any:
        return np.triu(fs.Semicircle().sample_matrix(n, rng))


class WrongPotential(fs.Semicircle):
    def log_potential(self, x: Any, digits: int | None = None) -> Any:
        return np.asarray(super().log_potential(x)) + 0.01


class WrongM(fs.Uniform):
    def M(self, z: Any, digits: int | None = None) -> Any:
        return 1 + np.asarray(super().M(z))


class WrongR(fs.Semicircle):
    """The convention ``w R(w)``."""

    def R(self, w: Any, digits: int | None = None) -> Any:
        return np.asarray(w) * np.asarray(super().R(w))


class WrongS(fs.MarchenkoPastur):
    """The swapped ratio."""

    def S(self, m: Any, digits: int | None = None) -> Any:
        return 1 / (1 + np.asarray(m) / 2)


class WrongPolynomial(fs.Semicircle):
    def algebraic_equation(self, z: Any, g: Any, **options: Any) -> Any:
        return fs.Semicircle(0, 2).algebraic_equation(z, g)


class WrongScale(fs.Semicircle):
    def __rmul__(self, other: Any) -> Any:
        return fs.Semicircle(0, abs(other))


class BadRepr(fs.Semicircle):
    def __repr__(self) -> str:
        return "<a semicircle>"


class ForgetfulRepr(fs.Semicircle):
    def __repr__(self) -> str:
        return "ForgetfulRepr()"


class Unhashable(fs.Semicircle):
    __hash__ = None  # type: ignore[assignment]


class NeverEqual(fs.Semicircle):
    def __eq__(self, other: object) -> bool:
        return False

    def __hash__(self) -> int:
        return 1


class Unpicklable(fs.Semicircle):
    def __getstate__(self) -> Any:
        return {**super().__getstate__(), "secret": lambda: None}


class ScalarsOnly(fs.Semicircle):
    def density(self, x: Any, digits: int | None = None) -> Any:
        return np.asarray(super().density(x)).ravel()


class Crash(fs.Semicircle):
    def quantile(self, q: Any, digits: int | None = None) -> Any:
        raise KeyError("not yet")


class RoundedMean(fs.MarchenkoPastur):
    def mean(self) -> Any:
        return super().mean() + Fraction(1, 10**6)


class SecondMomentAsVariance(fs.MarchenkoPastur):
    def variance(self) -> Any:
        return self.moments(2)[1]


class NextMoment(fs.MarchenkoPastur):
    def moment(self, n: int) -> Any:
        return super().moment(n + 1)


class PreviousCumulant(fs.MarchenkoPastur):
    def free_cumulant(self, n: int) -> Any:
        return super().free_cumulant(max(n - 1, 1))


class WrongHighMoments(fs.Semicircle):
    def moments(self, n: int) -> list[Any]:
        found = super().moments(n)
        return [*found[:7], *(m * Fraction(11, 10) for m in found[7:])]


class WrongHighCumulants(fs.MarchenkoPastur):
    def free_cumulants(self, n: int) -> list[Any]:
        found = super().free_cumulants(n)
        return [*found[:8], *(k + Fraction(1, 100) for k in found[8:])]


class WrongDeterminant(fs.Uniform):
    def log_determinant(self, digits: int | None = None) -> Any:
        return super().log_determinant() + 0.001


class ClaimsToBePositive(fs.Semicircle):
    @property
    def is_positive(self) -> bool:
        return True


class ClaimsToBeNegative(fs.Uniform):
    @property
    def is_positive(self) -> bool:
        return False


class ClaimsToBeSymmetric(fs.Arcsine):
    def is_symmetric(self) -> bool:
        return True


class WrongDensityFormula(fs.Semicircle):
    def density_formula(self, x: Any) -> Any:
        return 2 * super().density_formula(x)


class ForgetfulSubstitution(fs.MarchenkoPastur):
    def subs(self, replacements: Any) -> Any:
        return fs.MarchenkoPastur(3)


class NarrowEnclosure(fs.Semicircle):
    def enclose_density(self, x: Any, digits: int = 30) -> Any:
        found = super().enclose_density(x, digits)
        return fs.Enclosure(found.value + 10 ** -(digits - 3), found.radius)


class NoFormula(fs.Semicircle):
    def _repr_latex_(self) -> str:
        return repr(self)


class ShortTail(fs.Uniform):
    """Right up to the last percent."""

    def quantile(self, q: Any, digits: int | None = None) -> Any:
        return np.minimum(super().quantile(q), super().quantile(0.99))


class WideSampler(fs.Semicircle):
    def sample(self, size: Any = None, rng: Any = None) -> Any:
        return 1.05 * np.asarray(super().sample(size, rng))


class OneSample(fs.Semicircle):
    def sample(self, size: Any = None, rng: Any = None) -> Any:
        return super().sample(size, 0)


class IrreproducibleSample(fs.Semicircle):
    def sample(self, size: Any = None, rng: Any = None) -> Any:
        return super().sample(size, None)


class LargeMatrices(fs.Semicircle):
    def sample_matrix(self, n: int, rng: Any = None) -> Any:
        return 1.15 * fs.Semicircle().sample_matrix(n, rng)


class RWithinItsSeries(fs.MarchenkoPastur):
    """Right near 0 only."""

    def R(self, w: Any, digits: int | None = None) -> Any:
        w = np.asarray(w)
        return sum(w**k * float(self.ratio) ** k for k in range(8))


class SWithinItsSeries(fs.MarchenkoPastur):
    def S(self, m: Any, digits: int | None = None) -> Any:
        m = np.asarray(m)
        return sum((-m * float(self.ratio)) ** k for k in range(8))


class Overwriting(fs.Semicircle):
    def density(self, x: Any, digits: int | None = None) -> Any:
        found = super().density(x, digits)
        if isinstance(x, np.ndarray) and x.ndim > 1:
            x[:] = 0
        return found


class FlatPotential(fs.MarchenkoPastur):
    """Right outside of the spectrum only."""

    def log_potential(self, x: Any, digits: int | None = None) -> Any:
        low, high = map(float, self.edges())
        inside = (np.asarray(x) > low) & (np.asarray(x) < high)
        return np.where(inside, 0.0, super().log_potential(x))


class FreeForBoolean(fs.MarchenkoPastur):
    def boolean_cumulants(self, n: int) -> list[Any]:
        return self.free_cumulants(n)


class FreeForClassical(fs.MarchenkoPastur):
    def classical_cumulants(self, n: int) -> list[Any]:
        return self.free_cumulants(n)


class BooleanForMonotone(fs.MarchenkoPastur):
    def monotone_cumulants(self, n: int) -> list[Any]:
        return self.boolean_cumulants(n)


class AnotherRecurrence(fs.MarchenkoPastur):
    def moment_recurrence(self, n: Any = None, max_degree: int | None = None) -> Any:
        return fs.MarchenkoPastur(3).moment_recurrence(n, max_degree)


class ForgetfulEquality(fs.Semicircle):
    def __eq__(self, other: object) -> bool:
        return isinstance(other, fs.Semicircle)

    def __hash__(self) -> int:
        return 1


class HoleInQuantiles(fs.Uniform):
    def quantile(self, q: Any, digits: int | None = None) -> Any:
        q = np.asarray(q)
        return np.where(np.abs(q - 0.3) < 0.02, 0.0, super().quantile(q))


@dataclass(frozen=True, repr=False)
class NoLaw(FreeCharlier):
    """An R-transform that belongs to no probability law."""

    rate: Number = parameter(POSITIVE, default=1)
    extra: Any = field(default=3)

    def r_transform(self, g: Any) -> Any:
        return self.rate * g + self.extra * g * g * g

    def r_antiderivative(self, g: Any) -> Any:
        return self.rate * g * g / 2 + self.extra * g**4 / 4

    def hull(self) -> tuple[float, float]:
        return -4.0, 4.0


@dataclass(frozen=True)
class Wrong:
    """A wrong law and the statements one of which must fail."""

    make: Callable[[], Any]
    caught_by: tuple[str, ...]


WRONG: dict[str, Wrong] = {
    "density scale": Wrong(DoubledDensity, ("density and cdf",)),
    "negative density": Wrong(lambda: NegativeDensity(0, 1), ("density and cdf", "density and G")),
    "another branch": Wrong(WrongBranch, ("half-plane",)),
    "conjugate branch": Wrong(ConjugateBranch, ("half-plane",)),
    "mass 0.9": Wrong(UnnormalisedTransform, ("asymptotics",)),
    "one half-plane": Wrong(OnlyUpperHalfPlane, ("reflection",)),
    "moments": Wrong(WrongMoments, ("moments of G", "asymptotics")),
    "mean": Wrong(WrongMean, ("asymptotics", "moments of G")),
    "cumulants off by one": Wrong(lambda: ShiftedCumulants(2), ("cumulants",)),
    "missing atom": Wrong(lambda: MissingAtom(2), ("atoms",)),
    "light atom": Wrong(lambda: LightAtom(Fraction(1, 3)), ("atoms",)),
    "invented atom": Wrong(InventedAtom, ("atoms", "support", "distribution")),
    "narrow support": Wrong(NarrowSupport, ("distribution", "support")),
    "wide support": Wrong(WideSupport, ("support", "edges")),
    "forgotten interval": Wrong(lambda: ForgottenInterval(-1, 1, Fraction(1, 2)), ("support",)),
    "falling cdf": Wrong(FallingCdf, ("distribution",)),
    "another cdf": Wrong(lambda: HalfCdf(0, 1), ("density and cdf",)),
    "quantile": Wrong(WrongQuantile, ("quantiles",)),
    "sampler": Wrong(lambda: WrongSampler(0, 1), ("samples",)),
    "matrices": Wrong(WrongMatrices, ("matrices",)),
    "lopsided matrices": Wrong(LopsidedMatrices, ("matrices",)),
    "potential": Wrong(WrongPotential, ("moments of the potential",)),
    "M with mass": Wrong(WrongM, ("R, S, G and M",)),
    "R times w": Wrong(WrongR, ("R, S, G and M",)),
    "swapped ratio": Wrong(lambda: WrongS(2), ("R, S, G and M",)),
    "polynomial": Wrong(WrongPolynomial, ("polynomial",)),
    "scaling": Wrong(WrongScale, ("scaling",)),
    "repr": Wrong(BadRepr, ("repr",)),
    "forgetful repr": Wrong(lambda: ForgetfulRepr(1, 2), ("repr",)),
    "no hash": Wrong(Unhashable, ("hash",)),
    "equality": Wrong(NeverEqual, ("hash", "repr")),
    "pickle": Wrong(Unpicklable, ("pickle",)),
    "shape": Wrong(ScalarsOnly, ("arrays", "density and cdf")),
    "crash": Wrong(Crash, ("quantiles", "matrices", "atoms", "half-plane")),
    "mean alone": Wrong(RoundedMean, ("shorthands",)),
    "variance alone": Wrong(SecondMomentAsVariance, ("shorthands",)),
    "the next moment": Wrong(NextMoment, ("shorthands",)),
    "the previous cumulant": Wrong(lambda: PreviousCumulant(2), ("shorthands",)),
    "moments of high order": Wrong(WrongHighMoments, ("moments of G", "cumulants")),
    "cumulants of high order": Wrong(WrongHighCumulants, ("cumulants",)),
    "determinant": Wrong(lambda: WrongDeterminant(0, 1), ("shorthands",)),
    "claim to be positive": Wrong(ClaimsToBePositive, ("shorthands",)),
    "claim not to be positive": Wrong(lambda: ClaimsToBeNegative(1, 2), ("shorthands",)),
    "claim to be symmetric": Wrong(lambda: ClaimsToBeSymmetric(0, 1), ("shorthands",)),
    "density formula": Wrong(WrongDensityFormula, ("density formula",)),
    "subs": Wrong(lambda: ForgetfulSubstitution(2), ("shorthands",)),
    "enclosure": Wrong(NarrowEnclosure, ("certified digits",)),
    "latex": Wrong(NoFormula, ("repr",)),
    "tail": Wrong(lambda: ShortTail(0, 1), ("quantiles",)),
    "wide sampler": Wrong(WideSampler, ("samples",)),
    "one sample": Wrong(OneSample, ("samples",)),
    "irreproducible sample": Wrong(IrreproducibleSample, ("samples",)),
    "large matrices": Wrong(LargeMatrices, ("matrices",)),
    "R by its series": Wrong(lambda: RWithinItsSeries(2), ("R, S, G and M",)),
    "S by its series": Wrong(lambda: SWithinItsSeries(2), ("R, S, G and M",)),
    "overwritten argument": Wrong(Overwriting, ("arrays",)),
    "potential inside": Wrong(lambda: FlatPotential(2), ("density and G",)),
    "Boolean cumulants": Wrong(FreeForBoolean, ("other cumulants",)),
    "classical cumulants": Wrong(lambda: FreeForClassical(2), ("other cumulants",)),
    "monotone cumulants": Wrong(BooleanForMonotone, ("other cumulants",)),
    "recurrence": Wrong(lambda: AnotherRecurrence(2), ("recurrence",)),
    "equality without parameters": Wrong(ForgetfulEquality, ("hash",)),
    "hole in quantiles": Wrong(lambda: HoleInQuantiles(0, 1), ("quantiles", "samples")),
    "no law": Wrong(NoLaw, ("half-plane", "density and cdf", "distribution", "asymptotics")),
}
