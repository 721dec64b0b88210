"""The only owner of st.session_state: every key, its type, its default."""

import secrets
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from typing import NamedTuple, NoReturn

import streamlit as st

from fsl_core.errors import FSLError
from fsl_core.ui import beforehand, browser, cached, chosen, frame
from fsl_core.ui.engine import Pair
from fsl_core.ui.pieces import Settings
from fsl_core.ui.project import Project
from fsl_core.ui.samples import DEFAULT
from fsl_core.ui.store import ChangedElsewhereError, Store
from fsl_core.ui.text import plain

PROJECT = "project"  # Project
STORE = "store"  # Store
SESSION = "session"  # str: random, names this session as a waiter of the queue
PAGE = "page"  # str: title of the page that is shown
PAIR = "pair"  # Pair | None: the query and the class that the pages explain
CLASSIFICATION = "classification"  # str: key of the classification that was asked for last
NOTICES = "notices"  # dict[str, list[Notice]]: by place, shown until the next one there
UNDO, REDO = "undo", "redo"  # list[Project]: states before the latest edits, and those that were taken back
DRAWING = "drawing"  # drawing.Asked: the episode that is being drawn from a data set
PLAN = "plan"  # str: key of the plan of a training run that was asked for last
TOUR = "tour"  # tour.Turn: where the guided tour is
INBOXES = "inboxes"  # dict[str, int]: how often an uploader was emptied; part of its key

PARAMETER = "project"
UNDO_STEPS = 20

GOOD, MIXED, BAD = "success", "warning", "error"


class Notice(NamedTuple):
    """A message to the person; `kind` is GOOD, MIXED or BAD."""

    kind: str
    text: str


_edits = threading.RLock()  # two runs of one session may overlap


def project() -> Project:
    """The session's project: the one of the URL, else a new one with the sample episode."""
    if PROJECT not in st.session_state:
        frame.require_frame()
        _open_or_start()
    current: Project = st.session_state[PROJECT]
    if st.query_params.get(PARAMETER) != current.id:
        st.query_params[PARAMETER] = current.id
    return current


def has_project() -> bool:
    """Whether this session has a project, or its URL names one."""
    return PROJECT in st.session_state or PARAMETER in st.query_params


def store() -> Store:
    """The folder of the session's project."""
    project()
    opened: Store = st.session_state[STORE]
    return opened


def edit(change: Callable[[Project], Project]) -> None:
    """Replace the project by `change(project)`, on disk first; the person can take it back.

    Raises:
        FSLError: the change is not possible, or cannot be saved; the project is as before.
        ChangedElsewhereError: another window changed the project; the session has that state now.
    """
    with _edits:
        before = project()
        changed = change(before)
        if _differ(changed, before):
            _save(changed, [*st.session_state.get(UNDO, []), before][-UNDO_STEPS:], [])


def note(change: Callable[[Project], Project]) -> None:
    """Like `edit`, for what is no step of the person's own: an answer that came.

    Where another window changed the project meanwhile, it is added to what that window made of it.
    """
    with _edits:
        try:
            _replace(change)
        except ChangedElsewhereError:  # the session has that state now
            _replace(change)


def can_step(stack: str) -> bool:
    """Whether there is something to take back (UNDO) or to do again (REDO)."""
    return bool(st.session_state.get(stack))


def step(stack: str) -> None:
    """Take the latest edit back (UNDO), or do again what was taken back (REDO).

    Raises:
        FSLError: it cannot be saved; everything is as before.
    """
    with _edits:
        if not can_step(stack):
            return
        now, then, left = project(), st.session_state[stack][-1], st.session_state[stack][:-1]
        other = [*st.session_state.get(REDO if stack == UNDO else UNDO, []), now]
        _save(replace(then, answer=now.answer), *((left, other) if stack == UNDO else (other, left)))


def _differ(one: Project, other: Project) -> bool:
    return replace(one, revision=other.revision) != other


def _replace(change: Callable[[Project], Project]) -> None:
    changed = change(project())
    if _differ(changed, project()):
        _save(changed)


def _save(changed: Project, *history: list[Project]) -> None:
    """Make a state the project's, on disk first; `history` is what can be undone and done again from then on."""
    now = project()
    changed = replace(changed, revision=now.revision + 1)
    try:
        store().save(changed)
    except ChangedElsewhereError:
        _enter(*Store.open(now.id))
        raise
    st.session_state[PROJECT] = changed
    if history:
        st.session_state[UNDO], st.session_state[REDO] = history
        with suppress(FSLError):  # the edit itself is saved; only undo after a reload is lost
            store().save_history(*history)


def start(fill: Callable[[Store, Project], Project] = lambda store, project: project) -> None:
    """Leave the project, which stays on disk, and start a new one with the same settings.

    Raises:
        FSLError: `fill` did, or the new one cannot be saved; the session keeps its project, and nothing stays on disk.
    """
    settings = st.session_state[PROJECT].settings if PROJECT in st.session_state else Settings()
    opened, empty = Store.create(settings, browser.owner())
    try:
        filled = fill(opened, empty)
        opened.save(filled)
    except BaseException:  # Streamlit's own, too, as the person goes elsewhere meanwhile
        opened.delete()
        raise
    _enter(opened, filled)


def start_sample(theme: str = DEFAULT) -> None:
    """Start a new project with a sample set, and with the answer that ships for it."""

    def fill(opened: Store, empty: Project) -> Project:
        fresh = replace(opened.adopt(cached.sample(theme), empty), is_sample=True)
        return beforehand.answered(theme, fresh, cached.cards()[_backbone_of(fresh)])

    start(fill)


def resume(project_id: str) -> None:
    """Leave the project, which stays on disk, and go on with another one.

    Raises:
        EpisodeError: it is not there any more, or damaged.
    """
    _enter(*Store.open(project_id))


def leave() -> None:
    """Have no project, as in a new session."""
    for key in (STORE, PROJECT, PAIR, CLASSIFICATION, NOTICES, UNDO, REDO):
        st.session_state.pop(key, None)
    st.query_params.pop(PARAMETER, None)


def pair() -> Pair | None:
    """The query and the class that the pages explain; None = nothing was chosen or it was removed since."""
    current = project()
    latest: Pair | None = st.session_state.get(PAIR)
    return None if latest is None else chosen.in_use(current, latest)


def choose_pair(query_id: str, class_id: str, picture_id: str | None = None) -> None:
    """Remember what the pages explain, beyond a reload."""
    pair = Pair(query_id, class_id, picture_id)
    if pair != st.session_state.get(PAIR):
        st.session_state[PAIR] = pair
        chosen.remember(store(), pair)


def ask_why(query_id: str, class_id: str) -> NoReturn:
    """Open the page Why? for a query and a class."""
    choose_pair(query_id, class_id)
    st.switch_page("pages/why.py")


def backbone() -> str:
    """Name of the chosen backbone, or of the default one.

    Raises:
        WeightsError: the manifest is missing or damaged.
    """
    return _backbone_of(project())


def _backbone_of(current: Project) -> str:
    cards = cached.cards()
    return current.settings.backbone if current.settings.backbone in cards else next(iter(cards))


def weights() -> str:
    """Digest of the chosen backbone's weights; empty where there is no backbone at all."""
    try:
        return cached.cards()[backbone()].sha256
    except FSLError:
        return ""


def waiter(role: str) -> str:
    """The name under which this session waits for one kind of job."""
    return f"{st.session_state.setdefault(SESSION, secrets.token_hex(8))} {role}"


def classification() -> str | None:
    """Key of the classification that is under way; None = none."""
    key: str | None = st.session_state.get(CLASSIFICATION)
    return key


def await_classification(key: str | None) -> None:
    """Remember which classification is under way."""
    st.session_state[CLASSIFICATION] = key


def tell(place: str, *notices: Notice) -> None:
    """Replace the messages of a place; without any, they are cleared."""
    st.session_state[NOTICES] = {**st.session_state.get(NOTICES, {}), place: list(notices)}


def notices(place: str) -> list[Notice]:
    """The messages of a place."""
    told: list[Notice] = st.session_state.get(NOTICES, {}).get(place, [])
    return told


def inbox_key(place: str) -> str:
    """Key of an uploader; it changes when the uploader was emptied."""
    return f"inbox {place} {st.session_state.get(INBOXES, {}).get(place, 0)}"


def empty_inbox(place: str) -> None:
    """Show the uploader empty from the next run on."""
    counts = st.session_state.get(INBOXES, {})
    st.session_state[INBOXES] = {**counts, place: counts.get(place, 0) + 1}


def try_edit(place: str, change: Callable[[Project], Project]) -> None:
    """`edit` for callbacks of widgets: what is not possible is told in that place."""
    try:
        edit(change)
        tell(place)
    except FSLError as error:
        tell(place, Notice(BAD, plain(str(error))))


def _open_or_start() -> None:
    linked = st.query_params.get(PARAMETER)
    if linked:
        try:
            _enter(*Store.open(linked))
            return
        except FSLError as error:
            start_sample()
            tell("project", Notice(BAD, f"{error} Meanwhile here is a sample episode."))
            return
    start_sample()


def _enter(opened: Store, current: Project) -> None:
    st.session_state[STORE], st.session_state[PROJECT] = opened, current
    for key in (CLASSIFICATION, NOTICES):
        st.session_state.pop(key, None)
    st.session_state[PAIR] = chosen.recall(opened, current)
    st.session_state[UNDO], st.session_state[REDO] = opened.history()
    st.query_params[PARAMETER] = current.id
