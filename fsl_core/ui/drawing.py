"""Episodes drawn from a data set: the form, the job that may wait for a download, its progress."""

import threading
from collections.abc import Callable
from concurrent.futures import Future, wait
from dataclasses import replace
from typing import Any, NamedTuple, TypeVar

import streamlit as st

from fsl_core.data.datasets import DATASETS, SOURCES
from fsl_core.data.episode import Episode
from fsl_core.data.hub import downloaded_bytes
from fsl_core.errors import FSLError
from fsl_core.ui import cached, glossary, screen, session, uploads
from fsl_core.ui.jobs import DONE, RUNNING, Status, Ticket
from fsl_core.ui.project import MAX_CLASSES, MAX_QUERIES, MAX_SHOTS, Project, digest
from fsl_core.ui.text import plain

DRAW = "draw"  # place of its notices, and role in which the session waits
LOOK = 0.5  # seconds between two looks at a download
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

Result = TypeVar("Result")
Size = tuple[int, int, int]  # way, shot, queries of each class


class Asked(NamedTuple):
    """The key of an episode that was asked for, and what the project held then."""

    key: str
    before: tuple[object, ...]


def form() -> None:
    """The fields that say what to draw."""
    dataset, folder = source("sample")
    left, right = st.columns(2)
    way = left.number_input("Classes (way)", 2, MAX_CLASSES, 5, key="sample_way", help=glossary.explain("way"))
    shot = right.number_input("Examples each (shot)", 1, MAX_SHOTS, 1, key="sample_shot", help=glossary.explain("shot"))
    query = left.number_input(
        "Queries each", 0, MAX_QUERIES // 2, 2, key="sample_query", help=glossary.explain("query")
    )
    seed = right.number_input("Seed", 0, 2**31 - 1, session.project().settings.seed, key="sample_seed")
    st.button(
        "Draw the episode", type="primary", icon=":material/casino:", width="stretch", on_click=ask,
        args=(dataset, folder, (way, shot, query), seed),
    )  # fmt: skip


def source(prefix: str) -> tuple[str, str]:
    """The fields that say which data set: its name or its id on the Hub, and its folder on this computer or "".

    Args:
        prefix: of the keys of the widgets.
    """
    titles = {name: TITLES[name] for name in DATASETS if name in TITLES} | {HUB: HUB, FOLDER: FOLDER}
    kept: Any = {"persist_state": "session"}
    choice = st.selectbox("Data set", list(titles), format_func=titles.__getitem__, key=f"{prefix}_set", **kept)
    dataset, folder = choice, ""
    if choice == HUB:
        dataset = st.text_input("Hub id", placeholder="owner/name", key=f"{prefix}_hub", **kept)
    elif choice == FOLDER:
        dataset = "folder"
        folder = st.text_input("Its path", placeholder="/path/to/pictures", key=f"{prefix}_folder", **kept)
    elif choice in SOURCES:
        folder = st.text_input("Folder of its files (empty = download)", key=f"{prefix}_data", **kept)
    return dataset.strip(), folder.strip()


def title_of(dataset: str, folder: str) -> str:
    """What people call a data set."""
    return TITLES.get(dataset, folder or dataset).removesuffix(" (no download)")


def missing(dataset: str, folder: str) -> str:
    """One sentence where `source` says too little, else ""."""
    if not dataset or (dataset == "folder" and not folder):
        return "Say which data set to draw from: fill in its id or its path."
    return ""


def ask(dataset: str, folder: str, size: Size, seed: int) -> None:
    """Have an episode drawn; the project stays as it is meanwhile.

    Args:
        folder: of the data on this computer; empty = none.
    """
    way, _, query = size
    if missing(dataset, folder):
        _tell(missing(dataset, folder))
    elif way * query > MAX_QUERIES:
        _tell(f"{way} classes with {query} queries each are more than {MAX_QUERIES} queries; choose fewer.")
    else:
        key = digest(DRAW, dataset, folder, size, seed)
        session.tell(DRAW)
        cached.drawing_queue().submit(
            key, lambda ticket: draw(ticket, dataset, folder, size, seed), session.waiter(DRAW)
        )
        st.session_state[session.DRAWING] = Asked(key, _held(session.project()))


def draw(ticket: Ticket, dataset: str, folder: str, size: Size, seed: int) -> Episode:
    """The work of the job."""
    return waiting_for(ticket, dataset, folder, lambda: cached.draw(dataset, folder or None, size, seed))


def waiting_for(ticket: Ticket, dataset: str, folder: str, work: Callable[[], Result]) -> Result:
    """What `work` makes of a data set; it may wait for a download in a thread of its own, and be left at any time.

    A download that was left goes on; the next one finds what it has brought.
    """
    found: Future[Result] = Future()

    def finish() -> None:
        try:
            found.set_result(work())
        except BaseException as error:  # handed over to whoever asks for the result
            found.set_exception(error)

    threading.Thread(target=finish, name="drawing", daemon=True).start()
    known = SOURCES.get(dataset)
    hub_id = "" if folder or dataset == "synthetic" else (known.hub_id or "") if known else dataset
    before = downloaded_bytes(hub_id) if hub_id else 0
    while not found.done():
        new = downloaded_bytes(hub_id) - before if hub_id else 0
        what = title_of(dataset, folder)
        ticket.report(0.0, f"Downloading {what}: {new / 1e6:.0f} MB so far" if new else f"Opening {what}")
        wait([found], LOOK)
    return found.result()


def follow() -> None:
    """The progress of the drawing; what was drawn is opened, or offered where the project has changed meanwhile."""
    asked: Asked | None = st.session_state.get(session.DRAWING)
    if asked is None:
        uploads.show_notices(DRAW)
        return
    status = cached.drawing_queue().status(asked.key, session.waiter(DRAW))
    if status is not None and not status.finished:
        _progress(asked.key)
    elif status is None or status.state != DONE:
        st.session_state[session.DRAWING] = None
        _tell(status.error if status and status.error else "The drawing was stopped; draw the episode again.")
        uploads.show_notices(DRAW)
    elif _held(session.project()) == asked.before:
        _open(asked.key)
        st.rerun()
    else:
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.info("The episode is drawn. Your project stays among those on the Start page.", width="stretch")
            st.button("Open it", icon=":material/open_in_new:", on_click=_open, args=(asked.key,))
            st.button("Leave it", type="tertiary", on_click=_stop)


@st.fragment
def _progress(key: str) -> None:
    status = cached.drawing_queue().status(key, session.waiter(DRAW))
    if status is None or status.finished:
        st.rerun()
    screen.look_again(DRAW, LOOK)
    with st.container(horizontal=True, vertical_alignment="center", gap="medium", key="fsl_drawing"):
        st.progress(status.fraction, text=f"{plain(_say(status))} You can go on meanwhile.")
        st.button("Stop drawing", icon=":material/stop_circle:", type="tertiary", on_click=_stop)


def _say(status: Status) -> str:
    if status.state == RUNNING:
        return f"{status.phase or 'Starting'} …"
    return f"Waiting for {status.ahead} other {'drawing' if status.ahead == 1 else 'drawings'} …"


def _stop() -> None:
    cached.drawing_queue().withdraw(session.waiter(DRAW))
    st.session_state[session.DRAWING] = None


def _open(key: str) -> None:
    episode = cached.drawing_queue().result(key)
    st.session_state[session.DRAWING] = None
    if episode is None:  # others have drawn meanwhile, and the queue keeps few results
        _tell("The drawing is not kept any more; draw the episode again.")
        return
    try:
        session.start(lambda store, empty: replace(store.adopt(episode, empty), is_sample=True))
    except FSLError as error:
        _tell(str(error))


def _held(project: Project) -> tuple[object, ...]:
    return project.id, project.classes, project.queries


def _tell(text: str) -> None:
    session.tell(DRAW, session.Notice(session.BAD, plain(text)))
