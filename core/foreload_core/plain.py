"""Frozen values as plain JSON and back: the form in which ticks, states and decisions are journalled.

The form follows the dataclasses: a field that has its default is left out, so that a stored state stays readable when
fields are added. The same value always gives the same bytes: keys are sorted, sets are lists in order, times are UTC
with all their digits.
"""

from __future__ import annotations

import json
import math
import types
from binascii import a2b_base64, b2a_base64
from collections.abc import Callable, Mapping
from dataclasses import MISSING, Field, fields, is_dataclass
from datetime import UTC, datetime
from enum import Enum
from functools import cache
from typing import Any, TypeVar, Union, cast, get_args, get_origin, get_type_hints

Plain = None | bool | int | float | str | list[Any] | dict[str, Any]
Value = TypeVar("Value")
EXACT_INTEGERS = 2.0**53
_Read = Callable[[Any, str], Any]


def to_plain(value: object) -> Plain:
    """The value as what `json` writes. Floats that JSON does not know become the texts "nan", "inf" and "-inf"."""
    if isinstance(value, Enum):
        return cast("Plain", value.value)
    if isinstance(value, float):
        return _plain_number(value)
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, bytes):
        return b2a_base64(value, newline=False).decode("ascii")
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    if isinstance(value, Mapping):
        entries = cast("Mapping[object, object]", value)
        return {str(to_plain(key)): to_plain(entry) for key, entry in entries.items()}
    if isinstance(value, frozenset):
        return sorted(cast("list[Any]", [to_plain(entry) for entry in cast("frozenset[object]", value)]))
    if isinstance(value, tuple | list):
        return [to_plain(entry) for entry in cast("tuple[object, ...]", value)]
    return {name: to_plain(entry) for name, entry in _given(value)}


def _plain_number(value: float) -> Plain:
    """A whole number without its ".0": an amount that came as an integer looks the same when it comes back."""
    if not math.isfinite(value):
        return str(value)
    return int(value) if value.is_integer() and abs(value) < EXACT_INTEGERS else value


def _given(value: object) -> list[tuple[str, object]]:
    given: list[tuple[str, object]] = []
    for entry in _fields(type(value)):
        amount = getattr(value, entry.name)
        if entry.default is not MISSING and amount == entry.default:
            continue
        if entry.default_factory is not MISSING and amount == entry.default_factory():
            continue
        given.append((entry.name, amount))
    return given


@cache
def _fields(kind: type) -> tuple[Field[Any], ...]:
    if not is_dataclass(kind):
        allowed = "dataclasses of JSON values, times, enums, tuples and mappings"
        raise TypeError(f"{kind!r} has no plain form; allowed are {allowed}")
    return fields(kind)


def canonical(plain: Plain) -> str:
    """One line of JSON, the same bytes for the same value."""
    return json.dumps(plain, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def from_plain(kind: type[Value], plain: object, where: str = "") -> Value:
    """A value of the dataclass `kind`; unknown fields are passed over, so that an older program reads a newer state.

    Args:
        kind: the dataclass.
        plain: what `to_plain` made, or `json.loads` read.
        where: path of the value, for messages.

    Raises:
        ValueError: something is missing or of the wrong kind; the message names path, value and what is allowed.
    """
    return cast("Value", _reader(kind)(plain, where or kind.__name__))


@cache
def _reader(kind: Any) -> _Read:
    origin, inner = get_origin(kind), get_args(kind)
    if origin in (Union, types.UnionType):
        return _union_reader(inner)
    if origin is tuple:
        return _tuple_reader(inner)
    if origin is frozenset:
        member = _reader(inner[0])
        return lambda plain, where: frozenset(member(entry, where) for entry in _list(plain, where))
    if origin is not None:
        return _mapping_reader(inner[0], inner[1])
    if kind is datetime:
        return _read_time
    if kind is float:
        return _read_float
    if isinstance(kind, type) and issubclass(kind, Enum):
        return _enum_reader(kind)
    if kind is bytes:
        return _read_bytes
    if kind in (int, str, bool):
        return _exact_reader(kind)
    return _dataclass_reader(kind)


def _union_reader(kinds: tuple[Any, ...]) -> _Read:
    optional = type(None) in kinds
    readers = [_reader(kind) for kind in kinds if kind is not type(None)]

    def read(plain: Any, where: str) -> Any:
        if plain is None and optional:
            return None
        complaint = ValueError(f"{where} is null; a value is expected")
        for reader in readers:
            try:
                return reader(plain, where)
            except ValueError as error:
                complaint = error
        raise complaint

    return read


def _tuple_reader(inner: tuple[Any, ...]) -> _Read:
    if len(inner) == 2 and inner[1] is Ellipsis:
        member = _reader(inner[0])
        return lambda plain, where: tuple(
            member(entry, f"{where}[{index}]") for index, entry in enumerate(_list(plain, where))
        )
    members = [_reader(kind) for kind in inner]

    def read(plain: Any, where: str) -> Any:
        entries = _list(plain, where)
        if len(entries) != len(members):
            raise ValueError(f"{where} has {len(entries)} entries; exactly {len(members)} are expected")
        pairs = enumerate(zip(members, entries, strict=True))
        return tuple(member(entry, f"{where}[{index}]") for index, (member, entry) in pairs)

    return read


def _mapping_reader(key_kind: Any, value_kind: Any) -> _Read:
    key_reader, value_reader = _key_reader(key_kind), _reader(value_kind)

    def read(plain: Any, where: str) -> Any:
        entries = _object(plain, where)
        return {key_reader(key, where): value_reader(entry, f"{where}.{key}") for key, entry in entries.items()}

    return read


def _key_reader(kind: Any) -> _Read:
    """Keys are texts in JSON, also those that are numbers, such as the levels of quantiles."""
    if kind is not float:
        return _reader(kind)

    def read(plain: Any, where: str) -> Any:
        try:
            return float(plain)
        except (TypeError, ValueError):
            raise ValueError(f"{where} has the key {plain!r}; expected is a number") from None

    return read


def _enum_reader(kind: type[Enum]) -> _Read:
    members = {member.value: member for member in kind}

    def read(plain: Any, where: str) -> Any:
        if not isinstance(plain, str) or plain not in members:
            raise ValueError(f"{where} is {plain!r}; allowed are {', '.join(str(value) for value in members)}")
        return members[plain]

    return read


def _exact_reader(kind: type) -> _Read:
    def read(plain: Any, where: str) -> Any:
        if type(plain) is not kind:
            raise ValueError(f"{where} is {plain!r}; expected is {kind.__name__}")
        return plain

    return read


def _dataclass_reader(kind: Any) -> _Read:
    hints = get_type_hints(kind)
    readers = {entry.name: _reader(hints[entry.name]) for entry in _fields(kind)}
    needed = [entry.name for entry in _fields(kind) if entry.default is MISSING and entry.default_factory is MISSING]

    def read(plain: Any, where: str) -> Any:
        entries = _object(plain, where)
        for name in needed:
            if name not in entries:
                raise ValueError(f"{where}.{name} is missing")
        return kind(
            **{name: reader(entries[name], f"{where}.{name}") for name, reader in readers.items() if name in entries}
        )

    return read


def _read_time(plain: Any, where: str) -> datetime:
    try:
        moment = datetime.fromisoformat(plain)
    except (TypeError, ValueError):
        raise ValueError(f"{where} is {plain!r}; expected is a time such as 2026-01-05T07:42:43Z") from None
    if moment.tzinfo is None:
        raise ValueError(f"{where} is {plain!r}; the time needs its zone, such as a final Z")
    return moment.astimezone(UTC)


def _read_float(plain: Any, where: str) -> float:
    if isinstance(plain, int | float) and not isinstance(plain, bool):
        return float(plain)
    if plain in ("nan", "inf", "-inf"):
        return float(plain)
    raise ValueError(f"{where} is {plain!r}; expected is a number")


def _read_bytes(plain: Any, where: str) -> bytes:
    try:
        return a2b_base64(plain, strict_mode=True)
    except (TypeError, ValueError):
        raise ValueError(f"{where} is {str(plain)[:40]!r}; expected are bytes in base64") from None


def _list(plain: Any, where: str) -> list[Any]:
    if not isinstance(plain, list):
        raise ValueError(f"{where} is {plain!r}; expected is a list")  # noqa: TRY004 (one kind of error for the caller)
    return cast("list[Any]", plain)


def _object(plain: Any, where: str) -> dict[str, Any]:
    if not isinstance(plain, dict):
        raise ValueError(f"{where} is {plain!r}; expected is an object")  # noqa: TRY004 (as above)
    return cast("dict[str, Any]", plain)
