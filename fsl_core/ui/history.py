"""Undo, redo, and the trash."""

import streamlit as st

from fsl_core.errors import FSLError
from fsl_core.ui import gallery, session, uploads
from fsl_core.ui.pieces import Removed
from fsl_core.ui.project import Project
from fsl_core.ui.text import plain, shortened

PAGE = 12  # pictures of the trash that are shown at a time


def buttons(project: Project) -> None:
    """Undo and Redo, and the trash where something is in it."""
    for label, stack, icon, keys in (
        ("Undo", session.UNDO, ":material/undo:", "alt+z"),
        ("Redo", session.REDO, ":material/redo:", "alt+y"),
    ):
        st.button(
            label, key=f"step_{stack}", icon=icon, type="tertiary", shortcut=keys, on_click=_step, args=(stack,),
            disabled=not session.can_step(stack),
        )  # fmt: skip
    if project.trash:
        with st.popover(f"Trash ({len(project.trash)})", icon=":material/delete:", type="tertiary"):
            _trash(project)


def _step(stack: str) -> None:
    try:
        session.step(stack)
        session.tell(uploads.CLASSES)
    except FSLError as error:
        session.tell(uploads.CLASSES, session.Notice(session.BAD, plain(str(error))))


def _trash(project: Project) -> None:
    st.caption("Pictures that were taken out, the latest first. They go back to where they were.")
    for row, removed in enumerate(gallery.page_of(project.trash, PAGE, "page_trash")):
        with st.container(horizontal=True, vertical_alignment="center", gap="small", key=f"fsl_trash_{row}"):
            with st.container(width=44, key=f"fsl_picture_trash_{row}"):
                gallery.thumbnail(project.id, removed.picture, "Removed")
            name = plain(shortened(removed.picture.name))
            st.markdown(f"{name}  \n:small[{plain(_place(removed))}]", width="stretch")
            st.button(
                "Put back",
                key=f"put_back_{row}_{removed.picture.id[:16]}_{removed.class_name}",
                on_click=session.try_edit,
                args=(uploads.CLASSES, lambda project, removed=removed: project.put_back(removed)),
            )


def _place(removed: Removed) -> str:
    return f"from {removed.class_name}" if removed.class_name is not None else "from the pictures to ask about"
