"""Grad-CAM and its relatives: which places of a picture speak for a class. To add one: a function and a table row."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn.functional import interpolate

from fsl_core.classifiers import Classifier, DeepEMD
from fsl_core.errors import OptionError
from fsl_core.explain.guided import Guided
from fsl_core.explain.question import BATCH, Question
from fsl_core.explain.transported import contributions, weights
from fsl_core.records import SIGNS, Saliency
from fsl_core.types import check_options, option

USUAL = "usual"
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


@dataclass(frozen=True)
class Attribution:
    """An explanation method.

    Attributes:
        unit: of its values, in words.
        signed: whether they can be negative.
        gradient: whether it needs the classifier's gradient.
        sign: which part of the values is usually shown.
        only: the classifier that it explains; None = any.
    """

    title: str
    reference: str
    unit: str
    signed: bool
    gradient: bool
    sign: str
    find: Callable[[Question, Options], Map]
    only: type[Classifier] | None = None


def attribute(question: Question, method: str, options: Options | None = None) -> Saliency:
    """The map of one method of `ATTRIBUTIONS`.

    Raises:
        OptionError: there is no such method or stage, or it does not fit the classifier or the network.
        TransportError: DeepEMD's solver gave up.
    """
    options = options or Options()
    if method not in ATTRIBUTIONS:
        raise OptionError(f"There is no explanation method {method!r}; choose one of {', '.join(ATTRIBUTIONS)}.")
    chosen, classifier = ATTRIBUTIONS[method], question.classifier
    if chosen.gradient and not classifier.differentiable:
        raise OptionError(
            f"{chosen.title} needs gradients, but {classifier.title} has none by its query; choose occlusion, which "
            "needs none."
        )
    if chosen.only and not isinstance(classifier, chosen.only):
        raise OptionError(f"{chosen.title} exists for {chosen.only.title} only, not for {classifier.title}.")
    with torch.inference_mode(False), torch.enable_grad():
        found = chosen.find(question, options)
        score = question.score(question.prepared).item()
    return Saliency(
        image=question.seen,
        values=found.values.detach().double().cpu().numpy(),
        method=method,
        title=chosen.title,
        unit=chosen.unit,
        signed=chosen.signed,
        target=question.words,
        stage=found.stage,
        sign=chosen.sign if options.sign == USUAL else options.sign,
        score=score,
        residual=found.residual,
    )


def applicable(classifier: Classifier) -> tuple[str, ...]:
    """Names of the methods that fit a classifier."""
    return tuple(
        name
        for name, row in ATTRIBUTIONS.items()
        if (classifier.differentiable or not row.gradient) and (row.only is None or isinstance(classifier, row.only))
    )


def stage_grids(question: Question) -> tuple[tuple[int, int], ...]:
    """Rows and columns of the map of every stage; stage n of the options is entry n - 1."""
    with torch.inference_mode():
        return tuple((maps.shape[2], maps.shape[3]) for maps in question.backbone.network.stages(question.prepared))


def grad_cam(question: Question, options: Options) -> Map:
    """The sum over a stage's channels, each weighed by the mean gradient of the quantity by its map (Grad-CAM).

    Usually its positive part is shown, as published. Any stage can be asked for that the answer is computed from;
    stages are what the network returns, so that no hook is needed.

    Raises:
        OptionError: there is no such stage, or the answer does not go through what the network returns of it (early
            maps of a vision transformer).
    """
    stages = question.backbone.network.stages(question.prepared.clone().requires_grad_())
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
    cam = (gradient.mean(dim=(2, 3), keepdim=True) * maps).sum(dim=1)[0]
    return Map(cam, stage=f"stage {number} of {len(stages)}")


def guided_grad_cam(question: Question, options: Options) -> Map:
    """The positive part of Grad-CAM, enlarged, times guided backpropagation, summed over the colours.

    Enlarged bilinearly as published, where captum repeats cells. Guided backpropagation alone hardly depends on the
    weights (Adebayo et al., 2018); believe it after its test only.

    Raises:
        OptionError: as `grad_cam`; or the network has no rectifiers.
    """
    cam = grad_cam(question, options)
    image = question.prepared.clone().requires_grad_()
    with Guided() as guided:
        maps = question.backbone.network(image)
    if not guided.met:
        raise OptionError(
            f"Guided backpropagation is about rectifiers, but {question.backbone.name} has none; choose another method."
        )
    (gradient,) = torch.autograd.grad(question.of_maps(maps).sum(), image)
    size = (image.shape[2], image.shape[3])
    enlarged = interpolate(cam.values.detach().clamp(min=0)[None, None], size, mode="bilinear")[0, 0]
    return Map(gradient[0].sum(dim=0) * enlarged, stage=cam.stage)


def integrated_gradients(question: Question, options: Options) -> Map:
    """(Picture - baseline) times the mean gradient on the straight way between them, summed over the colours.

    The baseline has the mean colour of the pictures that the network was trained on. All values add up to the score
    minus that of the baseline but for the residual, which is due to the finite number of steps (captum, by
    Gauss-Legendre quadrature).
    """
    from captum.attr import IntegratedGradients  # not before it is needed: slow to import

    image = question.prepared.clone().requires_grad_()
    baseline = torch.zeros_like(image)
    values = IntegratedGradients(question.score).attribute(
        image, baselines=baseline, n_steps=options.path_steps, internal_batch_size=AT_ONCE
    )
    with torch.no_grad():
        gained = question.score(image) - question.score(baseline)
    return Map(values[0].sum(dim=0), residual=gained.item() - values.sum().item())


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


def _contributions(question: Question, options: Options) -> Map:
    return Map(*contributions(question))


def _weights(question: Question, options: Options) -> Map:
    return Map(weights(question))


_SELVARAJU = "Selvaraju et al.: Grad-CAM: Visual Explanations from Deep Networks via Gradient-based Localization, "
ATTRIBUTIONS: dict[str, Attribution] = {
    "grad_cam": Attribution(
        title="Grad-CAM",
        reference=f"{_SELVARAJU}ICCV 2017",
        unit="gradient times activation, summed over the channels",
        signed=True,
        gradient=True,
        sign="positive",
        find=grad_cam,
    ),
    "guided_grad_cam": Attribution(
        title="Guided Grad-CAM",
        reference=f"{_SELVARAJU}ICCV 2017; Springenberg et al.: Striving for Simplicity, ICLR 2015 (workshop)",
        unit="guided gradient times Grad-CAM",
        signed=True,
        gradient=True,
        sign="absolute",
        find=guided_grad_cam,
    ),
    "integrated_gradients": Attribution(
        title="Integrated gradients",
        reference="Sundararajan, Taly, Yan: Axiomatic Attribution for Deep Networks, ICML 2017",
        unit="part of the logit",
        signed=True,
        gradient=True,
        sign="all",
        find=integrated_gradients,
    ),
    "occlusion": Attribution(
        title="Occlusion",
        reference="Zeiler, Fergus: Visualizing and Understanding Convolutional Networks, ECCV 2014",
        unit="fall of the logit where it is covered",
        signed=True,
        gradient=False,
        sign="all",
        find=occlusion,
    ),
    "contributions": Attribution(
        title="Contributions to DeepEMD's logit",
        reference=DeepEMD.reference,
        unit="part of the logit",
        signed=True,
        gradient=False,
        sign="all",
        find=_contributions,
        only=DeepEMD,
    ),
    "weights": Attribution(
        title="Weights of DeepEMD's regions",
        reference=DeepEMD.reference,
        unit="share of the query's mass",
        signed=False,
        gradient=False,
        sign="all",
        find=_weights,
        only=DeepEMD,
    ),
}
