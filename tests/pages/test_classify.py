"""The Classify page: put an episode together, ask, read the answers."""

import io
import time
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from fsl_core.images import encode_png
from fsl_core.ui import cached
from fsl_core.ui.pieces import Settings
from fsl_core.ui.store import Store

ROOT = Path(__file__).parents[2]


def png(number: int) -> bytes:
    return encode_png(np.random.default_rng(number).integers(0, 256, (24, 24, 3), dtype=np.uint8))


def button(app: AppTest, label: str):
    return next(one for one in app.button if one.label == label)


def project(app: AppTest):
    return app.session_state["project"]


def finish(app: AppTest) -> AppTest:
    """Run the page again until its job has ended."""
    until = time.monotonic() + 60
    state = app.session_state
    while "classification" in state and state["classification"] and time.monotonic() < until:
        time.sleep(0.05)
        state = app.run().session_state
    assert not app.exception
    return app


@pytest.fixture
def app(small_backbone: str) -> AppTest:
    """The frame with the Classify page of a small project of two classes and two queries."""
    store, empty = Store.create()
    filled = store.adopt(cached.draw("synthetic", None, (2, 1, 1), 3), replace(empty, settings=Settings(live=False)))
    store.save(filled)
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60)
    app.query_params["project"] = filled.id
    app.run()
    return app.switch_page("pages/classify.py").run()


def said(app: AppTest) -> str:
    return " ".join(one.proto.body for one in app.get("html"))


def test_classifying_shows_words_numbers_and_marks(app: AppTest) -> None:
    assert "Not classified yet." in [one.value for one in app.caption]
    button(app, "Classify").click().run()
    finish(app)
    assert said(app).count("Most like") == 2
    assert said(app).count("✓ right") + said(app).count("✗ wrong") == 2
    assert {"Accuracy", "Time for features", "Time for matching"} == {one.label for one in app.metric}
    assert "outdated" not in said(app)
    again = Store.open(project(app).id)[1]
    assert again.answer == project(app).answer is not None


def test_changed_inputs_mark_the_answers_outdated_and_keep_them(app: AppTest) -> None:
    button(app, "Classify").click().run()
    finish(app)
    before = project(app).answer
    owner = project(app).classes[0]
    uploader = next(one for one in app.file_uploader if owner.name in one.label)
    uploader.set_value([("more.png", png(1), "image/png")]).run()
    assert said(app).count("outdated") == 2
    assert project(app).answer == before
    button(app, "Classify").click().run()
    finish(app)
    assert "outdated" not in said(app)
    assert project(app).answer.computed_images == 1


def test_one_bad_file_costs_only_itself_and_the_inbox_is_emptied(app: AppTest) -> None:
    files = [("a.png", png(1), "image/png"), ("notes.txt", b"hello", "text/plain"), ("b.png", png(1), "image/png")]
    uploader = next(one for one in app.file_uploader if "ask about" in one.label)
    uploader.set_value(files).run()
    assert not app.exception
    assert [query.picture.name for query in project(app).queries][2:] == ["a.png"]
    notice = app.warning[0].value.replace("\\", "")
    assert "1 picture added, 2 skipped" in notice
    assert "notes.txt is not a picture" in notice
    assert "b.png is already there" in notice
    assert not next(one for one in app.file_uploader if "ask about" in one.label).value


def test_a_zip_of_folders_becomes_classes(app: AppTest) -> None:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        for number, name in enumerate(["leaves/oak/1.png", "leaves/oak/2.png", "leaves/elm/3.png"]):
            file.writestr(name, png(number))
    next(one for one in app.toggle if one.key.startswith("keep")).set_value(False).run()
    next(one for one in app.file_uploader if "zip of it" in one.label).set_value(
        [("leaves.zip", archive.getvalue(), "application/zip")]
    ).run()
    assert not app.exception
    assert {one.name: len(one.pictures) for one in project(app).classes} == {"oak": 2, "elm": 1}
    assert project(app).queries == ()


def test_a_broken_zip_changes_nothing(app: AppTest) -> None:
    before = project(app)
    next(one for one in app.file_uploader if "Open an episode" in one.label).set_value(
        [("episode.zip", b"PK broken", "application/zip")]
    ).run()
    assert not app.exception
    assert project(app) == before
    assert len(app.error) == 1


def open_episode(app: AppTest, files: dict[str, bytes]) -> None:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        for name, data in files.items():
            file.writestr(name, data)
    uploader = next(one for one in app.file_uploader if "Open an episode" in one.label)
    uploader.set_value([("episode.zip", archive.getvalue(), "application/zip")]).run()
    assert not app.exception


def test_an_episode_opens_beside_what_was_there(app: AppTest) -> None:
    before = project(app)
    open_episode(app, {"support/oak/1.png": png(1), "support/elm/2.png": png(2), "query/oak/3.png": png(3)})
    opened = project(app)
    assert {one.name for one in opened.classes} == {"oak", "elm"}
    assert [next(c.name for c in opened.classes if c.id == query.true_class) for query in opened.queries] == ["oak"]
    assert Store.open(before.id)[1] == before
    assert app.query_params["project"] == opened.id


def test_an_episode_without_a_picture_changes_nothing(app: AppTest) -> None:
    before = project(app)
    open_episode(app, {"support/oak/1.png": b"no picture", "support/elm/2.png": b"none either"})
    assert project(app) == before
    assert "No picture could be opened" in app.error[0].value


def test_classes_are_renamed_added_and_removed(app: AppTest) -> None:
    first, second = project(app).classes
    field = next(one for one in app.text_input if one.key == f"name_{first.id}")
    field.set_value("fresh").run()
    assert project(app).classes[0].name == "fresh"
    next(one for one in app.text_input if one.key == f"name_{first.id}").set_value(second.name).run()
    assert "named" in app.error[0].value
    assert next(one for one in app.text_input if one.key == f"name_{first.id}").value == "fresh"
    button(app, "Add a class").click().run()
    assert [one.name for one in project(app).classes] == ["fresh", second.name, "Class 1"]
    button(app, f"Remove the class {second.name}").click().run()
    assert not app.exception
    assert [one.name for one in project(app).classes] == ["fresh", "Class 1"]


def test_five_clicks_are_one_job(app: AppTest, monkeypatch: pytest.MonkeyPatch) -> None:
    runs = []
    engine = cached.engine()
    monkeypatch.setattr(engine, "classify", lambda *args, real=engine.classify: runs.append(1) or real(*args))
    for _ in range(5):
        one = button(app, "Classify")
        if not one.disabled:
            one.click()
        app.run()
    finish(app)
    assert len(runs) == 1


def test_missing_weights_are_one_sentence(app: AppTest, tmp_path: Path) -> None:
    (tmp_path / "tiny.safetensors").unlink()
    cached.engine.clear()  # the warm-up has loaded them already
    button(app, "Classify").click().run()
    finish(app)
    assert "tiny.safetensors is missing" in " ".join(one.value for one in app.error)
    assert len(project(app).queries) == 2


def test_a_query_can_be_labelled_and_removed(app: AppTest) -> None:
    query = project(app).queries[0]
    app.selectbox(key=f"true_{query.id}").set_value(None).run()
    assert project(app).queries[0].true_class is None
    app.button(key=f"fsl_icon_query_{query.id[:16]}").click().run()
    assert not app.exception
    assert query.id not in {one.id for one in project(app).queries}
