"""ResNet-18 is torchvision's, up to its head."""

import torch
from torchvision.models import resnet18

from fsl_core.backbones import ResNet18


@torch.no_grad()
def test_its_map_is_torchvisions_before_the_pooling() -> None:
    torch.manual_seed(0)
    original, network = resnet18().eval(), ResNet18().eval()
    tensors = {name: tensor for name, tensor in original.state_dict().items() if not name.startswith("fc.")}
    network.load_state_dict(tensors)
    images = torch.randn(2, 3, 224, 224)
    maps = network(images)
    assert maps.shape == (2, 512, 7, 7)
    torch.testing.assert_close(original.fc(maps.mean(dim=(2, 3))), original(images))
    assert [stage.shape[1:] for stage in network.stages(images)] == [
        (64, 56, 56), (128, 28, 28), (256, 14, 14), (512, 7, 7),
    ]  # fmt: skip
