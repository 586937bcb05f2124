"""Infinitely wide networks on handwritten digits, and the spectra of their kernels.

The tangent kernel of scikit-learn's digits predicts the outcome of training a wide network, the
largest learning rate and the speed; in the regime of linear width, where samples and units are of
one order, the spectrum of the kernel of a real random network follows a limit law.
"""

import math

import numpy as np

from freesym import MarchenkoPastur
from freesym.nets import (
    GaussianProcess,
    GradientDescent,
    KernelRecursion,
    conjugate_kernel_law,
    kolmogorov_distance,
    learning_rate_border,
    ntk_law,
    one_sample_ntk_law,
    sample_kernels,
)

try:
    from sklearn.datasets import load_digits
except ImportError:
    raise SystemExit("this example needs scikit-learn: pip install scikit-learn") from None

images, labels = load_digits(return_X_y=True)
order = np.random.default_rng(0).permutation(len(images))
images, labels = (images[order] - images.mean(axis=0)) / images.std(), labels[order]
targets = np.eye(10)[labels] - 0.1
train, test = slice(0, 500), slice(500, 900)

net = KernelRecursion(["relu"] * 3, sigma_w=math.sqrt(2), sigma_b=0.1)
for get in ("nngp", "ntk"):
    fitted = GaussianProcess(net, get=get, noise=0.05).fit(images[train], targets[train])
    right = (fitted.predict(images[test]).argmax(axis=1) == labels[test]).mean()
    print(
        f"{get:5} of 500 digits: {100 * right:.1f}% of 400 others right, jitter {fitted.jitter:g}"
    )
    assert right > 0.9

descent = GradientDescent(net, images[train], targets[train])
border = descent.learning_rate_border()
print(f"gradient descent converges below the rate {border:.3g}; condition number "
      f"{descent.condition_number():.3g}")  # fmt: skip
for steps in (1, 10, 100, 1000):
    output = descent.predict(images[test], learning_rate=0.9 * border, steps=steps)
    right = (output.argmax(axis=1) == labels[test]).mean()
    print(f"  after {steps:5} steps {100 * right:.1f}% right")

n, features, widths = 800, 1000, [900, 1200]
tanh = KernelRecursion(["tanh", "tanh"], sigma_w=1.5)
gaussian = np.random.default_rng(1).standard_normal((n, features))
sampled = sample_kernels(tanh, gaussian, widths, rng=2, outputs=5)
ratios = [n / d for d in widths]
pairs = {
    "conjugate kernel": (conjugate_kernel_law, sampled.conjugate),
    "tangent kernel": (ntk_law, sampled.tangent),
}
for name, (law_of, kernel) in pairs.items():
    law = law_of(tanh, MarchenkoPastur(n / features), ratios)
    values = np.linalg.eigvalsh(kernel)
    low, high = law.edges()[0], law.edges()[-1]
    distance = kolmogorov_distance(law, values)
    print(f"{name}: support {low:.3f} to {high:.3f}, measured {values[0]:.3f} to {values[-1]:.3f}, "
          f"Kolmogorov distance {distance:.3f}")  # fmt: skip
    assert distance < 0.06

for depth in (2, 4, 6):
    law = one_sample_ntk_law(KernelRecursion(["tanh"] * depth, sigma_w=1.05), q=0.1)
    print(f"one sample, {depth + 1} orthogonal tanh layers: mean {law.mean():.3f}, "
          f"learning rates below {learning_rate_border(law):.3f}")  # fmt: skip
