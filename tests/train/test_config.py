"""Recipes are differences to one frozen configuration; what it does not know is an error."""

import dataclasses
from pathlib import Path

import pytest

from fsl_core.backbones import BACKBONES
from fsl_core.classifiers import CLASSIFIERS
from fsl_core.errors import OptionError
from fsl_core.objectives import OBJECTIVES
from fsl_core.train.config import TrainConfig, read_recipe, recipes, write_config
from fsl_core.train.run import build_objective
from fsl_core.transport import SOLVERS
from fsl_core.types import params


@pytest.mark.parametrize("name", recipes())
def test_every_recipe_can_be_read(name: str) -> None:
    config = read_recipe(name, {})
    assert config.side_at(0.99) >= (32 if config.dataset in ("cifar_fs", "fc100") else 48)
    contrasts = config.two_views or config.global_weight or config.spatial_weight
    assert build_objective(config, 64, 5).views == (2 if contrasts and not config.teacher else 1)


@pytest.mark.parametrize("name", [name for name in recipes() if read_recipe(name, {}).teacher])
def test_a_student_learns_what_its_teacher_knows(name: str) -> None:
    student = read_recipe(name, {})
    teacher = read_recipe(Path(student.teacher).parent.name, {})
    assert (student.dataset, student.split, student.size) == (teacher.dataset, teacher.split, teacher.size)
    assert student.network_options == teacher.network_options
    assert Path(student.teacher) == Path("runs", Path(student.teacher).parent.name, "best.safetensors")


def test_scl_as_published() -> None:
    config = read_recipe("scl_cifar_fs", {})
    assert (config.batch, config.learning_rate, config.momentum, config.nesterov) == (64, 0.05, 0.9, False)
    assert (config.epochs, config.milestones, config.step_factor) == (90, "45,60,75", 0.1)
    assert (config.cls_weight, config.global_weight, config.spatial_weight) == (0.5, 0.0, 0.5)
    assert (config.contrastive_temperature, config.aggregation, config.projection) == (0.1, "mean", 80)
    assert (config.crop, config.jitter, config.second_view, config.drop_last) == ("padded", 0.4, "simclr", True)
    options = {"widths": (64, 160, 320, 640), "drop_rate": 0.1, "drop_block": "published", "block_size": 2}
    assert config.network_options == options
    student = read_recipe("scl_cifar_fs_trainval_distilled", {})
    assert (student.learning_rate, student.cls_weight, student.kl_weight, student.kl_temperature) == (0.01, 0, 1, 4)
    assert (student.distil_global_weight, student.distil_spatial_weight, student.split) == (10, 0, "trainval")
    assert (student.epochs, student.milestones) == (90, "45,60,75")
    assert read_recipe("scl_mini_imagenet_conv4", {}).network_options == {}


def test_protonet_as_published() -> None:
    config = read_recipe("protonet_mini_imagenet_ss_gc_sc", {})
    assert (config.architecture, config.size, config.way, config.shot, config.query) == ("resnet18", 224, 5, 5, 16)
    assert (config.optimizer, config.learning_rate, config.epochs * config.episodes) == ("adam", 1e-3, 60_000)
    assert {config.batch, *(config.falls(epoch) for epoch in range(config.epochs))} == {1, 0}
    assert (config.cls_weight, config.global_weight, config.spatial_weight) == (1.0, 0.5, 0.5)
    assert (config.self_supervised, config.projection, config.spatial_side) == (True, 64, 3)
    rotation = build_objective(read_recipe("protonet_mini_imagenet_rotation", {}), 512, 64)
    assert (rotation.views, rotation.rotated) == (1, True)
    assert read_recipe("protonet_tiered_imagenet_sc", {}).dataset == "tiered_imagenet"


def test_fc100_has_both_schedules() -> None:
    scripts, paper = (read_recipe(name, {}) for name in ("scl_fc100", "scl_fc100_65_epochs"))
    assert (scripts.epochs, scripts.milestones, paper.epochs, paper.milestones) == (90, "45,60,75", 65, "60")
    assert dataclasses.replace(paper, epochs=90, milestones="45,60,75") == scripts


def test_a_recipe_is_the_difference_to_another(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text('extends = "scl_fc100_distilled"\n[config]\nepochs = 7\n')
    mine = read_recipe(str(tmp_path / "mine.toml"), {"batch": 8})
    assert mine == dataclasses.replace(read_recipe("scl_fc100_distilled", {}), epochs=7, batch=8)


def test_defaults_are_deepemds_pretraining() -> None:
    config = read_recipe("deepemd_pretrain_mini_imagenet", {})
    assert (config.epochs, config.batch, config.learning_rate, config.weight_decay) == (120, 128, 0.1, 5e-4)
    assert (config.schedule, config.step_epochs, config.step_factor, config.nesterov) == ("step", 30, 0.2, True)
    assert config.network_options == {"widths": (64, 160, 320, 640)}


def test_deepemds_published_meta_training() -> None:
    config = read_recipe("deepemd_mini_imagenet", {})
    assert (config.epochs, config.episodes, config.batch, config.way, config.shot, config.query) == (
        100,
        50,
        1,
        5,
        1,
        15,
    )
    assert (config.learning_rate, config.weight_decay, config.momentum, config.nesterov) == (5e-4, 5e-4, 0.9, True)
    assert (config.schedule, config.step_epochs, config.step_factor) == ("step", 10, 0.5)
    assert (config.objective, config.solver, config.val_classifier) == ("deepemd", "opencv", "deepemd")


def test_choices_are_what_there_is() -> None:
    fields = params(TrainConfig)
    assert fields["objective"][0].choices == tuple(OBJECTIVES)
    assert fields["architecture"][0].choices == tuple(BACKBONES)
    assert fields["solver"][0].choices == tuple(SOLVERS)
    assert set(fields["val_classifier"][0].choices) <= set(CLASSIFIERS)


def test_sides_of_progressive_resizing() -> None:
    config = TrainConfig(train_sizes="36*0.6, 48*0.3,64*.1")
    assert config.sides == ((36, 0.6), (48, 0.3), (64, 0.1))
    assert [config.side_at(done) for done in (0.0, 0.59, 0.6, 0.89, 0.9, 0.999)] == [36, 36, 48, 48, 64, 64]
    assert TrainConfig(size=84).side_at(0.5) == 84


@pytest.mark.parametrize(
    ("changes", "fragment"),
    [
        ({"widths": "8-8-8-8"}, "widths must be one of"),
        ({"epochs": 0}, r"epochs must lie in \[1"),
        ({"epochs": 2.5}, "whole number"),
        ({"learning_rate": float("nan")}, "learning_rate must lie in"),
        ({"nesterov": 1}, "true or false"),
        ({"train_sizes": "36*0.5,64*0.4"}, "must add up to 1"),
        ({"train_sizes": "big"}, "must look like"),
        ({"milestones": "45;60"}, "milestones must look like '45,60,75'"),
        ({"colour": 1}, "colour is no field"),
        ({"accelerator": "tpuu"}, "accelerator must be one of auto, cpu, cuda, mps; got 'tpuu'"),
        ({"momentum": 0.0}, "momentum above 0"),
    ],
)
def test_impossible_fields(changes: dict, fragment: str) -> None:
    with pytest.raises(OptionError, match=fragment):
        read_recipe("tiny_imagenet_conv4", changes)


def test_unknown_recipe() -> None:
    with pytest.raises(OptionError, match="choose one of"):
        read_recipe("nothing", {})


def test_plain_sgd_needs_no_momentum() -> None:
    assert read_recipe("tiny_imagenet_conv4", {"momentum": 0.0, "nesterov": False}).momentum == 0


@pytest.mark.parametrize(
    "config",
    [
        TrainConfig(init='C:\\weights "é 𝄞".safetensors', learning_rate=1e-7, checkpoint_minutes=float("inf")),
        read_recipe("tiny_imagenet_resnet12_narrow", {"nesterov": False}),
    ],
)
def test_a_written_configuration_is_a_recipe(config: TrainConfig, tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    write_config(path, config)
    assert read_recipe(str(path), {}) == config
    assert read_recipe(str(path), {"seed": 7}) == dataclasses.replace(config, seed=7)


@pytest.mark.parametrize("text", ["seed = 1", "[config", "config = 3", "extends = 3\n[config]"])
def test_a_file_that_is_no_recipe(text: str, tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text(text)
    with pytest.raises(OptionError, match="table"):
        read_recipe(str(tmp_path / "mine.toml"), {})
    with pytest.raises(OptionError, match=r"no recipe '.*absent.toml'"):
        read_recipe(str(tmp_path / "absent.toml"), {})


@pytest.mark.parametrize("done", [0.0, 0.2, 0.5, 0.61, 1.0])
def test_pixels_that_are_left(done: float) -> None:
    config = TrainConfig(train_sizes="24*0.5,32*0.3,48*0.2")
    steps = [config.side_at(step / 1000) ** 2 / 1000 for step in range(round(1000 * done), 1000)]
    assert config.pixels_after(done) == pytest.approx(sum(steps), abs=1e-9)


def test_a_warm_up_as_long_as_the_run() -> None:
    with pytest.raises(OptionError, match="shorter than the run, got 2 of 2 epochs"):
        TrainConfig(schedule="cosine", epochs=2, warmup_epochs=2.0)
