"""Runs for the Training page: real ones, on a few drawn pictures (waves) under the class names of CIFAR-FS."""

import io
import os
import subprocess
import sys
import time
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from PIL import Image

from benchmarks.browser import ROOT
from fsl_core.data.datasets import class_split
from fsl_core.train.control import stop
from fsl_core.train.runs import look

PICTURES = {"train": 10, "val": 20}  # of each class
SIDE = 32  # pixels
RECIPES = {"waves_ce": "cpu_cifar_fs_conv4", "waves_gc": "cpu_cifar_fs_conv4_gc"}  # by the name of the run


def draw_data(folder: Path) -> Path:
    """A zip in which each class is one pattern of waves in one colour, with noise."""
    path, generator = folder / "waves.zip", np.random.default_rng(0)
    y, x = np.mgrid[:SIDE, :SIDE]
    with zipfile.ZipFile(path, "w") as packed:
        for split, count in PICTURES.items():
            for name in class_split("cifar_fs", split) or ():
                colour, (right, down) = generator.uniform(90, 160, 3), generator.uniform(0.2, 1.5, 2)
                for index in range(count):
                    waves = np.sin(right * x + down * y + generator.uniform(0, 2 * np.pi))[..., None]
                    noise = generator.normal(0, 25, 3) + generator.normal(0, 45, (SIDE, SIDE, 3))
                    file = io.BytesIO()
                    Image.fromarray(np.clip(colour + 45 * waves + noise, 0, 255).astype(np.uint8)).save(file, "png")
                    packed.writestr(f"{name}/{index}.png", file.getvalue())
    return path


def train(runs: Path, name: str, epochs: int) -> subprocess.Popen[bytes]:
    """Start the run of this name in a folder of runs, by the command line."""
    runs.mkdir(parents=True, exist_ok=True)
    data = runs.parent / "waves.zip"
    source = data if data.exists() else draw_data(runs.parent)
    words = [f"--recipe={RECIPES[name]}", "--init=", "--dataset=folder", f"--data={source}", f"--epochs={epochs}"]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "fsl_core.train", *words, f"--output={runs / name}"]
    return subprocess.Popen(command, cwd=runs.parent, env=environment, stderr=subprocess.DEVNULL)


@contextmanager
def one_done_one_under_way(home: Path, epochs: int) -> Iterator[None]:
    """Two runs in the folder of runs of an app whose working folder is `home`; at the end the second is stopped."""
    first, second = RECIPES
    train(home / "runs", first, epochs).wait()
    under_way = train(home / "runs", second, 20 * epochs)
    try:
        while under_way.poll() is None and len(look(home / "runs" / second).curves.epoch) < epochs // 2:
            time.sleep(0.5)
        yield
    finally:
        stop(home / "runs" / second)
        under_way.wait(60)
