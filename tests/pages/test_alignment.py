"""The Alignment page, headless; what a backbone makes of the pictures is a record of hand-made numbers."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from fsl_core.records import Aligned, Alignment, Regions, cells
from fsl_core.ui import alignment_controls, beforehand, cached, requests, session
from fsl_core.ui.alignment_controls import AGGREGATION, PLACE, Place, brightest, cell_at
from fsl_core.ui.alignment_jobs import AlignedPair
from fsl_core.ui.beside import BESIDE
from fsl_core.ui.match_controls import COLUMN, ROW, SIDE
from fsl_core.ui.papers import SCL
from tests.ui.test_kept import cited

PAGE = Path(__file__).parents[2] / "pages" / "alignment.py"
PIXELS = np.full((32, 32, 3), 120, np.uint8)


def aligned(side: int = 2, attends: bool = True, score: float | None = None) -> AlignedPair:
    """Pictures of side x side regions; query region 3 is the best aligned one, and looks at support region 1 most."""
    count = side * side
    attention = np.full((count, count), 0.4 / (count - 1))
    attention[np.arange(count), (np.arange(count) + 2) % count] = 0.6
    cosine = np.linspace(0.1, 0.4, count)
    one, other = Aligned(np.log(attention), attention, cosine), Aligned(np.log(attention.T), attention.T, cosine[::-1])
    regions = Regions(cells(side, side))
    record = Alignment(PIXELS, PIXELS, regions, regions, one, other, "mean", score or 0.5, attends)
    return AlignedPair(record, PIXELS, PIXELS)


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> dict[str | None, AlignedPair | None]:
    """What the queue answers for each backbone (None = the chosen one); no model runs."""
    found: dict[str | None, AlignedPair | None] = {None: aligned()}
    cached.cards.clear()  # another test may have had backbones of its own
    monkeypatch.setenv("FEW_SHOT_LENS_HOME", str(tmp_path))
    monkeypatch.setattr(beforehand, "answered", lambda theme, project, card: project)

    def explained(role: str, work: Any, *asked: Any, backbone: str | None = None) -> AlignedPair | None:
        ASKED.append((role, asked, backbone))
        return found[backbone]

    ASKED.clear()
    monkeypatch.setattr(requests, "explained", explained)
    return found


ASKED: list[tuple[str, tuple, str | None]] = []
Answers = dict[str | None, AlignedPair | None]


def open_page() -> AppTest:
    page = AppTest.from_file(str(PAGE), default_timeout=60).run()
    assert not page.exception
    return page


def words(page: AppTest) -> str:
    return " ".join(one.value for one in [*page.markdown, *page.caption, *page.info, *page.error, *page.warning])


def figures_of(page: AppTest) -> list:
    return page.get("plotly_chart")


def test_the_best_aligned_region_is_explained_first(answers: Answers) -> None:
    page = open_page()
    assert (page.number_input(key=ROW).value, page.number_input(key=COLUMN).value) == (1, 1)
    assert len(figures_of(page)) == 4 and all(figure.proto.alt for figure in figures_of(page))
    text = words(page)
    assert "section 3.2, equations 3 to 6" in text
    assert "(query (1, 1), support (0, 1))" in text and "= **0.6000**" in text
    assert "= 0.4000 + 0.1000 (the other direction) = **0.5000**" in text
    assert "the training objective says 0.5000, residual" in text
    assert [metric.value for metric in page.metric] == ["0.500", "+0.400", "3.0 of 4"]


def test_other_regions_and_the_other_direction(answers: Answers) -> None:
    page = open_page()
    page.number_input(key=ROW).set_value(0).run()
    assert "(query (0, 1), support (1, 1))" in words(page)
    page.button_group(key=SIDE).set_value("support").run()
    assert "(support (0, 1), query (1, 1))" in words(page)
    assert "The support rebuilt from the other picture" in [header.value for header in page.header]
    next(one for one in page.button if one.label == "Clear").click().run()
    assert not page.metric and len(figures_of(page)) == 4


def test_two_backbones_show_the_same_place(answers: Answers) -> None:
    name, card = list(cached.cards().items())[1]
    answers[name] = aligned(4, attends=False)
    page = open_page()
    page.selectbox(key=BESIDE).select(name).run()
    assert not page.exception
    assert [backbone for _, _, backbone in ASKED[-2:]] == [None, name]
    assert len({role for role, _, _ in ASKED[-2:]}) == 2
    assert len(figures_of(page)) == 8
    text = words(page)
    assert "(query (1, 1), support (0, 1))" in text
    assert "**cosine** of the features (query (2, 2)" in text  # where the middle of that region lies in 4 x 4
    assert "It has no attention heads" in text and card.title in text.replace("\\", "")
    assert cited(page, "Alignment", "alignment_0") == SCL and cited(page, "Alignment", "alignment_1") == ""


def test_a_backbone_that_is_chosen_does_not_stand_beside_itself(answers: Answers) -> None:
    first, second = list(cached.cards())[:2]
    answers[second] = aligned()
    page = open_page()
    page.selectbox(key=BESIDE).select(second).run()
    project = page.session_state["project"]
    page.session_state["project"] = replace(project, settings=replace(project.settings, backbone=second))
    page.run()
    assert not page.exception
    assert page.selectbox(key=BESIDE).value == "" and len(figures_of(page)) == 4
    assert cached.cards()[first].title in page.selectbox(key=BESIDE).options


def test_of_several_examples_the_first_is_taken_and_said(answers: Answers) -> None:
    page = open_page()
    assert "Shown is the first" not in words(page)
    project = page.session_state["project"]
    one, two = project.classes[:2]
    both = replace(one, pictures=(*one.pictures, *two.pictures))
    page.session_state["project"] = project.with_class(both)
    page.session_state[session.PAIR] = None
    page.run()
    assert "Shown is the first of 2 examples" in words(page)
    assert ASKED[-1][1] == (project.queries[0].id, one.id, one.pictures[0].id, "mean")
    page.selectbox[2].select(two.pictures[0].id).run()
    assert ASKED[-1][1][2] == two.pictures[0].id and "Shown is the first" not in words(page)


def test_the_aggregation_is_asked_for(answers: Answers) -> None:
    page = open_page()
    page.selectbox(key=AGGREGATION).select("logsumexp").run()
    assert ASKED[-1][1][-1] == "logsumexp"


def test_patches_are_named(answers: Answers) -> None:
    page = open_page()
    project = page.session_state["project"]
    page.session_state["project"] = replace(project, settings=replace(project.settings, regions="grid:2"))
    page.run()
    assert "alignment is of whole pictures" in words(page)


def test_a_selection_outlives_progress_and_another_grid(answers: Answers) -> None:
    page = open_page()
    page.number_input(key=ROW).set_value(0).run()
    answers[None] = None
    page.run()
    answers[None] = aligned(4)
    page.run()
    assert (page.number_input(key=ROW).value, page.number_input(key=COLUMN).value) == (0, 2)
    assert page.session_state[PLACE] == Place("query", 0.25, 0.75)
    next(one for one in page.button if one.label == "Clear").click().run()
    answers[None] = None
    page.run()
    answers[None] = aligned()
    page.run()
    assert not page.exception and not page.metric and page.number_input(key=ROW).value is None


def test_nothing_is_drawn_without_an_answer(answers: Answers) -> None:
    answers[None] = None
    page = open_page()
    assert not figures_of(page) and not page.metric


def test_without_queries_the_page_sends_to_classify(answers: Answers) -> None:
    page = open_page()
    page.session_state["project"] = replace(page.session_state["project"], queries=())
    page.run()
    assert not page.exception and not figures_of(page)
    assert [button.label for button in page.button] == ["Go to Classify"]


def test_a_click_on_the_finer_grid_keeps_its_place(monkeypatch: pytest.MonkeyPatch) -> None:
    coarse, fine = aligned(2).record, aligned(4).record
    state: dict[str, Any] = {"figure": {"selection": {"points": [{"customdata": ["support", 9]}]}}}
    monkeypatch.setattr(st, "session_state", state)
    alignment_controls.on_click(coarse, fine)("figure")  # region (2, 1) of 4 x 4 lies in (1, 0) of 2 x 2
    assert (state[SIDE], state[ROW], state[COLUMN]) == ("support", 1, 0)
    assert state[PLACE] == Place("support", 0.625, 0.375)
    assert cell_at(fine, state[PLACE]) == ("support", 9) and cell_at(coarse, state[PLACE]) == ("support", 2)
    state["figure"] = {"selection": {"points": []}}
    alignment_controls.on_click(coarse, fine)("figure")
    assert (state[ROW], state[COLUMN]) == (None, None)


def test_only_what_is_alike_is_drawn_on_one_scale() -> None:
    place = Place("query", 0.1, 0.1)
    assert brightest([aligned().record, aligned().record], place) == pytest.approx(0.6)
    assert brightest([aligned().record, aligned(4).record], place) is None
    assert brightest([aligned().record, aligned(attends=False).record], place) is None
    assert brightest([aligned().record], place) is None and cell_at(aligned().record, None) is None
