// Times and amounts as the pages show them. Pure. Texts from the daemon come ready; this is for axes, tips and tables.
import * as l10n from './l10n';

const GIB = 1024 ** 3;
const MEGABYTE = 1_000_000;

/** How one resource is named and counted on the screen. */
export interface Measure {
  name: string;
  /** Base units in one screen unit. */
  divisor: number;
  unit: string;
  /** Smallest height of its axis, in screen units, so that an idle resource is not blown up. */
  leastMaximum: number;
}

const MEASURES: Record<string, Measure> = {
  cpu: { name: 'CPU', divisor: 1, unit: 'cores', leastMaximum: 1 },
  memory: { name: l10n.t('Memory'), divisor: GIB, unit: 'GiB', leastMaximum: 0.5 },
  gpu: { name: 'GPU', divisor: 1, unit: 'GPU', leastMaximum: 0.5 },
  net_rx: { name: l10n.t('Network'), divisor: MEGABYTE, unit: l10n.t('MB/s in'), leastMaximum: 1 },
  net_tx: { name: l10n.t('Network'), divisor: MEGABYTE, unit: l10n.t('MB/s out'), leastMaximum: 1 },
};

export function measureOf(resource: string): Measure {
  return MEASURES[resource] ?? { name: resource, divisor: 1, unit: '', leastMaximum: 1 };
}

/** An amount in screen units, without more digits than are known. */
export function amountText(value: number): string {
  const size = Math.abs(value);
  if (size >= 10) return String(Math.round(value));
  if (size >= 1 || size === 0) return trimmed(value, 1);
  return size < 0.095 ? trimmed(value, 2) : trimmed(value, size < 0.3 ? 2 : 1);
}

function trimmed(value: number, digits: number): string {
  return value.toFixed(digits).replace(/\.?0+$/, '');
}

/** An amount with its unit: "4 cores", "1 core", "8 GiB". */
export function withUnit(value: number, { unit }: Measure): string {
  const text = amountText(value);
  return `${text} ${unit === 'cores' && text === '1' ? 'core' : unit}`;
}

/** Formats times in one zone. */
export class Clock {
  private readonly time: Intl.DateTimeFormat;
  private readonly second: Intl.DateTimeFormat;
  private readonly day: Intl.DateTimeFormat;
  private readonly parts: Intl.DateTimeFormat;

  constructor(readonly zone: string) {
    const base = { timeZone: zone, hourCycle: 'h23' } as const;
    this.time = new Intl.DateTimeFormat('en-GB', { ...base, hour: '2-digit', minute: '2-digit' });
    this.second = new Intl.DateTimeFormat('en-GB', { ...base, hour: '2-digit', minute: '2-digit', second: '2-digit' });
    this.day = new Intl.DateTimeFormat('en-GB', { ...base, weekday: 'short', day: 'numeric' });
    this.parts = new Intl.DateTimeFormat('en-GB', {
      ...base,
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    });
  }

  /** 14:28 */
  timeText(seconds: number): string {
    return this.time.format(seconds * 1000);
  }

  /** 14:28:10 */
  secondText(seconds: number): string {
    return this.second.format(seconds * 1000);
  }

  /** Tue 24 */
  dayText(seconds: number): string {
    return this.day.format(seconds * 1000).replace(',', '');
  }

  /** 14:28 today, else Tue 24, 14:28. */
  momentText(seconds: number, now: number): string {
    const near = this.dayText(seconds) === this.dayText(now);
    return near ? this.timeText(seconds) : `${this.dayText(seconds)}, ${this.timeText(seconds)}`;
  }

  /** Seconds that the zone is ahead of UTC then. */
  offsetSeconds(seconds: number): number {
    const part = Object.fromEntries(this.parts.formatToParts(seconds * 1000).map(({ type, value }) => [type, Number(value)]));
    const local = Date.UTC(
      part['year'] ?? 0,
      (part['month'] ?? 1) - 1,
      part['day'] ?? 1,
      part['hour'] ?? 0,
      part['minute'] ?? 0,
      part['second'] ?? 0,
    );
    return Math.round(local / 1000 - Math.floor(seconds));
  }

  /** UTC, UTC+1, UTC−3:30 */
  offsetText(seconds: number): string {
    const minutes = Math.round(this.offsetSeconds(seconds) / 60);
    if (minutes === 0) return 'UTC';
    const rest = Math.abs(minutes) % 60;
    return `UTC${minutes < 0 ? '−' : '+'}${Math.floor(Math.abs(minutes) / 60)}${rest === 0 ? '' : `:${String(rest).padStart(2, '0')}`}`;
  }
}

export function durationText(seconds: number): string {
  if (seconds < 10) return `${trimmed(seconds, 1)} s`;
  if (seconds < 90) return `${Math.round(seconds)} s`;
  if (seconds < 5_400) return `${Math.round(seconds / 60)} min`;
  return `${Math.round(seconds / 3_600)} h`;
}

export function countText(count: number): string {
  return count.toLocaleString('en-US');
}

export function bytesText(bytes: number): string {
  if (bytes < 1_000) return `${bytes} B`;
  if (bytes < 1_000_000) return `${amountText(bytes / 1_000)} KB`;
  return `${amountText(bytes / 1_000_000)} MB`;
}
