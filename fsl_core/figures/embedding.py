"""Images as points of a plane: a colour and a symbol for each class, filled for support, a ring for queries."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import numpy as np
import plotly.graph_objects as go

from fsl_core.figures.shots import COLOURS, MARKERS
from fsl_core.figures.theme import QUIET, WARM, figure, label, tint
from fsl_core.records import Embedding, Role

HEIGHT = {False: 600, True: 420}
SIZE: Mapping[Role, int] = MappingProxyType({"support": 13, "query": 12, "other": 6})
OPACITY: Mapping[Role, float] = MappingProxyType({"support": 1.0, "query": 1.0, "other": 0.45})
ORDER: tuple[Role, ...] = ("other", "support", "query")  # what is drawn last lies on top
WORDS: Mapping[Role, str] = MappingProxyType({"support": "support", "query": "query", "other": "data set"})
MARGIN = 0.08  # around the points, of the larger side
THUMBNAILS = {24: 0.14, 48: 0.09, 10**9: 0.06}  # up to so many points: side of a picture, of the larger side
LISTED = 8  # classes of a data set that stand in the legend; of more, only the hover texts speak
RING = 0.07  # width of the ring around the selected point, of the larger side


def embedding(
    found: Embedding,
    thumbnails: Mapping[str, str] = MappingProxyType({}),
    selected: str | None = None,
    narrow: bool = False,
    notes: Mapping[str, str] = MappingProxyType({}),
    heading: bool = True,
) -> go.Figure:
    """The map of the features.

    `customdata` of a clicked point: [id of the image].

    Args:
        thumbnails: data URIs by id, drawn over the points of those images; the fewer points, the larger.
        selected: id of the image that is marked.
        narrow: for narrow screens: lower, without the legend, whose facts the hover texts say, too.
        notes: what else the hover text says of an image, by id.
        heading: whether what the map keeps of the features is its title.
    """
    low, high = found.points.min(axis=0), found.points.max(axis=0)
    reach = float((high - low).max()) or 1.0
    place = {one: row for row, one in enumerate(found.ids)}
    side = reach * next(side for most, side in THUMBNAILS.items() if len(found.ids) <= most)
    images = [_thumbnail(found.points[place[one]], source, side) for one, source in thumbnails.items() if one in place]
    marks = [] if selected not in place else [_mark(found.points[place[selected]], reach)]
    axis: dict[str, Any] = {"showgrid": True, "gridcolor": tint("#808a9c", 0.18), "zeroline": False, "automargin": True}
    titles = [f"{found.title} {number}" for number in (1, 2)]
    if found.explained is None:
        axis["showticklabels"] = False
    else:
        titles = [f"component {number} ({share:.1%})" for number, share in enumerate(found.explained, start=1)]
    ends = [[a - MARGIN * reach, b + MARGIN * reach] for a, b in zip(low.tolist(), high.tolist(), strict=True)]
    ends[1][1] += side if images else 0
    title = {"text": found.formula().replace("; ", " · "), "font": {"size": 12}, "x": 0, "xanchor": "left"}
    return figure(
        _groups(found, notes), HEIGHT[narrow], images=images, shapes=marks, showlegend=not narrow,
        title=title if heading else None, margin={"l": 8, "r": 8, "t": 34 if heading else 8, "b": 8},
        clickmode="event+select", legend={"itemsizing": "constant"},
        xaxis={**axis, "title": {"text": titles[0]}, "range": ends[0], "constrain": "domain"},
        yaxis={**axis, "title": {"text": titles[1]}, "range": ends[1], "scaleanchor": "x", "scaleratio": 1},
    )  # fmt: skip


def _groups(found: Embedding, notes: Mapping[str, str]) -> list[go.Scatter]:
    """One trace for each role and class that there is."""
    roles = np.array(found.roles)
    others = len(np.unique(found.labels[roles == "other"]))
    traces = []
    for role in ORDER:
        for of_class in range(-1, len(found.class_names)):
            rows = np.flatnonzero((roles == role) & (found.labels == of_class))
            if len(rows):
                group = _group(found, rows, (role, of_class), notes)
                traces.append(group.update(showlegend=role != "other" or others <= LISTED))
    return traces


def _group(found: Embedding, rows: np.ndarray, which: tuple[Role, int], notes: Mapping[str, str]) -> go.Scatter:
    role, of_class = which
    colour, symbol = look(of_class)
    class_name = "class unknown" if of_class < 0 else label(found.class_names[of_class], 40)
    shown = {"marker": {"opacity": OPACITY[role]}}
    return go.Scatter(
        x=found.points[rows, 0], y=found.points[rows, 1], mode="markers", name=f"{class_name}, {WORDS[role]}",
        customdata=[[found.ids[row]] for row in rows], selected=shown, unselected=shown,
        hovertext=[
            f"<b>{label(found.names[row])}</b><br>{class_name}<br>{WORDS[role]}"
            + (f"<br>{label(notes[found.ids[row]])}" if found.ids[row] in notes else "")
            for row in rows
        ],
        hovertemplate="%{hovertext}<extra></extra>",
        marker={"color": colour, "symbol": f"{symbol}-open" if role == "query" else symbol, "size": SIZE[role],
                "opacity": OPACITY[role], "line": {"width": 2.5 if role == "query" else 0, "color": colour}},
    )  # fmt: skip


def look(of_class: int) -> tuple[str, str]:
    """Colour and symbol of a class; no two of 64 classes share both. -1 = unknown."""
    if of_class < 0:
        return QUIET, "circle"
    return COLOURS[of_class % len(COLOURS)], MARKERS[(of_class + of_class // len(COLOURS)) % len(MARKERS)]


def _thumbnail(point: np.ndarray, source: str, side: float) -> dict[str, Any]:
    """A picture that stands on a point."""
    place = {"x": point[0], "y": point[1], "xref": "x", "yref": "y", "xanchor": "center", "yanchor": "bottom"}
    return {"source": source, **place, "sizex": side, "sizey": side, "layer": "below"}


def _mark(point: np.ndarray, reach: float) -> dict[str, Any]:
    """A ring around the selected point."""
    radius = RING * reach / 2
    (x, y), line = point.tolist(), {"color": WARM, "width": 2.5}
    return {"type": "circle", "x0": x - radius, "x1": x + radius, "y0": y - radius, "y1": y + radius, "line": line}
