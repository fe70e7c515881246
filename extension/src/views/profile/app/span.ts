// Times of a day on the week's grid: snapped, kept inside the day, and read aloud. Pure.
import * as l10n from '../../shared/l10n';

export const DAY_MINUTES = 1440;
export const SNAP_MINUTES = 30;
/** A hand that aims at a line misses it by about this much. */
const UNSTEADY_MINUTES = 4;
export const DAY_NAMES = [
  l10n.t('Monday'),
  l10n.t('Tuesday'),
  l10n.t('Wednesday'),
  l10n.t('Thursday'),
  l10n.t('Friday'),
  l10n.t('Saturday'),
  l10n.t('Sunday'),
];

/** A stretch of one day. */
export interface Span {
  day: number;
  startMinute: number;
  endMinute: number;
}

/** The stretch between two places of one day, in whole steps, one step long at least. */
export function spanBetween(day: number, one: number, other: number): Span {
  const low = Math.floor((Math.min(one, other) + UNSTEADY_MINUTES) / SNAP_MINUTES) * SNAP_MINUTES;
  const high = Math.ceil((Math.max(one, other) - UNSTEADY_MINUTES) / SNAP_MINUTES) * SNAP_MINUTES;
  const startMinute = Math.min(Math.max(0, low), DAY_MINUTES - SNAP_MINUTES);
  return { day, startMinute, endMinute: Math.min(DAY_MINUTES, Math.max(high, startMinute + SNAP_MINUTES)) };
}

/** Moved by days and minutes, as far as the week and the day go; its length stays. */
export function moved(span: Span, days: number, minutes: number): Span {
  const length = span.endMinute - span.startMinute;
  const startMinute = Math.min(DAY_MINUTES - length, Math.max(0, span.startMinute + minutes));
  return { day: Math.min(6, Math.max(0, span.day + days)), startMinute, endMinute: startMinute + length };
}

/** With its end moved; one step long at least. */
export function resized(span: Span, minutes: number): Span {
  return { ...span, endMinute: Math.min(DAY_MINUTES, Math.max(span.startMinute + SNAP_MINUTES, span.endMinute + minutes)) };
}

export function clockText(minute: number): string {
  return `${String(Math.floor(minute / 60)).padStart(2, '0')}:${String(minute % 60).padStart(2, '0')}`;
}

export function spanText({ day, startMinute, endMinute }: Span): string {
  return l10n.t('{0}, {1} to {2}', DAY_NAMES[day] ?? '', clockText(startMinute), clockText(endMinute));
}

export function overlaps(one: Span, other: Span): boolean {
  return one.day === other.day && one.startMinute < other.endMinute && other.startMinute < one.endMinute;
}
