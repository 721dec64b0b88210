"""Accuracy over episodes: the interval, the protocol, and the command line on a data set held in memory."""

import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest
import torch
from jaxtyping import Int
from torchvision.transforms.v2.functional import resize

from fsl_core import evaluate, features
from fsl_core.backbones import build, save_weights
from fsl_core.classifiers import CLASSIFIERS, Classifier, Prediction, ProtoNet
from fsl_core.data import ImageDataset
from fsl_core.data.copies import Copies
from fsl_core.data.patches import Grid, Sampling
from fsl_core.data.transforms import InputSpec
from fsl_core.errors import EpisodeError, WeightsError
from fsl_core.evaluate import Accuracy, evaluate_features
from fsl_core.features import EpisodeFeatures, copies_maps, dataset_maps


@dataclass(frozen=True)
class Fixed(Classifier):
    """Answers class 0 always; remembers the episodes that it saw."""

    title: ClassVar[str] = "fixed"
    reference: ClassVar[str] = "-"
    transductive: ClassVar[bool] = False
    differentiable: ClassVar[bool] = True
    seen: list

    def __call__(self, features: EpisodeFeatures) -> Prediction:
        self.seen.append(features)
        logits = torch.zeros(len(features.query), features.n_way)
        logits[:, 0] = 1
        return Prediction(logits)


class Colours(ImageDataset):
    """Class k is images of a grey level between 30 k and 30 k + 80, with noise: neighbours overlap."""

    def __init__(self, way: int = 6, per_class: int = 8) -> None:
        self.class_names = tuple(f"grey {k}" for k in range(way))
        self.labels: Int[np.ndarray, " n_images"] = np.arange(way * per_class) % way
        self.fetched: list[int] = []

    def image(self, index: int) -> np.ndarray:
        self.fetched.append(index)
        generator = np.random.default_rng(index)
        noise = generator.integers(0, 80) + generator.integers(0, 12, (20, 24, 3))
        return (30 * self.labels[index] + noise).astype(np.uint8)

    def image_name(self, index: int) -> str:
        return f"{index}.png"


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("weights") / "random.safetensors"
    torch.manual_seed(0)
    save_weights(path, build("conv4", {}), "conv4", {}, InputSpec(size=16))
    return path


@pytest.fixture
def colours(monkeypatch: pytest.MonkeyPatch) -> Colours:
    dataset = Colours()
    monkeypatch.setattr(evaluate, "open_dataset", lambda name, data, split: dataset)
    return dataset


def test_the_interval_is_that_of_students_t() -> None:
    accuracy = Accuracy.of(np.array([0.2, 0.4, 0.9]))
    spread = math.sqrt((0.3**2 + 0.1**2 + 0.4**2) / 2)
    assert accuracy.mean == pytest.approx(0.5)
    assert accuracy.half_width == pytest.approx(4.302653 * spread / math.sqrt(3))  # table of t, 2 degrees of freedom
    assert accuracy.episodes == 3
    assert math.isnan(Accuracy.of(np.array([0.5])).half_width)


def test_episodes_have_the_asked_shape_and_queries_that_are_no_support() -> None:
    maps = torch.arange(60.0).reshape(60, 1, 1, 1)
    labels, fixed = np.arange(60) % 6, Fixed([])
    generator = np.random.default_rng(0)
    accuracy = evaluate_features(maps, labels, fixed, way=4, shot=2, query=3, episodes=7, generator=generator)
    assert accuracy == Accuracy(0.25, 0.0, 7)
    for seen in fixed.seen:
        support, query = seen.support.flatten().int().tolist(), seen.query.flatten().int().tolist()
        assert len(support) == 8 and len(query) == 12 and len({*support, *query}) == 20
        assert seen.support_labels.tolist() == [0, 0, 1, 1, 2, 2, 3, 3]
        classes = [labels[row] for row in support[::2]]
        assert [labels[row] for row in query] == np.repeat(classes, 3).tolist()
    assert len({tuple(seen.support.flatten().tolist()) for seen in fixed.seen}) == 7


def test_the_generator_decides_the_episodes() -> None:
    maps, labels = torch.randn(60, 4, 1, 1, generator=torch.Generator().manual_seed(0)), np.arange(60) % 6
    settings = {"way": 5, "shot": 1, "query": 4, "episodes": 5}
    runs = [
        evaluate_features(maps, labels, ProtoNet(), **settings, generator=np.random.default_rng(seed))
        for seed in (3, 3, 4)
    ]
    assert runs[0] == runs[1] != runs[2]


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"query": 0}, "at least 1 query per class and 1 episode, got 0 and 5"),
        ({"episodes": 0}, "got 4 and 0"),
        ({"way": 7}, "7 classes"),
        ({"shot": 7}, "at least 11 images"),
    ],
)
def test_impossible_protocols_are_refused(changes: dict, sentence: str) -> None:
    settings = {"way": 5, "shot": 1, "query": 4, "episodes": 5} | changes
    with pytest.raises(EpisodeError, match=sentence):
        evaluate_features(
            torch.zeros(60, 1, 1, 1), np.arange(60) % 6, ProtoNet(), **settings, generator=np.random.default_rng(0)
        )


@pytest.mark.parametrize("memory", [features.MEMORY, 0], ids=["in memory", "in a file"])
def test_each_image_goes_through_the_backbone_once(memory: int, weights: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(features, "MEMORY", memory)
    backbone, dataset, done = evaluate.load_backbone(weights, "cpu"), Colours(), []
    maps = dataset_maps(backbone, dataset, done.append)
    assert dataset.fetched == list(range(48)) and sum(done) == 48
    expected = backbone.maps([dataset.image(40)])
    assert torch.allclose(maps[40:41], expected, atol=1e-5) and expected.abs().max() > 1e-3


def test_maps_of_patches(weights: Path) -> None:
    """The one cell of the first grid is all of the picture, stretched to the input whatever the backbone fits."""
    backbone, dataset = evaluate.load_backbone(weights, "cpu"), Colours()
    maps = dataset_maps(backbone.fitted("letterbox"), dataset, patches=Grid((1, 2)))
    assert maps.shape == (48, 64, 5, 1)
    pixels = torch.from_numpy(dataset.image(40)).permute(2, 0, 1)
    whole = resize(pixels, [16, 16], antialias=True).permute(1, 2, 0).numpy()
    torch.testing.assert_close(maps[40, :, 0, 0], backbone.maps([whole]).mean(dim=(0, 2, 3)), atol=1e-5, rtol=0)


def test_copies_replace_the_support_images_and_no_query() -> None:
    maps, labels, fixed = torch.arange(60.0).reshape(60, 1, 1, 1), np.arange(60) % 6, Fixed([])
    copied = 100 * maps[:, None] + torch.arange(3.0).reshape(3, 1, 1, 1)
    settings = {"way": 2, "shot": 2, "query": 3, "episodes": 4}
    for support_maps in (None, copied):
        generator = np.random.default_rng(0)
        evaluate_features(maps, labels, fixed, **settings, generator=generator, support_maps=support_maps)
    for plain, seen in zip(fixed.seen[:4], fixed.seen[4:], strict=True):
        assert torch.equal(plain.query, seen.query)
        assert seen.support_labels.tolist() == [0] * 6 + [1] * 6
        expected = [100 * row + copy for row in plain.support.flatten().tolist() for copy in range(3)]
        assert seen.support.flatten().tolist() == expected


def test_maps_of_copies(weights: Path) -> None:
    backbone, dataset, done = evaluate.load_backbone(weights, "cpu"), Colours(), []
    maps = copies_maps(backbone, dataset, Copies(3, 7), np.array([4, 40]), done.append)
    assert maps.shape[:2] == (48, 3) and sum(done) == 6 and set(dataset.fetched) == {4, 40}
    for row in (4, 40):
        expected = backbone.maps([Copies(3, 7).of(dataset.image(row), number) for number in range(3)])
        torch.testing.assert_close(maps[row], expected, atol=1e-5, rtol=0)


def run(weights: Path, *flags: str) -> int:
    common = ["--dataset", "greys", "--backbone", str(weights), "--device", "cpu", "--way", "3", "--query", "2"]
    return evaluate.main([*common, *flags])


def test_command_line_prints_one_object_per_classifier_and_shot(
    weights: Path, colours: Colours, capsys: pytest.CaptureFixture[str]
) -> None:
    names = ",".join(CLASSIFIERS)
    assert run(weights, "--classifier", names, "--shot", "1,3", "--episodes", "4", "--seed", "5", "--json") == 0
    out, err = capsys.readouterr()
    answers = [json.loads(line) for line in out.splitlines()]
    assert err == ""
    assert [(answer["classifier"], answer["shot"]) for answer in answers] == [
        (n, s) for s in (1, 3) for n in CLASSIFIERS
    ]
    assert {answer["regions"] for answer in answers} == {"cells"}
    maps = dataset_maps(evaluate.load_backbone(weights, "cpu"), Colours())
    for answer in answers:
        expected = evaluate_features(
            maps, colours.labels, CLASSIFIERS[answer["classifier"]](), way=3, shot=answer["shot"], query=2, episodes=4,
            generator=np.random.default_rng(5),
        )  # fmt: skip
        assert answer["accuracy"] == expected.mean and answer["interval"] == expected.half_width
        assert answer["episodes"] == 4 and answer["seed"] == 5 and answer["way"] == 3 and answer["query"] == 2
        assert answer["seconds"].keys() == {"features", "episodes"}
    assert len(colours.fetched) == 48


def test_command_line_prints_a_line_for_people(
    weights: Path, colours: Colours, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(weights, "--classifier", "protonet", "--episodes", "3", "--option", "normalise=true") == 0
    line = capsys.readouterr().out
    assert (
        line.startswith("greys (test), ") and "protonet, 3-way 1-shot: " in line and "95 % interval, 3 episodes" in line
    )


def test_command_line_takes_patches(weights: Path, colours: Colours, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(weights, "--regions", "sampling:4:7", "--episodes", "6", "--seed", "5", "--json") == 0
    answer = json.loads(capsys.readouterr().out)
    maps = dataset_maps(evaluate.load_backbone(weights, "cpu"), Colours(), patches=Sampling(4, 7))
    expected = evaluate_features(
        maps, colours.labels, CLASSIFIERS["deepemd"](), way=3, shot=1, query=2, episodes=6,
        generator=np.random.default_rng(5),
    )  # fmt: skip
    assert (answer["accuracy"], answer["interval"]) == (expected.mean, expected.half_width)
    assert answer["regions"] == "sampling:4:7"
    assert run(weights, "--regions", "grid", "--episodes", "2") == 0
    assert "deepemd on grid:2,3, 3-way 1-shot: " in capsys.readouterr().out


def test_command_line_takes_copies_and_the_median_of_runs(
    weights: Path, colours: Colours, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each run has a seed of its own, for its episodes and its copies; the run in the middle is shown."""
    flags = ("--classifier", "protonet,cosine", "--shot", "1,2", "--episodes", "9", "--copies", "2", "--json")
    assert run(weights, *flags, "--seed", "5", "--runs", "3") == 0
    answers = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    backbone = evaluate.load_backbone(weights, "cpu")
    maps = dataset_maps(backbone, Colours())
    assert [(one["shot"], one["classifier"]) for one in answers] == [
        (1, "protonet"), (1, "cosine"), (2, "protonet"), (2, "cosine"),
    ]  # fmt: skip
    for answer in answers:
        expected = []
        for seed in (5, 6, 7):
            copied = copies_maps(backbone, Colours(), Copies(2, seed), np.arange(48))
            expected.append(
                evaluate_features(
                    maps, colours.labels, CLASSIFIERS[answer["classifier"]](), way=3, shot=answer["shot"], query=2,
                    episodes=9, generator=np.random.default_rng(seed), support_maps=copied,
                )
            )  # fmt: skip
        assert answer["runs"] == [one.mean for one in expected] and answer["copies"] == 2
        median = sorted(expected, key=lambda one: one.mean)[1]
        assert (answer["accuracy"], answer["interval"]) == (median.mean, median.half_width)
    assert any(len(set(answer["runs"])) == 3 for answer in answers)
    assert run(weights, "--episodes", "2", "--copies", "2", "--runs", "2") == 0
    line = capsys.readouterr().out
    assert "deepemd from 2 copies, 3-way" in line and "2 episodes, median of 2 runs; " in line


def test_the_median_is_a_run_with_its_own_interval() -> None:
    runs = [Accuracy(0.7, 0.01, 5), Accuracy(0.5, 0.02, 5), Accuracy(0.6, 0.03, 5), Accuracy(0.9, 0.04, 5)]
    assert Accuracy.median(runs[:3]) == runs[2] and Accuracy.median(runs) == runs[2]
    assert Accuracy.median(runs[:1]) == runs[0]


def test_a_single_episode_has_no_interval(weights: Path, colours: Colours, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(weights, "--classifier", "cosine", "--episodes", "1", "--json") == 0
    assert json.loads(capsys.readouterr().out)["interval"] is None


@pytest.mark.parametrize(
    ("flags", "sentence"),
    [
        (["--classifier", "magic"], "no classifier 'magic'; choose one of deepemd"),
        (
            ["--classifier", "protonet", "--option", "solver=exact"],
            "name of metric, normalise, temperature; got 'solver=exact'",
        ),
        (["--option", "temperature=hot"], "temperature must be a number, got 'hot'"),
        (["--option", "temperature=-1"], "temperature must lie in"),
        (["--regions", "hexagons"], "Regions must be cells, grid"),
        (["--shot", "one"], "--shot must be a whole number"),
        (["--shot", "7"], "at least 9 images"),
        (["--way", "20"], "20 classes"),
        (["--episodes", "0"], "1 episode"),
        (["--seed", "-1"], "seed must not be negative"),
        (["--runs", "0"], "runs at least 1, got 0 and 0"),
        (["--copies", "-2"], "1 to 100 augmented copies, got -2"),
        (["--backbone", "nowhere.safetensors"], "no weights file nowhere.safetensors"),
    ],
)
def test_wrong_input_is_one_line_and_exit_code_2(
    flags: list[str], sentence: str, weights: Path, colours: Colours, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(weights, *flags) == 2
    out, err = capsys.readouterr()
    assert out == "" and sentence in err and err.count("\n") == 1
    assert colours.fetched == []


def test_debug_shows_where_it_went_wrong(colours: Colours) -> None:
    with pytest.raises(WeightsError):
        run(Path("nowhere.safetensors"), "--debug")


def test_an_unknown_flag_is_one_line_and_exit_code_2(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        evaluate.main(["--dataset", "greys", "--ways", "5"])
    err = capsys.readouterr().err
    assert left.value.code == 2 and err.count("\n") == 1 and "--ways" in err
