"""Heat maps over their picture: one to be looked into cell by cell, or alone, many to be compared."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
import plotly.graph_objects as go

from fsl_core.figures.panes import BELOW, BESIDE, ROW, SIDE, Pane, outline, picture, plane, tiled
from fsl_core.figures.theme import (
    INK,
    PAPER,
    SIGNED,
    UNSIGNED,
    WARM,
    colour_bar,
    label,
    signed_range,
    tint,
    unsigned_range,
    wrapped,
)
from fsl_core.records import Regions, Saliency, cells

FAULT_LINE = 34  # characters of a fault in one line over the picture
SMALL_FAULT_LINE = 22
BAR_LINE = 34  # characters beside the colour bar
BAR_BELOW = {"orientation": "h", "x": 0.5, "y": 0, "yanchor": "top", "len": 0.9, "title_side": "bottom"}
FOOT = 70  # pixels that it takes
TERMS = 3  # of a sum that are written out
SHOWS = {"positive": "speaks for it", "negative": "speaks against it", "absolute": "either way", "all": ""}
POINTED = 28  # places along a side that can be clicked: of a finer map, each stands for several cells
COLUMNS = {False: 6, True: 2}  # small maps in a row
SMALL = {False: 190, True: 165}  # of a small map in pixels
TITLE = 25  # characters over a small map
MORE = 0.1  # sides of a small map: above the first row for its titles, below the last one for its verdicts
CLIPPED = 0.99  # of the values of a fine map lie within its colour scale
WHOLE = Regions(cells(1, 1))


class Judged(NamedTuple):
    """A map to be compared with others, and what to think of it in two words."""

    record: Saliency
    verdict: str


def saliency(record: Saliency, selected: tuple[int, int] | None = None, narrow: bool = False) -> go.Figure:
    """The picture, and beside it (narrow: below it) the map over its grey pixels: orange for, blue against the target.

    Each cell of the method's own grid is drawn as it is; the selected one is framed. In a fine map the largest values
    share one colour. A map that shows nothing is replaced by the reason. `customdata` of a clicked place: row, column,
    value.
    """
    left, top = (0.0, 1 + BELOW) if narrow else (1 + BESIDE / 5, 0.0)
    shown = (
        Pane("query", record.image, WHOLE, "Picture"),
        Pane("query", record.image, WHOLE, label(record.title, 40), left, top),
    )
    images = [picture(shown[0]), picture(shown[1], grey=True)]
    if record.fault:
        note = _reason(record.fault, shown[1], FAULT_LINE)
        return plane(shown, [], [], SIDE[narrow], images=images, annotations=[note])
    bar = colour_bar(wrapped(record.unit, BAR_LINE))
    traces = [_heat(record, shown[1], {**bar, **BAR_BELOW} if narrow else bar)]
    traces += [_targets(record, pane) for pane in shown]
    frames = [frame for pane in shown for frame in _frames(record, pane, selected)] if selected else []
    drawn = plane(shown, traces, frames, SIDE[narrow], images=images, clickmode="event+select")
    return drawn.update_layout(height=drawn.layout.height + FOOT, margin={"b": FOOT}) if narrow else drawn


def overlay(record: Saliency, selected: tuple[int, int] | None = None, narrow: bool = False) -> go.Figure:
    """The map over its grey picture, alone; the selected cell is framed.

    A map that shows nothing is replaced by the reason. `customdata` of a clicked place: row, column, value.
    """
    pane = Pane("query", record.image, WHOLE, label(record.title, 40))
    traces, notes = ([], [_reason(record.fault, pane, FAULT_LINE)]) if record.fault else ([_heat(record, pane)], [])
    traces.append(_targets(record, pane))
    frames = _frames(record, pane, selected) if selected else []
    images = [picture(pane, grey=True)]
    return plane([pane], traces, frames, SIDE[narrow], images=images, annotations=notes, clickmode="event+select")


def saliencies(maps: Sequence[Judged], narrow: bool = False) -> go.Figure:
    """Maps of one picture by several methods, each on a colour scale of its own, with the verdict below.

    `customdata` of a clicked map: its place in the sequence.
    """
    pictures = [(label(one.record.title, TITLE), one.record.image, WHOLE) for one in maps]
    stretched = 1 + MORE / (1 + ROW)  # room for the verdicts between rows
    shown = [
        replace(pane, top=pane.top * stretched) for pane in tiled(pictures, "query", min(COLUMNS[narrow], len(maps)))
    ]
    traces: list[Any] = []
    notes = []
    for place, (one, pane) in enumerate(zip(maps, shown, strict=True)):
        if one.record.fault:
            notes.append(_reason(one.record.fault, pane, SMALL_FAULT_LINE))
        else:
            traces.append(_heat(one.record, pane))
        traces.append(_whole(one, pane, place))
        notes.append({"x": pane.left + 0.5, "y": pane.top + 1.01, "text": label(one.verdict, TITLE), "yanchor": "top",
                      "showarrow": False, "font": {"size": 12}})  # fmt: skip
    images = [picture(pane, grey=True) for pane in shown]
    drawn = plane(shown, traces, [], SMALL[narrow], images=images, annotations=notes, clickmode="event+select")
    low, high = drawn.layout.yaxis.range
    drawn.layout.yaxis.range = (low + MORE, high - MORE)
    return drawn.update_layout(height=drawn.layout.height + round(2 * MORE * SMALL[narrow]))


def saliency_formula(record: Saliency, row: int, column: int) -> str:
    """How the value of a cell comes about, and what all values add up to, with their numbers, as Markdown."""
    value, here = record.values[row, column], f"**value** at row {row}, column {column} = "
    if record.products:
        terms = record.products.at(row, column)
        rest = sum(term.product for term in terms[TERMS:])
        parts = [f"{_factor(term.left)} · {_factor(term.right)} *({term.name})*" for term in terms[:TERMS]]
        parts += [f"{_factor(rest)} *({len(terms) - TERMS} others)*"] if len(terms) > TERMS else []
        first = f"{here}Σ {' · '.join(record.products.factors)} = {' + '.join(parts)} = **{value:.4g}**"
    elif record.method == "occlusion":
        first = (
            f"{here}score − mean score while a square covers it = {record.score:.4g} − {record.score - value:.4g} = "
            f"**{value:+.4g}**"
        )
    else:
        first = f"{here}**{value:.4g}**; times {record.values.size} regions = {value * record.values.size:.3f}"
    return f"{first}\n\n{_whole_sum(record)}"


def _factor(number: float) -> str:
    return f"{number:.3g}" if number >= 0 else f"(−{-number:.3g})"


def _whole_sum(record: Saliency) -> str:
    total, count = float(record.values.sum()), record.values.size
    if record.residual is not None:
        return (
            f"**Σ** of all {count:,} values = {total:.4f}; {record.total} = {total + record.residual:.4f}, residual "
            f"{record.residual:.1g}"
        )
    if not record.signed:
        return f"**Σ** of all {count:,} values = {total:.6f}"
    return (
        "No identity ties the sum of this map to the score, so there is no residual: it says which places count more "
        "than others."
    )


def is_fine(record: Saliency) -> bool:
    """Whether a map has more cells than can be clicked one by one."""
    return record.values.size > POINTED**2


def _heat(record: Saliency, pane: Pane, bar: dict[str, Any] | None = None) -> go.Heatmap:
    """The cells of a map; what they say when pointed at is the matter of `_targets`."""
    values = record.shown
    rows, columns = values.shape
    signed = record.signed and record.sign == "all"
    if is_fine(record):  # a few pixels stand out so far that the others would not be seen
        most = float(np.quantile(np.abs(values), CLIPPED)) or float(np.abs(values).max())
        values = values.clip(-most, most)
    low, high = signed_range(values) if signed else unsigned_range(values)
    return go.Heatmap(
        z=values, x=np.linspace(pane.left, pane.left + 1, columns + 1), y=np.linspace(pane.top, pane.top + 1, rows + 1),
        zmin=low, zmax=high, colorscale=SIGNED if signed else UNSIGNED, opacity=0.8, hoverinfo="skip",
        **({"colorbar": bar} if bar else {"showscale": False}),
    )  # fmt: skip


def _targets(record: Saliency, pane: Pane) -> go.Scatter:
    """Invisible squares over the cells, or over every few of them, that can be pointed at and clicked."""
    rows, columns = record.values.shape
    down, across = min(rows, POINTED), min(columns, POINTED)
    row, column = (
        part.ravel() for part in np.indices((down, across)) * np.array([rows / down, columns / across])[:, None, None]
    )
    row, column = (row + rows / down / 2).astype(int), (column + columns / across / 2).astype(int)
    values = record.shown[row, column]
    signed = record.signed and record.sign == "all"
    what = SHOWS[record.sign] if record.signed else ""
    lines = [f"<b>{label(record.title)}</b>", f"%{{customdata[2]:{'+' if signed else ''}.3g}}, {label(record.unit)}"]
    lines += [f"row %{{customdata[0]}}, column %{{customdata[1]}} of {rows} × {columns}", *([what] if what else [])]
    unseen = {"marker": {"opacity": 0.01}}
    return go.Scatter(
        x=pane.left + (column + 0.5) / columns, y=pane.top + (row + 0.5) / rows, mode="markers", name=pane.title,
        customdata=[list(one) for one in zip(row.tolist(), column.tolist(), values.tolist(), strict=True)],
        marker={"symbol": "square", "size": max(2, min(22, round(150 / max(down, across)))), "opacity": 0.01,
                "color": PAPER},
        selected=unseen, unselected=unseen, hovertemplate="<br>".join(lines) + "<extra></extra>",
    )  # fmt: skip


def _whole(one: Judged, pane: Pane, place: int) -> go.Scatter:
    """An invisible square over all of a small map."""
    record, unseen = one.record, {"marker": {"opacity": 0.01}}
    row, column = record.strongest
    said = record.fault or f"strongest at row {row}, column {column}: {record.shown[row, column]:.3g}, {record.unit}"
    hover = f"<b>{label(record.title)}</b><br>{wrapped(said, 44)}<br>{label(one.verdict)}"
    return go.Scatter(
        x=[pane.left + 0.5], y=[pane.top + 0.5], mode="markers", customdata=[[place]], hovertext=[hover],
        hovertemplate="%{hovertext}<extra></extra>", selected=unseen, unselected=unseen,
        marker={"symbol": "square", "size": 150, "opacity": 0.01, "color": PAPER},
    )  # fmt: skip


def _frames(record: Saliency, pane: Pane, selected: tuple[int, int]) -> list[dict[str, Any]]:
    """The border of a cell, or around one that is too small to be seen."""
    rows, columns = record.values.shape
    (row, column), half = selected, 0.5 / POINTED
    y, x = (row + 0.5) / rows, (column + 0.5) / columns
    high, wide = max(half, 0.5 / rows), max(half, 0.5 / columns)
    framed = replace(pane, regions=Regions(np.array([(y - high, x - wide, y + high, x + wide)]), ("framed",)))
    return [outline(framed, 0, colour, width) for colour, width in ((INK, 6.0), (PAPER, 4.0), (WARM, 2.0))]


def _reason(fault: str, pane: Pane, line: int) -> dict[str, Any]:
    """A fault in the middle of a pane."""
    return {
        "x": pane.left + 0.5, "y": pane.top + 0.5, "text": wrapped(fault, line), "showarrow": False,
        "font": {"color": PAPER, "size": 13 if line == FAULT_LINE else 11}, "bgcolor": tint(INK, 0.75), "borderpad": 6,
    }  # fmt: skip
