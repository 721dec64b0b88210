"""JSON from elsewhere -> dataclasses, strictly as their annotations declare."""

import json
import math
from collections.abc import Mapping
from dataclasses import MISSING, fields, is_dataclass
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

LONGEST_TEXT = 1000  # characters
LARGEST_INTEGER = 2**53  # what every reader of JSON can hold


class SchemaError(ValueError):
    """A value that is not what its annotation declares; says where and what."""


def parse(kind: type, data: bytes) -> Any:
    """A dataclass from the bytes of a JSON object.

    Every value must have its declared type: no number stands for a text or a truth value, numbers are finite, texts
    have at most `LONGEST_TEXT` characters that UTF-8 can write. Fields with a default may be missing; what the
    dataclass does not declare is left out.

    Raises:
        SchemaError: the bytes are no JSON, or some value is not what is declared.
    """
    try:
        return read(kind, json.loads(data), "")
    except SchemaError:
        raise
    except (ValueError, RecursionError) as error:  # no UTF-8, no JSON, a number of 5000 digits, 1000 brackets
        raise SchemaError("it is no JSON") from error


def read(kind: Any, value: Any, place: str) -> Any:
    """A value of the declared type from what JSON says; `place` is its path in errors, e.g. "classes[2].name"."""
    if is_dataclass(kind):
        return _dataclass(kind, value, place)
    origin, inner = get_origin(kind), get_args(kind)
    if origin in (Union, UnionType):
        return None if value is None else read(next(one for one in inner if one is not NoneType), value, place)
    if origin in (tuple, frozenset):
        items = _expect(value, list, place)
        return origin(read(inner[0], item, f"{place}[{row}]") for row, item in enumerate(items))
    if origin is Mapping:
        rows = _expect(value, dict, place).items()
        return {_text(key, place): read(inner[1], item, f"{place}.{key[:30]}") for key, item in rows}
    if kind is Any:
        return None if value is None else _scalar(type(value), value, place)
    return _scalar(kind, value, place)


def _dataclass(kind: Any, value: Any, place: str) -> Any:
    given, hints = _expect(value, dict, place), get_type_hints(kind)
    built = {}
    for field in fields(kind):
        where = f"{place}.{field.name}" if place else field.name
        if field.name in given:
            built[field.name] = read(hints[field.name], given[field.name], where)
        elif field.default is MISSING and field.default_factory is MISSING:
            raise SchemaError(f"{where} is missing")
    return kind(**built)


def _scalar(kind: type, value: Any, place: str) -> Any:
    if kind is str:
        return _text(value, place)
    if kind is bool:
        return _expect(value, bool, place)
    if kind is float and type(value) is int:
        value = float(_integer(value, place))
    if kind is float:
        if not math.isfinite(_expect(value, float, place)):
            raise SchemaError(f"{place} is no finite number")
        return value
    if kind is int:
        return _integer(value, place)
    raise SchemaError(f"{place} is neither a text nor a number")


def _text(value: Any, place: str) -> str:
    text: str = _expect(value, str, place)
    if len(text) > LONGEST_TEXT:
        raise SchemaError(f"{place} is longer than {LONGEST_TEXT} characters")
    if any("\ud800" <= letter <= "\udfff" for letter in text):
        raise SchemaError(f"{place} is no text that can be written")
    return text


def _integer(value: Any, place: str) -> int:
    number: int = _expect(value, int, place)
    if abs(number) > LARGEST_INTEGER:
        raise SchemaError(f"{place} is too large a number")
    return number


def _expect(value: Any, kind: type, place: str) -> Any:
    words = {list: "a list", dict: "an object", str: "a text", bool: "true or false", int: "a whole number",
             float: "a number"}  # fmt: skip
    if type(value) is not kind:
        raise SchemaError(f"{place or 'it'} is not {words[kind]}")
    return value
