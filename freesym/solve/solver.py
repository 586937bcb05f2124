"""The double-precision solver of one relation tree."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from freesym.errors import ConvergenceError
from freesym.kernels.march import evaluate, march
from freesym.kernels import opcodes
from freesym.kernels.newton import workspace
from freesym.kernels.opcodes import BLOCK
from freesym.lowering.compile import RESIDUAL_PLAIN, Compiled, compile_relation
from freesym.lowering.program import Program
from freesym.relations.relation import Relation
from freesym.solve.subordination import Sweeper

Complex = NDArray[np.complex128]
_STRIDE = 32
_HEIGHTS = tuple(10.0**k for k in (0, 1, 2, 3, 4, 6, 8, 10, 13, 16, 20, -1, -2, -4, -8))


@dataclass(frozen=True, eq=False)
class Solved:
    """Verified solutions: the unknowns at each point, and which points have them."""

    z: Complex
    unknowns: Complex
    rates: Complex
    verified: NDArray[np.bool_]


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
        """Whether some node has no uniqueness theorem, so that only small steps are safe."""
        return not self.relation.all_proved

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
        for height in _HEIGHTS:
            sweeper = Sweeper(self.relation)
            if not sweeper.solve(1j * height, sweeps=40, tolerance=1e-6):
                continue
            found = self._polish(height, sweeper)
            if found is not None:
                return height, found
        raise ConvergenceError(
            f"no solution was found far from the spectrum of {self.relation!r}; "
            "is it the relation of a probability law?",
        )

    def _polish(self, height: float, sweeper: Sweeper) -> Complex | None:
        start = np.array([sweeper.coordinate(u) for u in self.compiled.unknowns], dtype=complex)
        solved = self._march(np.array([1j * height]), height, start)
        return solved.unknowns[:, 0] if solved.verified[0] else None

    def solve(self, z: Complex) -> Solved:
        """Solve at points with ``Im z >= 0``; any order, any number."""
        return self._march(z, *self.first)

    def _march(self, z: Complex, height: float, start: Complex) -> Solved:
        order = np.lexsort((z.real, z.imag))
        zr, zi = z.real[order], z.imag[order]
        unknowns = np.zeros((4, len(start), len(z)))
        verified = np.zeros(len(z), dtype=np.bool_)
        march(
            *self._programs(), zr, zi, 1 if self.careful else _STRIDE, height, self.careful, verified,
            start.real.copy(), start.imag.copy(), *unknowns, workspace(*self._work, BLOCK),
            *self._tables(),
        )  # fmt: skip
        back = np.empty_like(order)
        back[order] = np.arange(len(order))
        return Solved(
            z,
            (unknowns[0] + 1j * unknowns[1])[:, back],
            (unknowns[2] + 1j * unknowns[3])[:, back],
            verified[back],
        )

    def _evaluate(self, program: Program, solved: Solved) -> Complex:
        shape = (len(program.outputs), len(solved.z))
        result_r, result_i = np.zeros(shape), np.zeros(shape)
        (evaluate if not (program.rows[:, 0] == opcodes.POTENTIAL).any() else _table_potential())(
            program.rows, program.constants, program.outputs,
            np.ascontiguousarray(solved.unknowns.real), np.ascontiguousarray(solved.unknowns.imag),
            result_r, result_i, workspace(*self._work, BLOCK), *self._tables(),
        )  # fmt: skip
        result = result_r + 1j * result_i
        result[:, ~solved.verified] = complex(np.nan, np.nan)
        return result

    def transforms(self, solved: Solved) -> tuple[Complex, Complex]:
        """``g`` and ``psi`` at solved points; NaN where there is no verified solution."""
        first, psi = self._evaluate(self.compiled.transforms, solved)
        return (first if self.compiled.residual == RESIDUAL_PLAIN else first / solved.z), psi

    def potential(self, solved: Solved) -> Complex:
        """The log-potential at solved points."""
        assert self.compiled.potential is not None
        return self._evaluate(self.compiled.potential, solved)[0]


@lru_cache(maxsize=1024)
def solver(relation: Relation) -> Solver:
    """The solver of a tree with numerical parameters; cached on the tree."""
    return Solver(relation, compile_relation(relation))


def _table_potential() -> Any:
    from freesym.kernels.potential import evaluate_potential

    return evaluate_potential
