"""Where a profile saw the time go, in one form for all profilers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple


class BadProfile(Exception):  # noqa: N818 - it names what is wrong with the file
    """A file is not a profile that is read here. The message is one clause: what it is instead, and what to do."""


class Frame(NamedTuple):
    """A function in a stack: its name, and file and line where the profiler knows them (else empty and 0)."""

    name: str
    file: str = ""
    line: int = 0

    @property
    def has_source(self) -> bool:
        """Whether it is a function whose source file is known."""
        from foreload_analyzers.languages import language_of

        return bool(self.file) and language_of(self.file) is not None


Stack = tuple[Frame, ...]
"""The running function first, then its callers."""


@dataclass(slots=True)
class Measured:
    """A profile.

    Attributes:
        kind: the profiler, as its name is written.
        unit: of the weights: `seconds`, `samples` or `events`.
        stacks: the time in the first function of each stack, not in what it called.
    """

    kind: str
    unit: str
    stacks: dict[Stack, float] = field(default_factory=dict[Stack, float])

    def add(self, stack: Stack, weight: float) -> None:
        """Adds time to a stack, which is cut where a function with a source stands: nothing above it is asked for."""
        end = next((place + 1 for place, frame in enumerate(stack) if frame.has_source), len(stack))
        self.stacks[stack[:end]] = self.stacks.get(stack[:end], 0.0) + weight

    @property
    def total(self) -> float:
        """All time that was seen."""
        return sum(self.stacks.values())

    def files(self) -> Mapping[str, float]:
        """The time in each source file, as far as files are known."""
        found: dict[str, float] = {}
        for stack, weight in self.stacks.items():
            if stack and stack[-1].has_source:
                found[stack[-1].file] = found.get(stack[-1].file, 0.0) + weight
        return found
