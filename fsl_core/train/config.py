"""What a training run is: one frozen dataclass; recipes are TOML files that hold only differences to it."""

import dataclasses
import json
import re
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from fsl_core.errors import OptionError
from fsl_core.types import check_options, option, params

RECIPES = Path(__file__).parent / "recipes"
CONFIG, METRICS = "config.toml", "metrics.csv"  # in the folder of a run, as the next two
CHECKPOINT, BEST = "last.ckpt", "best.safetensors"
CHOICES = {"32-64-128-256": (32, 64, 128, 256), "64-160-320-640": (64, 160, 320, 640)}


@dataclass(frozen=True)
class TrainConfig:
    """Defaults are DeepEMD's pre-training stage (Zhang et al., CVPR 2020): 120 epochs, lr 0.1 times 0.2 every 30."""

    dataset: str = option("mini_imagenet", "data set whose classes are learnt")
    split: str = option(
        "train",
        "classes that are learnt; with others than those of train the last weights are kept, not the best on val",
        choices=("train", "trainval", "all"),
    )
    architecture: str = option(
        "resnet12",
        "network to train",
        choices=("resnet12", "seresnet12", "conv4", "wrn_28_10", "wrn_28_10_s2m2", "resnet18"),
    )
    widths: str = option("64-160-320-640", "channels of ResNet-12's stages, with SE or without", choices=tuple(CHOICES))
    drop_rate: float = option(0.0, "share that ResNet-12, with SE or without, drops while it trains", low=0.0, high=0.9)
    drop_block: str = option(
        "none",
        "how it drops squares in the last two stages; published = with the defect of RFS's code",
        choices=("none", "correct", "published"),
    )
    block_size: int = option(5, "side of these squares", low=1, unit="cells")
    init: str = option("", "weights to start from: a .safetensors file or a shipped backbone's name; empty = random")
    objective: str = option(
        "cross_entropy", "what is minimised", choices=("cross_entropy", "deepemd", "protonet", "scl", "distillation")
    )
    label_smoothing: float = option(0.0, "mass that the target gives to the other classes", low=0.0, high=0.5)
    cls_weight: float = option(1.0, "weight of the cross-entropy", low=0.0)
    two_views: bool = option(False, "let scl classify a second view of each image also where it contrasts nothing")

    global_weight: float = option(0.0, "weight of the contrastive loss of pooled features (GC)", low=0.0)
    spatial_weight: float = option(0.0, "weight of the spatial contrastive loss (SC)", low=0.0)
    self_supervised: bool = option(False, "contrast images instead of classes (SS-GC, SS-SC)")
    contrastive_temperature: float = option(
        0.1, "similarities are divided by it; published code multiplies by its inverse", low=1e-3
    )
    aggregation: str = option(
        "mean", "how the similarities of two images' cells become one", choices=("mean", "sum", "max", "logsumexp")
    )
    projection: int = option(80, "features that projection and attention heads end with", low=1)
    spatial_side: int = option(0, "maps are pooled to this side before SC; 0 = not", low=0, unit="cells")
    rotation_weight: float = option(0.0, "weight of predicting by how much an image is turned, in protonet", low=0.0)

    teacher: str = option("", "weights with a classification head: a .safetensors file or a shipped backbone's name")
    kl_weight: float = option(1.0, "weight of the divergence from the teacher's classes", low=0.0)
    kl_temperature: float = option(4.0, "temperature of both classifications in it", low=0.01)
    distil_global_weight: float = option(10.0, "weight of the distance to the teacher's pooled features", low=0.0)
    distil_spatial_weight: float = option(0.0, "weight of the distance to the teacher's feature maps", low=0.0)

    solver: str = option(
        "exact", "transport solver of the objective deepemd", choices=("exact", "opencv", "interior_point", "sinkhorn")
    )
    way: int = option(5, "classes of an episode, for episodic objectives", low=2)
    shot: int = option(1, "support images per class of an episode", low=1)
    query: int = option(15, "query images per class of an episode", low=1)
    episodes: int = option(50, "episodes in an epoch", low=1)

    size: int = option(84, "side of the input", low=16, high=512, unit="px")
    train_sizes: str = option("", "progressive resizing as side*share of the run, e.g. '36*0.7,64*0.3'; empty = size")
    crop: str = option(
        "resized",
        "random crop: part of the image resized (RRC), or a shifted window after zero padding",
        choices=("resized", "padded"),
    )
    crop_scale: float = option(0.08, "smallest share of the image's area in a resized crop", low=0.01, high=1.0)
    jitter: float = option(0.0, "strength of the random brightness, contrast and saturation", low=0.0, high=1.0)
    second_view: str = option(
        "simclr",
        "how the second view of an image is made, where the objective compares two",
        choices=("standard", "simclr", "autoaugment", "stacked_randaug"),
    )

    epochs: int = option(120, "passes over the training images, or times `episodes` episodes", low=1, high=100_000)
    batch: int = option(128, "images in a step, or episodes of an episodic objective, over all devices", low=1)
    drop_last: bool = option(True, "leave out what is left of an epoch after the last whole batch")
    optimizer: str = option("sgd", "how parameters follow the gradient", choices=("sgd", "adam"))
    learning_rate: float = option(0.1, "peak learning rate", low=0.0)
    momentum: float = option(0.9, "of SGD", low=0.0, high=1.0)
    nesterov: bool = option(True, "Nesterov's form of momentum, of SGD")
    weight_decay: float = option(5e-4, "on all parameters", low=0.0)
    schedule: str = option(
        "step", "how the learning rate falls: in steps, or as a cosine to zero", choices=("step", "cosine")
    )
    step_epochs: int = option(30, "epochs between two falls of the step schedule", low=1)
    milestones: str = option("", "epochs after which the step schedule falls, e.g. '45,60,75'; empty = step_epochs")
    step_factor: float = option(0.2, "factor of each fall", low=0.0, high=1.0)
    warmup_epochs: float = option(0.0, "epochs in which the learning rate rises linearly from 0", low=0.0)

    freeze_batch_norm: bool = option(False, "normalise by the statistics of the weights started from, not the batch's")

    val_classifier: str = option(
        "cosine", "what classifies the val episodes", choices=("cosine", "deepemd", "protonet")
    )
    val_episodes: int = option(200, "few-shot episodes on the val classes after each epoch", low=2)
    val_images: int = option(100, "images per val class that the episodes are drawn from", low=20)
    seed: int = option(1, "of weights, batches and augmentation", low=0, high=2**31 - 1)
    precision: str = option("32-true", "arithmetic", choices=("32-true", "bf16-mixed"))
    accelerator: str = option("auto", "what the devices are", choices=("auto", "cpu", "cuda", "mps"))
    devices: int = option(1, "processes, one for each device", low=1)
    checkpoint_minutes: float = option(5.0, "minutes between two checkpoints within an epoch", low=0.0)

    def __post_init__(self) -> None:
        check_options(self)
        if self.nesterov and not self.momentum:
            raise OptionError(
                "Nesterov's form needs a momentum above 0, got 0; raise momentum or set nesterov to false."
            )
        if self.schedule == "cosine" and self.warmup_epochs >= self.epochs:
            raise OptionError(
                f"The warm-up must be shorter than the run, got {self.warmup_epochs:g} of {self.epochs} epochs."
            )
        if self.objective == "distillation" and not self.teacher:
            raise OptionError("The objective distillation needs a teacher; name its weights with teacher.")
        if abs(sum(share for _, share in self.sides) - 1) > 1e-6:
            raise OptionError(f"The shares of train_sizes must add up to 1, got {self.train_sizes!r}.")
        if not re.fullmatch(r"(\s*\d+\s*(,\s*\d+\s*)*)?", self.milestones):
            raise OptionError(f"milestones must look like '45,60,75', got {self.milestones!r}.")

    @property
    def network_options(self) -> dict[str, Any]:
        """Options of the architecture, as `fsl_core.backbones.build` takes them."""
        if self.architecture not in ("resnet12", "seresnet12"):
            return {}
        drop = {"drop_rate": self.drop_rate, "drop_block": self.drop_block, "block_size": self.block_size}
        return {"widths": CHOICES[self.widths]} | (drop if self.drop_rate else {})

    @property
    def sides(self) -> tuple[tuple[int, float], ...]:
        """Sides of the training images in pixels, one after the other, each with its share of the run.

        Raises:
            OptionError: `train_sizes` cannot be read.
        """
        if not self.train_sizes:
            return ((self.size, 1.0),)
        parts = [re.fullmatch(r"\s*(\d+)\*(\d*\.?\d+)\s*", part) for part in self.train_sizes.split(",")]
        if not all(parts):
            raise OptionError(f"train_sizes must look like '36*0.7,64*0.3', got {self.train_sizes!r}.")
        return tuple((int(part[1]), float(part[2])) for part in parts if part)

    def falls(self, epochs_done: float) -> int:
        """How often the step schedule has fallen."""
        if self.milestones:
            return sum(int(milestone) <= epochs_done for milestone in self.milestones.split(","))
        return int(epochs_done) // self.step_epochs

    def side_at(self, done: float) -> int:
        """Side of the training images after a share `done` of the run, in [0, 1)."""
        ends = np.cumsum([share for _, share in self.sides])
        return self.sides[min(int(np.searchsorted(ends, done + 1e-9, side="right")), len(ends) - 1)][0]

    def pixels_after(self, done: float) -> float:
        """Pixels of a training image, summed over what is left of the run after a share `done` of it."""
        ends = np.cumsum([share for _, share in self.sides])
        left = (min(share, max(0.0, end - done)) for (_, share), end in zip(self.sides, ends, strict=True))
        return sum(share * side**2 for share, (side, _) in zip(left, self.sides, strict=True))


def recipes() -> dict[str, Path]:
    """Name -> file of every recipe."""
    return {path.stem: path for path in sorted(RECIPES.glob("*.toml"))}


def read_about(path: Path) -> str:
    """What a recipe says of itself."""
    about: str = tomllib.loads(path.read_text(encoding="utf-8"))["about"]
    return about


def read_recipe(name: str, changes: dict[str, Any]) -> TrainConfig:
    """A recipe with some fields changed.

    Args:
        name: of a recipe, or the path of a TOML file such as the `config.toml` of an earlier run.
        changes: field -> value in place of the recipe's.

    Raises:
        OptionError: there is no such recipe, or a field is unknown or has an impossible value.
    """
    values = _values(name) | changes
    unknown = values.keys() - params(TrainConfig).keys()
    if unknown:
        raise OptionError(f"{', '.join(sorted(unknown))} is no field of a training run; see --help.")
    return dataclasses.replace(TrainConfig(), **values)


def _values(name: str) -> dict[str, Any]:
    """The fields that a recipe gives, with those of the recipe that it `extends`."""
    path = Path(name) if name.endswith(".toml") else recipes().get(name)
    if path is None or not path.is_file():
        raise OptionError(f"There is no recipe {name!r}; choose one of {', '.join(recipes())}, or a .toml file.")
    try:
        recipe = tomllib.loads(path.read_text(encoding="utf-8"))
        inherited = _values(recipe["extends"]) if "extends" in recipe else {}
        return inherited | recipe["config"]
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise OptionError(f"{path} is no recipe: it must be a TOML file with a table [config].") from error


def write_config(path: Path, config: TrainConfig) -> None:
    """Write every field of a run, as a recipe that `read_recipe` reads again."""
    lines = ['about = "The configuration of a run."', "", "[config]"]
    for name, value in dataclasses.asdict(config).items():
        # Python and TOML write real numbers alike; JSON's texts, whole numbers and truth values are TOML's.
        text = repr(value) if isinstance(value, float) else json.dumps(value, ensure_ascii=False)
        lines.append(f"{name} = {text}")
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
