"""The command line that compares how features spread, on a data set held in memory."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from fsl_core import spectrum as module
from fsl_core.backbones import build, load_backbone, save_weights
from fsl_core.data.transforms import InputSpec
from fsl_core.explain import spectrum
from fsl_core.features import dataset_maps
from tests.test_evaluate import Colours


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    paths = [tmp_path_factory.mktemp("weights") / f"net{seed}.safetensors" for seed in (0, 1)]
    for seed, path in enumerate(paths):
        torch.manual_seed(seed)
        save_weights(path, build("conv4", {"width": 8}), "conv4", {"width": 8}, InputSpec(size=16))
    return [str(path) for path in paths]


@pytest.fixture(autouse=True)
def colours(monkeypatch: pytest.MonkeyPatch) -> Colours:
    dataset = Colours()
    monkeypatch.setattr(module, "open_dataset", lambda name, data, split: dataset)
    return dataset


def run(*flags: str) -> int:
    return module.main(["--dataset", "greys", "--device", "cpu", *flags])


@pytest.mark.parametrize(
    ("flags", "normalised", "centred"), [([], True, True), (["--as-they-are", "--no-centring"], False, False)]
)
def test_one_object_for_each_backbone(
    flags: list[str], normalised: bool, centred: bool, weights: list[str], colours: Colours,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    assert run("--backbone", ",".join(weights), "--json", *flags) == 0
    objects = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [one["backbone"] for one in objects] == weights
    for path, one in zip(weights, objects, strict=True):
        vectors = dataset_maps(load_backbone(path, "cpu"), colours).mean(dim=(2, 3))
        expected = spectrum(vectors, colours.labels, path, normalised, centred)
        np.testing.assert_allclose(one["singular_values"], expected.singular_values, atol=1e-6)
        assert one["effective_rank"] == pytest.approx(expected.effective_rank, rel=1e-4)
        assert one["cumulative"][-1] == pytest.approx(1) and one["images"] == 48
        assert (one["dataset"], one["split"]) == ("greys", "test")
        assert (one["normalised"], one["centred"]) == (normalised, centred)


def test_a_table_and_the_figure(weights: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    page = tmp_path / "spectra.html"
    assert run("--backbone", weights[0], "--backbone", weights[1], "--figure", str(page)) == 0
    head, *lines = capsys.readouterr().out.splitlines()
    assert "effective rank" in head and [line.split()[0] for line in lines] == weights
    assert all(len(line.split()) == 9 for line in lines)
    assert lines[0].index(".", len(weights[0])) == lines[1].index(".", len(weights[0]))
    assert "plotly" in page.read_text()[:10_000_000]


def test_errors_are_one_line(weights: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--backbone", "nothing") == 2
    assert "There is no backbone 'nothing'" in capsys.readouterr().err
    assert run("--backbone", weights[0], "--figure", str(tmp_path / "no" / "folder.html")) == 2
    error = capsys.readouterr().err
    assert "cannot be written" in error and len(error.splitlines()) == 1
