"""A project goes into a .zip and comes back whole; a foreign one is checked to the last value."""

import hashlib
import io
import json
import zipfile
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import plotly.graph_objects as go
import pytest

from fsl_core.data import Episode
from fsl_core.data.archive import Archive
from fsl_core.errors import EpisodeError, FSLError
from fsl_core.images import encode_png
from fsl_core.ui import aside
from fsl_core.ui.aside import Kept
from fsl_core.ui.bundle import is_bundle, pack, pack_episode, unpack
from fsl_core.ui.pieces import Answer, Query, Settings
from fsl_core.ui.project import Project
from fsl_core.ui.store import HOME_VARIABLE, Store, projects_folder


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(HOME_VARIABLE, str(tmp_path))


def picture(shade: int) -> bytes:
    return encode_png(np.full((9, 7, 3), shade, np.uint8))


def filled() -> tuple[Store, Project]:
    """Two classes with two and one pictures, one of them switched off, a query, an answer, and trash."""
    settings = Settings(seed=7, classifier="protonet", quiz=True).with_option("deepemd", "temperature", 3.5)
    store, project = Store.create(settings)
    project = project.with_new_class().with_new_class()
    for row, owner in enumerate(project.classes):
        kept = tuple(store.add(picture(10 * row + number), "photo.png") for number in range(2 - row))
        project = project.with_class(replace(owner, pictures=kept))
    first, second = project.classes
    project = project.with_switched(first.id, first.pictures[1].id)
    thrown, ask = store.add(picture(77), "thrown.png"), store.add(picture(99), "what? <b>.png")
    rows = ((0.3, 0.7),)
    answer = Answer(
        "k", "net", "protonet", False, (first.id, second.id), ("A", "B"), (ask.id,), rows, rows, 0.5, 0.1, 3
    )
    project = replace(
        project,
        queries=(Query(thrown), Query(ask, second.id)),
        answer=answer,
        name="Leaves",
        guesses={ask.id: first.id},
    )
    project = replace(project.without_query(thrown.id), revision=3)
    store.save(project)
    return store, project


def figure(**changes: Any) -> Kept:
    """What a heat map in the report is."""
    drawn = go.Figure([go.Heatmap(z=np.eye(3)), go.Scatter(x=[0.5], y=[None], hovertext=["<b>"])])
    fields = {
        "page": "Heat maps", "name": "heat_map", "subject": "what? <b>.png and A", "made_by": "net", "caption": "Map.",
        "alt": "Map of heat.", "source": "", "figure": drawn.to_json(),
    }  # fmt: skip
    return Kept(**fields | changes)


def opened(data: bytes) -> tuple[Store, Project]:
    store, empty = Store.create()
    return store, unpack(Archive(data), store, empty)


def files(data: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def zipped(content: dict[str, bytes]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in content.items():
            archive.writestr(name, data)
    return stream.getvalue()


def test_a_project_comes_back_whole_under_a_new_id() -> None:
    store, project = filled()
    other, again = opened(pack(project, store))
    assert again.id != project.id
    assert again == replace(project, id=again.id, trash=(), revision=0)
    for kept in (*project.classes[0].pictures, project.queries[0].picture):
        assert other.original(kept.id) == store.original(kept.id)
        assert other.thumbnail(kept.id) == store.thumbnail(kept.id)


def test_figures_for_the_report_come_back_and_change_the_zip() -> None:
    store, project = filled()
    without = pack(project, store)
    assert aside.changed(store) == 0 and "figures.json" not in files(without)
    figures = [figure(), figure(name="curves", subject="x" * 300)]
    store.write(aside.FIGURES, aside.to_json(figures))
    assert aside.changed(store) > 0
    other, again = opened(pack(project, store))
    assert aside.kept(other) == figures and again.queries == project.queries
    inside = {f"Leaves/{name}": data for name, data in files(pack(project, store)).items()}
    assert aside.kept(opened(zipped(inside))[0]) == figures
    assert aside.kept(opened(without)[0]) == []
    store.write(aside.FIGURES, b"[{}]")
    assert pack(project, store) == without  # what is damaged here would be refused there


def _rows(*changes: dict[str, Any]) -> bytes:
    return json.dumps([{**asdict(figure()), **change} for change in changes]).encode()


NO_FIGURES: dict[str, bytes] = {
    "nothing": b"",
    "no JSON": b"\xff\x00",
    "brackets": b"[" * 100_000,
    "no list": b"{}",
    "a number": b"[3]",
    "nothing in it": b"[{}]",
    "too many": _rows(*({"name": f"n{number}"} for number in range(25))),
    "a caption that is a number": _rows({"caption": 3}),
    "a caption too long": _rows({"caption": "x" * 1001}),
    "a path": _rows({"name": "../x"}),
    "markup in a name": _rows({"name": 'x"><script>'}),
    "letters that cannot be written": _rows({"alt": "\ud800"}),
    "a figure that is an object": _rows({"figure": {"data": [], "layout": {}}}),
    "a figure that is no JSON": _rows({"figure": "</script>"}),
    "a figure without end": _rows({"figure": "[" * 100_000}),
    "a list": _rows({"figure": "[]"}),
    "no traces": _rows({"figure": '{"data": 3, "layout": {}}'}),
    "traces that are numbers": _rows({"figure": '{"data": [1], "layout": {}}'}),
    "no layout": _rows({"figure": '{"data": []}'}),
    "what a browser cannot read": _rows({"figure": '{"data": [{"x": [NaN]}], "layout": {}}'}),
}


@pytest.mark.parametrize("data", NO_FIGURES.values(), ids=NO_FIGURES)
def test_figures_that_are_none_are_one_sentence(data: bytes) -> None:
    store, project = filled()
    with pytest.raises(EpisodeError, match="figures for the report in the zip are damaged") as raised:
        opened(zipped(files(pack(project, store)) | {aside.FIGURES: data}))
    assert "\n" not in str(raised.value)


def test_figures_are_limited_in_size_and_come_once(monkeypatch: pytest.MonkeyPatch) -> None:
    store, project = filled()
    content = files(pack(project, store))
    assert aside.kept(opened(zipped(content | {aside.FIGURES: _rows({}, {}, {"later": 1})}))[0]) == [figure()]
    monkeypatch.setattr(aside, "MOST_BYTES", 100)
    with pytest.raises(EpisodeError, match=r"they have more than 0\.0001 MB"):
        opened(zipped(content | {aside.FIGURES: _rows({})}))


def test_neither_the_trash_nor_the_permission_to_open_it_goes_along() -> None:
    store, project = filled()
    content = files(pack(project, store))
    used = {one.id for owner in project.classes for one in owner.pictures} | {project.queries[0].id}
    assert set(content) == {"project.json", *(f"originals/{one}" for one in used)}
    assert project.id not in content["project.json"].decode()
    assert "thrown" not in content["project.json"].decode()
    assert pack(project, store) == pack(project, store)


def test_a_folder_around_it_does_no_harm() -> None:
    store, project = filled()
    inside = {f"Leaves/{name}": data for name, data in files(pack(project, store)).items()}
    assert opened(zipped(inside))[1].title == "Leaves"


def test_another_computer_chooses_its_device_and_ignores_what_it_does_not_know() -> None:
    store, project = filled()
    options = {"deepemd": {"temperature": -1.0}, "cosine": {"no such": 1}, "of tomorrow": {}, "protonet": {}}
    foreign = replace(
        project.settings,
        device="cuda",
        classifier="of tomorrow",
        fit="stretch",
        regions="hexagons:6",
        seed=-1,
        options=options,
    )
    settings = opened(pack(replace(project, settings=foreign), store))[1].settings
    assert settings == Settings(quiz=True, options={"protonet": {}})


def test_regions_come_back_as_they_are_written_and_are_cells_where_a_project_does_not_say() -> None:
    store, project = filled()
    for text, read in (("sampling: 0_5 :3", "sampling:5:3"), ("grid:2,3:2.0", "grid:2,3"), ("sampling:999", "cells")):
        asked = replace(project, settings=replace(project.settings, regions=text))
        assert opened(pack(asked, store))[1].settings.regions == read
    content = files(pack(project, store))
    values = json.loads(content["project.json"])
    del values["settings"]["regions"]
    older = opened(zipped(content | {"project.json": json.dumps(values).encode()}))[1]
    assert older.settings == project.settings and older.settings.regions == "cells"


def test_names_are_made_presentable() -> None:
    store, project = filled()
    project = project.with_class(replace(project.classes[0], name="oak\n\u202e leaf" + "f" * 100))
    again = opened(pack(project, store))[1]
    assert again.classes[0].name.startswith("oak leaf")
    assert len(again.classes[0].name) <= 80


def _class(values: dict[str, Any], **change: Any) -> None:
    values["classes"][0] |= change


DAMAGE: dict[str, Callable[[dict[str, Any]], object]] = {
    "no classes": lambda v: v.pop("classes"),
    "a class is a number": lambda v: v["classes"].append(3),
    "a name is a number": lambda v: _class(v, name=3),
    "an id leads elsewhere": lambda v: _class(v, id="../../x"),
    "two classes of one id": lambda v: _class(v, id=v["classes"][1]["id"]),
    "two classes of one name": lambda v: _class(v, name=v["classes"][1]["name"]),
    "a digest is a path": lambda v: v["classes"][0]["pictures"][0].update(id="../../../etc/passwd"),
    "a picture twice": lambda v: _class(v, pictures=v["classes"][0]["pictures"][:1] * 2),
    "too many pictures": lambda v: _class(v, pictures=[{"id": f"{n:064x}", "name": "x"} for n in range(21)]),
    "too many classes": lambda v: v.update(
        classes=[{"id": f"a{n}", "name": f"{n}", "pictures": []} for n in range(21)]
    ),
    "a query of no class": lambda v: v["queries"][0].update(true_class="abc"),
    "a query twice": lambda v: v.update(queries=v["queries"] * 2),
    "a seed that is a text": lambda v: v["settings"].update(seed="7"),
    "options in a list": lambda v: v["settings"].update(options={"deepemd": {"temperature": [1]}}),
    "guesses in a list": lambda v: v.update(guesses=[]),
    "a row too few": lambda v: v["answer"].update(logits=[]),
    "a column too few": lambda v: v["answer"].update(probabilities=[[1.0]]),
    "no probabilities": lambda v: v["answer"].update(probabilities=[[5.0, 7.0]]),
    "negative ones": lambda v: v["answer"].update(probabilities=[[-1.0, 2.0]]),
    "no number": lambda v: v["answer"].update(logits=[[float("nan"), 1.0]]),
    "a name too few": lambda v: v["answer"].update(class_names=["A"]),
    "a class twice": lambda v: v["answer"].update(class_ids=[v["classes"][0]["id"]] * 2),
    "seconds before": lambda v: v["answer"].update(feature_seconds=-1.0),
    "an answer about a path": lambda v: v["answer"].update(query_ids=["../x"]),
}


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE)
def test_a_damaged_project_is_one_sentence(damage: Callable[[dict[str, Any]], object]) -> None:
    store, project = filled()
    content = files(pack(project, store))
    values = json.loads(content["project.json"])
    damage(values)
    with pytest.raises(EpisodeError, match="is damaged") as raised:
        opened(zipped(content | {"project.json": json.dumps(values).encode()}))
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize("text", [b"", b"null", b"[]", b"{}", b"\xff", b"[" * 100_000])
def test_a_file_that_is_no_project_is_one_sentence(text: bytes) -> None:
    with pytest.raises(EpisodeError, match="is damaged"):
        opened(zipped({"project.json": text}))


def test_pictures_that_are_missing_changed_or_none_are_told() -> None:
    store, project = filled()
    content = files(pack(project, store))
    path = f"originals/{project.queries[0].id}"
    with pytest.raises(EpisodeError, match=r"lacks 1 of the project's 4 pictures, what\? <b>\.png"):
        opened(zipped({name: data for name, data in content.items() if name != path}))
    with pytest.raises(EpisodeError, match=r"what\? <b>\.png was changed"):
        opened(zipped(content | {path: picture(1)}))
    fake = hashlib.sha256(b"no picture").hexdigest()
    text = content["project.json"].replace(project.queries[0].id.encode(), fake.encode())
    with pytest.raises(FSLError, match=r"what\? <b>\.png is not a picture"):
        opened(zipped(content | {"project.json": text, f"originals/{fake}": b"no picture"}))


def test_nothing_is_written_outside_of_the_store(tmp_path: Path) -> None:
    store, project = filled()
    content = files(pack(project, store)) | {"../escaped.txt": b"x"}
    with pytest.raises(EpisodeError, match="points outside"):
        opened(zipped(content))
    assert not list(tmp_path.rglob("escaped.txt")) and not list(tmp_path.parent.glob("escaped.txt"))


def test_episodes_and_projects_are_told_apart() -> None:
    store, project = filled()
    assert is_bundle(Archive(pack(project, store)))
    assert not is_bundle(Archive(pack_episode(project, store)))
    assert not is_bundle(Archive(zipped({"support/oak/project.json/1.png": picture(1), "a/b/project.json": b""})))


def test_an_episode_holds_what_is_switched_on_as_it_came() -> None:
    store, project = filled()
    third = store.add(picture(50), "photo.png")
    project = project.with_class(replace(project.classes[1], pictures=(*project.classes[1].pictures, third)))
    data = pack_episode(project, store)
    assert set(files(data)) == {
        "support/Class 1/photo.png",
        "support/Class 2/photo.png",
        "support/Class 2/photo_2.png",
        "query/Class 2/what%3F %3Cb%3E.png",
    }
    episode = Episode.load(data)
    assert (episode.shots, episode.query_labels, episode.query_names) == ((1, 2), (1,), ("what? <b>.png",))
    assert episode.support_images[0][0, 0, 0] == 0
    assert files(data)["support/Class 2/photo_2.png"] == picture(50)


def test_more_than_a_zip_may_hold_is_not_packed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fsl_core.ui.bundle.MAX_UNPACKED_BYTES", 100)
    store, project = filled()
    with pytest.raises(EpisodeError, match="GB that a zip may hold"):
        pack(project, store)


def test_a_picture_that_is_gone_is_one_sentence() -> None:
    store, project = filled()
    (projects_folder() / project.id / "originals" / project.queries[0].id).unlink()
    with pytest.raises(EpisodeError, match="not on disk any more"):
        pack(project, store)


def with_mask() -> tuple[Store, Project, np.ndarray]:
    """As `filled`, where the object of the query is known."""
    store, project = filled()
    mask, asked = np.arange(63).reshape(9, 7) % 2 == 0, project.queries[0]
    store.add(store.original(asked.id), asked.picture.name, mask)
    return store, project, mask


def test_the_masks_of_drawn_scenes_go_along_and_a_zip_without_them_is_read() -> None:
    store, project, mask = with_mask()
    asked = project.queries[0].id
    content = files(pack(project, store))
    assert [name for name in content if name.startswith("masks/")] == [f"masks/{asked}"]
    assert pack(project, store) == pack(project, store)
    np.testing.assert_array_equal(opened(zipped(content))[0].mask(asked), mask)
    del content[f"masks/{asked}"]
    older, again = opened(zipped(content))
    assert older.mask(asked) is None and again.queries[0].id == asked


@pytest.mark.parametrize(
    ("data", "match"),
    [(b"x", "mask of what.*not a picture"), (encode_png(np.ones((7, 9), bool)), "another size")],
    ids=["no picture", "on its side"],
)
def test_a_mask_that_does_not_fit_is_one_sentence(data: bytes, match: str) -> None:
    store, project, _ = with_mask()
    content = files(pack(project, store))
    with pytest.raises(FSLError, match=match):
        opened(zipped(content | {f"masks/{project.queries[0].id}": data}))
