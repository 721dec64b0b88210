"""Bytes of a picture file -> sRGB uint8 `[height, width, 3]`, upright, within limits; and back to PNG.

No state is kept: every function may run in many threads at once. What Pillow would warn of on the console is either
harmless (a damaged EXIF tag) or becomes an error here (too many pixels), so these warnings are switched off.
"""

import io
import struct
import warnings

import numpy as np
from jaxtyping import Bool, UInt8
from PIL import ExifTags, Image, ImageCms, UnidentifiedImageError, features

from fsl_core.errors import ImageError, called
from fsl_core.foreign import what_it_is

MAX_BYTES = 50_000_000
MAX_PIXELS = 80_000_000

# For the whole process and not around each call: `warnings.catch_warnings` is not safe with threads.
for category in (UserWarning, Image.DecompressionBombWarning):
    warnings.filterwarnings("ignore", category=category, module=r"PIL\.")

READS_AVIF = bool(features.check("avif"))
FORMATS = ("JPEG", "PNG", "WEBP", "BMP", "GIF", "TIFF", *(["AVIF"] if READS_AVIF else []))
SIGNATURES = (b"\xff\xd8\xff", b"\x89PNG", b"GIF8", b"BM", b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
SIZE_FIELDS = {b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR": (">II", 16), b"GIF8": ("<HH", 6), b"BM": ("<ii", 18)}

UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}

# What Pillow's readers raise on bytes that are not what they claim to be.
BROKEN = (
    OSError,
    SyntaxError,
    ValueError,
    TypeError,
    LookupError,
    ArithmeticError,
    AttributeError,
    EOFError,
    MemoryError,
    RuntimeError,
    struct.error,
    UserWarning,
)


def decode(data: bytes, name: str = "the file", least: int | None = None) -> UInt8[np.ndarray, "height width 3"]:
    """The pixels of a JPEG, PNG, WebP, BMP, GIF (first frame), TIFF or AVIF file, as a person would see them.

    The EXIF orientation is applied, an embedded colour profile is converted to sRGB, transparency is laid over white.
    16-bit grey is divided by 257. Grey of 32 bits (integer or float) has no fixed white: white is the smallest of
    1 (float only), 255 and 65535 that holds all values; where none does, the range of the values is stretched.

    Args:
        name: how to call the file in an error; every error starts with it, as `errors.called` shows it.
        least: a JPEG may come at a half, a quarter or an eighth of its size, which is several times faster, as long as
            no side has fewer pixels than this.

    Raises:
        ImageError: the file is empty, no picture or one of a kind that cannot be read (HEIC, RAW, SVG, ...), cut off,
            damaged, without pixels, above `MAX_BYTES` bytes or above `MAX_PIXELS` pixels (known from the header,
            before any pixel is decoded).
    """
    name = called(name)
    if not data:
        raise ImageError(f"{name} is empty (0 bytes); copy or download it again.")
    if len(data) > MAX_BYTES:
        limit = MAX_BYTES / 1e6
        raise ImageError(f"{name} has more than the {limit:g} MB that a picture may have; save it as a smaller JPEG.")
    image = _open(data, name)
    try:
        if least is not None:
            image.draft(image.mode, (least, least))
        image.load()
    except BROKEN as error:
        raise ImageError(_damage(data, name, error)) from error
    return np.array(_to_srgb(_turn_upright(image)))


def thumbnail(image: UInt8[np.ndarray, "height width 3"], size: int) -> UInt8[np.ndarray, "_ _ 3"]:
    """The image with its longest side reduced to `size` pixels; a smaller image stays as it is."""
    picture = Image.fromarray(image)
    picture.thumbnail((size, size))
    return np.array(picture)


def encode_jpeg(image: UInt8[np.ndarray, "height width 3"]) -> bytes:
    """A JPEG file for the screen, without colour subsampling."""
    stream = io.BytesIO()
    Image.fromarray(image).save(stream, "JPEG", quality=90, subsampling=0)
    return stream.getvalue()


def encode_png(image: UInt8[np.ndarray, "height width 3"] | Bool[np.ndarray, "height width"]) -> bytes:
    """A PNG file that `decode` turns into the same pixels; of a mask, black and white ones (`decode_mask`)."""
    stream = io.BytesIO()
    Image.fromarray(image).save(stream, "PNG", compress_level=1)
    return stream.getvalue()


def decode_mask(data: bytes, name: str = "the mask") -> Bool[np.ndarray, "height width"]:
    """The mask that `encode_png` wrote; of another picture, its pixels with at least half of the red.

    Raises:
        ImageError: as `decode`.
    """
    mask: Bool[np.ndarray, "height width"] = decode(data, name)[..., 0] > 127
    return mask


def _open(data: bytes, name: str) -> Image.Image:
    """The picture with its header read and its size found allowed, no pixel decoded yet."""
    if foreign := what_it_is(data, READS_AVIF):
        raise ImageError(f"{name} {foreign}")
    try:
        image = Image.open(io.BytesIO(data), formats=FORMATS)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise ImageError(_too_large(name)) from error
    except UnidentifiedImageError as error:
        if data.startswith(SIGNATURES) or data[8:12] in (b"WEBP", b"avif", b"avis"):
            raise ImageError(_damage(data, name, error)) from error
        raise ImageError(
            f"{name} is not a picture that can be read here; use a JPEG, PNG, WebP, BMP, GIF or TIFF file."
        ) from error
    except BROKEN as error:
        raise ImageError(_damage(data, name, error)) from error
    if image.width * image.height > MAX_PIXELS:
        raise ImageError(_too_large(name))
    return image


def _too_large(name: str) -> str:
    return f"{name} has more than the {MAX_PIXELS / 1e6:g} megapixels that a picture may have; scale it down first."


def _damage(data: bytes, name: str, error: BaseException) -> str:
    """The sentence for a file that looks like a picture but cannot be decoded."""
    for signature, (numbers, at) in SIZE_FIELDS.items():
        if data.startswith(signature) and len(data) >= at + 8:
            width, height = struct.unpack_from(numbers, data, at)
            if not width or not height:
                return f"{name} has no pixels ({width} x {height}); open it in a picture viewer and save it again."
    short_webp = data[8:12] == b"WEBP" and len(data) < 8 + int.from_bytes(data[4:8], "little")
    if short_webp or "truncated" in str(error).lower():
        return f"{name} is cut off before the end of the picture; copy or download it again."
    return f"{name} is damaged and cannot be decoded; copy it again, or save it again as JPEG or PNG."


def _turn_upright(image: Image.Image) -> Image.Image:
    try:
        orientation = image.getexif().get(ExifTags.Base.Orientation)
    except BROKEN:  # unreadable EXIF says nothing about the orientation
        return image
    return image.transpose(UPRIGHT[orientation]) if orientation in UPRIGHT else image


def _to_srgb(image: Image.Image) -> Image.Image:
    """Any mode of Pillow -> RGB."""
    profile = image.info.get("icc_profile")
    if image.mode.startswith(("I", "F")):
        return _eight_bits(image).convert("RGB")
    if not image.has_transparency_data:
        return _convert_profile(image, profile)
    image = image.convert("RGBA")
    colours = _convert_profile(image.convert("RGB"), profile)
    colours.putalpha(image.getchannel("A"))
    return Image.alpha_composite(Image.new("RGBA", image.size, "white"), colours).convert("RGB")


def _eight_bits(image: Image.Image) -> Image.Image:
    """Grey of 16 or 32 bits, scaled as `decode` says; what is not a number becomes the smallest value."""
    values = np.asarray(image).astype(np.float32)
    finite = values[np.isfinite(values)]
    low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 0.0)
    whites = (65535,) if image.mode.startswith("I;16") else (255, 65535) if image.mode == "I" else (1, 255, 65535)
    white = next((white for white in whites if low >= 0 and high <= white), None)
    black, span = (low, high - low or 1.0) if white is None else (0.0, float(white))
    values = np.nan_to_num(values, nan=low, posinf=high, neginf=low)
    return Image.fromarray(np.rint((values - black) / span * 255).astype(np.uint8))


def _convert_profile(image: Image.Image, profile: bytes | None) -> Image.Image:
    """RGB in sRGB, from a picture without transparency; a profile that is broken or for other channels is ignored."""
    if image.mode not in ("L", "CMYK"):
        image = image.convert("RGB")
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile or b""))
        if image.mode == "L" and source.profile.xcolor_space.strip() == "RGB":
            image = image.convert("RGB")
        if "sRGB" not in (source.profile.profile_description or ""):
            return ImageCms.ImageCmsTransform(source, srgb, image.mode, "RGB").apply(image)
    except (OSError, TypeError, ValueError):
        pass
    return image.convert("RGB")
