"""Nearest neighbours against a search by brute force, and against pictures whose features are known by hand."""

import numpy as np
import pytest

from fsl_core.backbones import Backbone
from fsl_core.errors import EpisodeError, OptionError
from fsl_core.explain import index_of, nearest
from tests.explain.conftest import BLACK, BLUE, GREEN, RED, Pictures, quarters, random_pictures

YELLOW = (255, 255, 0)


def means(image: np.ndarray) -> np.ndarray:
    """Features of the four quarters, [2, 2, 3]."""
    return image.reshape(2, 2, 2, 2, 3).mean(axis=(1, 3)) / 255


def cosine(a: np.ndarray, b: np.ndarray) -> float:
    return float(a @ b / np.linalg.norm(a) / np.linalg.norm(b))


def test_pictures_known_by_hand(backbone: Backbone) -> None:
    """Red beside red, yellow (45 degrees) and blue (90 degrees)."""
    dataset = Pictures([quarters(BLUE), quarters(YELLOW), quarters(RED)], [1, 0, 0])
    found = nearest(index_of(backbone, dataset, "colours"), quarters(RED), 3, label=0)
    assert found.rows.tolist() == [2, 1, 0] and found.names == ("2.png", "1.png", "0.png")
    np.testing.assert_allclose(found.similarity, [1, np.sqrt(0.5), 0], atol=1e-6)
    assert found.labels.tolist() == [0, 0, 1]
    assert found.share_alike == pytest.approx(2 / 3) and found.chance == pytest.approx(2 / 3)
    assert not found.of_region and found.boxes.tolist() == [[0, 0, 1, 1]] * 3
    assert (found.images[0] == quarters(RED)).all() and (found.query_image == quarters(RED)).all()
    assert (found.backbone, found.dataset) == ("by hand", "colours")
    text = found.formula(1)
    assert "cos 45.0° = 0.7071" in text and "pooled" in text
    assert "Share" not in text  # all that was searched is shown, so that a share says nothing
    best = nearest(index_of(backbone, dataset, "colours"), quarters(RED), 2, label=0)
    assert "2 / 2 = 100%; at random 2 / 3 = 66.7%" in best.formula()


def test_a_region_known_by_hand(backbone: Backbone) -> None:
    """Only the lower left quarter of the query is green; a green quarter is found wherever it is."""
    dataset = Pictures(
        [quarters(BLUE, BLUE, RED, GREEN), quarters(RED), quarters(BLACK, YELLOW, BLACK, BLACK)], [0] * 3
    )
    found = nearest(index_of(backbone, dataset, ""), quarters(RED, RED, GREEN, RED), 2, at=(0.75, 0.1))
    assert found.of_region and found.query_box.tolist() == [0.5, 0, 1, 0.5]
    assert found.rows.tolist() == [0, 2]
    assert found.boxes.tolist() == [[0.5, 0.5, 1, 1], [0, 0.5, 0.5, 1]]
    np.testing.assert_allclose(found.similarity, [1, np.sqrt(0.5)], atol=1e-3)
    assert found.share_alike is None and found.chance is None and "two regions" in found.formula()


def test_whole_pictures_against_brute_force(backbone: Backbone) -> None:
    images = random_pictures(40)
    dataset = Pictures(images[1:], [row % 3 for row in range(39)])
    found = nearest(index_of(backbone, dataset, ""), images[0], 10, label=2, without=(4, 7))
    query = means(images[0]).mean(axis=(0, 1))
    every = [cosine(query, means(image).mean(axis=(0, 1))) for image in dataset.images]
    expected = [row for row in sorted(range(39), key=lambda row: -every[row]) if row not in (4, 7)][:10]
    assert found.rows.tolist() == expected
    np.testing.assert_allclose(found.similarity, [every[row] for row in expected], atol=1e-6)
    assert found.searched == 37 and found.searched_alike == sum(row % 3 == 2 for row in set(range(39)) - {4, 7})


def test_regions_against_brute_force(backbone: Backbone) -> None:
    images = random_pictures(1200, seed=1)  # several blocks
    dataset = Pictures(images[1:], [0] * 1199)
    index = index_of(backbone, dataset, "")
    for at, (row, column) in {(0.0, 1.0): (0, 1), (1.0, 0.49): (1, 0)}.items():
        found = nearest(index, images[0], 6, at=at)
        query = means(images[0])[row, column]
        best = [
            max((cosine(query, means(image)[r, c]), r, c) for r in (0, 1) for c in (0, 1)) for image in dataset.images
        ]
        assert len(set(found.rows.tolist())) == 6
        expected = sorted((similarity for similarity, _, _ in best), reverse=True)[:6]
        np.testing.assert_allclose(found.similarity, expected, atol=1e-3)  # half precision
        for place, image in enumerate(found.rows.tolist()):
            similarity, r, c = best[image]
            assert found.similarity[place] == pytest.approx(similarity, abs=1e-3)
            if place < 3:
                assert found.boxes[place].tolist() == [r / 2, c / 2, (r + 1) / 2, (c + 1) / 2]


def test_equals_keep_their_order_and_few_images_all_come(backbone: Backbone) -> None:
    dataset = Pictures([quarters(RED)] * 5, [0] * 5)
    found = nearest(index_of(backbone, dataset, ""), quarters(RED), 8, without={2})
    assert found.rows.tolist() == [0, 1, 3, 4]


def test_impossible_questions(backbone: Backbone) -> None:
    index = index_of(backbone, Pictures([quarters(RED), quarters(BLUE)], [0, 1]), "")
    with pytest.raises(OptionError, match="got 0 of 2"):
        nearest(index, quarters(RED), 0)
    with pytest.raises(OptionError, match="got 8 of 0"):
        nearest(index, quarters(RED), without=(0, 1))
    with pytest.raises(OptionError, match=r"\[0, 1\]"):
        nearest(index, quarters(RED), at=(0.5, 1.5))
    with pytest.raises(EpisodeError, match="this picture are 0"):
        nearest(index, quarters(BLACK))
    with pytest.raises(EpisodeError, match="this region are 0"):
        nearest(index, quarters(RED, BLACK, RED, RED), at=(0, 0.9))
