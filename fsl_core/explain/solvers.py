"""The transport problem behind a flow, put to a solver of choice."""

import time
from dataclasses import replace

import torch

from fsl_core.records import Flow, SolverRun
from fsl_core.transport import SOLVERS, TransportProblem

RUNS = 3  # of which the fastest is told: the first one may have something to load


def solve_again(flow: Flow, solver: str) -> SolverRun:
    """The answer of one solver, in float64 on the CPU, to the problem behind a flow: cost = 1 - similarity.

    A solver that stops early is no error here: the status tells.
    """
    parts = (1 - flow.similarity, flow.query_weight, flow.support_weight)
    cost, source, target = (torch.from_numpy(part)[None] for part in parts)
    problem = TransportProblem(cost, source, target * (source.sum() / target.sum()))
    seconds = float("inf")
    for _ in range(RUNS):
        start = time.perf_counter()
        answer = SOLVERS[solver]()(problem)
        seconds = min(seconds, time.perf_counter() - start)
    value = float(answer.cost[0])
    solved = replace(flow, plan=answer.plan[0].numpy(), logit=flow.temperature * (1 - value))
    return SolverRun(solver, solved, value, seconds, int(answer.status[0]))
