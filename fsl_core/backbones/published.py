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

from fsl_core.backbones.network import Network
from fsl_core.backbones.weights import build, describe, write_weights
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
LAYOUTS: Mapping[str, str] = MappingProxyType(  # where the tensors are -> spec
    {"params": "deepemd", "model": "rfs", "state": "s2m2"}
)
WRAPPERS = re.compile(r"((module|encoder|feature)\.)*")  # before the names of a network's tensors
HEADS = ("classifier.", "fc.", "head.", "linear.")  # tensors behind the feature maps
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
        source: the file that the weights are from, with the start of its SHA-256.
    """

    network: Network
    architecture: str
    options: dict[str, Any]
    spec: str
    source: str

    def save(self, path: Path, spec: InputSpec) -> None:
        """Write a weights file for `load_backbone` in the precision of the network."""
        header = describe(self.architecture, self.options, spec) | {SOURCE: self.source}
        write_weights(path, self.network.state_dict(), header)


def read_published(path: Path, trust: bool = False) -> Published:
    """The backbone of a published checkpoint; its classification and projection heads are left out.

    Read are DeepEMD's `max_acc.pth`, of pre-training ({"params": names from "layer1" on}) and of meta-training (names
    from "module.encoder." on); the files of RFS and SCL ({"opt", "model": names from "layer1" or "encoder." on}), also
    with SEResNet-12, Conv4 and WRN-28-10; and those of S2M2, PT-MAP and LST ({"epoch", "state": names from "block1",
    "module." or "feature." on}), of another WRN-28-10. Architecture and widths follow from names and shapes.

    Departure: DeepEMD tests on pictures squeezed to 92 x 92 pixels, of which the middle 84 x 84 are kept. Here, as with
    every backbone, the largest centred square is resized to 84 x 84: nothing is squeezed, and no rim is cut off.

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
    tensors = _encoder(path, content[layout])
    architecture, options = _architecture(path, tensors)
    network = build(architecture, options)
    expected = network.state_dict()
    _check(path, tensors, expected)
    network.load_state_dict(expected | tensors)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    source = f"imported from {called(path.name)}, SHA-256 {digest[:16]}…"
    return Published(network.eval(), architecture, options, LAYOUTS[layout], source)


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


def _encoder(path: Path, tensors: Any) -> dict[str, Tensor]:
    """The tensors of the network under their own names."""
    if not isinstance(tensors, dict) or not all(
        isinstance(name, str) and isinstance(tensor, Tensor) and tensor.layout == torch.strided
        for name, tensor in tensors.items()
    ):
        raise WeightsError(f"{path.name} must hold a dictionary of names and tensors; it holds something else.")
    bare = {WRAPPERS.sub("", name, count=1): tensor for name, tensor in tensors.items()}
    return {name: tensor for name, tensor in bare.items() if not name.startswith(HEADS)}


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
