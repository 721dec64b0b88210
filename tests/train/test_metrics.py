"""The log of a run: one row for each epoch, and nothing left open."""

import csv
from pathlib import Path

import numpy as np

from fsl_core.train.metrics import FIELDS, MetricsLog
from fsl_core.train.runs import read_curves

OLDER = "epoch,size,learning_rate,loss,accuracy,val_1shot,val_5shot,images_per_second\n1,32,0.1,2,0.2,0.3,0.4,100\n"


def test_a_log_is_gone_on_with_and_closed(tmp_path: Path) -> None:
    with MetricsLog(tmp_path, 0) as log:
        for epoch in (1, 2, 3):
            log.write(dict.fromkeys(FIELDS, 0.5) | {"epoch": epoch})
    assert log.board.file_writer is None
    with MetricsLog(tmp_path, 2) as log:
        log.write(dict.fromkeys(FIELDS, 0.25) | {"epoch": 3})
    with (tmp_path / "metrics.csv").open() as file:
        assert [(row["epoch"], row["loss"]) for row in csv.DictReader(file)] == [
            ("1", "0.5"),
            ("2", "0.5"),
            ("3", "0.25"),
        ]


def test_an_older_log_is_gone_on_with(tmp_path: Path) -> None:
    """It has no Davies-Bouldin index; neither has the curve of that epoch."""
    (tmp_path / "metrics.csv").write_text(OLDER)
    older = read_curves(tmp_path / "metrics.csv")
    assert list(older.epoch) == [1] and not older.knows("davies_bouldin")
    with MetricsLog(tmp_path, 1) as log:
        log.write(dict.fromkeys(FIELDS, 0.5) | {"epoch": 2})
    curves = read_curves(tmp_path / "metrics.csv")
    assert curves.knows("davies_bouldin")
    np.testing.assert_equal(curves.davies_bouldin, [np.nan, 0.5])
    assert list(curves.images_per_second) == [100, 0.5]
