"""Messages of the dashboard, the trends and the page of a decision.

Part of `foreload_daemon.protocol`, which names them all; `extension/src/protocol_pages.ts` mirrors this file.
"""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class DashboardQuery:
    """`range` is 15m, 6h or 7d."""

    range: str = "6h"


@dataclass(frozen=True)
class Series:
    """One resource on the time axis; every list has one value a time, null where there is none. Amounts in base units."""

    resource: str
    used: list[float | None]
    limit: list[float | None]
    planned: list[float | None]
    low: list[float | None]
    middle: list[float | None]
    high: list[float | None]
    method: str | None
    noForecast: str | None
    nextPeak: str


@dataclass(frozen=True)
class LaneWindow:
    """`kind`: peak, idle, deadline or signal. Times are seconds since 1970."""

    kind: str
    start: float
    end: float
    text: str


@dataclass(frozen=True)
class LaneMark:
    at: float
    direction: str
    done: bool
    text: str
    decisionId: str | None = None


@dataclass(frozen=True)
class DecisionRow:
    """One row of the log. `outcome`: planned, applied, right, notNeeded, tooLittle, heldBack, undone, refused, failed, shadow."""

    decisionId: str
    at: float
    what: str
    why: str
    outcome: str
    outcomeText: str
    actions: list[str]


@dataclass(frozen=True)
class RunRow:
    """A recent run and what its start cost: how soon the limit was up, and how long it was held back."""

    at: float
    name: str
    trigger: str
    raisedAfterMilliseconds: float | None
    throttledSeconds: float | None
    seconds: float | None
    text: str


@dataclass(frozen=True)
class Strip:
    """What is so, and what to do. `actions` are command names without the prefix `foreload.`"""

    kind: str
    icon: str
    title: str
    text: str
    actions: list[tuple[str, str]]


@dataclass(frozen=True)
class CostCard:
    """What the limits cost, as shown. `rows`: words and amount. Ratios are of the budget, null where there is none."""

    note: str
    rows: list[tuple[str, str]]
    monthName: str
    month: str
    monthRatio: float | None
    expectedRatio: float | None
    expected: str
    text: str


@dataclass(frozen=True)
class SkillDay:
    """How much closer than "same as last week" the forecast of one day was; below 0: further away."""

    label: str
    ratio: float


@dataclass(frozen=True)
class Dashboard:
    environment: str
    status: str
    statusKind: str
    sentence: str
    strip: Strip | None
    now: float
    start: float
    end: float
    times: list[float]
    series: list[Series]
    windows: list[LaneWindow]
    marks: list[LaneMark]
    decisions: list[DecisionRow]
    decisionTotal: int
    runs: list[RunRow]
    skillText: str
    skillDays: list[SkillDay]
    cost: CostCard
    tasksText: str
    throttledSecondsWeek: float
    oomKillsWeek: int
    changesToday: int
    scalingPaused: bool
    range: str = "6h"


@dataclass(frozen=True)
class DashboardUpdate:
    """Pushed at most once a second: the whole page again."""

    dashboard: Dashboard


@dataclass(frozen=True)
class Watch:
    open: bool
    range: str = "6h"


@dataclass(frozen=True)
class DecisionsQuery:
    limit: int = 100


@dataclass(frozen=True)
class Decisions:
    rows: list[DecisionRow]
    total: int


@dataclass(frozen=True)
class TrendsQuery:
    """`resource`: cpu, memory, gpu or net_rx. `by`: week (the hours of a mean week) or day (of the last two weeks)."""

    resource: str = "cpu"
    by: str = "week"


@dataclass(frozen=True)
class HeatRow:
    """One day: the part of the limit that each hour used, null where not measured; and hours that reached the limit."""

    label: str
    values: list[float | None]
    reached: list[bool]


@dataclass(frozen=True)
class TrendPoint:
    """One place of a line chart; `other` is the rival: "same as last week", or what was held."""

    label: str
    value: float | None
    other: float | None


@dataclass(frozen=True)
class Trends:
    """The trends of one resource. `nowRow` and `nowHour` are -1 where now is not in the picture."""

    environment: str
    resource: str
    by: str
    resources: list[tuple[str, str]]
    sentence: str
    note: str
    rows: list[HeatRow]
    nowRow: int
    nowHour: int
    errors: list[TrendPoint]
    errorUnit: str
    errorText: str
    held: list[TrendPoint]
    heldUnit: str
    heldText: str


@dataclass(frozen=True)
class HeavyFunction:
    """A function of an open file; its place opens it. Counted here only: names do not leave this machine."""

    name: str
    file: str
    uri: str
    line: int
    share: float
    words: str


@dataclass(frozen=True)
class Heaviest:
    functions: list[HeavyFunction]
    text: str


@dataclass(frozen=True)
class Act:
    """`action`: pin, unpin, undo, decline."""

    action: str
    decisionId: str


@dataclass(frozen=True)
class Explain:
    decisionId: str


@dataclass(frozen=True)
class DecisionStep:
    """One step on the way to the target: where the value stood before and after it, in the units of the screen."""

    icon: str
    name: str
    text: str
    before: float
    value: float
    valueText: str


@dataclass(frozen=True)
class ExplainedChange:
    """How one resource's target came about; the bars go from 0 to `most`."""

    heading: str
    note: str
    most: float
    steps: list[DecisionStep]


@dataclass(frozen=True)
class DecisionChart:
    """What came, over what was expected: one value a time, in the units of the screen. `at` is the decision."""

    resource: str
    at: float
    now: float
    times: list[float]
    used: list[float | None]
    limit: list[float | None]
    low: list[float | None]
    middle: list[float | None]
    high: list[float | None]
    stay: float | None


@dataclass(frozen=True)
class Alternative:
    """Another amount, or another way, and why it was not taken. `chosen` marks the one that was."""

    instead: str
    short: str
    cost: str
    why: str
    chosen: bool


@dataclass(frozen=True)
class Explanation:
    """A decision's page, and the same in Markdown, to be copied. `problem` says what could not be had."""

    title: str
    markdown: str
    environment: str = ""
    decisionId: str = ""
    lead: str = ""
    changes: list[ExplainedChange] = field(default_factory=list["ExplainedChange"])
    chart: DecisionChart | None = None
    outcome: str = ""
    outcomeText: str = ""
    facts: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])
    alike: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])
    alternatives: list[Alternative] = field(default_factory=list["Alternative"])
    known: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])
    actions: list[str] = field(default_factory=list[str])
    problem: str = ""
