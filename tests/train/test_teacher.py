"""A teacher is frozen, sees the student's images, and knows the student's classes."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from fsl_core.backbones import Conv4, load_backbone, save_weights
from fsl_core.data.transforms import InputSpec, normalise
from fsl_core.errors import FSLError, OptionError, TrainingError, WeightsError
from fsl_core.train import loop
from fsl_core.train.config import TrainConfig
from fsl_core.train.teacher import load_teacher

STUDENT = InputSpec(32)
CPU = torch.device("cpu")
TINY = TrainConfig(
    dataset="folder", architecture="conv4", size=32, epochs=1, crop="padded", batch=16, learning_rate=0.02,
    val_episodes=4, val_images=20, accelerator="cpu",
)  # fmt: skip


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    """A teacher of 5 classes that was trained at another normalisation."""
    torch.manual_seed(0)
    heads = {"classifier.weight": torch.randn(5, 64), "classifier.bias": torch.randn(5)}
    spec = InputSpec(32, (0.3, 0.4, 0.5), (0.2, 0.1, 0.3))
    save_weights(tmp_path / "teacher.safetensors", Conv4(), "conv4", {}, spec, heads)
    return tmp_path / "teacher.safetensors"


def test_it_sees_the_images_as_it_was_trained(weights: Path) -> None:
    images = torch.randint(0, 256, (6, 3, 32, 32), dtype=torch.uint8)
    backbone = load_backbone(weights, CPU)
    expected = backbone.network(normalise(images, backbone.spec))
    maps, logits = load_teacher(str(weights), STUDENT, 5, CPU)(normalise(images, STUDENT))
    torch.testing.assert_close(maps, expected, rtol=1e-4, atol=1e-4)
    head = backbone.heads["classifier.weight"], backbone.heads["classifier.bias"]
    torch.testing.assert_close(logits, expected.mean(dim=(2, 3)) @ head[0].T + head[1], rtol=1e-4, atol=1e-4)
    assert not logits.requires_grad


@pytest.mark.parametrize(
    ("name", "classes", "error", "fragment"),
    [
        ("conv4", 5, TrainingError, "conv4 have no classification head; take as a teacher the best.safetensors"),
        ("", 7, TrainingError, "knows 5 classes, but 7 are learnt"),
        ("absent.safetensors", 5, WeightsError, "no weights file absent"),
    ],
)
def test_no_teacher(weights: Path, name: str, classes: int, error: type[FSLError], fragment: str) -> None:
    with pytest.raises(error, match=fragment):
        load_teacher(name or str(weights), STUDENT, classes, CPU)


def test_a_distillation_names_its_teacher() -> None:
    with pytest.raises(OptionError, match="needs a teacher"):
        TrainConfig(objective="distillation")


def test_a_student_learns_its_teachers_classes(data: Path, tmp_path: Path) -> None:
    """In an epoch of distillation alone, without a label: it answers like its teacher on most images."""
    teacher = loop.train(replace(TINY, epochs=2), str(data), tmp_path / "teacher")
    before = teacher.read_bytes()
    config = replace(TINY, objective="distillation", teacher=str(teacher), cls_weight=0.0, seed=5, epochs=3)
    student = loop.train(config, str(data), tmp_path / "student")
    assert teacher.read_bytes() == before
    state = torch.load(tmp_path / "student" / "last.ckpt", weights_only=True)["learner"]
    assert {name.split(".")[0] for name in state} == {"network", "objective"}
    rows = (tmp_path / "student" / "metrics.csv").read_text().splitlines()[1:]
    losses = [float(row.split(",")[3]) for row in rows]
    assert losses[2] < losses[0]
    images = (
        torch.randint(0, 256, (64, 3, 32, 32), dtype=torch.uint8) // 4
        + torch.tensor([[200, 0, 0], [0, 0, 180], [0, 150, 0], [80, 80, 80]], dtype=torch.uint8).repeat(16, 1)[
            :, :, None, None
        ]
        // 2
    )
    images = normalise(images, STUDENT)
    answers = [load_teacher(str(path), STUDENT, 5, CPU)(images)[1].argmax(dim=1) for path in (teacher, student)]
    assert (answers[0] == answers[1]).float().mean() > 0.6
    assert {"classifier.weight", "classifier.bias"} <= load_backbone(student, CPU).heads.keys()
