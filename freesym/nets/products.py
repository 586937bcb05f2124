"""The free product behind a Jacobian ``J = D_L W_L ... D_1 W_1`` of unequal widths.

Going through the layers, only the number of zeros of the spectrum changes, so that
``v = n_l psi_l`` does not depend on the layer at which the product is cut open, and every factor
contributes to ``1/z``:

- slopes: ``S_(D_l^2)(v/n_l)``,
- weights before the cut: ``S_(W W^T)(v/n_l)``; after it: ``S_(W^T W)(v/n_(l-1))``.

Cut at the narrowest layer, every factor is a law: ``S(t psi)`` with ``t <= 1`` is a free
compression.  From there the law of ``J J^T`` differs by zeros only.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import reduce
from typing import Any

from freesym.errors import InvalidLawError
from freesym.law import Law
from freesym.laws import Bernoulli, MarchenkoPastur, PointMass, TwoPoint, Wachter
from freesym.operations import free_product
from freesym.parameters import PROBABILITY, Number, as_number, checked, exact_quotient, short

WEIGHTS = ("gaussian", "orthogonal")
_LARGEST_EXPONENT = 600.0
_NORMALISED = 30.0  # beyond exp of this the mean is taken out of the product


@dataclass(frozen=True)
class Sparse:
    """Gaussian weights of which a fraction ``1 - density`` is masked at random.

    The others are enlarged so that the variance stays ``sigma_w^2/n``: as long as
    ``n * density`` tends to infinity the spectrum is that of full Gaussian weights.
    """

    density: Number

    def __post_init__(self) -> None:
        value = checked(self.density, PROBABILITY, "Sparse", "density")
        if value == 0:
            raise InvalidLawError("Sparse: density = 0 leaves no weights; give 0 < density <= 1")
        object.__setattr__(self, "density", value)


Weights = Any  # "gaussian", "orthogonal", Sparse, or a Law for W W^T/sigma_w^2


def checked_weights(weights: Any) -> Weights:
    """One of the names, a :class:`Sparse` or a law on ``[0, oo)``.

    Raises
    ------
    InvalidLawError
        If it is none of them.
    """
    if isinstance(weights, Sparse) or (isinstance(weights, str) and weights in WEIGHTS):
        return weights
    if isinstance(weights, Law):
        if weights.is_positive is False:
            raise InvalidLawError(f"weights = {weights!r} must be a law on [0, oo), that of W W^T")
        return weights
    raise InvalidLawError(
        f"weights = {short(weights)} must be one of {', '.join(WEIGHTS)}, nets.Sparse(density) "
        "or a Law for W W^T"
    )


def weight_gain(weights: Weights, before: int, after: int) -> float:
    """The mean of ``W W^T/sigma_w^2``: how much a signal of mean square 1 keeps."""
    if isinstance(weights, Law):
        return float(weights.mean())
    return min(1.0, before / after) if weights == "orthogonal" else 1.0


def left_law(weights: Weights, variance: Number, before: int, after: int, t: Fraction) -> Law:
    """``W W^T``, compressed by ``t = narrow/after``."""
    if isinstance(weights, Law):
        return scaled(compressed(weights, t), variance)
    if weights == "orthogonal":
        share = Fraction(min(before, after), after)
        return scaled(_projection(share, t), variance)
    return MarchenkoPastur(t * after / before, variance)


def right_law(weights: Weights, variance: Number, before: int, after: int, t: Fraction) -> Law:
    """``W^T W``, compressed by ``t = narrow/before``."""
    ratio = Fraction(after, before)
    if isinstance(weights, Law):
        transposed = weights if ratio == 1 else weights.reshape(ratio)
        return scaled(compressed(transposed, t), variance)
    if weights == "orthogonal":
        return scaled(_projection(min(ratio, Fraction(1)), t), variance)
    return MarchenkoPastur(t / ratio, as_number(variance * ratio))


def layered_law(
    widths: Sequence[int],
    slopes: Sequence[Law],
    weights: Sequence[Weights],
    variances: Sequence[Number],
) -> Law:
    """The law of ``J J^T`` on the last layer.

    Parameters
    ----------
    widths : sequence of int
        ``n_0, ..., n_L``.
    slopes : sequence of Law
        The laws of ``D_l^2``, one a layer.
    weights, variances
        The kind of weights and ``sigma_w^2``, one a layer.

    Raises
    ------
    InvalidLawError
        If the mean of the spectrum leaves double precision.
    """
    if PointMass(0) in slopes:
        return PointMass(0)
    exponent = _exponent(slopes, weights, variances)
    if abs(exponent) > _NORMALISED:
        each = math.exp(exponent / len(slopes))
        rest = [float(variance) / each for variance in variances]
        return scaled(layered_law(widths, slopes, weights, rest), math.exp(exponent))
    depth, layers = len(slopes), list(zip(slopes, weights, variances, strict=True))
    if len(set(widths)) == 1 and len(set(layers)) == 1:
        one = Fraction(1)
        return power(product([*_several(layers[0][0]), left_law(*layers[0][1:], 1, 1, one)]), depth)
    narrow = min(widths)
    k = max(i for i, n in enumerate(widths) if n == narrow)
    share = [Fraction(narrow, n) for n in widths]
    factors: list[Law] = []
    for i, (slope, kind, variance) in enumerate(layers):
        before, after = widths[i], widths[i + 1]
        factors.append(compressed(slope, share[i + 1]))
        if i < k:
            factors.append(left_law(kind, variance, before, after, share[i + 1]))
        else:
            factors.append(right_law(kind, variance, before, after, share[i]))
    whole = product(factors)
    return whole if k == depth else whole.reshape(share[-1])


def _several(law: Law) -> list[Law]:
    return [] if law == PointMass(1) else [law]


def _exponent(
    slopes: Sequence[Law], weights: Sequence[Weights], variances: Sequence[Number]
) -> float:
    """The logarithm of the mean of the spectrum for equal widths; refused if it overflows."""
    layers = Counter(zip(slopes, weights, variances, strict=True))
    exponent = sum(
        n * (math.log(float(variance)) + math.log(float(slope.mean())))
        for (slope, _, variance), n in layers.items()
    )
    if not abs(exponent) < _LARGEST_EXPONENT:
        raise InvalidLawError(
            f"the mean of the spectrum would be exp({exponent:.6g}); choose sigma_w nearer to "
            "its critical value, or fewer layers"
        )
    return exponent


def product(factors: Sequence[Law]) -> Law:
    """The free product, with equal factors as powers and constants as a scale."""
    counted = Counter(factors)
    constants = [(f, n) for f, n in counted.items() if isinstance(f, PointMass)]
    scale: Number = reduce(lambda total, pair: total * pair[0].a ** pair[1], constants, 1)
    others = [power(f, n) for f, n in counted.items() if not isinstance(f, PointMass)]
    return scaled(free_product(*others), scale) if others else PointMass(scale)


def power(law: Law, n: int) -> Law:
    """The law of ``n`` equal factors."""
    if n == 1:
        return law
    if isinstance(law, PointMass):
        return PointMass(law.a**n)
    return law.multiplicative_power(n)


def scaled(law: Law, scale: Number) -> Law:
    """The law of ``scale X``."""
    if isinstance(law, PointMass):
        return PointMass(scale * law.a)
    found: Law = law * scale
    return found


def compressed(law: Law, t: Fraction) -> Law:
    """A free compression; that of a projection is a Wachter law, explicit in its S-transform."""
    if t == 1 or isinstance(law, PointMass):
        return law
    match law:
        case Bernoulli():
            return Wachter(law.p / t, (1 - law.p) / t)
        case TwoPoint():
            projection = compressed(Bernoulli(law.p), t)
            moved: Law = scaled(projection, law.b - law.a) + law.a
            return moved
        case MarchenkoPastur():
            return MarchenkoPastur(as_number(law.ratio * t), law.scale)
    return law.compress(t)


def _projection(share: Fraction, t: Fraction) -> Law:
    """A projection onto a share of the directions, compressed by ``t``."""
    return PointMass(1) if share == 1 else compressed(Bernoulli(as_number(share)), t)


def dropped(law: Law, rate: Number) -> Law:
    """The law of ``D^2`` under inverted dropout: 0 at the rate, else enlarged by its inverse."""
    if rate == 0:
        return law
    keep = 1 - rate
    gain = exact_quotient(1, keep**2)
    if isinstance(law, PointMass):
        return scaled(Bernoulli(keep), as_number(gain * law.a))
    if isinstance(law, Bernoulli):
        return scaled(Bernoulli(as_number(law.p * keep)), gain)
    from freesym.operations import mixture

    return mixture([PointMass(0), scaled(law, gain)], [rate, keep])
