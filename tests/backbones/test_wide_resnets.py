"""The two WRN-28-10 against their published topologies, written out tensor by tensor."""

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from fsl_core.backbones import WRN28, WRN28S2M2, Network
from tests.backbones.test_parity import filled

STRIDES = (1, 2, 2)


def drawn(network: Network) -> dict[str, Tensor]:
    """Weights of the network's names and shapes, none of them 0 or 1."""
    return filled([(name, list(tensor.shape)) for name, tensor in network.state_dict().items()], 7)


def active(tensors: dict[str, Tensor], name: str, x: Tensor) -> Tensor:
    parts = [tensors[f"{name}.{part}"] for part in ("running_mean", "running_var", "weight", "bias")]
    return F.batch_norm(x, *parts).relu()


def rfs(tensors: dict[str, Tensor], x: Tensor) -> Tensor:
    """The second convolution of a group's first block has the stride; the shortcut sees the raw input."""

    def conv(name: str, x: Tensor, stride: int = 1) -> Tensor:
        weight = tensors[f"{name}.weight"]
        return F.conv2d(x, weight, tensors[f"{name}.bias"], stride, weight.shape[-1] // 2)

    x = conv("conv1", x)
    for group, stride in enumerate(STRIDES, start=1):
        for row in range(4):
            block = f"layer{group}.{row}"
            inner = conv(f"{block}.conv1", active(tensors, f"{block}.bn1", x))
            inner = conv(f"{block}.conv2", active(tensors, f"{block}.bn2", inner), 1 if row else stride)
            x = inner + (x if row else conv(f"{block}.shortcut.0", x, stride))
    return active(tensors, "bn1", x)


def s2m2(tensors: dict[str, Tensor], x: Tensor) -> Tensor:
    """The first convolution of a group's first block has the stride; the shortcut sees the activated input."""

    def conv(name: str, x: Tensor, stride: int = 1) -> Tensor:
        weight = tensors[f"{name}.weight"]
        return F.conv2d(x, weight, None, stride, weight.shape[-1] // 2)

    x = conv("conv1", x)
    for group, stride in enumerate(STRIDES, start=1):
        for row in range(4):
            block = f"block{group}.layer.{row}"
            before = active(tensors, f"{block}.bn1", x)
            inner = conv(f"{block}.conv1", before, 1 if row else stride)
            inner = conv(f"{block}.conv2", active(tensors, f"{block}.bn2", inner))
            x = inner + (x if row else conv(f"{block}.convShortcut", before, stride))
    return active(tensors, "bn1", x)


@pytest.mark.parametrize(("network", "topology"), [(WRN28, rfs), (WRN28S2M2, s2m2)])
@torch.no_grad()
def test_maps_follow_the_published_topology(network: type[Network], topology: object) -> None:
    built = network(widening=2).eval()
    tensors = drawn(built)
    built.load_state_dict(tensors)
    images = torch.randn(2, 3, 24, 24, generator=torch.Generator().manual_seed(0))
    expected = topology(tensors, images)
    assert expected.shape == (2, 128, 6, 6) and expected.std() > 0.1
    torch.testing.assert_close(built(images), expected, rtol=1e-4, atol=1e-4)
    assert [stage.shape[1] for stage in built.stages(images)] == [16, 32, 64, 128]


@pytest.mark.parametrize("network", [WRN28, WRN28S2M2])
def test_dropout_is_for_training_only(network: type[Network]) -> None:
    torch.manual_seed(0)
    built, images = network(widening=1), torch.randn(2, 3, 16, 16)
    assert not torch.equal(built(images), built(images))
    assert torch.equal(built.eval()(images), built(images))
    without = network(widening=1, drop_rate=0.0)
    assert torch.equal(without(images), without(images))
