"""Figures in pages of their own: HTML that needs no app and no network."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from fsl_core.figures import plotly_js


@dataclass(frozen=True)
class Drawn:
    """A figure for a template.

    Attributes:
        title: heading above it.
        made_by: by what means, below the heading; may be empty.
        name: of the files that it is saved in.
        json: plotly's JSON, safe inside a script element.
    """

    title: str
    made_by: str
    caption: str
    alt: str
    name: str
    json: Markup


def in_script(text: str) -> Markup:
    """JSON that cannot end the script element it stands in."""
    return Markup(text.replace("<", "\\u003c"))


def library() -> Markup:
    """Plotly's own script."""
    return Markup(plotly_js())


def page(figure: Any, name: str, caption: str, alt: str) -> str:
    """A figure as a page that opens in any browser."""
    one = Drawn(name.replace("_", " ").capitalize(), "", caption, alt, name, in_script(figure.to_json()))
    return environment().get_template("figure.html").render(one=one, library=library())


@cache
def environment() -> Environment:
    """Templates beside this module; all that is put into them is escaped."""
    return Environment(
        autoescape=True,
        loader=FileSystemLoader(Path(__file__).parent),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
