"""The structured fully connected layer: a feature map for each class, learnt from the support images."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor

FRESH = 0.1  # share of a new gradient in the velocity; the rest is the old one: momentum 0.9 and dampening 0.9


@dataclass(frozen=True)
class Schedule:
    """How the layer is learnt by stochastic gradient descent.

    Attributes:
        rate: learning rate.
        epochs: passes over the support images.
        batch: support images for each step; the last one of a pass may have fewer.
    """

    rate: float
    epochs: int
    batch: int

    def batches(self, count: int, seed: int = 0) -> Iterator[Int[Tensor, " batch"]]:
        """Rows of the support images of each step: a random order in each pass, always the same for the same seed."""
        generator = torch.Generator().manual_seed(seed)
        for _ in range(self.epochs):
            yield from torch.randperm(count, generator=generator).split(self.batch)

    def learn(
        self,
        start: Float[Tensor, "n_way channels height width"],
        batches: Iterable[Int[Tensor, " batch"]],
        gradient: Callable[[Float[Tensor, "n_way channels height width"], Int[Tensor, " batch"]], Tensor],
    ) -> Float[Tensor, "n_way channels height width"]:
        """The layer after a step for each batch.

        As in the published code the first step goes along the gradient itself, the later ones along
        0.9 * last velocity + 0.1 * gradient.

        Args:
            gradient: of the loss of a batch by the layer.
        """
        layer, velocity = start, None
        for rows in batches:
            slope = gradient(layer, rows)
            velocity = slope if velocity is None else torch.lerp(velocity, slope, FRESH)
            layer = torch.sub(layer, velocity, alpha=self.rate)
        return layer


# Of 600 5-way 5-shot episodes on Tiny-ImageNet "fast" classifies 77.05 %, "published" 77.16 % (benchmarks/deepemd.py).
SCHEDULES = {
    "fast": Schedule(rate=100.0, epochs=19, batch=4),
    "published": Schedule(rate=100.0, epochs=100, batch=4),
}
