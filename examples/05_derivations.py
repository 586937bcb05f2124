"""Three laws derived from scratch, every displayed equation compared with the solver.

The product of two Wishart matrices, a semicircle beside two points with its transition at
variance 1, and the input-output Jacobian of a deep ReLU network.
"""

import math
from fractions import Fraction

import sympy

from freesym import Bernoulli, MarchenkoPastur, Semicircle, TwoPoint
from freesym.nets import jacobian_law

x, z, g = sympy.symbols("x z g")
v = sympy.Symbol("v", positive=True)


def shown(law):
    """The derivation, after a comparison of its equations with the solver."""
    steps = law.derivation()
    assert steps.residual() < 1e-8
    print(steps, "\n")
    return steps


# MP @ MP: S = 1/(1 + m)^2, so m = z G - 1 solves a cubic equation.
product = MarchenkoPastur() @ MarchenkoPastur()
shown(product)
assert product.algebraic_equation(z, g) == g**3 * z**2 - g * z + 1
assert product.support(exact=True) == ((0, sympy.Rational(27, 4)),)
assert [int(m) for m in product.moments(5)] == [1, 3, 12, 55, 273]  # Fuss-Catalan numbers
formula = product.density_formula(x)
for point in (0.1, 1.0, 5.0):
    exact = float(formula.subs(x, sympy.Rational(point)))
    assert math.isclose(exact, product.density(point), rel_tol=1e-12)

# Semicircle + two points: the edges are zeros of 4 y^2 + (v^2 - 20 v - 8) y - 4 (v - 1)^3 in
# y = x^2.  The product of both zeros is -(v - 1)^3, so the inner pair becomes imaginary at v = 1.
signs = TwoPoint(-1, 1, Fraction(1, 2))
family = Semicircle(0, v) + signs
steps = shown(family)
(edge,) = (s for s in steps if s.title == "Candidates for edges")
(e,) = edge.equation.lhs.free_symbols - {v}
y = sympy.Symbol("y")
quadratic = sympy.Poly(edge.equation.lhs.subs(e, sympy.sqrt(y)), y)
assert sympy.expand(quadratic.eval(0) + 4 * (v - 1) ** 3) == 0
inner_and_outer = sympy.expand(quadratic.discriminant() - v * (v + 8) ** 3)
assert inner_and_outer == 0

for variance, intervals in ((Fraction(1, 2), 2), (1, 1), (2, 1)):
    law = family.subs({v: variance})
    exponents = {str(a) for edge, _, a in law.edge_exponents() if edge == 0}
    assert len(law.support()) == intervals
    assert exponents == ({"1/3"} if variance == 1 else set())
    print(f"v = {variance}: support {law.support(exact=True)}")

# at x = 0 the equation is g (v^2 g^2 + v - 1) = 0
at_zero = sympy.factor(family.algebraic_equation(z, g).subs(z, 0))
assert sympy.expand(at_zero - g * (v**2 * g**2 + v - 1)) == 0
height = sympy.sqrt(v - 1) / (sympy.pi * v)
for variance in (Fraction(3, 2), 2, 5):
    expected = float(height.subs(v, variance))
    assert math.isclose(family.subs({v: variance}).density(0.0), expected, rel_tol=1e-12)

# The ReLU Jacobian: z m = (1 + m)(1 + 2 m)^L.  With m = rho e^(-i gamma) - 1/2, z is
# real on a curve rho(gamma) that solves a quadratic equation at every depth.
for depth in (1, 2, 3):
    law = jacobian_law([1] * (depth + 1), "relu")
    if depth == 3:
        shown(law)
    m = z * g - 1
    expected = sympy.Poly((1 + m) * (1 + 2 * m) ** depth - z * m, z, g)
    found = sympy.Poly(law.algebraic_equation(z, g), z, g)
    assert sympy.rem(expected, found) == 0

gamma = sympy.Symbol("gamma", positive=True)
for depth in (3, 10, 50):
    law = jacobian_law([1] * (depth + 1), "relu")
    shift = sympy.sin(gamma) * sympy.cot(depth * gamma)
    rho = (shift + sympy.sqrt(shift**2 + 1)) / 2
    m = rho * sympy.exp(-sympy.I * gamma) - sympy.Rational(1, 2)
    for share in (0.1, 0.5, 0.9):
        point = {gamma: share * math.pi / depth}
        value = complex(((1 + m) * (1 + 2 * m) ** depth / m).subs(point).evalf(30))
        density = float((rho * sympy.sin(gamma) / sympy.pi).subs(point).evalf(30)) / value.real
        assert abs(value.imag) < 1e-12 * value.real
        assert math.isclose(law.density(value.real), density, rel_tol=1e-9)
    assert law.atoms() == {0: Fraction(1, 2)}
    print(f"depth {depth}: largest squared singular value {float(law.edges()[-1]):.12g}")

# with symbols: the mask keeps a unit with probability p
p = sympy.Symbol("p", positive=True)
print((MarchenkoPastur() @ Bernoulli(p)).derivation().to_latex())
