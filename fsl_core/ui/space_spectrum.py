"""How the features of several backbones spread: curves, numbers, and what the first components explain."""

import csv
import io
from collections.abc import Sequence
from functools import partial

import streamlit as st

from fsl_core import figures
from fsl_core.records import Spectrum
from fsl_core.ui import cached, glossary, papers, requests
from fsl_core.ui.chart import show_clickable
from fsl_core.ui.indexes import Opened
from fsl_core.ui.method_controls import choose_backbones, follow_sidebar
from fsl_core.ui.space_jobs import spread
from fsl_core.ui.text import plain, rounding

VIEW = "fsl_space_view"  # key of the widget that chooses between the parts of the page
COMPONENT = "fsl_component"  # int: number of the chosen component, from 1
FIELD = "fsl_spectrum_component"  # key of the number field
COLUMNS = {  # of the table: heading, format, what the number means
    "backbone": ("Backbone", None, "What turned the pictures into features."),
    "images": ("Images", "%d", "Number of feature vectors."),
    "effective_rank": ("Effective rank", "%.1f", "exp(−Σ p ln p), where p is a singular value divided by their sum "
                       "(Roy, Vetterli, EUSIPCO 2007, definition 1): as many equally strong components would spread as "
                       "much. Higher: more kinds of differences are kept."),
    "components_90": ("90 %", "%d", "Number of components that together explain 90 %."),
    "components_99": ("99 %", "%d", "Number of components that together explain 99 %."),
    "davies_bouldin": ("Davies–Bouldin", "%.2f", "Mean over the classes of (own width + width of another class) / "
                       "distance of their means, for the other class with which that is largest (Davies, Bouldin, "
                       "IEEE TPAMI 1979). Lower: classes are tighter and further apart; very low values mean that "
                       "details within a class are lost (over-clustered)."),
    "intra": ("Within", "%.3f", "Mean distance of two images of one class."),
    "inter": ("Between", "%.3f", "Mean distance of two images of two classes."),
    "intra_inter": ("Ratio", "%.2f", "Within divided by between. Lower: classes are easier to tell apart."),
    "residual": ("1 − Σ", "%.0e", "All shares add up to 1 by the squared length of the features, which is added "
                 "up without singular values: what is left is rounding."),
}  # fmt: skip


def section(normalised: bool, centred: bool, data: Opened | None, narrow: bool) -> None:
    """The whole view: the backbones, the curves, the table."""
    follow_sidebar()
    names, cards = choose_backbones(), cached.cards()
    if not names:
        st.info("Choose at least one backbone.", icon=":material/monitoring:")
        return
    found = []
    for name in names:
        one: Spectrum | None = requests.explained(
            f"spectrum {name}",
            partial(spread, title=cards[name].title, normalised=normalised, centred=centred, data=data),
            normalised, centred, data.chosen if data else None, backbone=name, patient=data is not None,
        )  # fmt: skip
        if one is None:
            return
        found.append(one)
    explore(found, narrow)


@st.fragment
def explore(found: Sequence[Spectrum], narrow: bool) -> None:
    """Curves and numbers; a click on a curve runs only this again."""
    most = max(len(one.singular_values) for one in found)
    st.session_state[FIELD] = component = min(max(int(st.session_state.get(COMPONENT, 1)), 1), most)
    key = f"fsl_spectra_{narrow}_{len(found)}"
    with st.container(key="fsl_spectra"):
        figure = figures.spectra(found, narrow, table=False, selected=component)
        alt = "Curves of the explained share and of the singular values by component, one line for each backbone."
        show_clickable(figure, key, "spectrum", alt, clicked, papers.SCL)
    quantity = found[0].quantity
    st.caption(
        f"Left: share of the {quantity} that the first components explain together. Right: singular values, divided by "
        "the largest. A curve that rises slowly, and values that fall slowly, mean that more kinds of differences are "
        "kept. Click a curve to read it off."
    )
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        st.number_input("First components", 1, most, key=FIELD, width=160, on_change=_typed,
                        help=glossary.explain("component"))  # fmt: skip
        if st.button("See what this component sees", icon=":material/visibility:", on_click=_look):
            st.rerun()
    with st.container(key="fsl_formula"):
        for one in found:
            told = one.formula_of(component)
            st.markdown(f"**{plain(one.name)}**: {told}; all {len(one.singular_values)} sum to 1, residual "
                        f"{rounding(one.residual)}")  # fmt: skip
    numbers(found)


def numbers(found: Sequence[Spectrum]) -> None:
    """The table with its meanings, and its file."""
    rows = [one.to_dict() | {"residual": -one.residual} for one in found]
    formats = {
        name: st.column_config.Column(heading, help=meaning, pinned=True)
        if form is None
        else st.column_config.NumberColumn(heading, format=form, help=meaning)
        for name, (heading, form, meaning) in COLUMNS.items()
    }
    alt = "Table: effective rank, components, Davies–Bouldin index and distances of each backbone."
    st.dataframe(rows, hide_index=True, column_config=formats, column_order=list(COLUMNS), alt=alt)
    st.download_button("Numbers as CSV", to_csv(rows), "spectrum.csv", "text/csv", on_click="ignore",
                       icon=":material/download:")  # fmt: skip
    if any(row["intra"] is None for row in rows):
        st.caption("A dash: there are no two images of one class, so nothing can be said about classes.")
    with st.expander("What the numbers mean", icon=":material/menu_book:"):
        st.markdown("\n".join(f"- **{heading}**: {meaning}" for heading, _, meaning in COLUMNS.values()))


def to_csv(rows: Sequence[dict[str, object]]) -> str:
    """The table as a file, one line for each backbone; empty = cannot be said."""
    stream = io.StringIO()
    writer = csv.DictWriter(stream, list(rows[0]))
    writer.writeheader()
    writer.writerows(rows)
    return stream.getvalue()


def clicked(key: str) -> None:
    """Carry a click on a curve, or on a bar, over to the number field."""
    points = st.session_state[key]["selection"]["points"]
    if points:
        st.session_state[COMPONENT] = points[0]["customdata"][0]


def _typed() -> None:
    st.session_state[COMPONENT] = st.session_state[FIELD]


def _look() -> None:
    st.session_state[VIEW] = "Component"
