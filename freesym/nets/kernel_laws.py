r"""Limit spectra of conjugate kernels of random networks of linear width.

``n`` samples, ``d_l`` units in layer ``l`` and ``n/d_l -> gamma_l``: off the diagonal the dual
kernel of a layer is linear in the small covariances of almost orthogonal inputs, so that
``E K_l = alpha_l + beta_l K_(l-1)`` up to a few outliers, and the conjugate kernel
``K_l = X_l^T X_l/d_l`` has the law ``mu_l = MP(gamma_l) @ (alpha_l + beta_l mu_(l-1))``
(Fan & Wang 2020).  Biases and uncentred layers shift all samples of a unit by the same random
amount, see :mod:`freesym.nets.conditional_kernels`.  The NTK, of :mod:`freesym.nets.ntk_law`, obeys
coupled equations: it is *not* a free sum of the kernels of the layers.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from freesym.errors import InvalidLawError, UnsupportedOperationError
from freesym.law import Law
from freesym.laws import MarchenkoPastur, PointMass
from freesym.nets.conditional_kernels import ConditionalLayer, conditional_layers
from freesym.nets.kernels import KernelRecursion, recursion_of
from freesym.nets.mixed_covariance import MixedCovarianceLaw
from freesym.parameters import POSITIVE, Number, as_count, as_sequence, checked, short

Matrix = NDArray[np.float64]
_CENTRED = 1e-9


# ------------------------------------------------------------------------- linearised kernels


@dataclass(frozen=True)
class LinearisedLayer:
    """The kernel of a layer of width ``d``, given that of the layer before.

    Attributes
    ----------
    alpha, beta : float
        ``E K_l = alpha + beta K_(l-1)`` for the parts without outliers.
    mean : float
        ``m_l``: the diagonal of ``K_l``.
    common : float
        ``c_l``: the mean of its other entries.  It makes an outlier near ``n c_l``.
    slope, diagonal_slope : float
        ``sigma_w^2 k'`` off and on the diagonal, with the ``sigma_w`` of the layer after.
    """

    alpha: float
    beta: float
    mean: float
    common: float
    slope: float
    diagonal_slope: float


def linearised_layers(net: Any, mean: Number = 1) -> list[LinearisedLayer]:
    """The layers of a network on almost orthogonal inputs.

    Parameters
    ----------
    net : KernelRecursion or network
        Without biases; all hidden layers but the last are centred, ``E phi(h) = 0``.
    mean : number
        The diagonal ``|x|^2/n_0`` of the kernel of the inputs.

    Raises
    ------
    InvalidLawError
        If a layer vanishes (``E phi^2 = 0``) and cannot be normalised.
    UnsupportedOperationError
        For biases, and for uncentred layers below the last.  Both shift all samples of a unit
        by the same random amount, so that the units above have different covariances.

    Examples
    --------
    >>> from freesym.nets.kernels import KernelRecursion
    >>> (layer,) = linearised_layers(KernelRecursion("relu"))
    >>> layer.beta, round(layer.common, 6), round(layer.alpha, 6)
    (0.25, 0.159155, 0.090845)
    """
    recursion, found = recursion_of(net), []
    m = float(mean)
    if any(recursion.sigma_b):
        raise UnsupportedOperationError(
            "limit laws of kernels in the regime of linear width are known without biases only; "
            "set sigma_b = 0"
        )
    for i, activation in enumerate(recursion.activations):
        q = recursion.sigma_w[i] ** 2 * m
        after = float(activation.gaussian_mean_square(q))
        if not after > 0:
            raise InvalidLawError(
                f"layer {i + 1}: E phi(h)^2 = {after:.3g} for h of variance {q:.6g}, so that its "
                "kernel cannot be normalised; choose another activation, or larger inputs"
            )
        shared = float(activation.dual(q, q, 0.0))
        if i + 1 < recursion.depth and abs(shared) > _CENTRED * after:
            raise UnsupportedOperationError(
                f"layer {i + 1} is not centred: E phi(u) phi(v) = {shared:.6g} for independent u "
                "and v; only the last hidden layer may be. Use phi(h) - E phi(h)"
            )
        found.append(_linearised(recursion, i, q, m, after, shared))
        m = after
    return found


def _linearised(
    recursion: KernelRecursion, i: int, q: float, mean: float, after: float, shared: float
) -> LinearisedLayer:
    activation, rest = recursion.activations[i], recursion.sigma_w[i + 1] ** 2
    slope = float(activation.dual_slope(q, q, 0.0))
    beta = recursion.sigma_w[i] ** 2 * slope
    alpha = after - shared - beta * mean
    # beyond the rounding of these differences nothing is known
    alpha = 0.0 if alpha < 1e-14 * after else alpha
    beta = 0.0 if abs(beta) < 1e-14 * after else beta
    diagonal = rest * float(activation.gaussian_mean_square_slope(q))
    return LinearisedLayer(alpha, beta, after, shared, rest * slope, diagonal)


def kernel_outlier(net: Any, n: int, mean: Number = 1) -> float:
    """The outlier of the conjugate kernel of ``n`` samples, ``n E phi(u) phi(v)``; 0 if centred.

    ``u`` and ``v`` are the pre-activations of a unit for two samples: independent, so that this is
    ``n (E phi)^2``, but for biases and the common part of an uncentred layer below.

    Examples
    --------
    >>> from freesym.nets.kernels import KernelRecursion
    >>> round(kernel_outlier(KernelRecursion("relu"), 1500), 1)
    238.7
    >>> round(kernel_outlier(KernelRecursion(["relu"] * 2, sigma_w=2**0.5), 1500), 1)
    740.6
    """
    count = as_count(n, 1, 10**9, "n")
    layers = conditional_layers(net, float(checked(mean, POSITIVE, "kernel_outlier", "mean")))
    return float(count * layers[-1].common) if layers else 0.0


def checked_ratios(aspect_ratios: Any, depth: int) -> tuple[Number, ...]:
    """``n/d_l`` of every hidden layer, positive and of moderate size."""
    single = np.ndim(aspect_ratios) == 0
    items = (aspect_ratios,) * depth if single else as_sequence(aspect_ratios, "aspect_ratios")
    if len(items) != depth:
        raise InvalidLawError(
            f"{len(items)} aspect ratios n/d_l for {depth} hidden layers; give one for each"
        )
    found = tuple(checked(r, POSITIVE, "aspect_ratios", "n/d") for r in items)
    for ratio in found:
        if not 1e-6 <= float(ratio) <= 1e6:
            raise InvalidLawError(f"the aspect ratio n/d = {ratio} must lie between 1e-6 and 1e6")
    return found


def checked_input(input_law: Any) -> float:
    """The mean of the input's kernel, which must be positive."""
    if not isinstance(input_law, Law):
        raise UnsupportedOperationError(
            f"input_law = {short(input_law)} must be a law: of the kernel X X^T/n_0 of the inputs, "
            "Empirical(np.linalg.eigvalsh(X @ X.T / n_0)) for data, MarchenkoPastur(n/n_0) for "
            "Gaussian ones"
        )
    if input_law.is_positive is not True:
        raise InvalidLawError(f"{input_law!r} reaches below 0: it is no law of a kernel matrix")
    mean = float(input_law.mean())
    if not mean > 0:
        raise InvalidLawError("the inputs vanish: their kernel has mean 0")
    return mean


def conjugate_kernel_law(net: Any, input_law: Law, aspect_ratios: Any) -> Law:
    """The law of the conjugate kernel ``X_L^T X_L/d_L`` of the last hidden layer.

    Parameters
    ----------
    net : KernelRecursion or network
        Its hidden layers, with Gaussian weights and any biases and activations.
    input_law : Law
        Of the kernel ``X X^T/n_0`` of the inputs, almost orthogonal and of equal size.
    aspect_ratios : number or sequence of numbers
        ``n/d_l`` of every hidden layer.

    Returns
    -------
    Law
        Without the outlier that biases and uncentred activations make; see
        :func:`kernel_outlier`.

    Notes
    -----
    ``MP(gamma_l) @ (alpha_l + beta_l mu_(l-1))`` for a centred layer.  Above an uncentred layer,
    and with biases, units differ by a shift that all samples share, and their covariances with
    them: the law is a :class:`freesym.nets.MixedCovarianceLaw` of 64 covariances.  Where samples
    outnumber units, units of neighbouring covariances are averaged until each is that of 1 % of
    them, so that the lowest percent of the spectrum is resolved no further.

    References
    ----------
    Z. Fan and Z. Wang, "Spectra of the conjugate kernel and neural tangent kernel for
    linear-width neural networks", NeurIPS 2020.

    Examples
    --------
    >>> import freesym as fs
    >>> from freesym.nets.kernels import KernelRecursion
    >>> law = conjugate_kernel_law(KernelRecursion("linear"), fs.PointMass(1), 0.5)
    >>> law.moments(2)
    [1.0, 1.5]
    >>> deep = conjugate_kernel_law(KernelRecursion(["relu"] * 2), fs.MarchenkoPastur(0.5), 0.5)
    >>> print(f"{deep.density(0.05):.4f}")
    5.3301
    """
    recursion = recursion_of(net)
    mean = checked_input(input_law)
    ratios = checked_ratios(aspect_ratios, recursion.depth)
    law = input_law
    for layer, ratio in zip(conditional_layers(recursion, mean), ratios, strict=True):
        law = _next_law(law, layer, ratio)
    return law


def _next_law(law: Law, layer: ConditionalLayer, ratio: Number) -> Law:
    if len(layer.shares) == 1:
        return MarchenkoPastur(ratio) @ affine_law(law, layer.betas[0], layer.alphas[0])
    if ratio > 1:
        layer = layer.grouped(float(law.mean()))
    return MixedCovarianceLaw(law, layer.shares, layer.alphas, layer.betas, ratio)


def affine_law(law: Law, scale: float, shift: float) -> Law:
    """The law of ``scale X + shift``; a point mass for ``scale = 0``."""
    return PointMass(shift) if scale == 0 else law * scale + shift
