"""`fsl_core.data.archive`: folders and zips list the same files; nothing dangerous or oversized gets through."""

import io
import os
import stat
import zipfile
from pathlib import Path

import pytest

from fsl_core.data import archive
from fsl_core.data.archive import Archive, natural_order
from fsl_core.errors import EpisodeError

FILES = {"a/10.jpg": b"ten", "a/2.jpg": b"two", "B/1.jpg": b"one", "readme.txt": b"text"}
LEFTOVERS = ("__MACOSX/a/._2.jpg", "__MACOSX/a/2.jpg", "a/.DS_Store", ".git/config", "a/Thumbs.db", "desktop.ini")


def zipped(
    files: dict[str, bytes] | list[tuple[zipfile.ZipInfo, bytes]], compression: int = zipfile.ZIP_DEFLATED
) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", compression) as out:
        for name, data in files.items() if isinstance(files, dict) else files:
            out.writestr(name, data)
    return stream.getvalue()


def written(root: Path, files: dict[str, bytes]) -> Path:
    for name, data in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(data)
    return root


def listed(source: str | Path | bytes) -> dict[str, bytes]:
    with Archive(source) as files:
        return {name: files.read(name) for name in files.names}


def refused(source: str | Path | bytes) -> str:
    with pytest.raises(EpisodeError) as caught:
        listed(source)
    return str(caught.value)


def test_folder_zip_and_bytes_list_the_same_files_in_natural_order(tmp_path: Path) -> None:
    files = FILES | dict.fromkeys(LEFTOVERS, b"left over")
    data = zipped({"a/": b""} | files)
    (tmp_path / "files.zip").write_bytes(data)
    for source in (data, tmp_path / "files.zip", str(tmp_path / "files.zip"), written(tmp_path / "folder", files)):
        assert list(listed(source).items()) == [
            (name, FILES[name]) for name in ("a/2.jpg", "a/10.jpg", "B/1.jpg", "readme.txt")
        ]


def test_natural_order() -> None:
    names = ["img10", "img9", "Img2", "b", "A", "a", "1" * 30]
    assert sorted(names, key=natural_order) == ["1" * 30, "A", "a", "b", "Img2", "img9", "img10"]


def test_links_to_folders_are_followed_once(tmp_path: Path) -> None:
    written(tmp_path / "elsewhere", {"1.jpg": b"one"})
    root = written(tmp_path / "root", {"b/2.jpg": b"two"})
    (root / "a").symlink_to(tmp_path / "elsewhere")
    (root / "b" / "loop").symlink_to(root)
    assert listed(root) == {"a/1.jpg": b"one", "b/2.jpg": b"two"}


@pytest.mark.parametrize(
    "name", ["../evil.jpg", "a/../../evil.jpg", "/etc/evil.jpg", "C:/evil.jpg", "..\\evil.jpg", "\\evil.jpg"]
)
def test_paths_that_lead_outside_are_refused(name: str) -> None:
    text = refused(zipped(FILES | {name: b"evil"}))
    assert "points outside" in text and "evil.jpg" in text


def test_links_in_a_zip_are_refused() -> None:
    link = zipfile.ZipInfo("a/link.jpg")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    assert "a link instead of a file (a/link.jpg)" in refused(zipped([(link, b"/etc/passwd")]))


def test_a_zip_with_a_password_is_refused() -> None:
    data = bytearray(zipped({"a.jpg": b"data"}))
    data[6] |= 1  # the flag in the local header and in the directory
    data[data.index(b"PK\x01\x02") + 8] |= 1
    assert "protected by a password" in refused(bytes(data))


def test_a_bomb_that_declares_its_size_is_refused_before_reading(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "MAX_UNPACKED_BYTES", 1_000_000)
    data = zipped({f"{i}.jpg": bytes(300_000) for i in range(4)})
    assert len(data) < 5_000
    monkeypatch.setattr(Archive, "read", lambda *_: pytest.fail("nothing may be read"))
    assert "holds more than 0.001 GB" in refused(data)


def test_a_bomb_that_hides_its_size_is_stopped() -> None:
    """The directory says 10 bytes, the stream holds 60 MB: no more than was declared is unpacked, and it is refused."""
    data = bytearray(zipped({"a.jpg": bytes(60_000_000)}))
    for start, offset in ((0, 22), (data.index(b"PK\x01\x02"), 24)):
        data[start + offset : start + offset + 4] = (10).to_bytes(4, "little")
    text = refused(bytes(data))
    assert text.startswith("a.jpg cannot be read from the zip")


def test_one_oversized_file_is_read_only_as_far_as_the_image_limit(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(archive, "MAX_BYTES", 1000)
    for source in (zipped({"a.jpg": bytes(5000)}), written(tmp_path, {"a.jpg": bytes(5000)})):
        assert len(listed(source)["a.jpg"]) == 1001


def test_what_is_read_in_all_is_limited(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(archive, "MAX_UNPACKED_BYTES", 1000)
    root = written(tmp_path, {"a.jpg": bytes(600), "b.jpg": bytes(400)})
    assert len(listed(root)) == 2
    written(root, {"c.jpg": b"1"})
    assert "holds more than" in refused(root)


def test_too_many_files_are_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(archive, "MAX_FILES", 4)
    assert len(listed(zipped(FILES))) == 4
    more = FILES | {"z.jpg": b""}
    assert "more than 4 files" in refused(zipped(more))
    assert "more than 4 files" in refused(written(tmp_path, more))


def test_a_directory_of_very_many_entries_is_refused_before_it_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "MAX_ENTRIES", 3)
    monkeypatch.setattr(zipfile, "ZipFile", lambda *_: pytest.fail("nothing may be read"))
    folders = b"".join(b"PK\1\2" + bytes(42) for _ in range(4))
    assert "more than 10000 files" in refused(folders)


def test_long_and_turned_names_are_called_short_and_straight() -> None:
    name = "a/" * 100 + "\u202egpj\n.exe"
    damaged = zipped({name: b"data"}, zipfile.ZIP_STORED).replace(b"data", b"beta")
    text = refused(damaged)
    assert "gpj .exe cannot be read" in text and len(text) < 160 and "\u202e" not in text and "\n" not in text


def test_two_files_of_one_name_are_refused() -> None:
    with pytest.warns(UserWarning, match="Duplicate"):
        data = zipped([(zipfile.ZipInfo("a/1.jpg"), b"one"), (zipfile.ZipInfo("a/1.jpg"), b"two")])
    assert "two files named a/1.jpg" in refused(data)


def test_what_is_no_archive_is_refused(tmp_path: Path) -> None:
    assert "There is no folder or .zip" in refused(tmp_path / "nothing.zip")
    (tmp_path / "photo.jpg").write_bytes(b"\xff\xd8\xff")
    assert "neither a folder nor a whole .zip" in refused(tmp_path / "photo.jpg")
    assert "damaged, or no .zip at all" in refused(b"")
    assert "damaged, or no .zip at all" in refused(zipped(FILES)[:-30])


@pytest.mark.parametrize("compression", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_damaged_entry_is_named_and_the_others_can_be_read(compression: int) -> None:
    payload = bytes(range(256)) * 20
    data = bytearray(zipped({"bad.jpg": payload, "good.jpg": payload}, compression))
    start = 30 + len("bad.jpg")
    for at in range(start + 9, start + 19):
        data[at] ^= 0xFF
    with Archive(bytes(data)) as files:
        with pytest.raises(EpisodeError, match=r"bad\.jpg cannot be read"):
            files.read("bad.jpg")
        assert files.read("good.jpg") == payload


def test_names_of_other_systems() -> None:
    """UTF-8 without the flag (macOS), code page 437 (older Windows), backslashes (older .NET)."""
    placeholder = zipped({"KAEF/1.jpg": b"1", "Y/2.jpg": b"2", "cat|3.jpg": b"3", "./dog//4.jpg": b"4"})
    data = placeholder.replace(b"KAEF", "Käf".encode()).replace(b"Y/", "ä/".encode("cp437")).replace(b"cat|", b"cat\\")
    assert listed(data) == {"Käf/1.jpg": b"1", "ä/2.jpg": b"2", "cat/3.jpg": b"3", "dog/4.jpg": b"4"}


@pytest.mark.skipif(os.name != "posix", reason="such names exist on POSIX only")
def test_a_folder_name_that_is_no_text_can_be_read(tmp_path: Path) -> None:
    folder = os.fsencode(tmp_path) + b"/caf\xe9"
    os.mkdir(folder)
    with open(folder + b"/1.jpg", "wb") as stream:
        stream.write(b"one")
    assert listed(tmp_path) == {"caf\N{REPLACEMENT CHARACTER}/1.jpg": b"one"}
