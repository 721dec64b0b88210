"""Files of a folder or of a .zip, read one at a time, under limits that stop zip bombs and paths leading outside."""

import io
import os
import re
import stat
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from functools import partial
from lzma import LZMAError
from pathlib import Path, PurePosixPath
from typing import IO

from fsl_core.errors import EpisodeError, called
from fsl_core.images import MAX_BYTES

MAX_FILES = 10_000
MAX_UNPACKED_BYTES = 1_000_000_000

MAX_ENTRIES = 100_000  # of a .zip, with those that are not listed
ENTRY_SIGNATURE = b"PK\1\2"

# What zipfile and its decompressors raise on bytes that are not what they claim to be.
UNREADABLE = (
    OSError,
    EOFError,
    RuntimeError,
    ValueError,
    MemoryError,
    struct.error,
    zipfile.BadZipFile,
    zlib.error,
    LZMAError,
)
LEFTOVERS = ("Thumbs.db", "desktop.ini")

Opener = Callable[[], IO[bytes]]


class Archive:
    """The files of a folder or of a .zip, read one at a time and never unpacked to disk; use it in a `with` statement.

    Hidden files and what systems leave behind (`__MACOSX`, `Thumbs.db`, `desktop.ini`) are not listed.

    Args:
        source: path of a folder or of a .zip, or the bytes of a .zip.

    Attributes:
        title: how errors call it.
        names: relative paths with "/", in natural order ("2.jpg" before "10.jpg").

    Raises:
        EpisodeError: there is no such folder or .zip, it has more than `MAX_FILES` files or more than
            `MAX_UNPACKED_BYTES` bytes, or an entry is encrypted, a link, or points outside of the .zip.
    """

    def __init__(self, source: str | Path | bytes) -> None:
        self.title = "The zip" if isinstance(source, bytes) else str(source)
        self._zip: zipfile.ZipFile | None = None
        self._left = MAX_UNPACKED_BYTES
        if not isinstance(source, bytes) and Path(source).is_dir():
            found = _folder_files(Path(source))
        else:
            self._zip = _open_zip(source, self.title)
            found = _zip_files(self._zip, self.title)
        self._files: dict[str, Opener] = {}
        for name, opener in found:
            if name in self._files:
                raise EpisodeError(f"{self.title} has two files named {called(name)}; rename one of them.")
            self._files[name] = opener
            if len(self._files) > MAX_FILES:
                raise EpisodeError(_too_many(self.title))
        self.names = tuple(sorted(self._files, key=natural_order))

    def __enter__(self) -> "Archive":
        return self

    def __exit__(self, *_: object) -> None:
        if self._zip:
            self._zip.close()

    def read(self, name: str) -> bytes:
        """The bytes of one file; of a file above the limit of `images.decode` only so many that it refuses them.

        Raises:
            EpisodeError: the file cannot be read, or more than `MAX_UNPACKED_BYTES` were read in all.
        """
        try:
            with self._files[name]() as stream:
                data = stream.read(min(MAX_BYTES, self._left) + 1)
        except UNREADABLE as error:
            where = "the zip" if self._zip else self.title
            raise EpisodeError(f"{called(name)} cannot be read from {where}; put it there again.") from error
        self._left -= len(data)
        if self._left < 0:
            raise EpisodeError(_too_much(self.title))
        return data


def natural_order(name: str) -> tuple[str, str]:
    """Sort key that puts "2.jpg" before "10.jpg" and "Apple" beside "apple"."""
    return re.sub(r"\d+", lambda digits: digits[0].zfill(20), name).casefold(), name


def _shown(path: str) -> bool:
    folder, *_ = parts = path.split("/")
    return folder != "__MACOSX" and parts[-1] not in LEFTOVERS and not any(part.startswith(".") for part in parts)


def _folder_files(root: Path) -> Iterator[tuple[str, Opener]]:
    """Relative path and opener of every file below a folder; links to folders are followed, each folder once."""
    visited: set[str] = set()
    for folder, folders, files in os.walk(root, followlinks=True):
        if (real := os.path.realpath(folder)) in visited:
            folders.clear()
            continue
        visited.add(real)
        folders[:] = [name for name in folders if not name.startswith(".")]
        for file in files:
            path = Path(folder, file)
            name = os.fsencode(path.relative_to(root).as_posix()).decode("utf-8", "replace")
            if _shown(name):
                yield name, partial(_open_file, path)


def _open_file(path: Path) -> IO[bytes]:
    return path.open("rb")


def _open_zip(source: str | Path | bytes, title: str) -> zipfile.ZipFile:
    if isinstance(source, bytes) and source.count(ENTRY_SIGNATURE) > MAX_ENTRIES:  # before an object is made of each
        raise EpisodeError(_too_many(title))
    try:
        return zipfile.ZipFile(io.BytesIO(source) if isinstance(source, bytes) else source)
    except FileNotFoundError as error:
        raise EpisodeError(f"There is no folder or .zip {title}; check the path.") from error
    except UNREADABLE as error:
        kind = "damaged, or no .zip at all" if isinstance(source, bytes) else "neither a folder nor a whole .zip"
        raise EpisodeError(f"{title} is {kind}; make the .zip again.") from error


def _zip_files(archive: zipfile.ZipFile, title: str) -> Iterator[tuple[str, Opener]]:
    """Relative path and opener of every file of a .zip, every entry checked."""
    entries = archive.infolist()
    if sum(entry.file_size for entry in entries) > MAX_UNPACKED_BYTES:
        raise EpisodeError(_too_much(title))
    for entry in entries:
        name = _entry_name(entry)
        if name.startswith("/") or re.match("[A-Za-z]:", name) or ".." in name.split("/"):
            outside = f"{title} has an entry that points outside of it ({called(name)}); make the .zip again."
            raise EpisodeError(outside)
        if stat.S_ISLNK(entry.external_attr >> 16):
            link = f"{title} has a link instead of a file ({called(name)}); put the file itself into the .zip."
            raise EpisodeError(link)
        if entry.flag_bits & 1:
            raise EpisodeError(f"{title} is protected by a password; make the .zip again without one.")
        path = PurePosixPath(name).as_posix()
        if _shown(path) and not name.endswith("/"):
            yield path, partial(archive.open, entry)


def _entry_name(entry: zipfile.ZipInfo) -> str:
    """Name of a .zip entry with "/"; names that macOS writes in UTF-8 without saying so are read as UTF-8."""
    name = entry.filename
    if not entry.flag_bits & 0x800:
        try:
            name = name.encode("cp437").decode("utf-8")
        except UnicodeError:
            name = entry.filename
    return name.replace("\\", "/")


def _too_many(title: str) -> str:
    return f"{title} has more than {MAX_FILES} files; choose a folder or zip with fewer."


def _too_much(title: str) -> str:
    return f"{title} holds more than {MAX_UNPACKED_BYTES / 1e9:g} GB; choose fewer or smaller pictures."
