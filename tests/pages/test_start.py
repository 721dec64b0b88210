"""The Start page: two ways into the app."""

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

ROOT = Path(__file__).parents[2]


def button(app: AppTest, label: str):
    return next(one for one in app.button if one.label == label)


@pytest.fixture
def app(small_backbone: str) -> AppTest:
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60).run()
    assert not app.exception
    return app


def test_it_says_what_this_is_without_settings(app: AppTest) -> None:
    assert app.title[0].value == "See why a picture looks like another"
    assert not app.sidebar.selectbox
    assert any('role="img"' in one.proto.body for one in app.get("html"))


def test_the_sample_is_one_click_away(app: AppTest) -> None:
    button(app, "Try the sample episode").click().run()
    assert not app.exception
    project = app.session_state["project"]
    assert [len(one.pictures) for one in project.classes] == [1] * 5
    assert (len(project.queries), project.is_sample) == (10, True)
    assert app.title[0].value == "Classify"
    assert app.session_state["classification"]


def test_own_pictures_start_with_two_empty_classes(app: AppTest) -> None:
    button(app, "Use my own pictures").click().run()
    assert not app.exception
    assert [one.name for one in app.session_state["project"].classes] == ["Class 1", "Class 2"]
    assert button(app, "Classify").disabled
    assert any("still need a picture" in one.value for one in app.caption)
