"""DeepEMD: the least cost of moving the regions of one image onto those of another."""

from dataclasses import dataclass
from typing import ClassVar, final

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn.functional import normalize, relu

from fsl_core.classifiers.base import Classifier, Prediction
from fsl_core.errors import TransportError
from fsl_core.features import EpisodeFeatures
from fsl_core.transport import SOLVERS, TransportProblem
from fsl_core.types import check_options, option

WEIGHT_FLOOR = 1e-3  # of the published code, before normalising
SECOND_FLOOR = 1e-5  # which its OpenCV path adds to the first
BLOCK = 2**23  # numbers in the similarity maps that are held at once


@dataclass(frozen=True, eq=False)
class Matching:
    """How every query was matched to every target: nodes are the cells of the maps, row-major.

    Attributes:
        query_weight, target_weight: marginals of the plan; the weights of one image sum to 1.
        plan: the optimal flow.
    """

    similarity: Float[Tensor, "n_query n_target n m"]
    query_weight: Float[Tensor, "n_query n_target n"]
    target_weight: Float[Tensor, "n_query n_target m"]
    plan: Float[Tensor, "n_query n_target n m"]
    logits: Float[Tensor, "n_query n_target"]


@final
@dataclass(frozen=True)
class DeepEMD(Classifier):
    """Logit = temperature * sum(plan * similarity): the flow-weighted mean similarity of the two images' regions.

    The fully convolutional form (DeepEMD-FCN): a region is a cell of the feature map, a class of several shots is the
    mean of their maps. The plan is optimal for cost = 1 - similarity; how much each region has to give or take follows
    from its likeness to the other image (cross-reference weights).

    Departures: weights and plans sum to 1 where the published code lets them sum to the number of nodes; logits are the
    same. The paper's weights have no floor; the published code adds 1e-3, and 1e-5 more before OpenCV's solver: here
    both are added for every solver, so that the solvers answer the same question. Gradients are those of the solver:
    `opencv` holds plan and weights constant as the published code does, the others differentiate through both.
    `sinkhorn` blurs the plan, and its logits are a little lower.
    """

    title: ClassVar[str] = "DeepEMD (FCN)"
    reference: ClassVar[str] = (
        "Zhang, Cai, Lin, Shen: DeepEMD: Few-Shot Image Classification with Differentiable Earth Mover's Distance and "
        "Structured Classifiers, CVPR 2020"
    )
    transductive: ClassVar[bool] = False

    solver: str = option("exact", "Which solver finds the plan.", choices=tuple(SOLVERS))
    temperature: float = option(
        12.5, "Factor between the mean similarity and the logit.", low=0.01, high=1000.0, step=0.5
    )
    metric: str = option("cosine", "Similarity of two regions; l2 is 1 - squared distance.", choices=("cosine", "l2"))
    centre: bool = option(True, "Subtract each region's mean over the channels before comparing.")

    def __post_init__(self) -> None:
        check_options(self)

    def __call__(self, features: EpisodeFeatures) -> Prediction:
        prototypes = features.prototypes
        n_nodes = prototypes[0, 0].numel()
        block = max(1, BLOCK // (len(prototypes) * n_nodes**2))
        return Prediction(torch.cat([self.match(maps, prototypes).logits for maps in features.query.split(block)]))

    def match(
        self,
        query: Float[Tensor, "n_query channels query_height query_width"],
        target: Float[Tensor, "n_target channels target_height target_width"],
    ) -> Matching:
        """Match every query map to every target map (a class's mean map, or one support image's).

        Raises:
            TransportError: a feature is not finite, or the solver gave up on a pair.
        """
        query_nodes, target_nodes = query.flatten(2).mT, target.flatten(2).mT
        source, sink = (normalised(weight) for weight in cross_reference_weights(query_nodes, target_nodes))
        similarity = similarities(query_nodes, target_nodes, self.metric, self.centre)
        problem = TransportProblem(1 - similarity.flatten(0, 1), source.flatten(0, 1), sink.flatten(0, 1))
        answer = SOLVERS[self.solver]()(problem)
        if answer.status.any():
            raise TransportError(
                f"The {self.solver} solver did not converge on {int((answer.status != 0).sum())} of "
                f"{len(answer.status)} image pairs, so there is no answer; choose another solver."
            )
        logits = self.temperature * (1 - answer.cost)
        shape = similarity.shape[:2]
        return Matching(similarity, source, sink, answer.plan.unflatten(0, shape), logits.unflatten(0, shape))


def cross_reference_weights(
    query: Float[Tensor, "n_query n channels"], target: Float[Tensor, "n_target m channels"]
) -> tuple[Float[Tensor, "n_query n_target n"], Float[Tensor, "n_query n_target m"]]:
    """Weight of each node: its inner product with the other image's mean node, at least 0, plus 1e-3; not normalised.

    Taken from the raw features, not from the centred ones. Equation 8 of the paper, which has no floor.
    """
    query_weight = torch.einsum("qnc,tc->qtn", query, target.mean(dim=1))
    target_weight = torch.einsum("tmc,qc->qtm", target, query.mean(dim=1))
    return relu(query_weight) + WEIGHT_FLOOR, relu(target_weight) + WEIGHT_FLOOR


def normalised(weight: Float[Tensor, "n_query n_target nodes"]) -> Float[Tensor, "n_query n_target nodes"]:
    """Weights with the second floor that sum to 1."""
    weight = weight + SECOND_FLOOR
    return weight / weight.sum(dim=2, keepdim=True)


def similarities(
    query: Float[Tensor, "n_query n channels"], target: Float[Tensor, "n_target m channels"], metric: str, centre: bool
) -> Float[Tensor, "n_query n_target n m"]:
    """Similarity of every query node to every target node: cosine in [-1, 1], or 1 - squared Euclidean distance."""
    if centre:
        query = query - query.mean(dim=2, keepdim=True)
        target = target - target.mean(dim=2, keepdim=True)
    if metric == "cosine":
        query, target = normalize(query, dim=2, eps=1e-8), normalize(target, dim=2, eps=1e-8)
        return torch.einsum("qnc,tmc->qtnm", query, target)
    query_nodes, target_nodes = query[:, None], target[None]
    return 1 - torch.cdist(query_nodes, target_nodes, compute_mode="donot_use_mm_for_euclid_dist").square()
