"""The Neighbours page, headless; what a backbone finds is a record of hand-made numbers."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from fsl_core.data.datasets import SyntheticScenes
from fsl_core.records import Neighbours
from fsl_core.ui import beforehand, cached, indexes, neighbours_controls, requests, session
from fsl_core.ui.beside import BESIDE
from fsl_core.ui.engine import Pair
from fsl_core.ui.match_controls import QUERY
from fsl_core.ui.neighbours_controls import CHOSEN, COUNT, PLACE, REGION
from fsl_core.ui.neighbours_jobs import Asked, Found

PAGE = Path(__file__).parents[2] / "pages" / "neighbours.py"
PIXELS = np.full((32, 32, 3), 120, np.uint8)
WHOLE = np.array([0.0, 0, 1, 1])


def found_three(label: int = 0, at: tuple[float, float] | None = None) -> Found:
    box = WHOLE if at is None else np.array([0.5, 0.5, 1, 1])
    record = Neighbours(
        backbone="raw_name", dataset="own", class_names=("ant", "<b>bee"), query_image=PIXELS, query_box=box,
        query_label=label, rows=np.array([4, 0, 2]), names=("a.png", "b_1.png", "c.png"), images=np.stack([PIXELS] * 3),
        boxes=np.stack([box] * 3), similarity=np.array([1.0, 0.5, 0.0]), labels=np.array([0, 1, 0]), searched=10,
        searched_alike=5,
    )  # fmt: skip
    return Found(record, (2, 2))


class Queue:
    """Stands for the queue: remembers what it was asked, and answers."""

    def __init__(self) -> None:
        self.asked: list[tuple[tuple, str | None]] = []
        self.jobs: list[str] = []
        self.label = 0
        self.gives_up: set[str] = set()

    def explained(
        self, role: str, work: Any, where: Any, *asked: Any, backbone: str | None = None, patient: bool = False
    ) -> Found | None:
        assert patient == (where is not None)  # an index may take minutes
        self.asked.append(((where, *asked), backbone))
        return None if "neighbours" in self.gives_up else found_three(self.label, Asked(*asked).at)

    def awaited(self, key: str, role: str, work: Any, patient: bool = False, queue: Any = None) -> Any:
        self.jobs.append(role)
        return None if role in self.gives_up else SyntheticScenes(2, 32)


@pytest.fixture
def queue(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Queue:
    answers = Queue()
    cached.cards.clear()  # another test may have had backbones of its own
    monkeypatch.setenv("FEW_SHOT_LENS_HOME", str(tmp_path))
    monkeypatch.setattr(beforehand, "answered", lambda theme, project, card: project)
    monkeypatch.setattr(requests, "explained", answers.explained)
    monkeypatch.setattr(requests, "awaited", answers.awaited)
    return answers


def open_page() -> AppTest:
    page = AppTest.from_file(str(PAGE), default_timeout=60).run()
    assert not page.exception
    return page


def words(page: AppTest) -> str:
    return " ".join(one.value for one in [*page.markdown, *page.caption, *page.error]).replace("\\", "")


def figures_of(page: AppTest) -> list:
    return page.get("plotly_chart")


def test_own_pictures_are_shown_at_once(queue: Queue) -> None:
    page = open_page()
    project = page.session_state["project"]
    assert queue.asked[-1] == ((None, project.queries[0].id, 8, None), None) and not queue.jobs
    assert len(figures_of(page)) == 2 and all(figure.proto.alt for figure in figures_of(page))
    text = words(page)
    assert "figure 2 and appendix E.1" in text and "10 pictures were compared" in text
    assert "cos 0.0° = 1.0000" in text and "2 / 3 = 67%" in text and "5 / 10 = 50.0%" in text
    assert cached.cards()[session_backbone()].title in text and "raw_name" not in text
    assert [box.label for box in page.selectbox] == ["Query", "Beside", "Asked about", "Shown large"]


def session_backbone() -> str:
    return next(iter(cached.cards()))


def test_another_neighbour_fills_in_its_numbers(queue: Queue) -> None:
    page = open_page()
    page.selectbox(key=CHOSEN).select((0, 1)).run()
    assert "cos 60.0° = 0.5000" in words(page) and "b_1.png" in words(page)
    assert page.metric[0].value == "0.5000"
    page.number_input(key=COUNT).set_value(3).run()
    assert queue.asked[-1][0][2] == 3


def test_without_a_known_class_nothing_is_marked_and_that_is_said(queue: Queue) -> None:
    queue.label = -1
    text = words(open_page())
    assert "Right and wrong are not marked" in text and "Share of the class" not in text


def test_a_region_is_asked_about_and_the_whole_again(queue: Queue) -> None:
    page = open_page()
    page.selectbox(key=REGION).select(3).run()
    assert queue.asked[-1][0][-1] == (0.75, 0.75)
    assert page.selectbox(key=REGION).value == 3 and "features of the two regions" in words(page)
    page.selectbox(key=QUERY).select(page.session_state["project"].queries[1].id).run()
    assert queue.asked[-1][0][-1] == (0.75, 0.75)
    page.selectbox(key=REGION).select(-1).run()
    assert queue.asked[-1][0][-1] is None


def test_where_a_region_has_no_answer_there_is_a_way_back(queue: Queue) -> None:
    page = open_page()
    queue.gives_up = {"neighbours"}
    page.selectbox(key=REGION).select(3).run()
    assert not figures_of(page)
    queue.gives_up = set()
    next(one for one in page.button if one.label == "Ask about the whole picture").click().run()
    assert queue.asked[-1][0][-1] is None and len(figures_of(page)) == 2


def test_the_query_is_shared_with_the_other_pages_and_their_class_kept(queue: Queue) -> None:
    page = open_page()
    project = page.session_state["project"]
    page.session_state[session.PAIR] = Pair(project.queries[0].id, project.classes[2].id)
    page.run()
    page.selectbox(key=QUERY).select(project.queries[1].id).run()
    assert not page.exception
    assert page.session_state[session.PAIR][:2] == (project.queries[1].id, project.classes[2].id)


def of_a_data_set(page: AppTest) -> AppTest:
    page.segmented_control(key=indexes.SOURCE).set_value(indexes.OTHERS).run()
    assert not page.exception
    return page


def test_a_data_set_is_opened_only_when_asked_for(queue: Queue) -> None:
    page = of_a_data_set(open_page())
    assert not queue.jobs and not figures_of(page) and "Choose a data set" in page.info[0].value
    next(one for one in page.button if one.label == "Open the data set").click().run()
    asked = page.session_state[indexes.CHOSEN]
    assert asked[:4] == ("synthetic", "", "all", indexes.FEW)
    assert queue.jobs == ["open"] and queue.asked[-1][0][0] == asked and len(figures_of(page)) == 2
    assert "Open: Synthetic scenes, 54 images of 27 classes" in words(page)


def test_what_is_not_open_yet_hides_what_follows(queue: Queue) -> None:
    queue.gives_up = {"open"}
    page = of_a_data_set(open_page())
    next(one for one in page.button if one.label == "Open the data set").click().run()
    assert not page.exception and not figures_of(page)


def test_what_is_missing_in_the_form_is_said(queue: Queue) -> None:
    page = of_a_data_set(open_page())
    page.selectbox(key="neighbours_set").select("A folder or zip on this computer").run()
    button = next(one for one in page.button if one.label == "Open the data set")
    assert button.disabled and "fill in its id or its path" in button.help
    page.text_input(key="neighbours_folder").set_value(" /pictures ").run()
    next(one for one in page.button if one.label == "Open the data set").click().run()
    assert page.session_state[indexes.CHOSEN][:3] == ("folder", "/pictures", "all")
    page.selectbox(key="neighbours_set").select("cifar_fs").run()
    assert page.selectbox(key="neighbours_split").value == "test"


def test_two_backbones_are_asked_the_same(queue: Queue) -> None:
    name = list(cached.cards())[1]
    page = open_page()
    page.selectbox(key=BESIDE).select(name).run()
    assert [backbone for _, backbone in queue.asked[-2:]] == [None, name]
    assert queue.asked[-1][0] == queue.asked[-2][0]
    page.selectbox(key=CHOSEN).select((1, 2)).run()
    assert cached.cards()[name].title in words(page) and page.metric[0].value == "0.0000"


def test_a_quiz_gives_nothing_away(queue: Queue) -> None:
    page = open_page()
    project = page.session_state["project"]
    page.session_state["project"] = replace(project, settings=replace(project.settings, quiz=True))
    page.run()
    assert not page.exception and not figures_of(page)


def test_clicks_choose_neighbours_and_regions(monkeypatch: pytest.MonkeyPatch) -> None:
    def click(*points: list) -> dict[str, Any]:
        return {"figure": {"selection": {"points": [{"customdata": point} for point in points]}}}

    found = [found_three(), found_three()]
    for customdata, expected in (([1, 2], (1, 2)), ([0, -1], None)):
        state = click(customdata)
        monkeypatch.setattr(st, "session_state", state)
        neighbours_controls.clicked_neighbour("figure", found)
        assert state.get(CHOSEN) == expected
    for points, place in (([["query", 2]], (0.75, 0.25)), ([["support", 0]], "unchanged"), ([], None)):
        state = {**click(*points), PLACE: "unchanged"}
        monkeypatch.setattr(st, "session_state", state)
        neighbours_controls.clicked_region("figure", (2, 2))
        assert state[PLACE] == place
