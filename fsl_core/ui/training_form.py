"""What to train: the recipe, the data, a few fields, and the plan of it."""

import time
from dataclasses import dataclass
from pathlib import Path

import streamlit as st

from fsl_core.errors import FSLError
from fsl_core.train import control, runs
from fsl_core.train.config import TrainConfig, read_recipe
from fsl_core.types import params
from fsl_core.ui import cached, screen, session
from fsl_core.ui.drawing import title_of
from fsl_core.ui.jobs import DONE, Ticket
from fsl_core.ui.options import title
from fsl_core.ui.project import digest
from fsl_core.ui.text import plain

FIELDS = ("epochs", "batch", "devices", "seed")
LOOK = 0.5  # seconds between two looks at a plan


@dataclass(frozen=True)
class Order:
    """What is to be trained.

    Attributes:
        name: of the run.
        changes: field -> value, where it is not the recipe's.
        data: folder of the data set; None = a download, or no data are needed.
    """

    name: str
    recipe: str
    changes: dict[str, int]
    data: str | None


def form() -> Order:
    """The fields that say what to train."""
    abouts = cached.abouts()
    left, right = st.columns(2)
    recipe = left.selectbox(
        "Recipe", list(abouts), format_func=lambda name: Path(name).stem, key="training_recipe",
        persist_state="session", help="Type to search, for example for cifar, conv4 or distilled.",
    )  # fmt: skip
    free = _free_name(Path(recipe).stem)
    name = right.text_input("Name of the run", free, key=f"training_name_{free}", persist_state="session")
    st.markdown(plain(abouts[recipe]))
    config = read_recipe(recipe, {})
    data = ""
    if config.dataset != "synthetic":
        called = title_of(config.dataset, "")
        data = st.text_input(
            f"Folder of the data set {called}", key="training_data", persist_state="session",
            placeholder="Empty: it is downloaded",
            help="Parquet files, a folder with a sub-folder of pictures for each class, or a zip of one.",
        )  # fmt: skip
    changes = {}
    for column, field in zip(st.columns(len(FIELDS)), FIELDS, strict=True):
        param, _ = params(TrainConfig)[field]
        usual = getattr(config, field)
        low, high = (None if limit is None else int(limit) for limit in (param.low, param.high))
        key = f"training_{field}_{recipe}"  # each recipe begins with its own value
        effect = f"{param.help}; the recipe's: {usual}"
        value = column.number_input(title(field), low, high, value=usual, key=key, help=effect, persist_state="session")
        if value is not None and value != usual:
            changes[field] = value
    return Order(name.strip(), recipe, changes, data.strip() or None)


def buttons(order: Order) -> None:
    """Ask for the plan, or start."""
    with st.container(horizontal=True, gap="small"):
        started = st.button(
            "Start training", type="primary", icon=":material/play_arrow:",
            help="It goes on when the browser or the app is closed.",
        )  # fmt: skip
        wanted = st.button(
            "Show the plan", icon=":material/fact_check:",
            help="Times a few steps on a part of the data; writes nothing.",
        )  # fmt: skip
    if wanted:
        _ask(order)
    if started:
        try:
            with st.spinner("Starting …"):
                control.start(order.name, order.recipe, order.changes, order.data)
        except FSLError as error:
            st.error(plain(str(error)), icon=":material/error:")
            return
        st.rerun()


def _free_name(recipe: str) -> str:
    """The recipe's name, with a number where there is such a run already."""
    number, name = 1, recipe
    while (runs.runs_folder() / name).exists():
        number += 1
        name = f"{recipe}_{number}"
    return name


def _key(order: Order) -> str:
    return digest(session.PLAN, order.recipe, sorted(order.changes.items()), order.data)


def _ask(order: Order) -> None:
    def work(ticket: Ticket) -> str:
        began = time.monotonic()

        def wait() -> None:
            ticket.report(0.0, f"Trying a few steps, {time.monotonic() - began:.0f} s so far")
            time.sleep(LOOK / 2)

        return control.make_plan(order.recipe, order.changes, order.data, wait)

    st.session_state[session.PLAN] = _key(order)
    cached.planning_queue().submit(_key(order), work, session.waiter(session.PLAN))


def plan(order: Order) -> None:
    """The plan that was asked for, its progress, or why there is none; a plan of something else is not shown."""
    key = st.session_state.get(session.PLAN)
    if key != _key(order):
        return
    status = cached.planning_queue().status(key, session.waiter(session.PLAN))
    if status is None:
        st.caption("The plan was left; ask for it again.")
    elif not status.finished:
        _progress(key)
    elif status.state == DONE:
        st.code(cached.planning_queue().result(key), language=None, wrap_lines=True)
    else:
        st.error(plain(status.error), icon=":material/error:")


@st.fragment
def _progress(key: str) -> None:
    status = cached.planning_queue().status(key, session.waiter(session.PLAN))
    if status is None or status.finished:
        st.rerun()
    screen.look_again(session.PLAN, LOOK)
    with st.container(horizontal=True, vertical_alignment="center", gap="medium"):
        st.progress(status.fraction, text=f"{plain(status.phase or 'Waiting for another plan')} …")
        st.button("Stop planning", icon=":material/stop_circle:", type="tertiary", on_click=_leave)


def _leave() -> None:
    cached.planning_queue().withdraw(session.waiter(session.PLAN))
    st.session_state[session.PLAN] = None
