"""Messages of the profile's editor: its page, its changes, and what the history says.

Part of `foreload_daemon.protocol`, which names them all; `extension/src/protocol_profile.ts` mirrors this file.
"""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class NewProfile:
    """`patterns`: those seen in the history that the new profile is to keep; without any it has an example."""

    patterns: list[Pattern] = field(default_factory=list["Pattern"])


@dataclass(frozen=True)
class ProfileDraft:
    """Text of a `.foreload/profile.json`, new or as it stands in the editor."""

    text: str


@dataclass(frozen=True)
class ProfileFix:
    """One way out of a problem: `path` gets `value`, which is JSON; empty takes it away."""

    label: str
    path: str
    value: str


@dataclass(frozen=True)
class ProfileProblem:
    """`rule` is the window's place, -1 where it is about something else."""

    path: str
    message: str
    line: int
    rule: int
    fixes: list[ProfileFix]


@dataclass(frozen=True)
class ProfileDay:
    """One row of the week. `used`: mean cores of each half hour over the last weeks, null where not measured."""

    label: str
    today: bool
    used: list[float | None]


@dataclass(frozen=True)
class ProfileBlock:
    """What a rule comes to on one day of the shown week; minutes from midnight, 1440 is its end.

    `movable`: it comes from days and times of the week, so it can be dragged.
    """

    rule: int
    day: int
    startMinute: int
    endMinute: int
    kind: str
    text: str
    label: str
    wrong: bool
    movable: bool


@dataclass(frozen=True)
class ProfileRule:
    """One window. `technical` is its RRULE, cron or dates; `whenKey` names the field that holds it, `when` its text."""

    index: int
    kind: str
    name: str
    words: str
    technical: str
    whenKey: str
    when: str
    expects: str
    next: str
    enabled: bool
    cores: float | None
    memoryGib: float | None


@dataclass(frozen=True)
class ProfileBound:
    """Least and most of one resource, in the file's unit."""

    key: str
    name: str
    unit: str
    least: float | None
    most: float | None


@dataclass(frozen=True)
class Pattern:
    """A time at which more was needed week after week. `key` names it, `every` is its rule, `words` the question."""

    key: str
    every: str
    name: str
    day: int
    startMinute: int
    endMinute: int
    cores: float
    weeks: int
    words: str


@dataclass(frozen=True)
class Patterns:
    """`text` says what there is, or why there is nothing."""

    patterns: list[Pattern]
    text: str


@dataclass(frozen=True)
class ProfilePage:
    """The profile's editor. `readable` is False while the text is no JSON object; then only `problems` counts."""

    environment: str
    readable: bool
    name: str
    timeZone: str
    problems: list[ProfileProblem]
    days: list[ProfileDay]
    blocks: list[ProfileBlock]
    rules: list[ProfileRule]
    bounds: list[ProfileBound]
    budgetUsdPerMonth: float | None
    spentText: str
    preference: float
    nowDay: int
    nowMinute: int
    historyDays: float
    pattern: Pattern | None


@dataclass(frozen=True)
class ProfileChange:
    """`action`: paint, move, erase, set, remove, add. `path` and `value` (JSON, empty: take away) are for set.

    `index` is a rule, `day` 0 (Monday) to 6, minutes are from midnight.
    """

    text: str
    action: str
    path: str = ""
    value: str = ""
    index: int = -1
    day: int = 0
    startMinute: int = 0
    endMinute: int = 0
    kind: str = "peak"
    cores: float | None = None
    memoryGib: float | None = None


@dataclass(frozen=True)
class ProfileChanged:
    """The text after a change (the same where nothing was done), and one sentence of what was done."""

    text: str
    said: str


@dataclass(frozen=True)
class Stop:
    """What one preference would have come to on this environment's own past."""

    preference: float
    costUsdPerMonth: float
    shortMinutesPerWeek: float
    memoryKills: int
    words: str


@dataclass(frozen=True)
class Stops:
    """`text` says on what they rest, or why there are none."""

    stops: list[Stop]
    text: str
