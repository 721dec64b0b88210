"""Where the regions of a picture lie, and what they are called."""

import numpy as np
import pytest

from fsl_core.records import Regions, cells


@pytest.mark.parametrize("grid", [(1, 1), (1, 9), (4, 1), (5, 5), (7, 3), (16, 16)])
def test_the_cells_of_a_grid_are_told_from_other_boxes(grid: tuple[int, int]) -> None:
    """Every place of the picture lies in the one cell that row * columns + column says."""
    rows, columns = grid
    boxes = cells(rows, columns)
    for y, x in np.random.default_rng(0).random((50, 2)):
        inside = (boxes[:, 0] <= y) & (y < boxes[:, 2]) & (boxes[:, 1] <= x) & (x < boxes[:, 3])
        assert np.flatnonzero(inside).tolist() == [int(y * rows) * columns + int(x * columns)]
    assert Regions(boxes).grid == grid
    assert Regions(boxes).name(rows * columns - 1) == f"({rows - 1}, {columns - 1})"


def test_boxes_that_form_no_grid() -> None:
    boxes = cells(3, 3)
    for other in (boxes[:8], boxes[::-1], boxes * 0.9, boxes + [0, 0, 0, 0.01]):
        assert Regions(other).grid is None
        assert Regions(other).name(4) == "region 4"


def test_regions_with_names_go_by_them_even_where_they_lie_in_a_grid() -> None:
    patches = Regions(cells(1, 2), ("patch 0", "patch 1"))
    assert patches.grid is None and len(patches) == 2
    assert patches.name(1) == "patch 1"
