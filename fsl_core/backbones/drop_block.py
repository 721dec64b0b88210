"""DropBlock: a regulariser that sets whole squares of feature maps to zero while a network trains."""

import torch
from jaxtyping import Bool, Float
from torch import Tensor
from torch.nn import functional as F


def drop_block(
    maps: Float[Tensor, "batch channels height width"], rate: Float[Tensor, ""] | float, size: int, published: bool
) -> Float[Tensor, "batch channels height width"]:
    """Set squares of every channel to zero, each channel its own, and scale up what is left.

    Ghiasi et al., DropBlock, NeurIPS 2018. The scale is the same for the whole batch: cells / kept cells; where none is
    kept, all is 0 (the published code divides by 0 and gives NaN).

    Args:
        rate: expected fraction of cells that are dropped, where squares do not overlap.
        size: side of a square in cells; at most that of the map is used.
        published: leave most of the squares unfinished like the code of RFS and SCL (`published_kept`).
    """
    size = min(size, *maps.shape[2:])
    room = tuple(side - size + 1 for side in maps.shape[2:])
    corners = torch.rand(*maps.shape[:2], *room, device=maps.device) < corner_rate(rate, size, maps.shape[2:])
    mask = published_kept(corners, size) if published else kept(corners, size)
    return maps * mask * (mask.numel() / mask.sum().clamp_min(1))


def corner_rate(rate: Tensor | float, size: int, sides: tuple[int, ...]) -> Tensor | float:
    """Probability that a cell, where a square has room, is the top-left corner of one."""
    height, width = sides
    return rate / size**2 * (height * width / ((height - size + 1) * (width - size + 1)))


def kept(corners: Bool[Tensor, "batch channels _ _"], size: int) -> Bool[Tensor, "batch channels height width"]:
    """The cells in no square, given the top-left corners of the squares."""
    return F.max_pool2d(F.pad(corners.float(), [size - 1] * 4), size, stride=1) == 0


def published_kept(
    corners: Bool[Tensor, "batch channels _ _"], size: int
) -> Bool[Tensor, "batch channels height width"]:
    """What the published code keeps instead; it fills squares only if their number and size² have no common divisor.

    It means to add every offset in a square to each of its n corners, but repeats both lists and adds them entry by
    entry: with n = 5 and size 5, each corner meets only the offsets of one column. The centre of a square (the upper
    left one of four) is always dropped.
    """
    mask = F.pad(~corners, [(size - 1) // 2, size // 2] * 2, value=True)
    squares = corners.nonzero()
    pairs = torch.arange(len(squares) * size**2, device=corners.device)
    image, channel, row, column = squares[pairs % len(squares)].T if len(squares) else squares.T
    offset = pairs % size**2
    mask[image, channel, row + offset // size, column + offset % size] = False
    return mask
