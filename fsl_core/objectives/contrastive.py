"""The supervised contrastive loss on any similarities, and the one of pooled features behind a projection head."""

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor
from torch.nn import functional as F

from fsl_core.objectives.gathering import gathered


def contrastive_loss(
    similarity: Float[Tensor, "rows columns"],
    positives: Bool[Tensor, "rows columns"],
    candidates: Bool[Tensor, "rows columns"],
    temperature: float,
) -> Float[Tensor, ""]:
    """Mean over the rows of minus the mean log-probability of a row's positives among its candidates.

    Equations 4 and 7 of Ouali et al., Spatial Contrastive Learning for Few-Shot Classification (ECML PKDD 2021), after
    Khosla et al., Supervised Contrastive Learning (NeurIPS 2020).

    Departure: the equations sum over the rows, the published code takes the mean, and so does this. A row without
    positives counts as 0, as it does there.

    Args:
        positives: what shall be alike; a part of `candidates`.
        candidates: what a row is compared with: everything but itself.
        temperature: what the similarities are divided by. The paper's 0.1 is the factor 10 of the published code.
    """
    logits = similarity / temperature
    log_p = logits - logits.masked_fill(~candidates, -torch.inf).logsumexp(dim=1, keepdim=True)
    counts = positives.sum(dim=1).clamp_min(1)
    return -(log_p.masked_fill(~positives, 0).sum(dim=1) / counts).mean()


def batch_loss(
    similarity: Float[Tensor, "rows rows"], targets: Int[Tensor, " rows"], temperature: float
) -> Float[Tensor, ""]:
    """Contrastive loss of a batch against itself: rows of the same target are alike, and no row meets itself."""
    others = ~torch.eye(len(targets), dtype=torch.bool, device=targets.device)
    return contrastive_loss(similarity, (targets == targets[:, None]) & others, others, temperature)


def global_similarity(features: Float[Tensor, "rows width"]) -> Float[Tensor, "all_rows all_rows"]:
    """Cosines of the projected features of all processes with one another, in single precision at least."""
    units = gathered(F.normalize(features.to(torch.promote_types(features.dtype, torch.float32)), dim=1))
    with torch.autocast(units.device.type, enabled=False):
        return units @ units.T
