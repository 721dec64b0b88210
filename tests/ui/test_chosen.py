"""The query and the class that the pages explain: the same after a reload, the usual ones where that cannot be."""

from dataclasses import replace
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from fsl_core.ui import cached, chosen
from fsl_core.ui.engine import Pair
from fsl_core.ui.project import Project
from fsl_core.ui.store import HOME_VARIABLE, Store


def script() -> None:
    import streamlit as st

    from fsl_core.ui import match_controls

    st.write(repr(match_controls.begin("Title", "explain")))


def page(project: str = "") -> AppTest:
    opened = AppTest.from_function(script, default_timeout=60)
    if project:
        opened.query_params["project"] = project
    opened.run()
    assert not opened.exception and not opened.error
    return opened


def shown(opened: AppTest) -> list[str]:
    return [box.value for box in opened.selectbox]


@pytest.fixture
def first(small_backbone: str) -> AppTest:
    """A page on which the second query and the third class were chosen."""
    opened = page()
    project = opened.session_state["project"]
    opened.selectbox(key="fsl_query").set_value(project.queries[1].id).run()
    opened.selectbox(key="fsl_class").set_value(project.classes[2].id).run()
    return opened


def asked(first: AppTest) -> tuple[Project, Pair]:
    project: Project = first.session_state["project"]
    return project, Pair(project.queries[1].id, project.classes[2].id)


def changed(first: AppTest, project: Project) -> AppTest:
    first.session_state["store"].save(replace(project, revision=project.revision + 1))
    return page(project.id)


def test_a_reload_shows_the_same_query_and_class(first: AppTest) -> None:
    project, pair = asked(first)
    assert shown(page(project.id)) == shown(first) == [*pair[:2], ""]
    assert shown(page()) != shown(first)  # another project


def test_what_is_gone_falls_back_to_the_usual(first: AppTest) -> None:
    project, pair = asked(first)
    usual = [project.queries[0].id, project.classes[0].id, ""]
    store, without = first.session_state["store"], replace(project, answer=None).without_query(pair.query_id)
    assert shown(changed(first, without)) == usual
    chosen.remember(store, pair)
    assert chosen.recall(store, project.with_switched(pair.class_id)) is None


def test_an_example_is_kept_as_long_as_it_is_in_use(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(HOME_VARIABLE, str(tmp_path))
    store, empty = Store.create()
    project = store.adopt(cached.draw("synthetic", None, (2, 2, 1), 0), empty)
    owner = project.classes[1]
    pair = Pair(project.queries[0].id, owner.id, owner.pictures[1].id)
    chosen.remember(store, pair)
    assert chosen.recall(store, project) == pair
    off = project.with_switched(owner.id, owner.pictures[1].id)
    assert chosen.recall(store, off) == pair._replace(picture_id=None)


def test_the_quiz_gets_no_hint_of_a_class_that_was_looked_at(first: AppTest) -> None:
    project, pair = asked(first)
    quiz = replace(project, settings=replace(project.settings, quiz=True), answer=None)
    hidden = changed(first, quiz)
    assert shown(hidden)[:2] == [project.queries[0].id, project.classes[0].id]
    assert hidden.info[0].value.startswith("Quiz:")
    store, guessed = first.session_state["store"], replace(quiz, guesses={pair.query_id: project.classes[0].id})
    chosen.remember(store, pair)
    assert chosen.recall(store, guessed) == pair
    assert chosen.recall(store, replace(guessed, guesses={})) is None


def test_damaged_files_and_full_disks_are_no_trouble(first: AppTest, tmp_path: Path) -> None:
    project, pair = asked(first)
    store = first.session_state["store"]
    for data in (b"", b"x", b"\xff\x00 y", b"a b c d", f"../../x {pair.class_id}".encode(), b"\n" * 1000):
        store.write(chosen.CHOSEN, data)
        assert chosen.recall(store, project) is None
    chosen.remember(Store(tmp_path / "gone"), pair)
    chosen.remember(store, pair)
    assert chosen.recall(store, project) == pair
