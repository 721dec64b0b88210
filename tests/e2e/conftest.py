"""The app in a real browser; skipped where there is no Chromium."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from benchmarks.browser import browser, chromium, running_app
from fsl_core.data.synthetic import render_scene
from tests.conftest import SHARED


@pytest.fixture(scope="session")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of the running app."""
    if chromium() is None:
        pytest.skip("needs Chromium: sudo apt install chromium")
    with running_app(tmp_path_factory.mktemp("home")) as server:
        yield server.address


@pytest.fixture(scope="session")
def opened(address: str) -> Iterator[Browser]:
    """One browser for all tests."""
    expect.set_options(timeout=30_000)  # a busy computer is no defect
    with browser() as found:
        yield found


@pytest.fixture
def page(opened: Browser) -> Iterator[Page]:
    """A page of a session of its own; an error in the page's console fails the test."""
    errors: list[str] = []
    context = opened.new_context(viewport={"width": 1440, "height": 900}, accept_downloads=True)
    found = context.new_page()
    found.set_default_timeout(180_000)
    found.on("pageerror", lambda error: errors.append(str(error)))
    yield found
    context.close()
    assert not errors


@pytest.fixture(scope="session")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folders cat, car and fish with three JPEG files each: real photographs where they are at hand, else scenes."""
    folder = tmp_path_factory.mktemp("photos")
    for row, name in enumerate(("car", "cat", "fish")):
        (folder / name).mkdir()
        real = sorted((SHARED / "photos" / name).glob("*.jpg"))[:3]
        for index in range(3):
            path = folder / name / f"{name} {index}.jpg"
            if real:
                path.write_bytes(real[index].read_bytes())
            else:
                scene = render_scene(name, np.random.default_rng([row, index]), 160)
                Image.fromarray(scene.image).save(path, quality=90)
    return folder
