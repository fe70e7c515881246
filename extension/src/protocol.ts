// What extension and daemon say to each other beside the language server protocol: the mirror of
// daemon/foreload_daemon/protocol.py, one interface a dataclass. A test holds the two together, so change both or neither.

export * from './protocol_pages';
export * from './protocol_profile';

// Requests and notifications from the extension.
export const RUN_STARTING = 'foreload/runStarting'; // request: RunStarting -> RunAnswer
export const RUN_ENDED = 'foreload/runEnded'; // notification: RunEnded
export const SET_CONTEXT = 'foreload/setContext'; // notification: Context; sent at start and on each change
export const GET_PERMISSION = 'foreload/getPermission'; // request: {} -> Permission
export const SET_PERMISSION = 'foreload/setPermission'; // request: Switches -> Permission
export const GET_LEDGER = 'foreload/getLedger'; // request: LedgerQuery -> Ledger
export const GET_LEDGER_CSV = 'foreload/getLedgerCsv'; // request: {} -> LedgerCsv; every message that is kept
export const PURGE = 'foreload/purge'; // request: {} -> Outcome
export const GET_DASHBOARD = 'foreload/getDashboard'; // request: DashboardQuery -> Dashboard
export const WATCH_DASHBOARD = 'foreload/watchDashboard'; // notification: Watch; pushes DASHBOARD_CHANGED while open
export const GET_DECISIONS = 'foreload/getDecisions'; // request: DecisionsQuery -> Decisions
export const GET_TRENDS = 'foreload/getTrends'; // request: TrendsQuery -> Trends
export const GET_HEAVIEST = 'foreload/getHeaviest'; // request: {} -> Heaviest; of the documents that are open in this window
export const ACT = 'foreload/act'; // request: Act -> Outcome
export const EXPLAIN = 'foreload/explain'; // request: Explain -> Explanation
export const PAUSE = 'foreload/pause'; // request: Pause -> Outcome
export const ANNOUNCE = 'foreload/announce'; // request: Announce -> Outcome
export const NEW_PROFILE = 'foreload/newProfile'; // request: NewProfile -> ProfileDraft
export const GET_PROFILE = 'foreload/getProfile'; // request: ProfileDraft -> ProfilePage
export const CHANGE_PROFILE = 'foreload/changeProfile'; // request: ProfileChange -> ProfileChanged
export const GET_STOPS = 'foreload/getStops'; // request: ProfileDraft -> Stops; simulated, so it may take half a minute
export const GET_PATTERNS = 'foreload/getPatterns'; // request: ProfileDraft -> Patterns
export const DECLINE_PATTERN = 'foreload/declinePattern'; // request: Pattern -> Outcome
export const ANSWER_NOTICE = 'foreload/answerNotice'; // request: NoticeAnswer -> Outcome
export const GET_HOLDERS = 'foreload/getHolders'; // request: {} -> Holders
export const TRY_BROKER = 'foreload/tryBroker'; // notification: {}
export const RUN_DOCTOR = 'foreload/runDoctor'; // request: {} -> Doctor

// Notifications from the daemon.
export const GAUGE = 'foreload/gauge'; // Gauge
export const NOTICE = 'foreload/notice'; // Notice; at most one unasked a day, decided by the daemon
export const DASHBOARD_CHANGED = 'foreload/dashboardChanged'; // DashboardUpdate
export const ANALYSIS_STATE = 'foreload/analysisState'; // AnalysisState

/**
 * A run is about to start or has just started.
 *
 * `trigger` is `terminal`, `task` or `debug`; `commandLine` for terminals and shell tasks, `program` where the entry file is known.
 * Both stay in the daemon. The answer comes when the broker has taken the signal in and the limit is up, or after `waitMilliseconds`.
 */
export interface RunStarting {
  runId: string;
  trigger: string;
  waitMilliseconds: number;
  commandLine: string | null;
  program: string | null;
  cwd: string | null;
  kind: string | null;
}

/** `state`: `raised`, `enough` (nothing to raise), `late` (the wait was over first), `notAllowed`, `noBroker`, `unknown` (no demand known). */
export interface RunAnswer {
  state: string;
  limitCores: number | null;
  milliseconds: number;
}

export interface RunEnded {
  runId: string;
  exitCode: number | null;
}

/** What only the editor knows. */
export interface Context {
  telemetryEnabled: boolean;
  trusted: boolean;
  focused: boolean;
  lensesEnabled: boolean;
  lensThresholdRatio: number;
}

export interface Switches {
  analysis: boolean;
  shareFeatures: boolean;
  automaticScaling: boolean;
  cohortHistory: boolean;
}

/** One field that is or would be sent: its name on the wire, the current value, what it means, and which switch lets it go. */
export interface VectorRow {
  name: string;
  value: string;
  words: string;
  switch: string;
}

/** `given` is False until the person has chosen once; `textVersion` is the version of the wording they saw. */
export interface Permission {
  environment: string;
  given: boolean;
  switches: Switches;
  textVersion: number;
  textDate: string;
  telemetryEnabled: boolean;
  vector: VectorRow[];
  at: string;
  confirmedByBroker: boolean;
}

/** `switch`: empty for all, else automaticScaling or shareFeatures. */
export interface LedgerQuery {
  limit: number;
  switch: string;
}

/** One message: its fields with their values, and which switch let it go (in words). */
export interface LedgerRow {
  at: number;
  kind: string;
  allowedBy: string;
  bytes: number;
  fields: [string, string][];
}

/** `shown` of `total` messages fit the query. `sent`: kind and how many of it went since the last deletion. */
export interface Ledger {
  environment: string;
  rows: LedgerRow[];
  shown: number;
  total: number;
  totalBytes: number;
  since: number | null;
  hours: LedgerHour[];
  sent: [string, string][];
  choices: LedgerChoice[];
}

/** Whether it was done, and one sentence for the person. */
export interface Outcome {
  done: boolean;
  text: string;
}

/** One resource in the tooltip; texts as shown. */
export interface GaugeRow {
  name: string;
  used: string;
  limit: string;
  peak: string;
  will: string;
}

/** `state`: starting, calm, changing, warning, shadow, learning, paused, noPermission, noBroker. `text` follows the icon in the status bar. */
export interface Gauge {
  state: string;
  text: string;
  rows: GaugeRow[];
  note: string;
  usedCores: number | null;
  limitCores: number | null;
  usedMemoryBytes: number | null;
  limitMemoryBytes: number | null;
}

/** `minutes` None resumes. */
export interface Pause {
  minutes: number | null;
}

export interface Announce {
  cores: number | null;
  memoryBytes: number | null;
  minutes: number;
}

/** `state`: good, warning, bad. `fix` says what to do, empty when good. `actions`: commands and their labels. */
export interface Check {
  name: string;
  state: string;
  text: string;
  fix: string;
  actions: [string, string][];
}

export interface Doctor {
  checks: Check[];
}

/** For the language status item: `text` as shown, for one document. */
export interface AnalysisState {
  uri: string;
  text: string;
  heavyFunctions: number;
}

/** What left in one hour of the last week. */
export interface LedgerHour {
  at: number;
  bytes: number;
}

/** What a person allowed or took back, and whether the broker confirmed it; empty where it need not. */
export interface LedgerChoice {
  at: number;
  words: string;
  confirmed: string;
}

export interface LedgerCsv {
  text: string;
}

/** Something that a person should hear of now. `actions`: answer and label; the first is what no answer means. */
export interface Notice {
  key: string;
  kind: string;
  text: string;
  detail: string;
  actions: [string, string][];
}

/** `answer`: one of the notice's actions, or `mute`: not again. */
export interface NoticeAnswer {
  key: string;
  answer: string;
}

/** A process of this environment and what it holds. Its name stays on this machine. */
export interface Holder {
  processId: number;
  name: string;
  memory: string;
  share: string;
}

export interface Holders {
  holders: Holder[];
  text: string;
}
