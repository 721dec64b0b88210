"""Where a region of one picture looks in the other, how alike the two then are, and what that is made of."""

from dataclasses import replace
from typing import Any

import numpy as np
import plotly.graph_objects as go
from jaxtyping import Float, UInt8

from fsl_core.figures.layers import LEGIBLE, Layer, Look, overlay
from fsl_core.figures.matrices import pairs
from fsl_core.figures.overlays import beside_itself
from fsl_core.figures.panes import Cell, Pane, outline, panes, picture, plane, shades, targets
from fsl_core.figures.theme import INK, PAPER, SIGNED, UNSIGNED, WARM, percent, signed_range, tint
from fsl_core.records import Alignment, Side

BACKDROP = 0.25  # brightness of what has no part in the selection
APART = 0.14  # gap between the two pictures, in their sides
ROOMY = 52  # pixels of a region that holds a number
LABELLED = 5  # regions whose share is written into them
OTHER: dict[Side, Side] = {"query": "support", "support": "query"}


def alignment(
    record: Alignment,
    selected: Cell | None = None,
    narrow: bool = False,
    most: float | None = None,
    side: int | None = None,
) -> go.Figure:
    """Both pictures; a selected region is framed, and the other picture is as bright as the attention it gets from it.

    Without attention heads the brightness is the cosine of the features, and the best partner alone is framed. Without
    a selection both pictures are shown as they are. `customdata` of a clicked region: side, node.

    Args:
        narrow: the support image below the query instead of beside it.
        most: what full brightness stands for, for figures that are to be compared; None = the largest value shown.
        side: of a picture in pixels; None = large.
    """
    shown = _panes(record, narrow)
    images = [picture(pane) for pane in shown]
    traces = [targets(pane, _hovers(record, pane, other, selected)) for pane, other in (shown, shown[::-1])]
    if selected is None:
        return plane(shown, traces, [], side, images=images)
    own, other = shown if selected.side == "query" else shown[::-1]
    values = looked_at(record, selected)
    light = BACKDROP + (1 - BACKDROP) * np.sqrt((values / (most or values.max() or 1.0)).clip(0, 1))
    dim = np.full(len(own.regions), 2 * BACKDROP)
    dim[selected.node] = 1.0
    best = record.of(selected.side).attention[selected.node]
    leading = [int(node) for node in np.argsort(-best, kind="stable")[:LABELLED] if best[node] > 0]
    strokes = shades(own, dim) + shades(other, light)
    strokes += [outline(other, node, tint(WARM, 0.35 + 0.65 * best[node] / best.max()), 2) for node in leading]
    strokes += [outline(own, selected.node, PAPER, 5), outline(own, selected.node, WARM, 3)]
    texts = [percent(best[node]) if record.attends else f"{values[node]:+.2f}" for node in leading]
    labels = [_label(other, node, text) for node, text in zip(leading, texts, strict=True)]
    return plane(shown, traces, strokes, side, images=images, annotations=labels)


def looked_at(record: Alignment, cell: Cell) -> Float[np.ndarray, " nodes"]:
    """What each region of the other picture gets from one region: attention, or the cosine where there is none."""
    direction = record.of(cell.side)
    return (direction.attention if record.attends else direction.affinity)[cell.node]


def spatial_similarities(
    record: Alignment,
    directions: bool = False,
    narrow: bool = False,
    most: float | None = None,
    side: int | None = None,
) -> go.Figure:
    """The map of spatial similarities over both pictures, which together make the score that stands in the title.

    Args:
        directions: over each picture only its own part: the cosines with the other picture aligned to it.
        narrow: one picture below the other, with fewer numbers.
        most: upper end of the scale, for figures that are to be compared (`largest_similarity`).
        side: of a picture in pixels; None = large.
    """
    shown = _panes(record, narrow)
    maps = (record.query.cosine, record.support.cosine) if directions else record.similarities
    limits = signed_range(np.concatenate(maps)) if most is None else (-most, most)
    unit = "cosine, in [-1, 1]" if directions or not record.is_joint else "spatial similarity, in [-2, 2]"
    layers = [Layer(pane, values, _parts(record, pane)) for pane, values in zip(shown, maps, strict=True)]
    drawn = overlay(
        layers, Look(SIGNED, limits, unit, "{:+.2f}"), max(LEGIBLE[narrow], ROOMY / side if side else 0), side
    )
    said = "score" if record.attends else "no attention heads: best partners,"
    parts = [f"{said} {record.score:.3f}", f"{record.aggregation} of the map {record.aggregated:.3f}"]
    parts += [f"residual {abs(record.residual):.0e}"] if record.attends else []
    small = narrow or side is not None
    text = f"{parts[0]}{'<br>' if small else ' · '}{' · '.join(parts[1:])}"
    title = {"text": text, "font": {"size": 13}, "x": 0, "xanchor": "left"}
    head = 50 if small else 34
    return drawn.update_layout(title=title, margin={"t": head}, height=drawn.layout.height + head)


def largest_similarity(*records: Alignment, directions: bool = False) -> float:
    """The end of a scale that fits the maps of all these records."""
    maps = [
        one
        for record in records
        for one in ((record.query.cosine, record.support.cosine) if directions else record.similarities)
    ]
    return signed_range(np.concatenate(maps))[1]


def attention_heatmap(
    record: Alignment, side: Side = "query", selected: int | None = None, most: float | None = None
) -> go.Figure:
    """Attention of each region of one picture over those of the other; of the query in rows, of the support in columns.

    Rows (columns) sum to 100 %. Without attention heads: the cosines of the features.

    Args:
        selected: query region whose row is marked.
        most: value at the upper end of the scale, for heat maps that are to be compared.
    """
    direction = record.of(side)
    values = 100 * direction.attention if record.attends else direction.affinity
    values = values if side == "query" else values.T
    if not record.attends:
        return pairs(record, values, (SIGNED, signed_range(values, 1.0), "cosine", "cosine %{z:+.3f}"), selected)
    limits = (0.0, 100 * most if most is not None else float(values.max()))
    hover = f"attention of the {side} region %{{z:.2f}} %"
    return pairs(record, values, (UNSIGNED, limits, f"attention of the {side} (%)", hover), selected)


def aligned_reconstruction(
    record: Alignment, rebuilt: UInt8[np.ndarray, "_ _ 3"], side: Side = "query", pixels: int | None = None
) -> go.Figure:
    """A picture beside itself rebuilt from the other one's patches, blended by attention (`reconstruct_aligned`).

    Args:
        pixels: side of a picture on the screen; None = large.
    """
    shown = panes(record)
    pane, other = shown if side == "query" else shown[::-1]
    direction = record.of(side)
    hovers = []
    for node in pane.nodes:
        best = int(direction.attention[node].argmax())
        made = f"blended from {direction.reach[node]:.1f} of {len(other.regions)} regions, most of"
        share = f", {direction.attention[node, best]:.1%} of it"
        hovers.append(
            f"<b>{pane.title} {pane.name(node)}</b><br>{made if record.attends else 'filled with'} {other.side} "
            f"{other.name(best)}{share if record.attends else ''}<br>cosine {direction.cosine[node]:+.3f}"
        )
    return beside_itself(pane, rebuilt, f"Rebuilt from the {other.side}", hovers, pixels)


def alignment_formula(record: Alignment, cell: Cell, partner: int | None = None) -> str:
    """How a region's attention, its cosine and the score come about, with the numbers of this region, as Markdown.

    Args:
        partner: region of the other picture; None = the one that gets the most attention.
    """
    direction, other = record.of(cell.side), OTHER[cell.side]
    there = int(direction.attention[cell.node].argmax()) if partner is None else partner
    own, beyond = (record.query_regions, record.support_regions)[:: 1 if cell.side == "query" else -1]
    names = f"{cell.side} {own.name(cell.node)}, {other} {beyond.name(there)}"
    affinity, cosine = direction.affinity[cell.node], direction.cosine[cell.node]
    if record.attends:
        total = np.exp(affinity - affinity.max()).sum()
        first = (
            f"**attention** ({names}) = exp(q · k / √d) / Σ exp = exp({affinity[there]:.3f}) / "
            f"(exp({affinity.max():.3f}) · {total:.3f}) = **{direction.attention[cell.node, there]:.4f}**"
        )
        second = f"**cosine** of the value here and Σ attention · value there = **{cosine:+.4f}**"
    else:
        first = f"**cosine** of the features ({names}) = **{affinity[there]:+.4f}**"
        second = f"the best partner's cosine = **{cosine:+.4f}**; this backbone has no attention heads"
    return "\n\n".join([first, second, _score(record, cell)])


def _score(record: Alignment, cell: Cell) -> str:
    mine, count = record.of(cell.side).cosine[cell.node], len(record.query.cosine)
    if record.is_joint:
        back = record.of(OTHER[cell.side]).cosine[cell.node]
        added = f"{'−' if back < 0 else '+'} {abs(back):.4f} (the other direction)"
        here = f"**similarity** here = {mine:.4f} {added} = **{mine + back:.4f}**; "
        whole = f"{record.aggregation} of all {count} = **{record.aggregated:.4f}**"
    else:
        here, whole = "", f"{record.aggregation} of either picture's cosines, added = **{record.aggregated:.4f}**"
    if not record.attends:
        return f"{here}{whole}"
    return f"{here}**score** = {whole}; the training objective says {record.score:.4f}, residual {record.residual:.0e}"


def _panes(record: Alignment, narrow: bool) -> tuple[Pane, Pane]:
    """The query and, close to it as nothing is drawn between them, the support image."""
    query, support = panes(record, stacked=narrow)
    return query, support if narrow else replace(support, left=1 + APART)


def _hovers(record: Alignment, pane: Pane, partner: Pane, selected: Cell | None) -> list[str]:
    """What each region says when pointed at: what it gets from the selected region, or where it looks itself."""
    direction, texts = record.of(pane.side), []
    for node in pane.nodes:
        lines = [f"<b>{pane.title} {pane.name(node)}</b>"]
        if selected is not None and selected.side != pane.side:
            lines += _exchanged(record, selected, node)
        else:
            best = int(direction.attention[node].argmax())
            lines.append(
                f"looks at {direction.reach[node]:.1f} of {len(partner.regions)} regions, most at {partner.side} "
                f"{partner.name(best)}: {direction.attention[node, best]:.1%} of its attention"
                if record.attends
                else f"most like {partner.side} {partner.name(best)}"
            )
        lines.append(f"cosine with the {partner.side} aligned to it {direction.cosine[node]:+.3f}")
        texts.append("<br>".join(lines))
    return texts


def _exchanged(record: Alignment, selected: Cell, node: int) -> list[str]:
    """What a region and the selected one of the other picture have to do with one another."""
    there, back = record.of(selected.side), record.of(OTHER[selected.side])
    if not record.attends:
        return [f"cosine with the selected region {there.affinity[selected.node, node]:+.3f}"]
    return [
        f"gets {there.attention[selected.node, node]:.2%} of the selected region's attention",
        f"gives it {back.attention[node, selected.node]:.2%} of its own",
    ]


def _parts(record: Alignment, pane: Pane) -> list[str]:
    """Both cosines of each region, and their sum."""
    mine = record.of(pane.side).cosine
    texts = []
    for node in pane.nodes:
        lines = [f"<b>{pane.title} {pane.name(node)}</b>", f"cosine with the other picture aligned {mine[node]:+.3f}"]
        if record.is_joint:
            back = record.of(OTHER[pane.side]).cosine[node]
            lines += [f"the other direction {back:+.3f}", f"spatial similarity {mine[node] + back:+.3f}"]
        texts.append("<br>".join(lines))
    return texts


def _label(pane: Pane, node: int, text: str) -> dict[str, Any]:
    x, y = pane.centre(node)
    font = {"color": PAPER, "size": 12, "shadow": f"0 0 3px {INK}, 0 0 3px {INK}, 0 0 6px {INK}"}
    return {"x": x, "y": y, "text": text, "showarrow": False, "font": font}
