"""What extension and daemon say to each other beside the language server protocol.

One class a message, camelCase on the wire. `extension/src/protocol.ts` mirrors this file, and a test holds the two together.
Amounts are in base units; texts are ready to be shown. A field that may be absent is `| None` (null on the wire).
"""

from __future__ import annotations

from dataclasses import dataclass, field

# One vocabulary in three files; who reads a message finds it here.
from foreload_daemon.protocol_pages import *  # noqa: F403
from foreload_daemon.protocol_profile import *  # noqa: F403

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
class Pause:
    """`minutes` None resumes."""

    minutes: int | None = None


@dataclass(frozen=True)
class Announce:
    cores: float | None = None
    memoryBytes: int | None = None
    minutes: int = 15


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
