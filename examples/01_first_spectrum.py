"""The spectrum of a sum and a product of random matrices, predicted and sampled.

A sample-covariance matrix with missing data and additive noise: Marchenko-Pastur, times a free
projection, plus a semicircle.  The law gives the density, edges and moments; one random matrix of
size 1000 follows it.

Run it with a file name, such as ``first_spectrum.png``, to draw the picture (needs matplotlib).
"""

import sys

import numpy as np

import freesym as fs
from freesym.nets import kolmogorov_distance

law = fs.MarchenkoPastur(ratio=1 / 2) @ fs.Bernoulli(1 / 2) + fs.Semicircle(variance=1 / 16)

print("law      ", law)
print("support  ", ", ".join(f"[{a:.6f}, {b:.6f}]" for a, b in law.support()))
print("mean     ", law.mean(), " variance", law.variance())
print("quartiles", np.round(law.quantile([0.25, 0.5, 0.75]), 6))

eigenvalues = np.linalg.eigvalsh(law.sample_matrix(1000, rng=0))
distance = kolmogorov_distance(law, eigenvalues)
print(f"one matrix of size {len(eigenvalues)}: Kolmogorov distance {distance:.4f}")
assert distance < 0.01

if len(sys.argv) > 1:
    axes = law.plot(eigenvalues=eigenvalues)
    axes.figure.savefig(sys.argv[1], dpi=150)
