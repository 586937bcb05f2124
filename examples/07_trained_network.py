"""What does training do to the spectrum of a network's Jacobian?

At initialisation weights and masks are nearly free, so that the law of J J^T follows from the
measured spectra of the weights and the measured masks alone.  Training aligns the layers with each
other and with the data: the prediction from the same ingredients then fails, and by how much is a
measure of what was learnt.
"""

import warnings

import numpy as np
from sklearn.datasets import load_digits
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier

from freesym import nets

data = load_digits()
pixels = (data.data - 8) / 8
train, test = slice(0, 1400), slice(1400, None)


def arrays(model):
    """Weights and biases in the order of the layers, each W of shape (n_l, n_(l-1))."""
    pairs = zip(model.coefs_, model.intercepts_, strict=True)
    return [array for w, b in pairs for array in (w.T, b)]


def described(name, network, model):
    """A line of the table: the free prediction against the truth, at ten digits."""
    result = network.compare(pixels[test][:10])
    accuracy = model.score(pixels[test], data.target[test])
    print(
        f"{name:16}  {accuracy:8.3f}  {result.distance:8.4f}  {result.mean_ratio:12.3f}  "
        f"{np.mean([case.singular_values[0] for case in result.cases]):10.3f}"
    )
    return result


print("                  accuracy  distance  true/predicted  largest s.v.")
model = MLPClassifier((64, 64), max_iter=1, alpha=1e-4, random_state=0)
with warnings.catch_warnings():
    warnings.simplefilter("ignore", ConvergenceWarning)
    model.fit(pixels[train], data.target[train])
    rng = np.random.default_rng(0)
    fresh = []
    for w in model.coefs_:
        fresh += [rng.standard_normal(w.T.shape) * (2 / w.shape[0]) ** 0.5, np.zeros(w.shape[1])]
    start = nets.from_weights(fresh, "relu").compare(pixels[test][:10])
    largest = np.mean([case.singular_values[0] for case in start.cases])
    print(
        f"{'He, untrained':16}  {'':8}  {start.distance:8.4f}  {start.mean_ratio:12.3f}  "
        f"{largest:10.3f}"
    )
    for epochs in (1, 10, 100):
        model = MLPClassifier((64, 64), max_iter=epochs, alpha=1e-4, random_state=0)
        model.fit(pixels[train], data.target[train])
        trained = described(f"{epochs} epochs", nets.from_weights(arrays(model), "relu"), model)

print(trained)
assert start.distance < 0.2  # of ten eigenvalues each
assert trained.mean_ratio > 2 * start.mean_ratio
