"""Labelled pictures on this computer: parquet files, a folder whose sub-folders are classes, or a zip of one."""

from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from fsl_core.data.archive import Archive
from fsl_core.errors import DataError

if TYPE_CHECKING:
    from datasets import Dataset


def read_local(path: Path) -> "Dataset":
    """The rows of a data set, pictures undecoded.

    Raises:
        DataError: there is no such folder or zip, or it holds no folder with pictures.
        EpisodeError: the zip is damaged, protected or too large.
    """
    import datasets

    if not path.exists():
        raise DataError(f"There is no folder or zip {path}; check the path given as --data.")
    if path.is_file():
        return _read_zip(path)
    parquet = sorted(str(file) for file in path.rglob("*.parquet"))
    return datasets.Dataset.from_parquet(parquet) if parquet else _read_folder(path)


def _is_picture(name: str) -> bool:
    from datasets.packaged_modules.imagefolder.imagefolder import ImageFolder

    return PurePosixPath(name).suffix.lower() in ImageFolder.EXTENSIONS


def _read_folder(path: Path) -> "Dataset":
    """Pictures of a folder, each in the class of the folder that holds it.

    The library's own reader takes classes called "train" or "test" for splits, and fails at brackets in the path.
    """
    files = sorted(file for file in path.rglob("*") if _is_picture(file.name))
    files = [file for file in files if file.parent != path and not file.name.startswith(".")]
    return _of_folders(path, [{"bytes": None, "path": str(file)} for file in files])


def _read_zip(path: Path) -> "Dataset":
    """Pictures of a zip, each in the class of the folder that holds it."""
    with Archive(path) as archive:
        names = [name for name in archive.names if PurePosixPath(name).parent.name and _is_picture(name)]
        return _of_folders(path, [{"bytes": archive.read(name), "path": name} for name in names])


def _of_folders(place: Path, images: list[dict[str, Any]]) -> "Dataset":
    """Images as the library keeps them, with the names of their folders as classes."""
    import datasets

    if not images:
        raise DataError(f"{place} holds no folder with pictures; put each class into a folder of its own (--data).")
    folders = [Path(image["path"]).parent.name for image in images]
    classes = sorted(set(folders))
    features = datasets.Features(image=datasets.Image(decode=False), label=datasets.ClassLabel(names=classes))
    columns = {"image": images, "label": [classes.index(name) for name in folders]}
    return datasets.Dataset.from_dict(columns, features=features)
