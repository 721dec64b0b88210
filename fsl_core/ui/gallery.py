"""The classes of the support set as cards, and thumbnails with what can be done to them."""

from typing import TypeVar

import streamlit as st

from fsl_core.errors import FSLError
from fsl_core.ui import arrange, cached, session, uploads
from fsl_core.ui.pieces import ImageClass, Picture
from fsl_core.ui.project import MAX_CLASSES, Project
from fsl_core.ui.text import plain

Item = TypeVar("Item")

PAGE = 8  # thumbnails of a class that are shown at a time
LONGEST_NAME = 60  # characters of a class name that its field shows


def class_cards(project: Project) -> None:
    """All classes, side by side as far as there is room, and a button for one more."""
    fit = "cut" if project.settings.seen == "crop" else "whole"
    with st.container(key=f"fsl_classes_{fit}"):
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


def page_of(items: tuple[Item, ...], size: int, key: str) -> tuple[Item, ...]:
    """The items of the page that is turned to; with more than one page, the pages' numbers stand where this is called.

    Args:
        size: items on a page.
    """
    pages = -(-len(items) // size)
    if pages < 2:
        return items
    if st.session_state.get(key, 1) > pages:
        st.session_state[key] = pages
    turned = st.pagination(pages, key=key, max_visible_pages=3)
    return items[(turned - 1) * size : turned * size]


def _class_card(image_class: ImageClass, project_id: str) -> None:
    with st.container(border=True, key=f"fsl_card_{image_class.id}"):
        with st.container(horizontal=True, vertical_alignment="center", gap="small", key=f"fsl_head_{image_class.id}"):
            _name_field(image_class)
            _switch(image_class, None)
            st.button(
                f"Remove the class {plain(image_class.name)}",
                key=f"fsl_icon_class_{image_class.id}",
                icon=":material/delete:",
                type="tertiary",
                on_click=session.try_edit,
                args=(uploads.CLASSES, lambda project: project.without_class(image_class.id)),
            )
        if image_class.pictures:
            shown = page_of(image_class.pictures, PAGE, f"page_{image_class.id}")
            with st.container(horizontal=True, gap="small", key=f"fsl_thumbs_{image_class.id}"):
                for picture in shown:
                    _example(image_class, picture, project_id)
        else:
            st.caption("No picture yet: drop one or more below.")
        uploads.class_inbox(image_class)


def _name_field(image_class: ImageClass) -> None:
    key = f"name_{image_class.id}"
    st.session_state[key] = image_class.name[
        :LONGEST_NAME
    ]  # in every run, so that a run that was cut short leaves no empty field

    def rename() -> None:
        name = st.session_state[key]
        session.try_edit(uploads.CLASSES, lambda project: project.renamed(image_class.id, name))

    st.text_input(
        "Name of the class",
        key=key,
        on_change=rename,
        max_chars=LONGEST_NAME,
        label_visibility="collapsed",
        width="stretch",
    )


def _example(image_class: ImageClass, picture: Picture, project_id: str) -> None:
    with st.container(key=f"fsl_thumb_{image_class.id}_{picture.id[:16]}"):
        thumbnail(project_id, picture, f"Example of {image_class.name}")
        if arrange.is_on():
            arrange.tick(image_class.id, picture)
            return
        _switch(image_class, picture)
        st.button(
            f"Remove {plain(picture.name)}",
            key=f"fsl_icon_{image_class.id}_{picture.id[:16]}",
            icon=":material/close:",
            type="tertiary",
            on_click=session.try_edit,
            args=(uploads.CLASSES, lambda project: project.without_picture(image_class.id, picture.id)),
        )


def _switch(image_class: ImageClass, picture: Picture | None) -> None:
    """The button that leaves a class, or one picture of it, out of the answers, or takes it in again."""
    is_off = image_class.is_off if picture is None else picture.id in image_class.off
    what = f"the class {image_class.name}" if picture is None else picture.name
    st.button(
        f"Switch {plain(what)} {'on' if is_off else 'off'}",
        key=f"fsl_icon_switch_{image_class.id}_{picture.id[:16] if picture else 'all'}",
        icon=":material/visibility_off:" if is_off else ":material/visibility:",
        type="tertiary",
        help="Off: answers come without it; nothing is deleted." if picture is None else None,
        on_click=session.try_edit,
        args=(uploads.CLASSES, lambda project: project.with_switched(image_class.id, picture and picture.id)),
    )
    # For the stylesheet: a container whose own key changed would be built anew, and the button would lose the focus.
    st.html(f'<i class="fsl-{"off" if is_off else "on"}"></i>')
