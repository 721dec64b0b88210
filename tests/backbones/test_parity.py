"""Feature maps of the published implementations, by the fill rule of the reference data."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from fsl_core.backbones import WRN28, WRN28S2M2, Backbone, Conv4, Network, ResNet12, SEResNet12
from fsl_core.data.patches import Sampling
from fsl_core.data.transforms import InputSpec
from fsl_core.features import maps_of


def filled(keys: list[tuple[str, list[int]]], base: int) -> dict[str, Tensor]:
    """Parameters and buffers drawn by the rule that the reference networks were filled with."""
    tensors = {}
    for index, (name, shape) in enumerate(keys):
        draw = np.random.default_rng(base + index).standard_normal(shape)
        if name.endswith("num_batches_tracked"):
            draw = np.zeros(shape)
        elif name.endswith("running_mean"):
            draw = 0.1 * draw
        elif name.endswith("running_var"):
            draw = 0.5 + np.abs(draw)
        elif len(shape) >= 2:
            draw = draw * np.sqrt(2 / np.prod(shape[1:]))
        elif name.endswith("weight"):
            draw = 1 + 0.1 * draw
        else:
            draw = 0.1 * draw
        tensors[name] = torch.from_numpy(np.asarray(draw, dtype=np.float32))
    return tensors


def encoder(network: Network, arrays: dict[str, np.ndarray], prefix: str) -> Network:
    """`network` with the reference's parameters; every key of the reference's encoder must be used."""
    keys = json.loads(str(arrays[f"{prefix}keys"]))
    tensors = filled(keys, int(arrays["fill_base"] if "fill_base" in arrays else arrays[f"{prefix}fill_base"]))
    sums = [float(tensor.double().sum()) for tensor in tensors.values()]
    np.testing.assert_allclose(sums, arrays[f"{prefix}key_sum"], rtol=1e-6, atol=1e-6)
    named = {name.removeprefix("encoder."): tensor for name, tensor in tensors.items()}
    network.load_state_dict({name: tensor for name, tensor in named.items() if name.startswith("layer")})
    return network.eval()


def agree(ours: Tensor, reference: np.ndarray) -> None:
    np.testing.assert_allclose(ours.numpy(), reference, rtol=0, atol=1e-5 * np.abs(reference).max())


@torch.no_grad()
def test_deepemd_resnet12(shared: Path) -> None:
    arrays = dict(np.load(shared / "parity/deepemd_resnet12.npz"))
    network = encoder(ResNet12(), arrays, "")
    maps = network(torch.from_numpy(arrays["input"]))
    agree(maps, arrays["dense"])
    agree(maps.mean(dim=(2, 3), keepdim=True), arrays["pooled"])


@torch.no_grad()
def test_deepemd_patches(shared: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two inputs given as the two patches of one image; the reference starts from normalised tensors, not pictures."""
    arrays = dict(np.load(shared / "parity/deepemd_resnet12.npz"))
    monkeypatch.setattr("fsl_core.backbones.backbone.prepare", lambda images, spec: torch.from_numpy(arrays["input"]))
    network = encoder(ResNet12(), arrays, "")
    backbone = Backbone("reference", network, InputSpec(84), "", torch.device("cpu"))
    agree(maps_of(backbone, [np.zeros((84, 84, 3), np.uint8)], Sampling(2)), arrays["patches"])


@pytest.mark.parametrize("size", [84, 32])
@pytest.mark.parametrize(("name", "network"), [("resnet12", ResNet12), ("seresnet12", SEResNet12), ("convnet4", Conv4)])
@torch.no_grad()
def test_scl_encoders(shared: Path, name: str, network: type[Network], size: int) -> None:
    arrays = dict(np.load(shared / "parity/scl_resnet12.npz"))
    stages = encoder(network(), arrays, f"{name}/").stages(torch.from_numpy(arrays[f"input{size}"]))
    for index in range(3):
        agree(stages[index].mean(dim=(2, 3)), arrays[f"{name}/{size}/stage{index}_mean"])
    agree(stages[3], arrays[f"{name}/{size}/spatial"])
    agree(stages[3].mean(dim=(2, 3)), arrays[f"{name}/{size}/pooled"])


@pytest.mark.parametrize(
    ("network", "parameters", "tensors"),
    [
        (ResNet12, 12_424_320, 96),
        (SEResNet12, 12_737_672 - 640 * 64 - 64, 114 - 2),  # without the published heads
        (WRN28, 36_523_904 - 640 * 64 - 64, 183 - 2),
        (WRN28S2M2, 36_600_984 - 200 * 640 - 200, 155 - 2),
    ],
)
def test_published_size(network: type[Network], parameters: int, tensors: int) -> None:
    built = network()
    assert sum(parameter.numel() for parameter in built.parameters()) == parameters
    assert len(built.state_dict()) == tensors
