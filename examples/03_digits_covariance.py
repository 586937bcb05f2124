"""Predict the spectrum of sample covariances of real data at several sample sizes.

The covariance of all 1797 digits of scikit-learn is the population.  From its eigenvalues alone the
law ``Empirical(population) @ MarchenkoPastur(p/n)`` predicts the spectrum of the covariance of n
draws.  Real subsets are compared with it, with the naive guess (the population itself) beside it.
"""

import numpy as np
from sklearn.datasets import load_digits

import freesym as fs
from freesym.nets import kolmogorov_distance

pixels = load_digits().data
pixels = pixels[:, pixels.std(axis=0) > 0.5]
pixels = (pixels - pixels.mean(axis=0)) / pixels.std(axis=0)
size, p = pixels.shape
population = fs.Empirical(np.linalg.eigvalsh(pixels.T @ pixels / size))
rng = np.random.default_rng(0)

print(f"{size} digits, {p} pixels that vary")
print("   n   predicted largest   observed    distance: law   population")
for n in (30, 60, 120, 240, 480):
    law = population @ fs.MarchenkoPastur(p / n)
    drawn = [pixels[rng.integers(size, size=n)] for _ in range(20)]
    spectra = [np.linalg.eigvalsh(x.T @ x / n) for x in drawn]
    for spectrum, x in zip(spectra, drawn, strict=True):
        spectrum[: p - np.linalg.matrix_rank(x)] = 0.0  # exact zeros, up to rounding
    pooled = np.concatenate(spectra)
    distance = kolmogorov_distance(law, pooled)
    naive = kolmogorov_distance(population, pooled)
    largest = np.mean([spectrum[-1] for spectrum in spectra])
    print(
        f"{n:4}   {law.support()[-1][1]:17.3f}   {largest:8.3f}   {distance:13.4f}   {naive:10.4f}"
    )
    assert distance < 0.12
    assert distance < naive
