"""The attention heads that a weights file keeps beside the network."""

import pytest
import torch

from fsl_core.backbones.attention import AttentionHeads, attention_of
from fsl_core.errors import WeightsError
from fsl_core.objectives import SCL


def test_the_heads_of_training_are_found_again() -> None:
    scl = SCL(6, 3, spatial_weight=1.0, global_weight=1.0, projection=4)
    heads, maps = attention_of(scl.heads()), torch.rand(2, 6, 3, 3)
    assert scl.attention is not None and heads is not None
    assert not any(parameter.requires_grad for parameter in heads.parameters())
    for found, expected in zip(heads(maps), scl.attention(maps), strict=True):
        torch.testing.assert_close(found, expected, rtol=0, atol=1e-6)


def test_a_backbone_without_attention_has_none() -> None:
    assert attention_of({}) is None
    assert attention_of(SCL(6, 3, global_weight=1.0).heads()) is None


@pytest.mark.parametrize("name", ["query.0.weight", "query.2.weight", "value.2.weight"])
def test_incomplete_heads_are_named(name: str) -> None:
    state = {f"attention.{key}": tensor for key, tensor in AttentionHeads(6, 4).state_dict().items()}
    del state[f"attention.{name}"]
    with pytest.raises(WeightsError, match="not complete"):
        attention_of(state)
    with pytest.raises(WeightsError, match="not complete"):
        attention_of(state | {f"attention.{name}": torch.zeros(3, 3)})
