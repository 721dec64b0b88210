"""One contract for every row of `BACKBONES`."""

import pytest
import torch

from fsl_core.backbones import BACKBONES, Network


@pytest.fixture(params=BACKBONES)
def network(request: pytest.FixtureRequest) -> Network:
    torch.manual_seed(0)
    return BACKBONES[request.param]()


def test_stages_end_with_the_map_that_classifiers_use(network: Network) -> None:
    network.eval()
    images = torch.randn(2, 3, 48, 48)
    stages = network.stages(images)
    assert len(stages) == 4
    assert stages[-1].shape[:2] == (2, network.channels)
    assert torch.equal(stages[-1], network(images))
    sides = [stage.shape[-1] for stage in stages]
    assert sides == sorted(sides, reverse=True)


def test_every_parameter_gets_a_gradient(network: Network) -> None:
    network(torch.randn(4, 3, 32, 32)).square().sum().backward()
    assert all(parameter.grad is not None and parameter.grad.abs().sum() > 0 for parameter in network.parameters())


def test_images_of_a_batch_do_not_mix_in_eval_mode(network: Network) -> None:
    network.eval()
    images = torch.randn(3, 3, 32, 32)
    with torch.no_grad():
        torch.testing.assert_close(network(images)[1:2], network(images[1:2]), rtol=1e-4, atol=1e-5)


def test_it_names_its_source(network: Network) -> None:
    assert "20" in network.reference
