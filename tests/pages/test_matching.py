"""The Matching page, headless; the model's answer is a record of hand-made numbers."""

import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from fsl_core.classifiers import DeepEMD
from fsl_core.records import Emphasis, Flow, WhatIf, cells
from fsl_core.types import params
from fsl_core.ui import beforehand, match_controls, requests, session
from fsl_core.ui.engine import Match, Pair
from fsl_core.ui.match_controls import COLUMN, REGION, ROW, SIDE, clicked
from fsl_core.ui.papers import DEEPEMD
from tests.ui.test_kept import cited

PAGE = Path(__file__).parents[2] / "pages" / "matching.py"
EMPHASES: list[Emphasis] = []
PIXELS = np.full((32, 32, 3), 120, np.uint8)


def flow_of_four() -> Flow:
    """2x2 to 2x2; query region (0, 0) sends 0.3 and 0.1, the others one flow of 0.2 each."""
    plan = np.diag([0.3, 0.2, 0.2, 0.2])
    plan[0, 1] = 0.1
    similarity = np.full((4, 4), 0.5)
    weights = plan.sum(axis=1), plan.sum(axis=0)
    return Flow(PIXELS, PIXELS, cells(2, 2), cells(2, 2), similarity, *weights, plan, 12.5, 6.25)


def changed(emphasis: Emphasis) -> WhatIf:
    """Five classes; any change makes the second one the answer instead of the first."""
    logits = np.array([6.25, 6.0, 1.0, 0.5, 0.0])
    after = logits + (np.array([-1.0, 1, 0, 0, 0]) if emphasis else 0)
    flow = flow_of_four()
    flows = flow, replace(flow, logit=5.25, similarity=np.full((4, 4), 0.42)) if emphasis else flow
    return WhatIf(("ant", "bee", "cat", "dog", "<b>elk"), 0, emphasis, *flows, logits, after)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[Pair]:
    """Every pair that the page asks the queue for; no model runs."""
    pairs: list[Pair] = []

    def match(pair: Pair, emphasis: Emphasis) -> Match:
        pairs.append(pair)
        EMPHASES.append(emphasis)
        return Match(changed(emphasis), PIXELS, "exact", 0.004)

    monkeypatch.setenv("FEW_SHOT_LENS_HOME", str(tmp_path))
    monkeypatch.setattr(requests, "match", match)
    monkeypatch.setattr(beforehand, "answered", lambda theme, project, card: project)
    return pairs


@pytest.fixture
def emphases(asked: list[Pair]) -> list[Emphasis]:
    """The changed weights that the page asks with."""
    EMPHASES.clear()
    return EMPHASES


def open_page() -> AppTest:
    page = AppTest.from_file(str(PAGE), default_timeout=60).run()
    assert not page.exception
    return page


def figures_of(page: AppTest) -> list:
    return page.get("plotly_chart")


def show_every_pair(page: AppTest) -> None:
    page.session_state["fsl_matching_detail"] = "Every pair of regions"
    page.run()
    assert not page.exception


def test_the_page_shows_the_match_of_the_first_query(asked: list[Pair]) -> None:
    page = open_page()
    project = page.session_state["project"]
    assert asked[-1] == Pair(project.queries[0].id, project.classes[0].id, None)
    assert len(figures_of(page)) == 4
    assert any("12.5 · 0.5000 = **6.2500**" in text.value for text in page.markdown)
    assert [metric.value for metric in page.metric] == ["0.500", "6.250", "Exact", "4 ms"]
    assert len(page.dataframe[0].value) == 4
    show_every_pair(page)
    assert len(figures_of(page)) == 6 and not page.dataframe
    assert all(figure.proto.alt for figure in figures_of(page))


def test_number_fields_select_a_region(asked: list[Pair]) -> None:
    page = open_page()
    page.number_input(key=ROW).set_value(0)
    page.number_input(key=COLUMN).set_value(0).run()
    table = page.dataframe[0].value
    assert list(table["support region"]) == ["(0, 0)", "(0, 1)"]
    np.testing.assert_allclose(table["flow (% of the mass)"], [30, 10])
    np.testing.assert_allclose(table["adds to the logit"], [12.5 * 0.3 * 0.5, 12.5 * 0.1 * 0.5])


def test_a_region_without_mass_says_so(asked: list[Pair], monkeypatch: pytest.MonkeyPatch) -> None:
    flow = flow_of_four()
    plan = flow.plan.copy()
    plan[3] = 0
    unchanged = WhatIf(("ant", "bee"), 0, Emphasis(), *2 * (replace(flow, plan=plan),), *2 * (np.array([6.25, 6.0]),))
    monkeypatch.setattr(requests, "match", lambda pair, emphasis: Match(unchanged, PIXELS, "exact", 0.004))
    page = open_page()
    pick_region(page, 1, 1)
    assert "No mass flows from or to the selected region." in [caption.value for caption in page.caption]


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
    unchanged = WhatIf(("ant", "bee"), 0, Emphasis(), flow, flow, np.array([6.25, 6.0]), np.array([6.25, 6.0]))
    monkeypatch.setattr(requests, "match", lambda pair, emphasis: Match(unchanged, PIXELS, "exact", 0.004))
    page = open_page()
    assert [field.label for field in page.number_input] == ["Temperature", "Region"]
    assert "patch 0" in page.number_input(key=REGION).help and "patch 3" in page.number_input(key=REGION).help
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


def words(page: AppTest) -> str:
    return " ".join(one.value for one in [*page.markdown, *page.caption, *page.info, *page.error])


def html(page: AppTest) -> str:
    return " ".join(one.proto.body for one in page.get("html"))


def pick_region(page: AppTest, row: int, column: int) -> None:
    page.number_input(key=ROW).set_value(row)
    page.number_input(key=COLUMN).set_value(column).run()


def test_a_removed_region_changes_the_answer_and_reset_brings_it_back(asked: list[Pair], emphases: list) -> None:
    page = open_page()
    assert "DeepEMD's answer is **ant**" in words(page) and "was" not in html(page)
    pick_region(page, 0, 1)
    page.button(key="fsl_remove").click().run()
    assert emphases[-1] == Emphasis({1: 0.0}, {})
    assert "Now **bee** instead of **ant**" in words(page) and "query (0, 1) removed" in words(page)
    assert "▲ 1st, was 2nd" in html(page) and "▼ 2nd, was 1st" in html(page) and "was 6.25" in html(page)
    assert "&lt;b&gt;elk" in html(page) and "<b>elk" not in html(page)
    assert "query (0, 1) removed" in figures_of(page)[0].proto.alt
    assert [page.metric[0].delta, page.metric[1].delta] == ["-0.080", "-1.000"]
    assert len(figures_of(page)) == 5
    page.button(key="fsl_reset").click().run()
    assert emphases[-1] == Emphasis() and "DeepEMD's answer is **ant**" in words(page)


def test_several_regions_of_both_pictures_change_at_once(asked: list[Pair], emphases: list) -> None:
    page = open_page()
    pick_region(page, 1, 1)
    page.slider(key="fsl_factor").set_value(2.5).run()
    page.button_group(key=SIDE).set_value("support").run()
    assert page.slider(key="fsl_factor").value == 1
    page.button(key="fsl_remove").click().run()
    assert emphases[-1] == Emphasis({3: 2.5}, {3: 0.0})
    assert page.button(key="fsl_remove").label == "Put support region (1, 1) back"
    page.button(key="fsl_remove").click().run()
    assert emphases[-1] == Emphasis({3: 2.5}, {})


def test_changes_belong_to_their_pair(asked: list[Pair], emphases: list) -> None:
    page = open_page()
    pick_region(page, 0, 0)
    page.button(key="fsl_remove").click().run()
    first, second = (one.id for one in page.session_state["project"].queries[:2])
    page.selectbox[0].select(second).run()
    assert emphases[-1] == Emphasis()
    page.selectbox[0].select(first).run()
    assert emphases[-1] == Emphasis({0: 0.0}, {})


def test_options_on_the_page_are_those_of_the_project(asked: list[Pair]) -> None:
    page = open_page()
    page.number_input(key="option_matching_deepemd_temperature").set_value(20.0).run()
    assert page.session_state["project"].settings.options["deepemd"] == {"temperature": 20.0}
    page.selectbox(key="option_matching_deepemd_weights").select("equal").run()
    assert page.session_state["project"].settings.options["deepemd"] == {"temperature": 20.0, "weights": "equal"}
    next(button for button in page.button if button.label == "Back to the defaults").click().run()
    assert not page.session_state["project"].settings.options["deepemd"]
    assert page.number_input(key="option_matching_deepemd_temperature").value == 12.5


def test_every_option_of_deepemd_has_a_widget(asked: list[Pair]) -> None:
    page = open_page()
    keys = {one.key for one in [*page.selectbox, *page.number_input, *page.toggle, *page.slider]}
    assert {f"option_matching_deepemd_{name}" for name in params(DeepEMD)} <= keys


def test_all_flows_are_drawn_on_request(asked: list[Pair]) -> None:
    page = open_page()
    few = figures_of(page)[0].proto.spec
    page.toggle(key=match_controls.EVERY).set_value(True).run()
    assert not page.exception and figures_of(page)[0].proto.spec != few
    pick_region(page, 0, 0)
    assert page.toggle(key=match_controls.EVERY).disabled


def test_two_solvers_stand_side_by_side(asked: list[Pair]) -> None:
    page = open_page()
    page.toggle(key="fsl_two_solvers").set_value(True).run()
    until = time.monotonic() + 60
    while "Largest difference" not in words(page) and time.monotonic() < until:
        time.sleep(0.1)
        page.run()
    table = page.dataframe[-1].value
    assert list(table["solver"]) == ["Network simplex", "Sinkhorn (entropic)"]
    assert list(table["status"]) == ["solved", "solved"]
    assert (table["value (cost of the plan)"] > 0.4999).all()
    assert len(figures_of(page)) == 7
    show_every_pair(page)
    assert cited(page, "Matching", "plan") == DEEPEMD and "Cuturi: Sinkhorn" in cited(page, "Matching", "plan_other")


def test_the_regions_are_chosen_on_the_page_too(asked: list[Pair]) -> None:
    page = open_page()
    page.selectbox(key="matching_regions").select("sampling:9").run()
    page.number_input(key="matching_patches_count").set_value(4).run()
    assert page.session_state[session.PROJECT].settings.regions == "sampling:4"
    assert page.selectbox(key="matching_regions").value == "sampling:4"
    page.selectbox(key="matching_regions").select("cells").run()
    assert page.session_state[session.PROJECT].settings.regions == "cells"
    assert "matching_patches_count" not in [field.key for field in page.number_input]
