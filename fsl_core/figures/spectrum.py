"""How features spread: spectra of several backbones, the ends of a component, and its map over an image."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go
from jaxtyping import Float, UInt8

from fsl_core.figures.panes import Pane, outline, picture, plane, targets
from fsl_core.figures.rows import ACROSS, Row, Tile, rows_of_pictures
from fsl_core.figures.shots import COLOURS, DASHES, MARKERS
from fsl_core.figures.theme import COOL, INK, QUIET, SIGNED, WARM, colour_bar, figure, label, signed_range, tint
from fsl_core.records import Component, ComponentMap, Regions, Spectrum

HEIGHT = 340  # of the curves, in pixels
LINE = 28  # of the table
LEAST = 1e-6  # of the largest singular value; what is below is rounding, and has no place on a logarithmic axis
MARKS = 12  # markers along a curve
SHARES = 190  # height of the bars, in pixels
OVERLAY = 0.9  # strength of the strongest colour over a small picture
CLICKS: dict[str, Any] = {"clickmode": "event+select"}


def spectra(
    found: Sequence[Spectrum], narrow: bool = False, table: bool = True, selected: int | None = None
) -> go.Figure:
    """Cumulative share of the variance and singular values (logarithmic) by component, and a table, for each backbone.

    Singular values are divided by the largest one of their backbone, so that backbones can be compared. `customdata` of
    a clicked point: [number of the component, from 1].

    Args:
        narrow: for narrow screens, with the curves below each other.
        table: whether the numbers of each backbone stand below the curves.
        selected: number of a component that is marked, from 1.
    """
    rows = LINE * (len(found) + 2.5) if table else 0.0
    curves = (2 if narrow else 1) * HEIGHT
    low = rows / (rows + curves)
    middle = low + (1 - low) / 2
    traces = [curve for row, one in enumerate(found) for curve in _curves(row, one)]
    look = {"showgrid": True, "gridcolor": tint("#808a9c", 0.18), "zeroline": False, "automargin": True}
    along = {**look, "title": {"text": "component"}, "type": "log", **_ticks(1, 10**5)}
    left, right = ((0, 1), (0, 1)) if narrow else ((0, 0.46), (0.54, 1))
    upper = (middle + 0.07, 1.0) if narrow else (low + 0.1, 1.0)
    lower = (low + 0.07, middle - 0.03) if narrow else upper
    quantities = " / ".join(dict.fromkeys(one.quantity for one in found))
    tables = [_table(found, low)] if table else []
    mark = {"type": "line", "x0": selected, "x1": selected, "y0": 0, "y1": 1, "line": {"color": WARM, "width": 2}}
    marks = [{**mark, "xref": f"x{one}", "yref": f"y{one} domain"} for one in ("", "2")] if selected else []
    return figure(
        [*traces, *tables], round(rows + curves), showlegend=True, shapes=marks, clickmode="event+select",
        legend={"orientation": "h", "yanchor": "bottom", "y": 1.01, "xanchor": "left", "x": 0},
        xaxis={**along, "domain": left, "anchor": "y"}, xaxis2={**along, "domain": right, "anchor": "y2"},
        yaxis={**look, "domain": upper, "range": [0, 102], "title": {"text": f"cumulative {quantities} (%)"}},
        yaxis2={**look, "domain": lower, "anchor": "x2", "type": "log", **_ticks(LEAST, 1),
                "title": {"text": "singular value / largest"},
                "exponentformat": "power"},
    )  # fmt: skip


def _ticks(low: float, high: float) -> dict[str, Any]:
    """1, 2 and 5 of every power of ten from `low` to `high`, for a logarithmic axis."""
    powers = range(round(np.log10(low)), round(np.log10(high)) + 1)
    values = [first * 10.0**power for power in powers for first in (1, 2, 5) if first * 10.0**power <= high]
    return {"tickvals": values, "ticktext": [f"{value:g}" for value in values]}


def _curves(row: int, one: Spectrum) -> list[go.Scatter]:
    """Both curves of a backbone, with one entry in the legend."""
    colour, name = COLOURS[row % len(COLOURS)], label(one.name, 40)
    number = np.arange(1, len(one.singular_values) + 1)
    seen = one.singular_values > LEAST * one.singular_values[0]
    marked = np.unique(np.geomspace(1, len(number), MARKS).round().astype(int)) - 1
    size = np.zeros(len(number))
    size[marked] = 7
    look: dict[str, Any] = {
        "mode": "lines+markers", "legendgroup": str(row), "name": name,
        "line": {"color": colour, "width": 2.5, "dash": DASHES[row % len(DASHES)]},
    }  # fmt: skip
    marker = {"color": colour, "symbol": MARKERS[row % len(MARKERS)], "line": {"width": 0}, "opacity": 1}
    unfaded = {"marker": {"opacity": 1}}
    look |= {"selected": unfaded, "unselected": unfaded}
    keys = number[:, None]
    return [
        go.Scatter(
            x=number, y=100 * one.cumulative, marker={**marker, "size": size}, customdata=keys, **look,
            hovertemplate=f"<b>{name}</b><br>the first %{{x}} components: %{{y:.2f}} % of the {one.quantity}"
                          "<extra></extra>",
        ),
        go.Scatter(
            x=number[seen], y=one.singular_values[seen] / one.singular_values[0], xaxis="x2", yaxis="y2", **look,
            marker={**marker, "size": size[seen]}, customdata=keys[seen], showlegend=False,
            hovertext=[f"{value:.4g}" for value in one.singular_values[seen]],
            hovertemplate=f"<b>{name}</b><br>component %{{x}}: singular value %{{hovertext}}, %{{y:.2g}} of the largest"
                          "<extra></extra>",
        ),
    ]  # fmt: skip


def _table(found: Sequence[Spectrum], height: float) -> go.Table:
    """The numbers of each backbone, below the curves."""
    heads = ["backbone", "effective rank", "components for 90 / 95 / 99 %", "Davies-Bouldin", "within / between"]
    columns = [
        [label(one.name, 40) for one in found],
        [f"{one.effective_rank:.1f} of {len(one.singular_values)}" for one in found],
        [" / ".join(str(one.components(share)) for share in (0.90, 0.95, 0.99)) for one in found],
        ["–" if one.davies_bouldin is None else f"{one.davies_bouldin:.3f}" for one in found],
        ["–" if one.distance_ratio is None else f"{one.distance_ratio:.3f}" for one in found],
    ]
    plain = {"align": "left", "fill": {"color": "rgba(0, 0, 0, 0)"}, "line": {"color": tint("#808a9c", 0.4)}}
    return go.Table(
        domain={"x": [0, 1], "y": [0, max(0.01, height - 0.02)]}, columnwidth=[1.6, 1, 1.3, 1, 1],
        header={**plain, "values": [f"<b>{head}</b>" for head in heads], "height": LINE},
        cells={**plain, "values": columns, "height": LINE},
    )  # fmt: skip


def shares(explained: Float[np.ndarray, " components"], selected: int) -> go.Figure:
    """Share of the variance along each of the first components; one of them, counted from 0, is chosen.

    `customdata` of a clicked bar: [number of the component, from 1].
    """
    number = np.arange(1, len(explained) + 1)
    unfaded = {"marker": {"opacity": 1}}
    bars = go.Bar(
        x=number, y=100 * explained, customdata=number[:, None], selected=unfaded, unselected=unfaded,
        marker={"color": [WARM if one == selected else QUIET for one in range(len(number))]},
        hovertemplate="component %{x}: %{y:.2f} %<extra></extra>",
    )  # fmt: skip
    axis = {"showgrid": False, "zeroline": False, "automargin": True}
    return figure(
        [bars], SHARES, clickmode="event+select", xaxis={**axis, "title": {"text": "component"}, "dtick": 1},
        yaxis={**axis, "title": {"text": "share (%)"}, "rangemode": "tozero", "nticks": 4},
    )  # fmt: skip


def component(found: Component, narrow: bool = False, maps: Sequence[ComponentMap] = ()) -> go.Figure:
    """The images with the highest coordinates on a principal component, and those with the lowest.

    `customdata` of a clicked point: row of the data set.

    Args:
        narrow: for narrow screens, with fewer pictures in a line.
        maps: of the component on each of these images, which are then shown below them; on narrow screens in one line
            each, for the outermost images.
    """
    ends = [("Highest", slice(found.low, None), -1), ("Lowest", slice(0, found.low), 1)]
    limit = signed_range(np.concatenate([one.values for one in maps]))[1] if maps else 1.0
    overlaid = [_overlaid(one, limit) for one in maps]
    rows = []
    for end, part, step in ends:
        places = range(len(found.rows))[part][::step]
        places = places[: ACROSS[True]] if narrow and maps else places
        rows.append(Row(f"{end} on component {found.number + 1} ({found.share:.1%})", _tiles(found, places)))
        if maps:
            shown = zip(places, rows[-1].tiles, strict=True)
            again = [tile._replace(image=overlaid[place], caption="") for place, tile in shown]
            rows.append(Row("where they are high (orange) and low (blue)", again))
    return rows_of_pictures([row for row in rows if row.tiles], narrow)


def _tiles(found: Component, places: Sequence[int]) -> list[Tile]:
    """The images at some places of the record, with coordinate and class."""
    tiles = []
    for place in places:
        at, of_class = float(found.coordinates[place]), int(found.labels[place])
        name = "class unknown" if of_class < 0 else found.class_names[of_class]
        hover = f"coordinate {at:+.4f} on component {found.number + 1}"
        tiles.append(
            Tile(
                found.images[place], np.array([0.0, 0.0, 1.0, 1.0]), f"{at:+.3f}<br>{label(name, 14)}",
                f"<b>{label(found.names[place])}</b><br>{label(name)}<br>{hover}", [int(found.rows[place])],
            )
        )  # fmt: skip
    return tiles


def _overlaid(found: ComponentMap, limit: float) -> UInt8[np.ndarray, "side side 3"]:
    """The grey pixels of an image under the colours of its map."""
    side, (rows, columns) = found.image.shape[0], Regions(found.boxes).grid or (len(found.values), 1)
    at = np.arange(side)
    values = found.values.reshape(rows, columns)[np.ix_(at * rows // side, at * columns // side)][..., None] / limit
    grey = found.image.mean(axis=2, keepdims=True)
    warm, cool = (np.array([int(colour[start : start + 2], 16) for start in (1, 3, 5)]) for colour in (WARM, COOL))
    strength = OVERLAY * np.abs(values).clip(0, 1)
    return ((1 - strength) * grey + strength * np.where(values > 0, warm, cool)).round().astype(np.uint8)


def component_map(found: ComponentMap, title: str = "", node: int | None = None, least: float = 0.0) -> go.Figure:
    """Where an image lies high (orange) or low (blue) on a principal component, over its grey pixels.

    `customdata` of a clicked point: [side, cell].

    Args:
        title: empty = the component and its share.
        node: a cell that is framed.
        least: magnitude that the colours reach at least, to compare maps.
    """
    title = label(title, 40) or f"Component {found.number + 1} ({found.share:.1%})"
    pane = Pane("query", found.image, Regions(found.boxes), title)
    rows, columns = pane.regions.grid or (len(pane.nodes), 1)
    low, high = signed_range(found.values, least)
    heat = go.Heatmap(
        z=found.values.reshape(rows, columns), x=np.linspace(0, 1, columns + 1), y=np.linspace(0, 1, rows + 1),
        zmin=low, zmax=high, colorscale=SIGNED, colorbar=colour_bar("coordinate of the cell"), opacity=0.8,
        hoverinfo="skip",
    )  # fmt: skip
    hovers = [
        f"<b>{pane.name(node).capitalize()}</b><br>coordinate {found.values[node]:+.4f}<br>"
        f"image, the mean of all: {found.coordinate:+.4f}"
        for node in pane.nodes
    ]
    frame = [] if node is None else [outline(pane, node, colour, width) for colour, width in ((INK, 5.0), (WARM, 3.0))]
    return plane((pane,), [heat, targets(pane, hovers)], frame, images=[picture(pane, grey=True)], **CLICKS)
