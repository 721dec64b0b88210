"""Images of any sizes become squares of one size that suits most of them; an epoch becomes steps."""

from dataclasses import dataclass, field

import numpy as np
import pytest
import torch
from jaxtyping import UInt8

from fsl_core.data import ImageDataset
from fsl_core.errors import TrainingError
from fsl_core.train.batches import epoch_steps, load_images
from fsl_core.train.config import TrainConfig


@dataclass(frozen=True, eq=False)
class Plain(ImageDataset):
    """Grey images, each as high as the given side and one and a half times as wide."""

    sides: tuple[int, ...]
    class_names: tuple[str, ...] = ("grey",)
    labels: np.ndarray = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "labels", np.zeros(len(self.sides), dtype=int))

    def image(self, index: int) -> UInt8[np.ndarray, "height width 3"]:
        side = self.sides[index]
        return np.full((side, side * 3 // 2, 3), index % 256, dtype=np.uint8)

    def image_name(self, index: int) -> str:
        return str(index)


@pytest.mark.parametrize(
    ("sides", "expected"),
    [
        ((200, *[32] * 9), 32),
        ((8, *[64] * 9), 64),
        ((8, *[200] * 9), 84),
        ((*[32] * 150, *[64] * 250), 64),
        ((40,), 40),
    ],
)
def test_side_is_that_of_most_images(sides: tuple[int, ...], expected: int) -> None:
    store = load_images(Plain(sides), 84, np.arange(len(sides)), "")
    assert store.images.shape == (len(sides), 3, expected, expected)
    assert [int(image[0, 0, 0]) for image in store.images[:5]] == list(range(len(sides)))[:5]


def test_only_the_chosen_images_count() -> None:
    assert load_images(Plain((*[200] * 9, 32, 32, 32)), 84, np.array([9, 10, 11]), "").images.shape[-1] == 32


LABELS = torch.arange(4).repeat_interleave(10)


def test_a_step_of_images() -> None:
    config = TrainConfig(batch=12)
    steps = epoch_steps(LABELS, config, 0)
    assert [part.shape for part in steps] == [(12, 1)] * 3
    assert len(set(torch.cat(steps).flatten().tolist())) == 36
    assert torch.equal(torch.cat(steps), torch.cat(epoch_steps(LABELS, config, 0)))
    assert not torch.equal(torch.cat(steps), torch.cat(epoch_steps(LABELS, config, 1)))


@pytest.mark.parametrize(
    ("batch", "devices", "sizes"), [(12, 1, [12, 12, 12, 4]), (12, 3, [12, 12, 12, 3]), (13, 13, [13] * 3)]
)
def test_the_last_part_of_an_epoch_is_shared_by_the_devices(batch: int, devices: int, sizes: list[int]) -> None:
    steps = epoch_steps(LABELS, TrainConfig(batch=batch, drop_last=False), 0, devices)
    assert [len(parts) for parts in steps] == sizes
    assert len(set(torch.cat(steps).flatten().tolist())) == sum(sizes)


def test_a_step_of_episodes() -> None:
    config = TrainConfig(objective="deepemd", way=3, shot=2, query=5, episodes=7, batch=2)
    steps = epoch_steps(LABELS, config, 0)
    assert [parts.shape for parts in steps] == [(2, 21)] * 3
    for episode in torch.cat(steps):
        assert len(set(episode.tolist())) == 21
        support, query = LABELS[episode[:6]], LABELS[episode[6:]]
        assert support.unique(return_counts=True)[1].tolist() == [2, 2, 2]
        assert query.unique(return_counts=True)[1].tolist() == [5, 5, 5]
        assert support.unique().tolist() == query.unique().tolist()
    assert torch.equal(torch.cat(steps), torch.cat(epoch_steps(LABELS, config, 0)))
    assert not torch.equal(torch.cat(steps), torch.cat(epoch_steps(LABELS, config, 1)))


@pytest.mark.parametrize(
    "config", [TrainConfig(), TrainConfig(objective="deepemd", way=2, query=5, episodes=3, batch=4)]
)
def test_an_epoch_smaller_than_a_batch(config: TrainConfig) -> None:
    with pytest.raises(TrainingError, match="choose a smaller batch"):
        epoch_steps(LABELS, config, 0)


def test_reading_tells_how_far_it_is() -> None:
    told: list[tuple[str, int, int]] = []
    load_images(Plain((8,) * 120), 8, np.arange(120), "Reading", lambda *words: told.append(words))
    assert told == [("Reading", 0, 120), ("Reading", 50, 120), ("Reading", 100, 120)]
