"""Curves from the regions of one picture to those of another that do not run on top of each other."""

import numpy as np

from fsl_core.figures.panes import Pane

SPREAD = 0.9  # of a region's height, over which the lanes of those beside it are spread
TOUCH = 1e-6  # sides of a picture: regions that overlap by less than this only touch

Point = tuple[float, float]  # (along the flow, across it)


def band(query: Pane, support: Pane, pair: tuple[int, int], stacked: bool) -> str:
    """An SVG path from the middle of a query region to the middle of a support region.

    It leaves the query picture, and enters the support picture, on a lane of the region's own: regions that lie beside
    each other (below each other, if stacked) share their height evenly, so that each flow can be followed with the eye.
    """
    start, ready, leave = _lane(query, pair[0], stacked, edge=1.0)
    end, arrived, enter = _lane(support, pair[1], stacked, edge=support.top if stacked else support.left)
    bends = (_bend(start, ready), _bend(ready, leave), _bend(leave, enter), _bend(enter, arrived), _bend(arrived, end))
    curves = [" ".join(_point(point, stacked) for point in bend) for bend in bends]
    return f"M{_point(start, stacked)}" + "".join(f"C{curve}" for curve in curves)


def _bend(start: Point, end: Point) -> tuple[Point, Point, Point]:
    """The rest of a cubic curve that runs along the flow at both ends."""
    middle = (start[0] + end[0]) / 2
    return (middle, start[1]), (middle, end[1]), end


def _point(point: Point, stacked: bool) -> str:
    """A point (along the flow, across it) as the path's x,y."""
    x, y = point[::-1] if stacked else point
    return f"{x:.4f},{y:.4f}"


def _lane(pane: Pane, node: int, stacked: bool, edge: float) -> tuple[Point, Point, Point]:
    """Middle of a region, where its band has reached its lane, and where the lane crosses the picture's edge."""
    x, y = pane.centre(node)
    ways = pane.regions.boxes.T[[0, 2, 1, 3] if stacked else [1, 3, 0, 2]]  # from, to along the flow; across it
    along, across = (y, x) if stacked else (x, y)
    low, high = ways[2:, node]
    beside = (ways[2] < high - TOUCH) & (ways[3] > low + TOUCH)
    middles = ways[0] + ways[1]
    rank = np.count_nonzero(middles[beside] < middles[node] - TOUCH)
    lane = across + SPREAD * ((rank + 0.5) / np.count_nonzero(beside) - 0.5) * (high - low)
    step = min(ways[1, node] - ways[0, node], abs(edge - along))
    return (along, across), (along + (step if edge > along else -step), lane), (edge, lane)
