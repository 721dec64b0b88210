"""A page waits for a job: it can be stopped, stays stopped, and is computed when it is asked for again."""

import threading
import time
from dataclasses import replace
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from fsl_core.ui import cached, requests
from fsl_core.ui.jobs import Abandoned, Ticket
from fsl_core.ui.pieces import Answer
from fsl_core.ui.project import Project

GO = threading.Event()
ENDS: list[str] = []


def work(ticket: Ticket) -> str:
    """Reports until it may end."""
    try:
        while not GO.wait(0.01):
            ticket.report(0.5, "Half way")
    except Abandoned:
        ENDS.append("stopped")
        raise
    return "done"


def page() -> None:
    import streamlit as st

    from fsl_core.ui import requests
    from tests.ui.test_requests import work

    if st.checkbox("Elsewhere"):
        requests.leave()
    else:
        st.markdown(f"found {requests.awaited('a slow job', 'slow', work)}")


@pytest.fixture(autouse=True)
def fresh() -> None:
    GO.clear()
    ENDS.clear()
    cached.queue.clear()


def labels(app: AppTest) -> list[str]:
    return [one.label for one in app.button]


def ends() -> list[str]:
    """How jobs ended, once one has."""
    for _ in range(500):
        if ENDS:
            break
        time.sleep(0.01)
    return ENDS


def test_a_slow_job_is_stopped_and_asked_for_again() -> None:
    app = AppTest.from_function(page, default_timeout=30).run()
    assert labels(app) == ["Stop"] and app.markdown[0].value == "found None"
    app.button[0].click().run()
    assert labels(app) == ["Compute it"] and "stopped" in app.info[0].value
    assert ends() == ["stopped"]
    app.run()
    assert labels(app) == ["Compute it"]  # another run of the page starts nothing
    GO.set()
    app.button[0].click().run()
    assert not labels(app) and app.markdown[0].value == "found done"


def test_who_leaves_a_page_wants_none_of_its_jobs() -> None:
    app = AppTest.from_function(page, default_timeout=30).run()
    app.checkbox[0].check().run()
    assert ends() == ["stopped"]
    GO.set()
    app.checkbox[0].uncheck().run()
    assert app.markdown[0].value == "found done"  # unlike one that was stopped, it is computed anew


@pytest.mark.parametrize(("rows", "was"), [(((0.9, 0.1),), {}), (((0.1, 0.9),), {"q": "cat"})])
def test_another_answer_is_one_of_another_class_not_of_another_name(rows: tuple[Any, ...], was: dict[str, str]) -> None:
    first = Answer(
        "k", "net", "cosine", False, ("x", "y"), ("cat", "dog"), ("q",), ((0.9, 0.1),), ((0.9, 0.1),), 1, 1, 1
    )
    second = replace(first, class_names=("lion", "dog"), logits=rows, probabilities=rows)
    project = requests.with_answer(Project("id", answer=first), second)
    assert project.answer and dict(project.answer.was) == was
