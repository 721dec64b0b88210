"""A data set is opened as asked for, indexed once, counted, and left."""

from dataclasses import replace

import numpy as np
import pytest

from fsl_core.data.datasets import SyntheticScenes
from fsl_core.errors import FSLError
from fsl_core.explain import index_of
from fsl_core.explain.index import indexes_folder
from fsl_core.ui import cached, indexes
from fsl_core.ui.engine import Engine
from fsl_core.ui.indexes import Chosen, Opened
from fsl_core.ui.jobs import Abandoned, Ticket
from fsl_core.ui.scene import Scene
from fsl_core.ui.store import Store

ASKED = Chosen("synthetic", "", "all", 2, 3, 0)


@pytest.fixture(autouse=True)
def _small_scenes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Synthetic scenes that are drawn quickly."""
    small = SyntheticScenes(per_class=3, size=32)
    original = indexes.open_dataset
    monkeypatch.setattr(
        indexes, "open_dataset", lambda name, *others: small if name == "synthetic" else original(name, *others)
    )


@pytest.fixture
def scene(small_backbone: str) -> Scene:
    cached.index.clear()
    return Scene(Ticket(lambda fraction, phase: None), Engine(), *Store.create(), small_backbone)


def test_as_many_images_as_asked_for_and_the_seed_decides_which() -> None:
    images, again, other = (indexes.read(ASKED._replace(seed=seed)) for seed in (3, 3, 4))
    assert np.bincount(images.labels).tolist() == [2] * 27
    assert images.digest() == again.digest() != other.digest()
    assert ASKED.title == "Synthetic scenes"
    assert Chosen("cub", "/x", "val", 1, 0, 0).title == "CUB birds, validation classes"
    assert Chosen("folder", "/x/y", "all", 1, 0, 0).title == "/x/y"


def test_a_data_set_that_is_not_there_says_so(small_backbone: str) -> None:
    with pytest.raises(FSLError, match="There is no folder or zip /nowhere"):
        indexes.read(Chosen("folder", "/nowhere", "all", 2, 0, 0))


def test_an_index_is_made_once_and_counts_its_images(scene: Scene) -> None:
    data = Opened(ASKED, indexes.read(ASKED._replace(per_class=1)))
    phases: list[tuple[float, str]] = []
    heard = replace(scene, ticket=Ticket(lambda fraction, phase: phases.append((fraction, phase))))
    found = indexes.index(heard, data)
    assert found.computed and len(list(indexes_folder().glob("*.safetensors"))) == 1
    assert phases[-1] == (0.9, "Looking at Synthetic scenes: image 27 of 27")
    expected = index_of(scene.backbone, data.images, "")
    np.testing.assert_allclose(found.pooled, expected.pooled)
    assert indexes.index(scene, data) is found
    asked_again = Opened(ASKED._replace(moment=1), data.images)
    assert not indexes.index(scene, asked_again).computed


def test_who_stops_leaves_nothing_half_done(scene: Scene) -> None:
    def report(fraction: float, phase: str) -> None:
        if "image" in phase:
            raise Abandoned

    data = Opened(ASKED, indexes.read(ASKED._replace(per_class=1)))
    with pytest.raises(Abandoned):
        indexes.index(replace(scene, ticket=Ticket(report)), data)
    assert not indexes_folder().exists()
    assert indexes.index(scene, data).computed
