"""Three claims checked in one line each: a law, an identity, the freeness of a matrix model.

A law with its density off by one per cent is caught by name; an identity with a symbol is proved
by elimination; two diagonal matrices are shown not to become free; and hypothesis shrinks a wrong
conjecture to an expression that can be pasted.
"""

import numpy as np
from hypothesis import given, settings

import freesym as fs
from freesym.testing import (
    LawCheckError,
    assert_asymptotically_free,
    assert_converges,
    assert_identity,
    assert_same_law,
    check_law,
    positive_laws,
    simulate,
)

# --- a law of one's own


class Careless(fs.Semicircle):
    def density(self, x, digits=None):
        return 1.01 * super().density(x)


print(check_law(fs.MarchenkoPastur(2) @ fs.Bernoulli(0.5)))
try:
    check_law(Careless())
except LawCheckError as error:
    print(f"\n{error}\n")
else:
    raise AssertionError("the wrong density passed")

# --- identities

print(assert_identity("Bernoulli(1/2) + Bernoulli(1/2) == Arcsine(0, 2)"))
print(assert_identity("MP(c) + MP(c) == 2 * MP(c / 2)"))
print(assert_identity("Uniform(0, 1) + SC() == SC() + Uniform(0, 1)"))


@settings(deadline=None, max_examples=10, derandomize=True, database=None)
@given(positive_laws(max_nodes=1), positive_laws(max_nodes=1))
def test_products_commute(mu, nu):
    assert_same_law(mu @ nu, nu @ mu, prove=False)


@settings(deadline=None, derandomize=True, database=None, print_blob=False)
@given(mu=positive_laws())
def test_a_wrong_conjecture(mu):
    assert mu.variance() <= mu.mean() ** 2


test_products_commute()
try:
    test_a_wrong_conjecture()
except AssertionError as error:
    print("\nthe variance is not at most the squared mean:", *error.__notes__, sep="\n")

# --- matrices


def haar_bases(n, rng):
    return fs.Bernoulli(0.5).sample_matrix(n, rng), fs.Uniform(0, 1).sample_matrix(n, rng)


def one_basis(n, rng):
    return tuple(np.diag(rng.permutation(np.linspace(0, 1, n))) for _ in range(2))


print("\nin random bases:", assert_asymptotically_free(haar_bases, sizes=(50, 100, 200), rng=0))
try:
    assert_asymptotically_free(one_basis, sizes=(50, 100, 200), rng=0)
except LawCheckError as error:
    print("in one basis:", error)
else:
    raise AssertionError("commuting matrices passed")

report = simulate(fs.Bernoulli(0.5) + fs.Uniform(0, 1), n=300, rng=0)
print(f"\n{report}")
assert report.holds()
print(assert_converges(fs.MarchenkoPastur(0.5), sizes=(50, 100, 200), rng=0))
