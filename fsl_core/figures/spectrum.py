"""How features spread: spectra of several backbones, the ends of a component, and its map over an image."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go

from fsl_core.figures.panes import Pane, picture, plane, targets
from fsl_core.figures.rows import Row, Tile, rows_of_pictures
from fsl_core.figures.shots import COLOURS, DASHES, MARKERS
from fsl_core.figures.theme import SIGNED, colour_bar, figure, label, signed_range, tint
from fsl_core.records import Component, ComponentMap, Regions, Spectrum

HEIGHT = 340  # of the curves, in pixels
LINE = 28  # of the table
LEAST = 1e-6  # of the largest singular value; what is below is rounding, and has no place on a logarithmic axis
MARKS = 12  # markers along a curve


def spectra(found: Sequence[Spectrum], narrow: bool = False) -> go.Figure:
    """Cumulative share of the variance and singular values (logarithmic) by component, and a table, for each backbone.

    Args:
        narrow: for narrow screens, with the curves below each other.
    """
    table = LINE * (len(found) + 2.5)
    curves = (2 if narrow else 1) * HEIGHT
    low = table / (table + curves)
    middle = low + (1 - low) / 2
    traces = [curve for row, one in enumerate(found) for curve in _curves(row, one)]
    look = {"showgrid": True, "gridcolor": tint("#808a9c", 0.18), "zeroline": False, "automargin": True}
    along = {**look, "title": {"text": "component"}, "type": "log", "dtick": 1}
    left, right = ((0, 1), (0, 1)) if narrow else ((0, 0.46), (0.54, 1))
    upper = (middle + 0.07, 1.0) if narrow else (low + 0.1, 1.0)
    lower = (low + 0.07, middle - 0.03) if narrow else upper
    quantities = " / ".join(dict.fromkeys(one.quantity for one in found))
    return figure(
        [*traces, _table(found, low)], round(table + curves), showlegend=True,
        legend={"orientation": "h", "yanchor": "bottom", "y": 1.01, "xanchor": "left", "x": 0},
        xaxis={**along, "domain": left, "anchor": "y"}, xaxis2={**along, "domain": right, "anchor": "y2"},
        yaxis={**look, "domain": upper, "range": [0, 102], "title": {"text": f"cumulative {quantities} (%)"}},
        yaxis2={**look, "domain": lower, "anchor": "x2", "type": "log", "title": {"text": "singular value"},
                "exponentformat": "power"},
    )  # fmt: skip


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
    marker = {"color": colour, "symbol": MARKERS[row % len(MARKERS)], "line": {"width": 0}}
    return [
        go.Scatter(
            x=number, y=100 * one.cumulative, marker={**marker, "size": size}, **look,
            hovertemplate=f"<b>{name}</b><br>the first %{{x}} components: %{{y:.2f}} % of the {one.quantity}"
                          "<extra></extra>",
        ),
        go.Scatter(
            x=number[seen], y=one.singular_values[seen], xaxis="x2", yaxis="y2", showlegend=False, **look,
            marker={**marker, "size": size[seen]},
            hovertemplate=f"<b>{name}</b><br>component %{{x}}: singular value %{{y:.4g}}<extra></extra>",
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


def component(found: Component, narrow: bool = False) -> go.Figure:
    """The images with the highest coordinates on a principal component, and those with the lowest.

    `customdata` of a clicked point: row of the data set.

    Args:
        narrow: for narrow screens, with fewer pictures in a line.
    """
    tiles = [
        Tile(
            found.images[place],
            np.array([0.0, 0.0, 1.0, 1.0]),
            f"{at:+.3f}<br>{label(found.class_names[of_class], 14)}",
            f"<b>{label(found.names[place])}</b><br>class {label(found.class_names[of_class])}<br>"
            f"coordinate {at:+.4f} on component {found.number + 1}",
            [row],
        )
        for place, (row, at, of_class) in enumerate(
            zip(found.rows.tolist(), found.coordinates.tolist(), found.labels.tolist(), strict=True)
        )
    ]
    ends = (("highest", tiles[found.low :][::-1]), ("lowest", tiles[: found.low]))
    title = f"component {found.number + 1} ({found.share:.1%})"
    return rows_of_pictures([Row(f"{end.capitalize()} on {title}", shown) for end, shown in ends if shown], narrow)


def component_map(found: ComponentMap) -> go.Figure:
    """Where an image lies high (orange) or low (blue) on a principal component, over its grey pixels."""
    pane = Pane("query", found.image, Regions(found.boxes), f"Component {found.number + 1} ({found.share:.1%})")
    rows, columns = pane.regions.grid or (len(pane.nodes), 1)
    low, high = signed_range(found.values)
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
    return plane((pane,), [heat, targets(pane, hovers)], [], images=[picture(pane, grey=True)])
