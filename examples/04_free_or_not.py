"""Random rotations make matrices free; commuting matrices are not.

Two diagonal matrices with eigenvalues +1 and -1 in equal parts.  Put in random bases relative to
each other they are free, and their sum has the arcsine law.  Left in the same basis they commute:
their sum takes the values -2, 0, 2 only, as for independent coins.
"""

import numpy as np

import freesym as fs
from freesym.nets import kolmogorov_distance

n = 1000
rng = np.random.default_rng(0)
signs = np.where(np.arange(n) < n // 2, 1.0, -1.0)
coin = fs.TwoPoint(-1, 1, 0.5)

free_law = coin + coin
classical_law = fs.Discrete([-2, 0, 2], [0.25, 0.5, 0.25])

q, r = np.linalg.qr(rng.standard_normal((n, n)))
q *= np.sign(np.diagonal(r))
rotated = np.linalg.eigvalsh(np.diag(signs) + (q * signs) @ q.T)
shuffled = np.sort(signs + rng.permutation(signs))

print("                    distance to the free law   to the classical law")
for name, spectrum in (("random bases", rotated), ("the same basis", shuffled)):
    free = kolmogorov_distance(free_law, spectrum)
    classical = kolmogorov_distance(classical_law, spectrum)
    print(f"{name:16}    {free:24.4f}   {classical:20.4f}")

print("free moments:     ", fs.Arcsine(-2, 2).moments(6), "=", free_law.moments(6))
print("classical moments:", classical_law.moments(6))
assert kolmogorov_distance(free_law, rotated) < 0.01
assert kolmogorov_distance(free_law, shuffled) > 0.2
