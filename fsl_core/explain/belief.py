"""Can a heat map be believed? The picture is taken away in its order, and the network loses its memory.

Cells are replaced by a strongly blurred picture: its 4 x 4 mean colours, smoothly joined. Squares of the mean colour,
which the published deletion curves use, have edges that the network answers to, and pictures full of them are like none
it has seen; what the blur leaves is rough colour. `fill` chooses.

Of captum's metrics none is used. Infidelity compares sums of a map's values with changes of the score: it presumes the
unit of the score, which only integrated gradients and contributions have. Sensitivity says whether a map is steady,
not whether it is right. Nor is Quantus used: it asks a torch module from pictures to the logits of fixed classes and
draws the weights of its layers anew where they stand, whereas these logits depend on the support set, too, whose
features a network with random weights has to make itself (`rival`).
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from scipy.stats import spearmanr
from torch import Tensor
from torch.nn.functional import adaptive_avg_pool2d, interpolate

from fsl_core.errors import OptionError
from fsl_core.explain.question import Question
from fsl_core.explain.randomised import Images, rival
from fsl_core.records import Belief, Saliency
from fsl_core.types import check_options, option

CELLS = 7  # along one side of the picture: the same for all methods, whatever the grid of their maps
POINTS = 11  # of a curve: the whole picture, nothing of it, and every tenth of the way
SAME = 1e-6  # of a map's largest mean of a cell: what lies closer together is a tie
BLUR = 4  # colours along one side of the blurred picture

Explain = Callable[[Question], Saliency]
Mask = Bool[np.ndarray, "_ _"]


@dataclass(frozen=True)
class Trial:
    """How maps are put to the test."""

    fill: str = option(
        "blur", "What replaces a cell that is taken away: the blurred picture, or the mean colour.",
        choices=("blur", "mean"),
    )  # fmt: skip
    pairs: int = option(8, "Pairs of random orders, each with its reverse.", low=2, high=100, step=1)
    rivals: int = option(1, "Networks with random weights.", low=0, high=20, step=1)
    seed: int = 0  # of random orders and weights

    def __post_init__(self) -> None:
        check_options(self)
        if self.seed < 0:
            raise OptionError(f"The seed must not be negative, got {self.seed}.")


@dataclass(frozen=True, eq=False)
class Bench:
    """What all maps of one question are compared with; made once.

    Attributes:
        replaced: the picture where cells are taken away.
        random: as `Belief.random`.
        rivals: the question put to networks with random weights.
        mask: where the object is in the square that the model sees, at any size; None = not known.
        trial: how it was made.
    """

    question: Question
    replaced: Float[Tensor, "1 3 size size"]
    random: Float[np.ndarray, "orders points"]
    rivals: tuple[Question, ...]
    mask: Mask | None
    trial: Trial


def bench(question: Question, support_images: Images, trial: Trial | None = None, mask: Mask | None = None) -> Bench:
    """Measure the random orders and make the networks with random weights.

    Args:
        support_images: one for each row of the question's support features.
    """
    trial = trial or Trial()
    with torch.inference_mode(False), torch.no_grad():
        image = question.prepared
        replaced = torch.zeros_like(image) if trial.fill == "mean" else blurred(image)
        generator = np.random.default_rng(trial.seed)
        orders = np.stack([generator.permutation(CELLS**2) for _ in range(trial.pairs)])
        random = deletion_curves(question, replaced, np.concatenate([orders, orders[:, ::-1]]))
    rivals = (rival(question, support_images, trial.seed + number) for number in range(trial.rivals))
    return Bench(question, replaced, random, tuple(rivals), mask, trial)


def asked(to: Bench, question: Question, mask: Mask | None = None) -> Bench:
    """The bench of another picture or class of the same episode; the networks with random weights are taken over."""
    rivals = tuple(
        replace(one, image=question.image, label=question.label, against=question.against) for one in to.rivals
    )
    return replace(bench(question, (), replace(to.trial, rivals=0), mask), rivals=rivals, trial=to.trial)


def believe(on: Bench, saliency: Saliency, explain: Explain) -> Belief:
    """Put a map to the test.

    Cells of the same value, mostly zeros, are taken away in a random order and in its reverse, and the curves are the
    means of the two. What comes early in one of them comes late in the other, so that ties add next to nothing to the
    gain if each cell adds to the score by itself, and little if not: a map that is zero almost everywhere is judged by
    the few cells that it does order. With a single order of its ties, one in 18 of such maps would be believed by luck.

    Source: deletion and insertion of Petsiuk, Das, Saenko: RISE, BMVC 2018. Departures: cells instead of pixels, the
    blurred picture at the end of deletion, too, and the rule for ties, of which they say nothing.

    Args:
        explain: the way the map was made, for networks with random weights.

    Raises:
        OptionError, TransportError: as the method.
    """
    shown = np.nan_to_num(saliency.shown, nan=0.0, posinf=0.0, neginf=0.0)
    orders = importance(shown, np.random.default_rng(on.trial.seed))
    with torch.inference_mode(False), torch.no_grad():
        curves = deletion_curves(on.question, on.replaced, np.concatenate([orders, orders[:, ::-1]]))
    deletion, backwards = curves.reshape(2, len(orders), -1).mean(axis=1)
    untold = Belief(
        title=saliency.title,
        sign=saliency.sign,
        fault=saliency.fault,
        cells=CELLS**2,
        deletion=deletion,
        insertion=backwards[::-1].copy(),
        random=on.random,
        agreement=float(np.mean([agreement(saliency, explain(other)) for other in on.rivals])) if on.rivals else None,
        pointing=None,
        share=None,
        area=None,
    )
    return untold if on.mask is None else located(untold, saliency, on.mask)


def located(belief: Belief, saliency: Saliency, mask: Mask) -> Belief:
    """What is believed of a map, and where it points, once it is known where the object is.

    A map that shows nothing, or nothing positive, points nowhere: it neither hits nor misses.
    """
    shows = not saliency.fault and bool((saliency.shown > 0).any())
    return replace(
        belief,
        pointing=pointing_game(saliency.shown, mask) if shows else None,
        share=share_on(saliency.shown, mask) if shows else None,
        area=float(mask.mean()),
    )


def blurred(image: Float[Tensor, "batch 3 height width"]) -> Float[Tensor, "batch 3 height width"]:
    """The mean colours of `BLUR` x `BLUR` equal parts of the picture, smoothly joined."""
    return interpolate(adaptive_avg_pool2d(image, BLUR), (image.shape[2], image.shape[3]), mode="bilinear")


def deletion_curves(
    question: Question, replaced: Float[Tensor, "1 3 size size"], orders: Int[np.ndarray, "orders cells"]
) -> Float[np.ndarray, "orders points"]:
    """Probability of the target while cells are taken away in each order; the ends are the same for all."""
    image = question.prepared
    cells = torch.from_numpy(cell_of_pixels(image.shape[-1])).to(image.device)
    counts = np.linspace(0, orders.shape[1], POINTS).round().astype(int)
    places = torch.from_numpy(orders.argsort(axis=1)).to(image.device)  # of each cell in each order
    pictures = [
        torch.where((place < count)[cells], replaced, image) for place in places for count in counts[1:-1].tolist()
    ]
    found = question.probability(torch.cat([image, replaced, *pictures])).double().cpu().numpy()
    curves = np.empty((len(orders), POINTS))
    curves[:, 0], curves[:, -1] = found[0], found[1]
    curves[:, 1:-1] = found[2:].reshape(len(orders), -1)
    return curves


def cell_of_pixels(size: int) -> Int[np.ndarray, "size size"]:
    """The cell that each pixel of a square picture lies in, row-major."""
    along = np.arange(size) * CELLS // size
    return along[:, None] * CELLS + along


def importance(
    shown: Float[np.ndarray, "rows columns"], generator: np.random.Generator
) -> Int[np.ndarray, "orders cells"]:
    """The orders of a map's cells, that with the largest mean of the enlarged map first; a single one without ties.

    Cells whose means are the same, to `SAME` of the largest one, have no order among themselves: they come in a random
    one and in that one turned around.
    """
    size = CELLS * max(1, -(-max(shown.shape) // CELLS))
    pixels = enlarged(shown, size, size).ravel()
    means = np.bincount(cell_of_pixels(size).ravel(), pixels, CELLS**2) / (size // CELLS) ** 2
    steps = (means / (np.abs(means).max() or 1) / SAME).round()
    among = generator.permutation(CELLS**2)
    return np.unique([np.lexsort((one, -steps)) for one in (among, -among)], axis=0)


def enlarged(values: Float[np.ndarray, "rows columns"], height: int, width: int) -> Float[np.ndarray, "height width"]:
    """A map at another size, bilinearly."""
    return interpolate(torch.from_numpy(np.ascontiguousarray(values))[None, None], (height, width), mode="bilinear")[
        0, 0
    ].numpy()


def pointing_game(shown: Float[np.ndarray, "rows columns"], mask: Mask) -> bool:
    """Whether the largest value of the enlarged map lies on the object (Zhang et al.: Excitation Backprop, ECCV 2016).

    Departure: without their tolerance of 15 pixels around the object.
    """
    return bool(mask.ravel()[enlarged(shown, *mask.shape).argmax()])


def share_on(shown: Float[np.ndarray, "rows columns"], mask: Mask) -> float:
    """Share of the enlarged map's positive part that lies on the object; NaN where nothing is positive."""
    positive = enlarged(shown, *mask.shape).clip(min=0)
    total = positive.sum()
    return float(positive[mask].sum() / total) if total else float("nan")


def agreement(one: Saliency, other: Saliency) -> float:
    """Rank correlation (Spearman) of what is shown of two maps, in [-1, 1]; 0 where one of them shows nothing."""
    if one.fault or other.fault:
        return 0.0
    return float(spearmanr(one.shown.ravel(), other.shown.ravel()).statistic)
