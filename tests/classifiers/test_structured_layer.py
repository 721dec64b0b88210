"""The structured layer against every step of the published code, and against autograd through the whole classifier."""

import numpy as np
import pytest
import torch
from torch.nn.functional import cross_entropy

from fsl_core.classifiers import DeepEMD
from fsl_core.classifiers.structured_layer import SCHEDULES, Schedule
from fsl_core.features import EpisodeFeatures
from tests.contracts.test_classifiers import clustered
from tests.parity import SOURCES, parity

RATES = {"lr100": 100.0, "lr0p1": 0.1}
LATER = {"lr100": (0.15, 0.015), "lr0p1": (2e-4, 5e-5)}  # layer, logits: an exact solver decides ties in its own way


def learn(data: dict[str, np.ndarray], key: str, steps: int) -> torch.Tensor:
    """The layer after so many steps with the published permutations."""
    support, labels = torch.from_numpy(data["support"]), torch.from_numpy(data["support_label"])
    classifier, start = DeepEMD(), torch.from_numpy(data["sfc_init"])
    nodes = classifier.nodes_of(support)
    rows = [batch for order in torch.from_numpy(data[f"{key}/perms"]) for batch in order.split(4)]
    schedule = Schedule(RATES[key], epochs=len(data[f"{key}/perms"]), batch=4)
    return schedule.learn(
        start, rows[:steps], lambda layer, rows: classifier.layer_gradient(layer, nodes.of(rows), labels[rows])
    )


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("key", RATES)
def test_every_step_of_the_first_pass_equals_the_published_one(key: str, source: str) -> None:
    data = parity("deepemd_sfc", source)
    for step, published in enumerate(data[f"{key}/sfc_after_step"], start=1):
        assert np.abs(learn(data, key, step).numpy() - published).max() < 1e-5, step


@pytest.mark.parametrize("key", RATES)
def test_the_first_gradient_equals_the_published_one(key: str) -> None:
    data = parity("deepemd_sfc", "whole")
    support, labels = torch.from_numpy(data["support"]), torch.from_numpy(data["support_label"])
    rows = torch.from_numpy(data[f"{key}/perms"][0, :4])
    classifier = DeepEMD()
    mine = classifier.layer_gradient(
        torch.from_numpy(data["sfc_init"]), classifier.nodes_of(support[rows]), labels[rows]
    )
    published = data[f"{key}/grad_first_step"]
    assert np.abs(mine.numpy() - published).max() < 1e-4 * np.abs(published).max()


@pytest.mark.parametrize("key", RATES)
def test_the_learnt_layer_and_its_logits_equal_the_published_ones(key: str) -> None:
    data = parity("deepemd_sfc", "whole")
    layer = learn(data, key, 35)
    logits = DeepEMD().match(torch.from_numpy(data["query"]), layer).logits
    of_layer, of_logits = LATER[key]
    assert np.abs(layer.numpy() - data[f"{key}/sfc"]).max() < of_layer
    assert np.abs(logits.numpy() - data[f"{key}/logits"]).max() < of_logits


@pytest.mark.parametrize(
    "options",
    [{}, {"metric": "l2"}, {"centre": False}, {"pyramid": "2,3"}, {"flow": "proportional", "weights": "equal"}],
    ids=str,
)
def test_the_gradient_is_that_of_autograd_with_plan_and_weights_held_constant(options: dict) -> None:
    features, classifier = clustered((2, 3), 1, side=4), DeepEMD(**options)
    layer = features.prototypes.requires_grad_()
    rows = torch.tensor([0, 2, 3])
    matching = classifier.match(features.support[rows], layer)
    # The same similarities again, through the public match, on a plan that is cut off.
    logits = 12.5 * (matching.plan.detach() * matching.similarity).sum((2, 3))
    cross_entropy(logits, features.support_labels[rows]).backward()
    nodes = classifier.nodes_of(features.support[rows])
    mine = classifier.layer_gradient(layer.detach(), nodes, features.support_labels[rows])
    assert torch.allclose(mine, layer.grad, atol=1e-5 * float(layer.grad.abs().max()))


def test_the_published_schedule_takes_700_steps_and_the_fast_one_a_fifth_at_most() -> None:
    steps = {name: [len(batch) for batch in schedule.batches(25)] for name, schedule in SCHEDULES.items()}
    assert len(steps["published"]) == 700 and steps["published"][:8] == [4] * 6 + [1, 4]
    assert 5 * len(steps["fast"]) <= 700 and 5 * sum(steps["fast"]) <= sum(steps["published"])


def test_every_pass_sees_every_image_once_in_an_order_of_its_own() -> None:
    batches = list(Schedule(1.0, epochs=3, batch=4).batches(10))
    passes = torch.cat(batches).view(3, 10)
    assert (passes.sort(dim=1).values == torch.arange(10)).all()
    assert not torch.equal(passes[0], passes[1]) and not torch.equal(passes[1], passes[2])
    again = list(Schedule(1.0, epochs=3, batch=4).batches(10))
    assert all(torch.equal(one, other) for one, other in zip(batches, again, strict=True))


def test_without_steps_the_layer_is_the_class_means() -> None:
    means = clustered((2, 3), 1).prototypes
    assert torch.equal(Schedule(100.0, epochs=0, batch=4).learn(means, [], lambda layer, rows: layer), means)


def test_momentum_starts_with_the_whole_gradient_and_then_takes_a_tenth() -> None:
    layer = Schedule(1.0, epochs=1, batch=1).learn(
        torch.zeros(1, 1, 1, 1),
        torch.arange(3)[:, None],
        lambda layer, rows: torch.full_like(layer, 10.0 ** rows.item()),
    )
    velocity = [1, 0.9 + 1, 0.9 * 1.9 + 10]
    assert layer.item() == pytest.approx(-sum(velocity))


@pytest.mark.parametrize("speed", SCHEDULES)
@pytest.mark.parametrize("shots", [(5, 5, 5), (1, 4, 2)])
def test_learning_lowers_the_loss_of_the_support_images(shots: tuple[int, ...], speed: str) -> None:
    generator = torch.Generator().manual_seed(0)
    features = clustered(shots, 6)
    noisy = features.support + torch.rand(features.support.shape, generator=generator)
    features = EpisodeFeatures(noisy, features.support_labels, features.query, features.class_names)
    losses = []
    for classifier in (DeepEMD(), DeepEMD(shots="structured", structured_layer=speed)):
        logits = classifier.match(features.support, classifier.prototypes(features)).logits
        losses.append(cross_entropy(logits, features.support_labels).item())
    assert losses[1] < 0.7 * losses[0]


def test_it_works_without_autograd_and_gives_the_same_bits() -> None:
    features = clustered((3, 2), 4)
    classify = DeepEMD(shots="structured")
    before = classify(features).logits
    with torch.inference_mode():
        copies = (features.support.clone(), features.support_labels.clone(), features.query.clone())
        inside = classify(EpisodeFeatures(*copies, features.class_names)).logits
    assert torch.equal(before, inside) and torch.equal(classify(features).logits, before)


def test_the_query_keeps_its_gradient_and_the_support_gets_none() -> None:
    features = clustered((3, 2), 4)
    support, query = features.support.clone().requires_grad_(), features.query.clone().requires_grad_()
    learnt = DeepEMD(shots="structured")(EpisodeFeatures(support, features.support_labels, query, ("a", "b")))
    learnt.logits[:, 0].sum().backward()
    assert query.grad.abs().max() > 0 and support.grad is None


def test_one_image_a_class_is_its_own_layer() -> None:
    features = clustered((1, 1, 1), 2)
    assert torch.equal(DeepEMD(shots="structured").prototypes(features), features.prototypes)
