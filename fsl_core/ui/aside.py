"""What is known of a figure that was put aside for the report, and the file in the project's folder that holds all."""

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, NoReturn

from fsl_core.ui.project import digest
from fsl_core.ui.schema import SchemaError, read
from fsl_core.ui.store import Store

FIGURES = "figures.json"  # in the folder of a project, and in its .zip
MOST = 24
MOST_BYTES = 40_000_000  # of all figures together
NAME = re.compile(r"\w{1,80}", re.ASCII)


@dataclass(frozen=True)
class Kept:
    """A figure for the report.

    Attributes:
        page: title of the page that it stood on.
        name: of the figure on that page.
        subject: what it is about, such as a query and a class; may be empty.
        made_by: backbone and classifier; empty where the figure names them.
        caption, alt: in words what is shown.
        source: the publication of the method; may be empty.
        figure: plotly's JSON.
    """

    page: str
    name: str
    subject: str
    made_by: str
    caption: str
    alt: str
    source: str
    figure: str

    @property
    def id(self) -> str:
        """The same for the same figure alone."""
        return digest(self.page, self.name, self.subject, self.made_by, self.figure)


def to_json(figures: Sequence[Kept]) -> bytes:
    """All figures as a file."""
    return json.dumps([asdict(one) for one in figures]).encode()


def parse(data: bytes) -> list[Kept]:
    """The figures of a file that anybody may have written, each once.

    Raises:
        SchemaError: there are too many, they are too large, or one of them is no figure.
    """
    if len(data) > MOST_BYTES:
        raise SchemaError(f"they have more than {MOST_BYTES / 1e6:g} MB")
    rows = _rows(data)
    if len(rows) > MOST:
        raise SchemaError(f"there are more than {MOST}")
    found = [_figure(row, f"[{number}]") for number, row in enumerate(rows)]
    return list({one.id: one for one in found}.values())


def kept(store: Store) -> list[Kept]:
    """A project's figures, in the order in which they came; damaged ones are left out."""
    try:
        rows = _rows((store.folder / FIGURES).read_bytes())
    except (OSError, SchemaError):
        return []
    return list(_whole(rows))


def changed(store: Store) -> int:
    """When a project's figures changed last, in ns since 1970; 0 = there never were any."""
    try:
        return (store.folder / FIGURES).stat().st_mtime_ns
    except OSError:
        return 0


def _rows(data: bytes) -> list[Any]:
    try:
        rows = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise SchemaError("it is no JSON") from error
    if not isinstance(rows, list):
        raise SchemaError("it is not a list")
    return rows


def _whole(rows: list[Any]) -> Iterator[Kept]:
    for row in rows:
        try:
            yield _figure(row, "")
        except SchemaError:
            continue


def _figure(row: Any, place: str) -> Kept:
    text = row.get("figure") if isinstance(row, dict) else None
    if not isinstance(text, str) or not _is_drawn(text):
        raise SchemaError(f"{place} is no figure")
    found: Kept = read(Kept, {**row, "figure": ""}, place)
    if not NAME.fullmatch(found.name):
        raise SchemaError(f"{place}.name is no name of a file")
    return replace(found, figure=text)


def _is_drawn(text: str) -> bool:
    """Whether this is plotly's JSON, as far as a browser needs it."""
    try:
        drawn = json.loads(text, parse_constant=_refuse)
    except (ValueError, RecursionError):
        return False
    if not isinstance(drawn, dict) or not isinstance(drawn.get("layout"), dict):
        return False
    traces = drawn.get("data")
    return isinstance(traces, list) and all(isinstance(trace, dict) for trace in traces)


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no JSON")
