"""DropBlock against loops, the published counts and its rates."""

import pytest
import torch

from fsl_core.backbones import ResNet12, SEResNet12
from fsl_core.backbones.drop_block import corner_rate, drop_block, kept, published_kept
from fsl_core.errors import OptionError

WIDTHS = (4, 6, 8, 10)


def apart(n: int, size: int) -> torch.Tensor:
    """Corners of n squares, each in a channel of its own."""
    corners = torch.zeros(1, n, 3, 4, dtype=torch.bool)
    corners[0, range(n), torch.arange(n) % 3, torch.arange(n) % 4] = True
    return corners


def test_squares_by_loops() -> None:
    corners = torch.rand(3, 4, 4, 5, generator=torch.Generator().manual_seed(0)) < 0.1
    expected = torch.ones(3, 4, 6, 7, dtype=torch.bool)
    for image, channel, row, column in corners.nonzero().tolist():
        expected[image, channel, row : row + 3, column : column + 3] = False
    assert torch.equal(kept(corners, 3), expected)
    assert 0 < expected.sum() < expected.numel()


@pytest.mark.parametrize(
    ("size", "dropped"),
    [(5, [25] * 3), (5, [6, 6, 5, 6, 6]), (2, [4] * 3), (2, [2, 3]), (2, [1, 2, 2, 2]), (5, [2] * 12 + [1] + [2] * 12)],
)
def test_squares_that_the_published_code_leaves_unfinished(size: int, dropped: list[int]) -> None:
    corners = apart(len(dropped), size)
    assert (~published_kept(corners, size)).sum(dim=(0, 2, 3)).tolist() == dropped
    assert (~kept(corners, size)).sum(dim=(0, 2, 3)).tolist() == [size**2] * len(dropped)


def test_the_published_code_drops_the_centre() -> None:
    for size, centre in ((5, 2), (2, 0), (4, 1)):
        corners = apart(size**2, size)
        mask = published_kept(corners, size)
        for _, channel, row, column in corners.nonzero().tolist():
            assert not mask[0, channel, row + centre, column + centre]
    assert published_kept(torch.zeros(1, 2, 3, 3, dtype=torch.bool), 5).all()


def test_rates_of_the_published_recipes() -> None:
    found = [corner_rate(0.1, size, (side, side)) for size, side in ((5, 10), (5, 5), (2, 4), (2, 2))]
    assert found == pytest.approx([0.011111, 0.1, 0.044444, 0.1], rel=1e-4)


@pytest.mark.parametrize("published", [False, True])
def test_what_is_left_is_scaled_up(published: bool) -> None:
    torch.manual_seed(0)
    maps = torch.ones(8, 16, 10, 9)
    dropped = drop_block(maps, 0.1, 3, published)
    zeros = (dropped == 0).float().mean().item()
    assert dropped.sum().item() == pytest.approx(maps.sum().item(), rel=1e-5)
    assert dropped.max().item() == pytest.approx(1 / (1 - zeros), rel=1e-5)
    assert zeros == pytest.approx(0.03 if published else 0.1, abs=0.02)


def test_blocks_larger_than_the_map_and_nothing_left() -> None:
    assert (drop_block(torch.ones(2, 3, 2, 2), 1.0, 5, published=False) == 0).all()
    assert torch.equal(drop_block(torch.ones(2, 3, 2, 2), 0.0, 5, published=True), torch.ones(2, 3, 2, 2))


def trained(kind: type[ResNet12] = ResNet12, **options: float | str) -> ResNet12:
    torch.manual_seed(0)
    return kind(WIDTHS, **options)


@pytest.mark.parametrize("kind", [ResNet12, SEResNet12])
def test_it_acts_in_training_only_and_owns_no_tensors(kind: type[ResNet12]) -> None:
    plain, dropping = trained(kind), trained(kind, drop_rate=0.1, drop_block="correct")
    assert plain.state_dict().keys() == dropping.state_dict().keys()
    images = torch.randn(4, 3, 32, 32)
    assert not torch.allclose(dropping(images), plain(images))
    for network in (trained(kind, drop_rate=0.9), trained(kind, drop_rate=0.9, drop_block="published")):
        assert torch.equal(network.eval()(images), trained(kind).eval()(images))


@pytest.mark.parametrize("kind", [ResNet12, SEResNet12])
@pytest.mark.parametrize("way", ["correct", "published"])
def test_squares_in_the_last_stages_once_enough_batches_were_seen(way: str, kind: type[ResNet12]) -> None:
    network = trained(kind, drop_rate=0.5, drop_block=way, block_size=2)
    images = torch.randn(4, 3, 64, 64)
    first = network.stages(images)
    assert [(stage == 0).any().item() for stage in first] == [True, True, False, False]  # values, not yet squares
    for stage in (3, 4):
        network.get_buffer(f"layer{stage}.0.bn1.num_batches_tracked").fill_(40_000)
    later = network.stages(images)
    assert all((stage == 0).float().mean() > 0.1 for stage in later)


def test_single_values_everywhere_without_squares() -> None:
    stages = trained(drop_rate=0.3).stages(torch.randn(8, 3, 64, 64))
    assert [(stage == 0).float().mean().item() for stage in stages] == pytest.approx([0.3] * 4, abs=0.1)


def test_unknown_way() -> None:
    with pytest.raises(OptionError, match="must be one of none, correct, published"):
        ResNet12(WIDTHS, drop_block="wrong")
