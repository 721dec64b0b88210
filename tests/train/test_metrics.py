"""The log of a run: one row for each epoch, and nothing left open."""

import csv
from pathlib import Path

from fsl_core.train.metrics import FIELDS, MetricsLog


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
