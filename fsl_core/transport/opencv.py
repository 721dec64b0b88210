"""Exact optimal transport by OpenCV, as the published DeepEMD code evaluates."""

from dataclasses import dataclass
from typing import ClassVar, final

import cv2
import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from fsl_core.transport.potentials import balance, from_plan
from fsl_core.transport.problem import ITERATION_LIMIT, SOLVED, TransportPlan, TransportProblem, TransportSolver

MOST_GAP = 1e-5  # of the largest cost, for each unit of mass: what single precision leaves between plan and prices


@final
@dataclass(frozen=True)
class OpenCV(TransportSolver):
    """The optimum of each problem by the simplex method of `cv2.EMD`, in single precision on the CPU.

    Masses are scaled to a mean of 1 per source node, as the published code does, and the plan is scaled back. OpenCV
    returns no dual solution; the potentials are derived from its plan. The plan is a constant: the cost can be
    differentiated by the cost matrix only, not by the masses. On 100 x 100 problems it takes much longer than the
    exact solver. OpenCV stops at a limit of pivots of its own without a word, on problems of about 200 x 200 and more;
    the status says so, found from what the plan costs above the potentials.
    """

    title: ClassVar[str] = "OpenCV EMD"
    reference: ClassVar[str] = (
        "Rubner, Tomasi, Guibas: A Metric for Distributions with Applications to Image Databases, ICCV 1998; OpenCV"
    )
    gradient: ClassVar[str] = "cost by cost matrix (the plan being a constant); source, target and plan: none"

    def __call__(self, problem: TransportProblem) -> TransportPlan:
        problem.check()
        cost = problem.cost.detach().cpu()
        source, target = problem.source.detach().cpu(), problem.target.detach().cpu()
        unit = source.sum(dim=1, keepdim=True) / source.shape[1]
        flow = _solve(cost, source / unit, target / unit)
        plan = flow.double() * unit[:, :, None]
        exact = TransportProblem(cost.double(), source.double(), target.double())
        u, v = balance(exact, *from_plan(exact, plan))
        like = problem.cost
        value = (plan.to(like) * problem.cost).sum(dim=(1, 2))
        above = (plan * (exact.cost - u[:, :, None] - v[:, None])).sum(dim=(1, 2))
        most = MOST_GAP * exact.cost.abs().amax(dim=(1, 2)) * exact.source.sum(dim=1)
        status = torch.where(above > most, ITERATION_LIMIT, SOLVED)
        return TransportPlan(plan.to(like), value, u.to(like), v.to(like), status)


def _solve(
    cost: Float[Tensor, "batch n m"], source: Float[Tensor, "batch n"], target: Float[Tensor, "batch m"]
) -> Float[Tensor, "batch n m"]:
    c, a, b = (tensor.float().contiguous().numpy() for tensor in (cost, source, target))
    flow = np.empty_like(c)
    for k in range(len(c)):
        flow[k] = cv2.EMD(a[k][:, None], b[k][:, None], cv2.DIST_USER, c[k])[2]
    return torch.from_numpy(flow)
