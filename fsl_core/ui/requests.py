"""What the pages ask of the inference queue, and the progress they show meanwhile."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, TypeVar

import streamlit as st

from fsl_core.errors import FSLError
from fsl_core.records import Emphasis, Flow, SolverRun
from fsl_core.ui import cached, quiz, screen, session
from fsl_core.ui.engine import Match, Pair
from fsl_core.ui.jobs import DONE, FAILED, RUNNING, Queue, Status, Ticket, Work
from fsl_core.ui.pieces import Answer
from fsl_core.ui.project import Project, digest
from fsl_core.ui.scene import Scene
from fsl_core.ui.text import plain

Result = TypeVar("Result")

CLASSIFY, MATCH, SOLVE = "classify", "match", "solve"
QUICK = 0.4  # seconds that a page waits for a job before it shows progress
POLL = 0.3  # seconds between two looks
AWAITED = "fsl_awaited"  # dict[str, Queue]: what the page waits for, by role; in the session's state
STOPPED = "fsl_stopped"  # dict[str, str]: key of the job that was stopped last, by role; in the session's state


def classify() -> None:
    """Ask for the classification of the project as it is now; asking again changes nothing."""
    try:
        backbone, weights = session.backbone(), session.weights()
    except FSLError as error:
        session.tell(CLASSIFY, session.Notice(session.BAD, str(error)))
        return
    project, store, engine = session.project(), session.store(), cached.engine()
    key, support = project.request_key(weights), project.support_key(weights)
    session.tell(CLASSIFY)
    session.await_classification(key)
    used = project.in_use
    cached.queue().submit(
        key, lambda ticket: engine.classify(ticket, store, used, backbone, support), session.waiter(CLASSIFY)
    )


def stop() -> None:
    """Want no classification any more."""
    cached.queue().withdraw(session.waiter(CLASSIFY))
    session.await_classification(None)


def stop_waiting(key: str, role: str, queue: Queue) -> None:
    """Want the job of a role no more, until the person asks for it again or it is another one."""
    queue.withdraw(session.waiter(role))
    st.session_state[STOPPED] = {**st.session_state.get(STOPPED, {}), role: key}


def pending() -> str | None:
    """Key of the classification under way; an answer that has come is put into the project first."""
    key = session.classification()
    if key is None:
        return _found_again()
    status = cached.queue().wait(key, 0)
    if status is not None and not status.finished:
        return key
    session.await_classification(None)
    answer = cached.queue().result(key)
    if answer is not None:
        session.note(lambda project: with_answer(project, answer))
    else:
        text = status.error if status and status.error else "The classification was stopped; press Classify again."
        session.tell(CLASSIFY, session.Notice(session.BAD, text))
    return None


def match(pair: Pair, emphasis: Emphasis) -> Match | None:
    """How a query matches a class or a support picture with changed weights; None = see `awaited`."""
    project, store, engine = session.project(), session.store(), cached.engine()
    try:
        backbone, weights = session.backbone(), session.weights()
    except FSLError as error:
        st.error(plain(str(error)), icon=":material/error:")
        return None
    settings = project.settings
    pictures = [[one.id, one.name, [picture.id for picture in one.pictures]] for one in project.in_use.classes]
    options = dict(settings.options.get("deepemd", {}))
    factors = [sorted(emphasis.query.items()), sorted(emphasis.support.items())]
    key = digest(MATCH, pictures, weights, settings.device, settings.seen, options, *pair, factors)
    found: Match | None = awaited(
        key, MATCH, lambda ticket: engine.match(ticket, store, project.in_use, backbone, pair, emphasis)
    )
    return found


def explained(
    role: str, work: Callable[[Scene], Result], *asked: Any, backbone: str | None = None, patient: bool = False
) -> Result | None:
    """An explanation of the project as it is now; None = see `awaited`.

    Args:
        role: what kind of explanation it is; this session waits for one of each.
        work: computes it, on the queue's worker.
        asked: all that it depends on besides the project and its settings; values that JSON can write.
        backbone: name in the manifest; None = the chosen one.
        patient: as in `awaited`.
    """
    project, store, engine = quiz.without_secrets(session.project().in_use), session.store(), cached.engine()
    try:
        name = backbone or session.backbone()
        weights = cached.cards()[name].sha256
    except FSLError as error:
        st.error(plain(str(error)), icon=":material/error:")
        return None
    names = [[one.name, [picture.name for picture in one.pictures]] for one in project.classes]
    labels = [[query.picture.name, query.true_class] for query in project.queries]
    key = digest(role, name, project.request_key(weights), names, labels, *asked)
    found: Result | None = awaited(key, role, lambda ticket: work(Scene(ticket, engine, store, project, name)), patient)
    return found


def solve_again(flow: Flow, solvers: Sequence[str]) -> list[SolverRun] | None:
    """What each solver makes of the problem behind a flow; None = see `awaited`."""

    def work(ticket: Ticket) -> list[SolverRun]:
        from fsl_core.explain import solve_again as solve

        runs = []
        for number, solver in enumerate(solvers):
            ticket.report(number / len(solvers), "Solving")
            runs.append(solve(flow, solver))
        return runs

    problem = hashlib.sha256(
        b"".join(part.tobytes() for part in (flow.similarity, flow.query_weight, flow.support_weight))
    )
    found: list[SolverRun] | None = awaited(
        digest(SOLVE, problem.hexdigest(), flow.temperature, list(solvers)), SOLVE, work
    )
    return found


def awaited(key: str, role: str, work: Work, patient: bool = False, queue: Queue | None = None) -> Any:
    """The result of a job that a page cannot go on without.

    While it is under way, progress stands where this is called, with a button that stops it, and the page runs again at
    the end; where it fails, the reason stands there. Each time the answer is None.

    Args:
        role: of this session; it waits for one job of each.
        patient: whether all other jobs go first, for what takes long.
        queue: None = the inference queue.
    """
    queue = queue or cached.queue()
    st.session_state.setdefault(AWAITED, {})[role] = queue

    def submit() -> None:
        st.session_state.get(STOPPED, {}).pop(role, None)
        queue.submit(key, work, session.waiter(role), patient)

    if queue.status(key) is None:
        if st.session_state.get(STOPPED, {}).get(role) == key:
            st.info("This was stopped before it was done.", icon=":material/stop_circle:")
            st.button("Compute it", on_click=submit, icon=":material/play_arrow:", key=f"fsl_again_{role}")
            return None
        submit()
    status = queue.wait(key, QUICK)
    if status is not None and status.state == DONE:
        return queue.result(key)
    if status is not None and status.state == FAILED:
        st.error(plain(status.error), icon=":material/error:")
        st.button("Try again", on_click=submit, icon=":material/refresh:", key=f"fsl_again_{role}")
    else:
        _progress(key, role, queue)
    return None


def leave() -> None:
    """Want none of the explanations any more that pages wait for, as another page is shown."""
    for role, queue in st.session_state.pop(AWAITED, {}).items():
        queue.withdraw(session.waiter(role))


def show_progress(key: str, role: str) -> None:
    """A bar that follows a job; the whole page runs again when the job has finished."""
    _progress(key, role, cached.queue())


@st.fragment
def _progress(key: str, role: str, queue: Queue) -> None:
    status = queue.status(key, session.waiter(role))
    if status is None or status.finished:
        st.rerun()
    screen.look_again(role, POLL)
    st.progress(status.fraction, text=say(status))
    if role == CLASSIFY:
        st.button("Stop", on_click=stop, icon=":material/stop_circle:", key="stop", type="tertiary")
    else:
        st.button("Stop", on_click=stop_waiting, args=(key, role, queue), icon=":material/stop_circle:",
                  type="tertiary", key=f"fsl_stop_{role}")  # fmt: skip


def say(status: Status) -> str:
    """The state of a job in words."""
    if status.state == RUNNING:
        return f"{status.phase or 'Starting'} …"
    if status.ahead <= 1:
        return "You are next: one other request is being answered …"
    return f"Waiting: {status.ahead} requests come first …"


def _found_again() -> str | None:
    """After F5: the classification of this very project may still be under way, or done but not yet collected."""
    project = session.project()
    if not project.queries:
        return None
    key = project.request_key(session.weights())
    status = cached.queue().status(key)
    if status is None or status.state == FAILED:
        return None
    if status.state == DONE:
        answer = cached.queue().result(key)
        if answer is not None and not project.is_current(project.queries[0].id, session.weights()):
            session.note(lambda current: with_answer(current, answer))
        return None
    classify()
    return key


def with_answer(project: Project, answer: Answer) -> Project:
    """The project with a new answer, which remembers what the former one said where that was something else."""
    old = project.answer
    if old is None:
        return replace(project, answer=answer)
    both = [query for query in answer.query_ids if query in old.query_ids]
    was = {query: old.said(query) for query in both if old.chosen(query) != answer.chosen(query)}
    return replace(project, answer=replace(answer, was=was))


def keep_up() -> None:
    """In live mode: ask for an answer to the project as it is now, unless there is one or it has failed."""
    project = session.project()
    weights = session.weights()
    if not project.settings.live or project.what_is_missing() or session.classification():
        return
    if all(project.is_current(query.id, weights) for query in project.queries):
        return
    key = project.request_key(weights)
    status = cached.queue().status(key)
    if status is None or status.state != FAILED:
        classify()
        cached.queue().wait(key, QUICK)  # a quick answer spares the page a run without it
