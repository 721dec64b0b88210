"""The glossary: names of axes, units and directions, written once and used literally everywhere.

Axes
    n_support, n_query   images of the support set and of the query set
    n_way                classes of an episode; class k is row k of `class_names`
    channels, height, width   a feature map; vector features are maps of height = width = 1
    batch, n, m          transport problems, their source nodes and their target nodes
    node                 a cell of a feature map, row-major: node = row * width + column

Directions and units
    logit                higher = more likely
    similarity           higher = more alike; a similarity is never called a distance
    cost                 >= 0, lower = more alike
    weight, plan         the weights of one image sum to 1, so does a transport plan
    image                uint8 sRGB `[height, width, 3]`; pixel (x, y) counts from the top-left corner
    grid cell            (row, column), counted from 0 at the top-left corner
    accuracy             a fraction in [0, 1]; tables print it in per cent

An option of a classifier, of a solver or of a training run is a dataclass field made by `option`. Its `Param` feeds the
command-line flag, the widget in the sidebar and the range check, so that each is described once.
"""

import dataclasses
from dataclasses import dataclass
from typing import Any

from fsl_core.errors import OptionError

PARAM = "param"


@dataclass(frozen=True)
class Param:
    """What a person needs to know to set one option.

    Attributes:
        help: one sentence saying what the option does.
        low, high: inclusive range of a number; None = unbounded.
        step: a sensible increment of a number for a widget.
        choices: the allowed values of a text option; empty = any.
        unit: e.g. "px"; empty for a pure number.
    """

    help: str
    low: float | None = None
    high: float | None = None
    step: float | None = None
    choices: tuple[str, ...] = ()
    unit: str = ""


def option(default: Any, help: str, **limits: Any) -> Any:
    """A dataclass field that carries its `Param`; `limits` are the other fields of `Param`."""
    return dataclasses.field(default=default, metadata={PARAM: Param(help=help, **limits)})


def params(cls: type) -> dict[str, tuple[Param, Any]]:
    """The options that a dataclass declares: name -> (Param, default), in the order of declaration."""
    fields = dataclasses.fields(cls)
    return {field.name: (field.metadata[PARAM], field.default) for field in fields if PARAM in field.metadata}


def check_options(instance: Any) -> None:
    """Check every declared option of a dataclass instance; call it in `__post_init__`.

    Raises:
        OptionError: a value is of another type than the default, out of range, or not among the choices.
    """
    for name, (param, default) in params(type(instance)).items():
        value = getattr(instance, name)
        number = isinstance(default, int | float) and not isinstance(default, bool)
        if number and (isinstance(value, bool) or not isinstance(value, int | float)):
            raise OptionError(f"{name} must be a number, got {value!r}.")
        if isinstance(default, int) and not isinstance(value, int):
            raise OptionError(
                f"{name} must be {'true or false' if isinstance(default, bool) else 'a whole number'}, got {value!r}."
            )
        if isinstance(default, bool) and not isinstance(value, bool):
            raise OptionError(f"{name} must be true or false, got {value!r}.")
        if param.choices and value not in param.choices:
            raise OptionError(f"{name} must be one of {', '.join(param.choices)}; got {value!r}.")
        below = param.low is not None and value < param.low
        above = param.high is not None and value > param.high
        if number and (below or above or value != value):
            raise OptionError(f"{name} must lie in [{param.low}, {param.high}], got {value!r}.")
