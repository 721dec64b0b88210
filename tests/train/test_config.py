"""Recipes are differences to one frozen configuration; what it does not know is an error."""

import pytest

from fsl_core.errors import OptionError
from fsl_core.train.config import TrainConfig, read_recipe, recipes


@pytest.mark.parametrize("name", recipes())
def test_every_recipe_can_be_read(name: str) -> None:
    assert read_recipe(name, {}).side_at(0.99) >= 48


def test_defaults_are_deepemds_pretraining() -> None:
    config = read_recipe("deepemd_pretrain_mini_imagenet", {})
    assert (config.epochs, config.batch, config.learning_rate, config.weight_decay) == (120, 128, 0.1, 5e-4)
    assert (config.schedule, config.step_epochs, config.step_factor, config.nesterov) == ("step", 30, 0.2, True)
    assert config.network_options == {"widths": (64, 160, 320, 640)}


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
        ({"colour": 1}, "colour is no field"),
    ],
)
def test_impossible_fields(changes: dict, fragment: str) -> None:
    with pytest.raises(OptionError, match=fragment):
        read_recipe("tiny_imagenet_conv4", changes)


def test_unknown_recipe() -> None:
    with pytest.raises(OptionError, match="choose one of"):
        read_recipe("nothing", {})
