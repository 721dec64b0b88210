"""Files become pictures of the right class; one bad file costs only itself."""

import io
import zipfile
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from fsl_core.errors import EpisodeError
from fsl_core.images import encode_png
from fsl_core.ui.inbox import (
    Delivery,
    File,
    Place,
    add_queries,
    add_to_class,
    deliver,
    files_of_zip,
    placement,
    store_all,
)
from fsl_core.ui.pieces import ImageClass, Picture
from fsl_core.ui.project import Project
from fsl_core.ui.store import HOME_VARIABLE, Store


def picture(number: int) -> Picture:
    return Picture(f"{number:064x}", f"{number}.png")


@pytest.mark.parametrize(
    ("path", "expected"),
    [("tree/oak/1.jpg", Place(False, "oak")), ("oak/1.jpg", Place(False, "oak")), ("1.jpg", Place(False, "leaves"))],
)
def test_the_folder_of_a_picture_is_its_class(path: str, expected: Place) -> None:
    assert placement([path], "leaves")(path) == expected


@pytest.mark.parametrize("top", ["", "episode/"])
def test_an_episode_on_disk_is_understood(top: str) -> None:
    place = placement([f"{top}support/oak/1.jpg", f"{top}query/2.jpg"], "zip")
    assert place(f"{top}support/oak/1.jpg") == Place(False, "oak")
    assert place(f"{top}query/2.jpg") == Place(True, None)
    assert place(f"{top}query/oak/3.jpg") == Place(True, "oak")
    assert place(f"{top}support/a%2Fb/1.jpg") == Place(False, "a/b")


def test_one_bad_file_is_one_sentence_and_the_others_stay(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(HOME_VARIABLE, str(tmp_path))
    good = encode_png(np.zeros((8, 8, 3), np.uint8))
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("oak/1.png", good)
        file.writestr("oak/notes.txt", b"hello")
        file.writestr("oak/cut.png", good[:40])
    files = files_of_zip(archive.getvalue())
    seen: list[str] = []
    deliveries, report = store_all(Store.create()[0], files, placement([f.path for f in files], "zip"), seen.append)
    assert [(one.picture.name, one.place) for one in deliveries] == [("1.png", Place(False, "oak"))]
    assert sorted(seen) == ["1.png", "cut.png", "notes.txt"]
    assert len(report.skipped) == 2
    assert any("notes.txt is not a picture" in sentence for sentence in report.skipped)


def test_a_zip_that_points_outside_is_refused() -> None:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("../evil.png", b"")
    with pytest.raises(EpisodeError, match="outside"):
        files_of_zip(archive.getvalue())


def test_the_same_picture_twice_is_told() -> None:
    project = Project("id", (ImageClass("a", "A"),))
    project, report = add_to_class(project, "a", [picture(1), picture(1), picture(2)])
    assert [one.name for one in project.classes[0].pictures] == ["1.png", "2.png"]
    assert report.sentences() == ["2 pictures added, 1 skipped:", "1.png is already there."]


def test_limits_are_told_and_the_rest_is_added() -> None:
    project, report = add_to_class(Project("id", (ImageClass("a", "A"),)), "a", map(picture, range(23)))
    assert (len(project.classes[0].pictures), report.added, len(report.skipped)) == (20, 20, 3)
    assert report.sentences()[1].endswith("at most 20 pictures.")
    project, report = add_queries(Project("id"), [(picture(number), None) for number in range(202)])
    assert (len(project.queries), len(report.skipped)) == (200, 2)
    many = [Delivery(picture(number), Place(False, f"class {number}")) for number in range(21)]
    project, report = deliver(Project("id"), many)
    assert (len(project.classes), report.added, len(report.skipped)) == (20, 20, 1)
    assert project.classes[-1].name == "class 19"


def test_folders_fill_classes_of_their_name_and_replace_empty_ones() -> None:
    project = Project("id", (ImageClass("a", "Class 1"), ImageClass("b", "oak", (picture(1),))), is_sample=True)
    arriving = [
        Delivery(picture(2), Place(False, "oak")),
        Delivery(picture(3), Place(False, "elm")),
        Delivery(picture(4), Place(True, "elm")),
        Delivery(picture(5), Place(True, None)),
    ]
    project, report = deliver(project, arriving)
    assert {one.name: len(one.pictures) for one in project.classes} == {"oak": 2, "elm": 1}
    truths = {query.picture.name: query.true_class for query in project.queries}
    elm = next(one.id for one in project.classes if one.name == "elm")
    assert (report.added, truths, project.is_sample) == (4, {"4.png": elm, "5.png": None}, False)


def test_reports_name_the_first_five() -> None:
    _, report = add_to_class(Project("id", (ImageClass("a", "A"),)), "a", [picture(1)] * 9)
    assert report.sentences() == ["1 picture added, 8 skipped:", *["1.png is already there."] * 5, "… and 3 more."]


def test_files_are_read_when_they_are_due() -> None:
    file = File("tree/a%3F.png", partial(bytes, 3))
    assert (file.name, file.read()) == ("a?.png", b"\0\0\0")


def test_what_no_project_has_room_for_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(HOME_VARIABLE, str(tmp_path))
    store = Store.create()[0]
    read: list[str] = []

    def file(path: str, value: int) -> File:
        data = encode_png(np.full((1, 1, 3), value, np.uint8))
        return File(path, lambda: read.append(path) or data)

    files = [file(f"oak/{number}.png", number // 2) for number in range(60)]  # every picture twice
    files += [file(f"{number}/a.png", 100 + number) for number in range(21)]
    deliveries, report = store_all(store, files, placement([one.path for one in files], "zip"), len)
    assert read == [one.path for one in [*files[:39], *files[60:79]]]
    assert len(deliveries) == 39 + 19
    assert report.skipped[0] == "39.png is one too many: a class has at most 20 pictures."
    assert report.skipped[-1] == "a.png is one too many: an episode has at most 20 classes."
    queries = [file(f"{number}.png", number) for number in range(202)]
    deliveries, report = store_all(store, queries, lambda path: Place(True, None), len)
    assert (len(deliveries), len(report.skipped)) == (200, 2)


def test_an_empty_zip_and_classes_without_a_name() -> None:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("oak/", b"")
    with pytest.raises(EpisodeError, match="holds no file"):
        files_of_zip(archive.getvalue())
    place = placement(["  /1.png", "a\nb/1.png"], "zip")
    assert [place(path).class_name for path in ("  /1.png", "a\nb/1.png")] == ["zip", "a b"]


def test_the_same_picture_in_two_places_is_remarked_on() -> None:
    project = Project("0").with_new_class().with_new_class()
    project, first = add_to_class(project, project.classes[0].id, [picture(1)])
    project, second = add_to_class(project, project.classes[1].id, [picture(1)])
    project, third = add_queries(project, [(picture(1), None)])
    assert (first.remarks, second.added, third.added) == ((), 1, 1)
    assert second.sentences() == third.sentences() == ["1 picture added:", "1.png is an example of Class 1 as well."]
