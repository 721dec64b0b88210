"""Changes of colour and place, batched: each image by an amount of its own. What random augmentations are made of."""

import math
from collections.abc import Callable, Sequence

import torch
from jaxtyping import Float, Int
from kornia import enhance
from torch import Tensor
from torch.nn import functional as F

Images = Float[Tensor, "batch 3 height width"]  # in [0, 1]
Operation = Callable[[Tensor, Tensor], Tensor]  # images and an amount for each -> images
RGB = tuple[float, float, float]


def dispatch(
    images: Float[Tensor, "batch 3 height width"],
    which: Int[Tensor, " batch"],
    operations: Sequence[Operation],
    amounts: Float[Tensor, " batch"],
) -> Float[Tensor, "batch 3 height width"]:
    """Each image changed by the operation whose row `which` gives; -1 leaves it as it is.

    `which` and `amounts` stand on the CPU, so that nothing waits for the device.
    """
    changed = images.clone()
    for row, operation in enumerate(operations):
        chosen = (which == row).nonzero().flatten()
        if len(chosen):
            here = chosen.to(images.device)
            changed[here] = operation(images[here], amounts[chosen].to(images.device))
    return changed


def warp(
    images: Float[Tensor, "batch 3 height width"], rows: Sequence[Sequence[Tensor]], fill: RGB
) -> Float[Tensor, "batch 3 height width"]:
    """Images resampled (bilinear) at affinely mapped places; what comes from outside has the colour `fill`.

    Args:
        rows: the two rows of the map from places in the result to places in the image, both in [-1, 1]: three numbers
            each, for every image.
    """
    theta = torch.stack([torch.stack(list(row), dim=1) for row in rows], dim=1)
    colour = torch.tensor(fill, device=images.device).view(3, 1, 1)
    grid = F.affine_grid(theta, list(images.shape), align_corners=False)
    return F.grid_sample(images - colour, grid, align_corners=False) + colour


def rotate(images: Images, degrees: Tensor, fill: RGB) -> Images:
    """About the centre, counter-clockwise."""
    angle = degrees * (math.pi / 180)
    cos, sin, none = angle.cos(), angle.sin(), torch.zeros_like(angle)
    return warp(images, ((cos, -sin, none), (sin, cos, none)), fill)


def shear_x(images: Images, factor: Tensor, fill: RGB) -> Images:
    """Rows shifted by `factor` times their distance from the top."""
    one, none = torch.ones_like(factor), torch.zeros_like(factor)
    return warp(images, ((one, factor, factor), (none, one, none)), fill)


def shear_y(images: Images, factor: Tensor, fill: RGB) -> Images:
    """Columns shifted by `factor` times their distance from the left."""
    one, none = torch.ones_like(factor), torch.zeros_like(factor)
    return warp(images, ((one, none, none), (factor, one, factor)), fill)


def translate_x(images: Images, share: Tensor, fill: RGB) -> Images:
    """By a share of the width."""
    one, none = torch.ones_like(share), torch.zeros_like(share)
    return warp(images, ((one, none, 2 * share), (none, one, none)), fill)


def translate_y(images: Images, share: Tensor, fill: RGB) -> Images:
    """By a share of the height."""
    one, none = torch.ones_like(share), torch.zeros_like(share)
    return warp(images, ((one, none, none), (none, one, 2 * share)), fill)


def auto_contrast(images: Images, _: Tensor) -> Images:
    """Each channel stretched to [0, 1]; one of a single level stays."""
    low, high = images.amin(dim=(2, 3), keepdim=True), images.amax(dim=(2, 3), keepdim=True)
    return torch.where(high > low, (images - low) / (high - low), images)


def solarize(images: Images, threshold: Tensor) -> Images:
    """Inverted from `threshold` (of 256 grey levels) upwards."""
    return enhance.solarize(images, threshold / 255)


def solarize_add(images: Images, addition: Tensor) -> Images:
    """The darker half brightened by `addition` grey levels."""
    return torch.where(images < 128 / 255, (images + addition.view(-1, 1, 1, 1) / 255).clamp(max=1), images)


def posterize(images: Images, bits: Tensor) -> Images:
    """The highest bits of the grey levels."""
    return enhance.posterize(images, bits.int())


def rand_augment_operations(fill: RGB) -> tuple[Operation, ...]:
    """The 15 operations of RandAugment; the amount is the magnitude in [-10, 10].

    Its sign tells the direction of moves and means nothing to the others.
    """
    return (
        auto_contrast,
        lambda images, _: enhance.equalize(images),
        lambda images, _: enhance.invert(images),
        lambda images, level: rotate(images, 3 * level, fill),
        lambda images, level: posterize(images, (0.4 * level.abs()).floor()),
        lambda images, level: solarize(images, (25.6 * level.abs()).floor()),
        lambda images, level: solarize_add(images, (11 * level.abs()).floor()),
        *(_enhanced(change) for change in ENHANCEMENTS),
        lambda images, level: shear_x(images, 0.03 * level, fill),
        lambda images, level: shear_y(images, 0.03 * level, fill),
        lambda images, level: translate_x(images, 0.045 * level, fill),
        lambda images, level: translate_y(images, 0.045 * level, fill),
    )


def aug_mix_operations(size: int, fill: RGB) -> tuple[Operation, ...]:
    """The 13 operations of AugMix (Hendrycks et al., ICLR 2020); the amount is the level, signed like the above."""
    return (
        auto_contrast,
        lambda images, _: enhance.equalize(images),
        lambda images, level: posterize(images, 4 - (0.4 * level.abs()).floor()),
        lambda images, level: rotate(images, (3 * level).trunc(), fill),
        lambda images, level: solarize(images, 256 - (25.6 * level.abs()).floor()),
        lambda images, level: shear_x(images, 0.03 * level, fill),
        lambda images, level: shear_y(images, 0.03 * level, fill),
        lambda images, level: translate_x(images, (level * size / 30).trunc() / size, fill),
        lambda images, level: translate_y(images, (level * size / 30).trunc() / size, fill),
        *(_enhanced(change) for change in ENHANCEMENTS),
    )


ENHANCEMENTS: tuple[Operation, ...] = (
    enhance.adjust_saturation_with_gray_subtraction,
    enhance.adjust_contrast_with_mean_subtraction,
    enhance.adjust_brightness_accumulative,
    enhance.sharpness,
)


def _enhanced(change: Operation) -> Operation:
    """An enhancement by 0.1 (nearly none of the property left) to 1.9 (nearly twice as much)."""
    return lambda images, level: change(images, 0.18 * level.abs() + 0.1)
