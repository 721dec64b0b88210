"""Arranging: tick pictures, then move, switch or remove them together."""

from collections.abc import Callable

import streamlit as st

from fsl_core.errors import FSLError
from fsl_core.ui import session, uploads
from fsl_core.ui.pieces import Picture
from fsl_core.ui.project import Project
from fsl_core.ui.text import plain

ARRANGING, TICK = "arranging", "tick"
ASK = "queries"  # stands for the queries where a class id is expected

Ticked = tuple[str, str]  # the class id or ASK, and the picture's id


def is_on() -> bool:
    """Whether pictures can be ticked."""
    return bool(st.session_state.get(ARRANGING))


def switch() -> None:
    """The toggle that lets pictures be ticked."""
    st.toggle(
        "Arrange", key=ARRANGING, persist_state="session", help="Tick pictures to move, switch or remove them together."
    )


def tick(place: str, picture: Picture) -> None:
    """The box of one picture; `place` is the id of its class or ASK."""
    key = f"{TICK} {place} {picture.id}"
    st.checkbox(f"Tick {plain(picture.name)}", key=key, label_visibility="collapsed", persist_state="session")


def ticked(project: Project) -> list[Ticked]:
    """The ticked pictures that are still there."""
    places = [(image_class.id, picture.id) for image_class in project.classes for picture in image_class.pictures]
    places += [(ASK, query.id) for query in project.queries]
    return [place for place in places if st.session_state.get(f"{TICK} {place[0]} {place[1]}")]


def bar(project: Project) -> None:
    """What can be done with the ticked pictures."""
    if not is_on():
        return
    chosen = ticked(project)
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="fsl_arrange"):
        if not chosen:
            st.caption("Tick pictures below, of the examples or of those to ask about.")
            return
        st.markdown(f"**{len(chosen)} ticked**", width="content")
        with st.popover("Move to", icon=":material/drive_file_move:"):
            for image_class in project.classes:
                _action(plain(image_class.name), f"move_{image_class.id}", _all(chosen, _mover(image_class.id)))
            _action("Pictures to ask about", "move_ask", _all(chosen, _mover(None)))
        examples = [one for one in chosen if one[0] != ASK]
        if examples:
            _action("Switch off or on", "switch", _all(examples, lambda project, one: project.with_switched(*one)))
        _action("Remove", "remove", _all(chosen, _removed))


def _action(label: str, key: str, change: Callable[[Project], Project]) -> None:
    st.button(label, key=f"arrange_{key}", on_click=_do, args=(change,))


def _do(change: Callable[[Project], Project]) -> None:
    try:
        session.edit(change)
        session.tell(uploads.CLASSES)
    except FSLError as error:
        session.tell(uploads.CLASSES, session.Notice(session.BAD, plain(str(error))))
        return
    for key in [key for key in st.session_state if str(key).startswith(f"{TICK} ")]:
        st.session_state[key] = False


def _all(chosen: list[Ticked], change: Callable[[Project, Ticked], Project]) -> Callable[[Project], Project]:
    def changed(project: Project) -> Project:
        for one in chosen:
            project = change(project, one)
        return project

    return changed


def _mover(target: str | None) -> Callable[[Project, Ticked], Project]:
    return lambda project, one: project.moved(one[1], None if one[0] == ASK else one[0], target)


def _removed(project: Project, one: Ticked) -> Project:
    return project.without_query(one[1]) if one[0] == ASK else project.without_picture(*one)
