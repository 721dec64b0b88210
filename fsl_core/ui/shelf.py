"""The projects to go on with, as cards: open one, delete one, delete all."""

import html
from datetime import UTC, datetime
from functools import partial
from typing import NoReturn
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import streamlit as st

from fsl_core.errors import FSLError
from fsl_core.images import decode, encode_jpeg, thumbnail
from fsl_core.ui import browser, cached, recents, session, uploads
from fsl_core.ui.recents import Summary
from fsl_core.ui.store import Store, projects_folder
from fsl_core.ui.text import plain, shortened

SHELF = "shelf"  # place of its notices
FEW, PAGE = 6, 24  # projects that are shown at first, and on each page of all
TILE = 128  # pixels
TITLE = 44  # characters


def projects() -> list[Summary]:
    """What may be gone on with, the latest first: no samples that nobody touched, nothing empty."""
    found = (cached.summary(*one) for one in recents.on_disk(browser.owner()))
    return [summary for summary in found if summary is not None and summary.is_listed]


def shelf(listed: list[Summary]) -> None:
    """The cards, and the ways to delete what they stand for."""
    uploads.show_notices(SHELF)
    if browser.is_shared():
        st.caption(
            "Only projects made in this browser are listed. The link in the address bar leads back to a project from "
            "anywhere: keep this link, and give it only to people who may see and change your pictures."
        )
    if not listed:
        return
    st.header("Continue")
    with st.container(key="fsl_shelf"):
        for summary in _page(listed):
            _card(summary)
    with st.container(horizontal=True, vertical_alignment="center", gap="medium", key="fsl_shelf_all"):
        if len(listed) > FEW:
            st.toggle(f"Show all {len(listed)}", key="show_all_projects", persist_state="session")
        if st.button("Delete all my data", icon=":material/delete_forever:", type="tertiary"):
            _confirm_all()


def _page(listed: list[Summary]) -> list[Summary]:
    if not st.session_state.get("show_all_projects"):
        return listed[:FEW]
    pages = -(-len(listed) // PAGE)
    page = min(st.session_state.get("page_projects", 1), pages)
    if pages > 1:
        page = st.pagination(pages, key="page_projects")
    return listed[(page - 1) * PAGE : page * PAGE]


def _card(summary: Summary) -> None:
    title = shortened(summary.title, TITLE)
    with st.container(border=True, gap="small", key=f"fsl_project_{summary.id}"):
        st.html(_strip(summary.id, summary.thumbnails))
        whole = None if title == summary.title else plain(summary.title)
        if st.button(plain(title), key=f"fsl_open_{summary.id}", type="tertiary", help=whole):
            open_project(summary.id)
        st.html(f'<p class="fsl-when">{html.escape(_about(summary))}</p>')
        if st.button(
            f"Delete {plain(title)}", key=f"fsl_icon_project_{summary.id}", icon=":material/delete:", type="tertiary"
        ):
            _confirm(summary)


def _about(summary: Summary) -> str:
    classes = _counted(summary.classes, "class", "classes")
    pictures = _counted(summary.pictures, "picture", "pictures")
    then, zone = datetime.fromtimestamp(summary.changed / 1e9, UTC), _zone()
    return f"{recents.in_words(then.astimezone(zone), datetime.now(UTC).astimezone(zone))} · {classes}, {pictures}"


def _counted(number: int, one: str, many: str) -> str:
    return f"{number} {one if number == 1 else many}"


def _where() -> str:
    return "the computer that runs this app" if browser.is_shared() else "this computer"


def _zone() -> ZoneInfo | None:
    """The time zone of the browser; None = that of this computer."""
    try:
        return ZoneInfo(st.context.timezone) if st.context.timezone else None
    except (ZoneInfoNotFoundError, ValueError):
        return None


@st.cache_data(show_spinner=False, max_entries=500)
def _strip(project_id: str, ids: tuple[str, ...]) -> str:
    """HTML of a row of small pictures; the words beside it say all that matters, so they have no texts."""
    tiles = []
    for one in ids:
        try:
            small = thumbnail(decode(Store(projects_folder() / project_id).thumbnail(one)), TILE)
        except FSLError:
            continue
        tiles.append(f'<img src="{cached.data_url(encode_jpeg(small))}" alt="A picture of this project">')
    return f'<div class="fsl-strip">{"".join(tiles)}</div>'


def open_project(project_id: str) -> NoReturn:
    """Go on with a project on the Classify page; what cannot be opened is told on the shelf."""
    try:
        session.resume(project_id)
    except FSLError as error:
        session.tell(SHELF, session.Notice(session.BAD, plain(str(error))))
        st.rerun()
    st.switch_page("pages/classify.py")


@st.dialog("Delete this project?", icon=":material/delete:")
def _confirm(summary: Summary) -> None:
    st.markdown(
        f"**{plain(summary.title)}** with {_counted(summary.pictures, 'picture', 'pictures')}, its answers and "
        f"settings will be removed from {_where()}. This cannot be undone."
    )
    _choose("Delete it", partial(delete, [summary.id]))


@st.dialog("Delete all my data?", icon=":material/delete_forever:")
def _confirm_all() -> None:
    ids = [project_id for project_id, _ in recents.on_disk(browser.owner())]
    made = " that were made in this browser" if browser.is_shared() else ""
    st.markdown(
        f"All projects{made}, {len(ids)} with samples and empty ones, will be removed from {_where()} with their "
        "pictures, answers and settings. This cannot be undone."
    )
    _choose("Delete everything", partial(delete, ids))


def _choose(label: str, action: partial[None]) -> None:
    with st.container(horizontal=True, gap="small"):
        done = st.button(label, type="primary", icon=":material/delete:", on_click=action)
        kept = st.button("Keep it")
    if done or kept:
        st.rerun()


def delete(ids: list[str]) -> None:
    """Remove projects from the disk; the session leaves its own where that is among them."""
    if session.has_project() and session.project().id in ids:
        session.leave()
    session.tell(SHELF)
    try:
        for project_id in ids:
            Store(projects_folder() / project_id).delete()
    except FSLError as error:
        session.tell(SHELF, session.Notice(session.BAD, plain(str(error))))
    cached.forget_projects()
    _strip.clear()
