"""The query rebuilt from the support image's patches (DeepEMD, figure 5)."""

import numpy as np
from jaxtyping import Float, Int, UInt8

from fsl_core.records import Flow


def reconstruct(flow: Flow) -> UInt8[np.ndarray, "query_height query_width 3"]:
    """Each region of the query filled with the support patch that most of its mass flows to, as bright as it is heavy.

    Brightness = weight of the query node / largest weight, so that what hardly counts for the match is dark. A node
    without mass, which flows nowhere, is black, and so is what lies in no region.
    """
    height, width = flow.support_image.shape[:2]
    brightness = flow.query_weight / flow.query_weight.max()
    rebuilt = np.zeros_like(flow.query_image)
    for box, best, light in zip(flow.query_boxes, flow.plan.argmax(axis=1), brightness, strict=True):
        top, left, bottom, right = flow.support_boxes[best]
        rows, down = _inside(box[0], box[2], rebuilt.shape[0])
        columns, along = _inside(box[1], box[3], rebuilt.shape[1])
        y = ((top + down * (bottom - top)) * height).round(6).astype(int)
        x = ((left + along * (right - left)) * width).round(6).astype(int)
        rebuilt[np.ix_(rows, columns)] = (flow.support_image[np.ix_(y, x)] * light).round()
    return rebuilt


def _inside(start: float, end: float, pixels: int) -> tuple[Int[np.ndarray, " inside"], Float[np.ndarray, " inside"]]:
    """The pixels of one axis whose centres lie between two places in [0, 1], and how far in, in (0, 1)."""
    first, last = (int(np.ceil(round(place * pixels - 0.5, 6))) for place in (start, end))
    rows = np.arange(first, last)
    return rows, ((rows + 0.5) / pixels - start) / (end - start)
