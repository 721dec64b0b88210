"""Dual solutions of transport problems: derived from a plan, completed, and fixed in their free constant."""

import torch
from jaxtyping import Float, Int
from torch import Tensor

from fsl_core.transport.problem import TransportPlan, TransportProblem

Pair = tuple[Float[Tensor, "batch n"], Float[Tensor, "batch m"]]
NEGLIGIBLE = 1e-6  # share of the total mass; smaller flows of a single precision plan may be rounding


def extend(problem: TransportProblem, u: Float[Tensor, "batch n"], v: Float[Tensor, "batch m"]) -> Pair:
    """Give nodes without mass, which a solver may leave out, the largest potential that keeps the solution feasible."""
    used = (problem.cost - v[:, None]).masked_fill(problem.target[:, None] == 0, torch.inf)
    u = torch.where(problem.source > 0, u, used.amin(dim=2))
    return u, torch.where(problem.target > 0, v, (problem.cost - u[:, :, None]).amin(dim=1))


def from_plan(problem: TransportProblem, plan: Float[Tensor, "batch n m"]) -> Pair:
    """Potentials of an optimal plan: shortest paths in its residual graph (Bellman-Ford, all problems at once).

    The graph has an arc i -> j of length cost[i, j] for every pair, and an arc back of length -cost[i, j] where mass
    flows. An optimal plan leaves no negative cycle; with a plan that is optimal up to rounding the paths stop changing
    by more than that rounding.
    """
    back = problem.cost.masked_fill(plan <= NEGLIGIBLE * problem.source.sum(dim=1)[:, None, None], -torch.inf)
    v = problem.cost.amin(dim=1)
    for _ in range(sum(plan.shape[1:])):
        u = (problem.cost - v[:, None]).amin(dim=2)
        raised = torch.maximum(v, (back - u[:, :, None]).amax(dim=1))
        if torch.equal(raised, v):
            break
        v = raised
    return (problem.cost - v[:, None]).amin(dim=2), v


def balance(problem: TransportProblem, u: Float[Tensor, "batch n"], v: Float[Tensor, "batch m"]) -> Pair:
    """Move a constant from one potential to the other so that each accounts for half of the cost."""
    surplus = ((problem.source * u).sum(dim=1) - (problem.target * v).sum(dim=1)) / (2 * problem.source.sum(dim=1))
    return u - surplus[:, None], v + surplus[:, None]


def answered(
    problem: TransportProblem,
    plan: Float[Tensor, "batch n m"],
    potentials: Pair,
    status: Int[Tensor, " batch"],
    like: Tensor,
) -> TransportPlan:
    """The answer of a solver whose plan can be differentiated; the potentials are balanced and constant.

    Args:
        problem: as it was solved, in double precision.
        like: whose precision and device the answer gets.
    """
    cost = (plan * problem.cost).sum(dim=(1, 2))
    u, v = (one.detach() for one in balance(problem, *potentials))
    return TransportPlan(plan.to(like), cost.to(like), u.to(like), v.to(like), status)
