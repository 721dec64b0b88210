"""Heat maps over one picture, and how far they can be believed."""

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, UInt8

SIGNS = ("positive", "negative", "absolute", "all")

FAINTEST = 0.005  # of the probability: random orders that differ by less from each other tell nothing
MOST = 0.95  # of random orders that a map must do better than; with 8 pairs, one in 18 maps does so by chance
DEPENDENT = 0.5  # rank correlation with the map of random weights from which on the weights play no part


class Term(NamedTuple):
    """One product of a sum: its name, and its two factors."""

    name: str
    left: float
    right: float

    @property
    def product(self) -> float:
        """What it adds to the sum."""
        return self.left * self.right


@dataclass(frozen=True, eq=False)
class Products:
    """What the values of a map are sums of: at each cell, over all terms, left times right.

    Attributes:
        factors: what left and right are, in words.
        names: of the terms, e.g. "channel 3".
        left, right: one row and column where a factor is the same at all cells.
    """

    factors: tuple[str, str]
    names: tuple[str, ...]
    left: Float[np.ndarray, "terms _ _"]
    right: Float[np.ndarray, "terms _ _"]

    def at(self, row: int, column: int) -> list[Term]:
        """The terms of one cell, those that count most first."""
        left, right = np.broadcast_arrays(self.left, self.right)
        pairs = zip(self.names, left[:, row, column].tolist(), right[:, row, column].tolist(), strict=True)
        return sorted((Term(*pair) for pair in pairs), key=lambda term: -abs(term.product))


@dataclass(frozen=True, eq=False)
class Saliency:
    """What speaks for an answer, and where, by one explanation method.

    Attributes:
        image: the pixels that the model saw.
        values: the method's own map, one number for each cell of a grid over the picture, before `sign` is applied;
            positive = speaks for the target.
        method: its name in `fsl_core.explain.ATTRIBUTIONS`.
        title: its name for people.
        unit: of the values, in words.
        signed: whether the values can be negative at all.
        target: the explained quantity in words, e.g. "logit of cat minus logit of dog".
        stage: of the network, e.g. "stage 4 of 4"; "" where the method looks at no single one.
        sign: which part of the values is shown, one of `SIGNS`.
        score: the explained quantity.
        total: what all values add up to but for the residual, in words; "" where no identity ties them to the score.
        residual: what their sum leaves unexplained of it; None where no identity ties them to the score.
        products: what each value is a sum of; None where it is no sum of products.
    """

    image: UInt8[np.ndarray, "height width 3"]
    values: Float[np.ndarray, "rows columns"]
    method: str
    title: str
    unit: str
    signed: bool
    target: str
    stage: str
    sign: str
    score: float
    total: str
    residual: float | None
    products: Products | None

    @property
    def strongest(self) -> tuple[int, int]:
        """Row and column of the cell that counts most of what is shown; the first one where nothing is."""
        row, column = divmod(int(np.nan_to_num(np.abs(self.shown)).argmax()), self.values.shape[1])
        return row, column

    @cached_property
    def shown(self) -> Float[np.ndarray, "rows columns"]:
        """The part of the values that `sign` asks for: larger = counts more. Only "all" keeps negative numbers."""
        parts = {
            "positive": self.values.clip(min=0),
            "negative": (-self.values).clip(min=0),
            "absolute": np.abs(self.values),
        }
        return parts.get(self.sign, self.values)

    @property
    def fault(self) -> str:
        """Why the map shows nothing, in one sentence; "" where it shows something."""
        if not np.isfinite(self.values).all():
            return "The map holds numbers that are not finite: the gradient overflowed, so there is nothing to see."
        if not self.values.any():
            return f"The map is blank: by this method no place has any influence on the {self.target}."
        if not self.shown.any():
            kind, other = ("for", "against") if self.sign == "positive" else ("against", "for")
            return f"The map is blank: by this method nothing speaks {kind} the target, all of it speaks {other} it."
        if np.ptp(self.shown) <= 1e-6 * np.abs(self.shown).max():
            return f"The map is constant: by this method all places count the same for the {self.target}."
        return ""


class Verdict(NamedTuple):
    """In two words, and in one sentence with the numbers it follows from."""

    word: str
    sentence: str


@dataclass(frozen=True, eq=False)
class Belief:
    """How far a heat map can be believed: what happens when the picture is taken away in its order.

    All curves are probabilities of the target at equally spaced shares of the picture, from 0 to 1: deletion takes the
    cells away from the untouched picture, the most important one first; insertion puts them back in that order, from
    nothing. Random orders come in pairs that are each other's reverse: the insertion curve of one order is the deletion
    curve of its reverse, read backwards.

    A gain is the area under the insertion curve minus that under the deletion curve. Random orders have a gain of 0
    but for chance; a map must gain more than nearly all of them. The verdict looks at gain and weights alone: whether
    the map lies on the object says whether the model looks there, not whether the map is right.

    Attributes:
        title: of the method, for people.
        sign: of the map; the gain of a negative one is turned around, as taking its cells away should help the target.
        fault: of the map; what follows is then without meaning.
        cells: number of cells that the picture was divided into, evenly.
        deletion, insertion: curves of the map's order; means over two opposite orders of those cells that have the
            same value.
        random: deletion curves; row i is the reverse of row i + orders / 2.
        agreement: mean rank correlation (Spearman) with the map of the same method on networks with random weights, in
            [-1, 1]; None where it was not asked for.
        pointing: whether the map's maximum lies on the object; None where its mask is not known, or where the map shows
            nothing that could lie there.
        share: of the map's positive mass that lies on the object, in [0, 1]; None as `pointing`.
        area: share of the picture that is object: what a map without any knowledge has as `share`; None where the
            object's mask is not known.
    """

    title: str
    sign: str
    fault: str
    cells: int
    deletion: Float[np.ndarray, " points"]
    insertion: Float[np.ndarray, " points"]
    random: Float[np.ndarray, "orders points"]
    agreement: float | None
    pointing: bool | None
    share: float | None
    area: float | None

    @property
    def shares(self) -> Float[np.ndarray, " points"]:
        """Of the picture: where the curves are measured."""
        return np.linspace(0, 1, len(self.deletion))

    @property
    def random_insertion(self) -> Float[np.ndarray, "orders points"]:
        """Insertion curves of the random orders."""
        return np.roll(self.random, len(self.random) // 2, axis=0)[:, ::-1]

    @property
    def deletion_area(self) -> float:
        """Mean probability while the picture is taken away; low = the map knows what counts."""
        return _area(self.deletion)

    @property
    def insertion_area(self) -> float:
        """Mean probability while the picture is put back; high = the map knows what counts."""
        return _area(self.insertion)

    @property
    def random_area(self) -> float:
        """That of random orders; the same for deletion and insertion."""
        return _area(self.random.mean(axis=0))

    @property
    def gain(self) -> float:
        """Insertion area minus deletion area, in [-1, 1]; turned around for a map of what speaks against."""
        return (self.insertion_area - self.deletion_area) * (-1 if self.sign == "negative" else 1)

    @property
    def spread(self) -> float:
        """Standard deviation of the random orders' gains, whose mean is 0."""
        return float(np.sqrt(np.mean(np.square(self.random_gains))))

    @property
    def random_gains(self) -> Float[np.ndarray, " orders"]:
        """The gain of every random order."""
        pairs = zip(self.random, self.random_insertion, strict=True)
        return np.array([_area(back) - _area(away) for away, back in pairs])

    @property
    def beaten(self) -> float:
        """Share of the random orders whose gain is smaller than the map's; equal ones count half."""
        return float((np.sign((self.gain - self.random_gains).round(9)) / 2 + 0.5).mean())

    @property
    def verdict(self) -> Verdict:
        """What to think of the map; the thresholds are the constants of this module."""
        if self.fault:
            return Verdict("no map", self.fault)
        if self.spread < FAINTEST:
            sentence = "The probability hardly depends on which part of the picture is taken away, so nothing tells."
            return Verdict("cannot be told", sentence)
        orders = len(self.random)
        than = f"a gain of {self.gain:+.3f}, more than {self.beaten * orders:g} of {orders} random orders have"
        if self.beaten <= 1 - MOST:
            return Verdict("worse than chance", f"The map's order does worse than random ones: {than}.")
        if self.beaten < MOST:
            return Verdict("no better than chance", f"Some random orders do as well as the map's: {than}.")
        if self.agreement is not None and self.agreement >= DEPENDENT:
            return Verdict(
                "does not depend on the weights",
                f"Networks with random weights give much the same map: a rank correlation of {self.agreement:.2f}, "
                f"where less than {DEPENDENT} was to be expected.",
            )
        return Verdict("believable", f"What the map marks does count for the answer: {than}.")


def _area(curve: Float[np.ndarray, " points"]) -> float:
    """Area under a curve over [0, 1], by trapezoids."""
    return float((curve[1:] + curve[:-1]).mean() / 2)
