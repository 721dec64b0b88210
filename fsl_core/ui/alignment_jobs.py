"""What the Alignment page asks of the queue: a query and one support picture, aligned to one another by a backbone."""

from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import UInt8

from fsl_core.errors import EpisodeError
from fsl_core.records import Alignment, Side
from fsl_core.ui.engine import Pair, rows_of
from fsl_core.ui.scene import CELLS, Scene

AGGREGATIONS = ("mean", "sum", "max", "logsumexp")  # as in `fsl_core.backbones.attention`, which imports torch


@dataclass(frozen=True, eq=False)
class AlignedPair:
    """What the page shows of one backbone.

    Attributes:
        query, support: each picture rebuilt from the other one's patches.
    """

    record: Alignment
    query: UInt8[np.ndarray, "query_height query_width 3"]
    support: UInt8[np.ndarray, "support_height support_width 3"]

    def rebuilt(self, side: Side) -> UInt8[np.ndarray, "height width 3"]:
        """One of the two, by the picture that was rebuilt."""
        return self.query if side == "query" else self.support


def align_pair(scene: Scene, pair: Pair, aggregation: str) -> AlignedPair:
    """A query and one support picture aligned, as whole pictures also where the project looks at patches.

    Args:
        pair: with a picture.
        aggregation: one of `AGGREGATIONS`.

    Raises:
        FSLError: the query, the class or the picture was removed, or the attention heads do not fit.
    """
    from fsl_core.explain import align, reconstruct_aligned
    from fsl_core.ui.views import view

    rows = rows_of(scene.project, pair)
    if pair.picture_id is None or rows.support is None:
        raise EpisodeError("This example was removed; choose another one.")
    features, heads = scene.features(whole=True), scene.backbone.heads
    scene.ticket.report(0.95, "Aligning the regions")
    device = next(iter(heads.values())).device if heads else features.query.device
    maps = features.query[rows.query].to(device), features.support[rows.support].to(device)
    settings = replace(scene.project.settings, regions=CELLS)
    images = view(scene.store, [pair.query_id], settings), view(scene.store, [pair.picture_id], settings)
    record = align(heads, *maps, images, aggregation)
    return AlignedPair(record, reconstruct_aligned(record), reconstruct_aligned(record, "support"))
