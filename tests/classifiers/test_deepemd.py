"""Parity with the published code (`deepemd_logits`: whole file, or the slice of its first 4 queries), and invariants.

The slices hold every prototype, the first four queries and what belongs to them, unchanged.
"""

import dataclasses

import numpy as np
import pytest
import torch
from torch.nn.functional import cross_entropy

from fsl_core.classifiers import DeepEMD
from fsl_core.classifiers.nodes import cross_reference_weights, similarities
from fsl_core.errors import OptionError, TransportError
from fsl_core.features import EpisodeFeatures
from fsl_core.transport import SOLVERS, TransportPlan, TransportProblem, TransportSolver
from tests.parity import SOURCES, parity

VARIANTS = {
    "cosine": {},
    "pyramid": {},  # its maps hold the nodes of all levels, side by side
    "l2": {"metric": "l2"},
    "nonorm": {"centre": False},
}
MAKING = VARIANTS | {"pyramid": {"pyramid": "2,3"}}  # of maps, those that make their levels
TOLERANCES = {
    "cosine": (5e-5, 0),
    "pyramid": (5e-5, 0),
    "nonorm": (3e-4, 0),
    "l2": (0, 1e-5),
}  # absolute, of the maximum
N_QUERY = 10  # in the whole file, over which its loss is a mean


def load(variant: str, source: str) -> tuple[dict[str, np.ndarray], torch.Tensor, torch.Tensor]:
    data = parity("deepemd_logits", source)
    if variant == "pyramid" and source == "slices":
        pytest.skip("the slices leave the pyramid out")
    names = ("pyramid/proto_in", "pyramid/query_in") if variant == "pyramid" else ("proto", "query")
    proto, query = (torch.from_numpy(data[name]) for name in names)
    return data, proto, query


def features_of(proto: torch.Tensor, query: torch.Tensor) -> EpisodeFeatures:
    return EpisodeFeatures(proto, torch.arange(len(proto)), query, tuple("abcdefghijklmnopqrst"[: len(proto)]))


def assert_close(mine: torch.Tensor, published: np.ndarray, absolute: float = 0.0, relative: float = 0.0) -> None:
    limit = absolute + relative * np.abs(published).max()
    assert np.abs(mine.detach().numpy() - published).max() <= limit


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("solver", ["exact", "opencv", "interior_point"])
@pytest.mark.parametrize("variant", VARIANTS)
def test_logits_equal_the_published_ones(variant: str, solver: str, source: str) -> None:
    data, proto, query = load(variant, source)
    logits = DeepEMD(solver=solver, **VARIANTS[variant])(features_of(proto, query)).logits
    absolute, relative = TOLERANCES[variant]
    assert_close(logits, data[f"{variant}/logits"], absolute, relative)
    assert_close(logits, data[f"{variant}/logits_exact"], absolute, relative)


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("variant", VARIANTS)
def test_weights_equal_the_published_ones(variant: str, source: str) -> None:
    data, proto, query = load(variant, source)
    weight_query, weight_proto = cross_reference_weights(query.flatten(2).mT, proto.flatten(2).mT)
    assert_close(weight_query, data[f"{variant}/weight_query"], relative=1e-6)
    assert_close(weight_proto.transpose(0, 1), data[f"{variant}/weight_proto"], relative=1e-6)


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("variant", VARIANTS)
def test_similarities_equal_the_published_ones(variant: str, source: str) -> None:
    data, proto, query = load(variant, source)
    if f"{variant}/similarity" not in data:
        pytest.skip("the slices leave these similarities out")
    published = data[f"{variant}/similarity"]
    classifier = DeepEMD(**VARIANTS[variant])
    nodes = classifier.nodes_of(query), classifier.nodes_of(proto[: published.shape[1]])
    mine = similarities(*nodes, classifier.metric)
    assert_close(mine, published, *((0, 1e-6) if variant == "l2" else (1e-6, 0)))


@pytest.mark.parametrize("source", SOURCES)
def test_query_gradient_equals_the_published_one(source: str) -> None:
    data, proto, query = load("cosine", source)
    query.requires_grad_()
    logits = DeepEMD(solver="opencv")(features_of(proto, query)).logits
    loss = cross_entropy(logits, torch.from_numpy(data["query_label"]), reduction="sum") / N_QUERY
    loss.backward()
    assert_close(query.grad, data["cosine/grad_query"], relative=1e-3)


@pytest.mark.parametrize("variant", VARIANTS)
def test_loss_and_gradients_equal_the_published_ones(variant: str) -> None:
    data = load(variant, "whole")[0]
    raw = [torch.from_numpy(data[name]).requires_grad_() for name in ("proto", "query")]
    logits = DeepEMD(solver="opencv", **MAKING[variant])(features_of(*raw)).logits
    loss = cross_entropy(logits, torch.from_numpy(data["query_label"]))
    loss.backward()
    assert_close(loss, data[f"{variant}/loss"], absolute=1e-4)
    assert_close(raw[0].grad, data[f"{variant}/grad_proto"], relative=1e-3)
    assert_close(raw[1].grad, data[f"{variant}/grad_query"], relative=1e-3)


def test_plans_equal_the_published_ones_where_no_other_is_as_good() -> None:
    for variant in ("cosine", "l2"):
        data, proto, query = load(variant, "whole")
        plan = DeepEMD(**VARIANTS[variant]).match(query, proto).plan
        assert_close(25 * plan, data[f"{variant}/flow"], absolute=1e-3)


def test_logits_equal_those_of_the_published_quadratic_programme() -> None:
    data, proto, query = load("cosine", "whole")
    logits = DeepEMD(solver="interior_point")(features_of(proto, query)).logits
    assert_close(logits, data["cosine/logits_qpth"], absolute=1e-2)


def test_the_pyramid_has_the_published_nodes_and_logits() -> None:
    data, proto, query = load("cosine", "whole")
    classifier = DeepEMD(pyramid="2,3")
    assert_close(classifier.nodes_of(query).raw.mT[:, :, None], data["pyramid/query_in"], absolute=1e-6)
    assert_close(classifier(features_of(proto, query)).logits, data["pyramid/logits"], absolute=5e-5)


def random_features(way: int, n_query: int, side: int, seed: int = 0, channels: int = 16) -> EpisodeFeatures:
    generator = torch.Generator().manual_seed(seed)
    proto = torch.rand(way, channels, side, side, generator=generator)
    return features_of(proto, torch.rand(n_query, channels, side, side, generator=generator))


@pytest.mark.parametrize("solver", ["exact", "opencv", "interior_point"])
def test_an_image_matches_itself_node_by_node_with_the_full_logit(solver: str) -> None:
    maps = random_features(3, 1, 5).support
    matching = DeepEMD(solver=solver).match(maps[:1], maps)
    assert matching.logits[0, 0].item() == pytest.approx(12.5, abs=1e-4)
    assert matching.logits[0, 1:].max() < 12
    assert torch.allclose(matching.plan[0, 0], matching.query_weight[0, 0].diag(), atol=1e-6)


@pytest.mark.parametrize("solver", SOLVERS)
def test_weights_are_the_marginals_of_the_plan_and_sum_to_1(solver: str) -> None:
    features = random_features(3, 4, 5)
    matching = DeepEMD(solver=solver).match(features.query, features.prototypes)
    assert torch.allclose(matching.query_weight.sum(2), torch.ones(4, 3))
    assert torch.allclose(matching.plan.sum(3), matching.query_weight, atol=3e-7)
    assert torch.allclose(matching.plan.sum(2), matching.target_weight, atol=1e-6)
    score = (matching.plan * matching.similarity).sum((2, 3))
    assert torch.allclose(matching.logits, 12.5 * score, atol=2e-5)


def test_a_constant_on_all_channels_of_one_node_changes_its_weight_and_no_similarity() -> None:
    features = random_features(2, 1, 3)
    moved = features.query.clone()
    moved[0, :, 1, 1] += 2
    before, after = (DeepEMD().match(query, features.prototypes) for query in (features.query, moved))
    assert torch.allclose(before.similarity, after.similarity, atol=1e-5)
    assert (after.query_weight - before.query_weight)[0, :, 4].min() > 0.05


def test_a_query_is_classified_alike_alone_and_among_others(monkeypatch: pytest.MonkeyPatch) -> None:
    features = random_features(4, 6, 3)
    together = DeepEMD()(features).logits
    monkeypatch.setattr("fsl_core.classifiers.deepemd.BLOCK", 1)
    assert torch.allclose(DeepEMD()(features).logits, together, atol=1e-5)


def test_maps_of_one_cell_are_compared_by_their_centred_cosine() -> None:
    features = random_features(3, 2, 1)
    expected = np.corrcoef(features.query.flatten(1).numpy(), features.support.flatten(1).numpy())[:2, 2:]
    assert_close(DeepEMD()(features).logits, 12.5 * expected, absolute=1e-4)


def test_features_without_any_likeness_give_equal_weights() -> None:
    features = features_of(-torch.rand(2, 8, 2, 2), torch.rand(1, 8, 2, 2))
    matching = DeepEMD().match(features.query, features.prototypes)
    assert torch.allclose(matching.query_weight, torch.full((1, 2, 4), 0.25))


@pytest.mark.parametrize("solver", SOLVERS)
def test_a_solver_that_does_not_converge_is_an_error(solver: str, monkeypatch: pytest.MonkeyPatch) -> None:
    features, solve = random_features(3, 4, 3), SOLVERS[solver].__call__

    def unfinished(_: TransportSolver, problem: TransportProblem) -> TransportPlan:
        answer = solve(SOLVERS[solver](), problem)
        return dataclasses.replace(answer, status=answer.status.index_fill(0, torch.tensor([2, 5]), 1))

    monkeypatch.setattr(SOLVERS[solver], "__call__", unfinished)
    with pytest.raises(TransportError, match=f"The {solver} solver did not converge on 2 of 12 image pairs"):
        DeepEMD(solver=solver)(features)


def test_sinkhorn_ranks_the_classes_as_the_optimum_does() -> None:
    proto, query = (random_features(5, 20, 5).support, random_features(5, 20, 5, seed=1).query)
    exact, blurred = (DeepEMD(solver=solver)(features_of(proto, query)).logits for solver in ("exact", "sinkhorn"))
    assert (blurred < exact).all() and (exact - blurred).max() < 0.3
    clear = exact.topk(2, dim=1).values.diff(dim=1).abs()[:, 0] > 0.3
    assert (exact.argmax(1) == blurred.argmax(1))[clear].all()


@pytest.mark.parametrize("solver", ["exact", "interior_point", "sinkhorn"])
def test_the_solver_lets_the_weights_learn(solver: str) -> None:
    """Finite differences of the logit along a direction, through similarities and weights."""
    features = random_features(2, 1, 3, channels=6)
    proto, query = features.support.double(), features.query.double().requires_grad_()
    direction = torch.randn(query.shape, generator=torch.Generator().manual_seed(3), dtype=torch.float64)
    classify = DeepEMD(solver=solver)
    classify(features_of(proto, query)).logits[0, 0].backward()
    step = 1e-4 * direction
    ends = [classify(features_of(proto, query.detach() + sign * step)).logits[0, 0].item() for sign in (1, -1)]
    assert (query.grad * direction).sum().item() == pytest.approx((ends[0] - ends[1]) / 2e-4, rel=1e-3)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"solver": "magic"}, "solver must be one of exact, opencv"),
        ({"metric": "l1"}, "metric must be one of cosine, l2"),
        ({"temperature": -1}, "temperature must lie in"),
        ({"centre": 1}, "centre must be true or false"),
        ({"weights": "heavy"}, "weights must be one of cross_reference, equal, kmeans, mean_shift"),
        ({"flow": "none"}, "flow must be one of optimal, proportional"),
        ({"pyramid": "5"}, "pyramid must be one of none, 2, 3, 2,3"),
        ({"shots": "best"}, "shots must be one of mean, structured, nearest, fused"),
        ({"structured_layer": "slow"}, "structured_layer must be one of fast, published"),
    ],
)
def test_options_are_checked(options: dict, sentence: str) -> None:
    with pytest.raises(OptionError, match=sentence):
        DeepEMD(**options)


def test_equal_weights_with_a_proportional_flow_average_all_similarities() -> None:
    features = random_features(3, 4, 4)
    matching = DeepEMD(weights="equal", flow="proportional").match(features.query, features.support)
    assert torch.allclose(matching.plan, torch.full((4, 3, 16, 16), 1 / 256))
    assert torch.allclose(matching.logits, 12.5 * matching.similarity.mean((2, 3)), atol=1e-5)


@pytest.mark.parametrize("weights", ["cross_reference", "kmeans", "mean_shift"])
def test_a_proportional_flow_weighs_every_pair_by_both_nodes_and_is_never_better_than_the_optimal(weights: str) -> None:
    features = random_features(3, 4, 4)
    best, spread = (
        DeepEMD(weights=weights, flow=flow).match(features.query, features.support)
        for flow in ("optimal", "proportional")
    )
    assert torch.equal(best.query_weight, spread.query_weight) and torch.equal(best.target_weight, spread.target_weight)
    for query, target in ((0, 0), (3, 2)):
        product = torch.outer(spread.query_weight[query, target], spread.target_weight[query, target])
        assert torch.allclose(spread.plan[query, target], product)
    assert torch.allclose(spread.logits, 12.5 * (spread.plan * spread.similarity).sum((2, 3)), atol=1e-5)
    assert (best.logits > spread.logits + 0.1).all()


@pytest.mark.parametrize("weights", ["cross_reference", "equal", "kmeans", "mean_shift"])
@pytest.mark.parametrize("pyramid", ["none", "2,3"])
def test_every_kind_of_weights_gives_the_marginals_of_the_plan(weights: str, pyramid: str) -> None:
    features = random_features(2, 2, 5)
    matching = DeepEMD(weights=weights, pyramid=pyramid).match(features.query, features.support)
    assert matching.plan.shape[2:] == ((25, 25) if pyramid == "none" else (38, 38))
    assert torch.allclose(matching.plan.sum(3), matching.query_weight, atol=1e-6)
    assert torch.allclose(matching.plan.sum(2), matching.target_weight, atol=1e-6)
    assert torch.allclose(matching.plan.sum((2, 3)), torch.ones(2, 2), atol=1e-5)


@pytest.mark.parametrize("weights", ["kmeans", "mean_shift"])
def test_weights_of_one_image_do_not_depend_on_the_other_and_pass_no_gradient(weights: str) -> None:
    features = random_features(3, 2, 4)
    query = features.query.requires_grad_()
    matching = DeepEMD(weights=weights).match(query, features.support)
    assert torch.equal(matching.query_weight[:, 0], matching.query_weight[:, 2])
    assert not matching.query_weight.requires_grad
    matching.logits.sum().backward()
    assert query.grad.abs().max() > 0


def test_a_pyramid_needs_rows_and_columns() -> None:
    patches = torch.rand(2, 8, 9, 1)
    with pytest.raises(OptionError, match="several rows and columns, got 9 x 1; set pyramid to none"):
        DeepEMD(pyramid="2")(features_of(patches, patches))


def several_shots(shots: tuple[int, ...]) -> EpisodeFeatures:
    """Overlapping classes, so that the ways to take several shots differ."""
    generator = torch.Generator().manual_seed(5)
    labels = torch.arange(len(shots)).repeat_interleave(torch.tensor(shots))
    centres = torch.rand(len(shots), 16, 3, 3, generator=generator)
    support = centres[labels] + torch.rand(len(labels), 16, 3, 3, generator=generator)
    query = centres + torch.rand(len(shots), 16, 3, 3, generator=generator)
    return EpisodeFeatures(support, labels, query, tuple("abcdefgh"[: len(shots)]))


@pytest.mark.parametrize("shots", [(3, 3), (1, 4, 2)])
def test_nearest_takes_the_best_image_of_each_class_and_fused_the_mean_of_their_logits(shots: tuple[int, ...]) -> None:
    features = several_shots(shots)
    alone = torch.cat([DeepEMD().match(features.query, image[None]).logits for image in features.support], dim=1)
    of_class = [alone[:, features.support_labels == label] for label in range(len(shots))]
    nearest, fused = (DeepEMD(shots=name)(features).logits for name in ("nearest", "fused"))
    assert torch.allclose(nearest, torch.stack([logits.max(1).values for logits in of_class], 1), atol=1e-5)
    assert torch.allclose(fused, torch.stack([logits.mean(1) for logits in of_class], 1), atol=1e-5)
    assert (nearest - fused).abs().max() > 0.05


@pytest.mark.parametrize("shots", ["mean", "structured"])
def test_prototypes_are_what_the_queries_are_matched_to(shots: str) -> None:
    features, classifier = several_shots((1, 4, 2)), DeepEMD(shots=shots)
    prototypes = classifier.prototypes(features)
    assert torch.allclose(classifier.match(features.query, prototypes).logits, classifier(features).logits, atol=1e-6)
    assert torch.equal(prototypes, features.prototypes) == (shots == "mean")


@pytest.mark.parametrize("weights", ["cross_reference", "equal"])
def test_factors_change_weights_before_they_are_normalised(weights: str) -> None:
    features, classifier = random_features(3, 2, 2), DeepEMD(weights=weights)
    generator = torch.Generator().manual_seed(1)
    factors = torch.rand(2, 4, generator=generator), torch.rand(3, 4, generator=generator)
    factors[0][1, 2] = 0
    plain = classifier.match(features.query, features.support)
    changed = classifier.match(features.query, features.support, *factors)
    source, sink = plain.query_weight * factors[0][:, None], plain.target_weight * factors[1]
    assert torch.allclose(changed.query_weight, source / source.sum(2, keepdim=True))
    assert torch.allclose(changed.target_weight, sink / sink.sum(2, keepdim=True))
    assert (changed.plan[1, :, 2] == 0).all()
