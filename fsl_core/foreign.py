"""Files that are no picture for this project, recognised by their first bytes, and what to do with each."""

import re
import struct
from collections.abc import Mapping
from types import MappingProxyType

HEIF_BRANDS = frozenset(
    (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs", b"mif1", b"mif2", b"msf1")
)
AVIF_BRANDS = frozenset((b"avif", b"avis"))
CANON_BRAND = b"crx "

HEIC = (
    "is a HEIC photo, which cannot be read here; export it as JPEG (on an iPhone choose Settings > Camera > Formats > "
    "Most Compatible for new photos) and add that."
)
RAW = "is a RAW photo of a camera, which cannot be read here; export it as JPEG in the camera's or a photo program."
VIDEO = "is not a picture but a video; take a still of it, save that as JPEG or PNG and add it."
PDF = "is not a picture but a PDF document; save its page as PNG or JPEG, or take a screenshot of it."
SVG = "is an SVG drawing, which has no pixels yet; export it as PNG."
WEB_PAGE = "is not a picture but a web page; open the picture itself in the browser, save it from there and add that."
PACKED = "is not a picture but a packed archive; unpack it and add the pictures inside."
OFFICE = "is not a picture but an office document; save the picture in it as PNG or JPEG and add that."
EXPORT = "which cannot be read here; export it as JPEG or PNG."

STARTS: Mapping[bytes, str] = MappingProxyType(
    {
        b"\0\0\0\x0cjP  ": f"is a JPEG 2000 picture, {EXPORT}",
        b"\xff\x4f\xff\x51": f"is a JPEG 2000 picture, {EXPORT}",
        b"\0\0\0\x0cJXL ": f"is a JPEG XL picture, {EXPORT}",
        b"\xff\x0a": f"is a JPEG XL picture, {EXPORT}",
        b"8BPS": f"is a Photoshop file, {EXPORT}",
        b"gimp xcf": f"is a GIMP file, {EXPORT}",
        b"%!PS": f"is a PostScript file, {EXPORT}",
        b"\0\0\1\0": f"is an icon file, {EXPORT}",
        b"FUJIFILMCCD-RAW": RAW,
        b"IIRO": RAW,
        b"IIRS": RAW,
        b"IIU\0": RAW,
        b"FOVb": RAW,
        b"\x1aE\xdf\xa3": VIDEO,
        b"PK\3\4": PACKED,
        b"PK\5\6": PACKED,
        b"\x1f\x8b": PACKED,
        b"BZh": PACKED,
        b"\xfd7zXZ\0": PACKED,
        b"7z\xbc\xaf\x27\x1c": PACKED,
        b"Rar!\x1a\7": PACKED,
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1": OFFICE,
    }
)
OFFICE_PARTS = (b"[Content_Types].xml", b"_rels/", b"word/", b"xl/", b"ppt/", b"docProps/", b"mimetype")
DRAWING = re.compile(rb"\s*(<\?xml.*?\?>|<!--.*?-->|<!DOCTYPE svg.*?>|\s)*<(\w+:)?svg[\s>]", re.DOTALL | re.IGNORECASE)
PAGE = re.compile(rb"\s*(<\?xml.*?\?>|<!--.*?-->|\s)*<(!doctype html|html|head|body)[\s>]", re.DOTALL | re.IGNORECASE)

# Tags of TIFF 6.0 and DNG 1.4 in the first directory of a file.
NEW_SUBFILE_TYPE, PHOTOMETRIC, SUB_IFDS, DNG_VERSION = 254, 262, 330, 50706
REDUCED = 1  # of NEW_SUBFILE_TYPE: a preview of another picture in the file
SENSOR = (32803, 34892)  # of PHOTOMETRIC: values of a colour filter array, linear RAW


def what_it_is(data: bytes, reads_avif: bool = True) -> str | None:
    """What to say, after its name, about a file of a known kind that cannot be read; None = unknown, or a picture.

    Only the content counts: the name of a file often tells another story.

    Args:
        reads_avif: whether AVIF files can be read here.
    """
    if data[4:8] == b"ftyp":
        return _of_media(data, reads_avif)
    if data[:4] in (b"II*\0", b"MM\0*"):
        return RAW if _is_raw(data) else None
    if data[:4] == b"PK\3\4" and data[30:].startswith(OFFICE_PARTS):
        return OFFICE
    if data[:4] == b"RIFF" and data[8:12] == b"AVI ":
        return VIDEO
    known = next((text for start, text in STARTS.items() if data.startswith(start)), None)
    return known or _of_text(data[:1024].removeprefix(b"\xef\xbb\xbf"))


def _of_media(data: bytes, reads_avif: bool) -> str | None:
    """Files in the ISO base media format (ISO/IEC 14496-12, section 4.3) name their kinds in the first box."""
    end = min(int.from_bytes(data[:4]), 256)
    brands = {data[8:12], *(data[at : at + 4] for at in range(16, end - 3, 4))}
    if brands & AVIF_BRANDS:
        return None if reads_avif else f"is an AVIF picture, {EXPORT}"
    if CANON_BRAND in brands:
        return RAW
    return HEIC if brands & HEIF_BRANDS else VIDEO


def _of_text(start: bytes) -> str | None:
    if b"%PDF-" in start:
        return PDF
    if DRAWING.match(start):
        return SVG
    return WEB_PAGE if PAGE.match(start) else None


def _is_raw(data: bytes) -> bool:
    """Whether a TIFF file is a camera's: most RAW formats are TIFF files that begin with a small preview."""
    tags = _first_directory(data)
    preview = tags.get(NEW_SUBFILE_TYPE) == REDUCED and SUB_IFDS in tags
    return data[8:10] == b"CR" or DNG_VERSION in tags or tags.get(PHOTOMETRIC) in SENSOR or preview


def _first_directory(data: bytes) -> dict[int, int]:
    """Tag -> number of the first directory of a TIFF file, as far as it goes; only short values are right."""
    end = "<" if data[:2] == b"II" else ">"
    try:
        (at,) = struct.unpack_from(f"{end}I", data, 4)
        (count,) = struct.unpack_from(f"{end}H", data, at)
        rows = [struct.unpack_from(f"{end}HH", data, at + 2 + 12 * row) for row in range(count)]
        numbers = [struct.unpack_from(f"{end}{'H' if kind == 3 else 'I'}", data, at + 10 + 12 * row)[0]
                   for row, (_, kind) in enumerate(rows)]  # fmt: skip
    except struct.error:
        return {}
    return {tag: number for (tag, _), number in zip(rows, numbers, strict=True)}
