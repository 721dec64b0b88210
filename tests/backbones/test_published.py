"""Checkpoints in the published layouts, written by the fill rule, give the features of the published networks."""

import json
import os
from argparse import Namespace
from pathlib import Path

import numpy as np
import pytest
import torch

from fsl_core.backbones import WRN28, WRN28S2M2, ResNet12, load_backbone
from fsl_core.backbones.__main__ import main
from fsl_core.backbones.attention import AttentionHeads, attention_of
from fsl_core.backbones.published import SPECS, read_published
from fsl_core.errors import WeightsError
from fsl_core.home import HOME_VARIABLE
from fsl_core.manifest import own_weights, read_cards
from fsl_core.train.teacher import load_teacher
from tests.backbones.test_parity import filled

WIDTHS = (4, 6, 8, 10)


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(HOME_VARIABLE, str(tmp_path / "home"))


def small() -> dict[str, torch.Tensor]:
    torch.manual_seed(0)
    return ResNet12(WIDTHS).state_dict()


def written(path: Path, content: object) -> Path:
    torch.save(content, path)
    return path


def of_deepemd(shared: Path, prefix: str) -> dict[str, torch.Tensor]:
    arrays = np.load(shared / "parity/deepemd_resnet12.npz")
    tensors = filled(json.loads(str(arrays["keys"])), int(arrays["fill_base"]))
    return {prefix + name: tensor for name, tensor in tensors.items()}


def agree(name: str, arrays: dict[str, np.ndarray], given: str, expected: str) -> None:
    """The network behind a name gives the reference's maps within the reference's tolerance."""
    with torch.no_grad():
        maps = load_backbone(name, "cpu").network(torch.from_numpy(arrays[given])).numpy()
    np.testing.assert_allclose(maps, arrays[expected], rtol=0, atol=1e-5 * np.abs(arrays[expected]).max())


@pytest.mark.parametrize("prefix", ["", "module.encoder."])
@pytest.mark.parametrize("zipped", [True, False], ids=["zip", "old"])
def test_deepemd(shared: Path, tmp_path: Path, prefix: str, zipped: bool) -> None:
    tensors = of_deepemd(shared, prefix)
    if prefix:  # a meta-trained file has the head of the pre-training, an old one no counters
        tensors = {name: tensor for name, tensor in tensors.items() if "num_batches" not in name}
        tensors["module.fc.weight"] = torch.zeros(64, 640)
    torch.save({"params": tensors}, tmp_path / "max_acc.pth", _use_new_zipfile_serialization=zipped)
    assert main(["import", str(tmp_path / "max_acc.pth"), "--as", "mine"]) == 0
    agree("mine", dict(np.load(shared / "parity/deepemd_resnet12.npz")), "input", "dense")
    assert load_backbone("mine", "cpu").spec == SPECS["deepemd"]


@pytest.mark.parametrize(
    ("name", "size", "spec"), [("resnet12", 84, "rfs"), ("seresnet12", 84, "rfs"), ("convnet4", 32, "rfs_cifar")]
)
def test_scl(shared: Path, tmp_path: Path, name: str, size: int, spec: str) -> None:
    arrays = dict(np.load(shared / "parity/scl_resnet12.npz"))
    tensors = filled(json.loads(str(arrays[f"{name}/keys"])), int(arrays["fill_base"]))
    torch.manual_seed(0)
    attention = None if name == "seresnet12" else AttentionHeads(arrays[f"{name}/84/pooled"].shape[1], 80).state_dict()
    file = written(tmp_path / "last.pth", {"opt": Namespace(n_cls=64), "model": tensors, "attention": attention})
    assert main(["import", str(file), "--as", str(tmp_path / "a.safetensors"), "--spec", spec, "--trust"]) == 0
    agree(str(tmp_path / "a.safetensors"), arrays, f"input{size}", f"{name}/{size}/spatial")
    backbone = load_backbone(tmp_path / "a.safetensors", "cpu")
    assert backbone.spec == SPECS[spec]
    assert {name.split(".")[0] for name in backbone.heads} == {"classifier"} | ({"attention"} if attention else set())
    found, logits = attention_of(backbone.heads), arrays[f"{name}/{size}/logits"]
    assert (found is None) == (attention is None)
    if attention and found:
        assert all(torch.equal(tensor, attention[name]) for name, tensor in found.state_dict().items())
    teacher = load_teacher(str(tmp_path / "a.safetensors"), SPECS[spec], 64, torch.device("cpu"))
    answered = teacher(torch.from_numpy(arrays[f"input{size}"]))[1].numpy()
    np.testing.assert_allclose(answered, logits, rtol=0, atol=1e-5 * np.abs(logits).max())


WIDE = {  # layout -> architecture, network, tensors around the network's, name before its own, usual input
    "RFS": ("wrn_28_10", WRN28, {"classifier.weight": (64, 128), "classifier.bias": (64,)}, "", "rfs"),
    "SCL": ("wrn_28_10", WRN28, {"head.net.0.weight": (128, 128)}, "encoder.", "rfs"),
    "S2M2": ("wrn_28_10_s2m2", WRN28S2M2, {"linear.L.weight_g": (200, 1)}, "", "s2m2"),
    "PT-MAP": ("wrn_28_10_s2m2", WRN28S2M2, {"module.linear.L.weight_v": (200, 128)}, "module.", "s2m2"),
    "S2M2, rotation stage": ("wrn_28_10_s2m2", WRN28S2M2, {"classifier.weight": (4, 2)}, "feature.module.", "s2m2"),
}


@pytest.mark.parametrize("layout", WIDE)
@torch.no_grad()
def test_wide_residual_networks(layout: str, tmp_path: Path) -> None:
    architecture, network, heads, before, spec = WIDE[layout]
    original = network(widening=2).eval()
    names = [(name, list(tensor.shape)) for name, tensor in original.state_dict().items()]
    original.load_state_dict(filled(names, 3))
    tensors = {before + name: tensor for name, tensor in original.state_dict().items()}
    tensors |= {name: torch.ones(shape) for name, shape in heads.items()}
    content = {"epoch": 470, "state": tensors} if spec == "s2m2" else {"epoch": 90, "model": tensors}
    content["attention"] = AttentionHeads(128, 8).state_dict()  # WRN-28-10's look at other maps
    found = read_published(written(tmp_path / "470.tar", content))
    assert (found.architecture, found.options, found.spec) == (architecture, {"widening": 2}, spec)
    assert found.heads.keys() == ({"classifier.weight", "classifier.bias"} if layout == "RFS" else set())
    found.save(tmp_path / "wide.safetensors", SPECS[spec])
    loaded, images = load_backbone(tmp_path / "wide.safetensors", "cpu"), torch.randn(2, 3, 20, 20)
    assert torch.equal(loaded.network(images), original(images)) and loaded.spec == SPECS[spec]


def test_what_is_known_of_an_imported_backbone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = written(tmp_path / "max_acc.pth", {"params": small()})
    assert main(["import", str(file), "--as", "mine"]) == 0
    assert "--backbone mine" in capsys.readouterr().out
    card = read_cards()["mine"]
    assert card.path == own_weights() / "mine.safetensors"
    assert card.own and card.accuracy_1shot is None
    assert card.sha256 == load_backbone("mine", "cpu").digest
    assert card.recipe.startswith("imported from max_acc.pth, SHA-256 ")
    assert [one for one in read_cards().values() if one.default] == [next(iter(read_cards().values()))]


def test_nothing_is_rounded(tmp_path: Path) -> None:
    tensors = {f"module.encoder.{name}": tensor + 1e-6 for name, tensor in small().items() if "num" not in name}
    read_published(written(tmp_path / "a.pth", {"params": tensors})).save(tmp_path / "a.safetensors", SPECS["rfs"])
    loaded = load_backbone(tmp_path / "a.safetensors", "cpu").network.state_dict()
    for name, tensor in tensors.items():
        torch.testing.assert_close(loaded[name.removeprefix("module.encoder.")], tensor, rtol=0, atol=0)


def test_foreign_files_among_the_own_weights_are_left_out(tmp_path: Path) -> None:
    own_weights().mkdir(parents=True)
    before = read_cards()
    (own_weights() / "damaged.safetensors").write_bytes(b"nothing")
    read_published(written(tmp_path / "m.pth", {"params": small()})).save(
        own_weights() / "conv4.safetensors", SPECS["rfs"]
    )
    assert read_cards() == before


class Hostile:
    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.system, (f"touch {self.mark}",)


@pytest.mark.parametrize("zipped", [True, False], ids=["zip", "old"])
def test_a_hostile_pickle_is_refused_and_not_run(
    tmp_path: Path, zipped: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    mark, file = tmp_path / "ran", tmp_path / "max_acc.pth"
    torch.save({"params": small(), "x": Hostile(mark)}, file, _use_new_zipfile_serialization=zipped)
    assert main(["import", str(file), "--as", "mine"]) == 2
    said = capsys.readouterr().err
    assert "system" in said and "--trust" in said and said.count("\n") == 1
    assert not mark.exists()
    assert not own_weights().exists()
    read_published(file, trust=True)
    assert mark.exists()  # what the flag is there for


def test_a_namespace_needs_trust(tmp_path: Path) -> None:
    file = written(tmp_path / "last.pth", {"opt": Namespace(n_cls=64), "model": small()})
    with pytest.raises(WeightsError, match=r"holds more than tensors \(argparse\.Namespace\).*add --trust"):
        read_published(file)
    assert read_published(file, trust=True).spec == "rfs"


@pytest.mark.parametrize("zipped", [True, False], ids=["zip", "old"])
def test_damaged_files(tmp_path: Path, zipped: bool) -> None:
    file, draw = tmp_path / "max_acc.pth", np.random.default_rng(0)
    torch.save({"params": small()}, file, _use_new_zipfile_serialization=zipped)
    whole = file.read_bytes()
    refused = 0
    for cut in (0, 7, 300, len(whole) // 2, *[None] * 40):
        data = bytearray(whole[:cut])
        if cut is None:
            data[draw.integers(600)] = draw.integers(256)
        file.write_bytes(data)
        try:
            read_published(file)
        except WeightsError:
            refused += 1
    assert refused > 15


@pytest.mark.parametrize(
    ("change", "fragment"),
    [
        (lambda t: t.pop("layer2.0.bn1.weight"), r"layer2\.0\.bn1\.weight are missing"),
        (lambda t: t.pop("layer3.0.conv1.weight"), r"no whole resnet12: layer3\.0\.conv1\.weight is missing"),
        (lambda t: t.update({"layer1.1.conv1.weight": torch.zeros(1)}), r"layer1\.1\.conv1\.weight are unexpected"),
        (lambda t: t.update({"layer1.0.bn1.bias": torch.zeros(3)}), r"bias \[3\] instead of \[4\] have another shape"),
        (lambda t: t.update({"layer1.0.bn1.bias": "zero"}), "a dictionary of names and tensors"),
        (
            lambda t: [t.pop(name) for name in list(t) if name.startswith("layer1")],
            "none of the networks that can be imported",
        ),
    ],
)
def test_other_networks_are_named(tmp_path: Path, change: object, fragment: str) -> None:
    tensors = small()
    change(tensors)
    with pytest.raises(WeightsError, match=fragment):
        read_published(written(tmp_path / "a.pth", {"params": tensors}))


@pytest.mark.parametrize(
    ("change", "fragment"),
    [
        (lambda t: t.pop("key.0.weight"), r"not complete \(.*key\.0\.weight"),
        (
            lambda t: t.update({"query.0.weight": torch.zeros(())}),
            r"matrices, but attention\.query\.0\.weight are none",
        ),
        (lambda t: t.update(AttentionHeads(7, 5).state_dict()), "for maps of 7 channels, but its network has 10"),
        (lambda t: t.update({"query.0.weight": "zero"}), "a dictionary of names and tensors"),
    ],
)
def test_attention_that_does_not_fit(tmp_path: Path, change: object, fragment: str) -> None:
    attention = dict(AttentionHeads(WIDTHS[-1], 5).state_dict())
    assert read_published(written(tmp_path / "a.pth", {"model": small(), "attention": attention})).heads
    change(attention)
    with pytest.raises(WeightsError, match=fragment):
        read_published(written(tmp_path / "a.pth", {"model": small(), "attention": attention}))


@pytest.mark.parametrize(
    ("content", "fragment"),
    [({"net": {}, "epoch": 3}, "its parts are net, epoch"), ([1], "no dictionary"), ({"params": 1}, "dictionary")],
)
def test_other_layouts(tmp_path: Path, content: object, fragment: str) -> None:
    with pytest.raises(WeightsError, match=fragment):
        read_published(written(tmp_path / "a.pth", content))


@pytest.mark.parametrize(
    ("name", "fragment"),
    [("../mine", "made of letters"), ("conv4", "that ships"), ("taken", "is there already"), ("", "made of letters")],
)
def test_names_that_cannot_be_used(
    tmp_path: Path, name: str, fragment: str, capsys: pytest.CaptureFixture[str]
) -> None:
    file = written(tmp_path / "a.pth", {"params": small()})
    own_weights().mkdir(parents=True)
    (own_weights() / "taken.safetensors").write_bytes(b"old")
    assert main(["import", str(file), "--as", name]) == 2
    assert fragment in capsys.readouterr().err
    assert main(["import", str(tmp_path / "none.pth"), "--as", "mine"]) == 2
    assert "There is no file" in capsys.readouterr().err


def test_a_place_that_cannot_be_written_to(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = written(tmp_path / "a.pth", {"params": small()})
    for place in (f"{tmp_path / ('x' * 300)}.safetensors", "/proc/none.safetensors"):
        assert main(["import", str(file), "--as", place]) == 2
        assert "cannot be written" in capsys.readouterr().err
