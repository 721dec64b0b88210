"""The page Why?, headless, on a small untrained backbone: three explanations of one answer, and the ways further."""

import time
from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from fsl_core.records import Saliency
from fsl_core.ui import beforehand, heat_controls, heat_jobs, match_controls, session
from fsl_core.ui.engine import Pair
from fsl_core.ui.heat_badge import LOOKS
from fsl_core.ui.heat_jobs import Asked
from fsl_core.ui.papers import DEEPEMD, SCL
from fsl_core.ui.scene import Scene
from fsl_core.ui.why import EXAMPLE, PAGES
from tests.ui.test_kept import cited

PAGE = Path(__file__).parents[2] / "pages" / "why.py"


@pytest.fixture
def opened(small_backbone: str, monkeypatch: pytest.MonkeyPatch) -> AppTest:
    monkeypatch.setattr(beforehand, "answered", lambda theme, project, card: project)
    monkeypatch.setattr(st, "page_link", lambda page: st.caption(page))  # it wants the frame, app.py
    return finished(AppTest.from_file(str(PAGE), default_timeout=120).run())


def finished(page: AppTest) -> AppTest:
    """The page once all three panels and the test of the map are there."""
    for _ in range(240):
        assert not page.exception and not page.error
        if len(page.get("plotly_chart")) == 3 and any(verdict in words(page) for verdict in LOOKS):
            return page
        time.sleep(0.25)
        page.run()
    raise AssertionError("the explanations did not come")


def words(page: AppTest) -> str:
    return " ".join(one.value for one in [*page.markdown, *page.caption, *page.info]).replace("\\", "")


def test_the_three_explanations_stand_side_by_side_with_their_numbers(opened: AppTest) -> None:
    text = words(opened)
    for fragment in (
        "temperature · Σ flow · similarity",
        "residual",
        "What speaks for the logit of",
        "Zhang, Cai, Lin, Shen, CVPR 2020, section 3.2, equation 3",
        "similarity = a · b",
        "Ouali, Hudelot, Tami, ECML PKDD 2021, figure 2",
    ):
        assert fragment in text
    assert "The answer to this picture as things are now is not there yet." in text or "Most like" in text
    assert all(chart.proto.alt for chart in opened.get("plotly_chart"))
    assert [label for label in (one.label for one in opened.button) if label.startswith("See the")] == [
        "See the matching", "See the neighbours", "See the heat maps",
    ]  # fmt: skip
    assert "adds 12.5 · (" not in words(opened)
    opened.number_input(key=match_controls.ROW).set_value(1)
    opened.number_input(key=match_controls.COLUMN).set_value(2).run()
    assert "**query region (1, 2)** adds 12.5 · (" in words(opened)
    before = words(opened)
    opened.selectbox(key=EXAMPLE).select((0, 1)).run()
    assert not opened.exception and words(opened) != before and words(opened).count("similarity = a · b") == 1
    assert cited(opened, "Why?", "why_matching") == DEEPEMD and cited(opened, "Why?", "why_nearest") == SCL


@pytest.fixture
def signed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Heat maps of both signs, as on an untrained network nothing may speak for a class."""

    def map_of(scene: Scene, pair: Pair) -> Saliency:
        return heat_jobs.map_of(scene, Asked(pair.query_id, pair.class_id, None, "grad_cam", (("sign", "all"),)))

    monkeypatch.setattr(heat_jobs, "usual_map", map_of)


def test_a_place_of_the_map_has_its_formula_with_its_numbers(signed: None, opened: AppTest) -> None:
    text = words(opened)
    assert "The strongest place, as none is selected:" in text
    assert "value** at row" in text and "No identity ties the sum of this map to the score" in text
    opened.number_input(key=heat_controls.ROW).set_value(1)
    opened.number_input(key=heat_controls.COLUMN).set_value(0).run()
    assert "**value** at row 1, column 0 = Σ mean gradient · feature = " in words(opened)
    assert "none is selected" not in words(opened) and len(opened.get("plotly_chart")) == 3


def test_another_class_is_explained_by_other_numbers(opened: AppTest) -> None:
    project = opened.session_state["project"]
    opened.session_state[session.PAIR] = Pair(project.queries[0].id, project.classes[2].id)
    before = words(opened)
    page = finished(opened.run())
    assert f"What speaks for the logit of {project.classes[2].name}." in words(page)
    assert words(page) != before


def test_every_way_leads_to_a_page(opened: AppTest) -> None:
    assert all((PAGE.parent / f"{name}.py").is_file() for name in PAGES)
    assert set(PAGES) | {"why", "transport"} == {
        path.stem for path in PAGE.parent.glob("*.py")
    } - {"start", "classify", "compare", "training"}  # fmt: skip


def test_without_an_episode_it_says_what_is_missing(small_backbone: str) -> None:
    page = AppTest.from_file(str(PAGE), default_timeout=60)
    page.run()
    project = page.session_state["project"]
    for query in project.queries:
        project = project.without_query(query.id)
    page.session_state["project"] = project
    page.run()
    assert not page.exception and "nothing to explain yet" in page.info[0].value
