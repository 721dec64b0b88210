"""The toolbar of the Classify page: the project's name, saving, drawing from a data set."""

import threading
import time
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from fsl_core.data import Episode
from fsl_core.data.archive import Archive
from fsl_core.ui import cached
from fsl_core.ui.bundle import is_bundle
from fsl_core.ui.store import Store

ROOT = Path(__file__).parents[2]


def button(app: AppTest, label: str):
    return next(one for one in app.button if one.label == label)


def project(app: AppTest):
    return app.session_state["project"]


@pytest.fixture
def app(small_backbone: str) -> AppTest:
    """The Classify page of a small project of two classes and two queries."""
    cached.drawing_queue.clear()
    store, empty = Store.create()
    filled = store.adopt(cached.draw("synthetic", None, (2, 1, 1), 3), empty)
    store.save(filled)
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60)
    app.query_params["project"] = filled.id
    app.run()
    return app.switch_page("pages/classify.py").run()


def test_the_project_is_renamed_and_goes_by_its_classes_again(app: AppTest) -> None:
    classes = project(app).title
    field = app.text_input(key="project_name")
    assert (field.value, field.placeholder[:5]) == ("", classes[:5])
    field.set_value("  My   leaves ").run()
    assert not app.exception
    assert Store.open(project(app).id)[1].title == "My leaves"
    app.text_input(key="project_name").set_value("").run()
    assert project(app).title == classes


def test_zips_are_there_when_the_popover_is_open(app: AppTest, monkeypatch: pytest.MonkeyPatch) -> None:
    given: dict[str, bytes] = {}

    def offer(label: str, data: bytes, *_: object, **__: object) -> None:
        if label.startswith("Save"):
            given[label] = data

    monkeypatch.setattr("fsl_core.ui.toolbar.st.download_button", offer)
    app.run()
    assert given == {}
    app.session_state["open_or_save"] = True
    app.run()
    assert not app.exception
    assert set(given) == {"Save the project (.zip)", "Save this episode (.zip)"}
    assert is_bundle(Archive(given["Save the project (.zip)"]))
    assert Episode.load(given["Save this episode (.zip)"]).shots == (1, 1)


def drawn(app: AppTest) -> AppTest:
    until = time.monotonic() + 60
    while cached.drawing_queue().status(app.session_state["drawing"].key).state != "done" and time.monotonic() < until:
        time.sleep(0.05)
    return app.run()


def test_an_episode_is_drawn_in_the_background_and_opened(app: AppTest) -> None:
    before = project(app)
    app.selectbox(key="sample_set").set_value("synthetic").run()
    app.number_input(key="sample_way").set_value(3).run()
    button(app, "Draw the episode").click().run()
    drawn(app)
    assert not app.exception
    assert (len(project(app).classes), project(app).is_sample) == (3, True)
    assert Store.open(before.id)[1].classes == before.classes
    assert app.session_state["drawing"] is None


def test_the_page_goes_on_meanwhile_and_what_changed_is_not_left(app: AppTest, monkeypatch: pytest.MonkeyPatch) -> None:
    go_on, draw = threading.Event(), cached.draw
    monkeypatch.setattr(cached, "draw", lambda *asked: go_on.wait(60) and draw(*asked))
    button(app, "Draw the episode").click().run()
    assert button(app, "Stop drawing")
    button(app, "Add a class").click().run()
    assert len(project(app).classes) == 3
    go_on.set()
    drawn(app)
    assert len(project(app).classes) == 3
    button(app, "Open it").click().run()
    assert not app.exception
    assert len(project(app).classes) == 5


def test_a_drawing_that_fails_is_one_sentence(app: AppTest, tmp_path: Path) -> None:
    before = project(app)
    app.selectbox(key="sample_set").set_value("A folder or zip on this computer").run()
    button(app, "Draw the episode").click().run()
    assert "fill in its id or its path" in app.error[0].value
    app.text_input(key="sample_folder").set_value(str(tmp_path / "none")).run()
    button(app, "Draw the episode").click().run()
    until = time.monotonic() + 60
    while app.session_state["drawing"] and time.monotonic() < until:
        time.sleep(0.05)
        app.run()
    assert not app.exception
    assert "There is no folder or zip" in app.error[0].value.replace("\\", "")
    assert (project(app).id, project(app).classes) == (before.id, before.classes)
