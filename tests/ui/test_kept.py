"""Figures for the report: what is put aside stays in the project, is drawn without a network, and names its source."""

import json
from pathlib import Path

import plotly.graph_objects as go
import pytest
from streamlit.testing.v1 import AppTest

from fsl_core.manifest import read_manifest
from fsl_core.ui import aside, cached, kept, session, standalone
from fsl_core.ui.aside import FIGURES, Kept
from fsl_core.ui.papers import DEEPEMD, POINTING, SCL
from fsl_core.ui.report import html
from fsl_core.ui.store import Store
from fsl_core.ui.text import plain
from tests.ui.test_report import Page

SCRIPT = "</script><b>"


def figure() -> go.Figure:
    return go.Figure(go.Bar(x=[SCRIPT, "b"], y=[1, 2]))


def one(**changes: str) -> Kept:
    fields = {
        "page": "Matching", "name": "plan", "subject": "cat.jpg and cat", "made_by": "ResNet, deepemd",
        "caption": "The plan.", "alt": "Heat map.", "source": DEEPEMD, "figure": figure().to_json(),
    }  # fmt: skip
    return Kept(**{**fields, **changes})


def test_the_report_shows_what_was_put_aside_and_cites_each_source_once(small_backbone: str) -> None:
    store, project = Store.create()
    figures = [
        one(),
        one(name="flow"),
        one(page="Alignment", source=SCL),
        one(page="Heat maps", source=f"{DEEPEMD}; {POINTING}"),
        one(page="Transport", subject="", source=""),
    ]
    text = html(project, store, read_manifest(), explanations=figures)
    page = Page(text)
    assert page.words.count(f"{SCL}.") == 1
    assert page.words.count(DEEPEMD) == 1  # also the classifier's own
    assert page.words.count(f"{POINTING}.") == 1
    titles = ["Matching: cat.jpg and cat", "Alignment: cat.jpg and cat", "Transport"]
    assert all(title in page.words for title in titles)
    embedded = [entry for entry in page.all("script") if entry.get("type") == "application/json"]
    assert len(embedded) == 5
    assert SCRIPT not in text.split("Matching: cat.jpg and cat")[1].split("</figure>")[0]


def test_a_report_without_figures_holds_no_script(small_backbone: str) -> None:
    store, project = Store.create()
    assert "<script" not in html(project, store, read_manifest())


def test_a_single_page_draws_the_figure_that_it_is_given() -> None:
    page = Page(standalone.page(figure(), "plan", "The <plan>.", "Heat map."))
    embedded = next(entry for entry in page.all("script") if entry.get("type") == "application/json")
    assert embedded["data-name"] == "plan"
    assert "The <plan>." in page.words
    written = standalone.in_script(figure().to_json())
    assert "<" not in written
    assert json.loads(written)["data"][0]["x"][0] == SCRIPT


def script() -> None:
    import plotly.graph_objects as go
    import streamlit as st

    from fsl_core.ui import chart, kept, session

    session.project()
    st.session_state[session.PAGE] = "Matching"
    chart.show(go.Figure(go.Bar(x=[1], y=[st.session_state.get("height", 1)])), "plan", "The plan.", "Heat map.")
    kept.listed()


@pytest.fixture
def page(small_backbone: str) -> AppTest:
    return AppTest.from_function(script, default_timeout=60).run()


def put_aside(page: AppTest) -> list[Kept]:
    return aside.kept(page.session_state["store"])


def cited(page: AppTest, title: str, name: str) -> str:
    """What the report cites for a figure of an open page of this title, which is put aside."""
    page.session_state[session.PAGE] = title
    page.button(key=f"fsl_keep_{name}").click().run()
    assert not page.exception
    return put_aside(page)[-1].source


def test_a_figure_is_kept_once_and_another_one_beside_it(page: AppTest) -> None:
    assert not page.exception and not put_aside(page)
    assert page.session_state[session.PROJECT].is_sample
    page.button(key="fsl_keep_plan").click().run()
    assert not page.session_state[session.PROJECT].is_sample
    page.session_state["height"] = 5
    page.button(key="fsl_keep_plan").click().run()
    assert not page.exception
    found = put_aside(page)
    assert [one.source for one in found] == [DEEPEMD, DEEPEMD]
    assert [json.loads(one.figure)["data"][0]["y"] for one in found] == [[1], [5]]
    page.button(key="fsl_keep_plan").click().run()
    assert len(put_aside(page)) == 2
    assert found[0].made_by == "tiny title, DeepEMD (FCN)"
    project = page.session_state["project"]
    other, _ = Store.open(project.id)
    assert aside.kept(other) == found  # on disk, so that F5 loses nothing


def test_what_is_taken_out_is_gone(page: AppTest) -> None:
    page.button(key="fsl_keep_plan").click().run()
    page.button(key=f"fsl_take_out_{put_aside(page)[0].id[:16]}").click().run()
    assert not put_aside(page)


def test_there_is_a_limit_that_is_told(page: AppTest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept, "MOST", 0)
    page.button(key="fsl_keep_plan").click().run()
    assert not put_aside(page)
    assert "holds 0 figures already" in page.toast[0].value


def test_figures_have_a_limit_of_size_that_is_told(page: AppTest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept, "MOST_BYTES", 1000)
    page.button(key="fsl_keep_plan").click().run()
    assert not put_aside(page)
    assert "more than 0.001 MB" in page.toast[0].value


def test_what_a_figure_says_is_shown_as_it_is_written(page: AppTest) -> None:
    page.session_state["store"].write(FIGURES, aside.to_json([one(caption="![](x)", subject="", alt="[*a*]")]))
    page.run()
    (button,) = [shown for shown in page.button if shown.key.startswith("fsl_take_out")]
    assert (button.label, button.help) == (plain("Matching: ![](x)"), f"Takes it out: {plain('[*a*]')}")


def test_damaged_files_are_no_figures(tmp_path: Path) -> None:
    store = Store(tmp_path)
    rows = json.loads(aside.to_json([one()]))
    for text in ("{", '"x"', "[1, {}]", "[" * 100_000, json.dumps([{**rows[0], "figure": "{}"}])):
        (tmp_path / FIGURES).write_text(text)
        assert aside.kept(store) == []
    (tmp_path / FIGURES).write_text(json.dumps([{}, *rows]))
    assert aside.kept(store) == [one()]
    cached.cards.clear()
