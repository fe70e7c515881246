"""What extension and daemon say to each other beside the language server protocol.

One class a message, camelCase on the wire. `extension/src/protocol.ts` mirrors this file, and a test holds the two together.
Amounts are in base units; texts are ready to be shown. A field that may be absent is `| None` (null on the wire).
"""

from __future__ import annotations

from dataclasses import dataclass, field

# Requests and notifications from the extension.
RUN_STARTING = "foreload/runStarting"  # request: RunStarting -> RunAnswer
RUN_ENDED = "foreload/runEnded"  # notification: RunEnded
SET_CONTEXT = "foreload/setContext"  # notification: Context; sent at start and on each change
GET_PERMISSION = "foreload/getPermission"  # request: {} -> Permission
SET_PERMISSION = "foreload/setPermission"  # request: Switches -> Permission
GET_LEDGER = "foreload/getLedger"  # request: LedgerQuery -> Ledger
GET_LEDGER_CSV = "foreload/getLedgerCsv"  # request: {} -> LedgerCsv; every message that is kept
PURGE = "foreload/purge"  # request: {} -> Outcome
GET_DASHBOARD = "foreload/getDashboard"  # request: DashboardQuery -> Dashboard
WATCH_DASHBOARD = "foreload/watchDashboard"  # notification: Watch; pushes DASHBOARD_CHANGED while open
GET_DECISIONS = "foreload/getDecisions"  # request: DecisionsQuery -> Decisions
GET_TRENDS = "foreload/getTrends"  # request: TrendsQuery -> Trends
GET_HEAVIEST = "foreload/getHeaviest"  # request: {} -> Heaviest; of the documents that are open in this window
ACT = "foreload/act"  # request: Act -> Outcome
EXPLAIN = "foreload/explain"  # request: Explain -> Explanation
PAUSE = "foreload/pause"  # request: Pause -> Outcome
ANNOUNCE = "foreload/announce"  # request: Announce -> Outcome
NEW_PROFILE = "foreload/newProfile"  # request: NewProfile -> ProfileDraft
GET_PROFILE = "foreload/getProfile"  # request: ProfileDraft -> ProfilePage
CHANGE_PROFILE = "foreload/changeProfile"  # request: ProfileChange -> ProfileChanged
GET_STOPS = "foreload/getStops"  # request: ProfileDraft -> Stops; simulated, so it may take half a minute
GET_PATTERNS = "foreload/getPatterns"  # request: ProfileDraft -> Patterns
DECLINE_PATTERN = "foreload/declinePattern"  # request: Pattern -> Outcome
ANSWER_NOTICE = "foreload/answerNotice"  # request: NoticeAnswer -> Outcome
GET_HOLDERS = "foreload/getHolders"  # request: {} -> Holders
TRY_BROKER = "foreload/tryBroker"  # notification: {}
RUN_DOCTOR = "foreload/runDoctor"  # request: {} -> Doctor

# Notifications from the daemon.
GAUGE = "foreload/gauge"  # Gauge
NOTICE = "foreload/notice"  # Notice; at most one unasked a day, decided by the daemon
DASHBOARD_CHANGED = "foreload/dashboardChanged"  # DashboardUpdate
ANALYSIS_STATE = "foreload/analysisState"  # AnalysisState


@dataclass(frozen=True)
class RunStarting:
    """A run is about to start or has just started.

    `trigger` is `terminal`, `task` or `debug`; `commandLine` for terminals and shell tasks, `program` where the entry file is known.
    Both stay in the daemon. The answer comes when the broker has taken the signal in and the limit is up, or after `waitMilliseconds`.
    """

    runId: str
    trigger: str
    waitMilliseconds: int
    commandLine: str | None = None
    program: str | None = None
    cwd: str | None = None
    kind: str | None = None


@dataclass(frozen=True)
class RunAnswer:
    """`state`: `raised`, `enough` (nothing to raise), `late` (the wait was over first), `notAllowed`, `noBroker`, `unknown` (no demand known)."""

    state: str
    limitCores: float | None = None
    milliseconds: float = 0.0


@dataclass(frozen=True)
class RunEnded:
    runId: str
    exitCode: int | None = None


@dataclass(frozen=True)
class Context:
    """What only the editor knows."""

    telemetryEnabled: bool
    trusted: bool
    focused: bool
    lensesEnabled: bool
    lensThresholdRatio: float


@dataclass(frozen=True)
class Switches:
    analysis: bool
    shareFeatures: bool
    automaticScaling: bool
    cohortHistory: bool


@dataclass(frozen=True)
class VectorRow:
    """One field that is or would be sent: its name on the wire, the current value, what it means, and which switch lets it go."""

    name: str
    value: str
    words: str
    switch: str


@dataclass(frozen=True)
class Permission:
    """`given` is False until the person has chosen once; `textVersion` is the version of the wording they saw."""

    environment: str
    given: bool
    switches: Switches
    textVersion: int
    textDate: str
    telemetryEnabled: bool
    vector: list[VectorRow]
    at: str
    confirmedByBroker: bool


@dataclass(frozen=True)
class LedgerQuery:
    """`switch`: empty for all, else automaticScaling or shareFeatures."""

    limit: int = 200
    switch: str = ""


@dataclass(frozen=True)
class LedgerRow:
    """One message: its fields with their values, and which switch let it go (in words)."""

    at: float
    kind: str
    allowedBy: str
    bytes: int
    fields: list[tuple[str, str]]


@dataclass(frozen=True)
class LedgerHour:
    """What left in one hour of the last week."""

    at: float
    bytes: int


@dataclass(frozen=True)
class LedgerChoice:
    """What a person allowed or took back, and whether the broker confirmed it; empty where it need not."""

    at: float
    words: str
    confirmed: str


@dataclass(frozen=True)
class LedgerCsv:
    text: str


@dataclass(frozen=True)
class Ledger:
    """`shown` of `total` messages fit the query. `sent`: kind and how many of it went since the last deletion."""

    environment: str
    rows: list[LedgerRow]
    shown: int
    total: int
    totalBytes: int
    since: float | None
    hours: list[LedgerHour]
    sent: list[tuple[str, str]]
    choices: list[LedgerChoice]


@dataclass(frozen=True)
class Outcome:
    """Whether it was done, and one sentence for the person."""

    done: bool
    text: str


@dataclass(frozen=True)
class GaugeRow:
    """One resource in the tooltip; texts as shown."""

    name: str
    used: str
    limit: str
    peak: str
    will: str


@dataclass(frozen=True)
class Gauge:
    """`state`: starting, calm, changing, warning, shadow, learning, paused, noPermission, noBroker. `text` follows the icon in the status bar."""

    state: str
    text: str
    rows: list[GaugeRow]
    note: str
    usedCores: float | None = None
    limitCores: float | None = None
    usedMemoryBytes: int | None = None
    limitMemoryBytes: int | None = None


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
class DashboardUpdate:
    """Pushed at most once a second: the whole page again."""

    dashboard: Dashboard


@dataclass(frozen=True)
class Watch:
    open: bool
    range: str = "6h"


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


@dataclass(frozen=True)
class Pause:
    """`minutes` None resumes."""

    minutes: int | None = None


@dataclass(frozen=True)
class Announce:
    cores: float | None = None
    memoryBytes: int | None = None
    minutes: int = 15


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


@dataclass(frozen=True)
class Check:
    """`state`: good, warning, bad. `fix` says what to do, empty when good. `actions`: commands and their labels."""

    name: str
    state: str
    text: str
    fix: str
    actions: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])


@dataclass(frozen=True)
class Doctor:
    checks: list[Check] = field(default_factory=list["Check"])


@dataclass(frozen=True)
class AnalysisState:
    """For the language status item: `text` as shown, for one document."""

    uri: str
    text: str
    heavyFunctions: int


@dataclass(frozen=True)
class Notice:
    """Something that a person should hear of now. `actions`: answer and label; the first is what no answer means."""

    key: str
    kind: str
    text: str
    detail: str
    actions: list[tuple[str, str]]


@dataclass(frozen=True)
class NoticeAnswer:
    """`answer`: one of the notice's actions, or `mute`: not again."""

    key: str
    answer: str


@dataclass(frozen=True)
class Holder:
    """A process of this environment and what it holds. Its name stays on this machine."""

    processId: int
    name: str
    memory: str
    share: str


@dataclass(frozen=True)
class Holders:
    holders: list[Holder]
    text: str
