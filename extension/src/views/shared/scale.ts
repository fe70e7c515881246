// Axes: where they end and where their lines stand. Pure.
import type { Clock } from './format';

const HEADROOM = 1.14;
const TOP_CLEAR_RATIO = 0.93;
const STEPS_SECONDS = [60, 300, 900, 1_800, 3_600, 7_200, 10_800, 21_600, 43_200, 86_400, 172_800];

/** The end of a value axis that starts at 0: above everything shown, with room for labels on the limit. */
export function axisMaximum(lists: readonly (readonly (number | null)[])[], least: number): number {
  let highest = 0;
  for (const list of lists) for (const value of list) if (value !== null && value > highest) highest = value;
  return Math.max(least, highest * HEADROOM);
}

/** Round values from 0 on, at most `most` of them (two at least), none at the top edge. */
export function valueTicks(maximum: number, most: number): number[] {
  const end = maximum * TOP_CLEAR_RATIO;
  const power = 10 ** Math.floor(Math.log10(end / most));
  const steps = [1, 2, 5, 10, 20, 50].map((factor) => factor * power);
  const step = steps.find((size) => Math.floor(end / size) + 1 <= most && size <= end) ?? end / 2;
  return Array.from({ length: Math.floor(end / step) + 1 }, (_, index) => Number((index * step).toPrecision(6)));
}

/** Whole minutes, hours or days of the clock's zone between two times, at most `most`. `days` says that they are midnights. */
export function timeTicks(from: number, to: number, most: number, clock: Clock): { ticks: number[]; days: boolean } {
  const step = STEPS_SECONDS.find((size) => (to - from) / size <= most) ?? 172_800;
  const ticks: number[] = [];
  const offset = clock.offsetSeconds(from);
  for (let local = Math.ceil((from + offset) / step) * step; local - offset <= to; local += step) {
    // The offset may change between two ticks (summer time): the tick stays at the same time of day.
    const near = clock.offsetSeconds(local - offset);
    const time = local - near;
    if (time >= from && time <= to) ticks.push(time);
  }
  return { ticks, days: step >= 86_400 };
}
