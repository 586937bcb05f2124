"""How badly conditioned is a deep ReLU network at initialisation?

The squared singular values of the input-output Jacobian have mean 1 at every depth with He's
initialisation, but their variance grows like the depth and half of them vanish.  Orthogonal weights
halve the growth; leaky units with orthogonal weights keep a lower edge for a while.
"""

import math
from fractions import Fraction

from freesym.nets import (
    LeakyReLU,
    Network,
    jacobian_law,
    kolmogorov_distance,
    sample_jacobian,
)

print("depth  weights     activation   variance  largest s.v.  median of the nonzero ones")
for depth in (1, 3, 10, 30, 100):
    for weights in ("gaussian", "orthogonal"):
        for activation in ("relu", LeakyReLU(Fraction(1, 2))):
            law = jacobian_law([1] * (depth + 1), activation, weights)
            zero = float(law.atoms().get(0, 0))
            median, largest = law.quantile([zero + (1 - zero) / 2, 1])
            name = activation if isinstance(activation, str) else activation.name
            print(
                f"{depth:5}  {weights:10}  {name:10}  {float(law.variance()):9.4g}  "
                f"{math.sqrt(largest):12.4g}  {math.sqrt(median):.3g}"
            )

network = Network([500] * 6, "relu")
sample = sample_jacobian(network, rng=0)
eigenvalues = sample.eigenvalues()
limit = kolmogorov_distance(network.law(), eigenvalues)
given = kolmogorov_distance(sample.conditional_law(), eigenvalues)
print(f"a real network of 5 layers of 500 units: Kolmogorov distance {limit:.4f},")
print(f"and {given:.4f} to the law given the measured fractions of active units")
assert given < limit < 0.07
