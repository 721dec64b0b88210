"""The structured fully connected layer: a feature map for each class, learnt from the support images."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor

MOMENTUM = 0.9
DAMPENING = 0.9  # share of a new gradient that does not enter the momentum


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
        0.9 * momentum + 0.1 * gradient.

        Args:
            gradient: of the loss of a batch by the layer.
        """
        layer, velocity = start, torch.zeros(())
        for number, rows in enumerate(batches):
            slope = gradient(layer, rows)
            velocity = MOMENTUM * velocity + (1 - DAMPENING) * slope if number else slope
            layer = layer - self.rate * velocity
        return layer


SCHEDULES = {
    "fast": Schedule(rate=100.0, epochs=10, batch=25),
    "published": Schedule(rate=100.0, epochs=100, batch=4),
}
