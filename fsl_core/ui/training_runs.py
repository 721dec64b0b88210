"""The runs as cards, live: how far each is, and what can be done with it."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Literal

import streamlit as st

from fsl_core.errors import FSLError
from fsl_core.train import control, runs
from fsl_core.train.process import AT_ONCE
from fsl_core.train.runs import FAILED, FINISHED, RUNNING, STOPPED, RunFolder
from fsl_core.ui import cached, screen, session, uploads
from fsl_core.ui.drawing import title_of
from fsl_core.ui.options import choice_title
from fsl_core.ui.text import plain

PLACE = "runs"  # of what is told about stopping and resuming
ASKED = "training_asked_to_stop"  # key of the ids of the processes that this session asked to stop
SHOWN = 6  # runs; the others are behind a click
BADGES: dict[str, tuple[str, Literal["blue", "green", "orange", "red"]]] = {
    RUNNING: (":material/progress_activity:", "blue"),
    FINISHED: (":material/check_circle:", "green"),
    STOPPED: (":material/pause_circle:", "orange"),
    FAILED: (":material/error:", "red"),
}


@st.fragment
def cards(known: frozenset[str], may_train: bool, every: float) -> None:
    """The runs, newest first; the whole page runs again when another set of them is under way than is `known`.

    Args:
        known: names of the runs under way when the page ran.
        may_train: whether something can be done with runs here.
        every: seconds between two looks at them.
    """
    screen.look_again(PLACE, every)
    found = runs.find_runs()
    if under_way(found) != known:
        session.tell(PLACE)
        st.rerun()
    uploads.show_notices(PLACE)
    for run in found[:SHOWN]:
        _card(run, may_train)
    if found[SHOWN:]:
        with st.expander(f"{len(found) - SHOWN} earlier", icon=":material/history:"):
            for run in found[SHOWN:]:
                _card(run, may_train)


def under_way(found: list[RunFolder]) -> frozenset[str]:
    """Names of the runs that a process trains."""
    return frozenset(run.name for run in found if run.state == RUNNING)


def _card(run: RunFolder, may_train: bool) -> None:
    with st.container(border=True, key=f"fsl_run_{run.name}"):
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.markdown(f"**{plain(run.name)}**", width="content")
            state = STOPPED if run.message == AT_ONCE else run.state  # though it left nothing to go on from
            icon, colour = BADGES[state]
            st.badge(state, icon=icon, color=colour)
        st.caption(plain(about(run)))
        if run.state == RUNNING:
            st.progress(done(run), text=plain(progress(run)))
        if len(run.curves.epoch):
            st.markdown(plain(latest(run)))
        if run.message:
            st.caption(plain(run.message))
        if may_train:
            _buttons(run)


def about(run: RunFolder) -> str:
    """What is trained, in short."""
    parts = []
    if run.config:
        config = run.config
        parts = [
            title_of(config.dataset, ""),
            choice_title(config.architecture),
            choice_title(config.objective),
            f"{config.epochs} epochs",
            f"seed {config.seed}",
        ]
    if run.process:
        parts.append(f"started {datetime.fromtimestamp(run.process.started):%Y-%m-%d %H:%M}")
    return " · ".join(parts)


def done(run: RunFolder) -> float:
    """Share of the run that is done, in [0, 1]."""
    if run.status is None:
        return 0.0
    return (run.status.epoch - 1 + run.status.step / run.status.steps) / run.status.epochs


def progress(run: RunFolder) -> str:
    """How far a run under way is, in words."""
    status = run.status
    if status is None:
        return f"Getting ready. {run.reading or 'Looking for the pictures'} …"
    now = "validation" if status.step == status.steps else f"step {status.step} of {status.steps}"
    return (
        f"Epoch {status.epoch} of {status.epochs}, {now}: loss {status.loss:.3f}, accuracy {100 * status.accuracy:.1f} "
        f"%, {status.images_per_second:.0f} images/s, {status.remaining} to go"
    )


def latest(run: RunFolder) -> str:
    """The numbers of the last epoch, in words."""
    one, five = 100 * run.curves.val_1shot, 100 * run.curves.val_5shot
    judged, shot = (one, 1) if run.config is None or run.config.shot == 1 else (five, 5)
    return (
        f"After epoch {run.curves.epoch[-1]:.0f}: loss {run.curves.loss[-1]:.3f}; val classes, 5-way: {one[-1]:.1f} % "
        f"with 1 example, {five[-1]:.1f} % with 5 (best so far {judged.max():.1f} % with {shot})"
    )


def _buttons(run: RunFolder) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        if run.state == RUNNING and run.process and run.process.pid in st.session_state.get(ASKED, ()):
            st.button("Stopping …", icon=":material/stop_circle:", key=f"fsl_stopping_{run.name}", disabled=True)
        elif run.state == RUNNING and run.process:
            _button(
                run, "Stop", ":material/stop_circle:", lambda: _stop(run),
                "saves after the present step and stops." if run.status else "ends; nothing was trained yet.",
                "After the first step it is saved and can be resumed; before, there is nothing to keep.",
            )  # fmt: skip
        if run.state == STOPPED:
            _button(
                run, "Resume", ":material/play_arrow:", lambda: control.resume(run.path),
                "goes on from its last checkpoint.", "On the same data, from its last checkpoint on.",
            )  # fmt: skip
        if runs.may_be_replaced(run):
            _button(
                run, "Remove", ":material/delete:", lambda: control.remove(run.path), "is removed.",
                "Deletes its folder, in which there are no weights.",
            )  # fmt: skip
        if run.state == FINISHED and run.best.is_file():
            _use(run)


def _stop(run: RunFolder) -> None:
    control.stop(run.path)
    if run.process:
        st.session_state[ASKED] = {*st.session_state.get(ASKED, ()), run.process.pid}


def _use(run: RunFolder) -> None:
    if runs.is_shared(run):
        st.badge("Among the backbones of all pages", icon=":material/check:", color="green")
        _button(
            run, "Take away", ":material/remove_circle:", lambda: runs.withdraw(run),
            "is no longer among the backbones.", "It leaves the list in the sidebar; the run keeps its weights.",
        )  # fmt: skip
    else:
        _button(
            run, "Use on all pages", ":material/category:", lambda: _share(run), "is one of the backbones now.",
            "It becomes one of the backbones in the sidebar, and that of this project.",
        )  # fmt: skip


def _share(run: RunFolder) -> None:
    runs.share(run)
    cached.cards.clear()
    cached.engine.clear()  # it may hold an older network of that name
    session.edit(lambda project: replace(project, settings=replace(project.settings, backbone=run.name)))


def _button(run: RunFolder, label: str, icon: str, act: Callable[[], None], effect: str, help: str) -> None:
    """A button that does something with a run; `effect` is told afterwards."""
    if st.button(label, icon=icon, key=f"fsl_{label.lower()}_{run.name}", help=help):
        try:
            act()
            session.tell(PLACE, session.Notice(session.GOOD, plain(f"{run.name} {effect}")))
        except FSLError as error:
            session.tell(PLACE, session.Notice(session.BAD, plain(str(error))))
        cached.cards.clear()
        st.rerun()
