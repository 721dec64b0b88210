"""Deletion and insertion on a classifier that looks at one known cell; pointing, shares, and random weights."""

from dataclasses import dataclass, replace
from itertools import product

import numpy as np
import pytest
import torch
from scipy.stats import rankdata

from fsl_core.classifiers import Prediction
from fsl_core.data.transforms import prepare
from fsl_core.errors import OptionError
from fsl_core.explain import Question, Trial, asked, attribute, believe, bench, located
from fsl_core.explain.belief import agreement, blurred, deletion_curves, importance, pointing_game, share_on
from fsl_core.explain.randomised import randomised, rival
from fsl_core.features import EpisodeFeatures
from fsl_core.records import Saliency
from tests.explain.tiny import Readout, conv4, pictures, readout
from tests.records.test_saliency import make_saliency

CELL = (2, 3)


def marked(side: int, others: float = 0.0) -> Saliency:
    """A map of a block of cells, with a little noise."""
    values = np.full((7, 7), others)
    values[CELL[0] : CELL[0] + side, CELL[1] : CELL[1] + side] = 1.0
    return make_saliency(values + 1e-3 * np.random.default_rng(0).random((7, 7)))


def looks_at(side: int) -> tuple[Question, float]:
    """A question whose answer depends on the colour of a white block alone; its probability, 0.5 without the block."""
    question = readout(Readout(CELL, factor=2.0, side=side))
    image = question.image.copy()
    image[4 : 4 + 2 * side, 6 : 6 + 2 * side] = 255
    image[:, :, 2] = round(question.backbone.spec.mean[2] * 255)  # blue counts for the other class: take it out
    red_green = (1 - np.array(question.backbone.spec.mean)) / question.backbone.spec.std
    return replace(question, image=image), 1 / (1 + np.exp(-2 * (red_green[0] + 2 * red_green[1])))


def test_curves_of_a_score_that_depends_on_one_known_cell_by_pencil() -> None:
    question, high = looks_at(1)
    on = bench(question, (), Trial(fill="mean", pairs=50, rivals=0))
    belief = believe(on, marked(1), lambda other: marked(1))
    np.testing.assert_allclose(belief.deletion, [high, *[0.5] * 10], atol=2e-3)
    np.testing.assert_allclose(belief.insertion, [0.5, *[high] * 10], atol=2e-3)
    assert belief.gain == pytest.approx(0.9 * (high - 0.5), abs=2e-3)
    assert belief.random_area == pytest.approx((high + 0.5) / 2, abs=2e-3) and belief.agreement is None
    least = believe(on, marked(1, others=2.0), lambda other: marked(1))
    np.testing.assert_allclose(least.deletion, [*[high] * 10, 0.5], atol=2e-3)
    assert 0.9 < belief.beaten < 0.97  # one in ten random orders takes the cell within the first tenth, too: a draw
    assert least.beaten == pytest.approx(1 - belief.beaten)


def test_verdicts_on_a_block_of_nine_cells() -> None:
    question, _ = looks_at(3)
    on = bench(question, (), Trial(fill="mean", rivals=0))
    assert believe(on, marked(3), lambda other: marked(3)).verdict.word == "believable"
    assert believe(on, marked(3, others=2.0), lambda other: marked(3)).verdict.word == "worse than chance"
    noise = make_saliency(np.random.default_rng(0).normal(size=(7, 7)))
    assert believe(on, noise, lambda other: noise).verdict.word == "no better than chance"
    blank = make_saliency(np.zeros((5, 5)))
    assert believe(on, blank, lambda other: blank).verdict.word == "no map"


def test_a_map_that_does_not_depend_on_the_weights_is_found_out() -> None:
    question, _ = looks_at(3)
    on = bench(question, pictures(2, 14), Trial(fill="mean", rivals=2))
    same = believe(on, marked(3), lambda other: marked(3))
    assert same.agreement == pytest.approx(1) and same.verdict.word == "does not depend on the weights"
    turned = iter((marked(3), make_saliency(-marked(3).values)))
    assert believe(on, marked(3), lambda other: next(turned)).agreement == pytest.approx(0, abs=1e-9)


def test_random_orders_come_with_their_reverse() -> None:
    question = conv4()
    on = bench(question, (), Trial(pairs=3, rivals=0))
    assert on.random.shape == (6, 11)
    assert len(np.unique(on.random[:, 0])) == len(np.unique(on.random[:, -1])) == 1
    with torch.no_grad():
        orders = np.random.default_rng(0).permutation(49)
        first = deletion_curves(question, on.replaced, np.stack([orders, orders[::-1]]))
    np.testing.assert_allclose(first, on.random[[0, 3]], atol=1e-5)
    again = bench(question, (), Trial(pairs=3, rivals=0))
    np.testing.assert_array_equal(again.random, on.random)


def test_deletion_curves_are_a_loop_over_cells() -> None:
    """28 pixels, cells of 4 x 4: the picture of every point is put together pixel by pixel."""
    question = conv4(size=28)
    order, replaced = np.random.default_rng(3).permutation(49), blurred(question.prepared)
    with torch.no_grad():
        found = deletion_curves(question, replaced, order[None])[0]
    for point in range(11):
        image = question.prepared.clone()
        for cell in order[: round(49 * point / 10)]:
            row, column = divmod(int(cell), 7)
            block = np.s_[:, :, 4 * row : 4 * row + 4, 4 * column : 4 * column + 4]
            image[block] = replaced[block]
        assert found[point] == pytest.approx(question.probability(image).item(), abs=1e-5)


def test_the_probability_against_another_class_is_that_among_the_two() -> None:
    question = conv4(against=0)
    logits = question.logits(question.backbone.network(question.prepared))[0]
    assert question.probability(question.prepared).item() == pytest.approx(
        logits[[1, 0]].softmax(0)[0].item(), rel=1e-5
    )
    alone = replace(question, against=None)
    assert alone.probability(question.prepared).item() == pytest.approx(logits.softmax(0)[1].item(), rel=1e-5)


def test_the_most_important_cells_come_first_and_ties_are_random_in_both_directions() -> None:
    values = np.random.default_rng(0).random((7, 7))
    (order,) = importance(values, np.random.default_rng(0))
    np.testing.assert_array_equal(order, np.argsort(-values.ravel()))
    fine = values.repeat(12, axis=0).repeat(12, axis=1)
    np.testing.assert_array_equal(importance(fine, np.random.default_rng(0)), order[None])
    flat = [importance(np.zeros((5, 5)), np.random.default_rng(seed)).tolist() for seed in (0, 0, 1)]
    assert flat[0] == flat[1] != flat[2] and sorted(flat[2][0]) == list(range(49))
    assert flat[0][0] == flat[0][1][::-1]
    values[2:5] = 0.5 + 1e-9 * np.random.default_rng(1).random((3, 7))
    one, other = importance(values, np.random.default_rng(0))
    tied = (one >= 14) & (one < 35)
    np.testing.assert_array_equal(one[tied], other[tied][::-1])
    np.testing.assert_array_equal(one[~tied], other[~tied])


@dataclass(frozen=True)
class Summed(Readout):
    """Every cell adds to the logit of class 0 by a weight of its own, and by the way every pair of cells does."""

    seed: int = 0
    factor: float = 0.15
    together: float = 0.0

    def __call__(self, features: EpisodeFeatures) -> Prediction:
        generator = torch.Generator().manual_seed(self.seed)
        alone, pairs = torch.randn(49, generator=generator), torch.randn(49, 49, generator=generator) / 7
        cells = features.query[:, 0].flatten(1)
        logit = self.factor * (cells @ alone + self.together * (cells @ pairs * cells).sum(dim=1))
        return Prediction(torch.stack([logit, torch.zeros_like(logit)], dim=1))


def test_a_map_that_is_zero_almost_everywhere_is_not_believed_by_luck() -> None:
    """One cell at random is marked: a single order of the others would be believed in one of 18 cases."""
    words, places = [], np.random.default_rng(0)
    for seed, together in product(range(3), (0.0, 0.5)):
        question = replace(readout(Summed(seed=seed, together=together)), image=pictures(1, 14, seed)[0])
        on = bench(question, (), Trial(rivals=0, seed=seed))
        for number in range(36):
            marked_one = make_saliency((np.arange(49) == places.integers(49)).reshape(7, 7).astype(float))
            tested = replace(on, trial=replace(on.trial, seed=1000 + number))
            words.append(believe(tested, marked_one, lambda other: None).verdict.word)
    assert set(words) <= {"believable", "no better than chance", "worse than chance"}
    assert words.count("believable") < len(words) / 18 / 3


def test_ties_add_next_to_nothing_where_every_cell_adds_by_itself() -> None:
    """Of 20 marked cells the order counts, of the 29 others it does not: the gain is nearly the same for every seed."""
    on = bench(readout(Summed(factor=0.01)), (), Trial(rivals=0))
    ordered = make_saliency(np.where(np.arange(49) < 20, np.arange(49, 0, -1), 0).reshape(7, 7).astype(float))
    trials = (Trial(rivals=0, seed=seed) for seed in range(5))
    found = [believe(replace(on, trial=trial), ordered, lambda other: ordered) for trial in trials]
    assert np.std([belief.gain for belief in found]) < 0.1 * found[0].spread


def test_pointing_and_share_on_a_known_object() -> None:
    mask = np.zeros((28, 28), bool)
    mask[:14, :14] = True
    values = np.zeros((2, 2))
    values[0, 0] = 1
    assert pointing_game(values, mask) and not pointing_game(values[::-1], mask)
    fine = np.zeros((28, 28))
    fine[0, 0], fine[20, 20], fine[5, 20] = 3.0, 1.0, -9.0
    assert share_on(fine, mask) == pytest.approx(0.75) and pointing_game(fine, mask)
    assert np.isnan(share_on(-np.ones((3, 3)), mask))
    belief = believe(bench(readout(), (), Trial(rivals=0), mask), make_saliency(fine), lambda other: None)
    assert (belief.pointing, belief.share, belief.area) == (True, pytest.approx(0.75), 0.25)


def test_a_map_that_shows_nothing_neither_hits_nor_misses() -> None:
    mask = np.zeros((28, 28), bool)
    mask[:14, :14] = True
    on = bench(readout(), (), Trial(rivals=0), mask)
    against_all = make_saliency(-1 - np.random.default_rng(0).random((3, 3)))
    assert not against_all.fault
    for saliency in (make_saliency(np.zeros((3, 3))), make_saliency(np.ones((3, 3))), against_all):
        belief = believe(on, saliency, lambda other: None)
        assert (belief.pointing, belief.share, belief.area) == (None, None, 0.25)
    unmarked = believe(replace(on, mask=None), make_saliency(np.eye(3)), lambda other: None)
    assert (unmarked.pointing, unmarked.share, unmarked.area) == (None, None, None)
    assert located(unmarked, make_saliency(np.eye(3)), mask).pointing is True


def test_agreement_is_the_rank_correlation_of_what_is_shown() -> None:
    one, other = np.random.default_rng(0).normal(size=(2, 4, 5))
    ranks = [rankdata(np.abs(values)) for values in (one, other)]
    expected = np.corrcoef(*ranks)[0, 1]
    found = agreement(make_saliency(one, "absolute"), make_saliency(other, "absolute"))
    assert found == pytest.approx(expected)
    assert agreement(make_saliency(one), make_saliency(np.zeros((4, 5)))) == 0


def test_random_weights_are_the_old_numbers_at_other_places_and_the_original_keeps_its_own() -> None:
    backbone = conv4().backbone
    before = {name: value.clone() for name, value in backbone.network.state_dict().items()}
    images = pictures(5, 32)
    other = randomised(backbone, images, seed=1)
    for name, value in other.network.named_parameters():
        assert torch.equal(value.flatten().sort().values, before[name].flatten().sort().values)
        assert value.ndim < 4 or not torch.equal(value, before[name])
    assert all(torch.equal(value, before[name]) for name, value in backbone.network.state_dict().items())
    assert not any(module.training for module in other.network.modules())
    with torch.no_grad():
        seen = other.network.layer1[0](prepare(images, backbone.spec))
        norm = other.network.layer1[1]
        seen = (norm(seen) - norm.bias[:, None, None]) / norm.weight[:, None, None]
    np.testing.assert_allclose(seen.mean(dim=(0, 2, 3)), 0, atol=1e-3)
    np.testing.assert_allclose(seen.std(dim=(0, 2, 3)), 1, atol=1e-2)
    same = randomised(backbone, images, seed=1).maps(images)
    assert torch.equal(same, other.maps(images)) and not torch.equal(same, backbone.maps(images))


def test_a_rival_sees_the_same_support_images_and_another_picture_takes_it_over() -> None:
    question, images = conv4(), pictures(4, 32)
    other = rival(question, images[:3], seed=4)
    torch.testing.assert_close(other.features.support, other.backbone.maps(images[:3]))
    on = bench(question, images[:3], Trial(pairs=2, seed=4))
    assert torch.equal(on.rivals[0].features.support, other.features.support)
    nextly = asked(on, replace(question, image=pictures(1, 32, seed=9)[0], label=2, against=0))
    assert nextly.rivals[0].backbone is on.rivals[0].backbone
    assert (nextly.rivals[0].label, nextly.rivals[0].against) == (2, 0)
    assert not np.array_equal(nextly.random, on.random)
    belief = believe(on, attribute(question, "occlusion"), lambda one: attribute(one, "occlusion"))
    assert -1 <= belief.agreement < 1


def test_trials_check_themselves() -> None:
    with pytest.raises(OptionError, match="seed must not be negative"):
        Trial(seed=-1)
    with pytest.raises(OptionError, match="fill must be one of blur, mean"):
        Trial(fill="noise")
