"""A picture rebuilt from the patches of another one (DeepEMD, figure 5), or from blends of them."""

import numpy as np
from jaxtyping import Float, Int, UInt8

from fsl_core.records import Alignment, Flow, Side

Pixels = UInt8[np.ndarray, "_ _ 3"]


def reconstruct(flow: Flow) -> UInt8[np.ndarray, "query_height query_width 3"]:
    """Each region of the query filled with the support patch that most of its mass flows to, as bright as it is heavy.

    Brightness = weight of the query node / largest weight, so that what hardly counts for the match is dark. A node
    without mass, which flows nowhere, is black, and so is what lies in no region.
    """
    brightness = flow.query_weight / flow.query_weight.max()
    shares = np.zeros_like(flow.plan)
    shares[np.arange(len(shares)), flow.plan.argmax(axis=1)] = brightness
    return _blend((flow.query_image, flow.query_boxes), (flow.support_image, flow.support_boxes), shares)


def reconstruct_aligned(alignment: Alignment, side: Side = "query") -> Pixels:
    """A picture of which each region is filled with the other's patches, blended by its attention.

    The same mixture that makes the aligned value of a region of the other image's values, made of its pixels: a region
    that attends everywhere is a blur of everything. Without attention heads it is the best partner's patch. What lies
    in no region is black.
    """
    query = (alignment.query_image, alignment.query_regions.boxes)
    support = (alignment.support_image, alignment.support_regions.boxes)
    target, source = (query, support) if side == "query" else (support, query)
    return _blend(target, source, alignment.of(side).attention)


def _blend(
    target: tuple[Pixels, Float[np.ndarray, "n 4"]],
    source: tuple[Pixels, Float[np.ndarray, "m 4"]],
    shares: Float[np.ndarray, "n m"],
) -> Pixels:
    """Each region of a picture filled with the sum of another picture's patches, times their shares."""
    (shape, boxes), (picture, patches) = target, source
    (height, width), rebuilt = picture.shape[:2], np.zeros_like(shape)
    for box, share in zip(boxes, shares, strict=True):
        used = np.flatnonzero(share)
        top, left, bottom, right = patches[used, :, None].transpose(1, 0, 2)
        rows, down = _inside(box[0], box[2], rebuilt.shape[0])
        columns, along = _inside(box[1], box[3], rebuilt.shape[1])
        y = ((top + down * (bottom - top)) * height).round(6).astype(int)
        x = ((left + along * (right - left)) * width).round(6).astype(int)
        blended = np.tensordot(share[used], picture[y[:, :, None], x[:, None]], axes=1)
        rebuilt[np.ix_(rows, columns)] = blended.round()
    return rebuilt


def _inside(start: float, end: float, pixels: int) -> tuple[Int[np.ndarray, " inside"], Float[np.ndarray, " inside"]]:
    """The pixels of one axis whose centres lie between two places in [0, 1], and how far in, in (0, 1)."""
    first, last = (int(np.ceil(round(place * pixels - 0.5, 6))) for place in (start, end))
    rows = np.arange(first, last)
    return rows, ((rows + 0.5) / pixels - start) / (end - start)
