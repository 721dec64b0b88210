"""The metrics of a run: a CSV file for people and scripts, TensorBoard events for curves."""

import csv
from pathlib import Path
from typing import Self

from torch.utils.tensorboard import SummaryWriter

from fsl_core.train.config import METRICS

FIELDS = (
    "epoch", "size", "learning_rate", "loss", "accuracy", "val_1shot", "val_5shot", "davies_bouldin",
    "images_per_second",
)  # fmt: skip


class MetricsLog:
    """One row per epoch in `output/metrics.csv`, the same numbers in `output/tensorboard/`; leaving it closes them."""

    def __init__(self, output: Path, keep_epochs: int) -> None:
        """Open the log of a run; of an earlier log only the first `keep_epochs` rows stay.

        What an older log did not measure becomes NaN.
        """
        self.path = output / METRICS
        rows: list[dict[str, str]] = []
        if keep_epochs and self.path.is_file():
            with self.path.open(newline="") as file:
                rows = list(csv.DictReader(file))[:keep_epochs]
        with self.path.open("w", newline="") as file:
            writer = csv.DictWriter(file, FIELDS, restval="nan")
            writer.writeheader()
            writer.writerows(rows)
        self.board = SummaryWriter(str(output / "tensorboard"), purge_step=keep_epochs + 1)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.board.close()

    def write(self, row: dict[str, float]) -> None:
        """Append the numbers of one epoch."""
        with self.path.open("a", newline="") as file:
            csv.DictWriter(file, FIELDS).writerow(row)
        for name in FIELDS[1:]:
            self.board.add_scalar(name, row[name], int(row["epoch"]))
        self.board.flush()
