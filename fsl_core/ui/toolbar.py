"""What stands above an episode: draw a sample, bring a folder or a zip, open, save, start anew."""

from collections.abc import Callable
from dataclasses import replace

import streamlit as st

from fsl_core.data.datasets import DATASETS
from fsl_core.errors import FSLError
from fsl_core.ui import cached, session, uploads
from fsl_core.ui.project import MAX_CLASSES, MAX_QUERIES, MAX_SHOTS
from fsl_core.ui.text import plain

TOOLBAR = "toolbar"
HUB, FOLDER = "Another one on the Hub", "A folder or zip on this computer"
TITLES = {
    "synthetic": "Synthetic scenes (no download)",
    "cifar_fs": "CIFAR-FS",
    "fc100": "FC100",
    "tiny_imagenet": "Tiny-ImageNet",
    "mini_imagenet": "miniImageNet",
    "tiered_imagenet": "tieredImageNet",
    "cub": "CUB birds",
}


def toolbar() -> None:
    """The row of popovers."""
    with st.container(horizontal=True, gap="small", key="fsl_toolbar"):
        with st.popover("Sample episode", icon=":material/casino:"):
            _sample()
        with st.popover("Folder or zip", icon=":material/folder_open:"):
            uploads.folder_inbox()
        with st.popover("Open or save", icon=":material/save:"):
            uploads.episode_inbox()
            _save()
        st.button("Start empty", icon=":material/note_add:", on_click=start_empty, type="tertiary")
    for place in (TOOLBAR, uploads.EVERYTHING, uploads.EPISODE):
        uploads.show_notices(place)


def start_empty() -> None:
    """A new project with two empty classes; the old one stays on disk."""
    _try(lambda: session.start(lambda store, empty: empty.with_new_class().with_new_class()))


def start_sample() -> None:
    """A new project with the synthetic sample episode."""
    _try(session.start_sample)


def _try(action: Callable[[], object]) -> None:
    try:
        action()
    except FSLError as error:
        session.tell(TOOLBAR, session.Notice(session.BAD, plain(str(error))))


def _sample() -> None:
    known = [name for name in DATASETS if name in TITLES]
    choice = st.selectbox(
        "Data set", [*known, HUB, FOLDER], format_func=lambda name: TITLES.get(name, name), key="sample_set"
    )
    dataset, folder = choice, None
    if choice == HUB:
        dataset = st.text_input("Hub id", placeholder="owner/name", key="sample_hub")
    elif choice == FOLDER:
        dataset, folder = "folder", st.text_input("Its path", placeholder="/path/to/pictures", key="sample_folder")
    elif choice != "synthetic":
        folder = st.text_input("Folder of its files (empty = download)", key="sample_data")
    left, right = st.columns(2)
    way = left.number_input("Classes (way)", 2, MAX_CLASSES, 5, key="sample_way")
    shot = right.number_input("Examples each (shot)", 1, MAX_SHOTS, 1, key="sample_shot")
    query = left.number_input("Queries each", 0, MAX_QUERIES // 2, 2, key="sample_query")
    seed = right.number_input("Seed", 0, 2**31 - 1, session.project().settings.seed, key="sample_seed")
    if st.button("Draw the episode", type="primary", icon=":material/casino:", width="stretch"):
        _draw(dataset, folder, (way, shot, query), seed)


def _draw(dataset: str, folder: str | None, size: tuple[int, int, int], seed: int) -> None:
    way, _, query = size
    if not dataset.strip() or (dataset == "folder" and not folder):
        session.tell(
            TOOLBAR, session.Notice(session.BAD, "Say which data set to draw from: fill in its id or its path.")
        )
    elif way * query > MAX_QUERIES:
        text = f"{way} classes with {query} queries each are more than {MAX_QUERIES} queries; choose fewer."
        session.tell(TOOLBAR, session.Notice(session.BAD, text))
    else:
        with st.spinner("Drawing the episode …"):
            _try(lambda: _adopt(dataset.strip(), folder, size, seed))
    st.rerun()


def _adopt(dataset: str, folder: str | None, size: tuple[int, int, int], seed: int) -> None:
    episode = cached.draw(dataset, folder, size, seed)
    session.start(lambda store, empty: replace(store.adopt(episode, empty), is_sample=True))


def _save() -> None:
    project, store = session.project(), session.store()
    missing = (
        project.what_is_missing()
        if len(project.classes) < 2 or not all(one.pictures for one in project.classes)
        else None
    )
    st.download_button(
        "Save this episode (.zip)",
        lambda: store.episode(project).to_zip(),
        "episode.zip",
        "application/zip",
        on_click="ignore",
        icon=":material/download:",
        disabled=missing is not None,
        help=missing,
        width="stretch",
    )
