"""Odd and hostile .zip files."""

import io
import stat
import struct
import warnings
import zipfile
from collections.abc import Iterable, Iterator, Mapping

import numpy as np

from benchmarks.hostile_pictures import (
    ANY,
    GOOD,
    NAMES,
    Expectation,
    HostileFile,
    Verdict,
    drawn,
    idat,
    packed,
    png,
    refused,
)

OUTSIDE = "points outside"
EVIL = "few-shot-lens-evil.png"
ESCAPES = (
    f"../{EVIL}",
    f"../../../../../../{EVIL}",
    f"oak/../../{EVIL}",
    f"/tmp/{EVIL}",
    f"//tmp/{EVIL}",
    f"C:/{EVIL}",
    f"c:{EVIL}",
    f"..\\..\\{EVIL}",
    f"\\tmp\\{EVIL}",
    f"oak\\..\\..\\{EVIL}",
    f"support/oak/../../../{EVIL}",
)
PICTURES = [packed(drawn(np.random.default_rng(number).integers(0, 256, (2, 3, 3))), "PNG") for number in range(40)]
EPISODE = {
    "support/oak/1.png": PICTURES[0],
    "support/elm/1.png": PICTURES[1],
    "query/1.png": PICTURES[2],
    "query/elm/2.png": PICTURES[3],
}

Files = Mapping[str, bytes] | Iterable[tuple[str | zipfile.ZipInfo, bytes]]


def zipped(files: Files, compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    """The bytes of a .zip; names may repeat."""
    stream = io.BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(stream, "w", compression) as out:
        warnings.simplefilter("ignore")
        for name, data in files.items() if isinstance(files, Mapping) else files:
            info = name if isinstance(name, zipfile.ZipInfo) else zipfile.ZipInfo(name)
            info.compress_type = compression
            out.writestr(info, data)
    return stream.getvalue()


def adds(pictures: int, says: str = "") -> Expectation:
    """The .zip must be read and add so many pictures to an empty project."""
    return Expectation(Verdict.READ, says, added=pictures)


def patched(data: bytes, local: int, central: int, value: bytes, *, both: bool = True) -> bytes:
    """The .zip with bytes of its first entry replaced, at these offsets of its local and its central header."""
    changed = bytearray(data)
    at = data.index(b"PK\1\2")
    changed[at + central : at + central + len(value)] = value
    if both:
        changed[local : local + len(value)] = value
    return bytes(changed)


def valid_archives() -> Iterator[HostileFile]:
    """What people bring."""
    folders = {f"{name}/{number}.png": PICTURES[number] for number in range(4) for name in ("oak", "elm")}
    odd = {"trees/": b"", "__MACOSX/trees/._1.png": b"x", "trees/.DS_Store": b"x", "trees/Thumbs.db": b"x"}
    rows = [
        ("episode.zip", zipped(EPISODE), adds(4)),
        ("inside one folder.zip", zipped({f"my pictures/{name}": data for name, data in EPISODE.items()}), adds(4)),
        ("folders.zip", zipped(folders), adds(8)),
        ("no folders.zip", zipped({"1.png": PICTURES[0], "2.png": PICTURES[1]}), adds(2)),
        ("left over files.zip", zipped(odd | {"trees/1.png": PICTURES[0]}), adds(1)),
        ("bzip2.zip", zipped(EPISODE, zipfile.ZIP_BZIP2), adds(4)),
        ("lzma.zip", zipped(EPISODE, zipfile.ZIP_LZMA), adds(4)),
        ("stored.zip", zipped(EPISODE, zipfile.ZIP_STORED), adds(4)),
        ("program before it.zip", b"MZ" + bytes(500) + zipped(EPISODE), adds(4)),
        ("one bad.zip", zipped({"oak/1.png": PICTURES[0], "oak/cut.png": PICTURES[1][:50]}), adds(1, "cut.png")),
        ("texts only.zip", zipped({"oak/a.txt": b"text", "oak/b.txt": b"text"}), adds(0, "not a picture")),
        ("too many of a class.zip", zipped({f"oak/{n}.png": PICTURES[n] for n in range(24)}), adds(20, "one too many")),
        ("too many classes.zip", zipped({f"{n}/1.png": PICTURES[n] for n in range(23)}), adds(20, "at most 20")),
        ("one picture 30 times.zip", zipped({f"oak/{n}.png": PICTURES[0] for n in range(30)}), adds(1, "already")),
        ("nothing.zip", zipped({}), refused("no file")),
        ("folders only.zip", zipped({"oak/": b"", "elm/": b""}), refused("no file")),
    ]
    for name, data, expectation in rows:
        yield HostileFile("zip: valid", name, data, expectation)


def escaping() -> Iterator[HostileFile]:
    """Entries that point outside, links, devices."""
    for number, name in enumerate(ESCAPES):
        data = zipped([*EPISODE.items(), (name, PICTURES[4])])
        yield HostileFile("zip: slip", f"slip {number}.zip", data, refused(OUTSIDE))
    for target in ("/etc/passwd", "../../..", "1.png"):
        link = zipfile.ZipInfo("support/oak/link.png")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        data = zipped([*EPISODE.items(), (link, target.encode())])
        yield HostileFile("zip: slip", f"link to {target.replace('/', '_')}.zip", data, refused("link"))
    device = zipfile.ZipInfo("support/oak/device.png")
    device.external_attr = (stat.S_IFIFO | 0o777) << 16
    yield HostileFile("zip: slip", "device.zip", zipped([*EPISODE.items(), (device, b"")]), adds(4, "empty"))


def archive_bombs() -> Iterator[HostileFile]:
    """Much from little: in bytes, in entries, in depth."""
    zeros = zipped({"oak/zeros.png": bytes(60_000_000)})
    gigabytes = patched(zeros, 22, 24, (3_000_000_000).to_bytes(4, "little"))
    liar = patched(zeros, 22, 24, (10).to_bytes(4, "little"))
    nested = zipped({"oak/zeros.png": bytes(1_000_000)})
    for depth in range(8):
        nested = zipped({f"oak/{depth}.zip": nested})
    text = {f"oak/{number}.png": b"x" for number in range(10_000)}
    folder = "f/" * 2000
    black = png(8_000, 8_000, idat(bytes(8_000 * 1_001)), depth=1, colour=0)
    rows = [
        ("60 MB of zeros.zip", zeros, adds(0, "50 MB")),
        ("says 3 GB.zip", gigabytes, refused("GB")),
        ("says 10 bytes.zip", liar, adds(0, "cannot be read")),
        ("zip in zip.zip", nested, adds(0, "archive")),
        ("10000 entries.zip", zipped(text, zipfile.ZIP_STORED), adds(0, "not a picture")),
        ("10001 entries.zip", zipped(text | {"oak/last.png": b""}, zipfile.ZIP_STORED), refused("10000 files")),
        ("100001 folders.zip", many_entries(100_001), refused("10000 files")),
        ("2000 folders deep.zip", zipped({f"{folder}1.png": PICTURES[0]}), adds(1)),
        ("2000 folders deep, text.zip", zipped({f"{folder}1.png": b"text"}), adds(0, "not a picture")),
        ("large picture.zip", zipped({"oak/black.png": black}), adds(1)),
        ("overlapping.zip", overlapping(), ANY),
    ]
    for name, data, expectation in rows:
        yield HostileFile("zip: bomb", name, data, expectation)


def many_entries(count: int) -> bytes:
    """A directory of that many folders, one local header for all."""
    local = zipped({"a/": b""})[:32]
    row = struct.pack("<4s6H3I5H2I", b"PK\1\2", 20, 20, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0) + b"a/"
    end = struct.pack("<4s4H2IH", b"PK\5\6", 0, 0, count & 0xFFFF, count & 0xFFFF, len(row) * count, len(local), 0)
    return local + row * count + end


def overlapping() -> bytes:
    """Two entries in the directory share the bytes of one."""
    data = zipped({"oak/1.png": PICTURES[0], "oak/2.png": PICTURES[1]})
    second = data.rindex(b"PK\1\2")
    return data[: second + 42] + bytes(4) + data[second + 46 :]


def damaged(generator: np.random.Generator) -> Iterator[HostileFile]:
    """Encrypted, cut, repeated, wrong sums, unknown methods, fuzzed."""
    whole = zipped(EPISODE)
    repeated = zipped([("oak/1.png", PICTURES[0]), ("oak/1.png", PICTURES[1])])
    secret = patched(patched(whole, 6, 8, b"\1\0"), 6, 8, b"\1\0")
    middle = len(whole) // 2
    rows = [
        ("encrypted.zip", secret, refused("password")),
        ("wrong sum.zip", patched(whole, 14, 16, b"\1\2\3\4"), adds(3, "cannot be read")),
        ("unknown method.zip", patched(whole, 8, 10, b"\x63\0"), adds(3, "cannot be read")),
        ("other local name.zip", whole.replace(b"oak/1.png", b"ash/1.png", 1), adds(3, "cannot be read")),
        ("local header elsewhere.zip", patched(whole, 0, 42, b"\xff\xff\xff\x7f", both=False), ANY),
        ("repeated name.zip", repeated, refused("two files named")),
        ("name is no text.zip", patched(whole.replace(b"oak/1", b"o\xff\xfe/1"), 6, 8, b"\0\x08"), ANY),
        ("lzma of 4 GB.zip", lzma_of_a_large_dictionary(), ANY),
        ("start only.zip", whole[:4], refused(".zip")),
        ("without a directory.zip", whole[: whole.index(b"PK\1\2")], refused(".zip")),
        ("directory cut.zip", whole[: whole.index(b"PK\1\2") + 30], refused(".zip")),
        ("end cut.zip", whole[:-10], refused(".zip")),
        ("start missing.zip", whole[40:], ANY),
        ("middle missing.zip", whole[: middle - 20] + whole[middle + 20 :], ANY),
        ("a picture.zip", GOOD["JPEG"], refused(".zip")),
        ("a text.zip", b"hello", refused(".zip")),
        ("0 bytes.zip", b"", refused(".zip")),
        ("a rar.zip", b"Rar!\x1a\7\0" + bytes(90), refused(".zip")),
    ]
    for name, data, expectation in rows:
        yield HostileFile("zip: damaged", name, data, expectation)
    for number in range(24):
        fuzz = bytearray(whole)
        start = whole.index(b"PK\1\2") if number % 2 else 0  # every second one in the directory
        for _ in range(int(generator.integers(1, 6))):
            fuzz[int(generator.integers(start, len(fuzz)))] = int(generator.integers(256))
        yield HostileFile("zip: damaged", f"fuzz {number}.zip", bytes(fuzz), ANY)


def lzma_of_a_large_dictionary() -> bytes:
    """An entry whose properties ask the decompressor for a dictionary of 4 GB."""
    data = bytearray(zipped({"oak/1.png": PICTURES[0]}, zipfile.ZIP_LZMA))
    at = 30 + len("oak/1.png") + 5
    data[at : at + 4] = b"\xff\xff\xff\xff"
    return bytes(data)


def odd_names() -> Iterator[HostileFile]:
    """Names of classes and of files that try to break a page, a path or a sentence."""
    safe = [name for name in NAMES if not name.startswith(("C:", "\\", "..")) and name not in (".", ".hidden.jpg")]
    for number, name in enumerate(safe):
        files = {f"{name}/1.png": PICTURES[0], "elm/1.png": PICTURES[1], f"elm/{name}": PICTURES[2][:60]}
        yield HostileFile("zip: name", f"name {number}.zip", zipped(files), ANY)
    unmarked = zipped({"KAEF/1.png": PICTURES[0], "elm/2.png": PICTURES[1]}).replace(b"KAEF", "Käf".encode())
    yield HostileFile("zip: name", "not marked as UTF-8.zip", unmarked, adds(2))
    yield HostileFile(
        "zip: name", "only by case.zip", zipped({"Oak/1.png": PICTURES[0], "oak/1.png": PICTURES[1]}), adds(2)
    )
    yield HostileFile(
        "zip: name", "blank class.zip", zipped({"   /1.png": PICTURES[0], "b/1.png": PICTURES[1]}), adds(2)
    )


def misplaced() -> Iterator[HostileFile]:
    """Episodes whose folders are not where they belong."""
    rows: dict[str, dict[str, bytes]] = {
        "no support.zip": {"query/1.png": PICTURES[0]},
        "one class.zip": {"support/oak/1.png": PICTURES[0]},
        "picture in support.zip": EPISODE | {"support/3.png": PICTURES[4]},
        "folder in a class.zip": EPISODE | {"support/oak/young/3.png": PICTURES[4]},
        "folder deep in a query.zip": EPISODE | {"query/oak/young/3.png": PICTURES[4]},
        "query of no class.zip": EPISODE | {"query/ash/3.png": PICTURES[4]},
        "two episodes.zip": {f"{top}/{name}": data for top in "ab" for name, data in EPISODE.items()},
        "text in a class.zip": EPISODE | {"support/oak/notes.txt": b"text"},
        "heic in a class.zip": EPISODE | {"support/oak/3.jpg": b"\0\0\0\x18ftypheic\0\0\0\0mif1heic"},
    }
    for name, files in rows.items():
        yield HostileFile("zip: misplaced", name, zipped(files), ANY)
