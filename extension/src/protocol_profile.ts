// Messages of the profile's editor: its page, its changes, and what the history says: the mirror of daemon/foreload_daemon/protocol_profile.py.

/** `patterns`: those seen in the history that the new profile is to keep; without any it has an example. */
export interface NewProfile {
  patterns: Pattern[];
}

/** Text of a `.foreload/profile.json`, new or as it stands in the editor. */
export interface ProfileDraft {
  text: string;
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
