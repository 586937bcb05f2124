"""MLP-Mixers as wide and sparse perceptrons: widening at a fixed number of connections.

Trains a small Mixer, a random-permuted Mixer and a masked perceptron with equally many
connections on scikit-learn's digits, in plain NumPy: the vectorised form makes all three the same
network with other weight operators.  Then compares their hidden features and singular values.
"""

import numpy as np

from freesym import MarchenkoPastur
from freesym.nets import Mixer, kolmogorov_distance, linear_cka, minibatch_cka, widest_mixer
from freesym.nets.structured import StaticMask

try:
    from sklearn.datasets import load_digits
except ImportError:
    raise SystemExit("this example needs scikit-learn: pip install scikit-learn") from None

OMEGA, GAMMA = 1024, 2
best = widest_mixer(OMEGA, GAMMA)
print(
    f"{OMEGA} connections, gamma = {GAMMA}: widest at S = C = {best.side:.2f}, m = {best.width:.1f}"
)

images, labels = load_digits(return_X_y=True)
order = np.random.default_rng(0).permutation(len(images))
images, labels = (images[order] - images.mean(axis=0)) / images.std(), labels[order]
targets = np.eye(10)[labels]
lift = np.random.default_rng(1).standard_normal((64, 64)) / 8


def weights_of(operator):
    """The trainable array of an operator, shared blocks as one array."""
    for part in getattr(operator, "factors", (operator,)):
        if isinstance(part, StaticMask):
            return part.entries
        if hasattr(part, "W") and not isinstance(part.W, int):
            return part.W
    raise TypeError(operator)


def gradient(operator, before, after):
    """The gradient of the trainable array, for features in front and errors behind."""
    factors = list(getattr(operator, "factors", (operator,)))
    k = next(i for i, p in enumerate(factors) if not p.is_permutation)
    for part in factors[:k]:
        after = part.T._apply(np.ascontiguousarray(after))
    for part in reversed(factors[k + 1 :]):
        before = part._apply(np.ascontiguousarray(before))
    part = factors[k]
    if isinstance(part, StaticMask):
        return np.einsum("ni,ni->i", after[:, part.rows], before[:, part.columns])
    rows, columns = part.W.shape
    return after.reshape(-1, rows).T @ before.reshape(-1, columns)


def train(mixer, seed, epochs=8, batch=50, rate=2e-3):
    """Adam on the cross-entropy of a linear readout."""
    sampled, rng = mixer.sample(seed), np.random.default_rng(seed)
    enter = lift[:, : mixer.width]
    readout = np.zeros((mixer.width, 10))
    arrays = [*map(weights_of, sampled.operators), readout]
    state = [(np.zeros_like(a), np.zeros_like(a)) for a in arrays]
    step = 0
    for _ in range(epochs):
        for rows in np.array_split(rng.permutation(1300), 1300 // batch):
            x, inputs, hidden = images[rows] @ enter, [], []
            for operator in sampled.operators:
                inputs.append(x)
                hidden.append(operator._apply(np.ascontiguousarray(x)))
                x = np.maximum(hidden[-1], 0)
            scores = x @ readout
            p = np.exp(scores - scores.max(axis=1, keepdims=True))
            error = (p / p.sum(axis=1, keepdims=True) - targets[rows]) / len(rows)
            back, found = error @ readout.T, [x.T @ error]
            for operator, before, h in zip(reversed(sampled.operators), reversed(inputs),
                                           reversed(hidden), strict=True):  # fmt: skip
                back = np.where(h > 0, back, 0.0)
                found.append(gradient(operator, before, back))
                back = operator.T._apply(np.ascontiguousarray(back))
            step += 1
            for array, slope, (mean, square) in zip(arrays, reversed(found), state, strict=True):
                mean[...] = 0.9 * mean + 0.1 * slope
                square[...] = 0.999 * square + 0.001 * slope**2
                sizes = np.sqrt(square / (1 - 0.999**step)) + 1e-8
                array[...] = array - rate * (mean / (1 - 0.9**step)) / sizes
    features = sampled.hidden_features(images[1300:] @ enter)
    right = ((features[-1] @ readout).argmax(axis=1) == labels[1300:]).mean()
    return sampled, features, right


print("S x C at about equal connections, test accuracy of Mixers:")
for s, c in ((3, 17), (4, 14), (8, 8)):
    mixer = Mixer(s, c, GAMMA, depth=1)
    right = train(mixer, 0)[2]
    print(
        f"  {s} x {c:2}: width {mixer.width:3}, connections {mixer.connections}, {100 * right:.1f}%"
    )

trained = {kind: train(Mixer(8, 8, GAMMA, 1, kind=kind), 0)
           for kind in ("mixer", "random-permuted", "masked-mlp")}  # fmt: skip
reference = trained["mixer"][1]
for kind, (_, features, right) in trained.items():
    pairs = list(zip(features, reference, strict=True))
    values = ", ".join(f"{linear_cka(a, b):.2f}" for a, b in pairs)
    batches = minibatch_cka(*pairs[-1], batch_size=60, rng=0)
    print(f"{kind:15} {100 * right:.1f}% right, CKA with the Mixer's layers {values}; "
          f"in minibatches {batches:.2f}")  # fmt: skip
    assert right > 0.8

# singular values at initialisation against the Marchenko-Pastur edge c = 1 + sqrt(gamma)
wide = Mixer(32, 32, GAMMA, 1)
edge = 1 + GAMMA**0.5
for kind in ("mixer", "masked-mlp"):
    operator = Mixer(32, 32, GAMMA, 1, "linear", kind).sample(3).operators[0]
    values = operator.eigenvalues()
    distance = kolmogorov_distance(MarchenkoPastur(GAMMA), np.where(values < 1e-12, 0, values))
    print(f"{kind:11} 32 x 32: largest singular value {values[-1] ** 0.5:.3f}, edge {edge:.3f}, "
          f"Kolmogorov distance {distance:.3f}")  # fmt: skip
