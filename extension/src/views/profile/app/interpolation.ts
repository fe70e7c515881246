// Between two stops of the preference everything is taken to be linear. Pure.
import type { Stop } from '../../../protocol';

/** What a preference comes to; undefined where there are no stops. */
export function between(stops: readonly Stop[], preference: number): Stop | undefined {
  const right = stops.find((stop) => stop.preference >= preference) ?? stops.at(-1);
  const left = stops.findLast((stop) => stop.preference <= preference) ?? stops[0];
  if (left === undefined || right === undefined) return undefined;
  const width = right.preference - left.preference;
  const part = width > 0 ? (preference - left.preference) / width : 0;
  const mix = (from: number, to: number): number => from + (to - from) * part;
  return {
    preference,
    costUsdPerMonth: mix(left.costUsdPerMonth, right.costUsdPerMonth),
    shortMinutesPerWeek: mix(left.shortMinutesPerWeek, right.shortMinutesPerWeek),
    memoryKills: mix(left.memoryKills, right.memoryKills),
    words: '',
  };
}
