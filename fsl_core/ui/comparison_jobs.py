"""What the Compare page asks of the queue: started, followed, stopped, and found again."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import streamlit as st

from fsl_core.ui import cached, comparison, requests, screen, session
from fsl_core.ui.comparison import Growth, Method
from fsl_core.ui.jobs import DONE, FAILED, Ticket, Work
from fsl_core.ui.text import plain

COMPARE, SHOTS = "compare", "shots"  # roles: the session waits for one job of each
ASKED, STOPPED = "fsl_asked_", "fsl_stopped_"  # + role, in the session's state: str, key of a job
SHOWN = "fsl_shown_"  # + role: (str, str, str), a project's id, the key of the job whose result was shown, its regions
ANY = "any"  # value of ASKED: whatever the page is about to ask for
SEED = "fsl_shots_seed"  # int: of the draws, once the person has asked for others
PATIENCE = 0.4  # seconds that the page waits for a job before it shows progress


class Found(NamedTuple):
    """What there is to show: the result that was asked for, or an `outdated` one until that is there, or None.

    Attributes:
        regions: setting of the project that the result speaks of.
    """

    result: Any
    outdated: bool
    regions: str


def answers(methods: Sequence[Method]) -> Found:
    """The answers of the methods to the project as it is now (a tuple of `Answer`); see `_follow`."""
    project, store, engine = session.project(), session.store(), cached.engine()
    key = comparison.compare_key(project, methods)

    def work(ticket: Ticket) -> Any:
        return comparison.compare(ticket, engine, store, project, methods)

    return _follow(COMPARE, key, work, "Compare", project.settings.live)


def growth(methods: Sequence[Method]) -> Found:
    """Accuracy of the methods by number of examples (a `Growth`); see `_follow`."""
    project, store, engine = session.project(), session.store(), cached.engine()
    number = seed()
    key = comparison.grow_key(project, methods, number)

    def work(ticket: Ticket) -> Growth:
        return comparison.grow(ticket, engine, store, project, methods, number)

    return _follow(SHOTS, key, work, "Measure", False)


def seed() -> int:
    """Seed of the draws."""
    chosen: int = st.session_state.get(SEED, session.project().settings.seed)
    return chosen


def redraw() -> None:
    """Ask for other draws: those of the next seed."""
    st.session_state[SEED] = seed() + 1
    st.session_state[ASKED + SHOTS] = ANY


def stop(role: str, key: str) -> None:
    """Want a job no more, and do not ask for it again by itself."""
    cached.queue().withdraw(session.waiter(role))
    st.session_state[ASKED + role] = None
    st.session_state[STOPPED + role] = key


def _follow(role: str, key: str, work: Work, verb: str, at_once: bool) -> Found:
    """The result of a job.

    Until it is there, the button that asks for it, or its progress and a button that stops it, or the reason why it
    failed stands where this is called; and the last result that was shown is given, as outdated.

    Args:
        at_once: whether it is asked for without being told to, unless it was stopped.
    """
    queue, state, project = cached.queue(), st.session_state, session.project()
    status = queue.status(key)

    def ask() -> None:
        state[ASKED + role], state[STOPPED + role] = key, None

    if state.get(ASKED + role) == ANY:
        ask()
    under_way = status is not None and not status.finished
    wanted = state.get(STOPPED + role) != key and (at_once or under_way or state.get(ASKED + role) == key)
    if wanted and (status is None or not status.finished):
        queue.submit(key, work, session.waiter(role))
        status = queue.wait(key, PATIENCE)
    if status is not None and status.state == DONE:
        state[SHOWN + role] = (project.id, key, project.settings.regions)
        return Found(queue.result(key), False, project.settings.regions)
    if status is not None and status.state == FAILED:
        st.error(plain(status.error), icon=":material/error:")

        def again() -> None:
            ask()
            queue.submit(key, work, session.waiter(role))

        st.button("Try again", on_click=again, icon=":material/refresh:", key=f"fsl_again_{role}")
    elif wanted:
        _progress(role, key)
    else:
        st.button(verb, on_click=ask, type="primary", icon=":material/play_arrow:", key=f"fsl_ask_{role}")
    of_project, shown, regions = state.get(SHOWN + role, ("", "", ""))
    return Found(queue.result(shown) if of_project == project.id else None, True, regions)


@st.fragment
def _progress(role: str, key: str) -> None:
    status = cached.queue().status(key, session.waiter(role))
    if status is None or status.finished:
        st.rerun()
    screen.look_again(role, requests.POLL)
    st.progress(status.fraction, text=requests.say(status))
    st.button(
        "Stop", on_click=stop, args=(role, key), icon=":material/stop_circle:", key=f"fsl_stop_{role}", type="tertiary"
    )
