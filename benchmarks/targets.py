"""What the app promises, and how a measured figure compares with it."""

from typing import NamedTuple

MET, WITHIN, MISSED = "met", "within the limit", "**missed**"


class Figure(NamedTuple):
    """One measured row.

    Attributes:
        value: the smaller the better, unless `more_is_better`.
        target, limit: of the same unit.
    """

    measure: str
    value: float
    target: float
    limit: float
    unit: str = "s"
    more_is_better: bool = False

    @property
    def verdict(self) -> str:
        """MET, WITHIN or MISSED."""
        sign = -1 if self.more_is_better else 1
        if sign * self.value <= sign * self.target:
            return MET
        return WITHIN if sign * self.value <= sign * self.limit else MISSED

    def __str__(self) -> str:
        shown = [
            f"{value:.2f}" if self.unit == "s" else f"{value:g}" for value in (self.value, self.target, self.limit)
        ]
        least = "≥ " if self.more_is_better else ""
        unit = f" {self.unit}" if self.unit else ""
        return f"| {self.measure} | {shown[0]}{unit} | {least}{shown[1]} | {least}{shown[2]} | {self.verdict} |"


HEADING = "| measure | measured | target | limit | |\n|---|---|---|---|---|"
