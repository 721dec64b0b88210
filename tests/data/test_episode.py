"""`fsl_core.data.episode`: what makes an episode, what it looks like on disk, and that nothing is lost in between."""

import io
import zipfile
from collections.abc import Callable
from pathlib import Path

import jaxtyping
import numpy as np
import pytest
from PIL import Image

from fsl_core.data import episode as module
from fsl_core.data.episode import Episode, escape_name, unescape_name
from fsl_core.errors import EpisodeError
from fsl_core.images import encode_png

PHOTOS = Path(__file__).resolve().parents[3] / "shared" / "photos"


def image(seed: int, height: int = 5, width: int = 7) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


def png(seed: int) -> bytes:
    return encode_png(image(seed))


def make(**changes: object) -> Episode:
    """A 3-way episode with 2, 1 and 1 support images and 3 queries, the second of unknown class."""
    fields: dict[str, object] = {
        "support_images": (image(0), image(1, 3, 4), image(2), image(3)),
        "support_labels": (0, 1, 2, 0),
        "query_images": (image(4), image(5, 9, 2), image(6)),
        "query_labels": (1, -1, 0),
        "class_names": ("dog", "ant", "Cat"),
    }
    return Episode(**(fields | changes))


def contents(episode: Episode) -> tuple[list[tuple[str, str, bytes, tuple[int, ...]]], ...]:
    """What an episode says, whatever its order: (class name, image name, pixels, shape) of each image, in two sets."""
    labels = (-1,) * len(episode.query_images) if episode.query_labels is None else episode.query_labels
    sets = (
        (episode.support_labels, episode.support_names, episode.support_images),
        (labels, episode.query_names, episode.query_images),
    )
    return tuple(
        sorted(
            ("?" if label < 0 else episode.class_names[label], name, pixels.tobytes(), pixels.shape)
            for label, name, pixels in zip(*parts, strict=True)
        )
        for parts in sets
    )


def png_names(episode: Episode) -> Episode:
    """The same episode with its images named as they are after saving."""
    names = [tuple(f"{name}.png" for name in names) for names in (episode.support_names, episode.query_names)]
    fields = {
        key: getattr(episode, key) for key in ("support_images", "support_labels", "query_images", "query_labels")
    }
    return Episode(**fields, class_names=episode.class_names, support_names=names[0], query_names=names[1])


def zipped(files: dict[str, bytes]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as out:
        for name, data in files.items():
            out.writestr(name, data)
    return stream.getvalue()


TREE = {
    "support/cat/10.jpg": png(0),
    "support/cat/9.png": png(1),
    "support/ant/1.png": png(2),
    "query/what.png": png(3),
    "query/cat/1.png": png(4),
    "query/ant/1.png": png(5),
}


def refused(files: dict[str, bytes]) -> str:
    with pytest.raises(EpisodeError) as caught:
        Episode.load(zipped(files))
    return str(caught.value)


# The value -----------------------------------------------------------------------------------------------------------


def test_way_shots_and_default_names() -> None:
    episode = make()
    assert (episode.way, episode.shots) == (3, (2, 1, 1))
    assert episode.support_names == ("support 1", "support 2", "support 3", "support 4")
    assert episode.query_names == ("query 1", "query 2", "query 3")
    assert make(support_names=("a", "b", "c", "d")).support_names == ("a", "b", "c", "d")


def test_queries_may_be_unknown_or_absent() -> None:
    assert make(query_labels=None).query_labels is None
    assert make(query_images=(), query_labels=()).query_names == ()
    assert make(query_images=(), query_labels=None).query_images == ()


@pytest.mark.parametrize(
    ("changes", "fragment"),
    [
        ({"class_names": ("dog",)}, "at least 2 classes, got 1"),
        ({"class_names": ("dog", "ant", " ")}, "Class 3 has no name"),
        ({"class_names": ("dog", "ant", "dog")}, "2 classes are named dog"),
        ({"class_names": ("dog", "ant", "Cat", "owl")}, "The class owl has no support image"),
        ({"support_labels": (0, 1, 2)}, "4 images, 3 labels and 4 names"),
        ({"support_names": ("a",)}, "4 images, 4 labels and 1 names"),
        ({"query_masks": (None, None)}, "Every query image needs one mask"),
        ({"query_masks": (None, None, np.ones((7, 5), bool))}, "Every query image needs one mask"),
        ({"query_names": ("a",)}, "Every query image needs one label and one name; got 3 images, 3 labels and 1 names"),
        ({"query_labels": (0, 1)}, "3 images, 2 labels and 3 names"),
        ({"support_labels": (0, 1, 2, 3)}, "support 4 has label 3; expected 0 to 2"),
        ({"support_labels": (0, 1, 2, -1)}, "support 4 has label -1; expected 0 to 2"),
        ({"query_labels": (0, 1, -2)}, "query 3 has label -2; expected -1 to 2"),
        ({"query_labels": (0, 3, 1)}, "query 2 has label 3"),
        ({"query_images": (image(0), image(1), image(2) / 255)}, "query 3 must be uint8"),
        ({"query_images": (image(0), image(1), image(2)[..., 0])}, "got uint8 [5, 7]"),
        ({"query_images": (image(0), image(1), np.zeros((5, 7, 4), np.uint8))}, "got uint8 [5, 7, 4]"),
        ({"query_images": (image(0), image(1), np.zeros((0, 7, 3), np.uint8))}, "got uint8 [0, 7, 3]"),
    ],
)
def test_what_is_no_episode_is_refused(
    changes: dict[str, object], fragment: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jaxtyping.config, "jaxtyping_disable", True)  # users run without shape checks
    with pytest.raises(EpisodeError) as caught:
        make(**changes)
    assert fragment in str(caught.value)


# Reading -------------------------------------------------------------------------------------------------------------


def test_the_layout_is_read_in_a_fixed_order() -> None:
    episode = Episode.load(zipped(dict(reversed(TREE.items()))))
    assert episode.class_names == ("ant", "cat")
    assert episode.support_labels == (0, 1, 1)
    assert episode.support_names == ("1.png", "9.png", "10.jpg")
    assert episode.query_labels == (-1, 0, 1)
    assert episode.query_names == ("what.png", "ant/1.png", "cat/1.png")
    for pixels, seed in zip(episode.support_images + episode.query_images, (2, 1, 0, 3, 5, 4), strict=True):
        np.testing.assert_array_equal(pixels, image(seed))


def test_queries_without_class_folders_have_no_labels() -> None:
    files = {name: data for name, data in TREE.items() if not name.startswith("query/")}
    assert Episode.load(zipped(files)).query_labels is None
    assert Episode.load(zipped(files | {"query/1.png": png(9)})).query_labels is None


def test_one_folder_around_the_episode_and_files_beside_it_are_allowed(tmp_path: Path) -> None:
    inside = {f"my photos/{name}": data for name, data in TREE.items()}
    beside = {
        "my photos/notes.txt": b"text",
        "__MACOSX/my photos/support/cat/._9.png": b"x",
        "my photos/.DS_Store": b"x",
    }
    for name, data in (inside | beside).items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(data)
    expected = contents(Episode.load(zipped(TREE)))
    for source in (zipped(inside | beside), tmp_path, tmp_path / "my photos"):
        assert contents(Episode.load(source)) == expected


@pytest.mark.parametrize(
    ("changes", "fragments"),
    [
        ({"query/dog/1.png": png(0)}, ["query/dog/1.png is a query of class dog", "no folder in support/"]),
        ({"support/cat/notes.txt": b"text"}, ["support/cat/notes.txt is not a picture"]),
        ({"support/cat/nested.zip": zipped(TREE)}, ["support/cat/nested.zip is not a picture"]),
        ({"query/cut.png": png(0)[:-40]}, ["query/cut.png is cut off"]),
        ({"query/empty.png": b""}, ["query/empty.png is empty"]),
        ({"support/1.png": png(0)}, ["support/1.png lies where no picture belongs", "support/<class name>/<picture>"]),
        ({"support/cat/young/1.png": png(0)}, ["support/cat/young/1.png lies where no picture belongs"]),
        ({"query/cat/young/1.png": png(0)}, ["query/cat/young/1.png lies where no picture belongs"]),
    ],
)
def test_what_does_not_belong_there_is_named(changes: dict[str, bytes], fragments: list[str]) -> None:
    text = refused(TREE | changes)
    assert all(fragment in text for fragment in fragments), text


def test_folders_that_are_no_episode_are_refused() -> None:
    assert "holds no folder support/" in refused({"cat/1.png": png(0), "dog/1.png": png(1)})
    assert "holds no folder support/" in refused({})
    assert "holds 2 episodes (a, b)" in refused({f"{top}/{name}": data for top in "ab" for name, data in TREE.items()})
    assert "at least 2 classes, got 1" in refused({"support/cat/1.png": png(0)})


def test_the_pixels_of_an_episode_are_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_EPISODE_PIXELS", 6 * 35)
    assert len(Episode.load(zipped(TREE)).support_images) == 3
    assert "megapixels; scale" in refused(TREE | {"query/more.png": png(9)})


# Writing -------------------------------------------------------------------------------------------------------------

WRITERS: dict[str, Callable[[Episode, Path], Path | bytes]] = {
    "folder": lambda episode, path: (episode.save(path / "new" / "episode"), path / "new" / "episode")[1],
    "zip": lambda episode, path: (episode.save(path / "new" / "episode.zip"), path / "new" / "episode.zip")[1],
    "bytes": lambda episode, _: episode.to_zip(),
}


@pytest.mark.parametrize("writer", WRITERS)
def test_a_round_trip_keeps_pixels_labels_classes_and_names(writer: str, tmp_path: Path) -> None:
    for episode in (
        make(),
        make(query_labels=None),
        make(query_labels=(2, 1, 0)),
        make(query_images=(), query_labels=None),
    ):
        place = tmp_path / str(len(list(tmp_path.iterdir())))
        place.mkdir()
        loaded = Episode.load(WRITERS[writer](episode, place))
        assert loaded.class_names == ("ant", "Cat", "dog")
        assert contents(loaded) == contents(png_names(episode))
        assert (loaded.query_labels is None) == (episode.query_labels is None or not episode.query_images)
        again = Episode.load(loaded.to_zip())
        assert (again.support_names, again.query_names) == (loaded.support_names, loaded.query_names)
        assert (again.support_labels, again.query_labels) == (loaded.support_labels, loaded.query_labels)


def test_an_ordered_episode_keeps_its_order() -> None:
    images = tuple(image(seed) for seed in range(24))
    episode = Episode(images[:12], (0,) * 11 + (1,), images[12:], None, ("class 2", "class 10"))
    loaded = Episode.load(episode.to_zip())
    assert loaded.class_names == episode.class_names and loaded.support_labels == episode.support_labels
    for before, after in zip(
        episode.support_images + episode.query_images, loaded.support_images + loaded.query_images, strict=True
    ):
        np.testing.assert_array_equal(before, after)


NAMES = (
    "cat/dog", "..", ".", ".hidden", "a\\b", "what?", "100%", "a%2Fb", "con", "LPT1.x", " x", "x ", "x.", "ends in\n",
    "Bäume", "犬", "__MACOSX", "Thumbs.db", 'q"<>|*:', "a%20b",
)  # fmt: skip


@pytest.mark.parametrize("writer", WRITERS)
def test_class_and_image_names_of_any_kind_come_back(writer: str, tmp_path: Path) -> None:
    images = tuple(image(seed) for seed in range(len(NAMES)))
    labels = tuple(range(len(NAMES)))
    names = tuple(f"{name.replace('/', '-')}.png" for name in NAMES)
    episode = Episode(images, labels, images, labels, NAMES, names, names)
    loaded = Episode.load(WRITERS[writer](episode, tmp_path))
    assert sorted(loaded.class_names) == sorted(NAMES)
    assert contents(loaded) == contents(episode)


@pytest.mark.parametrize("name", NAMES)
def test_escaped_names_are_valid_everywhere(name: str) -> None:
    file = escape_name(name)
    assert unescape_name(file) == name
    assert not set(file) & set('<>:"/\\|?*\n') and file[0] not in ". " and file[-1] not in ". "
    assert file.split(".")[0].lower() not in ("con", "lpt1")


@pytest.mark.parametrize("file", ["50%off", "a%20b", "%zz", "%", "cat"])
def test_folder_names_that_were_not_escaped_stay_as_they_are(file: str) -> None:
    assert unescape_name(file) == file


def test_images_of_one_name_are_all_kept() -> None:
    names = ("tabby.jpg", "tabby.png", "support/cat/Tabby.JPEG", "tabby")
    episode = Episode(tuple(image(seed) for seed in range(4)), (0, 0, 0, 1), (), None, ("dog", "ant"), names)
    files = {"support/dog/tabby.png", "support/dog/tabby_2.png", "support/dog/Tabby_3.png", "support/ant/tabby.png"}
    with zipfile.ZipFile(io.BytesIO(episode.to_zip())) as written:
        assert set(written.namelist()) == files
    loaded = Episode.load(episode.to_zip())
    assert loaded.support_names == ("ant/tabby.png", "dog/tabby.png", "tabby_2.png", "Tabby_3.png")
    assert Episode.load(loaded.to_zip()).support_names == loaded.support_names


def test_an_image_without_a_name_gets_one() -> None:
    loaded = Episode.load(make(query_labels=None, query_names=(".jpg", "folder/", "x")).to_zip())
    assert loaded.query_names == ("picture.png", "picture_2.png", "x.png")


def test_the_same_episode_gives_the_same_zip() -> None:
    assert make().to_zip() == make().to_zip()
    with zipfile.ZipFile(io.BytesIO(make().to_zip())) as written:
        assert {entry.date_time for entry in written.infolist()} == {(1980, 1, 1, 0, 0, 0)}
    assert make().to_zip() != make(query_labels=None).to_zip()


def test_saving_never_destroys_a_folder_and_replaces_a_zip(tmp_path: Path) -> None:
    keep = tmp_path / "keep"
    keep.mkdir()
    make().save(keep)  # an empty folder is taken
    with pytest.raises(EpisodeError, match=r"cannot be written to .*keep"):
        make(query_labels=None).save(keep)
    assert Episode.load(keep).query_labels is not None
    make().save(tmp_path / "episode.ZIP")
    make(query_labels=None).save(tmp_path / "episode.ZIP")
    assert Episode.load(tmp_path / "episode.ZIP").query_labels is None
    (tmp_path / "file").write_bytes(b"mine")
    for place in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(EpisodeError, match="cannot be written"):
            make().save(place)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["episode.ZIP", "file", "keep"]
    assert (tmp_path / "file").read_bytes() == b"mine"


@pytest.mark.parametrize("name", ["episode", "episode.zip"])
def test_an_interrupted_save_leaves_nothing_behind(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls = iter(range(3))

    def stop_at_the_third(pixels: np.ndarray) -> bytes:
        if next(calls) == 2:
            raise OSError(28, "No space left on device")
        return encode_png(pixels)

    monkeypatch.setattr(module, "encode_png", stop_at_the_third)
    with pytest.raises(EpisodeError, match="No space left on device"):
        make().save(tmp_path / name)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(not PHOTOS.is_dir(), reason="needs the shared photographs")
def test_real_photographs(tmp_path: Path) -> None:
    for folder in sorted(PHOTOS.iterdir()):
        first, second = sorted(folder.iterdir())[:2]
        for place, source in (("support", first), ("query", second)):
            target = tmp_path / place / folder.name / source.name
            target.parent.mkdir(parents=True)
            target.write_bytes(source.read_bytes())
    episode = Episode.load(tmp_path)
    assert episode.class_names == tuple(sorted(folder.name for folder in PHOTOS.iterdir()))
    assert episode.query_labels == tuple(range(episode.way))
    for name, pixels in zip(episode.query_names, episode.query_images, strict=True):
        with Image.open(next(PHOTOS.glob(f"*/{name}"))) as picture:
            assert pixels.shape == (picture.height, picture.width, 3)
