"""What a person changed, drawn over a picture: removed regions crossed out, other factors written into the corner."""

from collections.abc import Mapping
from typing import Any

from fsl_core.figures.panes import Pane
from fsl_core.figures.theme import INK, PAPER, WARM

INSET = 0.16  # of a region's side, between its corner and the end of the cross


def crosses(pane: Pane, factors: Mapping[int, float]) -> list[dict[str, Any]]:
    """A cross over every region whose factor is 0."""
    path = ""
    for node, factor in factors.items():
        if factor == 0:
            (left, right), (top, bottom) = pane.span(node)
            across, down = INSET * (right - left), INSET * (bottom - top)
            left, right, top, bottom = left + across, right - across, top + down, bottom - down
            path += f"M{left},{top}L{right},{bottom}M{right},{top}L{left},{bottom}"
    strokes = ((INK, 6), (PAPER, 3)) if path else ()
    return [{"type": "path", "path": path, "line": {"color": colour, "width": width}} for colour, width in strokes]


def notes(pane: Pane, factors: Mapping[int, float]) -> list[dict[str, Any]]:
    """The factor of every region whose weight was changed but not taken away, in its upper left corner."""
    drawn = []
    for node, factor in factors.items():
        if factor not in (0, 1):
            (left, _), (top, _) = pane.span(node)
            place = {"x": left + 0.005, "y": top + 0.005, "xanchor": "left", "yanchor": "top", "showarrow": False}
            look = {"font": {"color": INK, "size": 12}, "bgcolor": WARM, "borderpad": 1}
            drawn.append({**place, **look, "text": f"× {factor:g}"})
    return drawn
