"""The equations of the marginals, which interior-point steps and the derivatives of smooth plans share."""

from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from fsl_core.transport.cores import kernel, on_all_cores, working_memory

WORTH_A_THREAD = 20_000  # weights; fewer are worked on in less time than it takes to start a thread
Pair = tuple[Float[Tensor, "batch n"], Float[Tensor, "batch m"]]


class MarginalEquations(NamedTuple):
    """Find u, v such that weight * (u + v) has given row and column sums; the weights are >= 0.

    Its matrix is that of a weighted bipartite graph. Rows are eliminated, which leaves one m x m Schur complement of
    the columns. Potentials are defined up to a constant, so one column keeps v = 0, as do columns without weight.

    Attributes:
        weight: of each pair, the derivative of the plan by the sum of its potentials.
        per_row: 1 / row sum, 0 for rows without weight.
        kept: 1 for the columns that are solved for, 0 for the others.
        factor: Cholesky factor of the Schur complement; not finite where it has none.
    """

    weight: Float[Tensor, "batch n m"]
    per_row: Float[Tensor, "batch n"]
    kept: Float[Tensor, "batch m"]
    factor: Float[Tensor, "batch m m"]

    def solve(self, rows: Float[Tensor, "batch n"], columns: Float[Tensor, "batch m"]) -> Pair:
        """Potentials for these row and column sums, which must have the same total."""
        reduced = self.kept * (columns - torch.einsum("bnm,bn->bm", self.weight, self.per_row * rows))
        v = torch.cholesky_solve(reduced[:, :, None], self.factor)[:, :, 0]
        return self.per_row * (rows - torch.einsum("bnm,bm->bn", self.weight, v)), v


def marginal_equations(weight: Float[Tensor, "batch n m"]) -> MarginalEquations:
    """Factorise the equations; the Schur complement's diagonal is summed without cancellation."""
    rows = weight.sum(dim=2)
    per_row = torch.where(rows > 0, 1 / rows, 0)
    columns = weight.sum(dim=1)
    kept = (columns > 0).to(weight)
    kept.scatter_(1, columns.argmax(dim=1, keepdim=True), 0)
    coupling = torch.einsum("bni,bn,bnj->bij", weight, per_row, weight)
    coupling.diagonal(dim1=1, dim2=2).zero_()
    diagonal = torch.where(kept > 0, coupling.sum(dim=2), 1)
    complement = torch.diag_embed(diagonal * (1 + 1e-14)) - coupling * kept[:, :, None] * kept[:, None]
    factor, info = torch.linalg.cholesky_ex(complement)
    return MarginalEquations(weight, per_row, kept, factor.masked_fill((info > 0)[:, None, None], torch.nan))


def pull_back(
    weight: Float[Tensor, "batch n m"], gradient: Float[Tensor, "batch n m"]
) -> tuple[Tensor, Tensor, Tensor]:
    """Gradients by cost, source and target of a plan whose change is weight * (change of u + v - cost).

    Differentiating the marginals of the plan gives the same equations once more (DeepEMD, equation 7). On the CPU
    compiled code solves them, one problem after the other, on all cores.
    """
    if weight.device.type == "cpu":
        return _pull_back_compiled(weight, gradient)
    pulled = weight * gradient
    u, v = marginal_equations(weight).solve(pulled.sum(dim=2), pulled.sum(dim=1))
    return weight * (u[:, :, None] + v[:, None]) - pulled, u, v


def _pull_back_compiled(
    weight: Float[Tensor, "batch n m"], gradient: Float[Tensor, "batch n m"]
) -> tuple[Tensor, Tensor, Tensor]:
    solve = kernel("predictor_corrector").pull_back
    batch, n, m = weight.shape
    given = weight.contiguous().numpy(), gradient.contiguous().numpy()
    answer = np.empty((batch, n, m)), np.empty((batch, n)), np.empty((batch, m))

    def work(first: int, last: int) -> None:
        arrays = (array[first:last] for array in (*given, *answer))
        solve(*arrays, *working_memory(1, n, m))

    on_all_cores(work, batch, weight.numel() >= WORTH_A_THREAD)
    by_cost, by_source, by_target = map(torch.from_numpy, answer)
    return by_cost, by_source, by_target
