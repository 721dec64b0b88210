"""The runs as cards, live: how far each is, and what can be done with it."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Literal

import streamlit as st

from fsl_core.errors import FSLError
from fsl_core.train import runs
from fsl_core.train.runs import FAILED, FINISHED, RUNNING, STOPPED, RunFolder
from fsl_core.ui import cached, session, uploads
from fsl_core.ui.text import plain

PLACE = "runs"  # of what is told about stopping and resuming
SHOWN = 6  # runs; the others are behind a click
BADGES: dict[str, tuple[str, Literal["blue", "green", "orange", "red"]]] = {
    RUNNING: (":material/progress_activity:", "blue"),
    FINISHED: (":material/check_circle:", "green"),
    STOPPED: (":material/pause_circle:", "orange"),
    FAILED: (":material/error:", "red"),
}


def cards(known: frozenset[str], may_train: bool) -> None:
    """The runs, newest first; the whole page runs again when another set of them is under way than is `known`.

    Args:
        known: names of the runs under way when the page ran.
        may_train: whether runs can be stopped and resumed here.
    """
    found = runs.find_runs()
    if under_way(found) != known:
        cached.cards.clear()
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
            icon, colour = BADGES[run.state]
            st.badge(run.state, icon=icon, color=colour)
        st.caption(plain(about(run)))
        if run.state == RUNNING:
            st.progress(done(run), text=plain(progress(run)))
        if len(run.curves.epoch):
            st.markdown(plain(latest(run)))
        if run.message:
            st.caption(plain(run.message))
        _buttons(run, may_train)


def about(run: RunFolder) -> str:
    """What is trained, in short."""
    parts = []
    if run.config:
        config = run.config
        parts = [
            config.dataset,
            config.architecture,
            config.objective,
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
        return "Getting ready: reading the pictures …"
    now = "validation" if status.step == status.steps else f"step {status.step} of {status.steps}"
    return (
        f"Epoch {status.epoch} of {status.epochs}, {now}: loss {status.loss:.3f}, accuracy {100 * status.accuracy:.1f} "
        f"%, {status.images_per_second:.0f} images/s, {status.remaining} to go"
    )


def latest(run: RunFolder) -> str:
    """The numbers of the last epoch, in words."""
    one, five = 100 * run.curves.val_1shot, 100 * run.curves.val_5shot
    return (
        f"After epoch {run.curves.epoch[-1]:.0f}: loss {run.curves.loss[-1]:.3f}; val classes, 5-way: {one[-1]:.1f} % "
        f"with 1 example, {five[-1]:.1f} % with 5 (best so far {one.max():.1f} % with 1)"
    )


def _buttons(run: RunFolder, may_train: bool) -> None:
    with st.container(horizontal=True, gap="small"):
        if run.state == RUNNING and may_train and run.process:
            st.button(
                "Stop", icon=":material/stop_circle:", key=f"fsl_stop_{run.name}", on_click=_try,
                args=(runs.stop, run, "saves after the present step and stops; it can be resumed."),
                help="It is saved after the present step and can be resumed.",
            )  # fmt: skip
        if run.state == STOPPED and may_train:
            st.button(
                "Resume", icon=":material/play_arrow:", key=f"fsl_resume_{run.name}", on_click=_try,
                args=(runs.resume, run, "goes on from its last checkpoint."),
            )  # fmt: skip
        if run.state == FINISHED and run.best.is_file():
            _use(run)


def _use(run: RunFolder) -> None:
    if session.project().settings.backbone == str(run.best):
        st.badge("The backbone of this project", icon=":material/check:", color="green")
    elif st.button(
        "Use its backbone", icon=":material/category:", key=f"fsl_use_{run.name}",
        help="In this project, on all pages; another one can be chosen in the sidebar.",
    ):  # fmt: skip
        cached.cards.clear()
        choose = str(run.best)
        session.try_edit(PLACE, lambda project: replace(project, settings=replace(project.settings, backbone=choose)))
        st.rerun()


def _try(act: Callable[[object], None], run: RunFolder, effect: str) -> None:
    try:
        act(run.path)
        session.tell(PLACE, session.Notice(session.GOOD, f"{plain(run.name)} {effect}"))
    except FSLError as error:
        session.tell(PLACE, session.Notice(session.BAD, plain(str(error))))
