"""What each support image does to the answers: ranked for one query, and for all of them."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go
from jaxtyping import Float

from fsl_core.figures.theme import COOL, INK, PAPER, QUIET, SIGNED, WARM, colour_bar, figure, label, signed_range
from fsl_core.records import Influence, Measure

UNITS: dict[Measure, str] = {"probability": "percentage points", "margin": "logit"}
FACTOR: dict[Measure, float] = {"probability": 100.0, "margin": 1.0}
LONGEST = {False: 60, True: 32}  # characters of a name over its bar, on wide and on narrow screens
SHORTER = {False: 24, True: 13}  # of the answer beside it
CELL = {False: 28, True: 14}  # of a name beside the matrix
PICTURE = {False: 0.08, True: 0.14}  # of the width of the bars' figure
BAR, LINE = 50, 26  # pixels of a row of the bars and of a line of the matrix
UP, DOWN = 0.22, 0.2  # of a row: from its middle to the name and to the bar
MOST = 25  # bars


def influence_bars(
    record: Influence,
    query: int,
    measure: Measure = "probability",
    pictures: Sequence[str] = (),
    selected: int | None = None,
    narrow: bool = False,
) -> go.Figure:
    """What each support image adds to the answer to one query (orange) or takes from it (blue), the largest on top.

    Without an image that is marked by its new answer, the answer would be another one. Where the margin becomes
    infinite, because a class goes with its only image, the bar ends at the frame. `customdata` of a clicked point: its
    image.

    Args:
        pictures: addresses of small pictures of the support images, shown beside their bars; none for no pictures.
        selected: support image that is marked.
        narrow: shorter names, for narrow screens.
    """
    order = record.ranked(query, measure)[:MOST]
    rows, images = range(len(order)), order.tolist()
    values = FACTOR[measure] * record.on_answer(measure)[order, query]
    finite = np.abs(values[np.isfinite(values)])
    limit = 1.15 * float(finite.max(initial=0.0)) or 1.0
    colours = [WARM if value >= 0 else COOL for value in values]
    bars = go.Bar(
        x=values.clip(-limit, limit), y=[row + DOWN for row in rows], orientation="h", width=0.34,
        marker={"color": colours, "line": {"width": 0}}, hoverinfo="skip", selected=_as(1), unselected=_as(1),
    )  # fmt: skip
    lines = go.Bar(  # a short bar is no target for a finger
        x=[2 * limit] * len(rows), base=-limit, y=list(rows), orientation="h", width=1,
        customdata=[[image] for image in images],
        marker={"color": INK, "opacity": 0.01}, selected=_as(0.01), unselected=_as(0.01),
        hovertext=[_said(record, image, query) for image in images], hovertemplate="%{hovertext}<extra></extra>",
    )  # fmt: skip
    edge = (PICTURE[narrow] + 0.02) if pictures else 0.0
    zero = "".join(f"M0,{row + DOWN - 0.2}V{row + DOWN + 0.2}" for row in rows)
    marks: list[dict[str, Any]] = [{"type": "path", "path": zero, "line": {"color": QUIET, "width": 1.5}}]
    if selected in images:
        row = images.index(selected)
        marks.append({"type": "rect", "xref": "paper", "x0": 0, "x1": 1, "y0": row - 0.48, "y1": row + 0.48,
                      "line": {"color": WARM, "width": 2}})  # fmt: skip
    answer, gap = label(record.class_names[record.answers[query]], 18), "<br>" if narrow else " "
    unit = f"adds to the {measure} of {answer}{gap}({UNITS[measure]})"
    return figure(
        [bars, lines], 60 + BAR * len(order), barmode="overlay", shapes=marks,
        annotations=_names(record, images, query, (edge, narrow)),
        images=[{"source": pictures[image], "xref": "paper", "yref": "y", "x": 0.004, "y": row - 0.44,
                 "sizex": PICTURE[narrow], "sizey": 0.88, "sizing": "contain", "xanchor": "left", "yanchor": "top"}
                for row, image in enumerate(images if pictures else [])],
        xaxis={"title": {"text": unit, "font": {"size": 13}}, "range": [-limit, limit], "zeroline": False,
               "domain": [edge, 1], "automargin": True},
        yaxis={"range": [len(order) - 0.5, -0.5], "visible": False, "fixedrange": True},
    )  # fmt: skip


def _names(record: Influence, images: Sequence[int], query: int, look: tuple[float, bool]) -> list[dict[str, Any]]:
    """The images' names above their bars and, where the answer flips, the new answer at the right."""
    edge, narrow = look
    new, flips = record.answers_without[:, query], record.flips[:, query]
    notes: list[dict[str, Any]] = []
    for row, image in enumerate(images):
        length = LONGEST[narrow] - (SHORTER[narrow] if flips[image] else 0)
        place = {"xref": "paper", "y": row - UP, "showarrow": False, "yanchor": "middle"}
        name = label(record.support_names[image], length)
        notes.append({**place, "x": edge + 0.005, "xanchor": "left", "text": name, "font": {"size": 12}})
        if flips[image]:
            answer = f"→ {label(record.class_names[new[image]], SHORTER[narrow])}"
            notes.append({**place, "x": 0.995, "xanchor": "right", "text": answer, "bgcolor": WARM,
                          "font": {"color": INK, "size": 12}})  # fmt: skip
    return notes


def influence_matrix(
    record: Influence,
    measure: Measure = "probability",
    shown: tuple[Sequence[int], Sequence[int]] | None = None,
    selected: tuple[int, int] | None = None,
    narrow: bool = False,
) -> go.Figure:
    """What each support image (row) adds to the answer to each query (column); a cross where the answer flips.

    Values that are infinite are drawn as the largest ones. `customdata` of a clicked point: support image, query.

    Args:
        shown: the support images and the queries to show; None = all.
        selected: support image and query that are marked.
        narrow: shorter names, for narrow screens.
    """
    images, queries = shown or (range(len(record.support_names)), range(len(record.query_names)))
    values = FACTOR[measure] * record.on_answer(measure)
    low, high = signed_range(np.where(np.isfinite(values), values, 0.0))
    heat = go.Heatmap(
        z=values[np.ix_(images, queries)].clip(low, high), zmin=low, zmax=high, colorscale=SIGNED, xgap=1, ygap=1,
        colorbar=colour_bar(UNITS[measure]), hoverinfo="skip",
    )  # fmt: skip
    cells = [(row, column) for row in range(len(images)) for column in range(len(queries))]
    flipped = [(row, column) for row, column in cells if record.flips[images[row], queries[column]]]
    crosses = go.Scatter(
        x=[column for _, column in flipped], y=[row for row, _ in flipped], mode="markers", hoverinfo="skip",
        marker={"symbol": "x", "size": 10, "color": PAPER, "line": {"color": INK, "width": 1.5}},
        unselected=_as(1),
    )  # fmt: skip
    targets = go.Scatter(
        x=[column for _, column in cells], y=[row for row, _ in cells], mode="markers",
        customdata=[(images[row], queries[column]) for row, column in cells],
        marker={"symbol": "square", "size": LINE - 4, "opacity": 0.01, "color": INK}, selected=_as(0.01),
        unselected=_as(0.01), hovertext=[_said(record, images[row], queries[column]) for row, column in cells],
        hovertemplate="%{hovertext}<extra></extra>",
    )  # fmt: skip
    supports, asked = (
        [label(names[one], CELL[narrow]) for one in rows]
        for names, rows in ((record.support_names, images), (record.query_names, queries))
    )
    marks = [
        _mark(row, column, *look)
        for row, column in cells
        if selected == (images[row], queries[column])
        for look in ((INK, 5), (PAPER, 2))
    ]
    look = {"showgrid": False, "zeroline": False, "automargin": True, "tickmode": "array"}
    return figure(
        [heat, crosses, targets], 140 + LINE * len(images), shapes=marks,
        xaxis={**look, "tickvals": list(range(len(queries))), "ticktext": asked, "tickangle": -60},
        yaxis={**look, "tickvals": list(range(len(images))), "ticktext": supports, "autorange": "reversed"},
    )  # fmt: skip


def _as(opacity: float) -> dict[str, Any]:
    """The look of a marker or a bar whether something is selected or not."""
    return {"marker": {"opacity": opacity}}


def _mark(row: int, column: int, colour: str, width: float) -> dict[str, Any]:
    place = {"x0": column - 0.5, "x1": column + 0.5, "y0": row - 0.5, "y1": row + 0.5}
    return {"type": "rect", **place, "line": {"color": colour, "width": width}}


def influence_formula(record: Influence, image: int, query: int) -> str:
    """What one support image does to the answer to one query, with the numbers, as Markdown.

    Names that people gave are left out: the answer is "the answer".
    """
    points = 100 * float(record.on_answer("probability")[image, query])
    answer = record.answers[query]
    before, after = float(record.logits[query, answer]), float(record.without[image, query, answer])
    if np.isnan(after):
        return f"Without this image its class, which is the answer, is gone, and with it all of its **{points:.1f} %**."
    logit = f"**logit** of the answer with it − without it = {before:.4f} − {after:.4f} = **{before - after:+.4f}**"
    margin = _margin(record, image, query)
    return f"{logit}; its probability: **{points:+.1f} percentage points**; its margin: **{margin}**"


def _margin(record: Influence, image: int, query: int) -> str:
    margin = float(record.on_answer("margin")[image, query])
    return f"{margin:+.4f}" if np.isfinite(margin) else "without bound, as no other class is left"


def _said(record: Influence, image: int, query: int) -> str:
    """What one pair of a support image and a query says when pointed at."""
    answer, new = record.answers[query], record.answers_without[image, query]
    own = label(record.class_names[record.support_labels[image]], 40)
    lines = [f"<b>{label(record.support_names[image], 40)}</b> ({own})"]
    lines.append(f"query {label(record.query_names[query], 40)}: {label(record.class_names[answer], 40)}")
    points = 100 * float(record.on_answer("probability")[image, query])
    lines.append(f"adds {points:+.2f} percentage points to its probability")
    effect = _known(record.effect[image, query])
    lines += [f"adds {value:+.4f} to the logit of {label(record.class_names[row], 40)}" for row, value in effect]
    if record.removes_class[image]:
        lines.append(f"without it the class {own} is gone")
    if record.flips[image, query]:
        lines.append(f"<b>without it: {label(record.class_names[new], 40)}</b>")
    return "<br>".join(lines)


def _known(effect: Float[np.ndarray, " n_way"]) -> list[tuple[int, float]]:
    """The classes whose logits change the most, at most three, and by how much."""
    order = [int(row) for row in np.argsort(-np.nan_to_num(np.abs(effect)), kind="stable")]
    return [(row, float(effect[row])) for row in order[:3] if np.isfinite(effect[row]) and effect[row] != 0]
