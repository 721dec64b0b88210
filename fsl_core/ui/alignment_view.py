"""The parts of the Alignment page, each for one backbone."""

from typing import NamedTuple

import streamlit as st

from fsl_core import figures
from fsl_core.records import Alignment, Side
from fsl_core.ui import alignment_controls, glossary, papers
from fsl_core.ui.alignment_jobs import AlignedPair
from fsl_core.ui.chart import show, show_clickable
from fsl_core.ui.text import plain

NO_HEADS = (
    "It has no attention heads: shown is plain correspondence, the region whose features have the largest cosine."
)


class Shown(NamedTuple):
    """One backbone's column: `cell` is selected in it, a picture is `pixels` wide (None = large)."""

    number: int
    title: str
    pair: AlignedPair
    cell: figures.Cell | None
    pixels: int | None

    @property
    def record(self) -> Alignment:
        """Without the reconstructions."""
        return self.pair.record

    @property
    def source(self) -> str:
        """The publication of the attention; plain correspondence follows none."""
        return papers.SCL if self.record.attends else ""


def say(shown: Shown) -> None:
    """The formula with the numbers of the selected region, if there is one."""
    if shown.cell:
        with st.container(key=f"fsl_alignment_formula_{shown.number}"):
            _formula(shown.record, shown.cell)


def _formula(record: Alignment, cell: figures.Cell) -> None:
    direction, numbers = record.of(cell.side), st.container(horizontal=True, gap="medium")
    numbers.metric("Score", f"{record.score:.3f}", width="content", help=glossary.explain("spatial_similarity"))
    numbers.metric("Cosine here", f"{direction.cosine[cell.node]:+.3f}", width="content")
    if record.attends:
        reach, others = direction.reach[cell.node], direction.attention.shape[1]
        numbers.metric(
            "Looks at", f"{reach:.1f} of {others}", width="content",
            help="Regions that share its attention: exp(entropy).",
        )  # fmt: skip
    st.markdown(figures.alignment_formula(record, cell), help=glossary.explain("attention", "similarity"))


def pictures(shown: Shown, first: Alignment, most: float | None, key: str, narrow: bool) -> None:
    """Both pictures of one backbone, to be clicked."""
    st.markdown(f"**{plain(shown.title)}**")
    figure = figures.alignment(shown.record, shown.cell, narrow, most, shown.pixels)
    alt = "Query and support picture; the selected region is framed, the other picture as bright as it is looked at."
    click = alignment_controls.on_click(first, shown.record)
    show_clickable(figure, f"fsl_alignment_{shown.number}_{key}", f"alignment_{shown.number}", alt, click, shown.source)
    if not shown.record.attends:
        st.caption(NO_HEADS)


def made_of(shown: Shown, each: bool, bound: float, narrow: bool) -> None:
    """The map of spatial similarities of one backbone."""
    show(figures.spatial_similarities(shown.record, each, narrow, bound, shown.pixels), f"similarities_{shown.number}",
         "Orange positions raise the score, blue ones lower it.",
         "Heat map of the spatial similarities over both pictures.", "spatial_similarity", shown.source)  # fmt: skip


def rebuilt(shown: Shown, side: Side) -> None:
    """The aligned feature as a picture, and the attention of all regions."""
    figure = figures.aligned_reconstruction(shown.record, shown.pair.rebuilt(side), side, shown.pixels)
    made = "a blend of the other picture's patches, by its attention" if shown.record.attends else "its partner's patch"
    show(figure, f"rebuilt_{shown.number}", f"Each region is {made}.",
         "The picture beside its reconstruction.", "attention", shown.source)  # fmt: skip
    node = shown.cell.node if shown.cell and shown.cell.side == side == "query" else None
    what = "Attention" if shown.record.attends else "Cosine"
    show(
        figures.attention_heatmap(shown.record, side, node), f"attention_{shown.number}",
        f"{what} of all regions at once.", "Heat map, query regions by support regions.", source=shown.source,
    )  # fmt: skip
