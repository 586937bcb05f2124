"""Derivations: every displayed equation holds at values of the verified solver."""

from __future__ import annotations

import dataclasses
import re
from fractions import Fraction as F

import pytest
import sympy

import freesym as fs
from freesym.cli import main
from freesym.errors import InvalidLawError
from freesym.grammar import parse_law
from freesym.nets import jacobian_law
from freesym.transforms.derivation_checks import Evaluation
from tests.processes import ROOT, output_of

c, p, v, x, z, g = sympy.symbols("c p v x z g", positive=True)
MP, SC, B, HALF = fs.MarchenkoPastur, fs.Semicircle, fs.Bernoulli, F(1, 2)
SIGN = fs.TwoPoint(-1, 1, HALF)

LAWS = {
    "leaf R": SC(c, v),
    "leaf S": MP(c),
    "leaf G": fs.Discrete([0, 1, 3]),
    "leaf with roots": fs.Arcsine(-1, 2),
    "leaf with a power": fs.Raney(3, 2),
    "leaf of a measure": fs.EquilibriumMeasure(HALF, 1),
    "point": fs.PointMass(2),
    "point at 0": fs.PointMass(0),
    "sum": SC(0, v) + SIGN,
    "sum with a cusp": SC() + SIGN,
    "sum of points": fs.Discrete([0, 1, 3]) + SIGN,
    "power": fs.KestenMcKay(3),
    "product": MP(c) @ B(p),
    "product of powers": jacobian_law([1] * 4, "relu"),
    "square root of a product": fs.FussCatalan(F(3, 2)),
    "critical point": MP(HALF, 2) @ MP(F(1, 3)),
    "product on the line": SC(1) @ B(HALF),
    "product with mean 0": SC() @ MP(),
    "mixture": fs.mixture([SC(), MP(2)], [F(1, 3), F(2, 3)]),
    "Boolean": fs.boolean_sum(SC(), SIGN),
    "monotone": fs.monotone(SC(), B(F(1, 3))),
    "rectangular": fs.rectangular_sum(MP(HALF), MP(HALF, 3), ratio=HALF),
    "affine": -3 * MP(c) + 2,
    "affine sum": (2 * MP(c) + SC()) + 1,
    "inverse": MP(HALF).inverse() + B(HALF),
    "square": (SC() + SIGN).square(),
    "reshape": MP(HALF).reshape(F(1, 3)) + SC(),
    "compression": (MP(2) + B(HALF)).compress(F(1, 3)),
    "Poisson": fs.CompoundFreePoisson(c, fs.Discrete([1, 3])),
    "no moments": fs.Cauchy(0, 1) + SIGN,
    "radical": SC(0, sympy.sqrt(2)) + B(F(1, 3)),
    "deconvolution": SC(0, 2).additive_deconvolve(SC()),
    "logarithm in a sum": fs.Uniform(-1, 1) + SC(),
    "logarithm in a product": fs.Uniform(1, 2) @ MP(HALF),
    "density": fs.Law.from_density(3 * x**2, (0, 1)) + SC(),
    "regimes of an edge": MP(c).multiplicative_power(2),
    "centred factor with symbols": SC(0, v) @ MP(c),
    "signs with symbols": fs.TwoPoint(-1, 1, p) @ MP(c),
    "rectangular with symbols": fs.rectangular_sum(fs.PointMass(c), fs.PointMass(v), ratio=p),
    "edge rounded beside 0": fs.FreeBinomial(F(1, 3), 3),
    "monotone without a gap": fs.monotone(SC(), MP(HALF)),
    "symbol as a power": (MP() @ B(HALF)).multiplicative_power(c + 1),
}


#: Those whose checks take more than a second or two.
LONG = {"sum with a cusp", "sum of points", "affine sum", "inverse", "signs with symbols",
        "critical point", "centred factor with symbols", "symbol as a power"}  # fmt: skip


@pytest.fixture(
    scope="module",
    params=[pytest.param(n, marks=pytest.mark.long if n in LONG else ()) for n in LAWS],
    ids=lambda name: name.replace(" ", "-"),
)
def steps(request):
    return LAWS[request.param].derivation()


def test_every_equation_holds(steps):
    for step in steps:
        assert step.residual() < 1e-8, str(step)


def test_dropped_factors_stay_away(steps):
    for step in steps:
        assert all(distance > 1e-3 for distance in step.distances()), str(step)


def test_steps_are_numbered_and_complete(steps):
    assert [step.number for step in steps] == list(range(1, len(steps) + 1))
    leaves = sum(step.title.startswith(("The law", "The constant")) for step in steps)
    relation = steps.law.relation()
    assert leaves == len({r for r in _nodes(relation) if not r.children})
    for step in steps:
        assert step.title
        assert step.source
        assert step.equations
        assert all(isinstance(e, sympy.Basic) for e in step.equations)
        assert step.equation is step.equations[-1]


def _nodes(relation):
    return {relation}.union(*(_nodes(child) for child in relation.children))


def test_text_and_latex(steps):
    text = str(steps)
    assert all(f"{step.number}. {step.title[:12]}" in text for step in steps)
    assert "Symbol(" not in text
    assert max(len(line.split("  ")[-1]) for line in text.splitlines()) < 400
    for source in (steps.to_latex(), steps._repr_latex_(), steps._repr_html_()):
        assert balanced(source)
        assert source.count(r"\begin{align*}") == source.count(r"\end{align*}") >= 1
    assert steps._repr_latex_().count(r"\begin{align*}") == 1
    assert "<script" not in steps._repr_html_()
    for step in steps:
        assert balanced(step.latex)
        assert balanced(step._repr_html_())


def balanced(source):
    """Braces, ``\\left`` and ``\\right``, environments and dollar signs come in pairs."""
    plain = re.sub(r"\\[{}$]", "", source)
    depth = 0
    for character in plain:
        depth += (character == "{") - (character == "}")
        if depth < 0:
            return False
    begins, ends = (re.findall(rf"\\{w}{{(\w+\*?)}}", source) for w in ("begin", "end"))
    return (
        depth == 0
        and len(re.findall(r"\\left\b", source)) == len(re.findall(r"\\right\b", source))
        and sorted(begins) == sorted(ends)
        and plain.count("$") % 2 == 0
    )


# ----------------------------------------------------------------------------------- content


def test_wrong_equations_are_found():
    """The check that the others rely on."""
    for step in (MP(c) @ B(p)).derivation():
        for equation in step.equations:
            if isinstance(equation, sympy.Eq):
                wrong = sympy.Eq(equation.lhs, equation.rhs + sympy.Rational(1, 20), evaluate=False)
                altered = dataclasses.replace(step, equations=(wrong,))
                assert altered.residual() > 1e-4, str(step)
    step = SC().derivation()[-2]
    wrong = dataclasses.replace(step, equations=(sympy.Interval(-2, sympy.Rational(201, 100)),))
    assert step.residual() < 1e-12
    assert wrong.residual() > 1e-3


def test_names_stand_for_the_parts():
    """``R_2`` is that of the second law, not of the sum."""
    law = SC(0, 2) + MP(3)
    step = law.derivation()[0]
    evaluation = Evaluation(step.meaning, {})
    w = 0.01 - 0.02j
    assert abs(evaluation.transform("R_1", w) - 2 * w) < 1e-12
    assert abs(evaluation.transform("R_2", w) - 1 / (1 - 3 * w)) < 1e-12
    assert abs(evaluation.transform("R", w) - 2 * w - 1 / (1 - 3 * w)) < 1e-12


def test_final_polynomial_is_the_law_s():
    law = MP(c) @ B(p)
    (step,) = (s for s in law.derivation() if s.title == "The polynomial of mu")
    (value,) = step.equation.lhs.atoms(sympy.core.function.AppliedUndef)
    variable = value.args[0]
    assert step.equation.lhs.subs(value, g).subs(variable, z) == law.algebraic_equation(z, g)


def test_leaves_are_not_typed_twice():
    """What a leaf displays is its own rule."""
    w = sympy.Symbol("w")
    law = fs.Law.from_r_transform(w / (1 - w / 7))
    (step,) = (s for s in law.derivation() if s.title.startswith("The law"))
    assert sympy.cancel(step.equation.rhs - w / (1 - w / 7)) == 0


def test_factors_are_dropped():
    """Both parts have the same two branches of R, up to a constant: the wrong sum is rational."""
    steps = (SIGN + fs.TwoPoint(0, 2, HALF)).derivation()
    (step,) = (s for s in steps if s.dropped)
    assert "2 factors" in step.sentence
    assert step.distances()[0] > 1
    assert step.residual() < 1e-12
    assert sympy.expand(step.equations[-2].lhs - step.equation.lhs * step.dropped[0]) == 0


@pytest.mark.long
def test_deep_network():
    assert jacobian_law([1] * 51, "relu").derivation().residual() < 1e-7


@pytest.mark.long
def test_large_polynomials_are_not_opened():
    steps = (fs.Discrete(range(6)) + fs.Discrete([0, 1, 3, 7, 8, 20])).derivation()
    assert "which may take long" in steps.remarks[-1]
    assert len(str(steps)) < 20_000


def test_transition_of_a_semicircle_and_two_points():
    family = (SC(0, v) + SIGN).derivation()
    assert any("change at v = 1" in remark or "depends on" in remark for remark in family.remarks)
    cusp = (SC() + SIGN).derivation()
    exponents = [e.rhs for e in cusp[-1].equations]
    third, half = sympy.Rational(1, 3), sympy.Rational(1, 2)
    assert exponents == [half, third, third, half]


def test_where_it_stops():
    steps = (fs.Uniform(-1, 1) + SC()).derivation()
    assert "logarithm" in steps.remarks[0]
    assert steps[-1].title.startswith("The implicit equation")
    refused = jacobian_law([1] * 6, "relu").derivation(max_degree=3)
    assert "stops before a polynomial" in refused.remarks[0]


def test_sources():
    text = str((MP() @ B(HALF) + SC()).derivation())
    assert "Voiculescu" in text
    assert "(1986)" in text
    assert "(1987)" in text
    assert "Speicher and R. Woroudi" in str(LAWS["Boolean"].derivation())
    assert "Muraki" in str(LAWS["monotone"].derivation())
    assert "Benaych-Georges" in str(LAWS["rectangular"].derivation())
    assert "A. Nica and R. Speicher" in str(LAWS["power"].derivation())


@pytest.mark.long
def test_user_symbols_do_not_collide():
    names = sympy.symbols("z w m x gamma G mu_1", positive=True)
    law = MP(names[0] + names[1]) @ B(names[2]) + names[3] * SC(0, names[4]) + names[5] + names[6]
    steps = (MP(names[0]) @ B(names[2])).derivation()
    assert steps.residual() < 1e-8
    assert len({s.name for s in steps[0].meaning.variables.values()} & {"z", "m"}) == 0
    assert law.derivation(max_degree=2).remarks


def test_given_values():
    steps = (MP(c) @ B(p)).derivation()
    assert steps.residual({c: F(3, 7), p: F(5, 6)}) < 1e-8


def test_floats_are_refused():
    with pytest.raises(InvalidLawError, match="floating-point"):
        B(0.5).derivation()
    with pytest.raises(InvalidLawError, match="floating-point"):
        (SC() + 2 * MP(0.25)).derivation()


def test_it_is_immutable():
    steps = MP().derivation()
    with pytest.raises(dataclasses.FrozenInstanceError):
        steps.steps = ()
    with pytest.raises(dataclasses.FrozenInstanceError):
        steps[0].number = 7
    assert next(iter(steps)) is steps[0]
    assert repr(steps).startswith("<derivation of MarchenkoPastur")


# ----------------------------------------------------------------------------------- command line


def test_command(capsys):
    assert main(["derive", "MP(c) @ Bernoulli(p)"]) == 0
    text = capsys.readouterr().out
    assert "S(m) = S_1(m)*S_2(m)" in text
    assert main(["derive", "MP(c) @ Bernoulli(p)", "--latex"]) == 0
    latex = capsys.readouterr().out
    assert balanced(latex)
    assert r"\begin{align*}" in latex
    assert main(["derive", "-2*SC() + a/2", "--max-degree", "4"]) == 0


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ("MP(0.5)", "write 1/2"),
        ("foo(c)", "unknown name 'foo'"),
        ("c", "not a law"),
        ("MP(c) @", "end of the expression"),
        ("MP @ B(p)", "needs arguments"),
        ("MP(c) @ p", "multiplies two laws"),
        ("MP(c)/SC()", "division by a law"),
        ("MP(__import__)", "neither a law nor a symbol"),
        ("MP(averyverylongname)", "neither a law nor a symbol"),
        ("MP(c/0)", "division by 0"),
        ("Bernoulli(-p)", "probability"),
        ("Empirical([a, b])", "needs a list"),
    ],
)
def test_command_refuses(capsys, expression, message):
    assert main(["derive", expression]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert re.fullmatch(r"freesym: error: [^\n]+\n", captured.err)
    assert message in captured.err


@pytest.mark.parametrize("degree", ["0", "x", "1.5", "99999999"])
def test_command_refuses_degrees(capsys, degree):
    assert main(["derive", "SC()", "--max-degree", degree]) == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_symbols_are_admitted_only_where_asked():
    with pytest.raises(InvalidLawError, match="unknown name 'c'"):
        parse_law("MP(c)")
    law = parse_law("MP(c) @ B(1 - p)", symbols=True)
    assert {s.name for s in law.free_symbols} == {"c", "p"}
    assert all(s.is_positive for s in law.free_symbols)


@pytest.mark.long
def test_example():
    printed = output_of(ROOT / "examples" / "05_derivations.py")
    assert "v = 1: support ((-3*sqrt(3)/2, 3*sqrt(3)/2),)" in printed


def test_implicit_equations_state_the_transform() -> None:
    steps = (fs.Uniform() @ MP(HALF)).derivation()
    (equation,) = (s.equations[0] for s in steps if s.title.startswith("The implicit"))
    assert str(equation.lhs) == "G(z)"
