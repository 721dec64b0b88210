"""Features of an episode: order, class means, what is refused."""

import numpy as np
import pytest
import torch

from fsl_core.data import Episode
from fsl_core.data.patches import Grid, Patches, Sampling
from fsl_core.data.transforms import InputSpec
from fsl_core.errors import EpisodeError
from fsl_core.features import EpisodeFeatures, extract, maps_of


class MeanColour:
    """Stands in for a backbone: a 1 x 2 map with the image's mean red, green, blue in each cell."""

    spec = InputSpec(12)

    def __init__(self) -> None:
        self.batches: list[int] = []

    def maps(self, images: list[np.ndarray]) -> torch.Tensor:
        self.batches.append(len(images))
        means = torch.tensor(np.array([image.mean((0, 1)) for image in images]), dtype=torch.float32)
        return means[:, :, None, None].expand(-1, -1, 1, 2)


def plain(*levels: int) -> tuple[np.ndarray, ...]:
    return tuple(np.full((4 + level % 3, 5, 3), level, dtype=np.uint8) for level in levels)


def make(**changes: object) -> EpisodeFeatures:
    fields = {
        "support": torch.arange(24.0).reshape(3, 2, 2, 2),
        "support_labels": torch.tensor([1, 0, 1]),
        "query": torch.ones(2, 2, 2, 2),
        "class_names": ("cat", "dog"),
    }
    return EpisodeFeatures(**(fields | changes))


def test_extract_keeps_the_order_and_reports_progress() -> None:
    support, query = plain(*range(40)), plain(*range(100, 130))
    episode = Episode(support, (0, 1) * 20, query, None, ("cat", "dog"))
    backbone, done = MeanColour(), []
    features = extract(backbone, episode, done.append)
    assert features.support[:, 0, 0, 1].tolist() == list(range(40))
    assert features.query[:, 2, 0, 0].tolist() == list(range(100, 130))
    assert features.support_labels.tolist() == [0, 1] * 20 and features.class_names == ("cat", "dog")
    assert sum(done) == 70 and done == backbone.batches and max(done) <= 32


@pytest.mark.parametrize("patches", [Grid(), Grid((2,), 1.0), Sampling(5)], ids=str)
def test_a_patch_is_a_node_of_its_images_map(patches: Patches) -> None:
    images = np.random.default_rng(0).integers(0, 256, (3, 40, 60, 3), dtype=np.uint8)
    maps = maps_of(MeanColour(), list(images), patches)
    assert maps.shape == (3, 3, patches.count, 1)
    for image, one in zip(images, maps, strict=True):
        means = [image[box.top : box.bottom, box.left : box.right].mean((0, 1)) for box in patches.of(image)]
        np.testing.assert_allclose(one[:, :, 0].T, means, atol=2)  # resizing a picture hardly changes its mean


def test_patches_of_an_image_do_not_depend_on_its_episode() -> None:
    images = np.random.default_rng(0).integers(0, 256, (4, 40, 60, 3), dtype=np.uint8)
    done: list[int] = []
    one = extract(MeanColour(), Episode(tuple(images[:2]), (0, 1), tuple(images[2:]), None, ("a", "b")),
                  done.append, patches=Sampling(4))  # fmt: skip
    other = extract(MeanColour(), Episode(tuple(images[2:]), (0, 1), tuple(images[1::-1]), None, ("a", "b")),
                    patches=Sampling(4))  # fmt: skip
    assert torch.equal(one.support, other.query.flip(0)) and torch.equal(one.query, other.support)
    assert not torch.equal(one.support[0], one.support[1]) and done == [4]


def test_prototypes_are_the_means_of_uneven_classes() -> None:
    features = make()
    assert torch.equal(features.prototypes[0], features.support[1])
    assert torch.allclose(features.prototypes[1], (features.support[0] + features.support[2]) / 2)
    assert features.n_way == 2


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"query": torch.ones(2, 3, 2, 2)}, r"\[3, 2, 2, 2\] and \[2, 3, 2, 2\]"),
        ({"query": torch.ones(2, 2)}, "must be maps"),
        ({"support_labels": torch.tensor([0, 1])}, "2 labels for 3 images"),
        ({"support_labels": torch.tensor([0, 0, 0])}, r"each of the 2 classes a support image, .* values \[0\]"),
        ({"support_labels": torch.tensor([0, 1, 2])}, r"values \[0, 1, 2\]"),
        ({"support": torch.full((3, 2, 2, 2), torch.nan)}, "NaN or infinite"),
        ({"query": torch.full((2, 2, 2, 2), torch.inf)}, "NaN or infinite"),
    ],
)
def test_features_that_make_no_episode_are_refused(changes: dict, sentence: str) -> None:
    with pytest.raises(EpisodeError, match=sentence):
        make(**changes)
