"""One line of the bench's table."""

from __future__ import annotations

from typing import NotRequired, TypedDict


class Row(TypedDict):
    """A measured value beside its bar.

    `value` is None where it could not be measured, and `note` says why. With `at_least` larger is better.
    """

    name: str
    value: float | None
    unit: str
    bar: float | None
    goal: NotRequired[float | None]
    at_least: NotRequired[bool]
    note: NotRequired[str]


def row(
    name: str,
    value: float,
    unit: str,
    bar: float | None = None,
    goal: float | None = None,
    *,
    at_least: bool = False,
    note: str = "",
) -> Row:
    """A measured row."""
    return {"name": name, "value": value, "unit": unit, "bar": bar, "goal": goal, "at_least": at_least, "note": note}


def missing(name: str, why: str) -> Row:
    """A row that could not be measured."""
    return {"name": name, "value": None, "unit": "", "bar": None, "note": why}
