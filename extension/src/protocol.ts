// What extension and daemon say to each other beside the language server protocol: the mirror of
// daemon/foreload_daemon/protocol.py, one interface a dataclass. A test holds the two together, so change both or neither.

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

/** `range` is 15m, 6h or 7d. */
export interface DashboardQuery {
  range: string;
}

/** One resource on the time axis; every list has one value a time, null where there is none. Amounts in base units. */
export interface Series {
  resource: string;
  used: (number | null)[];
  limit: (number | null)[];
  planned: (number | null)[];
  low: (number | null)[];
  middle: (number | null)[];
  high: (number | null)[];
  method: string | null;
  noForecast: string | null;
  nextPeak: string;
}

/** `kind`: peak, idle, deadline or signal. Times are seconds since 1970. */
export interface LaneWindow {
  kind: string;
  start: number;
  end: number;
  text: string;
}

export interface LaneMark {
  at: number;
  direction: string;
  done: boolean;
  text: string;
  decisionId: string | null;
}

/** One row of the log. `outcome`: planned, applied, right, notNeeded, tooLittle, heldBack, undone, refused, failed, shadow. */
export interface DecisionRow {
  decisionId: string;
  at: number;
  what: string;
  why: string;
  outcome: string;
  outcomeText: string;
  actions: string[];
}

/** A recent run and what its start cost: how soon the limit was up, and how long it was held back. */
export interface RunRow {
  at: number;
  name: string;
  trigger: string;
  raisedAfterMilliseconds: number | null;
  throttledSeconds: number | null;
  seconds: number | null;
  text: string;
}

/** What is so, and what to do. `actions` are command names without the prefix `foreload.` */
export interface Strip {
  kind: string;
  icon: string;
  title: string;
  text: string;
  actions: [string, string][];
}

export interface Dashboard {
  environment: string;
  status: string;
  statusKind: string;
  sentence: string;
  strip: Strip | null;
  now: number;
  start: number;
  end: number;
  times: number[];
  series: Series[];
  windows: LaneWindow[];
  marks: LaneMark[];
  decisions: DecisionRow[];
  decisionTotal: number;
  runs: RunRow[];
  skillText: string;
  skillDays: SkillDay[];
  cost: CostCard;
  tasksText: string;
  throttledSecondsWeek: number;
  oomKillsWeek: number;
  changesToday: number;
  scalingPaused: boolean;
  range: string;
}

/** Pushed at most once a second: the whole page again. */
export interface DashboardUpdate {
  dashboard: Dashboard;
}

export interface Watch {
  open: boolean;
  range: string;
}

/** `action`: pin, unpin, undo, decline. */
export interface Act {
  action: string;
  decisionId: string;
}

export interface Explain {
  decisionId: string;
}

/** A decision's page, and the same in Markdown, to be copied. `problem` says what could not be had. */
export interface Explanation {
  title: string;
  markdown: string;
  environment: string;
  decisionId: string;
  lead: string;
  changes: ExplainedChange[];
  chart: DecisionChart | null;
  outcome: string;
  outcomeText: string;
  facts: [string, string][];
  alike: [string, string][];
  alternatives: Alternative[];
  known: [string, string][];
  actions: string[];
  problem: string;
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

/** Text of a `.foreload/profile.json`, new or as it stands in the editor. */
export interface ProfileDraft {
  text: string;
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

/** `patterns`: those seen in the history that the new profile is to keep; without any it has an example. */
export interface NewProfile {
  patterns: Pattern[];
}

/** One way out of a problem: `path` gets `value`, which is JSON; empty takes it away. */
export interface ProfileFix {
  label: string;
  path: string;
  value: string;
}

/** `rule` is the window's place, -1 where it is about something else. */
export interface ProfileProblem {
  path: string;
  message: string;
  line: number;
  rule: number;
  fixes: ProfileFix[];
}

/** One row of the week. `used`: mean cores of each half hour over the last weeks, null where not measured. */
export interface ProfileDay {
  label: string;
  today: boolean;
  used: (number | null)[];
}

/**
 * What a rule comes to on one day of the shown week; minutes from midnight, 1440 is its end.
 *
 * `movable`: it comes from days and times of the week, so it can be dragged.
 */
export interface ProfileBlock {
  rule: number;
  day: number;
  startMinute: number;
  endMinute: number;
  kind: string;
  text: string;
  label: string;
  wrong: boolean;
  movable: boolean;
}

/** One window. `technical` is its RRULE, cron or dates; `whenKey` names the field that holds it, `when` its text. */
export interface ProfileRule {
  index: number;
  kind: string;
  name: string;
  words: string;
  technical: string;
  whenKey: string;
  when: string;
  expects: string;
  next: string;
  enabled: boolean;
  cores: number | null;
  memoryGib: number | null;
}

/** Least and most of one resource, in the file's unit. */
export interface ProfileBound {
  key: string;
  name: string;
  unit: string;
  least: number | null;
  most: number | null;
}

/** A time at which more was needed week after week. `key` names it, `every` is its rule, `words` the question. */
export interface Pattern {
  key: string;
  every: string;
  name: string;
  day: number;
  startMinute: number;
  endMinute: number;
  cores: number;
  weeks: number;
  words: string;
}

/** `text` says what there is, or why there is nothing. */
export interface Patterns {
  patterns: Pattern[];
  text: string;
}

/** The profile's editor. `readable` is False while the text is no JSON object; then only `problems` counts. */
export interface ProfilePage {
  environment: string;
  readable: boolean;
  name: string;
  timeZone: string;
  problems: ProfileProblem[];
  days: ProfileDay[];
  blocks: ProfileBlock[];
  rules: ProfileRule[];
  bounds: ProfileBound[];
  budgetUsdPerMonth: number | null;
  spentText: string;
  preference: number;
  nowDay: number;
  nowMinute: number;
  historyDays: number;
  pattern: Pattern | null;
}

/**
 * `action`: paint, move, erase, set, remove, add. `path` and `value` (JSON, empty: take away) are for set.
 *
 * `index` is a rule, `day` 0 (Monday) to 6, minutes are from midnight.
 */
export interface ProfileChange {
  text: string;
  action: string;
  path: string;
  value: string;
  index: number;
  day: number;
  startMinute: number;
  endMinute: number;
  kind: string;
  cores: number | null;
  memoryGib: number | null;
}

/** The text after a change (the same where nothing was done), and one sentence of what was done. */
export interface ProfileChanged {
  text: string;
  said: string;
}

/** What one preference would have come to on this environment's own past. */
export interface Stop {
  preference: number;
  costUsdPerMonth: number;
  shortMinutesPerWeek: number;
  memoryKills: number;
  words: string;
}

/** `text` says on what they rest, or why there are none. */
export interface Stops {
  stops: Stop[];
  text: string;
}

/** What the limits cost, as shown. `rows`: words and amount. Ratios are of the budget, null where there is none. */
export interface CostCard {
  note: string;
  rows: [string, string][];
  monthName: string;
  month: string;
  monthRatio: number | null;
  expectedRatio: number | null;
  expected: string;
  text: string;
}

/** How much closer than "same as last week" the forecast of one day was; below 0: further away. */
export interface SkillDay {
  label: string;
  ratio: number;
}

export interface DecisionsQuery {
  limit: number;
}

export interface Decisions {
  rows: DecisionRow[];
  total: number;
}

/** `resource`: cpu, memory, gpu or net_rx. `by`: week (the hours of a mean week) or day (of the last two weeks). */
export interface TrendsQuery {
  resource: string;
  by: string;
}

/** One day: the part of the limit that each hour used, null where not measured; and hours that reached the limit. */
export interface HeatRow {
  label: string;
  values: (number | null)[];
  reached: boolean[];
}

/** One place of a line chart; `other` is the rival: "same as last week", or what was held. */
export interface TrendPoint {
  label: string;
  value: number | null;
  other: number | null;
}

/** The trends of one resource. `nowRow` and `nowHour` are -1 where now is not in the picture. */
export interface Trends {
  environment: string;
  resource: string;
  by: string;
  resources: [string, string][];
  sentence: string;
  note: string;
  rows: HeatRow[];
  nowRow: number;
  nowHour: number;
  errors: TrendPoint[];
  errorUnit: string;
  errorText: string;
  held: TrendPoint[];
  heldUnit: string;
  heldText: string;
}

/** A function of an open file; its place opens it. Counted here only: names do not leave this machine. */
export interface HeavyFunction {
  name: string;
  file: string;
  uri: string;
  line: number;
  share: number;
  words: string;
}

export interface Heaviest {
  functions: HeavyFunction[];
  text: string;
}

/** One step on the way to the target: where the value stood before and after it, in the units of the screen. */
export interface DecisionStep {
  icon: string;
  name: string;
  text: string;
  before: number;
  value: number;
  valueText: string;
}

/** How one resource's target came about; the bars go from 0 to `most`. */
export interface ExplainedChange {
  heading: string;
  note: string;
  most: number;
  steps: DecisionStep[];
}

/** What came, over what was expected: one value a time, in the units of the screen. `at` is the decision. */
export interface DecisionChart {
  resource: string;
  at: number;
  now: number;
  times: number[];
  used: (number | null)[];
  limit: (number | null)[];
  low: (number | null)[];
  middle: (number | null)[];
  high: (number | null)[];
  stay: number | null;
}

/** Another amount, or another way, and why it was not taken. `chosen` marks the one that was. */
export interface Alternative {
  instead: string;
  short: string;
  cost: string;
  why: string;
  chosen: boolean;
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
