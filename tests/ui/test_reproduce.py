"""The command line in the box gives the app's own answers."""

import json
import shlex
import subprocess
import sys
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from fsl_core.classifiers import CLASSIFIERS
from fsl_core.classify import main
from fsl_core.errors import OptionError, WeightsError
from fsl_core.images import encode_png
from fsl_core.manifest import read_manifest
from fsl_core.types import params
from fsl_core.ui.bundle import pack_episode
from fsl_core.ui.engine import Engine
from fsl_core.ui.jobs import Ticket
from fsl_core.ui.pieces import ImageClass, Query, Settings
from fsl_core.ui.project import Project
from fsl_core.ui.reproduce import command, facts, versions
from fsl_core.ui.store import Store

ROOT = Path(__file__).parents[2]
QUIET = Ticket(lambda fraction, phase: None)


@pytest.fixture
def work(small_backbone: str) -> tuple[Store, Project]:
    """Three classes of two wide pictures and one query of each; no two files share a name."""
    generator = np.random.default_rng(3)
    store, project = Store.create()

    def picture(name: str) -> bytes:
        return store.add(encode_png(generator.integers(0, 256, (40, 64, 3), dtype=np.uint8)), name)

    names = ("zebra", "<b>ant's</b>", "鳥 / bird")
    classes = tuple(
        ImageClass(f"c{row}", name, (picture(f"a{row}.png"), picture(f"b{row}.png"))) for row, name in enumerate(names)
    )
    queries = tuple(Query(picture(f"q{row}.png"), f"c{row}" if row else None) for row in range(3))
    return store, replace(project, classes=classes, queries=queries)


def on_command_line(project: Project, store: Store, folder: Path, capsys: pytest.CaptureFixture[str]) -> dict:
    """What the command prints about the saved episode."""
    words = shlex.split(command(project, read_manifest()))
    assert words[:4] == ["python", "-m", "fsl_core.classify", "episode.zip"]
    (folder / "episode.zip").write_bytes(pack_episode(project, store))
    assert main([str(folder / "episode.zip"), *words[4:]]) == 0
    return json.loads(capsys.readouterr().out)


def with_options(project: Project, classifier: str, **options: object) -> Project:
    settings = replace(project.settings, classifier=classifier, options={classifier: options})
    return replace(project, settings=settings)


CHANGES = {
    "as it comes": lambda project: project,
    "letterbox": lambda project: replace(project, settings=replace(project.settings, fit="letterbox")),
    "grid": lambda project: replace(project, settings=replace(project.settings, regions="grid:1,2:1.5")),
    "random patches": lambda project: replace(project, settings=replace(project.settings, regions="sampling:5:3")),
    "options": lambda project: with_options(project, "deepemd", temperature=2.25, centre=False),
    "text option": lambda project: with_options(project, "deepemd", metric="l2"),
    "text option with a comma": lambda project: with_options(project, "deepemd", pyramid="2,3"),
    "whole-number option": lambda project: with_options(project, "nearest_neighbour", k=2),
    "device": lambda project: replace(project, settings=replace(project.settings, device="cpu")),
    "class off": lambda project: project.with_switched("c1"),
    "picture off": lambda project: project.with_switched("c2", project.classes[2].pictures[0].id),
}


@pytest.mark.parametrize("name", CHANGES)
def test_the_command_gives_the_apps_answers(
    name: str, work: tuple[Store, Project], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    store, before = work
    project = CHANGES[name](before)
    answer = Engine().classify(QUIET, store, project.in_use, "tiny", "key")
    plain = Engine().classify(QUIET, store, before.in_use, "tiny", "key")
    differs = not np.allclose(sorted(map(max, answer.probabilities)), sorted(map(max, plain.probabilities)), atol=1e-4)
    assert differs == (name not in ("as it comes", "device")), "the change must matter, or this proves nothing"

    found = on_command_line(project, store, tmp_path, capsys)
    assert (found["classifier"], found["backbone"]) == (answer.classifier, "tiny")
    assert set(found["classes"]) == set(answer.class_names)
    by_name = {row["image"].rpartition("/")[2]: row for row in found["predictions"]}
    assert sorted(by_name) == ["q0.png", "q1.png", "q2.png"]
    for query, row in zip(project.queries, answer.probabilities, strict=True):
        theirs = by_name[query.picture.name]
        assert theirs["label"] == answer.said(query.id)
        for class_name, probability in zip(answer.class_names, row, strict=True):
            assert theirs["probabilities"][class_name] == pytest.approx(probability, abs=1e-5)


def test_the_command_survives_a_shell() -> None:
    settings = Settings(
        backbone="tiny", classifier="a b; echo 'no' $(no)", options={"a b; echo 'no' $(no)": {"x": '`no` "!\n'}}
    )
    text = command(Project("id", settings=settings), {"tiny": next(iter(read_manifest().values()))})
    said = subprocess.run(["sh", "-c", f"printf '%s\\0' {text}"], capture_output=True, text=True, check=True).stdout
    assert said.split("\0")[:-1] == shlex.split(text)
    assert settings.classifier in said.split("\0") and 'x=`no` "!\n' in said.split("\0")


def test_the_default_backbone_and_a_lost_one_are_named(small_backbone: str) -> None:
    for name in ("", "gone"):
        assert "--backbone tiny " in command(Project("id", settings=Settings(backbone=name)), read_manifest())


def test_facts_name_all_that_matters(small_backbone: str) -> None:
    card = read_manifest()["tiny"]
    settings = Settings(seed=41, fit="letterbox", device="cpu").with_option("deepemd", "temperature", 4.0)
    found = facts(Project("id", settings=settings), card, date(2026, 3, 4))
    assert found["Seed"] == "41"
    assert found["Backbone"] == "tiny title (tiny)"
    assert found["Weights"] == "weights/tiny.safetensors"
    assert found["SHA-256 of the weights"] == card.sha256
    assert found["Pictures"] == "the whole picture, between borders, at 32 × 32 pixels"
    patches = facts(Project("id", settings=replace(settings, regions="sampling:5:3")), card)
    assert patches["Pictures"] == "patches of the whole picture (sampling:5:3), at 32 × 32 pixels"
    assert (found["Classifier"], patches["Classifier"]) == ("DeepEMD (FCN) (deepemd)", "DeepEMD-Sampling (deepemd)")
    assert found["Colours (R, G, B)"].startswith("mean 0.4802, 0.4481, 0.3975; standard deviation 0.277,")
    assert found["Device"] == "CPU"
    assert found["Date"] == "2026-03-04"
    assert "temperature = 4.0 (default 12.5)" in found["Options"]
    assert "centre = true;" in f"{found['Options']};"
    for name in params(CLASSIFIERS["deepemd"]):
        assert f"{name} = " in found["Options"]
    ours = ("torch ", "torchvision ", "streamlit ", "numpy ", "numba ", "OpenCV ", "Few-Shot Lens 0.")
    for name in ("Python 3.", *ours):
        assert name in found["Versions"]
    assert f"numpy {np.__version__}" in found["Versions"]
    assert "not installed" not in found["Versions"]


def test_what_is_gone_is_one_sentence(small_backbone: str) -> None:
    card = read_manifest()["tiny"]
    card.path.write_bytes(b"damaged")
    with pytest.raises(WeightsError, match=r"weights tiny\.safetensors are missing or damaged"):
        facts(Project("id"), card)
    with pytest.raises(OptionError, match="no classifier"):
        facts(Project("id", settings=Settings(classifier="magic")), card)


def test_versions_are_known_without_importing_torch() -> None:
    look = "print(reproduce.versions()['torch']); sys.exit('torch' in sys.modules)"
    code = f"import sys; from fsl_core.ui import reproduce; {look}"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.strip()) == (0, versions()["torch"])
