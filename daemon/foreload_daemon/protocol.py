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
PURGE = "foreload/purge"  # request: {} -> Outcome
GET_DASHBOARD = "foreload/getDashboard"  # request: DashboardQuery -> Dashboard
WATCH_DASHBOARD = "foreload/watchDashboard"  # notification: Watch; pushes DASHBOARD_CHANGED while open
ACT = "foreload/act"  # request: Act -> Outcome
EXPLAIN = "foreload/explain"  # request: Explain -> Explanation
PAUSE = "foreload/pause"  # request: Pause -> Outcome
ANNOUNCE = "foreload/announce"  # request: Announce -> Outcome
NEW_PROFILE = "foreload/newProfile"  # request: {} -> ProfileDraft
TRY_BROKER = "foreload/tryBroker"  # notification: {}
RUN_DOCTOR = "foreload/runDoctor"  # request: {} -> Doctor

# Notifications from the daemon.
GAUGE = "foreload/gauge"  # Gauge
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
    limit: int = 200


@dataclass(frozen=True)
class LedgerRow:
    at: str
    kind: str
    bytes: int
    values: str


@dataclass(frozen=True)
class Ledger:
    rows: list[LedgerRow]
    total: int
    totalBytes: int


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
class Act:
    """`action`: pin, unpin, undo, decline."""

    action: str
    decisionId: str


@dataclass(frozen=True)
class Explain:
    decisionId: str


@dataclass(frozen=True)
class Explanation:
    """A page in Markdown."""

    title: str
    markdown: str


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
class ProfileDraft:
    """Text of a new `.foreload/profile.json`."""

    text: str


@dataclass(frozen=True)
class Check:
    """`state`: good, warning, bad. `fix` says what to do, empty when good."""

    name: str
    state: str
    text: str
    fix: str


@dataclass(frozen=True)
class Doctor:
    checks: list[Check] = field(default_factory=list["Check"])


@dataclass(frozen=True)
class AnalysisState:
    """For the language status item: `text` as shown, for one document."""

    uri: str
    text: str
    heavyFunctions: int
