"""A small data set; and Ctrl-C as in a terminal, also where the shell that runs the tests has it ignored."""

import signal
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image


@pytest.fixture(autouse=True)
def _interrupts_arrive() -> Iterator[None]:
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture(scope="session")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Five classes of 24 noisy images, told apart by their colour."""
    folder = tmp_path_factory.mktemp("colours")
    generator = np.random.default_rng(0)
    for name, colour in {
        "blue": (0, 0, 200),
        "green": (0, 160, 0),
        "grey": (90, 90, 90),
        "red": (200, 0, 0),
        "sand": (220, 200, 120),
    }.items():
        (folder / name).mkdir()
        for index in range(24):
            pixels = np.clip(generator.normal(colour, 40, (32, 32, 3)), 0, 255).astype(np.uint8)
            Image.fromarray(pixels).save(folder / name / f"{index}.png")
    return folder
