"""The same question put to a network with random weights: what a map must not survive (Adebayo et al., 2018)."""

import copy
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import torch
from jaxtyping import UInt8
from torch import nn

from fsl_core.backbones import Backbone
from fsl_core.data.transforms import prepare
from fsl_core.explain.question import Question

Images = Sequence[UInt8[np.ndarray, "_ _ 3"]]


def randomised(backbone: Backbone, images: Images, seed: int) -> Backbone:
    """A copy of a backbone whose weights have lost all they learnt; the original is not touched.

    The numbers of each parameter change places, so that their distribution stays what it was. Means and variances of
    batch norms, which would no longer fit, are measured anew on `images`, so that activations neither die nor explode.

    Source: the "independent randomization" of all layers at once of Adebayo et al.: Sanity Checks for Saliency Maps,
    NeurIPS 2018. Departure: they draw initial weights instead.
    """
    generator = torch.Generator().manual_seed(seed)
    with torch.inference_mode(False), torch.no_grad():
        network = copy.deepcopy(backbone.network)
        for parameter in network.parameters():
            order = torch.randperm(parameter.numel(), generator=generator).to(parameter.device)
            parameter.copy_(parameter.flatten()[order].view_as(parameter))
        norms = [module for module in network.modules() if isinstance(module, nn.BatchNorm2d)]
        for norm in norms:
            norm.reset_running_stats()
            norm.momentum = None  # the mean over all that they see
            norm.train()
        network(prepare(images, backbone.spec).to(backbone.device))
        for norm in norms:
            norm.eval()
    return replace(backbone, network=network, name=f"{backbone.name} with random weights {seed}")


def rival(question: Question, support_images: Images, seed: int) -> Question:
    """The question put to the randomised network, which sees the same support images.

    Args:
        support_images: one for each row of the question's support features.
    """
    backbone = randomised(question.backbone, support_images, seed)
    support = backbone.maps(support_images)
    features = replace(question.features, support=support, query=support[:0])
    return replace(question, backbone=backbone, features=features)
