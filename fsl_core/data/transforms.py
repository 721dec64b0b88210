"""Images of any size -> the square, normalised tensor that a backbone expects.

With torch alone: torchvision computes the same, but takes as long to import as torch itself.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Bool, Float, UInt8
from torch import Tensor
from torch.nn.functional import interpolate

from fsl_core.errors import OptionError

CROP, LETTERBOX = "crop", "letterbox"
FITS = (CROP, LETTERBOX)
BORDER = (122, 114, 101)  # mean colour of natural images (R, G, B): near zero once normalised

TINY_IMAGENET_MEAN = (0.4802, 0.4481, 0.3975)
TINY_IMAGENET_STD = (0.2770, 0.2691, 0.2821)


@dataclass(frozen=True)
class InputSpec:
    """What a backbone was trained on.

    Attributes:
        size: side of the square input, in pixels.
        mean, std: per channel (R, G, B), of images in [0, 1].
        fit: how a picture that is no square is fitted: "crop" = its largest centred square, as in training;
            "letterbox" = all of it, between borders.
    """

    size: int = 84
    mean: tuple[float, float, float] = TINY_IMAGENET_MEAN
    std: tuple[float, float, float] = TINY_IMAGENET_STD
    fit: str = CROP

    def __post_init__(self) -> None:
        if self.fit not in FITS:
            raise OptionError(f"fit must be one of {', '.join(FITS)}; got {self.fit!r}.")


def square(
    image: UInt8[np.ndarray, "height width 3"], size: int, fit: str = CROP, border: tuple[int, int, int] = BORDER
) -> UInt8[np.ndarray, "size size 3"]:
    """The pixels that the model sees, resized to `size` (bilinear, antialiased); `fit` as in `InputSpec`."""
    height, width = image.shape[:2]
    if fit == CROP:
        side = min(height, width)
        top, left = round((height - side) / 2), round((width - side) / 2)
        return resized(image[top : top + side, left : left + side], size, size)
    height, width = (max(1, round(side * size / max(height, width))) for side in (height, width))
    top, left = (size - height) // 2, (size - width) // 2
    framed = np.full((size, size, 3), border, np.uint8)
    framed[top : top + height, left : left + width] = resized(image, height, width)
    return framed


def square_mask(mask: Bool[np.ndarray, "height width"], size: int, fit: str = CROP) -> Bool[np.ndarray, "size size"]:
    """What `square` leaves of a mask of the image: pixels of which at least half is marked."""
    drawn = np.repeat(np.where(mask, np.uint8(255), np.uint8(0))[..., None], 3, axis=2)
    return square(drawn, size, fit, border=(0, 0, 0))[..., 0] > 127


def resized(image: UInt8[np.ndarray, "_ _ 3"], height: int, width: int) -> UInt8[np.ndarray, "new_height new_width 3"]:
    """The image at another size, whatever its aspect (bilinear, antialiased)."""
    pixels = torch.from_numpy(np.array(image)).permute(2, 0, 1)[None]
    return interpolate(pixels, (height, width), mode="bilinear", antialias=True)[0].permute(1, 2, 0).numpy()


def normalise(batch: UInt8[Tensor, "batch 3 height width"], spec: InputSpec) -> Float[Tensor, "batch 3 height width"]:
    """uint8 in [0, 255] -> float with about zero mean and unit deviation per channel."""
    mean, std = (torch.tensor(values, device=batch.device).view(3, 1, 1) for values in (spec.mean, spec.std))
    return (batch / 255 - mean) / std


def prepare(images: Sequence[UInt8[np.ndarray, "_ _ 3"]], spec: InputSpec) -> Float[Tensor, "batch 3 size size"]:
    """`square` and `normalise` a list of images of any sizes."""
    pixels = np.stack([square(image, spec.size, spec.fit) for image in images])
    return normalise(torch.from_numpy(pixels).permute(0, 3, 1, 2), spec)
