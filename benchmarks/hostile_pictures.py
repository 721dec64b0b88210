"""Odd and hostile picture files: valid ones of every kind, damaged ones, bombs, other files under a picture's name."""

import io
import struct
import zlib
from collections.abc import Iterator
from enum import Enum
from typing import Any, NamedTuple

import numpy as np
from PIL import Image, ImageCms, ImageDraw

CELL = 24
COLOURS = np.array(
    [[(220, 30, 40), (30, 180, 60), (40, 60, 200)], [(230, 210, 40), (120, 120, 120), (245, 245, 245)]], np.uint8
)  # of the six cells of the picture that all valid files show
GREYS = np.array([[(10,) * 3, (60,) * 3, (110,) * 3], [(160,) * 3, (210,) * 3, (250,) * 3]], np.uint8)
LIMIT = 80_000_000  # pixels that a picture may have


class Verdict(Enum):
    """What must become of a file; `ANY`: read or refused, as long as nothing else happens."""

    READ = "read"
    REFUSED = "refused"
    ANY = "any"


class Expectation(NamedTuple):
    """What the product must make of a file.

    Attributes:
        says: a part of the sentence about it.
        shows: `[2, 3, 3]`, the colours of the cells of the picture.
        off: largest difference of a channel of `shows`.
        shape: height and width of the picture.
        added: pictures that a .zip adds to an empty project.
    """

    verdict: Verdict
    says: str = ""
    shows: Any = None
    off: int = 2
    shape: tuple[int, int] | None = None
    added: int | None = None


class HostileFile(NamedTuple):
    """A file of the corpus; `kind` groups files in the table."""

    kind: str
    name: str
    data: bytes
    expectation: Expectation


ANY = Expectation(Verdict.ANY)


def refused(says: str = "") -> Expectation:
    """The file must be refused with a sentence that holds these words."""
    return Expectation(Verdict.REFUSED, says)


def shows(colours: Any = COLOURS, off: int = 2) -> Expectation:
    """The file must be read and show these cells."""
    return Expectation(Verdict.READ, shows=np.asarray(colours), off=off)


def sized(height: int, width: int) -> Expectation:
    """The file must be read and have this size."""
    return Expectation(Verdict.READ, shape=(height, width))


def drawn(colours: Any = COLOURS) -> Image.Image:
    """The picture of two times three cells."""
    return Image.fromarray(np.kron(np.asarray(colours), np.ones((CELL, CELL, 1), np.uint8)).astype(np.uint8))


def packed(picture: Image.Image, kind: str, **options: Any) -> bytes:
    """The picture as a file of this format."""
    stream = io.BytesIO()
    picture.save(stream, kind, **options)
    return stream.getvalue()


def chunk(kind: bytes, body: bytes) -> bytes:
    """A chunk of a PNG file."""
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png(width: int, height: int, *chunks: bytes, depth: int = 8, colour: int = 2, interlaced: int = 0) -> bytes:
    """A PNG file of any header and these chunks."""
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, interlaced))
    return b"\x89PNG\r\n\x1a\n" + header + b"".join(chunks) + chunk(b"IEND", b"")


def idat(raw: bytes) -> bytes:
    """The pixels of a PNG file."""
    return chunk(b"IDAT", zlib.compress(raw, 9))


GOOD = {
    "JPEG": packed(drawn(), "JPEG", quality=92, subsampling=0),
    "PNG": packed(drawn(), "PNG"),
    "WEBP": packed(drawn(), "WEBP", quality=90),
    "GIF": packed(drawn().quantize(8), "GIF"),
    "BMP": packed(drawn(), "BMP"),
    "TIFF": packed(drawn(), "TIFF", compression="tiff_lzw"),
    "AVIF": packed(drawn(), "AVIF", quality=90),
}
NOISE = np.random.default_rng(5).integers(0, 256, (40, 40, 3), dtype=np.uint8)
SUFFIX = {"JPEG": "jpg", "PNG": "png", "WEBP": "webp", "GIF": "gif", "BMP": "bmp", "TIFF": "tif", "AVIF": "avif"}


# Odd but valid -------------------------------------------------------------------------------------------------------


def valid_modes() -> Iterator[HostileFile]:
    """Every colour mode and way of writing that cameras, scanners and drawing programs use."""
    picture, grey = drawn(), drawn(GREYS).convert("L")
    wide = np.asarray(grey).astype(np.uint16) * 257
    half = np.concatenate([np.full((CELL, 3 * CELL), 255), np.full((CELL, 3 * CELL), 51)]).astype(np.uint8)
    faded = COLOURS.copy()
    faded[1] = np.rint(COLOURS[1] * 0.2 + 255 * 0.8)
    faded_grey = GREYS.copy()
    faded_grey[1] = np.rint(GREYS[1] * 0.2 + 255 * 0.8)
    alpha, grey_alpha = picture.copy(), grey.copy()
    alpha.putalpha(Image.fromarray(half))
    grey_alpha.putalpha(Image.fromarray(half))
    one_bit = np.array([[(0,) * 3, (255,) * 3, (0,) * 3], [(255,) * 3, (0,) * 3, (255,) * 3]], np.uint8)
    clear = COLOURS.copy()
    index = picture.quantize(8)
    spot = index.getpixel((0, 0))
    clear[0, 0] = 255
    ycc = packed(picture.convert("CMYK"), "JPEG", quality=95)
    rows: list[tuple[str, bytes, Expectation]] = [
        ("plain.jpg", GOOD["JPEG"], shows(off=6)),
        ("progressive.jpg", packed(picture, "JPEG", quality=95, progressive=True), shows(off=6)),
        ("subsampled.jpg", packed(picture, "JPEG", quality=95, subsampling=2), shows(off=8)),
        ("grey.jpg", packed(grey, "JPEG", quality=95), shows(GREYS, 4)),
        ("cmyk.jpg", ycc, shows(off=12)),
        ("two pictures.mpo", packed(picture, "MPO", save_all=True, append_images=[grey]), shows(off=12)),
        ("palette.png", packed(index, "PNG"), shows()),
        ("palette, one colour clear.png", packed(index, "PNG", transparency=spot), shows(clear)),
        ("1 bit.png", packed(drawn(one_bit).convert("1"), "PNG"), shows(one_bit)),
        ("2 bits.png", packed(drawn(COLOURS[:, :2].repeat(2, 1)[:, :3]).quantize(4), "PNG", bits=2), ANY),
        ("grey.png", packed(grey, "PNG"), shows(GREYS)),
        ("grey with alpha.png", packed(grey_alpha, "PNG"), shows(faded_grey)),
        ("alpha.png", packed(alpha, "PNG"), shows(faded)),
        ("alpha.webp", packed(alpha, "WEBP", lossless=True), shows(faded)),
        ("alpha.tif", packed(alpha, "TIFF"), shows(faded)),
        ("16 bit grey.png", packed(Image.fromarray(wide), "PNG"), shows(GREYS)),
        ("16 bit colour.png", png_of_16_bits(), shows()),
        ("interlaced.png", interlaced_png(), shows()),
        ("16 bit.tif", packed(Image.fromarray(wide), "TIFF"), shows(GREYS)),
        ("16 bit, big end first.tif", packed(Image.fromarray(wide.astype(">u2")), "TIFF"), shows(GREYS)),
        ("32 bit.tif", packed(Image.fromarray(wide.astype(np.int32)), "TIFF"), shows(GREYS)),
        ("float.tif", packed(Image.fromarray(wide.astype(np.float32) / 65535), "TIFF"), shows(GREYS)),
        ("cmyk.tif", packed(picture.convert("CMYK"), "TIFF"), shows()),
        ("lab.tif", packed(lab(picture), "TIFF"), shows(off=8)),
        ("jpeg inside.tif", packed(picture, "TIFF", compression="jpeg", quality=95), shows(off=8)),
        ("deflate.tif", packed(picture, "TIFF", compression="tiff_adobe_deflate"), shows()),
        ("big.tif", packed(picture, "TIFF", big_tiff=True), shows()),
        (
            "pages.tif",
            packed(picture, "TIFF", save_all=True, append_images=[alpha.convert("RGB"), Image.new("RGB", (9, 9))]),
            shows(),
        ),
        ("fax.tif", packed(drawn(one_bit).convert("1"), "TIFF", compression="group4"), shows(one_bit)),
        ("animated.gif", packed(index, "GIF", save_all=True, append_images=[grey.convert("P")]), shows()),
        ("clear.gif", packed(index, "GIF", transparency=spot), shows(clear)),
        ("animated.webp", packed(picture, "WEBP", save_all=True, append_images=[grey], lossless=True), shows()),
        ("animated.png", packed(picture, "PNG", save_all=True, append_images=[grey.convert("RGB")]), shows()),
        ("animated.avif", animated_avif(), shows(off=12)),
        ("plain.bmp", GOOD["BMP"], shows()),
        ("top down.bmp", top_down_bmp(), shows()),
        ("palette.bmp", packed(index, "BMP"), shows()),
        ("plain.avif", GOOD["AVIF"], shows(off=12)),
        ("plain.webp", GOOD["WEBP"], shows(off=12)),
    ]
    for name, data, expectation in rows:
        yield HostileFile("valid: colour mode or writing", name, data, expectation)


def lab(picture: Image.Image) -> Image.Image:
    """The picture in CIE Lab."""
    srgb, target = ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB")
    profiles = ImageCms.ImageCmsProfile(srgb), ImageCms.ImageCmsProfile(target)
    converted = ImageCms.ImageCmsTransform(*profiles, "RGB", "LAB").apply(picture)
    converted.info.pop("icc_profile", None)  # it holds the time
    return converted


def animated_avif() -> bytes:
    """Two frames, with the times of writing set to zero (ISO/IEC 14496-12, sections 8.2.2, 8.3.2, 8.4.2)."""
    data = bytearray(packed(drawn(), "AVIF", save_all=True, append_images=[drawn(GREYS)]))
    for box in (b"mvhd", b"tkhd", b"mdhd"):
        start = data.index(box) + 4
        length = 16 if data[start] else 8
        data[start + 4 : start + 4 + length] = bytes(length)
    return bytes(data)


def png_of_16_bits() -> bytes:
    """Colour with 16 bits for each channel."""
    pixels = np.asarray(drawn()).astype(">u2") * 257
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in pixels)
    return png(3 * CELL, 2 * CELL, idat(rows), depth=16)


def interlaced_png() -> bytes:
    """The seven passes of Adam7 (PNG specification, section 8.2)."""
    pixels = np.asarray(drawn())
    passes = ((0, 0, 8, 8), (0, 4, 8, 8), (4, 0, 8, 4), (0, 2, 4, 4), (2, 0, 4, 2), (0, 1, 2, 2), (1, 0, 2, 1))
    raw = b"".join(b"\0" + row.tobytes() for y, x, down, right in passes for row in pixels[y::down, x::right])
    return png(3 * CELL, 2 * CELL, idat(raw), interlaced=1)


def top_down_bmp() -> bytes:
    """A negative height: the first row comes first."""
    data, pixels = GOOD["BMP"], np.asarray(drawn())
    height = struct.pack("<i", -2 * CELL)
    return data[:22] + height + data[26:54] + np.ascontiguousarray(pixels[..., ::-1]).tobytes()


def orientations() -> Iterator[HostileFile]:
    """EXIF orientation 1 to 8 in four formats: stored turned, so that all must look the same; and values of no meaning.

    The stored pixels are made with numpy from where row 0 and column 0 lie (EXIF 2.32, tag 0x0112).
    """
    upright = np.asarray(drawn())
    turned = upright.swapaxes(0, 1)
    stored = {
        1: upright,
        2: upright[:, ::-1],
        3: upright[::-1, ::-1],
        4: upright[::-1],
        5: turned,
        6: turned[::-1],
        7: turned[::-1, ::-1],
        8: turned[:, ::-1],
    }
    formats: dict[str, dict[str, Any]] = {"JPEG": {"quality": 95}, "PNG": {}, "WEBP": {"lossless": True}, "TIFF": {}}
    for kind, options in formats.items():
        for value in (*stored, 0, 9, 65535):
            exif = Image.Exif()
            exif[0x0112] = value
            picture = Image.fromarray(np.ascontiguousarray(stored.get(value, upright)))
            data = packed(picture, kind, exif=exif, **options)
            yield HostileFile("valid: orientation", f"turned {value}.{SUFFIX[kind]}", data, shows(off=8))


def odd_metadata() -> Iterator[HostileFile]:
    """Damaged EXIF and colour profiles, and bytes before or after the picture; the picture itself is whole."""
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    srgb = srgb[:24] + bytes(12) + srgb[36:]  # the time of writing
    exifs = {
        "nonsense": b"Exif\0\0nonsense",
        "outside": b"Exif\0\0II*\0\xff\xff\xff\xff",
        "loop": b"Exif\0\0II*\0\x08\0\0\0\0\0\x08\0\0\0",
        "many tags": b"Exif\0\0MM\0*\0\0\0\x08\xff\xff" + bytes(600),
        "long tag": b"Exif\0\0II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\xff\xff\xff\x7f\x08\0\0\0\0\0\0\0",
        "text as orientation": b"Exif\0\0II*\0\x08\0\0\0\x01\0\x12\x01\x02\0\x04\0\0\0six\0\0\0\0\0",
    }
    profiles = {
        "nonsense": b"nonsense",
        "cut": srgb[:200],
        "empty tags": srgb[:128] + bytes(len(srgb) - 128),
        "other channels": srgb.replace(b"RGB XYZ ", b"CMYKLab "),
        "wrong length": struct.pack(">I", 2**32 - 1) + srgb[4:],
    }
    for kind in ("JPEG", "PNG", "WEBP"):
        options: dict[str, Any] = {"lossless": True} if kind == "WEBP" else {}
        for title, exif in exifs.items():
            data = packed(drawn(), kind, exif=exif, **options)
            yield HostileFile("odd: EXIF", f"exif {title}.{SUFFIX[kind]}", data, shows(off=16))
        for title, profile in profiles.items():
            data = packed(drawn(), kind, icc_profile=profile, **options)
            yield HostileFile("odd: colour profile", f"profile {title}.{SUFFIX[kind]}", data, shows(off=16))
    for kind, data in GOOD.items():
        tail = data + b"<script>alert(1)</script>" + bytes(range(256)) * 20
        yield HostileFile("odd: bytes around it", f"tail.{SUFFIX[kind]}", tail, shows(off=12))
        yield HostileFile("odd: bytes around it", f"head.{SUFFIX[kind]}", b"HTTP/1.1 200 OK\r\n\r\n" + data, refused())


def odd_sizes() -> Iterator[HostileFile]:
    """One pixel, very long ones, very large ones that are still allowed, and none at all."""
    for kind, suffix in SUFFIX.items():
        data = packed(Image.new("RGB", (1, 1), (200, 100, 50)), kind)
        yield HostileFile("odd: size", f"one pixel.{suffix}", data, sized(1, 1))
    for kind in ("JPEG", "PNG", "GIF", "BMP", "TIFF"):
        data = packed(Image.new("RGB", (1, 20_000), "teal"), kind)
        yield HostileFile("odd: size", f"1 x 20000.{SUFFIX[kind]}", data, sized(20_000, 1))
    wide = packed(Image.new("L", (20_000, 1)), "PNG")
    yield HostileFile("odd: size", "20000 x 1.png", wide, sized(1, 20_000))
    large = packed(Image.new("1", (6000, 6000)), "PNG")
    yield HostileFile("odd: size", "36 megapixels.png", large, sized(6000, 6000))
    for width, height in ((0, 0), (0, 9), (9, 0)):
        yield HostileFile("odd: size", f"{width} x {height}.png", png(width, height, idat(b"\0")), refused("no pixels"))


# Hostile -------------------------------------------------------------------------------------------------------------


def truncated() -> Iterator[HostileFile]:
    """Every format cut off at several places."""
    whole = GOOD | {kind: packed(Image.fromarray(NOISE), kind) for kind in ("PNG", "GIF", "TIFF", "WEBP", "JPEG")}
    for kind, data in whole.items():
        for part in (1, 4, 14, 40, 0.25, 0.5, 0.9):
            cut = part if isinstance(part, int) else int(len(data) * part)
            expectation = refused() if part in (1, 4, 14, 0.25, 0.5) else ANY
            yield HostileFile("truncated", f"first {part} of it.{SUFFIX[kind]}", data[:cut], expectation)
        yield HostileFile("truncated", f"last byte missing.{SUFFIX[kind]}", data[:-1], ANY)


def fuzzed(generator: np.random.Generator) -> Iterator[HostileFile]:
    """Bytes exchanged, put in, taken out or zeroed at random."""
    for kind, whole in GOOD.items():
        for number in range(14):
            data = bytearray(whole)
            for _ in range(int(generator.integers(1, 9))):
                at = int(generator.integers(len(data)))
                how = int(generator.integers(4))
                if how == 0:
                    data[at] = int(generator.integers(256))
                elif how == 1:
                    data[at:at] = generator.bytes(int(generator.integers(1, 9)))
                elif how == 2:
                    del data[at : at + int(generator.integers(1, 9))]
                else:
                    data[at : at + 8] = bytes(len(data[at : at + 8]))
            yield HostileFile("fuzzed", f"fuzz {number}.{SUFFIX[kind]}", bytes(data), ANY)


def bombs() -> Iterator[HostileFile]:
    """Small files that would become very large, in pixels or in text."""
    black = idat(bytes(12_000 * 1_501))
    jpeg = GOOD["JPEG"]
    frame = jpeg.index(b"\xff\xc0") + 5
    vp8x = b"VP8X" + struct.pack("<I", 10) + bytes(4) + (16_383).to_bytes(3, "little") * 2
    webp = b"RIFF" + struct.pack("<I", 4 + len(vp8x) + 8) + b"WEBP" + vp8x + b"VP8L" + struct.pack("<I", 0)
    gif = GOOD["GIF"]
    image_at = gif.index(b",\0\0\0\0")
    text = chunk(b"zTXt", b"Comment\0\0" + zlib.compress(bytes(80_000_000), 9))
    profile = chunk(b"iCCP", b"icc\0\0" + zlib.compress(bytes(80_000_000), 9))
    pixel = idat(b"\0\1\2\3")
    rows = [
        ("60000 x 60000.png", png(60_000, 60_000, idat(b"")), refused("megapixels")),
        ("10000 x 10000, empty.png", png(10_000, 10_000, idat(b"")), refused("megapixels")),
        ("144 megapixels of black.png", png(12_000, 12_000, black, depth=1, colour=0), refused("megapixels")),
        ("largest numbers.png", png(2**31 - 1, 2**31 - 1, idat(b"")), refused("megapixels")),
        ("65500 x 65500.jpg", jpeg[:frame] + struct.pack(">HH", 65_500, 65_500) + jpeg[frame + 4 :], refused("megap")),
        ("65535 x 65535.gif", gif[:6] + b"\xff\xff\xff\xff" + gif[10:], refused("megapixels")),
        ("frame above the screen.gif", gif[: image_at + 5] + b"\xff\xff\xff\xff" + gif[image_at + 9 :], refused()),
        ("frame of 100 megapixels.gif", gif[: image_at + 5] + b"\x10\x27\x10\x27" + gif[image_at + 9 :], refused()),
        ("16384 x 16384.webp", webp, refused()),
        ("2147483647 wide.bmp", GOOD["BMP"][:18] + struct.pack("<ii", 2**31 - 1, 2**31 - 1) + bytes(28), refused()),
        ("200000 x 200000.tif", tiff({256: 200_000, 257: 200_000}), refused("megapixels")),
        ("80 MB of text.png", png(1, 1, text, pixel), refused()),
        ("80 MB of colour profile.png", png(1, 1, profile, pixel), refused()),
        ("10000 texts.png", png(1, 1, chunk(b"tEXt", b"Comment\0" + bytes(99)) * 10_000, pixel), ANY),
        ("directory that repeats.tif", tiff({256: 9, 257: 9}, following=8), ANY),
        ("100000 strips.tif", tiff({256: 9, 257: 100_000, 278: 1, 273: 8, 279: 1}), ANY),
    ]
    for name, data, expectation in rows:
        yield HostileFile("bomb", name, data, expectation)
    frames = [Image.new("P", (400, 400), colour) for colour in range(200)]
    many = packed(frames[0], "GIF", save_all=True, append_images=frames[1:])
    yield HostileFile("bomb", "200 frames.gif", many, sized(400, 400))


def tiff(tags: dict[int, int], following: int = 0) -> bytes:
    """A TIFF file whose first directory has these numbers and 16 bytes of pixels."""
    rows = {258: 8, 259: 1, 262: 1, 273: 8, 277: 1, 278: 9, 279: 16} | tags
    body = b"".join(struct.pack("<HHII", tag, 4, 1, number) for tag, number in sorted(rows.items()))
    return b"II*\0" + struct.pack("<IH", 8, len(rows)) + body + struct.pack("<I", following) + bytes(99)


def foreign() -> Iterator[HostileFile]:
    """Files of other kinds under the name of a picture."""
    box = b"\0\0\0\x18ftyp%b\0\0\0\0%b" + bytes(60)
    heic = "Settings > Camera > Formats > Most Compatible"
    zipped = b"PK\3\4\x14\0\0\0\0\0" + bytes(16) + struct.pack("<HH", 19, 0)
    svg = b'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><rect width="9" height="9"/></svg>'
    raw = tiff({256: 16, 257: 1, 254: 1, 330: 200})
    rows = [
        ("iphone.jpg", box.replace(b"%b", b"heic", 1).replace(b"%b", b"mif1heic"), heic),
        ("burst.jpg", box.replace(b"%b", b"hevc", 1).replace(b"%b", b"hevcheic"), heic),
        ("photo.heic", box.replace(b"%b", b"mif1", 1).replace(b"%b", b"mif1heic"), heic),
        ("start only.heic", b"\0\0\0\x18ftypheic", heic),
        ("damaged.avif", box.replace(b"%b", b"avif", 1).replace(b"%b", b"mif1avif"), "damaged"),
        ("canon.cr3", box.replace(b"%b", b"crx ", 1).replace(b"%b", b"crx isom"), "RAW"),
        ("canon.jpg", b"II*\0\x10\0\0\0CR\2\0" + bytes(90), "RAW"),
        ("fuji.jpg", b"FUJIFILMCCD-RAW 0201" + bytes(90), "RAW"),
        ("olympus.jpg", b"IIRO\x08\0\0\0" + bytes(90), "RAW"),
        ("panasonic.jpg", b"IIU\0\x18\0\0\0" + bytes(90), "RAW"),
        ("negative.dng", tiff({256: 16, 257: 1, 50706: 0x0401}), "RAW"),
        ("nikon.jpg", raw, "RAW"),
        ("document.jpg", b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n<<>>\nendobj\n", "PDF"),
        ("drawing.jpg", svg, "SVG"),
        ("drawing.svg", b'\xef\xbb\xbf<?xml version="1.0"?>\n<!-- drawn -->\n' + svg, "SVG"),
        ("page.jpg", b"<!DOCTYPE html>\n<html><body>404 not found</body></html>", "web page"),
        ("page.png", b"\n<html lang='en'><script>alert(1)</script></html>", "web page"),
        ("movie.jpg", box.replace(b"%b", b"isom", 1).replace(b"%b", b"isommp42"), "video"),
        ("movie.mov", box.replace(b"%b", b"qt  ", 1).replace(b"%b", b"qt  qt  "), "video"),
        ("movie.webm", b"\x1aE\xdf\xa3" + bytes(90), "video"),
        ("movie.avi", b"RIFF\x40\0\0\0AVI LIST" + bytes(90), "video"),
        ("archive.jpg", zipped + b"pictures/number1.jpg" + bytes(90), "archive"),
        ("archive.gz.jpg", b"\x1f\x8b\x08\0" + bytes(90), "archive"),
        ("archive.7z.jpg", b"7z\xbc\xaf\x27\x1c" + bytes(90), "archive"),
        ("archive.rar.jpg", b"Rar!\x1a\7\0" + bytes(90), "archive"),
        ("letter.jpg", zipped + b"[Content_Types].xml" + bytes(90), "office"),
        ("old letter.jpg", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(90), "office"),
        ("layers.jpg", b"8BPS\0\1" + bytes(90), "Photoshop"),
        ("layers.xcf", b"gimp xcf v011\0" + bytes(90), "GIMP"),
        ("print.eps", b"%!PS-Adobe-3.0 EPSF-3.0\n", "PostScript"),
        ("icon.jpg", packed(drawn(), "ICO", sizes=[(16, 16)]), "icon"),
        ("wavelet.jpg", packed(drawn(), "JPEG2000"), "JPEG 2000"),
        ("stream.j2k", b"\xff\x4f\xff\x51" + bytes(90), "JPEG 2000"),
        ("next.jxl", b"\xff\x0a" + bytes(90), "JPEG XL"),
        ("boxed.jxl", b"\0\0\0\x0cJXL \r\n\x87\n" + bytes(90), "JPEG XL"),
    ]
    unknown = {
        "program.jpg": b"\x7fELF\2\1\1" + bytes(90),
        "windows.jpg": b"MZ\x90\0" + bytes(90),
        "script.jpg": b"#!/bin/sh\nrm -rf /\n",
        "pickle.png": b"\x80\4\x95\x10\0\0\0\0\0\0\0\x8c\2os\x94\x8c\6system\x94\x93.",
        "ghost.jpg": b"%%!IMAGE\n(/etc/passwd) (r) file\n",
        "targa.jpg": bytes((0, 0, 2, *[0] * 9, 9, 0, 9, 0, 24, 0)) + bytes(243),
        "notes.txt": "Grüße und 🐦".encode(),
        "wide text.jpg": "hello".encode("utf-16"),
        "table.csv": b"name,class\r\n1.jpg,oak\r\n",
        "list.json": b'{"classes": ["oak", "elm"]}',
        "zeros.jpg": bytes(5000),
        "blank.jpg": b" \n",
        "all bytes.jpg": bytes(range(256)) * 9,
    }
    for name, data, says in rows:
        yield HostileFile("another kind of file", name, data, refused(says))
    for name, data in unknown.items():
        yield HostileFile("another kind of file", name, data, refused("not a picture"))
    for name in ("nothing.jpg", "nothing.png", "nothing"):
        yield HostileFile("another kind of file", name, b"", refused("empty"))
    for name, kind in (
        ("really a png.jpg", "PNG"),
        ("really a jpeg.png", "JPEG"),
        ("no suffix", "WEBP"),
        ("x.txt", "GIF"),
    ):
        yield HostileFile("wrong suffix", name, GOOD[kind], shows(off=12))


NAMES = (
    "🐦‍⬛ 鳥 птица.jpg",
    "<img src=x onerror=alert(1)>.jpg",
    "</div><script>alert('x')</script>.jpg",
    "&lt;b&gt;.jpg",
    "[click](javascript:alert(1)).jpg",
    "![x](https://example.org/x.png).jpg",
    "**bold** _it_ `code` # head.jpg",
    "$\\frac{1}{0}$ $$x$$.jpg",
    ":material/delete: :red[x] :streamlit:.jpg",
    "\"double\" 'single' `back`.jpg",
    "two\nlines.jpg",
    "tab\tand\rreturn.jpg",
    "bell\x07 escape\x1b[31m nul\0.jpg",
    "photo\u202egpj.exe",
    "תמונה של ציפור.jpg",
    "صورة\u200f طائر.jpg",
    "ze\u200bro\ufeff width.jpg",
    "z̸̡̨̛a̴̢͠l̷g̶͝o̵.jpg",
    "long " * 60 + ".jpg",
    "x" * 5000,
    "..",
    ".",
    " ",
    "\u202e",
    ".hidden.jpg",
    "CON.jpg",
    "NUL",
    "trailing dot.",
    "C:\\Windows\\win.ini.jpg",
    "\\\\server\\share\\1.jpg",
    "..%2f..%2fetc%2fpasswd",
    "%s %d {0} {name} %(x)s.jpg",
    "'; DROP TABLE pictures; --.jpg",
    "a" * 20 + ".jpg" * 20,
    "Mr. Smith. His cat.jpg",
    "e\u0301 and é.jpg",
)


def names() -> Iterator[HostileFile]:
    """Names that try to break a page, a path or a sentence; each with a good and with a cut picture."""
    for number, name in enumerate(NAMES):
        picture = drawn()
        ImageDraw.Draw(picture).point((0, 0), (number, 0, 0))
        yield HostileFile("name", name, packed(picture, "PNG"), shows())
        yield HostileFile("name", name, packed(picture, "PNG")[:90], refused("cut off"))
