"""Published checkpoints of DeepEMD, RFS/SCL and S2M2 -> a network of ours. A pickle is not run unless somebody asks."""

import hashlib
import pickle
import re
import struct
import warnings
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import torch
from torch import Tensor

from fsl_core.backbones.attention import ATTENTION, attention_of
from fsl_core.backbones.network import Network
from fsl_core.backbones.weights import HEAD, build, describe, write_weights
from fsl_core.data.transforms import InputSpec
from fsl_core.errors import WeightsError, called
from fsl_core.manifest import SOURCE

TRUST = "--trust"
IMAGENET = ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))  # mean and standard deviation
SPECS: Mapping[str, InputSpec] = MappingProxyType(
    {
        "deepemd": InputSpec(84, (125.3 / 255, 123.0 / 255, 113.9 / 255), (63.0 / 255, 62.1 / 255, 66.7 / 255)),
        "deepemd_cifar_fs": InputSpec(84, (0.5071, 0.4866, 0.4409), (0.2009, 0.1984, 0.2023)),
        "rfs": InputSpec(
            84,
            (120.39586422 / 255, 115.59361427 / 255, 104.54012653 / 255),
            (70.68188272 / 255, 68.27635443 / 255, 72.54505529 / 255),
        ),
        "rfs_cifar": InputSpec(32, (0.5071, 0.4867, 0.4408), (0.2675, 0.2565, 0.2761)),
        "s2m2": InputSpec(80, *IMAGENET),
        "pt_map": InputSpec(84, *IMAGENET),
        "s2m2_cifar": InputSpec(32, *IMAGENET),
    }
)
RFS = "model"  # where the tensors of RFS and SCL are
LAYOUTS: Mapping[str, str] = MappingProxyType(  # where the tensors are -> spec
    {"params": "deepemd", RFS: "rfs", "state": "s2m2"}
)
WRAPPERS = re.compile(r"((module|encoder|feature)\.)*")  # before the names of a network's tensors
HEADS = ("classifier.", "fc.", "head.", "linear.")  # tensors behind the feature maps
CLASSIFIER = ("classifier.weight", "classifier.bias")  # as RFS and SCL name it, and our training, too
COUNTER = "num_batches_tracked"  # of a batch norm; absent in old files and not used in eval mode
STAGES = range(1, 5)
STEM = 16  # channels of the first convolution of a WRN
FIRST = MappingProxyType(  # a tensor that only this network has of those below it
    {
        "wrn_28_10_s2m2": "block1.layer.0.conv1.weight",
        "wrn_28_10": "layer1.3.conv1.weight",
        "seresnet12": "layer1.0.se.fc.0.weight",
        "resnet12": "layer1.0.conv1.weight",
        "conv4": "layer1.0.weight",
    }
)
BLOCKED = re.compile(r"GLOBAL (\S+)")  # how torch names what it refuses to unpickle
DAMAGED = (  # what reading a damaged pickle can end in
    RuntimeError, OSError, EOFError, pickle.UnpicklingError, LookupError, ValueError, TypeError, AttributeError,
    AssertionError, ImportError, ArithmeticError, MemoryError, struct.error,
)  # fmt: skip


@dataclass(frozen=True, eq=False)
class Published:
    """A network with published weights.

    Attributes:
        architecture, options: what `build` makes the network from.
        spec: name in `SPECS` of the input that files of this layout usually expect.
        heads: those that are kept, under the names that training gives them.
        source: the file that the weights are from, with the start of its SHA-256.
    """

    network: Network
    architecture: str
    options: dict[str, Any]
    spec: str
    heads: dict[str, Tensor]
    source: str

    def save(self, path: Path, spec: InputSpec) -> None:
        """Write a weights file for `load_backbone` in the precision of the network."""
        header = describe(self.architecture, self.options, spec) | {SOURCE: self.source}
        heads = {HEAD + name: tensor for name, tensor in self.heads.items()}
        write_weights(path, self.network.state_dict() | heads, header)


def read_published(path: Path, trust: bool = False) -> Published:
    """The backbone of a published checkpoint.

    Read are DeepEMD's `max_acc.pth`, of pre-training ({"params": names from "layer1" on}) and of meta-training (names
    from "module.encoder." on); the files of RFS and SCL ({"opt", "model": names from "layer1" or "encoder." on}), also
    with SEResNet-12, Conv4 and WRN-28-10; and those of S2M2, PT-MAP and LST ({"epoch", "state": names from "block1",
    "module." or "feature." on}), of another WRN-28-10. Architecture and widths follow from names and shapes.

    Of RFS and SCL the classification head is kept, with which the network can be a teacher, and SCL's attention heads.
    Left out are projection heads, the heads of the other layouts, and attention to WRN-28-10, whose published heads
    look at maps from before the last batch norm (`WRN28`).

    Departure: DeepEMD tests on pictures squeezed to 92 x 92 pixels, of which the middle 84 x 84 are kept; S2M2 and
    PT-MAP squeeze to 1.15 times the side of the input, rounded down (92, 96 or 36 pixels), and keep the middle (80, 84
    or 32). Here, as with every backbone, the largest centred square is resized to the input: nothing is squeezed, and
    no rim is cut off.

    Args:
        trust: unpickle whatever the file holds, which runs any code in it.

    Raises:
        WeightsError: the file is missing or damaged, holds more than tensors and is not trusted, is of another layout,
            or tensors are missing, unexpected or of another shape; they are named.
    """
    content = _load(path, trust)
    layout = next((key for key in LAYOUTS if isinstance(content, dict) and key in content), None)
    if layout is None:
        found = f"its parts are {_named(map(str, content))}" if isinstance(content, dict) else "it is no dictionary"
        raise WeightsError(f"{path.name} must have its tensors under {' or '.join(LAYOUTS)}, but {found}.")
    bare = _bare(path, content[layout])
    tensors = {name: tensor for name, tensor in bare.items() if not name.startswith(HEADS)}
    architecture, options = _architecture(path, tensors)
    network = build(architecture, options)
    expected = network.state_dict()
    _check(path, tensors, expected)
    network.load_state_dict(expected | tensors)
    heads: dict[str, Tensor] = {}
    if layout == RFS:
        heads = _classifier(bare, network.channels)
        if not architecture.startswith("wrn"):
            heads |= _attention(path, content.get("attention"), network.channels)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    source = f"imported from {called(path.name)}, SHA-256 {digest[:16]}…"
    return Published(network.eval(), architecture, options, LAYOUTS[layout], heads, source)


def _load(path: Path, trust: bool) -> Any:
    if not path.is_file():
        raise WeightsError(f"There is no file {path}; check the path.")
    try:
        with warnings.catch_warnings(action="ignore"):
            return torch.load(path, map_location="cpu", weights_only=not trust)
    except DAMAGED as error:
        blocked = None if trust else BLOCKED.search(str(error))
        if blocked:
            raise WeightsError(
                f"{path.name} holds more than tensors ({called(blocked[1])}), and reading that can run code hidden in "
                f"it; add {TRUST} if you trust where the file is from."
            ) from error
        raise WeightsError(
            f"{path.name} is damaged or no file of PyTorch ({type(error).__name__}); download it again."
        ) from error


def _bare(path: Path, tensors: Any) -> dict[str, Tensor]:
    """Tensors under the names that they have in the network or head itself."""
    if not isinstance(tensors, dict) or not all(
        isinstance(name, str) and isinstance(tensor, Tensor) and tensor.layout == torch.strided
        for name, tensor in tensors.items()
    ):
        raise WeightsError(f"{path.name} must hold a dictionary of names and tensors; it holds something else.")
    return {WRAPPERS.sub("", name, count=1): tensor for name, tensor in tensors.items()}


def _classifier(bare: Mapping[str, Tensor], channels: int) -> dict[str, Tensor]:
    """The head that classifies pooled features, if it is one linear layer."""
    weight, bias = (bare.get(name) for name in CLASSIFIER)
    if weight is None or bias is None or bias.ndim != 1 or weight.shape != (len(bias), channels):
        return {}
    return dict(zip(CLASSIFIER, (weight.float().clone(), bias.float().clone()), strict=True))


def _attention(path: Path, tensors: Any, channels: int) -> dict[str, Tensor]:
    """SCL's attention heads, if there are any."""
    if tensors is None:
        return {}
    state = {ATTENTION + name: tensor.float().clone() for name, tensor in _bare(path, tensors).items()}
    odd = [name for name, tensor in state.items() if tensor.ndim != 2]
    if odd:
        raise WeightsError(f"The attention heads of {path.name} must be matrices, but {_named(odd)} are none.")
    attention = attention_of(state)
    if attention and attention.query[0].in_features != channels:
        raise WeightsError(
            f"The attention heads of {path.name} are for maps of {attention.query[0].in_features} channels, but its "
            f"network has {channels}; download it again."
        )
    return state


def _architecture(path: Path, tensors: Mapping[str, Tensor]) -> tuple[str, dict[str, Any]]:
    """Name and options of the network whose tensors these are."""
    architecture = next((name for name, first in FIRST.items() if first in tensors), None)
    if architecture is None:
        raise WeightsError(
            f"{path.name} holds none of the networks that can be imported ({', '.join(FIRST)}); it holds "
            f"{_named(tensors)}."
        )
    wide, residual = architecture.startswith("wrn"), architecture.endswith("resnet12")
    pattern = "layer{}.0.conv1.weight" if residual else "layer{}.0.weight"
    names = [FIRST[architecture]] if wide else [pattern.format(stage) for stage in STAGES]
    missing = [name for name in names if name not in tensors]
    if missing:
        raise WeightsError(f"{path.name} is no whole {architecture}: {_named(missing)} is missing.")
    widths = [len(tensors[name]) if tensors[name].ndim else 0 for name in names]
    if wide:
        return architecture, {"widening": max(1, widths[0] // STEM)}
    return architecture, {"widths": widths} if residual else {"width": widths[0]}


def _check(path: Path, tensors: Mapping[str, Tensor], expected: Mapping[str, Tensor]) -> None:
    missing = [name for name in expected if name not in tensors and not name.endswith(COUNTER)]
    unexpected = [name for name in tensors if name not in expected]
    wrong = [
        f"{name} {list(tensor.shape)} instead of {list(expected[name].shape)}"
        for name, tensor in tensors.items()
        if name in expected and tensor.shape != expected[name].shape
    ]
    faults = (("are missing", missing), ("are unexpected", unexpected), ("have another shape", wrong))
    found = [f"{_named(names)} {fault}" for fault, names in faults if names]
    if found:
        raise WeightsError(f"The tensors of {path.name} are not those of the published network: {'; '.join(found)}.")


def _named(names: Iterable[str], most: int = 3) -> str:
    """The first names of many, fit for one sentence."""
    every = [called(name) for name in names]
    return ", ".join(every[:most]) + (f" and {len(every) - most} more" if len(every) > most else "") or "nothing"
