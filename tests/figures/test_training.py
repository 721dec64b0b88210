"""The curves of runs."""

import json
from dataclasses import fields, replace

import numpy as np
import pytest

from fsl_core import figures
from fsl_core.records import TrainingCurves


@pytest.fixture
def curves() -> TrainingCurves:
    return TrainingCurves(
        epoch=np.array([1.0, 2.0]),
        loss=np.array([2.5, 1.5]),
        accuracy=np.array([0.25, 0.5]),
        val_1shot=np.array([0.3, 0.4]),
        val_5shot=np.array([0.5, 0.6]),
        davies_bouldin=np.array([3.5, 2.5]),
        images_per_second=np.array([100.0, 90.0]),
    )


@pytest.mark.parametrize(
    ("measure", "values"),
    [
        ("loss", [2.5, 1.5]),
        ("accuracy", [25, 50]),
        ("val_1shot", [30, 40]),
        ("val_5shot", [50, 60]),
        ("davies_bouldin", [3.5, 2.5]),
        ("images_per_second", [100, 90]),
    ],
)
def test_each_run_is_a_line_of_its_own_look(curves: TrainingCurves, measure: str, values: list[float]) -> None:
    one, other = figures.training({"one": curves, "<b>other": curves}, measure).data
    assert list(one.x) == [1, 2]
    np.testing.assert_allclose(np.array(one.y, float), values)
    assert (one.name, other.name) == ("one", "&lt;b&gt;other")
    assert one.line.color != other.line.color and one.line.dash != other.line.dash
    assert one.mode == "lines+markers"


def test_many_epochs_are_lines_alone(curves: TrainingCurves) -> None:
    long = TrainingCurves(**{field.name: np.arange(1.0, 91) for field in fields(curves)})
    assert figures.training({"long": long}, "loss").data[0].mode == "lines"


def test_a_loss_that_is_not_finite_and_a_run_without_epochs_can_be_drawn(curves: TrainingCurves) -> None:
    empty = TrainingCurves(**{field.name: np.empty(0) for field in fields(curves)})
    broken = replace(curves, loss=np.array([2.5, np.nan]))
    figure = figures.training({"empty": empty, "broken": broken}, "loss")
    assert list(figure.data[1].y) == [2.5, None]
    json.loads(figure.to_json(), parse_constant=pytest.fail)
