// Messages of the dashboard, the trends and the page of a decision: the mirror of daemon/foreload_daemon/protocol_pages.py.

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

/** `action`: pin, unpin, undo, decline. */
export interface Act {
  action: string;
  decisionId: string;
}

export interface Explain {
  decisionId: string;
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
