"""Weights files: what is written is what is loaded, and what is wrong is said in one sentence."""

import hashlib
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from fsl_core.backbones import Conv4, ResNet12, build, load_backbone, save_weights
from fsl_core.backbones.timm import load_timm
from fsl_core.data.transforms import InputSpec, prepare
from fsl_core.errors import WeightsError
from fsl_core.objectives import SCL

SPEC = InputSpec(32, (0.4, 0.5, 0.6), (0.2, 0.25, 0.3))
WIDTHS = (4, 6, 8, 10)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    torch.manual_seed(0)
    path = tmp_path / "net.safetensors"
    save_weights(path, ResNet12(WIDTHS).eval(), "resnet12", {"widths": WIDTHS}, SPEC)
    return path


def test_round_trip(file: Path) -> None:
    torch.manual_seed(0)
    original = ResNet12(WIDTHS).eval()
    backbone = load_backbone(file, "cpu")
    images = [np.random.default_rng(seed).integers(0, 256, (40, 50, 3), dtype=np.uint8) for seed in range(70)]
    with torch.no_grad():
        expected = original(prepare(images, SPEC))
    torch.testing.assert_close(backbone.maps(images), expected, rtol=5e-3, atol=5e-3)
    assert backbone.spec == SPEC
    assert backbone.digest == hashlib.sha256(file.read_bytes()).hexdigest()


def test_it_is_frozen(file: Path) -> None:
    backbone = load_backbone(file, "cpu")
    before = {name: tensor.clone() for name, tensor in backbone.network.state_dict().items()}
    maps = backbone.maps([np.zeros((32, 32, 3), np.uint8)])
    assert not backbone.network.training
    assert not maps.requires_grad
    assert all(torch.equal(before[name], tensor) for name, tensor in backbone.network.state_dict().items())


def test_heads_travel_with_the_network(file: Path, tmp_path: Path) -> None:
    torch.manual_seed(0)
    scl = SCL(10, 3, spatial_weight=1.0, projection=4)
    save_weights(tmp_path / "scl.safetensors", ResNet12(WIDTHS), "resnet12", {"widths": WIDTHS}, SPEC, scl.heads())
    heads = load_backbone(tmp_path / "scl.safetensors", "cpu").heads
    assert heads.keys() == scl.heads().keys() >= {"classifier.bias", "attention.key.2.weight"}
    again = SCL(10, 3, spatial_weight=1.0, projection=4)
    again.load_state_dict(heads)
    maps, labels = torch.rand(6, 10, 2, 2), torch.tensor([0, 1, 2])
    torch.testing.assert_close(again(maps, labels).loss, scl(maps, labels).loss, rtol=1e-2, atol=1e-2)
    assert load_backbone(file, "cpu").heads == {}


def test_damaged_file(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:500])
    with pytest.raises(WeightsError, match="not a readable safetensors file"):
        load_backbone(file)


def test_file_of_somebody_else(tmp_path: Path) -> None:
    save_file({"a": torch.zeros(2)}, tmp_path / "other.safetensors")
    with pytest.raises(WeightsError, match="header names no architecture"):
        load_backbone(tmp_path / "other.safetensors")


def test_tensors_that_do_not_fit(tmp_path: Path) -> None:
    path = tmp_path / "net.safetensors"
    save_weights(path, Conv4(), "resnet12", {"widths": WIDTHS}, SPEC)
    with pytest.raises(WeightsError, match="does not fit its architecture"):
        load_backbone(path)


@pytest.mark.parametrize(
    ("name", "fragment"),
    [
        ("no_such_backbone", "choose one of"),
        ("missing.safetensors", "no weights file"),
        ("timm:resnet_of_dreams", "timm has no model"),
    ],
)
def test_unknown_names(name: str, fragment: str) -> None:
    with pytest.raises(WeightsError, match=fragment):
        load_backbone(name)


@pytest.mark.parametrize(
    "device", ["toaster", "meta:3:4", "mps" if not torch.backends.mps.is_available() else "cuda:99"]
)
def test_unknown_devices(file: Path, device: str) -> None:
    with pytest.raises(WeightsError, match="choose the device cpu"):
        load_backbone(file, device)


def test_unknown_architecture() -> None:
    with pytest.raises(WeightsError, match="choose one of resnet12, seresnet12, conv4"):
        build("resnet99", {})
    with pytest.raises(WeightsError, match="does not take the options"):
        build("conv4", {"depth": 9})


def test_a_timm_model_gives_maps() -> None:
    network, spec, digest = load_timm("test_resnet", pretrained=False)
    maps = network.eval()(torch.zeros(2, 3, spec.size, spec.size))
    assert maps.shape[:2] == (2, network.channels)
    assert maps.shape[2] > 1
    assert len(digest) == 64
