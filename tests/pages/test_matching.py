"""The Matching page, headless; the model's answer is a record of hand-made numbers."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from fsl_core.records import Flow, cells
from fsl_core.ui import beforehand, match_controls, requests, session
from fsl_core.ui.engine import Match, Pair
from fsl_core.ui.match_controls import COLUMN, REGION, ROW, SIDE, clicked

PAGE = Path(__file__).parents[2] / "pages" / "matching.py"
PIXELS = np.full((32, 32, 3), 120, np.uint8)


def flow_of_four() -> Flow:
    """2x2 to 2x2; query region (0, 0) sends 0.3 and 0.1, the others one flow of 0.2 each."""
    plan = np.diag([0.3, 0.2, 0.2, 0.2])
    plan[0, 1] = 0.1
    similarity = np.full((4, 4), 0.5)
    weights = plan.sum(axis=1), plan.sum(axis=0)
    return Flow(PIXELS, PIXELS, cells(2, 2), cells(2, 2), similarity, *weights, plan, 12.5, 6.25)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[Pair]:
    """Every pair that the page asks the queue for; no model runs."""
    pairs: list[Pair] = []

    def match(pair: Pair) -> Match:
        pairs.append(pair)
        return Match(flow_of_four(), PIXELS, "exact", 0.004)

    monkeypatch.setenv("FEW_SHOT_LENS_HOME", str(tmp_path))
    monkeypatch.setattr(requests, "match", match)
    monkeypatch.setattr(beforehand, "answered", lambda theme, project, card: project)
    return pairs


def open_page() -> AppTest:
    page = AppTest.from_file(str(PAGE), default_timeout=60).run()
    assert not page.exception
    return page


def figures_of(page: AppTest) -> list:
    return page.get("plotly_chart")


def test_the_page_shows_the_match_of_the_first_query(asked: list[Pair]) -> None:
    page = open_page()
    project = page.session_state["project"]
    assert asked[-1] == Pair(project.queries[0].id, project.classes[0].id, None)
    assert len(figures_of(page)) == 6
    assert all(figure.proto.alt for figure in figures_of(page))
    assert any("12.5 · 0.5000 = **6.2500**" in text.value for text in page.markdown)
    assert [metric.value for metric in page.metric] == ["0.500", "6.250", "exact", "4 ms"]
    assert len(page.dataframe[0].value) == 4


def test_number_fields_select_a_region(asked: list[Pair]) -> None:
    page = open_page()
    page.number_input(key=ROW).set_value(0)
    page.number_input(key=COLUMN).set_value(0).run()
    table = page.dataframe[0].value
    assert list(table["support region"]) == ["(0, 0)", "(0, 1)"]
    np.testing.assert_allclose(table["flow (% of the mass)"], [30, 10])
    np.testing.assert_allclose(table["adds to the logit"], [12.5 * 0.3 * 0.5, 12.5 * 0.1 * 0.5])


def test_another_class_is_asked_for_and_remembered(asked: list[Pair]) -> None:
    page = open_page()
    project = page.session_state["project"]
    page.selectbox[1].select(project.classes[2].id).run()
    assert asked[-1].class_id == project.classes[2].id
    assert page.session_state[session.PAIR] == asked[-1]


def test_a_region_outside_a_smaller_grid_is_forgotten(asked: list[Pair]) -> None:
    page = AppTest.from_file(str(PAGE), default_timeout=60)
    page.session_state[SIDE], page.session_state[ROW], page.session_state[COLUMN] = "query", 7, 7
    page.run()
    assert not page.exception
    assert page.number_input(key=ROW).value is None


@pytest.mark.parametrize(("field", "number"), [(ROW, 2), (COLUMN, -1)])
def test_a_number_without_a_region_says_so_in_words(asked: list[Pair], field: str, number: int) -> None:
    page = open_page()
    page.number_input(key=ROW).set_value(1)
    page.number_input(key=COLUMN).set_value(1)
    page.number_input(key=field).set_value(number).run()
    name = page.number_input(key=field).label
    assert [warning.value for warning in page.warning] == [
        f"{name} {number} does not exist here: choose a number from 0 to 1."
    ]
    assert len(page.dataframe[0].value) == 4  # the strongest flows: nothing is selected
    page.button_group(key=SIDE).set_value("support").run()
    assert not page.exception


def test_patches_go_by_one_number(asked: list[Pair], monkeypatch: pytest.MonkeyPatch) -> None:
    names = tuple(f"patch {number}" for number in range(4))
    flow = replace(flow_of_four(), query_names=names, support_names=names)
    monkeypatch.setattr(requests, "match", lambda pair: Match(flow, PIXELS, "exact", 0.004))
    page = open_page()
    assert [field.label for field in page.number_input] == ["Region"]
    assert "patch 0" in page.number_input[0].help and "patch 3" in page.number_input[0].help
    page.number_input(key=REGION).set_value(0).run()
    assert list(page.dataframe[0].value["support region"]) == ["patch 0", "patch 1"]
    page.number_input(key=REGION).set_value(4).run()
    assert [warning.value for warning in page.warning] == ["Region 4 does not exist here: choose a number from 0 to 3."]


def test_a_click_is_carried_over_to_the_number_fields(asked: list[Pair]) -> None:
    state = {"figure": {"selection": {"points": [{"customdata": ["support", 2]}]}}}
    grid = flow_of_four()
    tiles = replace(grid, support_names=("a", "b", "c", "d"))
    for flow, expected in ((grid, (1, 0, None)), (tiles, (None, None, 2))):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("fsl_core.ui.match_controls.st.session_state", dict(state))
            clicked("figure", flow)
            assert {key: match_controls.st.session_state[key] for key in (SIDE, ROW, COLUMN, REGION)} == dict(
                zip((SIDE, ROW, COLUMN, REGION), ("support", *expected), strict=True)
            )


def test_without_queries_the_page_sends_to_classify(asked: list[Pair]) -> None:
    page = open_page()
    page.session_state["project"] = replace(page.session_state["project"], queries=())
    page.run()
    assert not page.exception
    assert not figures_of(page)
    assert [button.label for button in page.button] == ["Go to Classify"]


def test_a_quiz_gives_nothing_away(asked: list[Pair]) -> None:
    page = open_page()
    project = page.session_state["project"]
    page.session_state["project"] = replace(project, settings=replace(project.settings, quiz=True))
    page.run()
    assert not page.exception
    assert not figures_of(page)
    assert any("guess this picture" in info.value for info in page.info)
