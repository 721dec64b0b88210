"""The query rebuilt from the support image's patches (DeepEMD, figure 5)."""

import numpy as np
from jaxtyping import Float, Int, UInt8

from fsl_core.records import Flow


def reconstruct(flow: Flow) -> UInt8[np.ndarray, "query_height query_width 3"]:
    """Each cell of the query filled with the support patch that most of its mass flows to, as bright as it is heavy.

    Brightness = weight of the query node / largest weight, so that what hardly counts for the match is dark. A node
    without mass, which flows nowhere, is black.
    """
    best = flow.plan.argmax(axis=1).reshape(flow.query_grid)
    brightness = (flow.query_weight / flow.query_weight.max()).reshape(flow.query_grid)
    rows, down = _cells(flow.query_image.shape[0], flow.query_grid[0])
    columns, right = _cells(flow.query_image.shape[1], flow.query_grid[1])
    node = best[rows[:, None], columns[None]]
    support_row, support_column = np.divmod(node, flow.support_grid[1])
    height, width = flow.support_image.shape[:2]
    y = ((support_row + down[:, None]) * height / flow.support_grid[0]).astype(int)
    x = ((support_column + right[None]) * width / flow.support_grid[1]).astype(int)
    pixels = flow.support_image[y, x] * brightness[rows[:, None], columns[None], None]
    return pixels.round().astype(np.uint8)


def _cells(pixels: int, cells: int) -> tuple[Int[np.ndarray, " pixels"], Float[np.ndarray, " pixels"]]:
    """For each pixel along one axis: the grid cell it lies in, and how far into it its centre is, in [0, 1)."""
    position = (np.arange(pixels) + 0.5) * cells / pixels
    cell = position.astype(int)
    return cell, position - cell
