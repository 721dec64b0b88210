"""The fine-tuned cosine classifier against torch.optim.SGD with autograd."""

import dataclasses

import numpy as np
import pytest
import torch
from torch.nn.functional import cosine_similarity

from fsl_core.classifiers import CosineClassifier, ProtoNet
from fsl_core.errors import OptionError
from tests.contracts.test_classifiers import clustered


@pytest.mark.parametrize("shots", [(1, 1, 1), (4, 4, 4), (1, 4, 2)], ids=str)
def test_the_steps_are_those_of_sgd_on_the_whole_support_set(shots: tuple[int, ...]) -> None:
    features = clustered(shots, 5)
    support, query = (maps.double().mean((2, 3)) for maps in (features.support, features.query))
    labels = features.support_labels
    units = support / support.norm(dim=1, keepdim=True)
    means = torch.stack([units[labels == k].mean(dim=0) for k in range(3)])
    weight = (means / means.norm(dim=1, keepdim=True)).requires_grad_()
    optimiser = torch.optim.SGD([weight], lr=0.02, momentum=0.9)
    criterion = torch.nn.CrossEntropyLoss(weight=1 / torch.tensor(shots).double())
    for _ in range(40):
        optimiser.zero_grad()
        criterion(7 * cosine_similarity(support[:, None], weight[None], dim=2), labels).backward()
        optimiser.step()
    expected = 7 * cosine_similarity(query[:, None], weight[None], dim=2)
    mine = CosineClassifier(temperature=7.0, steps=40, learning_rate=0.02)(features).logits
    np.testing.assert_allclose(mine.numpy(), expected.detach().numpy(), atol=2e-5)


def test_no_step_leaves_the_cosine_to_the_prototypes() -> None:
    features = clustered((2, 3, 1), 6)
    start = ProtoNet(metric="cosine", normalise=True, temperature=10.0)(features).logits
    assert torch.allclose(CosineClassifier(steps=0)(features).logits, start, atol=1e-5)
    assert not torch.allclose(CosineClassifier(learning_rate=0.1)(features).logits, start, atol=0.1)


def test_steps_lower_the_loss_on_the_support_set() -> None:
    features = clustered((3, 3, 3), 9)
    itself = dataclasses.replace(features, query=features.support)
    losses = [
        torch.nn.functional.cross_entropy(
            CosineClassifier(steps=steps, learning_rate=0.1)(itself).logits, features.support_labels
        ).item()
        for steps in (0, 20, 200)
    ]
    assert losses[0] > losses[1] > losses[2]


def test_it_answers_the_same_in_inference_mode() -> None:
    features = clustered((2, 1), 4)
    with torch.inference_mode():
        inside = CosineClassifier()(dataclasses.replace(features, support=features.support.clone())).logits
    assert torch.equal(inside, CosineClassifier()(features).logits)


def test_options_are_checked() -> None:
    with pytest.raises(OptionError, match="steps must lie in"):
        CosineClassifier(steps=-1)
    with pytest.raises(OptionError, match="learning_rate must lie in"):
        CosineClassifier(learning_rate=0.0)
