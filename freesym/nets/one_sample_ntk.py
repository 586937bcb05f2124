r"""The spectrum of the NTK of one sample and many outputs, and of the Fisher information.

With ``Theta_1 = q_0`` and ``Theta_(l+1) = q_l + W D_l Theta_l D_l W^T`` the law is
``mu_(l+1) = (q_l + sigma_w^2 .)_* (nu_l @ mu_l)``, with ``nu_l`` the law of ``D_l^2``
(Hayase & Karakida 2021); Gaussian weights insert a Marchenko-Pastur factor.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from freesym.errors import InvalidLawError, UnsupportedOperationError
from freesym.law import Law
from freesym.laws import MarchenkoPastur, PointMass
from freesym.nets.kernels import recursion_of
from freesym.nets.outer_edges import lower_end, upper_edge
from freesym.parameters import NONNEGATIVE, POSITIVE, Number, checked, short
from freesym.spectrum.bounds import hull

WEIGHTS = ("gaussian", "orthogonal")


def one_sample_recursion(
    mean_squares: Sequence[Number],
    slope_laws: Sequence[Law],
    weight_variances: Sequence[Number],
    weights: str = "orthogonal",
) -> Law:
    """The law of ``Theta_L`` from ``Theta_1 = q_0`` and the layers' constants.

    Parameters
    ----------
    mean_squares : sequence of numbers
        ``q_0, ..., q_(L-1)``: mean squares of the input and of the hidden layers.
    slope_laws : sequence of Law
        The laws of ``D_l^2`` for ``l = 1, ..., L - 1``.
    weight_variances : sequence of numbers
        ``sigma_w^2`` of the layers ``2, ..., L``.
    weights : {"orthogonal", "gaussian"}

    Examples
    --------
    >>> from fractions import Fraction
    >>> from freesym import Bernoulli
    >>> p = Fraction(3, 4)
    >>> law = one_sample_recursion([1] * 3, [Bernoulli(p)] * 2, [1 / p] * 2)
    >>> law.mean(), law.atoms()
    (3, {1: Fraction(1, 4), Fraction(37, 9): Fraction(1, 2)})
    """
    if weights not in WEIGHTS:
        raise InvalidLawError(f"weights = {short(weights)} must be one of {', '.join(WEIGHTS)}")
    if not len(mean_squares) - 1 == len(slope_laws) == len(weight_variances):
        raise InvalidLawError(
            f"{len(mean_squares)} mean squares, {len(slope_laws)} slopes and "
            f"{len(weight_variances)} weight variances do not fit together"
        )
    law: Law = PointMass(checked(mean_squares[0], NONNEGATIVE, "one_sample_recursion", "q"))
    for q, slopes, variance in zip(mean_squares[1:], slope_laws, weight_variances, strict=True):
        masked = _times(slopes, law)
        if weights == "gaussian":
            masked = _times(masked, MarchenkoPastur())
        law = _moved(masked, checked(variance, POSITIVE, "one_sample_recursion", "sigma_w^2"), q)
    return law


def _times(a: Law, b: Law) -> Law:
    for constant, other in ((a, b), (b, a)):
        if isinstance(constant, PointMass):
            return _moved(other, constant.a, 0) if constant.a else PointMass(0)
    return a @ b


def _moved(law: Law, scale: Number, shift: Number) -> Law:
    if isinstance(law, PointMass):
        return PointMass(law.a * scale + shift)
    moved: Law = law * scale + shift
    return moved


def one_sample_ntk_law(net: Any, *, q: Number = 1, weights: str | None = None) -> Law:
    """The law of the NTK of one sample and many outputs, per unit of width.

    Parameters
    ----------
    net : KernelRecursion or network
        Of equal widths.
    q : number
        The mean square of the entries of the input.
    weights : {"orthogonal", "gaussian"}, optional
        By default those of the network, or orthogonal.

    Returns
    -------
    Law
        Of ``Theta/n`` for ``Theta`` in the standard parameterisation, which is the Fisher
        information's nonzero spectrum too.  Biases add ``O(1/n)``.

    References
    ----------
    T. Hayase and R. Karakida, "The spectrum of Fisher information of deep networks achieving
    dynamical isometry", AISTATS 2021.

    Examples
    --------
    >>> from freesym.nets.kernels import KernelRecursion
    >>> law = one_sample_ntk_law(KernelRecursion(["relu"] * 2, sigma_w=2**0.5))
    >>> round(law.mean(), 12)
    3.0
    """
    recursion = recursion_of(net)
    widths = getattr(net, "widths", None)
    if widths is not None and len(set(widths)) > 1:
        raise UnsupportedOperationError(f"the one-sample NTK needs equal widths, not {widths}")
    kind = weights or _weights_of(net)
    mean = float(checked(q, POSITIVE, "one_sample_ntk_law", "q"))
    squares, slopes = [mean], []
    for i, activation in enumerate(recursion.activations):
        h = recursion.sigma_b[i] ** 2 + recursion.sigma_w[i] ** 2 * squares[-1]
        squares.append(float(activation.gaussian_mean_square(h)))
        slopes.append(activation.slope_law(h))
    variances = [w * w for w in recursion.sigma_w[1:]]
    return one_sample_recursion(squares, slopes, variances, kind)


def _weights_of(net: Any) -> str:
    """The weights of a network: of one kind in all layers."""
    given = getattr(net, "weights", "orthogonal")
    kinds = set(given) if isinstance(given, tuple) else {given}
    if len(kinds) > 1 or not kinds <= set(WEIGHTS):
        raise UnsupportedOperationError(
            "the one-sample NTK needs orthogonal or Gaussian weights in all layers; give weights="
        )
    return str(kinds.pop())


def learning_rate_border(law: Law) -> float:
    """``2/lambda_max``: gradient descent on ``1/2 sum (f - y)^2`` converges below it.

    For the mean over ``N`` samples multiply by ``N``.

    Examples
    --------
    >>> import freesym as fs
    >>> learning_rate_border(fs.MarchenkoPastur())
    0.5
    """
    top = _end(law, 1)
    if not top > 0:
        raise InvalidLawError(f"{law!r} has no positive eigenvalues")
    return 2 / top


def condition_number(law: Law) -> float:
    """The largest over the smallest end of the support; infinite if that is 0."""
    low = _end(law, 0)
    return float("inf") if low <= 0 else _end(law, 1) / low


def _end(law: Law, side: int) -> float:
    """The lowest (0) or highest (1) point of the spectrum.

    Where an atom lies on the bound that the tree gives, which is so for masks of slopes, or the
    curve right of the spectrum turns, there is no need to search the support.
    """
    if not isinstance(law, Law):
        raise UnsupportedOperationError(
            f"{short(law)} is no law; give that of one_sample_ntk_law, or Empirical(eigenvalues)"
        )
    bound = float(hull(law.relation().numeric())[side])
    if any(abs(float(a) - bound) <= 1e-13 * abs(bound) for a in law.atoms()):
        return bound
    quick = upper_edge(law) if side else lower_end(law)
    if quick is not None:
        return quick
    ends = [float(interval[side]) for interval in law.support()]
    return max(ends) if side else min(ends)
