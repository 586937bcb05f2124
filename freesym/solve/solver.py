"""The double-precision solver of one relation tree."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from freesym.errors import ConvergenceError
from freesym.kernels import opcodes
from freesym.kernels.opcodes import BLOCK
from freesym.lazy import LazyModule
from freesym.lowering.compile import RESIDUAL_PLAIN, Compiled, compile_relation
from freesym.lowering.program import Program
from freesym.relations import nodes
from freesym.relations.leaf import Leaf
from freesym.relations.relation import Relation
from freesym.solve.continuation import continued
from freesym.solve.solved import Solved
from freesym.solve.subordination import Sweeper

kernels: Any = LazyModule("freesym.kernels.march")
potentials: Any = LazyModule("freesym.kernels.potential")

Complex = NDArray[np.complex128]
Integrator = Callable[[Relation, Complex], Complex]
_NODES, _STRIDES, _CAREFUL_STRIDE = 16, (8, 16, 32, 64), 8
_SAFETY_NET = 20
_LIFT, _ROUNDING = 1e-40, 1e-16
# transforms this flat are real; so high above the axis the next order is beyond rounding
_FLAT, _BARELY, _RAISE = 1e-13, 1e-6, 1e-9
_NEAR_ZERO, _LARGE, _POLISHING_STEPS = 1e-6, 100.0, 3
_UNSURE, _STENCIL = 1e-13, 10
#: Numbers of sweeps for the first solution, and by what share targets move.  Parts inside inverses
#: are solved near their spectrum even from far away: they settle slowly, or go around in circles.
_SWEEPS = ((40, 1.0), (200, 0.5), (400, 1.0), (2000, 0.25))
_HEIGHTS = tuple(10.0**k for k in (0, 1, 2, 3, 4, 6, 8, 10, 13, 16, 20, -1, -2, -4, -8))


def _complex(re: NDArray[np.float64], im: NDArray[np.float64]) -> Complex:
    """Both parts as they are: ``re + 1j * im`` makes NaN of infinities."""
    out = np.empty(re.shape, dtype=np.complex128)
    out.real, out.imag = re, im
    return out


@dataclass(frozen=True, eq=False)
class Solver:
    """Solves one tree at any number of points in the closed upper half-plane."""

    relation: Relation
    compiled: Compiled

    @cached_property
    def _work(self) -> tuple[int, int, int]:
        programs = [self.compiled.step, self.compiled.verify, self.compiled.transforms]
        if self.compiled.potential is not None:
            programs.append(self.compiled.potential)
        registers = max(p.registers for p in programs)
        return registers, len(self.compiled.matches), len(self.compiled.unknowns)

    @cached_property
    def careful(self) -> bool:
        """Whether some node may have other solutions, so that only small steps are safe."""
        return not self.relation.all_unique

    @cached_property
    def _has_squares(self) -> bool:
        """Whether unknowns inside a square are complex where transforms are real."""
        return any(isinstance(node, nodes.SymmetricSquare) for node in _walk(self.relation))

    def _programs(self) -> tuple[object, ...]:
        c = self.compiled
        return (
            c.step.rows, c.step.constants, int(c.step.outputs[0]), c.residual, c.matches,
            c.verify.rows, c.verify.constants,
        )  # fmt: skip

    def _tables(self) -> tuple[object, ...]:
        return self.compiled.reals, self.compiled.integers, self.compiled.starts

    @cached_property
    def first(self) -> tuple[float, Complex]:
        """A height and the verified unknowns at ``i height``."""
        for (sweeps, share), height in itertools.product(_SWEEPS, _HEIGHTS):
            sweeper = Sweeper(self.relation, share)
            if not sweeper.solve(1j * height, sweeps=sweeps, tolerance=1e-6):
                continue
            found = self._polish(1j * height, height, sweeper)
            if found is not None:
                return height, found
        raise ConvergenceError(
            f"no solution was found far from the spectrum of {self.relation!r}; "
            "is it the relation of a probability law?",
        )

    def _polish(self, z: complex, scale: float, sweeper: Sweeper) -> Complex | None:
        start = np.array([sweeper.coordinate(u) for u in self.compiled.unknowns], dtype=complex)
        solved = self._march(np.array([z]), z, scale, start)
        return solved.unknowns[:, 0] if solved.verified[0] else None

    def solve(self, z: Complex, *, thorough: bool = True) -> Solved:
        """Solve at points with ``Im z >= 0``; any order, any number.

        A ``thorough`` solution spends seconds on points that resist.
        """
        scale, start = self.first
        solved = self._march(z, 1j * scale, scale, start)
        missing = np.count_nonzero(~solved.verified)
        # critical points are few: many failures have another reason
        if missing and (thorough or missing <= _SAFETY_NET):
            self._retry_beside(solved, scale, start)
        if self._branches_may_cross:
            self._solve_crossings(solved, scale, start)
        if thorough and not solved.verified.all():
            self._retry_from_fixed_points(solved, scale)
        if self.careful and self.relation.children:
            solved.verified[:] = self._continued(solved)
        return solved

    def _continued(self, solved: Solved) -> NDArray[np.bool_]:
        """Which solutions are those of the law, where the equations may have others."""
        scale, start = self.first

        def march(z: Complex) -> Solved:
            return self._march(z, 1j * scale, scale, start)

        return continued(solved, march, lambda found: 1 + self.transforms(found)[1], scale)

    @cached_property
    def _branches_may_cross(self) -> bool:
        """Whether some node convolves two laws of two atoms each.

        The subordination maps of these laws alone are automorphisms of the half-plane, whose
        composition may be the identity at single real points: there the solution is not
        unique, and beside them rounding decides (Belinschi & Bercovici 2007, Theorem 3.3).
        """
        return any(len(node.children) == 2 and _two_atoms(node) for node in _walk(self.relation))

    def _solve_crossings(self, solved: Solved, scale: float, start: Complex) -> None:
        """Continue solutions analytically through points where another branch crosses.

        The polynomial through verified solutions on both sides counts if a second, narrower
        one agrees with it.
        """
        grain = _UNSURE * self._grain(solved.z)
        unsure = np.abs(solved.rates) * grain > np.abs(solved.unknowns)
        solved.verified[(solved.z.imag == 0) & unsure.any(axis=0)] = False
        missing = np.flatnonzero(~solved.verified & (solved.z.imag == 0))
        for width in (3e-2, 1e-2, 1e-3, 1e-4):
            if not missing.size:
                return
            wide, sure = self._through(solved.z[missing], width * scale, scale, start)
            narrow, both = self._through(solved.z[missing], 0.6 * width * scale, scale, start)
            agree = np.abs(wide - narrow) <= 1e-9 * np.abs(wide)
            continued = replace(
                solved, z=solved.z[missing], unknowns=narrow,
                rates=np.full_like(narrow, np.nan), verified=sure & both & agree.all(axis=0),
            )  # fmt: skip
            solved.take(missing, continued)
            missing = missing[~continued.verified]

    def _through(
        self, z: Complex, width: float, scale: float, start: Complex
    ) -> tuple[Complex, NDArray[np.bool_]]:
        """The unknowns at ``z`` by interpolation in Chebyshev points, and where all were solved."""
        angles = (np.arange(_STENCIL) + 0.5) * np.pi / _STENCIL
        nodes = np.cos(angles)
        weights = (-1.0) ** np.arange(_STENCIL) * np.sin(angles) / -nodes
        found = self._march((z[:, None] + width * nodes).ravel(), 1j * scale, scale, start)
        values = found.unknowns.reshape(len(start), len(z), _STENCIL)
        middle: Complex = values @ weights / weights.sum()
        # through a pole polynomials on symmetric nodes may agree, too
        flat = np.abs(values - middle[:, :, None]) <= 0.5 * np.abs(middle[:, :, None])
        sure = found.verified.reshape(len(z), -1).all(axis=1) & flat.all(axis=(0, 2))
        return middle, np.asarray(sure)

    def _retry_beside(self, solved: Solved, scale: float, start: Complex) -> None:
        """Move real points by rounding: a critical point itself has no Newton step."""
        relative = self.compiled.residual != RESIDUAL_PLAIN
        for shift in (4e-16, -4e-16, 4e-15, -4e-15):
            missing = np.flatnonzero(~solved.verified & (solved.z.imag == 0))
            if not missing.size:
                return
            z = solved.z[missing]
            moved = z + shift * (np.abs(z) if relative else np.abs(z) + scale)
            solved.take(missing, self._march(moved, 1j * scale, scale, start))

    def _retry_from_fixed_points(self, solved: Solved, scale: float) -> None:
        """The safety net: subordination iteration above the point, then down again."""
        for i in np.flatnonzero(~solved.verified)[:_SAFETY_NET]:
            z = complex(solved.z[i])
            if not 1e-300 < max(abs(z.real), abs(z.imag)) < 1e100:
                continue
            for height in (0.3, 0.03, 0.003):
                above = z + 1j * height * (abs(z) + 1e-3 * scale)
                sweeper = Sweeper(self.relation)
                if not sweeper.solve(above, sweeps=400, tolerance=1e-8):
                    continue
                start = self._polish(above, scale, sweeper)
                if start is None:
                    continue
                solved.take(np.array([i]), self._march(solved.z[i : i + 1], above, scale, start))
                if solved.verified[i]:
                    break

    def _march(self, z: Complex, origin: complex, scale: float, start: Complex) -> Solved:
        order = np.lexsort((z.real, z.imag))
        zr, zi = z.real[order], z.imag[order]
        unknowns = np.zeros((4, len(start), len(z)))
        verified = np.zeros(len(z), dtype=np.bool_)
        kernels.march(
            *self._programs(), zr, zi, self._stride(len(z)), origin.real, origin.imag,
            scale, self.careful, verified,
            start.real.copy(), start.imag.copy(), *unknowns, kernels.workspace(*self._work, BLOCK),
            *self._tables(),
        )  # fmt: skip
        back = np.empty_like(order)
        back[order] = np.arange(len(order))
        return Solved(
            z,
            _complex(unknowns[0], unknowns[1])[:, back],
            _complex(unknowns[2], unknowns[3])[:, back],
            verified[back],
        )

    def _stride(self, count: int) -> int:
        """At every how manieth point to descend: at some ``_NODES`` of them, or more."""
        fitting = [stride for stride in _STRIDES if stride * _NODES <= count]
        stride = max(fitting, default=_STRIDES[0])
        return min(stride, _CAREFUL_STRIDE) if self.careful else stride

    def _evaluate(self, program: Program, solved: Solved) -> Complex:
        shape = (len(program.outputs), len(solved.z))
        result_r, result_i = np.zeros(shape), np.zeros(shape)
        from_tables = (program.rows[:, 0] == opcodes.POTENTIAL).any()
        run = potentials.evaluate_potential if from_tables else kernels.evaluate
        run(
            program.rows, program.constants, program.outputs,
            np.ascontiguousarray(solved.unknowns.real), np.ascontiguousarray(solved.unknowns.imag),
            result_r, result_i, kernels.workspace(*self._work, BLOCK), *self._tables(),
        )  # fmt: skip
        result = _complex(result_r, result_i)
        result[:, ~solved.verified] = complex(np.nan, np.nan)
        return result

    def root(self, solved: Solved) -> Complex:
        """The root of the tree at solved points: ``w``, or its logarithm if that was matched."""
        return np.asarray(self._evaluate(self.compiled.step, solved)[0])

    def transforms(self, solved: Solved) -> tuple[Complex, Complex]:
        """``g`` and ``psi`` at solved points; NaN where there is no verified solution."""
        first, psi = self._evaluate(self.compiled.transforms, solved)
        g = first / solved.z if self.compiled.relative else first
        # matched parts are extrapolated to the shared value, which singular equations forbid
        return g, np.where(np.isnan(solved.rates).any(axis=0), solved.z * g - 1, psi)

    def polished(self, solved: Solved) -> Solved:
        """Further steps beside 0 where ``g`` is large and the digits of a solution allow them.

        Newton's method ends where steps are rounding in the size of the spectrum.
        """
        near = solved.verified & (np.abs(solved.z) < _NEAR_ZERO * self.first[0]) & (solved.z != 0)
        near &= np.isfinite(solved.rates).all(axis=0)
        if not near.any():
            return solved
        part = solved.at(near)
        large = np.abs(self.transforms(part)[0]) * self.first[0] > _LARGE
        for _ in range(_POLISHING_STEPS):
            missed = part.z - self.root(part)
            moved = replace(part, unknowns=part.unknowns + part.rates * missed)
            better = large & (np.abs(part.z - self.root(moved)) < 0.5 * np.abs(missed))
            part = replace(part, unknowns=np.where(better, moved.unknowns, part.unknowns))
        unknowns = solved.unknowns.copy()
        unknowns[:, near] = part.unknowns
        return replace(solved, unknowns=unknowns)

    def unsettled(self, solved: Solved, g: Complex) -> NDArray[np.float64]:
        """By what share another step of Newton's method changes a large ``g`` beside 0.

        Steps end where they are rounding in the size of the spectrum, not in that of ``z``; and
        ``w`` is known no better than ``1/g``, one of its terms.
        """
        change = np.zeros(g.shape)
        near = (np.abs(solved.z) < _NEAR_ZERO * self.first[0]) & (solved.z != 0)
        near &= np.abs(g) * self.first[0] > 1
        if near.any():
            part = solved.at(near)
            missed = part.z - self.root(part)
            missed += np.copysign(_ROUNDING / np.abs(g[near]), missed.real)
            moved = replace(part, unknowns=part.unknowns + part.rates * missed)
            change[near] = np.abs(self.transforms(moved)[0] / g[near] - 1)
        return change

    def sensitivity(self, solved: Solved, g: Complex) -> NDArray[np.float64]:
        """By what share rounding of the unknowns, and of what they add up to, changes ``g``.

        In sums and products that is what rounding of ``z`` does, but differences reach the
        infinities of their parts, where unknowns have lost the digits that tell how near, and
        subtract large numbers.
        """
        change, missed = np.zeros(g.shape), np.zeros(g.shape)
        plain = self.compiled.residual == RESIDUAL_PLAIN
        for k in range(len(solved.unknowns)):
            unknowns = solved.unknowns.copy()
            unknowns[k] *= 1 + 2 * _ROUNDING * (1 + 1j)
            moved = replace(solved, unknowns=unknowns)
            change += np.abs(self.transforms(moved)[0] - g) / np.abs(g)
            if plain:
                missed = np.maximum(missed, np.abs(self.root(moved) - solved.z))
        moved = replace(solved, unknowns=solved.unknowns + _finite(solved.rates) * missed)
        return np.asarray(change + np.abs(self.transforms(moved)[0] - g) / np.abs(g))

    def rounding(self, solved: Solved) -> NDArray[np.float64]:
        """What rounding in ``z`` may do to transforms, relative to them: much beside an edge."""
        with np.errstate(divide="ignore", invalid="ignore"):
            rates = (np.abs(solved.rates) / np.abs(solved.unknowns)).max(axis=0)
        return np.asarray(np.fmin(_FLAT * (1 + self._grain(solved.z) * rates), _BARELY))

    def _grain(self, z: Complex) -> Any:
        """What rounding in ``z`` is relative to."""
        plain = self.compiled.residual == RESIDUAL_PLAIN
        return self.first[0] if plain else np.abs(z)

    def potential(self, solved: Solved, integrate: Integrator) -> Complex:
        """The log-potential at solved points.

        ``integrate(part, w)`` gives the potentials of parts without a rule at points of the
        closed upper half-plane.
        """
        assert self.compiled.potential is not None
        rise: Complex | float = 0.0
        if self.relation.any_unknown_side or self._has_squares:
            solved, rise = self._raised(self._lifted(solved))
        if self.compiled.integrated:
            points = self._evaluate(self.compiled.points, solved)
            parts = zip(self.compiled.integrated, points, strict=True)
            found = [_integrated(integrate, part, side, w) for (part, side), w in parts]
            solved = replace(solved, unknowns=np.vstack([solved.unknowns, *found]))
        return np.asarray(self._evaluate(self.compiled.potential, solved)[0] - rise)

    def _lifted(self, solved: Solved) -> Solved:
        """Real solutions as seen from just above: the sign of zero tells the sides of cuts.

        The imaginary parts are so small that they act as first derivatives.
        """
        real = (solved.z.imag == 0) & (solved.unknowns.imag == 0).all(axis=0)
        real &= np.isfinite(solved.rates).all(axis=0)
        if not real.any():
            return solved
        unknowns = solved.unknowns.copy()
        heights = _LIFT * (np.abs(solved.z[real]) + self.first[0])
        unknowns.imag[:, real] = heights * solved.rates.real[:, real]
        return replace(solved, unknowns=unknowns)

    def _raised(self, solved: Solved) -> tuple[Solved, Complex]:
        """Real transforms of complex unknowns (inside a square) to first order above the axis.

        What is real in between is so up to rounding, whose sign would choose the sides of cuts.
        Returns by how much this changes the potential, too.
        """
        g = self.transforms(solved)[0]
        sizes, rates = np.abs(solved.unknowns), np.abs(solved.rates)
        flat = (solved.z.imag == 0) & (np.abs(g.imag) <= self.rounding(solved) * np.abs(g))
        flat &= (np.abs(solved.unknowns.imag) > _ROUNDING * sizes).any(axis=0)
        flat &= np.isfinite(rates).all(axis=0)
        if not flat.any():
            return solved, np.zeros_like(g)
        heights = np.zeros(len(g))
        with np.errstate(divide="ignore", invalid="ignore"):
            heights[flat] = _RAISE * np.nanmin(sizes[:, flat] / rates[:, flat], axis=0)
        heights[~np.isfinite(heights)] = 0.0
        moved = replace(solved, unknowns=solved.unknowns + 1j * heights * _finite(solved.rates))
        return moved, 1j * heights * _finite(g)


def _finite(values: Complex) -> Complex:
    return np.where(np.isfinite(values), values, 0.0)


def _walk(relation: Relation) -> Iterator[Relation]:
    yield relation
    for child in relation.children:
        yield from _walk(child)


def _two_atoms(node: Relation) -> bool:
    """Whether all children are laws of two atoms, up to scales and shifts."""
    return all(_atom_count(child) == 2 for child in node.children)


def _atom_count(relation: Relation) -> int:
    if isinstance(relation, Leaf):
        return len(getattr(relation, "point_masses", dict)())
    return _atom_count(relation.child) if isinstance(relation, nodes.Affine) else 0


def _integrated(integrate: Integrator, part: Relation, side: int, w: Complex) -> Complex:
    """Potentials in either half-plane; rounding and lifts beside the axis are taken back."""
    below = w.imag < 0 if side == 0 else np.full(w.shape, side < 0)
    upper = np.where(below, w.conj(), w)
    upper.imag = np.where(upper.imag > _ROUNDING * np.abs(upper), upper.imag, 0.0)
    u = integrate(part, upper)
    return np.where(below, u.conj(), u)


@lru_cache(maxsize=1024)
def solver(relation: Relation, otherwise: bool = False) -> Solver:
    """The solver of a tree with numerical parameters; cached on the tree.

    For what it asks ``otherwise``, see :func:`freesym.lowering.compile.compile_relation`.
    """
    return Solver(relation, compile_relation(relation, otherwise))
