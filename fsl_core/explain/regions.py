"""Where the nodes of a feature map lie in a picture; where they overlap there, a sheet that gives each a tile."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, UInt8
from PIL import Image

from fsl_core.records import cells

GAP = 0.03  # of a sheet's side, between two levels

Grid = tuple[int, int]  # (rows, columns)


class View(NamedTuple):
    """A picture to show, and where the nodes lie in it; the fields are those of `records.Flow` for one image."""

    image: UInt8[np.ndarray, "_ _ 3"]
    boxes: Float[np.ndarray, "nodes 4"]
    names: tuple[str, ...] = ()


def view(image: UInt8[np.ndarray, "_ _ 3"], grid: Grid, pooled: Sequence[int] = ()) -> View:
    """A square picture with the cells of its feature map; of a pyramid a sheet with all levels.

    Args:
        grid: of the map.
        pooled: rows = columns of the levels that stand before the map's own cells.
    """
    return sheet(image, [*((side, side) for side in pooled), grid]) if pooled else View(image, cells(*grid))


def sheet(image: UInt8[np.ndarray, "_ _ 3"], levels: Sequence[Grid]) -> View:
    """A square picture once for each level of a feature pyramid, so that every node has a tile of its own.

    The level with the most cells keeps the picture's size and stands on the left, the others below each other at its
    right; black between them. Pooled regions overlap a little where a map does not divide evenly; their tiles do not.

    Args:
        levels: the grids in the order of the nodes, each row-major; at least two.
    """
    squares = arrange([max(level) for level in levels])
    side = round(len(image) / squares[:, 2].max())
    canvas, boxes = np.zeros((side, side, 3), np.uint8), []
    for (rows, columns), square in zip(levels, squares, strict=True):
        top, left, size = (square * side).round().astype(int).tolist()
        copy = Image.fromarray(image).resize((size, size), Image.Resampling.LANCZOS)
        canvas[top : top + size, left : left + size] = np.asarray(copy)
        boxes.append((cells(rows, columns) * size + [top, left, top, left]) / side)
    return View(canvas, np.concatenate(boxes), level_names(levels))


def arrange(counts: Sequence[int]) -> Float[np.ndarray, "levels 3"]:
    """Squares without overlap in the unit square: top, left and side of each.

    The first of the finest levels is on the left, the others in a column at its right. The cells of the second finest
    are as large as those of the finest, unless so many squares do not fit into the column.

    Args:
        counts: cells along one side of each level; at least two levels.
    """
    finest = int(np.argmax(counts))
    others = [level for level in range(len(counts)) if level != finest]
    second = max(counts[level] for level in others)
    small = min((1 - GAP) * second / (second + counts[finest]), (1 - GAP * (len(others) - 1)) / len(others))
    squares = np.zeros((len(counts), 3))
    squares[finest] = 0, 0, 1 - GAP - small
    for place, level in enumerate(others):
        squares[level] = place * (small + GAP), 1 - small, small
    return squares


def level_names(levels: Sequence[Grid]) -> tuple[str, ...]:
    """Names of all nodes of several grids: "level 2x2, region (0, 1)"; a grid that comes again is numbered."""
    names = []
    for place, (rows, columns) in enumerate(levels):
        again = levels[:place].count((rows, columns))
        level = f"level {rows}x{columns}" + (f" no. {again + 1}" if again else "")
        names += [f"{level}, region {divmod(node, columns)}" for node in range(rows * columns)]
    return tuple(names)
