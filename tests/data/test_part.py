"""A few images of each class of a data set."""

import numpy as np
import pytest

from fsl_core.data import some_of_each
from fsl_core.data.datasets import SyntheticScenes
from fsl_core.errors import OptionError
from tests.explain.conftest import Pictures, random_pictures

LABELS = [0, 1, 1, 0, 1, 2, 1, 1]


def test_as_many_of_each_class_as_there_are() -> None:
    whole = Pictures(random_pictures(8), LABELS)
    part = some_of_each(whole, 2, np.random.default_rng(0))
    assert np.bincount(part.labels).tolist() == [2, 2, 1] and part.class_names == whole.class_names
    for index in range(len(part)):
        row = int(part.image_name(index).removesuffix(".png"))
        assert whole.labels[row] == part.labels[index]
        np.testing.assert_array_equal(part.image(index), whole.image(row))
    names = [part.image_name(index) for index in range(len(part))]
    assert names == sorted(names)
    assert some_of_each(whole, 5, np.random.default_rng(0)) is whole


def test_the_digest_goes_by_the_images_that_were_drawn() -> None:
    whole = SyntheticScenes(per_class=3, size=32)
    digests = {some_of_each(whole, count, np.random.default_rng(seed)).digest() for count in (1, 2) for seed in (0, 1)}
    assert len(digests | {whole.digest()}) == 5
    assert some_of_each(whole, 1, np.random.default_rng(0)).digest() in digests


def test_none_of_each_class_is_no_part() -> None:
    with pytest.raises(OptionError, match="At least 1 image of each class is needed, got 0"):
        some_of_each(Pictures(random_pictures(8), LABELS), 0, np.random.default_rng(0))
