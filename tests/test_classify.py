"""An episode on disk -> predictions, through the command line."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from fsl_core import classify
from fsl_core.backbones import build, load_backbone, save_weights
from fsl_core.classifiers import CLASSIFIERS
from fsl_core.data import Episode
from fsl_core.data.copies import Copies
from fsl_core.data.patches import parse_regions
from fsl_core.data.transforms import InputSpec
from fsl_core.features import extract

CLASSES = ("blue", "green", "red")
CHANNEL = {"red": 0, "green": 1, "blue": 2}


def colour(name: str, seed: int) -> np.ndarray:
    """A noisy picture whose strongest channel is its class."""
    image = np.random.default_rng(seed).integers(0, 60, (30, 40, 3), dtype=np.uint8)
    image[:, :, CHANNEL[name]] += 190
    return image


def episode(query_labels: tuple[int, ...] | None) -> Episode:
    names = ("red", "green", "blue", "blue")
    support = tuple(colour(name, seed) for seed, name in enumerate(CLASSES + CLASSES[:1]))
    query = tuple(colour(name, 10 + seed) for seed, name in enumerate(names))
    labels = (0, 1, 2, 0)
    return Episode(support, labels, query, query_labels, CLASSES, query_names=("q1.png", "q2.png", "q3.png", "q4.png"))


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("weights") / "random.safetensors"
    torch.manual_seed(0)
    save_weights(path, build("conv4", {}), "conv4", {}, InputSpec(size=32))
    return str(path)


def run(folder: Path, weights: str, *flags: str) -> int:
    return classify.main([str(folder), "--backbone", weights, "--device", "cpu", *flags])


@pytest.mark.parametrize("name", CLASSIFIERS)
def test_json_has_the_contracts_fields_and_the_librarys_numbers(
    name: str, weights: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    episode((2, 1, 0, 0)).save(tmp_path / "colours.zip")
    assert run(tmp_path / "colours.zip", weights, "--classifier", name, "--json") == 0
    out, err = capsys.readouterr()
    answer = json.loads(out)
    assert err == "" and answer.keys() == {"classifier", "backbone", "classes", "predictions", "accuracy", "seconds"}
    assert answer["classifier"] == name and answer["backbone"] == weights and answer["classes"] == list(CLASSES)
    loaded = Episode.load(tmp_path / "colours.zip")
    expected = CLASSIFIERS[name]()(extract(load_backbone(weights, "cpu"), loaded)).probabilities
    for row, entry in enumerate(answer["predictions"]):
        assert entry["image"] == loaded.query_names[row]
        assert list(entry["probabilities"].values()) == pytest.approx(expected[row].tolist(), abs=1e-6)
        assert entry["label"] == max(entry["probabilities"], key=entry["probabilities"].get)
        assert entry["true_label"] == CLASSES[loaded.query_labels[row]]
    right = [entry["label"] == entry["true_label"] for entry in answer["predictions"]]
    assert answer["accuracy"] == pytest.approx(np.mean(right)) and len(right) == 4


def test_without_known_labels_there_is_no_accuracy(
    weights: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    episode(None).save(tmp_path / "colours")
    assert run(tmp_path / "colours", weights, "--json") == 0
    answer = json.loads(capsys.readouterr().out)
    assert "accuracy" not in answer and len(answer["predictions"]) == 4
    assert all("true_label" not in entry for entry in answer["predictions"])


def test_accuracy_counts_only_known_labels(weights: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    episode((-1, 1, 0, -1)).save(tmp_path / "colours")
    assert run(tmp_path / "colours", weights, "--json") == 0
    answer = json.loads(capsys.readouterr().out)
    known = [entry["label"] == entry["true_label"] for entry in answer["predictions"] if "true_label" in entry]
    assert len(known) == 2 and answer["accuracy"] == pytest.approx(np.mean(known))


def test_table_names_each_query_its_class_and_marks_errors(
    weights: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    episode((2, 1, 0, 1)).save(tmp_path / "colours")  # the last one is labelled wrongly on purpose
    assert run(tmp_path / "colours", weights, "--classifier", "protonet") == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 7 and lines[0].split()[:3] == ["image", "class", "prob."]
    assert lines[5].startswith("Accuracy ") and "of 4 queries" in lines[5]
    wrong = [line for line in lines[1:5] if "(wrong)" in line]
    assert f"{1 - len(wrong) / 4:.1%}" in lines[5] and len(wrong) >= 1
    assert lines[6].startswith("Features ")


def test_options_reach_the_classifier(weights: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    episode(None).save(tmp_path / "colours")
    answers = []
    for flags in ([], ["--option", "temperature=0.1", "--option", "solver=opencv"]):
        assert run(tmp_path / "colours", weights, "--json", *flags) == 0
        answers.append(json.loads(capsys.readouterr().out)["predictions"][0]["probabilities"])
    sharp, flat = (max(answer.values()) for answer in answers)
    assert flat < sharp and flat == pytest.approx(1 / 3, abs=0.05)


@pytest.mark.parametrize("name", CLASSIFIERS)
@pytest.mark.parametrize("regions", ["grid:2", "sampling:3:5"])
def test_every_classifier_works_on_patches(
    name: str, regions: str, weights: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    episode((2, 1, 0, 0)).save(tmp_path / "colours")
    assert run(tmp_path / "colours", weights, "--classifier", name, "--regions", regions, "--json") == 0
    answer = json.loads(capsys.readouterr().out)
    loaded, backbone = Episode.load(tmp_path / "colours"), load_backbone(weights, "cpu")
    expected = CLASSIFIERS[name]()(extract(backbone, loaded, patches=parse_regions(regions))).probabilities
    for entry, row in zip(answer["predictions"], expected.tolist(), strict=True):
        assert list(entry["probabilities"].values()) == pytest.approx(row, abs=1e-6)
    whole = CLASSIFIERS[name]()(extract(backbone, loaded)).probabilities
    assert not torch.allclose(whole, expected, atol=1e-4)


def test_copies_of_the_support_images(weights: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    episode((2, 1, 0, 0)).save(tmp_path / "colours")
    answers = []
    for seed in ("4", "4", "5"):
        assert (
            run(tmp_path / "colours", weights, "--classifier", "scl_linear", "--copies", "3", "--seed", seed, "--json")
            == 0
        )
        answers.append([entry["probabilities"] for entry in json.loads(capsys.readouterr().out)["predictions"]])
    assert answers[0] == answers[1] != answers[2]
    loaded, backbone = Episode.load(tmp_path / "colours"), load_backbone(weights, "cpu")
    copied = [Copies(3, 4).of(image, number) for image in loaded.support_images for number in range(3)]
    labels = tuple(label for label in loaded.support_labels for _ in range(3))
    other = Episode(tuple(copied), labels, loaded.query_images, loaded.query_labels, loaded.class_names)
    expected = CLASSIFIERS["scl_linear"]()(extract(backbone, other)).probabilities
    for found, row in zip(answers[0], expected.tolist(), strict=True):
        assert list(found.values()) == pytest.approx(row, abs=1e-6)


@pytest.mark.parametrize(
    ("flags", "sentence"),
    [
        (["--copies", "101"], "1 to 100 augmented copies"),
        (["--copies", "2", "--seed", "-1"], "seed of the copies must lie in"),
        (["--regions", "sampling:0"], "1 to 100 random patches"),
        (["--classifier", "magic"], "choose one of deepemd, protonet, cosine, nearest_neighbour"),
        (["--option", "solver=magic"], "solver must be one of exact, opencv"),
        (["--option", "solver"], "written name=value"),
        (["--option", "centre=maybe"], "centre must be true or false"),
        (["--classifier", "nearest_neighbour", "--option", "k=1.5"], "k must be a whole number, got '1.5'"),
    ],
)
def test_wrong_input_is_one_line_and_exit_code_2(
    flags: list[str], sentence: str, weights: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(tmp_path, weights, *flags) == 2
    out, err = capsys.readouterr()
    assert out == "" and sentence in err and err.count("\n") == 1


def test_a_missing_episode_and_one_without_queries_are_explained(
    weights: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(tmp_path / "nowhere", weights) == 2
    assert "nowhere" in capsys.readouterr().err
    full = episode(None)
    Episode(full.support_images, full.support_labels, (), None, CLASSES).save(tmp_path / "empty")
    assert run(tmp_path / "empty", weights) == 2
    assert "no query image" in capsys.readouterr().err
