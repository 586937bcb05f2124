"""Deep networks: activations and the spectra of their input-output Jacobians."""

from __future__ import annotations

from freesym.nets.activations import ACTIVATIONS as ACTIVATIONS
from freesym.nets.activations import Activation as Activation
from freesym.nets.activations import HardTanh as HardTanh
from freesym.nets.activations import LeakyReLU as LeakyReLU
from freesym.nets.activations import Linear as Linear
from freesym.nets.activations import ReLU as ReLU
from freesym.nets.activations import activation_named as activation_named
from freesym.nets.jacobian import Network as Network
from freesym.nets.jacobian import jacobian_law as jacobian_law
from freesym.nets.sampling import JacobianSample as JacobianSample
from freesym.nets.sampling import kolmogorov_distance as kolmogorov_distance
from freesym.nets.sampling import sample_jacobian as sample_jacobian
