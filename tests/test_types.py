"""Options are declared once and checked everywhere."""

from dataclasses import dataclass

import pytest

from fsl_core.errors import OptionError
from fsl_core.types import Param, check_options, option, params


@dataclass(frozen=True)
class Example:
    count: int = option(3, "how many", low=1, high=5)
    scale: float = option(1.0, "how large", low=0.0, unit="px")
    kind: str = option("a", "which", choices=("a", "b"))
    fast: bool = option(True, "whether")
    free: float = 0.5

    def __post_init__(self) -> None:
        check_options(self)


def test_params_are_the_declared_options() -> None:
    assert list(params(Example)) == ["count", "scale", "kind", "fast"]
    assert params(Example)["scale"] == (Param(help="how large", low=0.0, unit="px"), 1.0)


@pytest.mark.parametrize("values", [{"count": 5}, {"scale": 2}, {"kind": "b", "fast": False}])
def test_good_values(values: dict) -> None:
    Example(**values)


@pytest.mark.parametrize(
    ("values", "fragment"),
    [
        ({"count": 6}, "count must lie in"),
        ({"count": 2.0}, "count must be a whole number"),
        ({"count": True}, "count must be a number"),
        ({"scale": -0.1}, "scale must lie in"),
        ({"scale": float("nan")}, "scale must lie in"),
        ({"scale": "1"}, "scale must be a number"),
        ({"kind": "c"}, "kind must be one of a, b"),
        ({"fast": 1}, "fast must be true or false"),
    ],
)
def test_bad_values(values: dict, fragment: str) -> None:
    with pytest.raises(OptionError, match=fragment):
        Example(**values)
