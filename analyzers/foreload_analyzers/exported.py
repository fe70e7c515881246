"""A function as other open files see it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from foreload_analyzers.costs import Cost
from foreload_analyzers.judge import CallSite
from foreload_analyzers.needs import Use


class Exported(NamedTuple):
    """What a function is to those who call it from another file.

    Attributes:
        place, name: of the file, and of the function in it.
        cost, space: growth of its time and memory, callees included.
        symbol: what it grows with, as its own file names it.
        use: what it takes, callees included.
        through: functions of other files that its cost is made of, `place#name` each.
    """

    place: str
    name: str
    cost: Cost
    space: Cost
    symbol: str
    use: Use
    through: frozenset[str]

    @property
    def key(self) -> str:
        """Names the function among all files."""
        return f"{self.place}#{self.name}"


Exports = Mapping[str, Exported]


class Abroad(NamedTuple):
    """A call to a function of another file."""

    site: CallSite
    other: Exported


class Around(NamedTuple):
    """What other open files say: their functions by place, and which functions of this file they call."""

    tables: Mapping[str, Exports] = {}
    called: frozenset[str] = frozenset()


NOTHING_AROUND = Around()
