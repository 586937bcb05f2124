"""Network kernels as kernels of scikit-learn; imported only where they are asked for."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.gaussian_process.kernels import Kernel

from freesym.errors import UnsupportedOperationError
from freesym.nets import kernels
from freesym.nets.kernels import KernelRecursion

Matrix = NDArray[np.float64]


class NetworkKernel(Kernel):  # type: ignore[misc]
    """The NNGP or NTK kernel of a network, without hyperparameters.

    Parameters
    ----------
    net : KernelRecursion
    get : {"nngp", "ntk"}
    """

    def __init__(self, net: KernelRecursion, get: str = "nngp") -> None:
        self.net = net
        self.get = get

    def __call__(self, X: Any, Y: Any = None, eval_gradient: bool = False) -> Any:
        """The kernel matrix; its gradient has no columns."""
        matrix = np.atleast_2d(kernels.kernel_matrix(self.net, X, Y, self.get))
        if not eval_gradient:
            return matrix
        if Y is not None:
            raise UnsupportedOperationError("a gradient is taken of the kernel of X with itself")
        return matrix, np.empty((*matrix.shape, 0))

    def diag(self, X: Any) -> Matrix:
        """The kernel of every input with itself."""
        return kernels.kernel_diagonal(self.net, X, self.get)

    def is_stationary(self) -> bool:
        """It depends on more than differences."""
        return False

    def __repr__(self) -> str:
        return f"NetworkKernel({self.net!r}, get={self.get!r})"
