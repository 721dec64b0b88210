"""Figures that were put aside for the report, with what they show; they stay in the project's folder."""

from dataclasses import asdict, dataclass
from typing import Any

import streamlit as st

from fsl_core.errors import FSLError
from fsl_core.ui import cached, session, uploads
from fsl_core.ui.project import digest

PLACE = "kept"  # of messages
MOST = 24
ZHANG = (
    "Zhang, Cai, Lin, Shen: DeepEMD: Few-Shot Image Classification with Differentiable Earth Mover's Distance and "
    "Structured Classifiers, CVPR 2020"
)
OUALI = "Ouali, Hudelot, Tami: Spatial Contrastive Learning for Few-Shot Classification, ECML PKDD 2021"
SOURCES = {  # title of a page that explains one query: the publication of its method
    "Why?": "",
    "Matching": ZHANG,
    "Weights": ZHANG,
    "Alignment": OUALI,
    "Heat maps": "",
    "Neighbours": OUALI,
    "Influence": "",
}


@dataclass(frozen=True)
class Kept:
    """A figure for the report.

    Attributes:
        page: title of the page that it stood on.
        name: of the figure on that page.
        subject: what it is about, such as a query and a class; may be empty.
        made_by: backbone and classifier that were chosen.
        caption, alt: in words what is shown.
        source: the publication of the method; may be empty.
        figure: plotly's JSON.
    """

    page: str
    name: str
    subject: str
    made_by: str
    caption: str
    alt: str
    source: str
    figure: str

    @property
    def id(self) -> str:
        """Of two figures with the same id the newer one is kept."""
        return digest(self.page, self.name, self.subject, self.made_by)


def all_kept() -> list[Kept]:
    """The project's figures, in the order in which they came; damaged ones are left out."""
    found = []
    for row in session.store().kept():
        try:
            found.append(Kept(**row))
        except TypeError:
            continue
    return found


def button(figure: Any, name: str, caption: str, alt: str, source: str) -> None:
    """A button that puts a figure aside for the report, on pages that have a project."""
    if session.has_project() and st.button(
        "Add to report", key=f"fsl_keep_{name}", type="tertiary", icon=":material/bookmark_add:",
        help="The report is made on Classify, below the answers.",
    ):  # fmt: skip
        keep(figure, name, caption, alt, source)


def keep(figure: Any, name: str, caption: str, alt: str, source: str) -> None:
    """Put a figure aside; an older one of the same page, subject and methods gives way to it."""
    page: str = st.session_state.get(session.PAGE, "")
    subject = _subject() if page in SOURCES else ""
    new = Kept(page, name, subject, _made_by(), caption, alt, source or SOURCES.get(page, ""), figure.to_json())
    others = [one for one in all_kept() if one.id != new.id]
    if len(others) >= MOST:
        st.toast(f"The report holds {MOST} figures already; take one out on Classify, under Report.")
        return
    try:
        _save([*others, new])
    except FSLError as error:
        st.toast(str(error), icon=":material/error:")
        return
    st.toast("Added to the report, which is on Classify, below the answers.", icon=":material/bookmark_added:")


def listed() -> None:
    """What was put aside, each with a button that takes it out."""
    uploads.show_notices(PLACE)
    found = all_kept()
    if not found:
        st.caption("To show why, press “Add to report” below a figure on any page.")
        return
    st.markdown(f"**{len(found)} {'figure' if len(found) == 1 else 'figures'}** will be in it:")
    for one in found:
        st.button(
            f"{one.page}: {one.caption}" if not one.subject else f"{one.page}, {one.subject}",
            key=f"fsl_take_out_{one.id[:16]}", type="tertiary", icon=":material/bookmark_remove:",
            on_click=_take_out, args=(one.id,), help=f"Takes it out: {one.alt}",
        )  # fmt: skip


def _take_out(key: str) -> None:
    try:
        _save([one for one in all_kept() if one.id != key])
        session.tell(PLACE)
    except FSLError as error:
        session.tell(PLACE, session.Notice(session.BAD, str(error)))


def _save(figures: list[Kept]) -> None:
    session.store().save_kept([asdict(one) for one in figures])


def _subject() -> str:
    """The query and the class that the pages explain."""
    pair, project = session.pair(), session.project()
    if pair is None:
        return ""
    image_class = project.image_class(pair.class_id)
    names = {picture.id: picture.name for picture in image_class.pictures}
    target = f"{image_class.name} ({names[pair.picture_id]})" if pair.picture_id in names else image_class.name
    return f"{project.query(pair.query_id).picture.name} and {target}"


def _made_by() -> str:
    cards, settings = cached.cards(), session.project().settings
    return f"{cards[session.backbone()].title}, {settings.classifier}"
