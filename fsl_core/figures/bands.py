"""Curves from the regions of one picture to those of another that do not run on top of each other."""

from fsl_core.figures.panes import Pane

SPREAD = 0.9  # of a region's height, over which the lanes of its row are spread

Point = tuple[float, float]  # (along the flow, across it)


def band(query: Pane, support: Pane, pair: tuple[int, int], stacked: bool) -> str:
    """An SVG path from the middle of a query region to the middle of a support region.

    It leaves the query picture, and enters the support picture, on a lane of the region's own: the regions of one row
    (of one column, if stacked) share its height evenly, so that each flow can be followed with the eye.
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
    row, column = divmod(node, pane.grid[1])
    x, y = pane.centre(node)
    (along, across), rank, ranks, lines = (
        ((y, x), row, pane.grid[0], pane.grid[1]) if stacked else ((x, y), column, pane.grid[1], pane.grid[0])
    )
    lane = across + SPREAD * ((rank + 0.5) / ranks - 0.5) / lines
    step = min(1 / ranks, abs(edge - along))
    return (along, across), (along + (step if edge > along else -step), lane), (edge, lane)
