"""`fsl_core.images`: each kind of picture gives the pixels computed by hand, each bad file one clear sentence."""

import io
import struct
import zlib
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from PIL import Image, ImageCms, features

from fsl_core import images
from fsl_core.errors import ImageError
from fsl_core.images import decode, decode_mask, encode_png, thumbnail

PIXELS = np.random.default_rng(0).integers(0, 256, (24, 30, 3), dtype=np.uint8)
ROWS, COLUMNS = np.mgrid[0:24, 0:30].astype(np.uint8)
SMOOTH = np.stack([COLUMNS * 8, ROWS * 8, np.full_like(ROWS, 90)], axis=-1)


def packed(picture: Image.Image, kind: str, **options: object) -> bytes:
    stream = io.BytesIO()
    picture.save(stream, kind, **options)
    return stream.getvalue()


def grey(values: list[float], dtype: np.typing.DTypeLike, kind: str = "TIFF") -> bytes:
    return packed(Image.fromarray(np.array([values], dtype=dtype)), kind)


def palette(transparency: bytes | int | None = None) -> bytes:
    picture = Image.fromarray(np.array([[0, 1, 2]], dtype=np.uint8)).convert("P")
    picture.putpalette([255, 0, 0, 0, 255, 0, 0, 0, 255])
    return packed(picture, "PNG", **({} if transparency is None else {"transparency": transparency}))


def one(mode: str, *colours: tuple[int, ...] | int, kind: str = "PNG", **options: object) -> bytes:
    picture = Image.new(mode, (len(colours), 1))
    for x, colour in enumerate(colours):
        picture.putpixel((x, 0), colour)
    return packed(picture, kind, **options)


def chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png_header(width: int, height: int) -> bytes:
    """A small, well-formed PNG that declares any size."""
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")


def flipped_bytes(data: bytes) -> bytes:
    middle = len(data) // 2
    return data[:middle] + bytes(byte ^ 0x5A for byte in data[middle : middle + 60]) + data[middle + 60 :]


def profile(old: bytes, new: bytes, *, channels: bytes = b"RGB ", name: str = "test") -> bytes:
    """Pillow's own sRGB profile with two tags exchanged and another description, so that it is not taken for sRGB."""
    data = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    data = data.replace("sRGB".encode("utf-16-be"), name.encode("utf-16-be")).replace(b"RGB XYZ ", channels + b"XYZ ")
    return data.replace(old, b"swap").replace(new, old).replace(b"swap", new)


def with_curve_of_one(data: bytes, tag: bytes) -> bytes:
    """The profile with the curve y = x in place of sRGB's (the three colours of Pillow's profile share one curve)."""
    at = int.from_bytes(data[data.index(tag) + 4 :][:4])
    return data[:at] + b"curv" + bytes(8) + data[at + 12 :]


SWAPPED = profile(b"rXYZ", b"bXYZ")
GREY = profile(b"rTRC", b"kTRC", channels=b"GRAY")


# What can be read ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "options"),
    [("PNG", {}), ("WEBP", {"lossless": True}), ("BMP", {}), ("TIFF", {}), ("TIFF", {"compression": "tiff_lzw"})],
)
def test_lossless_formats_give_the_same_pixels(kind: str, options: dict[str, object]) -> None:
    image = decode(packed(Image.fromarray(PIXELS), kind, **options))
    assert image.dtype == np.uint8 and image.flags.writeable
    np.testing.assert_array_equal(image, PIXELS)


@pytest.mark.parametrize(
    "kind",
    ["JPEG", "MPO", pytest.param("AVIF", marks=pytest.mark.skipif(not features.check("avif"), reason="no AVIF"))],
)
def test_lossy_formats_give_nearly_the_same_pixels(kind: str) -> None:
    image = decode(packed(Image.fromarray(SMOOTH), kind, quality=95))
    assert image.shape == SMOOTH.shape
    assert np.abs(image.astype(int) - SMOOTH).mean() < 4


def test_of_an_animation_the_first_frame_is_read() -> None:
    red, blue = Image.new("RGB", (4, 3), "red"), Image.new("RGB", (4, 3), "blue")
    for kind in ("GIF", "WEBP", "TIFF", "PNG"):
        image = decode(
            packed(red, kind, save_all=True, append_images=[blue], **({"lossless": True} if kind == "WEBP" else {}))
        )
        np.testing.assert_array_equal(image, np.full((3, 4, 3), (255, 0, 0)), err_msg=kind)


MODES = {
    "1 bit": (one("1", 0, 1), [(0, 0, 0), (255, 255, 255)]),
    "grey": (one("L", 7, 200), [(7, 7, 7), (200, 200, 200)]),
    "grey with alpha": (one("LA", (0, 255), (0, 0), (100, 51)), [(0,) * 3, (255,) * 3, (224,) * 3]),
    "colour with alpha": (
        one("RGBA", (255, 0, 0, 255), (255, 0, 0, 0), (0, 100, 200, 153)),
        [(255, 0, 0), (255, 255, 255), (102, 162, 222)],  # 153 / 255 = 0.6; 0.6 c + 0.4 * 255
    ),
    "palette": (palette(), [(255, 0, 0), (0, 255, 0), (0, 0, 255)]),
    "palette, one entry clear": (palette(1), [(255, 0, 0), (255, 255, 255), (0, 0, 255)]),
    "palette with alpha": (palette(bytes([255, 51, 0])), [(255, 0, 0), (204, 255, 204), (255, 255, 255)]),
    "colour key": (one("RGB", (1, 2, 3), (4, 5, 6), transparency=(1, 2, 3)), [(255,) * 3, (4, 5, 6)]),
    "CMYK": (one("CMYK", (0, 255, 255, 0), (0, 0, 0, 255), kind="TIFF"), [(255, 0, 0), (0, 0, 0)]),
    "16 bits, PNG": (grey([0, 257, 25700, 65535], np.uint16, "PNG"), [(0,) * 3, (1,) * 3, (100,) * 3, (255,) * 3]),
    "16 bits, dark": (grey([0, 100, 255], np.uint16), [(0,) * 3, (0,) * 3, (1,) * 3]),
    "16 bits, TIFF": (grey([0, 128, 129, 65535], np.uint16), [(0,) * 3, (0,) * 3, (1,) * 3, (255,) * 3]),
    "16 bits, other end first": (grey([257, 51400], ">u2"), [(1,) * 3, (200,) * 3]),
    "32 bits up to 255": (grey([0, 9, 255], np.int32), [(0,) * 3, (9,) * 3, (255,) * 3]),
    "32 bits up to 65535": (grey([0, 2570, 65535], np.int32), [(0,) * 3, (10,) * 3, (255,) * 3]),
    "32 bits stretched": (grey([-100_000, 0, 100_000], np.int32), [(0,) * 3, (128,) * 3, (255,) * 3]),
    "float up to 1": (grey([0, 0.2, 1], np.float32), [(0,) * 3, (51,) * 3, (255,) * 3]),
    "float up to 255": (grey([0, 30.4, 200], np.float32), [(0,) * 3, (30,) * 3, (200,) * 3]),
    "float stretched": (grey([-1, 1, 4], np.float32), [(0,) * 3, (102,) * 3, (255,) * 3]),
    "float, not numbers": (
        grey([np.nan, 0, 1, np.inf, -np.inf], np.float32),
        [(0,) * 3, (0,) * 3, (255,) * 3, (255,) * 3, (0,) * 3],
    ),
    "float, one value": (grey([-3, -3], np.float32), [(0,) * 3, (0,) * 3]),
}


@pytest.mark.parametrize("mode", MODES)
def test_every_mode_gives_the_colours_that_a_person_sees(mode: str) -> None:
    data, expected = MODES[mode]
    np.testing.assert_array_equal(decode(data), np.array([expected]))


def test_lab_is_converted() -> None:
    """Neutral a and b are stored as 128; L runs from 0 (black) to 255 (white)."""
    image = decode(one("LAB", (0, 128, 128), (255, 128, 128), kind="TIFF"))
    np.testing.assert_allclose(image.astype(int), [[(0, 0, 0), (255, 255, 255)]], atol=1)


def test_cmyk_jpeg_is_not_inverted() -> None:
    data = packed(Image.new("CMYK", (16, 16), (0, 255, 255, 0)), "JPEG", quality=95)
    assert b"Adobe" in data
    np.testing.assert_allclose(decode(data), np.full((16, 16, 3), (255.0, 0.0, 0.0)), atol=3)


# A stored image that shows STORED must, turned by each tag, show UPRIGHT (EXIF 2.32, tag 0x0112: where row 0 and
# column 0 of the stored image lie). STORED[orientation] is written out by hand for UPRIGHT = [[1, 2, 3], [4, 5, 6]].
UPRIGHT = [[1, 2, 3], [4, 5, 6]]
STORED = {
    1: [[1, 2, 3], [4, 5, 6]],
    2: [[3, 2, 1], [6, 5, 4]],
    3: [[6, 5, 4], [3, 2, 1]],
    4: [[4, 5, 6], [1, 2, 3]],
    5: [[1, 4], [2, 5], [3, 6]],
    6: [[3, 6], [2, 5], [1, 4]],
    7: [[6, 3], [5, 2], [4, 1]],
    8: [[4, 1], [5, 2], [6, 3]],
}


@pytest.mark.parametrize("kind", ["PNG", "WEBP", "TIFF", "JPEG"])
@pytest.mark.parametrize("orientation", STORED)
def test_orientation_is_applied_once(kind: str, orientation: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    blocks = np.kron(np.array(STORED[orientation]) * 40, np.ones((16, 16))).astype(np.uint8)
    options = {"lossless": True} if kind == "WEBP" else {"quality": 95} if kind == "JPEG" else {}
    image = decode(packed(Image.fromarray(np.stack([blocks] * 3, -1)), kind, exif=exif, **options))
    np.testing.assert_allclose(image[8::16, 8::16, 0], np.array(UPRIGHT) * 40, atol=3)


@pytest.mark.filterwarnings("ignore:Corrupt EXIF")
@pytest.mark.parametrize("tag", [b"Exif\0\0nonsense", b"Exif\0\0II*\0\xff\xff\xff\xff", b""])
def test_broken_exif_leaves_the_picture_as_it_is(tag: bytes) -> None:
    np.testing.assert_array_equal(decode(packed(Image.fromarray(PIXELS), "PNG", exif=tag)), PIXELS)


def test_a_colour_profile_is_converted_to_srgb() -> None:
    """The profile says that "red" is sRGB's blue and the reverse, so the channels change places."""
    for mode in ("RGB", "RGBA"):
        image = decode(packed(Image.fromarray(PIXELS).convert(mode), "PNG", icc_profile=SWAPPED))
        np.testing.assert_allclose(image.astype(int), PIXELS[..., ::-1], atol=2)
    shown = decode(one("RGBA", (200, 0, 0, 153), icc_profile=SWAPPED))
    np.testing.assert_allclose(shown.astype(int), [[(102, 102, 222)]], atol=2)


def test_the_profile_of_a_grey_picture_is_applied() -> None:
    """A profile with sRGB's own curve changes nothing; one with the curve y = x brightens as sRGB's inverse does."""
    np.testing.assert_allclose(decode(one("L", 0, 60, 255, icc_profile=GREY))[0, :, 0], [0, 60, 255], atol=1)
    expected = [0, round(255 * (1.055 * (60 / 255) ** (1 / 2.4) - 0.055)), 255]
    for linear in (with_curve_of_one(GREY, b"kTRC"), with_curve_of_one(SWAPPED, b"rTRC")):
        np.testing.assert_allclose(decode(one("L", 0, 60, 255, icc_profile=linear))[0, :, 0], expected, atol=1)


@pytest.mark.parametrize(
    "broken",
    [
        b"nonsense",
        SWAPPED[:200],
        SWAPPED[:128] + bytes(len(SWAPPED) - 128),
        GREY,
    ],
    ids=["nonsense", "cut off", "no tags", "for grey"],
)
def test_a_profile_that_cannot_be_used_is_ignored(broken: bytes) -> None:
    np.testing.assert_array_equal(decode(packed(Image.fromarray(PIXELS), "PNG", icc_profile=broken)), PIXELS)


def test_a_profile_that_calls_itself_srgb_changes_no_pixel() -> None:
    named = profile(b"rXYZ", b"bXYZ", name="sRGB")
    np.testing.assert_array_equal(decode(packed(Image.fromarray(PIXELS), "PNG", icc_profile=named)), PIXELS)


def test_threads_do_not_disturb_each_other() -> None:
    files = [data for data, _ in MODES.values()] * 8
    expected = [colours for _, colours in MODES.values()] * 8
    with ThreadPoolExecutor(8) as pool:
        for image, colours in zip(pool.map(decode, files), expected, strict=True):
            np.testing.assert_array_equal(image, np.array([colours]))


# What cannot be read -------------------------------------------------------------------------------------------------

PICTURE = Image.fromarray(PIXELS)
BAD = {
    "empty": (b"", "is empty (0 bytes)"),
    "text": (b"Dear diary, this is not a picture.", "is not a picture"),
    "PDF": (b"%PDF-1.7\n" + bytes(200), "is not a picture"),
    "icon, a format that is not allowed": (packed(PICTURE, "ICO", sizes=[(16, 16)]), "is an icon file"),
    "HEIC": (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(100), "export it as JPEG"),
    "HEIF": (b"\0\0\0\x18ftypmif1\0\0\0\0mif1heic" + bytes(100), "export it as JPEG"),
    **{
        f"cut {kind}": (packed(PICTURE, kind)[:-300], "is cut off")
        for kind in ("JPEG", "PNG", "WEBP", "BMP", "GIF", "TIFF")
    },
    "JPEG signature only": (packed(PICTURE, "JPEG")[:20], "is damaged"),
    "damaged PNG": (flipped_bytes(packed(PICTURE, "PNG")), "is damaged"),
    "damaged GIF": (flipped_bytes(packed(PICTURE, "GIF")), "is damaged"),
    "PNG signature only": (b"\x89PNG\r\n\x1a\n" + bytes(40), "is damaged"),
    "TIFF with its directory cut off": (packed(PICTURE, "TIFF", compression="tiff_lzw")[:100], "is damaged"),
    "PNG without pixels": (png_header(0, 24), "has no pixels (0 x 24)"),
    "BMP without pixels": (packed(PICTURE, "BMP")[:22] + bytes(804), "has no pixels (30 x 0)"),
    "GIF without pixels": (b"GIF89a" + bytes(7) + b"," + bytes(9) + b"\2\0;", "has no pixels (0 x 0)"),
    "many pixels": (png_header(9_000, 9_000), "more than the 80 megapixels"),
    "more than Pillow warns of": (png_header(10_000, 10_000), "more than the 80 megapixels"),
    "more than Pillow opens": (png_header(60_000, 60_000), "more than the 80 megapixels"),
    "many bytes": (packed(PICTURE, "PNG") + bytes(images.MAX_BYTES), "more than the 50 MB"),
}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("case", BAD)
def test_a_bad_file_gives_one_sentence_that_starts_with_its_name(case: str) -> None:
    data, fragment = BAD[case]
    with pytest.raises(ImageError) as caught:
        decode(data, "cat/photo 1.jpg")
    text = str(caught.value)
    assert text.startswith("cat/photo 1.jpg ")
    assert fragment in text
    assert text.endswith(".") and ". " not in text and "\n" not in text


@pytest.mark.filterwarnings("error")
def test_where_warnings_are_errors_the_sentence_is_the_same() -> None:
    with pytest.raises(ImageError, match="80 megapixels"):
        decode(png_header(10_000, 10_000))


def test_exactly_the_limit_is_allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    data = packed(PICTURE, "PNG")
    monkeypatch.setattr(images, "MAX_PIXELS", 24 * 30)
    monkeypatch.setattr(images, "MAX_BYTES", len(data))
    assert decode(data).shape == (24, 30, 3)
    monkeypatch.setattr(images, "MAX_PIXELS", 24 * 30 - 1)
    with pytest.raises(ImageError, match="megapixels"):
        decode(data)
    monkeypatch.setattr(images, "MAX_BYTES", len(data) - 1)
    with pytest.raises(ImageError, match="MB"):
        decode(data)


@pytest.mark.filterwarnings("ignore")
def test_random_damage_never_gives_another_error() -> None:
    generator = np.random.default_rng(1)
    seeds = [data for data, _ in MODES.values()] + [
        packed(PICTURE, kind) for kind in ("JPEG", "WEBP", "GIF", "BMP", "TIFF")
    ]
    outcomes = set()
    for _ in range(400):
        data = bytearray(seeds[generator.integers(len(seeds))])
        for _ in range(generator.integers(1, 8)):
            data[generator.integers(len(data))] = generator.integers(256)
        try:
            image = decode(bytes(data))
            assert image.dtype == np.uint8 and image.ndim == 3 and image.shape[2] == 3
            outcomes.add("read")
        except ImageError:
            outcomes.add("refused")
    assert outcomes == {"read", "refused"}


# What is written -----------------------------------------------------------------------------------------------------


def test_png_keeps_every_pixel() -> None:
    data = encode_png(PIXELS)
    assert data.startswith(b"\x89PNG")
    np.testing.assert_array_equal(decode(data), PIXELS)


@pytest.mark.parametrize(
    ("shape", "expected"), [((100, 50), (20, 10)), ((50, 100), (10, 20)), ((8, 12), (8, 12)), ((2000, 1), (20, 1))]
)
def test_a_thumbnail_keeps_the_proportions(shape: tuple[int, int], expected: tuple[int, int]) -> None:
    image = np.full((*shape, 3), (10, 200, 30), dtype=np.uint8)
    small = thumbnail(image, 20)
    assert small.shape == (*expected, 3)
    np.testing.assert_array_equal(small, np.full((*expected, 3), (10, 200, 30)))


def test_a_large_jpeg_may_come_at_a_fraction_of_its_size() -> None:
    stream = io.BytesIO()
    Image.linear_gradient("L").resize((1200, 800)).convert("RGB").save(stream, "JPEG", quality=95)
    whole, reduced = decode(stream.getvalue()), decode(stream.getvalue(), least=300)
    assert (whole.shape, reduced.shape) == ((800, 1200, 3), (400, 600, 3))
    assert np.abs(thumbnail(whole, 600).astype(float) - reduced).mean() < 1
    assert decode(stream.getvalue(), least=900).shape == (800, 1200, 3)
    with pytest.raises(ImageError, match="cut off"):
        decode(stream.getvalue()[:-400], least=300)


@pytest.mark.parametrize("shape", [(5, 9), (1, 1)])
def test_masks_come_back_as_they_were(shape: tuple[int, int]) -> None:
    mask = np.arange(shape[0] * shape[1]).reshape(shape) % 3 == 0
    data = encode_png(mask)
    np.testing.assert_array_equal(decode_mask(data), mask)
    np.testing.assert_array_equal(decode(data), np.where(mask, 255, 0)[..., None].repeat(3, axis=2))
