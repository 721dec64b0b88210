"""The figure of accuracy by number of examples."""

import json

import numpy as np
import pytest

from fsl_core import figures
from fsl_core.records import ShotsCurve


@pytest.fixture
def curve() -> ShotsCurve:
    """Mean 50, 70 and 90 %; the last of one draw only."""
    return ShotsCurve((np.array([0.49, 0.51]), np.array([0.69, 0.7, 0.71]), np.array([0.9])), True)


def test_each_method_is_a_line_in_a_band_that_ends_with_the_draws(curve: ShotsCurve) -> None:
    figure = figures.shots({"one": curve, "<b>two": curve}, selected=2, chance=0.2)
    band, line, _, other = figure.data
    assert list(line.x) == [1, 2, 3]
    np.testing.assert_allclose(line.y, [50, 70, 90])
    half = 100 * curve.interval[:2]
    assert list(band.x) == [1, 2, 2, 1]
    np.testing.assert_allclose(band.y, [50 + half[0], 70 + half[1], 70 - half[1], 50 - half[0]])
    assert (line.name, other.name) == ("one", "&lt;b&gt;two")
    assert "no interval" in line.customdata[2] and "3 draws" in line.customdata[1]
    assert (line.line.color, line.line.dash, line.marker.symbol) != (
        other.line.color,
        other.line.dash,
        other.marker.symbol,
    )
    assert {shape.x0 for shape in figure.layout.shapes} == {2, 0}
    assert figure.layout.annotations[0].text == "guessing: 20 %"
    json.loads(figure.to_json(), parse_constant=pytest.fail)


def test_a_band_stays_within_what_an_accuracy_can_be() -> None:
    wide = ShotsCurve((np.array([0.0, 1.0]), np.array([0.0, 1.0])), True)
    band = figures.shots({"wide": wide}).data[0]
    assert (min(band.y), max(band.y)) == (0, 100)


def test_one_number_of_examples_has_bars_instead_of_a_band() -> None:
    line = figures.shots({"single": ShotsCurve((np.array([0.4, 0.6]),), True)}).data[1]
    np.testing.assert_allclose(line.error_y.array, [100 * 12.706205 * np.std([0.4, 0.6], ddof=1) / np.sqrt(2)])
    alone = figures.shots({"single": ShotsCurve((np.array([0.5]),), True)}).data[1]
    assert alone.error_y.array is None


def test_many_methods_are_told_apart() -> None:
    curves = {str(number): ShotsCurve((np.array([0.5, 0.7]),), True) for number in range(8)}
    lines = figures.shots(curves).data[1::2]
    assert len({line.line.color for line in lines}) == len({line.marker.symbol for line in lines}) == 8
