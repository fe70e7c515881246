"""Reads the editor's messages into the classes of `protocol`, and says what is wrong with one that does not fit."""

from __future__ import annotations

import dataclasses
import types
from collections.abc import Mapping
from functools import cache
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

Message = TypeVar("Message")

_NAMES = {str: "text", int: "a whole number", float: "a number", bool: "true or false"}


class BadMessage(ValueError):  # noqa: N818 - it names the message, as its text does
    """A message that does not fit: which field, which value, what is allowed."""


def read(kind: type[Message], data: object) -> Message:
    """Reads a message. Fields that are not known are ignored, so that a newer editor may say more.

    Args:
        kind: a class of `protocol`.
        data: what JSON gave; None reads as a message without fields.

    Raises:
        BadMessage: a field is missing or has the wrong type.
    """
    return _read(kind, {} if data is None else data, kind.__name__)


@cache
def _hints(kind: type) -> dict[str, Any]:
    return get_type_hints(kind)


def _read(kind: Any, data: object, where: str) -> Any:
    if dataclasses.is_dataclass(kind):
        return _read_fields(kind, data, where)
    origin = get_origin(kind)
    if origin in (Union, types.UnionType):
        return _read_optional(kind, data, where)
    if origin is list:
        if not isinstance(data, list):
            raise BadMessage(f"{where} is {data!r}; allowed is a list")
        (item,) = get_args(kind)
        return [_read(item, value, f"{where}[{index}]") for index, value in enumerate(data)]
    if origin is tuple:
        items = get_args(kind)
        if not isinstance(data, (list, tuple)) or len(data) != len(items):
            raise BadMessage(f"{where} is {data!r}; allowed is a list of {len(items)}")
        pairs = zip(items, data, strict=True)
        return tuple(_read(item, value, f"{where}[{index}]") for index, (item, value) in enumerate(pairs))
    if kind is float and isinstance(data, int) and not isinstance(data, bool):
        return float(data)
    if kind is int and isinstance(data, float) and data.is_integer():
        return int(data)
    if not isinstance(data, kind) or (kind is not bool and isinstance(data, bool)):
        raise BadMessage(f"{where} is {data!r}; allowed is {_NAMES.get(kind, kind)}")
    return data


def _read_optional(kind: Any, data: object, where: str) -> Any:
    if data is None:
        return None
    inner = next(option for option in get_args(kind) if option is not type(None))
    return _read(inner, data, where)


def _read_fields(kind: Any, data: object, where: str) -> Any:
    if not isinstance(data, Mapping):
        raise BadMessage(f"{where} is {data!r}; allowed is an object")
    hints = _hints(kind)
    values: dict[str, Any] = {}
    for field in dataclasses.fields(kind):
        if field.name in data:
            values[field.name] = _read(hints[field.name], data[field.name], f"{where}.{field.name}")
        elif field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING:
            if _allows_none(hints[field.name]):
                values[field.name] = None
            else:
                raise BadMessage(f"{where}.{field.name} is missing")
    return kind(**values)


def _allows_none(kind: Any) -> bool:
    return get_origin(kind) in (Union, types.UnionType) and type(None) in get_args(kind)


@dataclasses.dataclass(frozen=True)
class Nothing:
    """Parameters of a request that has none."""
