"""The Influence page, headless; the influence is a record of hand-made numbers."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from fsl_core.records import Influence
from fsl_core.ui import beforehand, influence_card, requests, session
from fsl_core.ui.engine import Pair
from fsl_core.ui.project import Project
from tests.pages.test_matching import words
from tests.ui.test_kept import cited

PAGE = Path(__file__).parents[2] / "pages" / "influence.py"


def influence_of(project: Project) -> Influence:
    """The first class answers every query, and the second one does without the first class's second example."""
    examples = influence_card.examples_of(project)
    labels = np.array([project.classes.index(owner) for owner, _ in examples])
    logits = np.tile([3.0, 2.0, *[0.0] * (len(project.classes) - 2)], (len(project.queries), 1))
    without = np.tile(logits, (len(examples), 1, 1))
    without[0, :, 0] = 2.5
    without[1, :, 0] = 1.0
    for image, label in enumerate(labels):
        if (labels == label).sum() == 1:
            without[image, :, label] = np.nan
    names = tuple(f"{owner.name} · {picture.name}" for owner, picture in examples)
    queries = tuple(query.picture.name for query in project.queries)
    return Influence(tuple(one.name for one in project.classes), names, queries, labels, logits, without)


def with_two_examples(project: Project) -> Project:
    """The first class also has the picture of the second one."""
    first, second = project.classes[:2]
    return project.with_class(replace(first, name="*ant*", pictures=(*first.pictures, *second.pictures)))


@pytest.fixture(autouse=True)
def asked(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[Project]:
    """Every project that the page asks about; no model runs."""
    found: list[Project] = []

    def explained(role: str, work: Any, *asked: Any) -> Influence:
        assert (role, asked) == ("influence", ())
        found.append(session.project().in_use)
        return influence_of(found[-1])

    monkeypatch.setenv("FEW_SHOT_LENS_HOME", str(tmp_path))
    monkeypatch.setattr(requests, "explained", explained)
    monkeypatch.setattr(beforehand, "answered", lambda theme, project, card: project)
    return found


@pytest.fixture
def page() -> AppTest:
    opened = AppTest.from_file(str(PAGE), default_timeout=60).run()
    opened.session_state["project"] = with_two_examples(opened.session_state["project"])
    opened.run()
    assert not opened.exception
    return opened


def figures_of(page: AppTest) -> list:
    return page.get("plotly_chart")


def test_the_strongest_example_of_the_chosen_class_is_beside_the_query(page: AppTest) -> None:
    assert len(figures_of(page)) == 2 and all(figure.proto.alt for figure in figures_of(page))
    count = len(page.session_state["project"].queries)
    assert f"**{count} of {count}** answers hang on a single example" in words(page)
    assert "**logit** of the answer with it − without it = 3.0000 − 1.0000 = **+2.0000**" in words(page)
    second = page.session_state["project"].classes[1].name
    assert "With it: **\\*ant\\***" in words(page) and f"Without it the answer would be **{second}**" in words(page)
    assert "Strongest example of" in words(page) and "Cook, Technometrics 1977" in words(page)
    assert "for the answer" in figures_of(page)[0].proto.alt
    assert cited(page, "Influence", "influence").startswith("Cook:")


def test_another_example_is_chosen_by_its_box(page: AppTest) -> None:
    first = page.session_state["project"].classes[0]
    page.selectbox[2].select(first.pictures[0].id).run()
    assert "Strongest" not in words(page)
    assert "3.0000 − 2.5000 = **+0.5000**" in words(page) and "Without it still **\\*ant\\***" in words(page)


def test_an_only_example_takes_its_class_with_it(page: AppTest) -> None:
    project = page.session_state["project"]
    assert "there is one example only; without it the class is out of the choice" in words(page)
    page.selectbox[1].select(project.classes[2].id).run()
    assert "Without it still **\\*ant\\***" in words(page)
    alone = replace(project.classes[0], pictures=project.classes[0].pictures[:1])
    page.session_state["project"] = project.with_class(alone)
    page.run()
    assert "Every class has one example only" in words(page) and "hang on a single example" not in words(page)


def test_an_example_is_switched_off_and_comes_back(page: AppTest, asked: list[Project]) -> None:
    before = asked[-1]
    page.button(key="fsl_switch_off").click().run()
    assert not page.exception
    first = page.session_state["project"].classes[0]
    assert first.off == {first.pictures[1].id}
    assert len(asked[-1].classes[0].pictures) == 1
    page.button(key=f"step_{session.UNDO}").click().run()
    assert asked[-1].classes == before.classes


def test_the_margin_is_measured_too(page: AppTest) -> None:
    page.button_group(key=influence_card.MEASURE).set_value("margin").run()
    assert not page.exception
    axis = json.loads(figures_of(page)[0].proto.spec)["layout"]["xaxis"]["title"]["text"]
    bar = json.loads(figures_of(page)[1].proto.spec)["data"][0]["colorbar"]["title"]["text"]
    assert (axis, bar) == ("adds to the margin of *ant* (logit)", "logit")


@pytest.mark.parametrize(("customdata", "row"), [([1], 0), ([1, 2], 2)])
def test_a_click_chooses_the_example_and_of_a_cell_the_query(page: AppTest, customdata: list[int], row: int) -> None:
    project, chosen = page.session_state["project"], []
    with pytest.MonkeyPatch.context() as patch:
        state = {"figure": {"selection": {"points": [{"customdata": customdata}]}}}
        patch.setattr("fsl_core.ui.influence_card.st.session_state", state)
        patch.setattr(session, "choose_pair", lambda *pair: chosen.append(Pair(*pair)))
        influence_card.clicked("figure", project, 0)
        state["figure"]["selection"]["points"] = []
        influence_card.clicked("figure", project, 0)
    first = project.classes[0]
    assert chosen == [Pair(project.queries[row].id, first.id, first.pictures[1].id)]


def test_a_quiz_gives_nothing_away(page: AppTest) -> None:
    project = page.session_state["project"]
    quiz = replace(project, settings=replace(project.settings, quiz=True), answer=None)
    guessed = {quiz.queries[0].id: quiz.classes[0].id}
    page.session_state["project"] = replace(quiz, guesses=guessed)
    page.run()
    assert not page.exception
    assert "**1 of 1** answers" in words(page)
    assert quiz.queries[1].picture.name not in figures_of(page)[1].proto.spec


def test_without_queries_the_page_sends_to_classify(page: AppTest) -> None:
    page.session_state["project"] = replace(page.session_state["project"], queries=())
    page.run()
    assert not page.exception and not figures_of(page)
    assert "There is nothing to weigh up yet." in words(page)


def test_without_an_answer_nothing_is_drawn(page: AppTest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(requests, "explained", lambda role, work, *asked: None)
    page.run()
    assert not page.exception and not figures_of(page) and "hang on" not in words(page)
