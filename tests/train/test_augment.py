"""Random views, held against torchvision and PIL where these do the same, and against what the papers say of them."""

import math

import numpy as np
import pytest
import torch
from PIL import Image, ImageEnhance, ImageOps
from torchvision.transforms import v2
from torchvision.transforms.v2 import functional as F

from fsl_core.data.transforms import InputSpec
from fsl_core.train import augment, operations
from fsl_core.train.augment import Augmentation
from fsl_core.train.config import TrainConfig

PLAIN = InputSpec(32, (0.0, 0.0, 0.0), (1.0, 1.0, 1.0))
VIEWS = ("standard", "simclr", "autoaugment", "stacked_randaug")
FILL = (0.5, 0.25, 0.75)


@pytest.fixture(scope="module")
def images() -> torch.Tensor:
    """Smooth colours with some noise; uint8."""
    generator = torch.Generator().manual_seed(0)
    coarse = torch.rand(24, 3, 6, 6, generator=generator)
    fine = torch.rand(24, 3, 32, 32, generator=generator)
    smooth = torch.nn.functional.interpolate(coarse, (32, 32), mode="bilinear")
    return (255 * (0.9 * smooth + 0.1 * fine)).to(torch.uint8)


@pytest.mark.parametrize("second", VIEWS)
@pytest.mark.parametrize("crop", ["padded", "resized"])
@pytest.mark.parametrize("size", [32, 84])
def test_an_image_has_the_same_views_among_any_others(images: torch.Tensor, second: str, crop: str, size: int) -> None:
    config = TrainConfig(crop=crop, jitter=0.4, second_view=second)
    change = Augmentation(config, PLAIN, size, views=2)
    randoms = change.draw(24, torch.Generator().manual_seed(3))
    whole = change(images, randoms)
    assert whole.shape == (48, 3, size, size)
    assert -1e-6 <= whole.min() < whole.max() <= 1 + 1e-6
    part = change(images[1::2], randoms[1::2])
    torch.testing.assert_close(part, torch.cat((whole[1:24:2], whole[25::2])), rtol=0, atol=1e-5)
    other = change(images, change.draw(24, torch.Generator().manual_seed(4)))
    assert ((other - whole).abs().amax(dim=(1, 2, 3)) > 1e-3).float().mean() > 0.9
    one = Augmentation(config, PLAIN, size)
    torch.testing.assert_close(one(images, randoms[:, : one.randoms]), whole[:24])


def test_views_are_normalised(images: torch.Tensor) -> None:
    spec = InputSpec(32, (0.2, 0.4, 0.6), (0.1, 0.2, 0.3))
    config = TrainConfig(crop="padded")
    randoms = Augmentation(config, PLAIN, 32).draw(24, torch.Generator().manual_seed(0))
    plain = Augmentation(config, PLAIN, 32)(images, randoms)
    torch.testing.assert_close(Augmentation(config, spec, 32)(images, randoms), F.normalize(plain, spec.mean, spec.std))


def test_a_padded_crop_is_a_window() -> None:
    images = torch.rand(200, 3, 32, 32)
    randoms = torch.rand(200, 2)
    cropped = augment.padded_crop(32, 4).change(images, randoms)
    padded = F.pad(images, [4, 4, 4, 4])
    corners = (randoms * 9).int().tolist()
    assert {place for corner in corners for place in corner} == set(range(9))
    for image, (top, left), found in zip(padded, corners, cropped, strict=True):
        assert torch.equal(found, image[:, top : top + 32, left : left + 32])


def test_a_resized_crop_is_that_of_torchvision() -> None:
    """On an image of its own coordinates the box can be read off; its distribution is torchvision's."""
    n, size = 1500, 8
    line = (torch.arange(64) + 0.5) / 64
    image = torch.stack((line.expand(64, 64), line[:, None].expand(64, 64), torch.zeros(64, 64)))
    step = augment.resized_crop(size, 0.2)
    found = step.change(
        image.expand(n, 3, 64, 64), torch.rand(n, step.randoms, generator=torch.Generator().manual_seed(0))
    )
    width = (found[:, 0, 0, -2] - found[:, 0, 0, 1]) * size / (size - 3)
    height = (found[:, 1, -2, 0] - found[:, 1, 1, 0]) * size / (size - 3)
    torch.manual_seed(0)
    torchvisions = v2.RandomResizedCrop(size, scale=(0.2, 1.0))
    boxes = [torchvisions.make_params([image]) for _ in range(n)]
    theirs = torch.tensor([[box["width"], box["height"]] for box in boxes]) / 64
    for ours, other in (
        (width * height, theirs.prod(dim=1)),
        ((width / height).log(), (theirs[:, 0] / theirs[:, 1]).log()),
    ):
        levels = torch.linspace(0.05, 0.95, 10)
        torch.testing.assert_close(ours.quantile(levels), other.quantile(levels), rtol=0, atol=0.035)
    assert width.max() <= 1.001 and height.max() <= 1.001


def test_colour_jitter_draws_as_torchvision(images: torch.Tensor) -> None:
    """One grey value: brightness alone changes it; and each change alone is torchvision's."""
    pixels = images[:8].float() / 255
    for operation, theirs, factor in (
        (operations.enhance.adjust_brightness_accumulative, F.adjust_brightness, 1.3),
        (operations.enhance.adjust_contrast_with_mean_subtraction, F.adjust_contrast, 0.7),
        (operations.enhance.adjust_saturation_with_gray_subtraction, F.adjust_saturation, 1.35),
    ):
        torch.testing.assert_close(
            operation(pixels, torch.full((8,), factor)), theirs(pixels, factor), rtol=0, atol=1e-4
        )
    hue = operations.enhance.adjust_hue(pixels, torch.full((8,), 2 * math.pi * 0.1))
    torch.testing.assert_close(hue, F.adjust_hue(pixels, 0.1), rtol=0, atol=1e-3)
    step = augment.colour_jitter(0.4, 0.1, probability=0.8)
    grey = torch.full((2000, 3, 2, 2), 0.5)
    changed = step.change(grey, torch.rand(2000, step.randoms, generator=torch.Generator().manual_seed(0)))[:, 0, 0, 0]
    assert (changed == 0.5).float().mean() == pytest.approx(0.2, abs=0.03)
    assert (changed.min().item(), changed.max().item()) == pytest.approx((0.3, 0.7), abs=0.003)


@pytest.mark.parametrize(
    ("step", "probability"), [(augment.FLIP, 0.5), (augment.GREY, 0.2), (augment.gaussian_blur(4), 0.5)]
)
def test_how_often(step: augment.Step, probability: float) -> None:
    noise = torch.rand(1000, 3, 12, 12)
    changed = step.change(noise, torch.rand(1000, step.randoms, generator=torch.Generator().manual_seed(1)))
    assert ((changed - noise).abs().amax(dim=(1, 2, 3)) > 1e-4).float().mean() == pytest.approx(probability, abs=0.05)


def test_gaussian_blur(images: torch.Tensor) -> None:
    pixels = images[:2].float() / 255
    found = augment.gaussian_blur(4).change(pixels, torch.tensor([[0.1, 0.5], [0.9, 0.5]]))
    torch.testing.assert_close(found[0], F.gaussian_blur(pixels[0], [9, 9], [1.05, 1.05]), rtol=0, atol=1e-4)
    assert torch.equal(found[1], pixels[1])


def as_pil(image: torch.Tensor) -> Image.Image:
    return Image.fromarray(image.permute(1, 2, 0).numpy())


def pil_operations(level: float) -> list:
    """RandAugment's 15 operations as PIL does them, in the order of METHODS."""
    enhanced, colour = 0.18 * level + 0.1, tuple(round(255 * value) for value in FILL)
    move = {"resample": Image.Resampling.BILINEAR, "fillcolor": colour}

    def affine(*numbers: float):
        return lambda image: image.transform(image.size, Image.Transform.AFFINE, numbers, **move)

    return [
        ImageOps.autocontrast,
        ImageOps.equalize,
        ImageOps.invert,
        lambda image: image.rotate(3 * level, **move),
        lambda image: ImageOps.posterize(image, int(0.4 * level)),
        lambda image: ImageOps.solarize(image, int(25.6 * level)),
        lambda image: image.point([min(255, i + int(11 * level)) if i < 128 else i for i in range(256)] * 3),
        *(
            lambda image, kind=kind: kind(image).enhance(enhanced)
            for kind in (ImageEnhance.Color, ImageEnhance.Contrast, ImageEnhance.Brightness, ImageEnhance.Sharpness)
        ),
        affine(1, 0.03 * level, 0, 0, 1, 0),
        affine(1, 0, 0, 0.03 * level, 1, 0),
        affine(1, 0, 0.045 * level * 32, 0, 1, 0),
        affine(1, 0, 0, 0, 1, 0.045 * level * 32),
    ]


@pytest.mark.parametrize("row", range(15))
@pytest.mark.parametrize("level", [9.3, 7.6])
def test_operations_of_rand_augment_are_those_of_pil(images: torch.Tensor, row: int, level: float) -> None:
    theirs = np.stack([np.asarray(pil_operations(level)[row](as_pil(image))) for image in images[:6]])
    operation = operations.rand_augment_operations(FILL)[row]
    ours = operation(images[:6].float() / 255, torch.full((6,), level)) * 255
    inner = (slice(None), slice(None), slice(3, 29), slice(3, 29))  # PIL has hard borders where ours are blended
    difference = (ours - torch.from_numpy(theirs).permute(0, 3, 1, 2)).abs()[inner]
    assert difference.median() <= 1
    assert difference.quantile(0.92) <= 3


def test_only_moves_have_a_direction(images: torch.Tensor) -> None:
    pixels, level = images[:4].float() / 255, torch.full((4,), 6.0)
    same = [
        torch.equal(change(pixels, level), change(pixels, -level))
        for change in operations.rand_augment_operations(FILL)
    ]
    assert same == [row not in (3, 11, 12, 13, 14) for row in range(15)]
    level = torch.full((4,), 2.5)
    same = [
        torch.equal(change(pixels, level), change(pixels, -level)) for change in operations.aug_mix_operations(32, FILL)
    ]
    assert same == [row not in (3, 5, 6, 7, 8) for row in range(13)]


def test_operations_of_aug_mix(images: torch.Tensor) -> None:
    """Those that differ from RandAugment's, at level 2.6 of 32 pixels."""
    pixels, level = images[:4].float() / 255, torch.full((4,), 2.6)
    changes = operations.aug_mix_operations(32, FILL)
    torch.testing.assert_close(changes[2](pixels, level) * 255, ((images[:4] // 32) * 32).float())  # 3 bits
    torch.testing.assert_close(changes[4](pixels, level), torch.where(images[:4] >= 190, 1 - pixels, pixels))
    moved = changes[7](pixels, level)  # int(2.77) pixels to the left
    torch.testing.assert_close(moved[:, :, :, :30], pixels[:, :, :, 2:], rtol=0, atol=1e-4)
    torch.testing.assert_close(moved[:, 1, :, 30:], torch.full((4, 32, 2), 0.25), rtol=0, atol=1e-4)


def counted(monkeypatch: pytest.MonkeyPatch, step: augment.Step) -> tuple[torch.Tensor, torch.Tensor]:
    """For 6000 images, the operations and the levels of each position of a chain."""
    calls: list[tuple[torch.Tensor, torch.Tensor]] = []

    def note(images: torch.Tensor, which: torch.Tensor, _: object, amounts: torch.Tensor) -> torch.Tensor:
        calls.append((which, amounts))
        return images

    monkeypatch.setattr(augment, "dispatch", note)
    step.change(torch.zeros(6000, 3, 1, 1), torch.rand(6000, step.randoms, generator=torch.Generator().manual_seed(0)))
    return torch.stack([which for which, _ in calls]), torch.stack([amounts for _, amounts in calls])


def test_rand_augment_draws_two_operations(monkeypatch: pytest.MonkeyPatch) -> None:
    which, levels = counted(monkeypatch, augment.rand_augment_chain(operations.rand_augment_operations(FILL)))
    shares = torch.stack([(which == row).float().mean(dim=1) for row in range(-1, 15)])
    assert len(which) == 2
    torch.testing.assert_close(shares[0], torch.full((2,), 0.5), rtol=0, atol=0.03)
    torch.testing.assert_close(shares[1:], torch.full((15, 2), 1 / 30), rtol=0, atol=0.01)
    assert (levels.abs() == 10).float().mean() == pytest.approx(0.5, abs=0.02)
    assert (levels.abs() < 9.5).float().mean() == pytest.approx(0.159, abs=0.02)
    assert (levels < 0).float().mean() == pytest.approx(0.5, abs=0.02)


def test_aug_mix_draws_one_to_three_operations(monkeypatch: pytest.MonkeyPatch) -> None:
    which, levels = counted(monkeypatch, augment.aug_mix_chain(operations.aug_mix_operations(32, FILL)))
    depth = (which >= 0).sum(dim=0)
    torch.testing.assert_close(depth.bincount() / 6000, torch.tensor([0, 1 / 3, 1 / 3, 1 / 3]), rtol=0, atol=0.03)
    assert sorted(which.unique().tolist()) == list(range(-1, 13))
    assert (levels.abs().min().item(), levels.abs().max().item()) == pytest.approx((0.1, 3.0), abs=0.01)
