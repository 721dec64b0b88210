"""DeepEMD: the least cost of moving the regions of one image onto those of another."""

from dataclasses import dataclass
from typing import ClassVar, final

import torch
from jaxtyping import Float, Int
from torch import Tensor

from fsl_core.classifiers import nodes
from fsl_core.classifiers.base import Classifier, Prediction
from fsl_core.classifiers.nodes import Nodes
from fsl_core.classifiers.structured_layer import SCHEDULES
from fsl_core.data.patches import Grid, Patches, Sampling
from fsl_core.errors import TransportError
from fsl_core.features import EpisodeFeatures
from fsl_core.transport import SOLVERS, TransportProblem
from fsl_core.types import check_options, option

BLOCK = 2**23  # numbers in the similarity maps that are held at once
FORMS: dict[type, str] = {Grid: "DeepEMD-Grid", Sampling: "DeepEMD-Sampling"}  # on patches of these kinds
Targets = tuple[Float[Tensor, "n_target channels height width"], Int[Tensor, " n_target"]]


@dataclass(frozen=True, eq=False)
class Matching:
    """How every query was matched to every target: nodes are the cells of the maps, row-major.

    Those of a feature pyramid come first, level by level as `DeepEMD.sides` names them.

    Attributes:
        query_weight, target_weight: marginals of the plan; the weights of one image sum to 1.
        plan: the flow.
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

    A region is a cell of the feature map (the fully convolutional form), on request also a mean of cells (a feature
    pyramid); in a map of patches [channels, patches, 1] it is a patch. The plan is optimal for cost = 1 - similarity;
    how much each region has to give or take follows from its likeness to the other image (cross-reference weights).
    `weights` and `flow` are the comparisons of the paper's Table 2: equal weights with a proportional flow are its
    "average", cross-reference weights with a proportional flow its attention without EMD.

    A class of several shots is the mean of its maps, or a map that is learnt from them: the structured fully connected
    layer of section 3.5, which starts at the mean. Its steps hold plan and weights constant, as the published test-time
    code does, so that the gradient goes through the similarities only; with one image a class there is nothing to
    learn. The paper's other ways to take several shots match every support image by itself: its class gets the best
    logit (nearest) or the mean of the logits (fused).

    Departures: weights and plans sum to 1 where the published code lets them sum to the number of nodes; logits are the
    same. The paper's weights have no floor; the published code adds 1e-3, and 1e-5 more before OpenCV's solver: here
    both are added for every solver, so that the solvers answer the same question. Gradients are those of the solver:
    `opencv` holds plan and weights constant as the published code does, the others differentiate through both; a
    learnt layer passes no gradient on to the support images. `sinkhorn` blurs the plan, and its logits are a little
    lower. Several shots are the mean unless chosen otherwise, as the learnt layer takes its time in the app.
    """

    title: ClassVar[str] = "DeepEMD (FCN)"
    reference: ClassVar[str] = (
        "Zhang, Cai, Lin, Shen: DeepEMD: Few-Shot Image Classification with Differentiable Earth Mover's Distance and "
        "Structured Classifiers, CVPR 2020"
    )
    transductive: ClassVar[bool] = False
    differentiable: ClassVar[bool] = True

    shots: str = option(
        "mean",
        "A class of several shots: the mean of their maps, a map learnt from them, its nearest image, or the mean of "
        "its images' logits.",
        choices=("mean", "structured", "nearest", "fused"),
    )
    structured_layer: str = option(
        "fast",
        "How long a structured map is learnt: 19 rounds over the support images, or 100 as published.",
        choices=tuple(SCHEDULES),
    )
    weights: str = option(
        "cross_reference",
        "How much a region counts: its likeness to the other image, all the same, or the size of its cluster.",
        choices=("cross_reference", "equal", *nodes.CLUSTERINGS),
    )
    flow: str = option(
        "optimal",
        "The flow of least cost, or one between all regions in proportion to their weights.",
        choices=("optimal", "proportional"),
    )
    solver: str = option("exact", "Which solver finds the optimal flow.", choices=tuple(SOLVERS))
    pyramid: str = option(
        "none",
        "Also match larger regions: the map pooled to 2 x 2 or 3 x 3 cells, or both.",
        choices=("none", "2", "3", "2,3"),
    )
    metric: str = option("cosine", "Similarity of two regions; l2 is 1 - squared distance.", choices=("cosine", "l2"))
    centre: bool = option(True, "Subtract each region's mean over the channels before comparing.")
    temperature: float = option(
        12.5, "Factor between the mean similarity and the logit.", low=0.01, high=1000.0, step=0.5
    )

    def __post_init__(self) -> None:
        check_options(self)

    @classmethod
    def title_on(cls, patches: Patches | None) -> str:
        """Its authors have a name for each way to get regions."""
        return FORMS.get(type(patches), cls.title)

    def __call__(self, features: EpisodeFeatures) -> Prediction:
        maps, labels = self.targets(features)
        target = self.nodes_of(maps)
        block = max(1, BLOCK // (len(target.raw) * target.raw.shape[1] ** 2))
        logits = torch.cat(
            [self.match_nodes(self.nodes_of(maps), target).logits for maps in features.query.split(block)]
        )
        return Prediction(self.class_logits(logits, labels))

    def targets(self, features: EpisodeFeatures) -> Targets:
        """The maps that queries are matched to, and the class of each: support images, or one prototype a class."""
        if self.shots in ("nearest", "fused"):
            return features.support, features.support_labels
        return self.prototypes(features), torch.arange(features.n_way, device=features.support.device)

    def class_logits(
        self, logits: Float[Tensor, "n_query n_target"], labels: Int[Tensor, " n_target"]
    ) -> Float[Tensor, "n_query n_way"]:
        """Logits of the classes from those of their targets: the best one (nearest), else their mean."""
        of_class = [logits[:, labels == label] for label in range(int(labels.max()) + 1)]
        return torch.stack(
            [part.amax(dim=1) if self.shots == "nearest" else part.mean(dim=1) for part in of_class], dim=1
        )

    def prototypes(self, features: EpisodeFeatures) -> Float[Tensor, "n_way channels height width"]:
        """The map of each class that queries are matched to: learnt if `shots` is structured, else the mean.

        "nearest" and "fused" match every support image instead; the mean is then what stands for the class as a whole.

        Raises:
            TransportError: as `match`.
        """
        means = features.prototypes
        if self.shots != "structured" or len(features.support) == features.n_way:
            return means
        schedule, labels = SCHEDULES[self.structured_layer], features.support_labels
        with torch.inference_mode():  # also where nobody else switches autograd off: the gradient is written out
            support = self.nodes_of(features.support)
            layer = schedule.learn(
                means.contiguous(memory_format=torch.channels_last),  # the order of nodes in memory, for speed
                schedule.batches(len(labels)),
                lambda layer, rows: self.layer_gradient(layer, support.of(rows), labels[rows]),
            )
        return layer.clone()

    def layer_gradient(
        self, layer: Float[Tensor, "n_way channels height width"], support: Nodes, labels: Int[Tensor, " batch"]
    ) -> Float[Tensor, "n_way channels height width"]:
        """Gradient of the mean cross-entropy of the support images' logits by the layer; plan and weights constant."""
        target = self.nodes_of(layer)
        matching = self.match_nodes(support, target)
        surplus = matching.logits.softmax(dim=1)
        surplus[torch.arange(len(labels)), labels] -= 1
        pull = (self.temperature / len(labels) * surplus)[:, :, None, None] * matching.plan
        gradient = nodes.similarity_gradient(support, target, pull, self.metric, self.centre)
        if self.sides:
            gradient = nodes.pooling(layer.shape[2:], self.sides).to(gradient).T @ gradient
        return gradient.mT.unflatten(2, layer.shape[2:])

    def match(
        self,
        query: Float[Tensor, "n_query channels query_height query_width"],
        target: Float[Tensor, "n_target channels target_height target_width"],
        query_factor: Float[Tensor, "n_query n"] | None = None,
        target_factor: Float[Tensor, "n_target m"] | None = None,
    ) -> Matching:
        """Match every query map to every target map (a class's prototype, or one support image's).

        Args:
            query_factor, target_factor: multiplied to the weights before they are normalised; >= 0, not all 0 for any
                image, where 0 takes a node out. None = 1.

        Raises:
            OptionError: a pyramid is asked for of maps without rows and columns.
            TransportError: a feature is not finite, or the solver gave up on a pair.
        """
        return self.match_nodes(self.nodes_of(query), self.nodes_of(target), query_factor, target_factor)

    def match_nodes(
        self,
        query: Nodes,
        target: Nodes,
        query_factor: Float[Tensor, "n_query n"] | None = None,
        target_factor: Float[Tensor, "n_target m"] | None = None,
    ) -> Matching:
        """As `match`, for nodes that were made before."""
        similarity = nodes.similarities(query, target, self.metric)
        source, sink = self.weigh(query, target, query_factor, target_factor)
        if self.flow == "proportional":
            plan = source[:, :, :, None] * sink[:, :, None]
            score = (plan * similarity).sum(dim=(2, 3))
        else:
            problem = TransportProblem(1 - similarity.flatten(0, 1), source.flatten(0, 1), sink.flatten(0, 1))
            answer = SOLVERS[self.solver]()(problem)
            if answer.status.any():
                raise TransportError(
                    f"The {self.solver} solver did not converge on {int((answer.status != 0).sum())} of "
                    f"{len(answer.status)} image pairs, so there is no answer; choose another solver."
                )
            plan, score = (part.unflatten(0, similarity.shape[:2]) for part in (answer.plan, 1 - answer.cost))
        return Matching(similarity, source, sink, plan, self.temperature * score)

    @staticmethod
    def weigh(
        query: Nodes,
        target: Nodes,
        query_factor: Float[Tensor, "n_query n"] | None = None,
        target_factor: Float[Tensor, "n_target m"] | None = None,
    ) -> tuple[Float[Tensor, "n_query n_target n"], Float[Tensor, "n_query n_target m"]]:
        """The weights of the nodes of each pair, which sum to 1; the factors are those of `match`."""
        source, sink = DeepEMD.raw_weights(query, target)
        source = nodes.normalised(source, None if query_factor is None else query_factor[:, None])
        return source, nodes.normalised(sink, target_factor)

    @staticmethod
    def raw_weights(
        query: Nodes, target: Nodes
    ) -> tuple[Float[Tensor, "n_query n_target n"], Float[Tensor, "n_query n_target m"]]:
        """The weights of the nodes of each pair before they are normalised."""
        if query.share is None or target.share is None:
            return nodes.cross_reference_weights(query.raw, target.raw)
        pairs = (len(query.raw), len(target.raw), -1)
        return query.share[:, None].expand(pairs), target.share[None].expand(pairs)

    def nodes_of(self, maps: Float[Tensor, "images channels height width"]) -> Nodes:
        """The nodes of each map, in the forms in which they are matched."""
        raw = maps.flatten(2).mT.contiguous()
        if self.sides:
            raw = nodes.pooling(maps.shape[2:], self.sides).to(raw) @ raw
        share = None
        if self.weights == "equal":
            share = torch.ones_like(raw[:, :, 0])
        elif self.weights in nodes.CLUSTERINGS:
            share = nodes.cluster_sizes(raw, self.weights)
        return Nodes(raw, *nodes.embed(raw, self.metric, self.centre), share)

    @property
    def sides(self) -> tuple[int, ...]:
        """Rows = columns of each pooled level of the pyramid; their nodes stand before the map's own cells."""
        return () if self.pyramid == "none" else tuple(int(side) for side in self.pyramid.split(","))
