"""The command line on scenes with masks and on data without; its errors."""

import json
import math
from collections.abc import Iterator
from dataclasses import replace
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest
import torch

from fsl_core.backbones import build, save_weights
from fsl_core.data import ImageDataset
from fsl_core.data.datasets import SyntheticScenes
from fsl_core.data.transforms import InputSpec
from fsl_core.explain import Question, attribute, survey
from fsl_core.explain.survey import Estimate
from fsl_core.records import Saliency
from tests.explain.tiny import pictures

command = import_module("fsl_core.explain.__main__")
QUICK = (
    "--way",
    "2",
    "--option",
    "pairs=2",
    "--option",
    "path_steps=4",
    "--option",
    "window=50",
    "--option",
    "stride=50",
)


class Blocks(ImageDataset):
    def __init__(self) -> None:
        self.class_names = ("a", "b", "c")
        self.labels = np.arange(12) % 3

    def image(self, index: int) -> np.ndarray:
        return pictures(1, 20, seed=int(index))[0]

    def image_name(self, index: int) -> str:
        return f"{index}.png"


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("weights") / "random.safetensors"
    torch.manual_seed(0)
    save_weights(path, build("conv4", {"width": 8}), "conv4", {"width": 8}, InputSpec(size=28))
    return path


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> Iterator[list]:
    asked: list = []

    def open_dataset(name: str, data: str | None, split: str) -> ImageDataset:
        asked.append((name, data, split))
        return SyntheticScenes(per_class=3, size=32) if name == "synthetic" else Blocks()

    monkeypatch.setattr(command, "open_dataset", open_dataset)
    return asked


def run(weights: Path, *flags: str) -> int:
    return command.main(["--backbone", str(weights), "--device", "cpu", *QUICK, *flags])


def test_all_methods_on_scenes_in_a_table(weights: Path, opened: list, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(weights, "--episodes", "2") == 0
    head, known, titles, *rows = capsys.readouterr().out.splitlines()
    assert opened == [("synthetic", None, "test")]
    assert "synthetic (test)" in head and "2-way 1-shot, 2 episodes of 1 pictures per class, against none" in head
    assert known.startswith("random orders: ") and "; the object covers " in known
    assert [row.split()[0] for row in rows] == [
        "grad_cam", "guided_grad_cam", "integrated_gradients", "occlusion", "contributions", "weights",
    ]  # fmt: skip
    for title in ("deletion", "insertion", "against random", "pointing", "share on object", "agreement", "seconds"):
        assert title in titles
    assert all(row.count("+-") >= 6 for row in rows)


def test_json_repeats_and_data_without_masks_have_curves_only(
    weights: Path, opened: list, capsys: pytest.CaptureFixture[str]
) -> None:
    flags = (
        "--dataset",
        "folder",
        "--data",
        "x",
        "--classifier",
        "protonet",
        "--method",
        "occlusion,grad_cam",
        "--json",
    )
    answers = []
    for _ in range(2):
        assert run(weights, *flags, "--episodes", "2", "--query", "2", "--against", "runner_up", "--seed", "3") == 0
        answers.append(json.loads(capsys.readouterr().out))
        for row in answers[-1]["methods"].values():
            assert row.pop("seconds")["mean"] > 0
    assert answers[0] == answers[1] and opened[0] == ("folder", "x", "test")
    assert list(answers[0]["methods"]) == ["occlusion", "grad_cam"] and answers[0]["against"] == "runner_up"
    row = answers[0]["methods"]["occlusion"]
    assert row["pointing"] == row["share on object"] == {"mean": None, "interval": None}
    assert row["gain"]["mean"] == pytest.approx(row["insertion"]["mean"] - row["deletion"]["mean"])
    assert 0 < row["random"]["mean"] < 1 and row["random"]["interval"] is not None


def test_blank_maps_are_counted_as_faults_and_neither_as_hits_nor_as_misses(
    weights: Path, opened: list, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    flags = ("--classifier", "protonet", "--method", "occlusion,grad_cam", "--json", "--episodes", "2")

    def blank_for_grad_cam(question: Question, method: str, options: object) -> Saliency:
        found = attribute(question, method, options)
        return replace(found, values=np.zeros_like(found.values)) if method == "grad_cam" else found

    monkeypatch.setattr(survey, "attribute", blank_for_grad_cam)
    assert run(weights, *flags) == 0
    rows = json.loads(capsys.readouterr().out)["methods"]
    assert rows["grad_cam"]["faults"]["mean"] == 1 and rows["occlusion"]["faults"]["mean"] == 0
    for column in ("pointing", "share on object"):
        assert rows["grad_cam"][column]["mean"] is None and rows["occlusion"][column]["mean"] is not None


def test_the_interval_is_that_of_students_t() -> None:
    estimate = Estimate.of(np.array([0.2, np.nan, 0.4, 0.9]))
    spread = math.sqrt((0.3**2 + 0.1**2 + 0.4**2) / 2)
    assert estimate.mean == pytest.approx(0.5)
    assert estimate.half_width == pytest.approx(4.302653 * spread / math.sqrt(3))  # table of t, 2 degrees of freedom
    assert Estimate.of(np.array([0.3])) == (0.3, None) and Estimate.of(np.array([np.nan])) == (None, None)


@pytest.mark.parametrize(
    ("flags", "sentence"),
    [
        (["--classifier", "magic"], "no classifier 'magic'"),
        (["--method", "magic"], "no explanation method 'magic'; choose one of grad_cam"),
        (["--classifier", "protonet", "--method", "weights"], "weights does not fit protonet; choose of grad_cam"),
        (["--option", "magic=1"], "name=value with a name of"),
        (["--option", "window=hot"], "window must be a number"),
        (["--option", "stride=80"], "must not exceed its window"),
        (["--regions", "grid"], "leave --regions and --copies out"),
        (["--episodes", "0"], "at least 1 picture per class and 1 episode"),
        (["--seed", "-1"], "seed must not be negative"),
        (["--shot", "7"], "at least 8 images"),
        (["--backbone", "nowhere.safetensors"], "no weights file nowhere.safetensors"),
    ],
)
def test_wrong_input_is_one_line_and_exit_code_2(
    flags: list[str], sentence: str, weights: Path, opened: list, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(weights, *flags) == 2
    out, err = capsys.readouterr()
    assert out == "" and sentence in err and err.count("\n") == 1
