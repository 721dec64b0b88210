"""What the model sees of an image."""

import numpy as np
import pytest
import torch
from torchvision.transforms.v2 import functional as F

from fsl_core.data.transforms import BORDER, LETTERBOX, InputSpec, prepare, square, square_mask
from fsl_core.errors import OptionError


def test_the_centre_of_a_wide_image_is_kept() -> None:
    image = np.zeros((30, 90, 3), np.uint8)
    image[:, 30:60] = (10, 200, 30)
    assert (square(image, 30) == (10, 200, 30)).all()


def test_a_square_image_of_the_right_size_stays_as_it_is() -> None:
    image = np.random.default_rng(0).integers(0, 256, (84, 84, 3), dtype=np.uint8)
    assert (square(image, 84) == image).all()


def test_downsampling_averages() -> None:
    image = np.zeros((64, 64, 3), np.uint8)
    image[::2] = 200
    assert np.abs(square(image, 16)[2:-2].astype(int) - 100).max() <= 2


def test_normalisation_by_hand() -> None:
    spec = InputSpec(2, (0.5, 0.25, 0.0), (0.5, 0.25, 1.0))
    image = np.full((2, 2, 3), 255, np.uint8)
    expected = torch.tensor([1.0, 3.0, 1.0]).view(1, 3, 1, 1).expand(1, 3, 2, 2)
    torch.testing.assert_close(prepare([image], spec), expected)


def test_images_of_different_sizes_make_one_batch() -> None:
    images = [np.zeros(shape, np.uint8) for shape in ((10, 300, 3), (64, 64, 3), (7, 5, 3))]
    assert prepare(images, InputSpec(32)).shape == (3, 3, 32, 32)


@pytest.mark.parametrize(("height", "width"), [(64, 64), (100, 57), (57, 100), (84, 85), (31, 31), (1, 9)])
def test_pixels_are_those_of_torchvision(height: int, width: int) -> None:
    image = np.random.default_rng(height).integers(0, 256, (height, width, 3), dtype=np.uint8)
    cut = F.center_crop(torch.from_numpy(image).permute(2, 0, 1), [min(height, width)] * 2)
    expected = F.resize(cut, [40, 40], antialias=True).permute(1, 2, 0).numpy()
    np.testing.assert_array_equal(square(image, 40), expected)


def test_letterboxed_images_are_whole_between_borders() -> None:
    image = np.full((30, 90, 3), 200, np.uint8)
    image[:, :10], image[:, -10:] = 0, 255
    framed = square(image, 45, LETTERBOX)
    assert (framed[:15] == BORDER).all()
    assert (framed[30:] == BORDER).all()
    assert (framed[15:30, 0] == 0).all()
    assert (framed[15:30, -1] == 255).all()


def test_an_unknown_fit_is_refused() -> None:
    with pytest.raises(OptionError, match="crop, letterbox"):
        InputSpec(fit="stretch")


def test_a_mask_goes_the_way_of_its_picture() -> None:
    """4 x 8 pixels: the crop is the middle square, the letterbox has borders of a quarter above and below."""
    mask = np.zeros((4, 8), bool)
    mask[:2, 4:] = True  # the upper right quarter
    cropped, boxed = square_mask(mask, 8), square_mask(mask, 8, "letterbox")
    assert cropped[:4, 4:].all() and cropped.sum() == 16
    assert boxed[2:4, 4:].all() and boxed.sum() == 8
    assert square_mask(np.ones((4, 8), bool), 8, "letterbox").mean() == 0.5  # borders are no object
    for fit in ("crop", "letterbox"):  # where black is black in the picture, white is white in the mask
        picture = np.where(mask, 255, 0).astype(np.uint8)[..., None].repeat(3, axis=2)
        np.testing.assert_array_equal(square(picture, 8, fit)[..., 0] > 127, square_mask(mask, 8, fit))
