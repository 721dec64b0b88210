"""Random views of whole batches, made on the device; each image has a row of uniform random numbers of its own.

Who holds the rows of an image gets the same views of it, whatever other images and devices there are.
"""

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

import torch
from jaxtyping import Float, UInt8
from kornia import color, enhance, filters
from torch import Tensor
from torch.nn import functional as F

from fsl_core.data.transforms import InputSpec
from fsl_core.train.config import TrainConfig
from fsl_core.train.operations import RGB, Operation, aug_mix_operations, dispatch, rand_augment_operations

TRIES = 10  # boxes that a resized crop draws until one fits


class Step(NamedTuple):
    """One random change of images in [0, 1], by so many uniform numbers in [0, 1) an image."""

    randoms: int
    change: Callable[[Tensor, Tensor], Tensor]


class Augmentation:
    """The views that a run makes of each image: the standard transform, and a second one (`config.second_view`).

    Parameters as published with RFS (Tian et al., ECCV 2020) and SCL (Ouali et al., 2021). Departures: interpolation is
    always bilinear, where stacked RandAugment draws between bilinear and bicubic. Images of every data set are
    normalised by the mean and the standard deviation of Tiny-ImageNet (`InputSpec`), where the papers use those of
    CIFAR-100 for CIFAR-FS and FC100 and those of mini-ImageNet else; the colour that fills what rotations, shears and
    shifts uncover is that mean, too.
    """

    def __init__(self, config: TrainConfig, spec: InputSpec, size: int, views: int = 1) -> None:
        fill = (round(255 * spec.mean[0]) / 255, round(255 * spec.mean[1]) / 255, round(255 * spec.mean[2]) / 255)
        crop = (
            resized_crop(size, config.crop_scale)
            if config.crop == "resized"
            else padded_crop(size, max(4, size * 8 // 84))
        )
        jitter = [colour_jitter(config.jitter)] if config.jitter else []
        chains = ([crop, FLIP, *jitter], second_view(config.second_view, size, fill))
        self.chains = chains[:views]
        self.randoms = sum(step.randoms for chain in self.chains for step in chain)
        self.spec = spec

    def draw(self, count: int, generator: torch.Generator) -> Float[Tensor, "count randoms"]:
        """The random numbers of `count` images."""
        return torch.rand(count, self.randoms, generator=generator)

    @torch.no_grad()
    def __call__(
        self, images: UInt8[Tensor, "batch 3 height width"], randoms: Float[Tensor, "batch randoms"]
    ) -> Float[Tensor, "_ 3 size size"]:
        """All first views, then all second ones, normalised. `randoms` stands on the CPU."""
        views, start = [], 0
        for chain in self.chains:
            view = images.float() / 255
            for step in chain:
                view = step.change(view, randoms[:, start : start + step.randoms])
                start += step.randoms
            views.append(view)
        mean, std = (torch.tensor(values, device=images.device) for values in (self.spec.mean, self.spec.std))
        return enhance.normalize(torch.cat(views), mean, std)


def second_view(name: str, size: int, fill: RGB) -> list[Step]:
    """The steps of a second view: one of `standard`, `simclr`, `autoaugment`, `stacked_randaug`.

    `autoaugment` is the name that SCL gives to a chain of AugMix's operations, which are not mixed.
    """
    if name == "standard":
        return [padded_crop(size, 4), FLIP, colour_jitter(0.4)]
    crop = [resized_crop(size, 0.2), FLIP]
    if name == "simclr":
        return [*crop, colour_jitter(0.4, 0.1, probability=0.8), GREY]
    if name == "autoaugment":
        return [*crop, aug_mix_chain(aug_mix_operations(size, fill))]
    blur, rand_augment = gaussian_blur(size // 10 // 2), rand_augment_chain(rand_augment_operations(fill))
    return [*crop, colour_jitter(0.8, 0.2, probability=0.8), blur, rand_augment, GREY]


def padded_crop(size: int, padding: int) -> Step:
    """A window of `size` pixels, shifted by up to `padding` pixels, of the image with a black border."""

    def change(images: Tensor, randoms: Tensor) -> Tensor:
        if images.shape[-1] != size:
            images = F.interpolate(images, (size, size), mode="bilinear", antialias=True)
        corners = (randoms * (2 * padding + 1)).long().to(images.device)
        rows, columns = (corners[:, :, None] + torch.arange(size, device=images.device)).unbind(1)
        image = torch.arange(len(images), device=images.device).view(-1, 1, 1)
        return F.pad(images, [padding] * 4)[image, :, rows[:, :, None], columns[:, None, :]].movedim(-1, 1)

    return Step(2, change)


def resized_crop(size: int, smallest: float) -> Step:
    """A box of `smallest` to all of the area and of a side ratio of 3/4 to 4/3, resized (RandomResizedCrop).

    The image is a square. Of `TRIES` boxes the first that fits into it is taken, all of it where none does.
    """

    def change(images: Tensor, randoms: Tensor) -> Tensor:
        areas, ratios = randoms[:, :TRIES], randoms[:, TRIES : 2 * TRIES]
        areas = smallest + (1 - smallest) * areas
        ratios = (math.log(4 / 3) * (2 * ratios - 1)).exp()
        sides = torch.stack(((areas * ratios).sqrt(), (areas / ratios).sqrt()), dim=2)
        fits = (sides <= 1).all(dim=2)
        first = sides[torch.arange(len(sides)), fits.int().argmax(dim=1)]
        side = torch.where(fits.any(dim=1, keepdim=True), first, torch.ones_like(first))
        centre = (1 - side) * (2 * randoms[:, 2 * TRIES :] - 1)
        theta = torch.cat((side.diag_embed(), centre[:, :, None]), dim=2).to(images.device)
        grid = F.affine_grid(theta, [len(images), 3, size, size], align_corners=False)
        return F.grid_sample(images, grid, padding_mode="border", align_corners=False)

    return Step(2 * TRIES + 2, change)


def sometimes(probability: float, operation: Operation, low: float = 0.0, high: float = 0.0) -> Step:
    """An operation with this probability, by an amount between `low` and `high`."""

    def change(images: Tensor, randoms: Tensor) -> Tensor:
        which = (randoms[:, 0] < probability).long() - 1
        return dispatch(images, which, [operation], low + (high - low) * randoms[:, 1])

    return Step(2, change)


FLIP = sometimes(0.5, lambda images, _: images.flip(3))
GREY = sometimes(0.2, lambda images, _: color.rgb_to_grayscale(images).expand_as(images))


def gaussian_blur(radius: int) -> Step:
    """Every other image, by a deviation of 0.1 to 2 pixels within `radius` pixels."""
    side = 2 * radius + 1

    def blur(images: Tensor, sigma: Tensor) -> Tensor:
        return filters.gaussian_blur2d(images, (side, side), sigma[:, None].expand(-1, 2))

    return sometimes(0.5, blur, 0.1, 2.0)


def colour_jitter(strength: float, hue: float = 0.0, probability: float = 1.0) -> Step:
    """Brightness, contrast and saturation times 1 ± `strength`, hue ± `hue` of the circle, in any order."""
    operations: Sequence[Operation] = [
        enhance.adjust_brightness_accumulative,
        enhance.adjust_contrast_with_mean_subtraction,
        enhance.adjust_saturation_with_gray_subtraction,
        enhance.adjust_hue,
    ][: 4 if hue else 3]
    n = len(operations)
    centre, width = torch.tensor([1.0, 1.0, 1.0, 0.0])[:n], torch.tensor([strength] * 3 + [2 * math.pi * hue])[:n]

    def change(images: Tensor, randoms: Tensor) -> Tensor:
        apply, amounts, keys = randoms.split([1, n, n], dim=1)
        amounts, order = centre + width * (2 * amounts - 1), keys.argsort(dim=1)
        for position in range(n):
            which = torch.where(apply[:, 0] < probability, order[:, position], -1)
            images = dispatch(images, which, operations, amounts.gather(1, order)[:, position])
        return images

    return Step(1 + 2 * n, change)


def rand_augment_chain(operations: tuple[Operation, ...]) -> Step:
    """RandAugment with n = 2, m = 10, mstd = 0.5: two operations, each with probability 0.5."""

    def change(images: Tensor, randoms: Tensor) -> Tensor:
        for choice, apply, deviate, sign in randoms.view(-1, 2, 4).permute(1, 2, 0):
            which = torch.where(apply < 0.5, (choice * len(operations)).long(), -1)
            level = (10 + 0.5 * torch.special.ndtri(deviate)).clamp(0, 10)
            images = dispatch(images, which, operations, torch.where(sign < 0.5, -level, level))
        return images

    return Step(8, change)


def aug_mix_chain(operations: tuple[Operation, ...]) -> Step:
    """One to three operations of severity 3: their levels lie between 0.1 and 3."""

    def change(images: Tensor, randoms: Tensor) -> Tensor:
        depth = (randoms[:, 0] * 3).long()
        for position, (choice, level, sign) in enumerate(randoms[:, 1:].view(-1, 3, 3).permute(1, 2, 0)):
            which = torch.where(position <= depth, (choice * len(operations)).long(), -1)
            level = 0.1 + 2.9 * level
            images = dispatch(images, which, operations, torch.where(sign < 0.5, -level, level))
        return images

    return Step(10, change)
