"""Putting figures aside for the report, with what they show, and taking them out again."""

import textwrap
from dataclasses import replace
from typing import Any

import streamlit as st

from fsl_core.errors import FSLError, called
from fsl_core.ui import aside, cached, papers, session, uploads
from fsl_core.ui.aside import MOST, MOST_BYTES, Kept
from fsl_core.ui.options import classifier_title
from fsl_core.ui.schema import LONGEST_TEXT
from fsl_core.ui.text import plain

PLACE = "kept"  # of messages
OF_A_QUERY = ("Why?", "Matching", "Weights", "Alignment", "Heat maps", "Neighbours", "Influence")  # pages
BY_DEEPEMD = ("Matching", "Weights")  # whatever classifier is chosen
BY_SEVERAL = ("Alignment", "Neighbours")  # backbones, which the figures name


def button(figure: Any, name: str, caption: str, alt: str, source: str) -> None:
    """A button that puts a figure aside for the report, on pages that have a project."""
    if session.has_project() and st.button(
        "Add to report", key=f"fsl_keep_{name}", type="tertiary", icon=":material/bookmark_add:",
        help="The report is made on Classify, below the answers.",
    ):  # fmt: skip
        keep(figure, name, caption, alt, source)


def keep(figure: Any, name: str, caption: str, alt: str, source: str) -> None:
    """Put a figure aside, once."""
    page: str = st.session_state.get(session.PAGE, "")
    subject, source = _subject() if page in OF_A_QUERY else "", source or papers.OF_PAGES.get(page, "")
    caption, alt = caption[:LONGEST_TEXT], alt[:LONGEST_TEXT]
    new = Kept(page, name, subject, _made_by(page), caption, alt, source, figure.to_json())
    others = [one for one in aside.kept(session.store()) if one.id != new.id]
    if len(others) >= MOST:
        st.toast(f"The report holds {MOST} figures already; take one out on Classify, under Report.")
        return
    if len(aside.to_json([*others, new])) > MOST_BYTES:
        st.toast(f"With this figure the report would hold more than {MOST_BYTES / 1e6:g} MB of them; take one out "
                 "on Classify, under Report.")  # fmt: skip
        return
    try:
        _save([*others, new])
        session.note(lambda project: replace(project, is_sample=False))  # it is worth keeping now
    except FSLError as error:
        st.toast(plain(str(error)), icon=":material/error:")
        return
    st.toast("Added to the report, which is on Classify, below the answers.", icon=":material/bookmark_added:")


def listed() -> None:
    """What was put aside, each with a button that takes it out."""
    uploads.show_notices(PLACE)
    found = aside.kept(session.store())
    if not found:
        st.caption("To show why, press “Add to report” below a figure on any page.")
        return
    st.markdown(f"**{len(found)} {'figure' if len(found) == 1 else 'figures'}** will be in it:")
    for one in found:
        st.button(
            plain(called(f"{one.page}, {one.subject}" if one.subject else f"{one.page}: {_briefly(one.caption)}")),
            key=f"fsl_take_out_{one.id[:16]}", type="tertiary", icon=":material/bookmark_remove:",
            on_click=_take_out, args=(one.id,), help=f"Takes it out: {plain(one.alt)}",
        )  # fmt: skip


def _briefly(caption: str) -> str:
    return textwrap.shorten(caption, 48, placeholder=" …")


def _take_out(key: str) -> None:
    try:
        _save([one for one in aside.kept(session.store()) if one.id != key])
        session.tell(PLACE)
    except FSLError as error:
        session.tell(PLACE, session.Notice(session.BAD, str(error)))


def _save(figures: list[Kept]) -> None:
    session.store().write(aside.FIGURES, aside.to_json(figures))


def _subject() -> str:
    """The query and the class that the pages explain."""
    pair, project = session.pair(), session.project()
    if pair is None:
        return ""
    image_class = project.image_class(pair.class_id)
    names = {picture.id: picture.name for picture in image_class.pictures}
    target = f"{image_class.name} ({names[pair.picture_id]})" if pair.picture_id in names else image_class.name
    return f"{project.query(pair.query_id).picture.name} and {target}"


def _made_by(page: str) -> str:
    """Backbone and classifier, where a page's figures are made by the chosen ones alone."""
    if page not in OF_A_QUERY or page in BY_SEVERAL:
        return ""
    settings = session.project().settings
    classifier = "deepemd" if page in BY_DEEPEMD else settings.classifier
    return f"{cached.cards()[session.backbone()].title}, {classifier_title(classifier, settings.regions)}"
