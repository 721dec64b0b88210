"""Weights on disk: safetensors files that carry their architecture and input specification in the header."""

import errno
import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file, save_file
from torch import Tensor

from fsl_core.backbones.backbone import Backbone
from fsl_core.backbones.conv4 import Conv4
from fsl_core.backbones.network import Network
from fsl_core.backbones.resnet12 import ResNet12
from fsl_core.backbones.resnet18 import ResNet18
from fsl_core.backbones.seresnet12 import SEResNet12
from fsl_core.backbones.timm import load_timm
from fsl_core.backbones.wrn_28_10 import WRN28
from fsl_core.backbones.wrn_28_10_s2m2 import WRN28S2M2
from fsl_core.data.transforms import CROP, InputSpec
from fsl_core.errors import WeightsError
from fsl_core.manifest import HEADER, read_cards

BACKBONES: dict[str, type[Network]] = {
    "resnet12": ResNet12,
    "seresnet12": SEResNet12,
    "conv4": Conv4,
    "wrn_28_10": WRN28,
    "wrn_28_10_s2m2": WRN28S2M2,
    "resnet18": ResNet18,
}
TIMM = "timm:"
HEAD = "head."  # before the names of what an objective trained beside the network


def build(architecture: str, options: dict[str, Any]) -> Network:
    """A network with fresh random weights.

    Raises:
        WeightsError: the architecture or one of its options is unknown.
    """
    if architecture not in BACKBONES:
        raise WeightsError(f"There is no architecture {architecture!r}; choose one of {', '.join(BACKBONES)}.")
    try:
        return BACKBONES[architecture](**options)
    except TypeError as error:
        raise WeightsError(f"The architecture {architecture} does not take the options {options}: {error}.") from error


def save_weights(
    path: Path,
    network: Network,
    architecture: str,
    options: dict[str, Any],
    spec: InputSpec,
    heads: Mapping[str, Tensor] = MappingProxyType({}),
) -> None:
    """Write a network's parameters and buffers in half precision, with all that `load_backbone` needs, atomically.

    Args:
        heads: what an objective trained beside the network, by `Objective.heads`.
    """
    every = network.state_dict() | {HEAD + name: tensor for name, tensor in heads.items()}
    tensors = {name: tensor.half() if tensor.is_floating_point() else tensor for name, tensor in every.items()}
    write_weights(path, tensors, describe(architecture, options, spec))


def describe(architecture: str, options: dict[str, Any], spec: InputSpec) -> dict[str, str]:
    """The header of a weights file: all that `load_backbone` needs beside the tensors."""
    values = (architecture, json.dumps(options), json.dumps(asdict(spec)))
    return dict(zip(HEADER, values, strict=True))


def write_weights(path: Path, tensors: Mapping[str, Tensor], header: Mapping[str, str]) -> None:
    """Write tensors in the precision that they have, atomically.

    Args:
        header: of `describe`, and what else is to be known of the file.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    try:
        save_file({name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}, part, dict(header))
    except SafetensorError as error:  # what the library makes of a full disk or a folder that cannot be written to
        raise OSError(errno.EIO, str(error)) from error
    part.replace(path)


def load_backbone(name_or_path: str | Path, device: str | torch.device | None = None) -> Backbone:
    """Load a frozen backbone in eval mode.

    Args:
        name_or_path: a name from `weights/manifest.toml`, that of an own backbone (`fsl_core.manifest.own_weights`),
            the path of a `.safetensors` file written by `python -m fsl_core.train` or `python -m fsl_core.backbones
            import`, or `timm:<model>` for a model of timm with its published weights.
        device: "cpu", "cuda", ...; None = the GPU where there is one, else the CPU.

    Raises:
        WeightsError: there is no such name, file or device, or the file is damaged or of another kind.
    """
    device = _usable(device)
    name = str(name_or_path)
    if name.startswith(TIMM):
        return _frozen(Backbone(name, *load_timm(name.removeprefix(TIMM)), device))
    path = _locate(name)
    network, spec, heads = read_weights(path)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    return _frozen(Backbone(name, network, spec, digest, device, heads))


def read_weights(path: Path) -> tuple[Network, InputSpec, dict[str, Tensor]]:
    """The network, the input specification and the heads that a weights file describes.

    Raises:
        WeightsError: the file is damaged, has no header of ours, or its tensors do not fit the architecture.
    """
    try:
        with safe_open(path, "pt") as file:
            header = file.metadata() or {}
        tensors = load_file(path)
    except (SafetensorError, OSError) as error:
        raise WeightsError(
            f"{path.name} is not a readable safetensors file ({error}); copy or train it again."
        ) from error
    if not set(HEADER) <= header.keys():
        raise WeightsError(
            f"{path.name} was not written by python -m fsl_core.train or python -m fsl_core.backbones import: its "
            "header names no architecture."
        )
    network = build(header["architecture"], json.loads(header["options"]))
    tensors = {key: value.float() if value.is_floating_point() else value for key, value in tensors.items()}
    heads = {key.removeprefix(HEAD): tensors.pop(key) for key in list(tensors) if key.startswith(HEAD)}
    try:
        network.load_state_dict(tensors)
    except RuntimeError as error:
        raise WeightsError(
            f"{path.name} does not fit its architecture {header['architecture']}; train or copy it again."
        ) from error
    values = json.loads(header["input"])
    spec = InputSpec(values["size"], tuple(values["mean"]), tuple(values["std"]), values.get("fit", CROP))
    return network, spec, heads


def _locate(name: str) -> Path:
    path = Path(name)
    if path.suffix == ".safetensors":
        if not path.is_file():
            raise WeightsError(f"There is no weights file {name}; check the path.")
        return path
    cards = read_cards()
    if name not in cards:
        raise WeightsError(
            f"There is no backbone {name!r}; choose one of {', '.join(cards)}, or give "
            "a .safetensors file or timm:<model>."
        )
    if not cards[name].path.is_file():
        raise WeightsError(f"weights/{cards[name].file} is missing; restore it from the repository.")
    return cards[name].path


def _usable(device: str | torch.device | None) -> torch.device:
    try:
        chosen = torch.device(device or ("cuda" if torch.cuda.is_available() else "cpu"))
        torch.empty(0, device=chosen)
    except (RuntimeError, AssertionError) as error:
        raise WeightsError(f"This computer has no usable device {device!s}; choose the device cpu.") from error
    return chosen


def _frozen(backbone: Backbone) -> Backbone:
    """The same backbone in eval mode on its device."""
    backbone.network.eval().requires_grad_(False).to(backbone.device)
    return replace(backbone, heads={name: head.to(backbone.device) for name, head in backbone.heads.items()})
