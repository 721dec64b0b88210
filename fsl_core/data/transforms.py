"""Images of any size -> the square, normalised tensor that a backbone expects."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float, UInt8
from torch import Tensor
from torchvision.transforms.v2 import functional as F

TINY_IMAGENET_MEAN = (0.4802, 0.4481, 0.3975)
TINY_IMAGENET_STD = (0.2770, 0.2691, 0.2821)


@dataclass(frozen=True)
class InputSpec:
    """What a backbone was trained on.

    Attributes:
        size: side of the square input, in pixels.
        mean, std: per channel (R, G, B), of images in [0, 1].
    """

    size: int = 84
    mean: tuple[float, float, float] = TINY_IMAGENET_MEAN
    std: tuple[float, float, float] = TINY_IMAGENET_STD


def square(image: UInt8[np.ndarray, "height width 3"], size: int) -> UInt8[np.ndarray, "size size 3"]:
    """The pixels that the model sees: the largest centred square, resized to `size` (bilinear, antialiased)."""
    pixels = torch.from_numpy(np.array(image)).permute(2, 0, 1)
    pixels = F.resize(F.center_crop(pixels, [min(image.shape[:2])] * 2), [size, size], antialias=True)
    return pixels.permute(1, 2, 0).numpy()


def normalise(batch: UInt8[Tensor, "batch 3 height width"], spec: InputSpec) -> Float[Tensor, "batch 3 height width"]:
    """uint8 in [0, 255] -> float with about zero mean and unit deviation per channel."""
    return F.normalize(F.to_dtype(batch, torch.float32, scale=True), list(spec.mean), list(spec.std))


def prepare(images: Sequence[UInt8[np.ndarray, "_ _ 3"]], spec: InputSpec) -> Float[Tensor, "batch 3 size size"]:
    """`square` and `normalise` a list of images of any sizes."""
    pixels = np.stack([square(image, spec.size) for image in images])
    return normalise(torch.from_numpy(pixels).permute(0, 3, 1, 2), spec)
