"""What does computing each alignment once, without aligned values, save in the spatial contrastive loss?

`python -m benchmarks.contrastive` prints a table for one batch (128 views of 5 x 5 positions, 640 channels projected to
80, one CPU core): seconds forward and backward of our loss and of the paper's equations as they stand, the memory that
each takes beside its inputs, and how far value and gradients are apart. Each is measured in a process of its own, the
seconds as the shortest of some repetitions of processor time, so that other work on the machine counts little.
"""

import argparse
import math
import resource
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional as F

from fsl_core.backbones.attention import AttentionHeads, Projected
from fsl_core.objectives.contrastive import batch_loss
from fsl_core.objectives.spatial import spatial_similarity

Similarity = Callable[[Projected], Tensor]
TEMPERATURE = 0.1
CLASSES = 64
RSS_UNIT = 1 if sys.platform == "darwin" else 1024  # bytes that getrusage counts in


class Case(NamedTuple):
    """Size of a batch, and how often it is timed."""

    views: int
    side: int
    channels: int
    width: int
    repetitions: int


class Measured(NamedTuple):
    """Of one implementation: the shortest times, the memory beside the inputs, the loss and its gradients."""

    forward: float
    backward: float
    bytes: float
    loss: float
    gradients: list[Tensor]


def aligned(
    target: Float[Tensor, "targets positions width"], key: Tensor, value: Tensor
) -> Float[Tensor, "targets sources positions width"]:
    """The values of every source aligned to the queries of every target (equation 5)."""
    scores = torch.einsum("jrd,isd->jirs", target, key) / math.sqrt(target.shape[2])
    return torch.einsum("jirs,isd->jird", scores.softmax(dim=3), value)


def by_the_equations(images: Projected) -> Float[Tensor, "images images"]:
    """Equation 6 for every pair, both directions computed, with the aligned values."""
    query, key, value = images
    first_to_second = aligned(query, key, value)  # [j, i]: of i aligned to j
    second_to_first = aligned(query, key, value).transpose(0, 1)  # [j, i]: of j aligned to i
    cosines = F.cosine_similarity(value[:, None], first_to_second, dim=3)
    return (cosines + F.cosine_similarity(value[None], second_to_first, dim=3)).mean(dim=2)


def ours(images: Projected) -> Float[Tensor, "images images"]:
    """`fsl_core.objectives.spatial`."""
    return spatial_similarity(images, "mean")


IMPLEMENTATIONS: dict[str, Similarity] = {"by the equations": by_the_equations, "ours": ours}


def measure(name: str, case: Case, dtype: torch.dtype = torch.float32) -> Measured:
    """Run one implementation; the memory is right only in a fresh process."""
    torch.set_num_threads(1)
    run(IMPLEMENTATIONS[name], case._replace(views=2), dtype)  # so that libraries are loaded
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    runs = [run(IMPLEMENTATIONS[name], case, dtype)]
    taken = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    runs += [run(IMPLEMENTATIONS[name], case, dtype) for _ in range(case.repetitions - 1)]
    best = min(runs, key=lambda found: found.forward + found.backward)
    return best._replace(bytes=taken * RSS_UNIT)


def run(similarity: Similarity, case: Case, dtype: torch.dtype) -> Measured:
    """One loss with its gradients to the maps and to the heads."""
    torch.manual_seed(0)
    heads = AttentionHeads(case.channels, case.width).to(dtype)
    maps = torch.rand(case.views, case.channels, case.side, case.side).to(dtype).requires_grad_()
    targets = torch.randint(CLASSES, (case.views,))
    start = time.process_time()
    loss = batch_loss(similarity(heads(maps)), targets, TEMPERATURE)
    middle = time.process_time()
    gradients = torch.autograd.grad(loss, [maps, *heads.parameters()])
    end = time.process_time()
    return Measured(middle - start, end - middle, 0, loss.item(), [gradient.detach() for gradient in gradients])


def in_a_process(name: str, case: Case, dtype: torch.dtype = torch.float32) -> Measured:
    """`measure` in a fresh process."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(measure, name, case, dtype).result()


def largest_gap(some: list[Tensor], other: list[Tensor]) -> float:
    """Largest difference of two sets of gradients, in shares of the largest entry of each tensor."""
    pairs = zip(some, other, strict=True)
    return max(((a - b).abs().max() / b.abs().max()).item() for a, b in pairs)


def rows(case: Case) -> Iterator[str]:
    """One row for each implementation, compared with the first."""
    exact = in_a_process("by the equations", case._replace(repetitions=1), torch.float64)
    found = {name: in_a_process(name, case) for name in IMPLEMENTATIONS}
    reference = found["by the equations"]
    for name, one in found.items():
        seconds, megabytes = one.forward + one.backward, one.bytes / 1e6
        faster, smaller = (reference.forward + reference.backward) / seconds, reference.bytes / one.bytes
        gap = largest_gap(one.gradients, exact.gradients)
        yield (
            f"| {name} | {one.forward:.2f} | {one.backward:.2f} | {faster:.1f} | {megabytes:.0f} | {smaller:.1f} "
            f"| {one.loss:.6f} | {abs(one.loss - exact.loss):.0e} | {gap:.0e} |"
        )


def main() -> None:
    """The table."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.contrastive", description=(__doc__ or "").split("\n")[0]
    )
    for name, default in Case(128, 5, 640, 80, 5)._asdict().items():
        parser.add_argument(f"--{name}", type=int, default=default)
    case = Case(**vars(parser.parse_args()))
    print("| spatial contrastive loss | forward s | backward s | times as fast | MB | times smaller", end="")
    print(" | loss | off float64 by | gradients by |")
    print("|---|---|---|---|---|---|---|---|---|", flush=True)
    for row in rows(case):
        print(row, flush=True)


if __name__ == "__main__":
    main()
