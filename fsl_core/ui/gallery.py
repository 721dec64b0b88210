"""The classes of the support set as cards, and thumbnails with a way to remove them."""

import streamlit as st

from fsl_core.errors import FSLError
from fsl_core.ui import cached, session, uploads
from fsl_core.ui.project import MAX_CLASSES, ImageClass, Picture, Project
from fsl_core.ui.text import plain


def class_cards(project: Project) -> None:
    """All classes, side by side as far as there is room, and a button for one more."""
    with st.container(key="fsl_classes"):
        for image_class in project.classes:
            _class_card(image_class, project.id)
    st.button(
        "Add a class",
        icon=":material/add:",
        disabled=len(project.classes) >= MAX_CLASSES,
        help=f"An episode has 2 to {MAX_CLASSES} classes.",
        on_click=session.try_edit,
        args=(uploads.CLASSES, Project.with_new_class),
    )
    uploads.show_notices(uploads.CLASSES)


def thumbnail(project_id: str, picture: Picture, role: str) -> None:
    """A picture of a project, square as the model sees it; `role` begins its alt text."""
    try:
        st.image(cached.thumbnail(project_id, picture.id), alt=f"{role}: {picture.name}", width="stretch")
    except FSLError as error:
        st.caption(plain(str(error)))


def _class_card(image_class: ImageClass, project_id: str) -> None:
    with st.container(border=True, key=f"fsl_card_{image_class.id}"):
        with st.container(horizontal=True, vertical_alignment="center", gap="small", key=f"fsl_head_{image_class.id}"):
            _name_field(image_class)
            st.button(
                f"Remove the class {plain(image_class.name)}",
                key=f"fsl_icon_class_{image_class.id}",
                icon=":material/delete:",
                type="tertiary",
                on_click=session.try_edit,
                args=(uploads.CLASSES, lambda project: project.without_class(image_class.id)),
            )
        if image_class.pictures:
            with st.container(horizontal=True, gap="small", key=f"fsl_thumbs_{image_class.id}"):
                for picture in image_class.pictures:
                    _removable(image_class, picture, project_id)
        else:
            st.caption("No picture yet: drop one or more below.")
        uploads.class_inbox(image_class)


def _name_field(image_class: ImageClass) -> None:
    key = f"name_{image_class.id}"
    st.session_state[key] = image_class.name  # in every run, so that a run that was cut short leaves no empty field

    def rename() -> None:
        name = st.session_state[key]
        session.try_edit(uploads.CLASSES, lambda project: project.renamed(image_class.id, name))

    st.text_input(
        "Name of the class", key=key, on_change=rename, max_chars=60, label_visibility="collapsed", width="stretch"
    )


def _removable(image_class: ImageClass, picture: Picture, project_id: str) -> None:
    with st.container(key=f"fsl_thumb_{image_class.id}_{picture.id[:16]}"):
        thumbnail(project_id, picture, f"Example of {image_class.name}")
        st.button(
            f"Remove {plain(picture.name)}",
            key=f"fsl_icon_{image_class.id}_{picture.id[:16]}",
            icon=":material/close:",
            type="tertiary",
            on_click=session.try_edit,
            args=(uploads.CLASSES, lambda project: project.without_picture(image_class.id, picture.id)),
        )
