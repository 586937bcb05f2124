"""How to initialise a network, and how deep may it be?

Gradients survive depth on the edge of chaos only, and how evenly they survive is decided by the
weights and the activation: orthogonal weights with a saturating activation and short signals keep
all singular values of the Jacobian near 1, Gaussian weights never do.
"""

from freesym import nets

print("edge of chaos: sigma_w with chi_1 = 1")
for sigma_b in (0.0, 0.05, 0.2, 0.5):
    values = [f"{nets.critical_line(name, sigma_b):8.4f}" for name in ("tanh", "erf", "hard-tanh")]
    print(f"  sigma_b = {sigma_b:4}:  tanh {values[0]}  erf {values[1]}  hard-tanh {values[2]}")

print("\nthe usual rules for ReLU:")
for rule in nets.initialisations("relu"):
    print(f"  {rule}")

print("\nhow fast two inputs are told apart, or confused:")
for sigma_w in (0.9, 1.3, 2.0):
    point = nets.fixed_point("tanh", sigma_w, 0.1)
    print(
        f"  tanh, sigma_w = {sigma_w}: {point.phase:8}  chi_1 = {point.chi:.3f}  "
        f"c* = {point.correlation:.3f}  over {point.depth_of_correlation:.1f} layers"
    )

print("\n30 layers: the singular values of the input-output Jacobian")
print("  activation  weights     mean    variance  largest  median  score  verdict")
for activation, sigma_b in (("relu", 0.0), ("hard-tanh", 0.05), ("erf", 0.05)):
    for weights in ("gaussian", "orthogonal"):
        point = nets.critical_point(activation, sigma_b)
        net = nets.MLP(
            (1,) * 31, activation, weights, sigma_w=point.sigma_w, sigma_b=sigma_b,
            input_square=nets.activation_named(activation).gaussian_mean_square(point.q),
        )  # fmt: skip
        found = net.report()
        print(
            f"  {activation:10}  {weights:10}  {found.mean:6.3f}  {found.variance:8.3f}  "
            f"{found.largest:7.3f}  {found.median:6.3f}  {found.score:.3f}  {found.verdict}"
        )
        if weights == "gaussian":
            assert found.variance > 29.9  # Gaussian weights add the depth itself

print("\nwhat to choose, by solving for it:")
for design in (
    nets.design("relu", 30, mean=1),
    nets.design(depth=30, vary="slope", weights="orthogonal", variance=1),
    nets.design("relu", 30, vary="scale", largest=3),
):
    print(f"  {design}")

print("\na real network of width 300 against the law:")
net = nets.MLP((1,) * 6, "erf", "orthogonal", sigma_w=1.1, sigma_b=0.2)
print(nets.freeness_report(net, (75, 150, 300), rng=0))
