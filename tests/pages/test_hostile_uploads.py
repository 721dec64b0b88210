"""Hostile files, uploaded to the Classify page: a sentence each, escaped; what was there stays."""

from dataclasses import replace
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from benchmarks.hostile_files import hostile_files
from benchmarks.hostile_pictures import HostileFile, Verdict
from fsl_core.errors import called
from fsl_core.ui import cached
from fsl_core.ui.inbox import SAID
from fsl_core.ui.project import Project
from fsl_core.ui.store import Store
from fsl_core.ui.text import plain

ROOT = Path(__file__).parents[2]
UPLOADED = (
    "iphone.jpg",
    "document.jpg",
    "drawing.jpg",
    "canon.jpg",
    "page.jpg",
    "nothing.jpg",
    "60000 x 60000.png",
    "last byte missing.bmp",
    "<img src=x onerror=alert(1)>.jpg",
    "[click](javascript:alert(1)).jpg",
    "**bold** _it_ `code` # head.jpg",
    "$\\frac{1}{0}$ $$x$$.jpg",
    ":material/delete: :red[x] :streamlit:.jpg",
    "photo\u202egpj.exe",
    "x" * 5000,
)
ZIPS = ("slip 0.zip", "encrypted.zip", "a text.zip", "nothing.zip")


@pytest.fixture
def app(small_backbone: str) -> AppTest:
    """The frame with the Classify page of a small project of two classes and two queries."""
    store, empty = Store.create()
    filled = replace(store.adopt(cached.draw("synthetic", None, (2, 1, 1), 3), empty), is_sample=False)
    store.save(filled)
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=120)
    app.query_params["project"] = filled.id
    app.run()
    return app.switch_page("pages/classify.py").run()


def test_hostile_pictures_and_zips_cost_only_themselves(app: AppTest) -> None:
    corpus = list(hostile_files())
    before = app.session_state["project"]
    seen = 0
    for start in range(0, len(UPLOADED), SAID):  # so many are named one by one
        files = [bad(corpus, name) for name in UPLOADED[start : start + SAID]]
        uploader = next(one for one in app.file_uploader if "ask about" in one.label)
        uploader.set_value([(name, data, "image/jpeg") for name, data in files]).run()
        assert not app.exception
        said = app.error[0].value
        assert f"{len(files)} skipped" in said
        for name, _ in files:
            shown = called(name.rpartition("/")[2])
            assert plain(shown) in said
            assert shown == plain(shown) or shown not in said
        assert content(app.session_state["project"]) == content(before)
        seen += len(files)
    assert seen == len(UPLOADED)
    for name in ZIPS:
        data = next(file.data for file in corpus if file.name == name)
        folder = next(one for one in app.file_uploader if "zip of it" in one.label)
        folder.set_value([(name, data, "application/zip")]).run()
        assert not app.exception
        assert "zip" in app.error[0].value and "\n" not in app.error[0].value
        assert content(app.session_state["project"]) == content(before)
    assert content(Store.open(before.id)[1]) == content(before)


def test_hostile_names_of_good_pictures_are_shown_escaped(app: AppTest) -> None:
    corpus = list(hostile_files())
    before = app.session_state["project"]
    shown = [file for file in corpus if file.kind == "name" and file.expectation.shows is not None]
    good = [(file.name, file.data, "image/png") for file in shown]
    uploader = next(one for one in app.file_uploader if "ask about" in one.label)
    uploader.set_value(good).run()
    assert not app.exception
    project = app.session_state["project"]
    assert project.queries[: len(before.queries)] == before.queries
    assert len(project.queries) == len(before.queries) + len(good) > 30
    labels = " ".join(one.label for one in app.button)
    assert "alert(1)" not in labels and "alert\\(1\\)" in labels
    pages = " ".join(one.proto.body for one in app.get("html"))
    assert "<img src=x" not in pages and "<script>alert" not in pages


def content(project: Project) -> tuple[object, ...]:
    """What the person has put together; answers may come in meanwhile."""
    return project.id, project.classes, project.queries


def bad(corpus: list[HostileFile], name: str) -> tuple[str, bytes]:
    """The file of this name that is refused; for names of good pictures too, their cut twin."""
    return next(
        (file.name, file.data) for file in corpus if file.name == name and file.expectation.verdict is not Verdict.READ
    )
