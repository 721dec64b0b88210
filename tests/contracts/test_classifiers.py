"""Every row of `CLASSIFIERS` keeps the classifier contract."""

import dataclasses

import pytest
import torch

from fsl_core.classifiers import CLASSIFIERS
from fsl_core.errors import OptionError
from fsl_core.features import EpisodeFeatures
from fsl_core.types import params

SHOTS = {"1-shot": (1, 1, 1), "5-shot": (5, 5, 5), "uneven": (1, 4, 2), "2-way": (2, 1), "20-way": (1,) * 20}


def clustered(
    shots: tuple[int, ...], n_query: int, side: int = 3, channels: int = 32, seed: int = 0
) -> EpisodeFeatures:
    """Classes with well separated maps, support images in mixed order; query q belongs to class q modulo way."""
    generator = torch.Generator().manual_seed(seed)
    centres = torch.rand(len(shots), channels, side, side, generator=generator)
    labels = torch.arange(len(shots)).repeat_interleave(torch.tensor(shots))
    labels = labels[torch.randperm(len(labels), generator=generator)]
    query_labels = torch.arange(n_query) % len(shots)

    def samples(rows: torch.Tensor) -> torch.Tensor:
        return centres[rows] + 0.1 * torch.rand(len(rows), channels, side, side, generator=generator)

    return EpisodeFeatures(
        samples(labels), labels, samples(query_labels), tuple(f"class {k}" for k in range(len(shots)))
    )


@pytest.mark.parametrize("name", CLASSIFIERS)
@pytest.mark.parametrize("side", [1, 2, 5])
@pytest.mark.parametrize("shots", SHOTS.values(), ids=SHOTS)
def test_separated_classes_are_told_apart(name: str, shots: tuple[int, ...], side: int) -> None:
    features = clustered(shots, 40, side, channels=64 if side == 1 else 32)
    prediction = CLASSIFIERS[name]()(features)
    assert prediction.logits.shape == (40, len(shots))
    assert prediction.logits.argmax(dim=1).tolist() == (torch.arange(40) % len(shots)).tolist()
    assert torch.allclose(prediction.probabilities.sum(dim=1), torch.ones(40))


@pytest.mark.parametrize("name", CLASSIFIERS)
def test_one_query_is_enough(name: str) -> None:
    assert CLASSIFIERS[name]()(clustered((1, 2), 1)).logits.shape == (1, 2)


@pytest.mark.parametrize("name", CLASSIFIERS)
def test_the_same_call_gives_the_same_bits(name: str) -> None:
    classifier, features = CLASSIFIERS[name](), clustered((2, 3, 1), 7)
    copies = [tensor.clone() for tensor in (features.support, features.query)]
    first = classifier(features).logits
    assert torch.equal(first, classifier(features).logits)
    assert torch.equal(features.support, copies[0]) and torch.equal(features.query, copies[1])


@pytest.mark.parametrize("name", CLASSIFIERS)
def test_only_transductive_classifiers_look_at_other_queries(name: str) -> None:
    classifier, features = CLASSIFIERS[name](), clustered((2, 1, 2), 6)
    alone = dataclasses.replace(features, query=features.query[2:3])
    same = torch.allclose(classifier(features).logits[2:3], classifier(alone).logits, atol=1e-5)
    assert same or classifier.transductive


@pytest.mark.parametrize("name", CLASSIFIERS)
def test_the_order_of_classes_and_images_does_not_matter(name: str) -> None:
    classifier, features = CLASSIFIERS[name](), clustered((1, 3, 2), 6)
    images = torch.randperm(6, generator=torch.Generator().manual_seed(1))
    classes = torch.tensor([2, 0, 1])  # old row -> new row
    other = EpisodeFeatures(
        features.support[images], classes[features.support_labels[images]], features.query, features.class_names
    )
    assert torch.allclose(classifier(other).logits[:, classes], classifier(features).logits, atol=1e-4)


@pytest.mark.parametrize("name", CLASSIFIERS)
def test_gradients_reach_support_and_query(name: str) -> None:
    features = clustered((2, 2), 3)
    maps = [features.support.clone().requires_grad_(), features.query.clone().requires_grad_()]
    CLASSIFIERS[name]()(dataclasses.replace(features, support=maps[0], query=maps[1])).logits[:, 0].sum().backward()
    assert all(part.grad.isfinite().all() and part.grad.abs().max() > 0 for part in maps)


@pytest.mark.parametrize("name", CLASSIFIERS)
def test_a_declared_gradient_by_the_query_says_how_the_logits_change(name: str) -> None:
    """Beside constant support features, in double precision, against central differences."""
    classifier, features = CLASSIFIERS[name](), clustered((2, 2), 2)
    support, query = features.support.double(), features.query.double()
    step = 1e-5 * torch.randn(query.shape, generator=torch.Generator().manual_seed(2), dtype=torch.float64)

    def first_class(query: torch.Tensor) -> torch.Tensor:
        return classifier(dataclasses.replace(features, support=support, query=query)).logits[:, 0]

    assert isinstance(classifier.differentiable, bool)
    if classifier.differentiable:
        asked = query.clone().requires_grad_()
        (gradient,) = torch.autograd.grad(first_class(asked).sum(), asked)
        assert gradient.isfinite().all() and (gradient.flatten(1).norm(dim=1) > 0).all()
        change = (first_class(query + step) - first_class(query - step)) / 2
        torch.testing.assert_close((gradient * step).sum(dim=(1, 2, 3)), change.detach(), rtol=1e-3, atol=1e-10)
    else:
        with torch.enable_grad():
            assert not first_class(query.clone().requires_grad_()).requires_grad


@pytest.mark.parametrize("name", CLASSIFIERS)
def test_a_support_image_as_query_is_finite_even_in_its_gradient(name: str) -> None:
    """Distances of 0, cosines of 1."""
    features = clustered((1, 1), 2)
    query = features.support.clone().requires_grad_()
    logits = CLASSIFIERS[name]()(dataclasses.replace(features, query=query)).logits
    assert logits.argmax(dim=1).tolist() == features.support_labels.tolist()
    logits.sum().backward()
    assert logits.isfinite().all() and query.grad.isfinite().all()


@pytest.mark.parametrize("name", CLASSIFIERS)
def test_features_of_zeros_give_finite_logits(name: str) -> None:
    features = clustered((1, 2), 3)
    zeros = dataclasses.replace(
        features, support=torch.zeros_like(features.support), query=torch.zeros_like(features.query)
    )
    assert CLASSIFIERS[name]()(zeros).logits.isfinite().all()


@pytest.mark.parametrize("name", CLASSIFIERS)
def test_a_higher_temperature_is_more_certain(name: str) -> None:
    features = clustered((1, 1, 1), 6)
    low, high = (CLASSIFIERS[name](temperature=t)(features).probabilities.amax(dim=1) for t in (1.0, 3.0))
    assert (high > low).all()


@pytest.mark.parametrize("name", CLASSIFIERS)
def test_classifiers_describe_themselves_and_check_their_options(name: str) -> None:
    cls = CLASSIFIERS[name]
    assert cls.title and cls.reference and isinstance(cls.transductive, bool)
    assert params(cls).keys() == {field.name for field in dataclasses.fields(cls)}
    assert hash(cls()) == hash(cls()) and cls() == cls()
    with pytest.raises(OptionError, match="temperature must be a number"):
        cls(temperature="warm")
