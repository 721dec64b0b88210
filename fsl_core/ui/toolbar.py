"""What stands above an episode: its name, sample sets, a folder or a zip, open, save, start anew."""

from collections.abc import Callable
from dataclasses import replace

import streamlit as st

from fsl_core.data.episode import escape_name
from fsl_core.errors import FSLError
from fsl_core.ui import aside, browser, cached, drawing, glossary, session, uploads
from fsl_core.ui.project import Project
from fsl_core.ui.samples import THEMES
from fsl_core.ui.text import plain, shortened

TOOLBAR = "toolbar"
LONGEST_TITLE = 80  # characters


def toolbar() -> None:
    """The name of the project and the row of popovers."""
    browser.remember()
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="fsl_toolbar"):
        _name(session.project())
        with st.popover("Sample episode", icon=":material/casino:", help=glossary.explain("episode")):
            _samples()
        with st.popover("Folder or zip", icon=":material/folder_open:", key=f"fsl_folder_{uploads.folders_taken()}"):
            uploads.folder_inbox()
        opened = st.popover("Open or save", icon=":material/save:", key="open_or_save", on_change="rerun")
        with opened:
            uploads.episode_inbox()
            if opened.open:  # only then the zips are made
                _save(session.project())
        st.button("Start empty", icon=":material/note_add:", on_click=start_empty, type="tertiary")
    drawing.follow()
    for place in (TOOLBAR, uploads.EVERYTHING, uploads.EPISODE):
        uploads.show_notices(place)


def start_empty() -> None:
    """A new project with two empty classes; the old one stays on disk."""
    _try(lambda: session.start(lambda store, empty: empty.with_new_class().with_new_class()))


def start_sample(theme: str) -> None:
    """A new project with a sample set; the old one stays on disk."""
    _try(lambda: session.start_sample(theme))


def _try(action: Callable[[], object]) -> None:
    try:
        action()
    except FSLError as error:
        session.tell(TOOLBAR, session.Notice(session.BAD, plain(str(error))))


def _name(project: Project) -> None:
    key = "project_name"
    st.session_state[key] = project.name[:LONGEST_TITLE]  # in every run, so that no run that was cut short empties it

    def rename() -> None:
        name = " ".join(st.session_state[key].split())
        session.try_edit(TOOLBAR, lambda project: replace(project, name=name, is_sample=False))

    st.text_input(
        "Name of the project", key=key, placeholder=shortened(project.title), on_change=rename,
        max_chars=LONGEST_TITLE, label_visibility="collapsed", width=260,
    )  # fmt: skip


def _samples() -> None:
    st.caption("Drawn scenes, with one picture that belongs to no class.")
    with st.container(horizontal=True, gap="small", key="fsl_sample_sets"):
        for name, theme in THEMES.items():
            st.button(theme.title, key=f"sample_{name}", on_click=start_sample, args=(name,))
    st.markdown("**Or draw from a data set**")
    drawing.form()


def _save(project: Project) -> None:
    title = escape_name(shortened(project.title, 40))
    _offer(
        "Save the project (.zip)", f"{title}.zip",
        lambda: cached.packed(project.id, project.revision, aside.changed(session.store()), project),
        help="Pictures, names, settings, answers and the figures for the report, to be opened here or on another "
        "computer. The trash stays here.",
    )  # fmt: skip
    classes = project.in_use.classes
    whole = len(classes) >= 2 and all(one.pictures for one in classes)
    _offer(
        "Save this episode (.zip)",
        f"{title} episode.zip",
        (lambda: cached.packed_episode(project.id, project.revision, project)) if whole else None,
        help="What is switched on, in folders support/ and query/, for the command line."
        if whole
        else project.what_is_missing() or "",
    )


def _offer(label: str, file: str, make: Callable[[], bytes] | None, help: str) -> None:
    """A file to save, made in this run: what is only made after the click gets lost where the page runs meanwhile."""
    data, trouble = b"", ""
    try:
        data = make() if make else b""
    except FSLError as error:
        trouble = str(error)
    st.download_button(
        label, data, file, "application/zip", on_click="ignore", icon=":material/download:", disabled=not data,
        help=plain(trouble or help), width="stretch",
    )  # fmt: skip
    if trouble:
        st.caption(plain(trouble))
