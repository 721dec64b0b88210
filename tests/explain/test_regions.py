"""Sheets: every node has a tile of its own that shows its part of the picture."""

import itertools

import numpy as np
import pytest

from fsl_core.explain.regions import arrange, level_names, sheet, view


def test_a_plain_map_is_the_picture_with_one_grid() -> None:
    image = np.zeros((84, 84, 3), np.uint8)
    shown = view(image, (5, 5))
    assert shown.image is image and shown.names == () and shown.boxes.shape == (25, 4)
    np.testing.assert_allclose(shown.boxes[7], [0.2, 0.4, 0.4, 0.6])


@pytest.mark.parametrize("counts", [(2, 3, 5), (2, 5), (3, 2), (2, 2), (2, 3, 2), (2, 3, 16), (1, 2, 3, 4, 5, 6)])
def test_the_squares_of_a_sheet_lie_in_it_apart_from_each_other(counts: tuple[int, ...]) -> None:
    squares = arrange(counts)
    top, left, side = squares.T
    assert (squares >= 0).all() and (top + side <= 1 + 1e-9).all() and (left + side <= 1 + 1e-9).all()
    assert side.argmax() == np.argmax(counts)
    for one, other in itertools.combinations(squares, 2):
        gaps = np.maximum(one[:2] - other[:2] - other[2], other[:2] - one[:2] - one[2])
        assert gaps.max() > 0.02
    assert (side**2).sum() > 0.45  # the canvas is used


def test_the_published_pyramid_has_cells_of_one_size_in_its_two_finest_levels() -> None:
    side = arrange((2, 3, 5))[:, 2]
    assert side[2] / 5 == pytest.approx(side[1] / 3)
    assert side[0] == side[1]


def test_each_tile_shows_its_part_of_the_picture() -> None:
    """The picture is a ramp: red grows to the right, green downwards; a tile's mean colour tells its middle."""
    ramp = np.linspace(0, 255, 320)
    image = np.stack([*np.meshgrid(ramp, ramp), np.full((320, 320), 200.0)], axis=2).round().astype(np.uint8)
    shown = view(image, (5, 5), (2, 3))
    side = len(shown.image)
    assert shown.image.shape == (side, side, 3) and len(shown.boxes) == len(shown.names) == 38
    nodes = [(count, row, column) for count in (2, 3, 5) for row in range(count) for column in range(count)]
    for (count, row, column), box, name in zip(nodes, shown.boxes, shown.names, strict=True):
        top, left, bottom, right = (box * side).round().astype(int)
        red, green, blue = shown.image[top:bottom, left:right].mean(axis=(0, 1))
        np.testing.assert_allclose([red, green], [255 * (at + 0.5) / count for at in (column, row)], atol=3)
        assert blue == pytest.approx(200, abs=1)
        assert name == f"level {count}x{count}, region ({row}, {column})"
    outside = np.ones((side, side), bool)
    for top, left, bottom, right in (shown.boxes * side).round().astype(int):
        outside[top:bottom, left:right] = False
    assert not shown.image[outside].any()


def test_the_finest_level_keeps_the_pictures_pixels() -> None:
    image = np.random.default_rng(0).integers(0, 256, (300, 300, 3), dtype=np.uint8)
    shown = sheet(image, [(2, 2), (6, 6)])
    top, left, bottom, right = (shown.boxes[[4, -1]] * len(shown.image)).round().astype(int).T
    np.testing.assert_array_equal(shown.image[top[0] : bottom[1], left[0] : right[1]], image)


def test_names_are_never_alike() -> None:
    names = level_names([(2, 2), (3, 3), (2, 2)])
    assert len(set(names)) == len(names) == 17
    assert names[-1] == "level 2x2 no. 2, region (1, 1)"
