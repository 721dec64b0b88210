"""What each explanation method computes; all call the shared network, and none places a hook on it."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn.functional import interpolate

from fsl_core.errors import OptionError
from fsl_core.explain.guided import Guided
from fsl_core.explain.question import BATCH, Question
from fsl_core.explain.transported import contributions, weights
from fsl_core.records import SIGNS, Products
from fsl_core.types import check_options, option

USUAL = "usual"
COLOURS = ("red", "green", "blue")
AT_ONCE = 8  # pictures whose gradient is computed at once: all activations are kept for it


@dataclass(frozen=True)
class Options:
    """What a person can choose about an explanation; each method looks at what concerns it."""

    stage: int = option(0, "Stage of the network that Grad-CAM looks at, from 1; 0 = the last one.", low=0, high=64)
    sign: str = option(
        USUAL,
        "What is shown: what speaks for the target, against it, both without sign, or all; usual = as published.",
        choices=(USUAL, *SIGNS),
    )
    window: float = option(
        25.0, "Side of the square that occlusion covers.", low=1.0, high=100.0, step=5.0, unit="% of the side"
    )
    stride: float = option(
        12.5, "How far occlusion's square moves at a time.", low=1.0, high=100.0, step=2.5, unit="% of the side"
    )
    path_steps: int = option(
        32, "Pictures between the mean colour and the picture, for integrated gradients.", low=2, high=512, step=16
    )

    def __post_init__(self) -> None:
        check_options(self)
        if self.stride > self.window:
            raise OptionError(
                f"The stride of occlusion must not exceed its window, or places are left out; got {self.stride} and "
                f"{self.window} % of the side."
            )


class Map(NamedTuple):
    """What a method finds; the fields are those of `Saliency`."""

    values: Float[Tensor, "rows columns"]
    residual: float | None = None
    stage: str = ""
    products: Products | None = None


def grad_cam(question: Question, options: Options) -> Map:
    """The sum over a stage's channels, each weighed by the mean gradient of the quantity by its map (Grad-CAM).

    Usually its positive part is shown, as published. Any stage can be asked for that the answer is computed from;
    stages are what the network returns, so that no hook is needed.

    Raises:
        OptionError: there is no such stage, or the answer does not go through what the network returns of it (early
            maps of a vision transformer).
    """
    stages = question.stages(question.prepared.clone().requires_grad_())
    if options.stage > len(stages):
        raise OptionError(f"The network has {len(stages)} stages, so there is no stage {options.stage} to look at.")
    number = options.stage or len(stages)
    maps = stages[number - 1]
    (gradient,) = torch.autograd.grad(question.of_maps(stages[-1]).sum(), maps, allow_unused=True)
    if gradient is None:
        raise OptionError(
            f"The answer does not go through the map that {question.backbone.name} returns of stage {number}; choose "
            f"stage {len(stages)}."
        )
    mean = gradient.mean(dim=(2, 3), keepdim=True)
    names = tuple(f"channel {channel}" for channel in range(maps.shape[1]))
    products = Products(("mean gradient", "feature"), names, _numbers(mean[0]), _numbers(maps[0]))
    return Map((mean * maps).sum(dim=1)[0], stage=f"stage {number} of {len(stages)}", products=products)


def guided_grad_cam(question: Question, options: Options) -> Map:
    """The positive part of Grad-CAM, enlarged, times guided backpropagation, summed over the colours.

    Enlarged bilinearly as published, where captum repeats cells. Guided backpropagation alone hardly depends on the
    weights (Adebayo et al., 2018); believe it after its test only.

    Raises:
        OptionError: as `grad_cam`; or the network has no rectifiers.
    """
    cam = grad_cam(question, options)
    image = question.prepared.clone().requires_grad_()
    question.looks(1)  # before, as whatever the thread computes meanwhile must not be guided
    with Guided() as guided:
        maps = question.backbone.network(image)
    if not guided.met:
        raise OptionError(
            f"Guided backpropagation is about rectifiers, but {question.backbone.name} has none; choose another method."
        )
    (gradient,) = torch.autograd.grad(question.of_maps(maps).sum(), image)
    size = (image.shape[2], image.shape[3])
    enlarged = interpolate(cam.values.detach().clamp(min=0)[None, None], size, mode="bilinear")[0, 0]
    factors = ("guided gradient", "Grad-CAM")
    products = Products(factors, COLOURS, _numbers(gradient[0]), _numbers(enlarged.expand(3, *size)))
    return Map(gradient[0].sum(dim=0) * enlarged, stage=cam.stage, products=products)


def integrated_gradients(question: Question, options: Options) -> Map:
    """(Picture - baseline) times the mean gradient on the straight way between them, summed over the colours.

    The baseline has the mean colour of the pictures that the network was trained on. All values add up to the score
    minus that of the baseline but for the residual, which is due to the finite number of steps (captum, by
    Gauss-Legendre quadrature).
    """
    from captum.attr import IntegratedGradients  # not before it is needed: slow to import

    image = question.prepared.clone().requires_grad_()
    baseline = torch.zeros_like(image)
    gradient = IntegratedGradients(question.score, multiply_by_inputs=False).attribute(
        image, baselines=baseline, n_steps=options.path_steps, internal_batch_size=AT_ONCE
    )
    values = gradient * (image - baseline)
    with torch.no_grad():
        gained = question.score(image) - question.score(baseline)
    factors = ("distance from the mean colour", "mean gradient on the way")
    products = Products(factors, COLOURS, _numbers((image - baseline)[0]), _numbers(gradient[0]))
    return Map(values[0].sum(dim=0), residual=gained.item() - values.sum().item(), products=products)


def occlusion(question: Question, options: Options) -> Map:
    """By how much the score falls where a square of the mean colour covers the picture: mean over all that do (captum).

    Squares at the lower and the right border are cut off. It needs no gradient.
    """
    from captum.attr import Occlusion  # as above

    side = question.prepared.shape[-1]
    window, stride = (max(1, round(share / 100 * side)) for share in (options.window, options.stride))
    with torch.no_grad():
        values = Occlusion(question.score).attribute(
            question.prepared,
            sliding_window_shapes=(3, window, window),
            strides=(3, stride, stride),
            baselines=0,
            perturbations_per_eval=BATCH,
        )
    return Map(values[0].mean(dim=0))


def regions_contributions(question: Question, options: Options) -> Map:
    """What each region adds to DeepEMD's logit; all of them add up to it."""
    values, residual, products = contributions(question)
    return Map(values, residual, products=products)


def regions_weights(question: Question, options: Options) -> Map:
    """How much each region counts in DeepEMD's match; all of them add up to 1."""
    return Map(weights(question))


def _numbers(values: Tensor) -> np.ndarray:
    return values.detach().cpu().numpy()
