"""Projects on disk: nothing is lost, nothing is written or read elsewhere."""

import io
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from fsl_core.data import Episode
from fsl_core.errors import EpisodeError, FSLError, ImageError
from fsl_core.images import decode, encode_png
from fsl_core.ui.pieces import Answer, Query, Settings
from fsl_core.ui.project import Project
from fsl_core.ui.store import HOME_VARIABLE, Store, projects_folder
from fsl_core.ui.views import object_seen


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(HOME_VARIABLE, str(tmp_path / "home"))
    return tmp_path / "home"


def picture(colour: int, size: tuple[int, int] = (40, 30)) -> bytes:
    return encode_png(np.full((*size, 3), colour, np.uint8))


def filled() -> tuple[Store, Project]:
    store, project = Store.create(Settings(seed=7).with_option("deepemd", "temperature", 3.5))
    project = project.with_new_class().with_new_class()
    for shade, owner in enumerate(project.classes):
        project = project.with_class(replace(owner, pictures=(store.add(picture(shade), f"{shade}.png"),)))
    query = Query(store.add(picture(99), "what? <b>.png"), project.classes[1].id)
    answer = Answer(
        "key", "net", "deepemd", False, ("a", "b"), ("A", "B"), (query.id,), ((1.0, 2.0),), ((0.3, 0.7),), 0.5, 0.25, 3
    )
    return store, replace(project, queries=(query,), answer=answer)


def test_opening_by_id_restores_everything() -> None:
    store, project = filled()
    store.save(project)
    opened, again = Store.open(project.id)
    assert again == project
    assert opened.folder == projects_folder() / project.id
    assert (opened.pixels(project.queries[0].id) == 99).all()


def test_ids_have_128_random_bits() -> None:
    ids = {Store.create()[1].id for _ in range(5)}
    assert len(ids) == 5
    assert all(len(bytes.fromhex(one)) == 16 for one in ids)


@pytest.mark.parametrize(
    "name", ["", "..", "../other", "/etc", "a" * 31, "A" * 32, "0" * 32 + "\n", "0" * 32 + "/..", "%2e%2e", "g" * 32]
)
def test_ids_that_are_none_of_ours_open_nothing(home: Path, name: str) -> None:
    (home / "other").mkdir(parents=True)
    (home / "other" / "project.json").write_text(Project("x").to_json())
    with pytest.raises(EpisodeError, match="names no project"):
        Store.open(name)


def test_an_unknown_project_is_one_sentence() -> None:
    with pytest.raises(EpisodeError, match="not on this computer any more"):
        Store.open("0" * 32)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"id": 1}', "null", '{"classes": 3}'])
def test_a_damaged_project_is_one_sentence(text: str) -> None:
    store, project = Store.create()
    (store.folder / "project.json").write_text(text)
    with pytest.raises(EpisodeError, match="damaged"):
        Store.open(project.id)


def test_the_file_cannot_rename_the_project() -> None:
    store, project = Store.create()
    (store.folder / "project.json").write_text(json.dumps(json.loads(project.to_json()) | {"id": "../../elsewhere"}))
    assert Store.open(project.id)[1].id == project.id


@pytest.mark.parametrize("image_id", ["../project.json", "", "x" * 64, "0" * 64, "../../" + "0" * 58])
def test_pictures_are_read_from_the_project_only(image_id: str) -> None:
    store, _ = filled()
    with pytest.raises(EpisodeError, match="not on disk any more"):
        store.thumbnail(image_id)


def test_large_pictures_get_a_working_copy_and_keep_their_original() -> None:
    store, _ = Store.create()
    large = np.random.default_rng(0).integers(0, 256, (700, 1400, 3), dtype=np.uint8)
    data = encode_png(large)
    kept = store.add(data, "large.png")
    assert store.working_copy(kept.id).shape == (512, 1024, 3)
    assert decode(store.thumbnail(kept.id)).shape == (128, 256, 3)
    np.testing.assert_array_equal(store.pixels(kept.id), large)
    assert (store.folder / "originals" / kept.id).read_bytes() == data


def test_photos_stand_upright_on_screen_and_for_the_model() -> None:
    stream, exif = io.BytesIO(), Image.Exif()
    exif[0x0112] = 6
    Image.new("RGB", (60, 20)).save(stream, "JPEG", exif=exif)
    store, _ = Store.create()
    kept = store.add(stream.getvalue(), "phone.jpg")
    assert [store.working_copy(kept.id).shape[:2], store.pixels(kept.id).shape[:2]] == [(60, 20), (60, 20)]


def test_the_same_bytes_are_the_same_picture() -> None:
    store, _ = Store.create()
    first, second = store.add(picture(1), "a.png"), store.add(picture(1), "b.png")
    assert (first.id == second.id, first.name, second.name) == (True, "a.png", "b.png")
    assert len(list((store.folder / "originals").iterdir())) == 1


def test_what_is_no_picture_leaves_no_file() -> None:
    store, _ = Store.create()
    with pytest.raises(ImageError, match=r"notes\.txt"):
        store.add(b"hello", "notes.txt")
    assert sorted(path.name for path in store.folder.rglob("*")) == ["project.json"]


def test_saving_replaces_the_file_in_one_step(monkeypatch: pytest.MonkeyPatch) -> None:
    store, project = filled()
    store.save(project)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("fsl_core.ui.store.Path.replace", full)
    with pytest.raises(FSLError, match="No space left"):
        store.save(project.with_new_class())
    monkeypatch.undo()
    assert json.loads((store.folder / "project.json").read_text())["id"] == project.id
    assert len(json.loads((store.folder / "project.json").read_text())["classes"]) == 2
    assert not list(store.folder.rglob(".*"))


def test_deleting_removes_everything_and_nothing_brings_it_back() -> None:
    store, project = filled()
    store.save(project)
    other, kept = filled()
    store.delete()
    store.delete()
    assert [path.name for path in projects_folder().iterdir()] == [kept.id]
    for write in (lambda: store.save(replace(project, revision=5)), lambda: store.add(picture(5), "late.png")):
        with pytest.raises(EpisodeError, match="was deleted meanwhile"):
            write()
    assert [path.name for path in projects_folder().iterdir()] == [kept.id]
    assert other.thumbnail(kept.queries[0].id)


def test_folders_are_readable_by_nobody_else() -> None:
    store, _ = filled()
    places = (projects_folder(), store.folder, store.folder / "originals")
    assert {path.stat().st_mode & 0o077 for path in places} == {0}


def test_episode_and_back() -> None:
    store, project = filled()
    episode = store.episode(project)
    assert (episode.class_names, episode.shots, episode.query_labels) == (("Class 1", "Class 2"), (1, 1), (1,))
    other, empty = Store.create()
    adopted = other.adopt(Episode.load(episode.to_zip()), empty)
    again = other.episode(adopted)
    assert again.class_names == episode.class_names
    assert again.query_labels == episode.query_labels
    for ours, theirs in zip(again.support_images, episode.support_images, strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_the_history_outlives_the_session_and_damage_costs_only_it() -> None:
    store, project = filled()
    before, after = (replace(project, revision=revision, answer=None) for revision in (1, 3))
    assert store.history() == ([], [])
    store.save_history([before], [after])
    again, _ = Store.open(project.id)
    assert again.history() == ([before], [after])
    again.save_history([after], [])
    assert [path.name for path in (store.folder / "history").glob("*.json")] == ["3.json"]
    (store.folder / "history" / "3.json").write_text("[[}")
    assert again.history() == ([], [])
    assert Store.open(project.id)[1].id == project.id


def test_the_mask_of_a_drawn_scene_is_found_again_and_seen_as_its_picture_is() -> None:
    store, project = Store.create()
    image, mask = np.zeros((20, 40, 3), np.uint8), np.zeros((20, 40), bool)
    mask[:, 20:] = True  # the right half: of the middle square the right half, too
    episode = Episode((image, image + 1), (0, 1), (image + 2, image + 3), None, ("a", "b"), query_masks=(mask, None))
    project = store.adopt(episode, project)
    store.save(project)
    opened, again = Store.open(project.id)
    known, unknown = (query.id for query in again.queries)
    np.testing.assert_array_equal(opened.mask(known), mask)
    assert opened.mask(unknown) is None and opened.mask("../project.json") is None
    assert opened.mask(again.classes[0].pictures[0].id) is None
    cropped = object_seen(opened, known, Settings())
    assert cropped is not None and cropped[:, 160:].all() and cropped.mean() == 0.5
    boxed = object_seen(opened, known, Settings(fit="letterbox", regions="grid:2"))
    assert boxed is not None and boxed[80:240, 160:].all() and boxed.mean() == 0.25
    assert object_seen(opened, unknown, Settings()) is None
    mask[:, 20:] = False
    mask[:, 38:] = True  # outside of the middle square
    opened.add(opened.original(known), "edge.png", mask)
    assert object_seen(opened, known, Settings()) is None
    assert object_seen(opened, known, Settings(fit="letterbox")) is not None
