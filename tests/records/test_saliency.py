"""Faults of maps and verdicts, from numbers made by hand."""

import dataclasses

import numpy as np
import pytest

from fsl_core.records import Belief, Products, Saliency


def make_saliency(values: object, sign: str = "all", **changes: object) -> Saliency:
    fields = {
        "image": np.zeros((8, 8, 3), np.uint8), "values": np.array(values, float), "method": "grad_cam",
        "title": "Grad-CAM", "unit": "units", "signed": True, "target": "logit of cat",
        "sign": sign, "score": 1.0, "total": "", "residual": None, "products": None,
        "stage": "stage 4 of 4",
    }  # fmt: skip
    return Saliency(**{**fields, **changes})


def make_belief(deletion: list[float], insertion: list[float], **changes: object) -> Belief:
    """Three points; random orders with gains of -0.1, -0.2, 0.1 and 0.2."""
    random = np.array([[0.9, 0.5, 0.1], [0.9, 0.6, 0.1], [0.9, 0.3, 0.1], [0.9, 0.2, 0.1]])
    fields = {
        "title": "Grad-CAM", "sign": "all", "fault": "", "cells": 49, "deletion": np.array(deletion),
        "insertion": np.array(insertion), "random": random, "agreement": 0.1, "pointing": None, "share": None,
        "area": None,
    }  # fmt: skip
    return Belief(**{**fields, **changes})


def test_the_sign_chooses_what_is_shown() -> None:
    values = [[1.0, -2.0], [0.0, 3.0]]
    expected = {"all": values, "positive": [[1, 0], [0, 3]], "negative": [[0, 2], [0, 0]], "absolute": [[1, 2], [0, 3]]}
    for sign, shown in expected.items():
        record = make_saliency(values, sign)
        np.testing.assert_array_equal(record.shown, shown)
        assert record.fault == ""


def test_the_strongest_cell_is_that_of_what_is_shown() -> None:
    values = [[1.0, -5.0, 0.0], [0.0, 3.0, np.nan]]
    assert make_saliency(values, "all").strongest == (0, 1)
    assert make_saliency(values, "positive").strongest == (1, 1)
    assert make_saliency([[0.0, 0.0]]).strongest == (0, 0)


def test_the_terms_of_a_cell_come_with_what_counts_most_first() -> None:
    weights = np.array([2.0, -3.0, 0.5])[:, None, None]
    maps = np.arange(12.0).reshape(3, 2, 2)
    terms = Products(("weight", "map"), ("a", "b", "c"), weights, maps).at(1, 0)
    assert terms == [("b", -3.0, 6.0), ("c", 0.5, 10.0), ("a", 2.0, 2.0)]
    assert [term.product for term in terms] == [-18.0, 5.0, 4.0]


@pytest.mark.parametrize(
    ("values", "sign", "words"),
    [
        ([[0, 0], [0, 0]], "all", "blank: by this method no place"),
        ([[-1, -2], [0, 0]], "positive", "nothing speaks for the target"),
        ([[1, 2], [0, 0]], "negative", "nothing speaks against the target"),
        ([[2, 2], [2, 2]], "all", "constant"),
        ([[2, -2], [2, 2]], "absolute", "constant"),
        ([[7]], "all", "constant"),
        ([[1, np.nan], [2, 3]], "all", "not finite"),
        ([[1, np.inf], [2, 3]], "positive", "not finite"),
    ],
)
def test_a_map_that_shows_nothing_says_so_in_one_sentence(values: list, sign: str, words: str) -> None:
    fault = make_saliency(values, sign).fault
    assert words in fault and fault.endswith(".") and fault.count(". ") == 0


def test_areas_gain_and_spread_by_pencil() -> None:
    belief = make_belief([0.9, 0.1, 0.1], [0.1, 0.7, 0.9])
    assert belief.deletion_area == pytest.approx((0.5 + 0.1) / 2)
    assert belief.insertion_area == pytest.approx((0.4 + 0.8) / 2)
    assert belief.gain == pytest.approx(0.3)
    assert belief.random_area == pytest.approx((0.9 + 0.4 + 0.4 + 0.1) / 4)
    np.testing.assert_allclose(belief.random_insertion[0], [0.1, 0.3, 0.9])  # row 2, the reverse of row 0, backwards
    assert belief.spread == pytest.approx(np.sqrt((0.1**2 + 0.2**2) / 2))
    np.testing.assert_allclose(belief.random_gains, [-0.1, -0.2, 0.1, 0.2])
    assert belief.beaten == 1
    assert make_belief([0.9, 0.4, 0.1], [0.1, 0.6, 0.9]).beaten == (2 + 0.5 + 0) / 4  # a gain of 0.1
    np.testing.assert_allclose(belief.shares, [0, 0.5, 1])
    assert dataclasses.replace(belief, sign="negative").gain == pytest.approx(-0.3)


@pytest.mark.parametrize(
    ("belief", "word"),
    [
        (make_belief([0.9, 0.1, 0.1], [0.1, 0.9, 0.9]), "believable"),
        (make_belief([0.9, 0.1, 0.1], [0.1, 0.9, 0.9], agreement=None), "believable"),
        (make_belief([0.9, 0.1, 0.1], [0.1, 0.9, 0.9], agreement=0.6), "does not depend on the weights"),
        (make_belief([0.9, 0.4, 0.1], [0.1, 0.5, 0.9], agreement=0.6), "no better than chance"),
        (make_belief([0.9, 0.9, 0.1], [0.1, 0.1, 0.9]), "worse than chance"),
        (make_belief([0.9, 0.1, 0.1], [0.1, 0.9, 0.9], sign="negative"), "worse than chance"),
        (make_belief([0.9, 0.1, 0.1], [0.1, 0.9, 0.9], fault="The map is blank."), "no map"),
        (make_belief([0.5, 0.5, 0.5], [0.5, 0.5, 0.5], random=np.full((4, 3), 0.5)), "cannot be told"),
    ],
)
def test_verdicts(belief: Belief, word: str) -> None:
    assert belief.verdict.word == word
    assert belief.verdict.sentence.endswith(".")
