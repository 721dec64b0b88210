"""The images of a data set that are nearest to a query, or to one of its regions, in a backbone's feature space."""

from collections.abc import Collection

import numpy as np
import torch
from jaxtyping import Float, UInt8
from torch import Tensor
from torch.nn.functional import normalize

from fsl_core.data.transforms import square
from fsl_core.errors import EpisodeError, OptionError
from fsl_core.explain.index import BLOCK, Index
from fsl_core.records import Neighbours, cells

MOST = 100  # neighbours that can be asked for
WHOLE = np.array([0.0, 0.0, 1.0, 1.0])


def nearest(
    index: Index,
    image: UInt8[np.ndarray, "_ _ 3"],
    count: int = 8,
    at: tuple[float, float] | None = None,
    label: int = -1,
    without: Collection[int] = (),
) -> Neighbours:
    """The images that are most like a query by the cosine of their features; exact, every image is compared.

    Of all of the query the pooled features are compared. Of a region, a cell of the feature map, the features of every
    cell of every image are, and an image counts by its most similar cell: no image comes twice (Ouali et al., ECML PKDD
    2021, figure 2 and appendix E.1, show whole images). Images that are equally similar keep their order.

    Args:
        image: the query; it goes through the index's backbone.
        count: of neighbours; of a small data set all come.
        at: y and x of a place in [0, 1] of the square picture that the model sees, whose cell is asked about; a place
            and not a cell, because backbones have maps of different sizes. None = all of the query.
        label: the query's class as a row of `dataset.class_names`, -1 = unknown.
        without: rows that are left out, such as the query's own.

    Raises:
        OptionError: the count or the place is out of range, or no image is left to be compared.
        EpisodeError: the query's features are all 0, so that it is like nothing, or not finite.
    """
    left = len(index.dataset) - len(set(without))
    if not 1 <= count <= MOST or left < 1:
        raise OptionError(f"1 to {MOST} neighbours can be shown, of at least 1 image; got {count} of {left}.")
    rows, columns = index.grid
    node = None if at is None else _node(at, rows, columns)
    similarity, cell = _similarities(index, _direction(index, image, node), node is not None)
    similarity[list(without)] = -torch.inf
    found = similarity.sort(descending=True, stable=True).indices[: min(count, left)]
    boxes, dataset, spec = cells(rows, columns), index.dataset, index.backbone.spec
    compared = np.delete(dataset.labels, list(without))
    return Neighbours(
        backbone=index.backbone.name,
        dataset=index.title,
        class_names=dataset.class_names,
        query_image=square(image, spec.size, spec.fit),
        query_box=WHOLE if node is None else boxes[node],
        query_label=label,
        rows=found.numpy(),
        names=tuple(dataset.image_name(row) for row in found.tolist()),
        images=np.stack([square(dataset.image(row), spec.size, spec.fit) for row in found.tolist()]),
        boxes=np.tile(WHOLE, (len(found), 1)) if node is None else boxes[cell[found].numpy()],
        similarity=similarity[found].double().numpy(),
        labels=dataset.labels[found.numpy()],
        searched=left,
        searched_alike=0 if label < 0 else int((compared == label).sum()),
    )


def _node(at: tuple[float, float], rows: int, columns: int) -> int:
    """The cell that a place lies in."""
    y, x = at
    if not (0 <= y <= 1 and 0 <= x <= 1):
        raise OptionError(f"A place lies in [0, 1] of the picture, down and across; got {y} and {x}.")
    return min(int(y * rows), rows - 1) * columns + min(int(x * columns), columns - 1)


def _direction(index: Index, image: UInt8[np.ndarray, "_ _ 3"], node: int | None) -> Float[Tensor, " channels"]:
    """The query's feature vector, of unit length."""
    maps = index.backbone.maps([image])[0].float().cpu()
    vector = maps.mean(dim=(1, 2)) if node is None else maps.flatten(1)[:, node]
    if not vector.isfinite().all():
        raise EpisodeError("The features hold NaN or infinite numbers; the backbone's weights are probably damaged.")
    if not vector.any():
        raise EpisodeError(
            f"All features of this {'picture' if node is None else 'region'} are 0, so it is like nothing; choose "
            f"another {'picture' if node is None else 'region'} or backbone."
        )
    return normalize(vector, dim=0)


def _similarities(
    index: Index, direction: Float[Tensor, " channels"], by_cell: bool
) -> tuple[Float[Tensor, " n_images"], Tensor]:
    """Cosine of every image to a direction, and the cell that it comes from (0 for pooled features)."""
    if not by_cell:
        similarity = normalize(index.pooled, dim=1) @ direction
        return similarity.clamp(-1, 1), torch.zeros(len(similarity), dtype=torch.int64)
    blocks = [block.flatten(1, 2).float() @ direction for block in index.cells.split(BLOCK)]
    best = torch.cat(blocks).max(dim=1)
    return best.values.clamp(-1, 1), best.indices
