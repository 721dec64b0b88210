"""The studio's promises on the Classify page: live answers, undo, switching off, arranging, quiz."""

from dataclasses import replace

import pytest
from streamlit.testing.v1 import AppTest

from fsl_core.ui import cached
from fsl_core.ui.pieces import Settings
from fsl_core.ui.store import Store
from tests.pages.test_classify import ROOT, button, finish, project, said


def opened(settings: Settings) -> AppTest:
    """The Classify page of a project of three classes with two examples each."""
    store, empty = Store.create(settings)
    filled = store.adopt(cached.draw("synthetic", None, (3, 2, 1), 3), empty)
    store.save(replace(filled, revision=1))
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=120)
    app.query_params["project"] = filled.id
    app.run()
    return app.switch_page("pages/classify.py").run()


@pytest.fixture
def quiet(small_backbone: str) -> AppTest:
    """The page with answers on demand only."""
    return opened(Settings(live=False))


@pytest.fixture
def live(small_backbone: str) -> AppTest:
    """The page with live answers, the first of which have come."""
    return finish(opened(Settings()))


def test_answers_follow_every_edit_and_undo(live: AppTest) -> None:
    first = project(live).answer
    assert first is not None
    owner = project(live).classes[0]
    live.button(key=f"fsl_icon_switch_{owner.id}_{owner.pictures[0].id[:16]}").click().run()
    finish(live)
    less = project(live).answer
    assert less.key != first.key
    assert "outdated" not in said(live)
    button(live, "Undo").click().run()
    finish(live)
    assert project(live).classes[0].off == frozenset()
    assert project(live).answer.probabilities == first.probabilities
    button(live, "Redo").click().run()
    assert project(live).classes[0].off == {owner.pictures[0].id}


def test_a_class_that_is_switched_off_gets_no_answers(live: AppTest) -> None:
    owner = project(live).classes[0]
    live.button(key=f"fsl_icon_switch_{owner.id}_all").click().run()
    finish(live)
    assert owner.id not in project(live).answer.class_ids
    assert owner.id in {one.id for one in project(live).classes}


def test_twenty_steps_can_be_undone(quiet: AppTest) -> None:
    before = project(quiet).classes[0].name
    for number in range(20):
        quiet.text_input(key=f"name_{project(quiet).classes[0].id}").set_value(f"name {number}").run()
    for _ in range(20):
        button(quiet, "Undo").click().run()
    assert not quiet.exception
    assert project(quiet).classes[0].name == before
    assert button(quiet, "Undo").disabled


def test_removed_pictures_come_back_from_the_trash(quiet: AppTest) -> None:
    owner = project(quiet).classes[0]
    gone = owner.pictures[0]
    quiet.button(key=f"fsl_icon_{owner.id}_{gone.id[:16]}").click().run()
    assert gone not in project(quiet).classes[0].pictures
    button(quiet, "Put back").click().run()
    assert gone in project(quiet).classes[0].pictures
    assert project(quiet).trash == ()


def test_ticked_pictures_move_together(quiet: AppTest) -> None:
    one, two, _ = project(quiet).classes
    query = project(quiet).queries[0]
    quiet.toggle(key="arranging").set_value(True).run()
    quiet.checkbox(key=f"tick {one.id} {one.pictures[0].id}").check().run()
    quiet.checkbox(key=f"tick queries {query.id}").check().run()
    quiet.button(key=f"arrange_move_{two.id}").click().run()
    assert not quiet.exception
    assert [len(image_class.pictures) for image_class in project(quiet).classes] == [1, 4, 2]
    assert query.id not in {left.id for left in project(quiet).queries}


def test_the_quiz_hides_answers_until_they_are_guessed(small_backbone: str) -> None:
    quiet = opened(Settings(live=False, quiz=True))
    button(quiet, "Classify").click().run()
    finish(quiet)
    assert "Most like" not in said(quiet)
    query = project(quiet).queries[0]
    quiet.button(key=f"guess_{query.id}_{query.true_class}").click().run()
    assert said(quiet).count("Most like") == 1
    assert "You said" in said(quiet)
    assert any("You have 1 of 1 right" in one.value for one in quiet.markdown)


def test_another_window_wins_and_it_is_said(quiet: AppTest) -> None:
    mine = project(quiet)
    there, now = Store.open(mine.id)
    there.save(replace(now.renamed(now.classes[0].id, "elsewhere " * 8), revision=now.revision + 1))
    quiet.text_input(key=f"name_{mine.classes[1].id}").set_value("here").run()
    assert not quiet.exception
    assert any("another window" in one.value for one in quiet.error)
    quiet.text_input(key=f"name_{mine.classes[1].id}").set_value("here").run()
    assert [one.name for one in project(quiet).classes[:2]] == [("elsewhere " * 8).strip(), "here"]  # it is not cut


def test_an_answer_is_added_to_what_another_window_made(small_backbone: str) -> None:
    quiet = opened(Settings(live=False))
    button(quiet, "Classify").click().run()
    there, now = Store.open(project(quiet).id)
    there.save(replace(now.renamed(now.classes[0].id, "elsewhere"), revision=now.revision + 1))
    finish(quiet)
    assert not quiet.exception and not quiet.error
    assert "Most like" in said(quiet) and project(quiet).classes[0].name == "elsewhere"


def test_what_was_done_can_be_undone_in_a_new_session(quiet: AppTest) -> None:
    owner = project(quiet).classes[0]
    quiet.button(key=f"fsl_icon_switch_{owner.id}_all").click().run()
    assert project(quiet).classes[0].is_off
    later = AppTest.from_file(str(ROOT / "app.py"), default_timeout=120)
    later.query_params["project"] = project(quiet).id
    later = later.run().switch_page("pages/classify.py").run()
    assert project(later).classes[0].is_off
    button(later, "Undo").click().run()
    assert not later.exception
    assert not project(later).classes[0].is_off
    assert not button(later, "Redo").disabled


def test_a_window_that_is_behind_does_not_spoil_the_history(quiet: AppTest) -> None:
    owner = project(quiet).classes[0]
    behind = AppTest.from_file(str(ROOT / "app.py"), default_timeout=120)
    behind.query_params["project"] = project(quiet).id
    behind = behind.run().switch_page("pages/classify.py").run()
    for name in ("one", "two", "three"):
        quiet.text_input(key=f"name_{owner.id}").input(name).run()
    behind.text_input(key=f"name_{owner.id}").input("late").run()
    assert project(behind).classes[0].name == "three"
    button(behind, "Undo").click().run()
    assert project(behind).classes[0].name == "two"
