"""Piles and holes -> what every solver makes of them, for teaching what optimal transport is."""

import time

import numpy as np
import torch
from jaxtyping import Float

from fsl_core.records import Lesson, Piles, Solution
from fsl_core.transport import SOLVERS, TransportProblem
from fsl_core.transport.problem import ITERATION_LIMIT, SOLVED
from fsl_core.transport.sinkhorn import Sinkhorn

NOTES = {SOLVED: "solved", ITERATION_LIMIT: "stopped at its limit of steps"}
FEWEST = 3  # runs, of which the quickest counts: the first one loads the solver
BLUR_STEPS = 20_000  # iterations of Sinkhorn: a small epsilon is part of the lesson


def teach(piles: Piles, power: int, epsilons: Float[np.ndarray, " steps"]) -> Lesson:
    """Solve a problem by every solver.

    Args:
        power: of the distance, which gives the cost of a unit of mass: 1 or 2.
        epsilons: strengths of the blur, rising.

    Raises:
        TransportError: the problem has no solution.
    """
    cost = piles.distance**power
    solutions = {name: _solve(name, {}, piles, cost) for name in SOLVERS if name != "sinkhorn"}
    blurred = tuple(
        _solve("sinkhorn", {"epsilon": float(epsilon), "max_iterations": BLUR_STEPS}, piles, cost)
        for epsilon in epsilons
    )
    return Lesson(piles, solutions, epsilons, blurred)


def _solve(name: str, options: dict[str, float], piles: Piles, cost: Float[np.ndarray, "n m"]) -> Solution:
    solver = SOLVERS[name](**options)
    parts = (cost, piles.pile_mass, piles.hole_mass)
    problem = TransportProblem(*(torch.from_numpy(np.array(part, np.float64))[None] for part in parts))
    seconds = np.inf
    for _ in range(1 if SOLVERS[name] is Sinkhorn else FEWEST):
        start = time.perf_counter()
        answer = solver(problem)
        seconds = min(seconds, time.perf_counter() - start)
    arrays = (answer.plan, answer.source_potential, answer.target_potential)
    plan, pile_price, hole_price = (array[0].numpy() for array in arrays)
    note = NOTES.get(int(answer.status[0]), "failed")
    return Solution(solver.title, cost, plan, pile_price, hole_price, note, seconds)
