"""`fsl_core.foreign`: known by their content; what only resembles a stranger stays a picture."""

import io
import struct

import numpy as np
import pytest
from PIL import Image

from fsl_core.foreign import HEIC, PAGE, RAW, SVG, VIDEO, WEB_PAGE, what_it_is


def tiff(order: str, *tags: tuple[int, int, int]) -> bytes:
    """A TIFF header and a first directory of tags, each (number, kind, value)."""
    head = b"II*\0" if order == "<" else b"MM\0*"
    rows = b"".join(
        struct.pack(f"{order}HHI", tag, kind, 1) + struct.pack(f"{order}{'HH' if kind == 3 else 'I'}", *value)
        for tag, kind, number in tags
        for value in [(number, 0) if kind == 3 else (number,)]
    )
    return head + struct.pack(f"{order}IH", 8, len(tags)) + rows + bytes(4)


@pytest.mark.parametrize("order", "<>")
def test_camera_files_are_told_from_tiff_pictures(order: str) -> None:
    assert what_it_is(tiff(order, (254, 4, 1), (330, 4, 99))) == RAW
    assert what_it_is(tiff(order, (262, 3, 32803))) == RAW
    assert what_it_is(tiff(order, (50706, 4, 1))) == RAW
    assert what_it_is(tiff(order, (254, 4, 0), (330, 4, 99))) is None  # a pyramid: the smaller ones are the others
    assert what_it_is(tiff(order, (254, 4, 1))) is None
    assert what_it_is(tiff(order, (262, 3, 1))) is None
    assert what_it_is(tiff(order, (254, 4, 1), (330, 4, 99))[:30]) is None


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "AVIF"])
def test_pictures_are_no_strangers(kind: str) -> None:
    stream = io.BytesIO()
    Image.fromarray(np.zeros((20, 20, 3), np.uint8)).save(stream, kind)
    assert what_it_is(stream.getvalue()) is None


def test_brands_beyond_the_first_count() -> None:
    def box(*brands: bytes) -> bytes:
        body = b"ftyp" + brands[0] + bytes(4) + b"".join(brands[1:])
        return struct.pack(">I", len(body) + 4) + body + b"heicavif"

    assert what_it_is(box(b"mif1", b"heic")) == HEIC
    assert what_it_is(box(b"abcd", b"heix")) == HEIC
    assert what_it_is(box(b"mif1", b"avif")) is None
    assert "AVIF" in str(what_it_is(box(b"mif1", b"avif"), reads_avif=False))
    assert what_it_is(box(b"isom", b"mp42")) == VIDEO


def test_markup() -> None:
    assert what_it_is(b'\xef\xbb\xbf<?xml version="1.0"?>\n<!DOCTYPE svg PUBLIC "x">\n<svg width="1">') == SVG
    assert what_it_is(b"<svg:svg xmlns:svg='x'>") == SVG
    assert what_it_is(b"  <!-- saved --><!DOCTYPE html><p>an <svg> inside</p>") == WEB_PAGE
    assert what_it_is(b"a text about <svg> and <html>") is None
    assert PAGE.match(b"<header>") is None


def test_unknown_bytes_are_left_to_the_decoder() -> None:
    for data in (b"", b"P", b"hello", bytes(100), b"RIFF\0\0\0\0WAVE"):
        assert what_it_is(data) is None
