"""Pictures from the camera and from the clipboard."""

import streamlit as st

from fsl_core.ui import session, uploads
from fsl_core.ui.project import Project
from fsl_core.ui.text import plain

PLACE = "capture"


def popover(project: Project) -> None:
    """Where a picture can be taken or pasted, for the queries or for a class."""
    with st.popover("Camera or clipboard", icon=":material/photo_camera:"):
        names = {uploads.QUERIES: "Pictures to ask about"} | {one.id: one.name for one in project.classes}
        target = st.selectbox("It goes to", list(names), format_func=names.__getitem__, key="capture_target")
        pasted = st.chat_input(
            "Paste a picture (Ctrl+V), then Enter",
            accept_file="multiple",
            file_type=["png", "jpg", "jpeg", "webp", "gif", "bmp"],
            key="capture_paste",
        )
        if pasted and pasted.files:
            uploads.take_in(target, list(pasted.files))
        if st.toggle("Camera", key="capture_camera", help="Works at localhost or over HTTPS only."):
            photo = st.camera_input(
                f"Picture for {plain(names[target])}", key=session.inbox_key(PLACE), resolution="720p"
            )
            if photo:
                session.empty_inbox(PLACE)
                uploads.take_in(target, [photo])
