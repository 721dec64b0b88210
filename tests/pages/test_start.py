"""The Start page: what there is to go on with, and the ways in."""

import io
import os
import zipfile
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

import numpy as np
import pytest
from streamlit.runtime.context import ContextProxy
from streamlit.testing.v1 import AppTest

from fsl_core.images import encode_png
from fsl_core.ui import browser, bundle, cached
from fsl_core.ui.recents import on_disk
from fsl_core.ui.samples import THEMES
from fsl_core.ui.store import Store

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
    assert (len(project.queries), project.is_sample) == (11, True)
    assert [query.true_class for query in project.queries].count(None) == 1
    assert app.title[0].value == "Classify"
    assert app.session_state["classification"] or project.answer  # asked at once, and on a fast computer answered


def test_own_pictures_start_with_two_empty_classes(app: AppTest) -> None:
    button(app, "Use my own pictures").click().run()
    assert not app.exception
    assert [one.name for one in app.session_state["project"].classes] == ["Class 1", "Class 2"]
    assert button(app, "Classify").disabled
    assert any("still need a picture" in one.value for one in app.caption)


def made(name: str, when: int = 1_000_000_000, owner: str = "") -> str:
    """Id of a named project of one class with one picture, saved at that second."""
    store, project = Store.create(owner=owner)
    project = project.with_new_class()
    picture = store.add(encode_png(np.full((8, 8, 3), 7, np.uint8)), "leaf.png")
    store.save(replace(project.with_class(replace(project.classes[0], pictures=(picture,))), name=name))
    os.utime(store.folder / "project.json", (when, when))
    return project.id


def start(project: str = "") -> AppTest:
    """The Start page as a new session sees it."""
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60)
    if project:
        app.query_params["project"] = project
    app.run()
    assert not app.exception
    return app


def cards(app: AppTest) -> list[str]:
    return [one.label for one in app.button if (one.key or "").startswith("fsl_open_")]


def test_every_sample_set_is_one_click_away(app: AppTest) -> None:
    assert [one.label for one in app.button if (one.key or "").startswith("fsl_try_")] == [
        theme.title for theme in THEMES.values()
    ]
    app.button(key="fsl_try_food").click().run()
    assert not app.exception
    assert {one.name for one in app.session_state["project"].classes} == set(THEMES["food"].classes)
    assert app.title[0].value == "Classify"


def test_recent_projects_are_listed_and_open_with_a_click(small_backbone: str) -> None:
    ids = [made(f"Leaves {number}", 1_000_000_000 + number) for number in range(8)]
    Store.create()
    app = start()
    assert cards(app) == [f"Leaves {number}" for number in (7, 6, 5, 4, 3, 2)]
    assert [one.label for one in app.button][:2] == ["Tour", "Continue “Leaves 7”"]
    texts = " ".join(one.proto.body for one in app.get("html"))
    assert "9 September 2001 · 1 class, 1 picture" in texts
    app.toggle(key="show_all_projects").set_value(True).run()
    assert len(cards(app)) == 8
    app.button(key=f"fsl_open_{ids[0]}").click().run()
    assert not app.exception
    assert (app.session_state["project"].id, app.title[0].value) == (ids[0], "Classify")


def test_deleting_asks_first_and_removes_the_folder(small_backbone: str) -> None:
    kept, gone = made("Kept"), made("Gone", 1_000_000_001)
    app = start(gone)
    app.button(key=f"fsl_icon_project_{gone}").click().run()
    button(app, "Keep it").click().run()
    assert len(on_disk()) == 2
    app.button(key=f"fsl_icon_project_{gone}").click().run()
    button(app, "Delete it").click().run()
    assert not app.exception
    assert cards(app) == ["Kept"]
    assert [found for found, _ in on_disk()] == [kept]
    assert not list(Store.open(kept)[0].folder.parent.glob(f"*{gone}*"))
    assert "project" not in app.session_state and "project" not in app.query_params


def test_all_my_data_go_at_once(small_backbone: str) -> None:
    folder = Store.open(made("One"))[0].folder.parent
    made("Two")
    app = start()
    button(app, "Delete all my data").click().run()
    assert any("All projects, 2 with" in one.value for one in app.markdown)
    button(app, "Delete everything").click().run()
    assert not app.exception
    assert list(folder.iterdir()) == []
    assert cards(app) == []


def test_a_saved_project_opens_from_here(small_backbone: str) -> None:
    store, project = Store.open(made("Leaves"))
    data = bundle.pack(project, store)
    store.delete()
    app = start()
    app.file_uploader[0].set_value([("leaves.zip", data, "application/zip")]).run()
    assert not app.exception
    opened = app.session_state["project"]
    assert (opened.name, opened.id != project.id, app.title[0].value) == ("Leaves", True, "Classify")
    assert "opened as a new project" in app.success[0].value


def test_a_hostile_zip_changes_nothing(small_backbone: str) -> None:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("project.json", '{"id": "", "classes": [3]}')
    app = start()
    app.file_uploader[0].set_value([("leaves.zip", stream.getvalue(), "application/zip")]).run()
    assert not app.exception
    assert len(app.error) == 1 and "is damaged" in app.error[0].value
    assert on_disk() == [] and "project" not in app.session_state


def test_where_many_share_it_each_browser_sees_its_own(small_backbone: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(browser.SHARED_VARIABLE, "1")
    cookies: dict[str, str] = {}
    monkeypatch.setattr(ContextProxy, "cookies", property(lambda self: MappingProxyType(cookies)))
    foreign = made("Foreign", owner="f" * 64)
    made("Of nobody")
    app = start()
    assert cards(app) == []
    assert any("keep this link" in one.value for one in app.caption)
    scripts = [one.proto.body for one in app.get("html") if "document.cookie" in one.proto.body]
    cookies |= [scripts[0].split('"')[1].split(";")[0].split("=")]
    button(app, "Use my own pictures").click().run()
    app.text_input(key="project_name").set_value("Mine").run()
    again = start()
    assert cards(again) == ["Mine"]
    assert not [one for one in again.get("html") if "document.cookie" in one.proto.body]
    button(again, "Delete all my data").click().run()
    button(again, "Delete everything").click().run()
    assert foreign in [found for found, _ in on_disk()] and len(on_disk()) == 2
    assert start(foreign).session_state["project"].name == "Foreign"


def test_nothing_of_a_deleted_project_stays_in_memory(small_backbone: str) -> None:
    project_id = made("Leaves")
    picture = Store.open(project_id)[1].classes[0].pictures[0].id
    assert cached.thumbnail(project_id, picture)
    app = start()
    app.button(key=f"fsl_icon_project_{project_id}").click().run()
    button(app, "Delete it").click().run()
    with pytest.raises(Exception, match="not on disk any more"):
        cached.thumbnail(project_id, picture)


def test_a_link_to_no_project_is_told_in_the_page(app: AppTest) -> None:
    app.query_params["project"] = "deadbeef"
    app.switch_page("pages/matching.py").run()
    assert not app.exception
    assert any("names no project" in one.value for one in app.main.error)
    assert not app.sidebar.error
