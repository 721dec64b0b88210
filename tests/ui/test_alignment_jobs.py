"""The alignment that the page asks for is the core's own, of whole pictures, with and without attention heads."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from fsl_core.backbones import Conv4, load_backbone, save_weights
from fsl_core.backbones.attention import AGGREGATIONS as KNOWN
from fsl_core.backbones.attention import ATTENTION, AttentionHeads
from fsl_core.data.transforms import InputSpec
from fsl_core.errors import EpisodeError
from fsl_core.explain import align
from fsl_core.manifest import own_weights
from fsl_core.ui import cached
from fsl_core.ui.alignment_jobs import AGGREGATIONS, align_pair
from fsl_core.ui.engine import Engine, Pair
from fsl_core.ui.jobs import Ticket
from fsl_core.ui.project import Project
from fsl_core.ui.scene import Scene
from fsl_core.ui.store import Store

QUIET = Ticket(lambda fraction, phase: None)


@pytest.fixture
def work(small_backbone: str) -> tuple[Store, Project]:
    """Three classes of two examples, and beside the backbone one with attention heads, `attentive`."""
    own_weights().mkdir(parents=True)
    torch.manual_seed(1)
    heads = {ATTENTION + name: head for name, head in AttentionHeads(8, 4).state_dict().items()}
    save_weights(own_weights() / "attentive.safetensors", Conv4(8), "conv4", {"width": 8}, InputSpec(32), heads)
    cached.cards.clear()
    store, empty = Store.create()
    return store, store.adopt(cached.draw("synthetic", None, (3, 2, 1), 5), empty)


def scene(work: tuple[Store, Project], name: str) -> Scene:
    return Scene(QUIET, Engine(), *work, name)


def second_example(project: Project) -> Pair:
    owner = project.classes[1]
    return Pair(project.queries[0].id, owner.id, owner.pictures[1].id)


@pytest.mark.parametrize("name", ["tiny", "attentive"])
@pytest.mark.parametrize("aggregation", AGGREGATIONS)
def test_it_is_what_the_core_says_of_the_two_pictures(work: tuple[Store, Project], name: str, aggregation: str) -> None:
    store, project = work
    pair = second_example(project)
    found = align_pair(scene(work, name), pair, aggregation).record
    backbone = load_backbone(name)
    query, support = backbone.maps([store.pixels(pair.query_id), store.pixels(pair.picture_id)])
    blank = np.zeros((4, 4, 3), np.uint8)
    expected = align(backbone.heads, query, support, (blank, blank), aggregation)
    assert found.attends == (name == "attentive")
    assert found.score == pytest.approx(expected.score, abs=1e-4)
    np.testing.assert_allclose(found.query.attention, expected.query.attention, atol=1e-4)
    np.testing.assert_allclose(found.support.attention.sum(axis=1), 1)
    assert abs(found.residual) < 1e-5


def test_both_pictures_are_rebuilt(work: tuple[Store, Project]) -> None:
    found = align_pair(scene(work, "attentive"), second_example(work[1]), "mean")
    assert found.rebuilt("query").shape == found.record.query_image.shape
    assert (found.rebuilt("query") != found.rebuilt("support")).any()


def test_whole_pictures_also_where_the_project_looks_at_patches(work: tuple[Store, Project]) -> None:
    store, project = work
    patches = replace(project, settings=replace(project.settings, regions="grid:2"))
    whole = align_pair(scene(work, "attentive"), second_example(project), "mean").record
    found = align_pair(scene((store, patches), "attentive"), second_example(project), "mean").record
    assert found.query_regions.grid == whole.query_regions.grid == (4, 4)
    assert found.score == pytest.approx(whole.score)


def test_a_removed_example_is_told(work: tuple[Store, Project]) -> None:
    store, project = work
    pair = second_example(project)
    with pytest.raises(EpisodeError, match="This example was removed"):
        align_pair(scene((store, project.without_picture(pair.class_id, pair.picture_id)), "tiny"), pair, "mean")


def test_the_page_offers_all_aggregations() -> None:
    assert set(AGGREGATIONS) == set(KNOWN)
