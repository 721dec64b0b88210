"""Data sets by name, from parquet, from a folder, from a zip, and not at all."""

import gc
import json
import weakref
import zipfile
from pathlib import Path

import datasets
import numpy as np
import pytest
from PIL import Image

from fsl_core.data.datasets import SOURCES, SPLITS, ImageDataset, SyntheticScenes, open_dataset, restrict
from fsl_core.errors import DataError


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two classes, 3 and 2 plain images."""
    root = tmp_path_factory.mktemp("pictures")
    for name, count in (("cat", 3), ("dog", 2)):
        (root / name).mkdir()
        for index in range(count):
            Image.new("RGB", (8, 6), (index, 10 * count, 0)).save(root / name / f"{index}.png")
    return root


def test_image_folder(folder: Path) -> None:
    dataset = open_dataset("folder", folder)
    assert dataset.class_names == ("cat", "dog")
    assert dataset.labels.tolist() == [0, 0, 0, 1, 1]
    assert dataset.image(4).shape == (6, 8, 3)
    assert dataset.image(4)[0, 0].tolist() == [1, 20, 0]
    assert dataset.image_name(4) == "1.png"


def test_classes_may_be_called_like_splits_and_folders_have_brackets(tmp_path: Path) -> None:
    for name in ("train", "car", "val"):
        paint(tmp_path / "toys [b]" / name / "0.png", 5)
    dataset = open_dataset("folder", tmp_path / "toys [b]")
    assert dataset.class_names == ("car", "train", "val")
    assert dataset.labels.tolist() == [0, 1, 2]


def test_zip_of_an_image_folder(folder: Path, tmp_path: Path) -> None:
    path = tmp_path / "pictures.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for file in sorted(folder.rglob("*.png")):
            archive.write(file, file.relative_to(folder))
        archive.writestr("cat/notes.txt", "no picture")
    assert sorted(open_dataset("folder", path).labels) == [0, 0, 0, 1, 1]


def test_parquet(folder: Path, tmp_path: Path) -> None:
    """Of the Hub's form; a picture of unknown class is left out."""
    table = datasets.load_dataset("imagefolder", data_dir=str(folder))["train"]
    unknown = datasets.Dataset.from_dict({"image": [table[0]["image"]], "label": [-1]}, features=table.features)
    datasets.concatenate_datasets([table, unknown]).to_parquet(tmp_path / "part-0.parquet")
    dataset = open_dataset("anything", tmp_path)
    assert dataset.class_names == ("cat", "dog")
    assert dataset.labels.tolist() == [0, 0, 0, 1, 1]
    assert dataset.image(0)[0, 0].tolist() == [0, 30, 0]


@pytest.mark.parametrize("name", SOURCES)
def test_splits_share_no_class(name: str) -> None:
    parts = json.loads((SPLITS / f"{SOURCES[name].split_file}.json").read_text())
    sizes = {part: len(set(names)) for part, names in parts.items()}
    assert sizes == {part: len(names) for part, names in parts.items()}
    assert len(set().union(*parts.values())) == sum(sizes.values())


@pytest.mark.parametrize(
    ("name", "folder_name", "test_classes", "images", "size"),
    [
        ("cifar_fs", "cifar100", 20, 12_000, 32),
        ("fc100", "cifar100", 20, 12_000, 32),
        ("tiny_imagenet", "tiny_imagenet", 20, 6_400, 64),
    ],
)
def test_real_data(shared: Path, name: str, folder_name: str, test_classes: int, images: int, size: int) -> None:
    dataset = open_dataset(name, shared / "datasets" / folder_name, "test")
    assert len(dataset.class_names) == test_classes
    assert len(dataset) == images
    assert np.bincount(dataset.labels).tolist() == [images // test_classes] * test_classes
    assert dataset.image(0).shape == (size, size, 3)
    train = open_dataset(name, shared / "datasets" / folder_name, "train")
    assert not set(train.class_names) & set(dataset.class_names)
    val, both = (open_dataset(name, shared / "datasets" / folder_name, split) for split in ("val", "trainval"))
    assert both.class_names == (*train.class_names, *val.class_names)
    assert len(both) == len(train) + len(val)


def test_synthetic_scenes_are_drawn_on_demand() -> None:
    dataset = SyntheticScenes(per_class=3, size=48)
    assert len(dataset) == 3 * len(dataset.class_names)
    assert dataset.image(4).shape == (48, 48, 3)
    assert (dataset.image(4) == dataset.image(4)).all()
    assert (dataset.image(4) != dataset.image(5)).any()


@pytest.mark.parametrize(
    ("name", "data", "split", "fragment"),
    [
        ("tiny_imagenet", "/nowhere/at/all", "test", "check the path"),
        ("cub", None, "test", "by hand"),
        ("synthetic", None, "holiday", "split must be one of"),
    ],
)
def test_what_is_not_there(name: str, data: str | None, split: str, fragment: str) -> None:
    with pytest.raises(DataError, match=fragment):
        open_dataset(name, data, split)


def test_data_of_another_set(folder: Path) -> None:
    with pytest.raises(DataError, match="lack 20 of the split's 20 classes"):
        open_dataset("cifar_fs", folder, "test")


def test_folder_without_pictures(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("no picture")
    with pytest.raises(DataError, match="--data"):
        open_dataset("folder", tmp_path)


def paint(path: Path, grey: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (8, 6), (grey, grey, grey)).save(path)


def test_a_changed_folder_is_seen_again(tmp_path: Path) -> None:
    paint(tmp_path / "cat" / "0.png", 0)
    paint(tmp_path / "dog" / "0.png", 10)
    first = open_dataset("folder", tmp_path)
    assert open_dataset("folder", tmp_path) is first
    paint(tmp_path / "dog" / "1.png", 20)
    assert open_dataset("folder", tmp_path).labels.tolist() == [0, 1, 1]
    paint(tmp_path / "eel" / "0.png", 30)
    assert open_dataset("folder", tmp_path).class_names == ("cat", "dog", "eel")
    (tmp_path / "dog" / "0.png").unlink()
    assert open_dataset("folder", tmp_path).labels.tolist() == [0, 1, 2]
    paint(tmp_path / "cat" / "0.png", 40)
    assert open_dataset("folder", tmp_path).image(0)[0, 0].tolist() == [40, 40, 40]


def test_changed_files_are_seen_again(tmp_path: Path) -> None:
    """A zip and a parquet file that are overwritten in place: no folder changes."""
    for count in (1, 2):
        paint(tmp_path / "pictures" / "cat" / f"{count}.png", 10 * count)
        with zipfile.ZipFile(tmp_path / "pictures.zip", "w") as archive:
            for file in (tmp_path / "pictures").rglob("*.png"):
                archive.write(file, file.relative_to(tmp_path / "pictures"))
        assert len(open_dataset("folder", tmp_path / "pictures.zip")) == count
        (tmp_path / "table").mkdir(exist_ok=True)
        table = datasets.load_dataset("imagefolder", data_dir=str(tmp_path / "pictures"), drop_labels=False)["train"]
        with (tmp_path / "table" / "part.parquet").open("wb") as file:
            table.to_parquet(file)
        assert len(open_dataset("folder", tmp_path / "table")) == count


def test_a_picture_that_is_gone_is_named(tmp_path: Path) -> None:
    paint(tmp_path / "cat" / "0.png", 5)
    dataset = open_dataset("folder", tmp_path)
    (tmp_path / "cat" / "0.png").unlink()
    for look in (lambda: dataset.image(0), dataset.digest):
        with pytest.raises(DataError, match=r"0\.png cannot be read any more"):
            look()


def test_few_data_sets_stay_in_memory(tmp_path: Path) -> None:
    held = []
    for number in range(6):
        paint(tmp_path / str(number) / "cat" / "0.png", number)
        held.append(weakref.ref(open_dataset("folder", tmp_path / str(number))))
    gc.collect()
    assert [reference() is not None for reference in held] == [False, False, True, True, True, True]


def test_many_pictures_are_not_looked_at_one_by_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(50):
        paint(tmp_path / "cat" / f"{number}.png", number)
    first = open_dataset("folder", tmp_path)
    looked = []
    original = Path.stat
    monkeypatch.setattr(Path, "stat", lambda path, **options: looked.append(path) or original(path, **options))
    assert open_dataset("folder", tmp_path) is first
    assert 0 < len(looked) < 10


def test_a_digest_goes_by_the_content(folder: Path, tmp_path: Path) -> None:
    """A copy has other paths and times, a table of the same pictures has none; what was changed is seen in each."""
    for name in ("cat", "dog"):
        (tmp_path / "copy" / name).mkdir(parents=True)
        for file in (folder / name).iterdir():
            (tmp_path / "copy" / name / file.name).write_bytes(file.read_bytes())
    first, again = (open_dataset("folder", tmp_path / "copy").digest() for _ in range(2))
    assert first == again
    Image.new("RGB", (8, 6), (9, 9, 9)).save(tmp_path / "copy" / "cat" / "0.png")
    changed = open_dataset("folder", tmp_path / "copy")
    assert changed.digest() != first
    table = datasets.load_dataset("imagefolder", data_dir=str(folder))["train"]
    table.to_parquet(tmp_path / "one" / "part-0.parquet")
    whole = open_dataset("anything", tmp_path / "one")
    assert whole.digest() == open_dataset("anything", tmp_path / "one").digest()
    parts = [restrict(whole, names).digest() for names in (("cat",), ("dog",), ("cat", "dog"), ("dog", "cat"))]
    assert len({*parts, whole.digest()}) == 4 and parts[2] == whole.digest()
    assert ImageDataset.digest(whole) != ImageDataset.digest(changed)


def test_the_digest_of_scenes_goes_by_their_settings() -> None:
    digests = [SyntheticScenes(3, 32, seed).digest() for seed in (0, 0, 1)] + [SyntheticScenes(4, 32).digest()]
    assert digests[0] == digests[1] and len(set(digests)) == 3
