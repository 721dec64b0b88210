"""Foreign JSON becomes a dataclass only where every value is what is declared."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from fsl_core.ui.schema import SchemaError, parse


@dataclass(frozen=True)
class Leaf:
    name: str
    weight: float = 1.0


@dataclass(frozen=True)
class Tree:
    leaves: tuple[Leaf, ...]
    best: Leaf | None = None
    marks: frozenset[str] = frozenset()
    rows: tuple[tuple[float, ...], ...] = ()
    count: int = 0
    is_green: bool = True
    options: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


WHOLE = {
    "leaves": [{"name": "a", "weight": 2}, {"name": "b"}],
    "best": None,
    "marks": ["x", "x"],
    "rows": [[1, 2.5], []],
    "count": 7,
    "is_green": False,
    "options": {"method": {"steps": 3, "soft": True, "kind": "l2", "limit": None}},
}


def of(values: object) -> bytes:
    return json.dumps(values).encode()


def test_what_is_declared_is_built() -> None:
    tree = parse(Tree, of(WHOLE | {"of a newer version": 1}))
    assert tree == Tree(
        (Leaf("a", 2.0), Leaf("b")), None, frozenset("x"), ((1.0, 2.5), ()), 7, False, dict(WHOLE["options"])
    )
    assert isinstance(tree.leaves[0].weight, float)
    assert parse(Tree, of({"leaves": [], "best": {"name": "c"}})).best == Leaf("c")


@pytest.mark.parametrize(
    ("change", "where"),
    [
        ({"leaves": "ab"}, "leaves is not a list"),
        ({"leaves": [{"name": "a"}, {"name": 3}]}, r"leaves\[1\]\.name is not a text"),
        ({"leaves": [{"weight": 3}]}, r"leaves\[0\]\.name is missing"),
        ({"leaves": [None]}, r"leaves\[0\] is not an object"),
        ({"leaves": [{"name": "a", "weight": True}]}, "weight is not a number"),
        ({"leaves": [{"name": "a", "weight": float("nan")}]}, "weight is no finite number"),
        ({"leaves": [{"name": "a", "weight": 10**400}]}, "weight is too large"),
        ({"leaves": [{"name": "x" * 1001}]}, "longer than 1000"),
        ({"leaves": [{"name": "\ud800"}]}, "can be written"),
        ({"best": 1}, "best is not an object"),
        ({"marks": [1]}, r"marks\[0\] is not a text"),
        ({"rows": [[1], 2]}, r"rows\[1\] is not a list"),
        ({"count": True}, "count is not a whole number"),
        ({"count": 1.0}, "count is not a whole number"),
        ({"count": 2**60}, "count is too large"),
        ({"is_green": 1}, "is_green is not true or false"),
        ({"options": {"method": []}}, r"options\.method is not an object"),
        ({"options": {"method": {"steps": [1]}}}, "neither a text nor a number"),
        ({"options": {"method": {"steps": float("inf")}}}, "no finite number"),
    ],
)
def test_what_is_not_declared_is_refused(change: dict[str, object], where: str) -> None:
    with pytest.raises(SchemaError, match=where):
        parse(Tree, of(WHOLE | change))


@pytest.mark.parametrize("data", [b"", b"\xff\xfe", b"{", b"[" * 100_000, b'{"count": ' + b"9" * 9000 + b"}"])
def test_what_is_no_json_is_refused(data: bytes) -> None:
    with pytest.raises(SchemaError, match="no JSON"):
        parse(Tree, data)
