"""Grad-CAM and its relatives: which places of a picture speak for a class. To add one: a function and a table row."""

from collections.abc import Callable
from dataclasses import dataclass

import torch

from fsl_core.classifiers import Classifier, DeepEMD
from fsl_core.errors import OptionError
from fsl_core.explain import maps
from fsl_core.explain.maps import USUAL, Map, Options
from fsl_core.explain.question import Question
from fsl_core.records import Saliency


@dataclass(frozen=True)
class Attribution:
    """An explanation method.

    Attributes:
        says: what it does, in one sentence.
        reference: where it is defined.
        unit: of its values, in words.
        signed: whether they can be negative.
        gradient: whether it needs the classifier's gradient.
        sign: which part of the values is usually shown.
        options: those of `Options` that concern it.
        total: as `Saliency.total`.
        only: the classifier that it explains; None = any.
    """

    title: str
    says: str
    reference: str
    unit: str
    signed: bool
    gradient: bool
    sign: str
    find: Callable[[Question, Options], Map]
    options: tuple[str, ...]
    total: str = ""
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
    chosen = ATTRIBUTIONS[method]
    if reason := misfit(method, question.classifier):
        raise OptionError(reason)
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
        total=chosen.total,
        residual=found.residual,
        products=found.products,
    )


def applicable(classifier: Classifier) -> tuple[str, ...]:
    """Names of the methods that fit a classifier."""
    return tuple(name for name in ATTRIBUTIONS if not misfit(name, classifier))


def misfit(method: str, classifier: Classifier) -> str:
    """Why a method of `ATTRIBUTIONS` does not fit a classifier, in one sentence; "" where it does."""
    chosen = ATTRIBUTIONS[method]
    if chosen.gradient and not classifier.differentiable:
        return (
            f"{chosen.title} needs gradients, but {classifier.title} has none by its query; choose occlusion, which "
            "needs none."
        )
    if chosen.only and not isinstance(classifier, chosen.only):
        return f"{chosen.title} exists for {chosen.only.title} only, not for {classifier.title}."
    if chosen.only is DeepEMD and isinstance(classifier, DeepEMD) and classifier.sides:
        return f"{chosen.title} makes no map of a feature pyramid, whose regions overlap; set pyramid to none."
    return ""


def stage_grids(question: Question) -> tuple[tuple[int, int], ...]:
    """Rows and columns of the map of every stage; stage n of the options is entry n - 1."""
    with torch.inference_mode():
        return tuple((stage.shape[2], stage.shape[3]) for stage in question.stages(question.prepared))


_SELVARAJU = (
    "Selvaraju et al.: Grad-CAM: Visual Explanations from Deep Networks via Gradient-based Localization, ICCV 2017, "
)
ATTRIBUTIONS: dict[str, Attribution] = {
    "grad_cam": Attribution(
        title="Grad-CAM",
        says="Each channel of a layer counts as much as its mean gradient, and the map is their weighted sum.",
        reference=f"{_SELVARAJU}section 3, equations 1 and 2",
        unit="gradient times activation, summed over the channels",
        signed=True,
        gradient=True,
        sign="positive",
        find=maps.grad_cam,
        options=("stage", "sign"),
    ),
    "guided_grad_cam": Attribution(
        title="Guided Grad-CAM",
        says="Grad-CAM, enlarged, times a gradient that passes each rectifier only where it is positive.",
        reference=f"{_SELVARAJU}section 3; Springenberg et al.: Striving for Simplicity, ICLR 2015 (workshop)",
        unit="guided gradient times Grad-CAM",
        signed=True,
        gradient=True,
        sign="absolute",
        find=maps.guided_grad_cam,
        options=("stage", "sign"),
    ),
    "integrated_gradients": Attribution(
        title="Integrated gradients",
        says="What each pixel adds to the score on the straight way from the mean colour to the picture.",
        reference="Sundararajan, Taly, Yan: Axiomatic Attribution for Deep Networks, ICML 2017, section 3, equation 1",
        unit="part of the logit",
        signed=True,
        gradient=True,
        sign="all",
        find=maps.integrated_gradients,
        options=("path_steps", "sign"),
        total="score − score of the mean colour",
    ),
    "occlusion": Attribution(
        title="Occlusion",
        says="By how much the score falls where a square of the mean colour covers the picture.",
        reference="Zeiler, Fergus: Visualizing and Understanding Convolutional Networks, ECCV 2014, section 4.2",
        unit="fall of the logit where it is covered",
        signed=True,
        gradient=False,
        sign="all",
        find=maps.occlusion,
        options=("window", "stride", "sign"),
    ),
    "contributions": Attribution(
        title="Contributions of regions",
        says="What each region adds to DeepEMD's logit: temperature times flow times similarity.",
        reference=f"{DeepEMD.reference}, section 3.2, equation 3",
        unit="part of the logit",
        signed=True,
        gradient=False,
        sign="all",
        find=maps.regions_contributions,
        options=("sign",),
        total="score",
        only=DeepEMD,
    ),
    "weights": Attribution(
        title="Weights of regions",
        says="How much each region counts when DeepEMD matches the picture to the class.",
        reference=f"{DeepEMD.reference}, section 3.4, equation 8",
        unit="share of the query's mass",
        signed=False,
        gradient=False,
        sign="all",
        find=maps.regions_weights,
        options=(),
        only=DeepEMD,
    ),
}
