"""Where patches lie, what is cut, and the texts that ask for them."""

import math

import numpy as np
import pytest
import torch
from torchvision.transforms.v2 import RandomResizedCrop
from torchvision.transforms.v2 import functional as F

from fsl_core.data.patches import MAX_PATCHES, Box, Grid, Patches, Sampling, parse_regions
from fsl_core.data.transforms import BORDER
from fsl_core.errors import OptionError

SHAPES = ((64, 64), (375, 500), (7, 5), (1, 9), (2, 1), (1, 1), (3000, 40))


def picture(height: int, width: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


@pytest.mark.parametrize(
    ("length", "side", "expected"),
    [
        (84, 2, [(0, 63), (21, 84)]),
        (84, 3, [(0, 42), (14, 70), (42, 84)]),
        (500, 2, [(0, 375), (125, 500)]),
        (500, 3, [(0, 249), (83, 415), (249, 500)]),
        (375, 3, [(0, 187), (62, 312), (187, 375)]),
    ],
)
def test_the_published_grid(length: int, side: int, expected: list[tuple[int, int]]) -> None:
    boxes = Grid((side,)).boxes(length, length)
    assert [(box.left, box.right) for box in boxes] == expected * side
    assert [(box.top, box.bottom) for box in boxes] == [pair for pair in expected for _ in range(side)]
    assert not any(box.flip for box in boxes)


def test_grids_follow_one_another_on_the_picture_as_it_is() -> None:
    boxes = Grid().boxes(375, 500)
    assert len(boxes) == Grid().count == 13
    assert boxes[1] == Box(0, 125, 280, 500)
    assert boxes[4] == Box(0, 0, 187, 249) and boxes[12] == Box(187, 249, 375, 500)
    assert boxes[:4] == Grid((2,)).boxes(375, 500) and boxes[4:] == Grid((3,)).boxes(375, 500)


def test_a_grid_of_ratio_one_does_not_overlap() -> None:
    covered = np.zeros((90, 60), int)
    for box in Grid((3,), 1.0).boxes(90, 60):
        covered[box.top : box.bottom, box.left : box.right] += 1
    assert (covered == 1).all()


@pytest.mark.parametrize("patches", [Grid(), Grid((10,), 0.5), Sampling(), Sampling(40, 3)], ids=str)
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_every_patch_has_pixels_of_the_picture(patches: Patches, shape: tuple[int, int]) -> None:
    boxes = patches.boxes(*shape)
    assert len(boxes) == patches.count
    for box in boxes:
        assert 0 <= box.top < box.bottom <= shape[0] and 0 <= box.left < box.right <= shape[1]
    assert [patch.shape for patch in patches.cut(picture(*shape), 8)] == [(8, 8, 3)] * patches.count


def test_random_patches_are_those_of_random_resized_crop() -> None:
    """Mean and deviation of place, size and aspect against torchvision's own draws."""
    height, width, count = 120, 200, 4000
    ours = np.array([b[:4] for i in range(count // 100) for b in Sampling(100, i).boxes(height, width)], float)
    torch.manual_seed(0)
    crop, image = RandomResizedCrop(9), torch.empty(3, height, width)
    drawn = [crop.make_params([image]) for _ in range(count)]
    theirs = np.array([[d["top"], d["left"], d["top"] + d["height"], d["left"] + d["width"]] for d in drawn], float)

    def described(boxes: np.ndarray) -> np.ndarray:
        rows, columns = boxes[:, 2] - boxes[:, 0], boxes[:, 3] - boxes[:, 1]
        return np.stack([*boxes.T, rows * columns, np.log(columns / rows)])

    one, other = described(ours), described(theirs)
    error = np.sqrt((one.var(axis=1) + other.var(axis=1)) / count)
    assert (np.abs(one.mean(axis=1) - other.mean(axis=1)) < 4 * error).all()
    np.testing.assert_allclose(one.std(axis=1), other.std(axis=1), rtol=0.06)
    area, aspect = one[4] / (height * width), np.exp(one[5])
    assert area.min() > 0.07 and aspect.min() > 0.72 and aspect.max() < 1.4


def test_half_of_the_random_patches_are_mirrored() -> None:
    flips = [box.flip for seed in range(20) for box in Sampling(100, seed).boxes(50, 50)]
    assert abs(np.mean(flips) - 0.5) < 4 * 0.5 / math.sqrt(2000)


def test_seed_and_pixels_decide_the_random_patches() -> None:
    image, other = picture(40, 60), picture(40, 60, 1)
    assert Sampling().of(image) == Sampling().of(image.copy()) == Sampling().of(np.asfortranarray(image))
    assert Sampling().of(image) != Sampling().of(other)
    assert Sampling().of(image) != Sampling(seed=1).of(image)
    assert Sampling(9).of(image)[:4] == Sampling(4).of(image)
    assert Grid().of(image) == Grid().of(other)


def test_patches_are_cut_at_full_resolution_and_stretched() -> None:
    image = picture(90, 160)
    for box, patch in zip(Sampling(12).of(image), Sampling(12).cut(image, 21), strict=True):
        pixels = torch.from_numpy(image).permute(2, 0, 1)
        part = F.resized_crop(pixels, box.top, box.left, box.bottom - box.top, box.right - box.left, [21, 21])
        expected = (part.flip(2) if box.flip else part).permute(1, 2, 0).numpy()
        np.testing.assert_array_equal(patch, expected)


@pytest.mark.parametrize(
    ("patches", "rows"),
    [(Grid(), [2, 3]), (Grid((4,)), [4]), (Grid((1, 2, 3, 1)), [1, 2, 3, 1]), (Sampling(), [3]), (Sampling(7), [3])],
    ids=str,
)
def test_a_sheet_shows_every_patch_where_it_says(patches: Patches, rows: list[int]) -> None:
    image = picture(60, 80)
    sheet, places = patches.sheet(image, 200)
    assert sheet.shape == (200, 200, 3) and places.shape == (patches.count, 4)
    assert places.min() >= 0 and places.max() <= 1
    seen = np.zeros((200, 200), int)
    for node, place in enumerate(places):
        top, left, bottom, right = (place * 200).round().astype(int).tolist()
        assert bottom - top == right - left > 5
        np.testing.assert_array_equal(sheet[top:bottom, left:right], patches.cut(image, bottom - top)[node])
        seen[top:bottom, left:right] += 1
    assert seen.max() == 1 and (sheet[seen == 0] == BORDER).all()
    first = 0
    for side, block in zip(rows, patches.blocks, strict=True):
        tops, lefts = places[first : first + block, 0], places[first : first + block, 1]
        assert [*np.lexsort((lefts, tops))] == [*range(block)], "tiles of a block stand in reading order"
        assert len(set(lefts)) == side
        first += block


@pytest.mark.parametrize(
    ("text", "patches", "written"),
    [
        ("cells", None, None),
        ("grid", Grid(), "grid:2,3"),
        ("grid:1,2,4", Grid((1, 2, 4)), "grid:1,2,4"),
        ("grid:2,3:1.5", Grid(ratio=1.5), "grid:2,3:1.5"),
        ("sampling", Sampling(), "sampling:9"),
        ("sampling:25", Sampling(25), "sampling:25"),
        ("sampling:9:4", Sampling(9, 4), "sampling:9:4"),
    ],
)
def test_texts_ask_for_patches(text: str, patches: Patches | None, written: str | None) -> None:
    assert parse_regions(text) == patches
    if patches is not None and written is not None:
        assert str(patches) == written and parse_regions(written) == patches


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "Regions must be cells, grid .* got ''"),
        ("patches", "got 'patches'"),
        ("cells:3", "got 'cells:3'"),
        ("grid:", "got 'grid:'"),
        ("grid:2,x", "got 'grid:2,x'"),
        ("grid:2:1:1", "got 'grid:2:1:1'"),
        ("sampling:1.5", "got 'sampling:1.5'"),
        ("grid:0", "sides of at least 1 cell .* got 0"),
        ("grid:9,-2", "got 9,-2"),
        ("grid:8,8", f"at most {MAX_PATCHES} patches"),
        ("grid:2:9", "ratio of a grid must lie in"),
        ("grid:2:nan", "got nan"),
        ("sampling:0", "1 to 100 random patches, got 0"),
        ("sampling:101", "got 101"),
        ("sampling:9:-1", "seed of the patches must lie in"),
    ],
)
def test_texts_that_ask_for_nothing_are_one_sentence(text: str, sentence: str) -> None:
    with pytest.raises(OptionError, match=sentence):
        parse_regions(text)


def test_a_grid_without_levels_is_refused() -> None:
    with pytest.raises(OptionError, match="got none"):
        Grid(())
