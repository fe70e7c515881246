// What the charts draw: the daemon's dashboard in screen units, for the stretch of time that is looked at. Pure.
import type { Dashboard, LaneWindow, Series } from '../../../protocol';
import { type Measure, measureOf } from '../../shared/format';
import { axisMaximum } from '../../shared/scale';

export type Values = (number | null)[];

/** A stretch of time, in seconds since 1970. */
export interface Stretch {
  from: number;
  to: number;
}

export interface ChartData {
  resource: string;
  measure: Measure;
  times: readonly number[];
  used: Values;
  limit: Values;
  planned: Values;
  low: Values;
  middle: Values;
  high: Values;
  maximum: number;
  now: number;
  view: Stretch;
  windows: readonly LaneWindow[];
  /** Until when the past has no samples, or null. */
  unknownUntil: number | null;
  noForecast: string | null;
  nextPeak: string;
  /** Whether the forecast goes above the limit that is planned. */
  isShort: boolean;
}

const UNKNOWN_RATIO = 0.02;
const YOUNG_SECONDS = 3_600;

/** Whether so little was measured yet that it would be a thin line at the edge of the hours. */
export function isYoung({ times, series, now }: Pick<Dashboard, 'times' | 'series' | 'now'>): boolean {
  const first = times.find((_, index) => series.some(({ used }) => used[index] != null));
  return first === undefined || now - first < YOUNG_SECONDS;
}

/** The data of one chart. */
export function chartData(dashboard: Dashboard, series: Series, view: Stretch): ChartData {
  const measure = measureOf(series.resource);
  const scaled = (values: Values): Values => values.map((value) => (value === null ? null : value / measure.divisor));
  const lists = {
    used: scaled(series.used),
    limit: scaled(series.limit),
    planned: scaled(series.planned),
    low: scaled(series.low),
    middle: scaled(series.middle),
    high: scaled(series.high),
  };
  return {
    ...lists,
    resource: series.resource,
    measure,
    times: dashboard.times,
    maximum: axisMaximum([lists.used, lists.limit, lists.planned, lists.high], measure.leastMaximum),
    now: dashboard.now,
    view,
    windows: dashboard.windows,
    unknownUntil: unknownUntil(dashboard, lists.used),
    noForecast: series.noForecast,
    nextPeak: series.nextPeak,
    isShort: shortStretches(lists.middle, lists.planned).length > 0,
  };
}

/** The last value that is known. */
export function latest(values: Values): number | null {
  return values.findLast((value) => value !== null) ?? null;
}

function unknownUntil({ times, start, end }: Dashboard, used: Values): number | null {
  const first = used.findIndex((value) => value !== null);
  const time = times[first];
  return time !== undefined && time - start > (end - start) * UNKNOWN_RATIO ? time : null;
}

/** Where the forecast is above the planned limit: pairs of first and last index. */
export function shortStretches(middle: Values, planned: Values): [first: number, last: number][] {
  const found: [number, number][] = [];
  let open: number | null = null;
  for (let index = 0; index <= middle.length; index += 1) {
    const expected = middle[index] ?? null;
    const limit = planned[index] ?? null;
    const over = expected !== null && limit !== null && expected > limit;
    if (over) open ??= index;
    else if (open !== null) {
      found.push([open, index - 1]);
      open = null;
    }
  }
  return found;
}

/** The limit in force or planned, as one list of steps: value, first and last index. */
export function limitSteps({ limit, planned }: Pick<ChartData, 'limit' | 'planned'>): { value: number; first: number; last: number }[] {
  const steps: { value: number; first: number; last: number }[] = [];
  for (let index = 0; index < limit.length; index += 1) {
    const value = planned[index] ?? limit[index] ?? null;
    const open = steps.at(-1);
    if (value === null) continue;
    if (open?.value === value && open.last === index - 1) open.last = index;
    else steps.push({ value, first: index, last: index });
  }
  return steps;
}
