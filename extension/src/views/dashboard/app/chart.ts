// One small multiple: use, limit, forecast and planned limit of a resource over time.
import uPlot from 'uplot';
import { amountText, type Clock } from '../../shared/format';
import { timeTicks, valueTicks } from '../../shared/scale';
import { colour, font, isHighContrast } from './colours';
import type { ChartData } from './model';
import { drawAbove, drawBehind } from './painting';

const TIME_AXIS_PIXELS = 22;
const AWAY_PIXELS = -10;
const SYNC_KEY = 'foreload';
const stepped = uPlot.paths.stepped?.({ align: 1 });

export interface ChartHooks {
  /** The cursor is at a sample, or nowhere. */
  moved: (index: number | null) => void;
  zoomed: (from: number, to: number) => void;
  unzoomed: () => void;
}

/** Sizes that all charts and the lane share. */
export interface Geometry {
  width: number;
  axisColumn: number;
  narrow: boolean;
}

/** A chart that keeps its canvas and takes new data. */
export class Chart {
  private plot: uPlot;

  constructor(
    private readonly host: HTMLElement,
    private data: ChartData,
    private readonly clock: Clock,
    geometry: Geometry,
    private readonly isLast: boolean,
    hooks: ChartHooks,
  ) {
    this.plot = new uPlot(this.options(geometry, hooks), rows(data), host);
    this.plot.root.querySelector('canvas')?.setAttribute('aria-hidden', 'true');
    this.plot.over.addEventListener('dblclick', () => hooks.unzoomed());
    this.describe();
  }

  update(data: ChartData): void {
    this.data = data;
    this.plot.setData(rows(data));
    this.describe();
  }

  resize(width: number): void {
    if (width !== this.plot.width) this.plot.setSize({ width, height: this.plot.height });
  }

  /** Puts the cursor at a sample, or takes it away. */
  point(index: number | null): void {
    const time = index === null ? undefined : this.data.times[index];
    const left = time === undefined ? AWAY_PIXELS : this.plot.valToPos(time, 'x');
    this.plot.setCursor({ left, top: time === undefined ? AWAY_PIXELS : 0 }, false);
  }

  /** Where the cursor stands, in pixels from the left edge of the chart. */
  get cursorLeft(): number {
    return (this.plot.cursor.left ?? 0) + this.plot.over.offsetLeft;
  }

  destroy(): void {
    this.plot.destroy();
    this.host.replaceChildren();
  }

  private describe(): void {
    this.host.setAttribute('role', 'img');
    const label = this.host.parentElement?.querySelector('.tl-label');
    this.host.setAttribute(
      'aria-label',
      [...(label?.children ?? [])]
        .map((part) => part.textContent.trim())
        .filter((text) => text !== '')
        .join(', '),
    );
  }

  private options({ width, axisColumn, narrow }: Geometry, hooks: ChartHooks): uPlot.Options {
    const muted = colour('--fl-muted');
    const grid = { stroke: colour('--fl-grid'), width: 1 };
    const edge = { stroke: colour('--fl-use', isHighContrast() ? 0.9 : 0.35), width: 1, points: { show: false } };
    const line = (role: string, extra: Partial<uPlot.Series>): uPlot.Series => ({
      stroke: colour(role),
      width: 1.75,
      points: { show: false },
      ...extra,
    });
    const limit = stepped === undefined ? {} : { paths: stepped };
    const ticks = (): { ticks: number[]; days: boolean } => timeTicks(this.data.view.from, this.data.view.to, narrow ? 5 : 11, this.clock);
    return {
      width,
      height: heightOf(this.data.resource, narrow) + (this.isLast ? TIME_AXIS_PIXELS : 0),
      padding: [6, 8, this.isLast ? 0 : 4, 0],
      legend: { show: false },
      cursor: { sync: { key: SYNC_KEY, setSeries: false }, points: { size: 6 }, y: false, drag: { x: true, y: false, setScale: false } },
      scales: {
        x: { time: true, range: () => [this.data.view.from, this.data.view.to] },
        y: { range: () => [0, this.data.maximum] },
      },
      axes: [
        {
          size: this.isLast ? TIME_AXIS_PIXELS : 0,
          gap: 4,
          stroke: muted,
          font: font(11),
          grid,
          ticks: { show: false },
          splits: () => ticks().ticks,
          values: (_, times) =>
            times.map((time) => (this.isLast ? (ticks().days ? this.clock.dayText(time) : this.clock.timeText(time)) : '')),
        },
        {
          size: axisColumn,
          gap: 6,
          stroke: muted,
          font: font(11),
          grid,
          ticks: { show: false },
          splits: () => valueTicks(this.data.maximum, mostTicks(this.data.resource, narrow)),
          values: (_, values) => values.map(amountText),
        },
      ],
      series: [
        {},
        edge,
        edge,
        line('--fl-use', { width: 1.5, dash: [5, 4] }),
        line('--fl-use', { fill: colour('--fl-use', 0.1) }),
        line('--fl-limit', limit),
        line('--fl-limit', { ...limit, dash: [2, 3] }),
      ],
      bands: [{ series: [1, 2], fill: colour('--fl-band') }],
      hooks: {
        drawClear: [(plot) => drawBehind(plot, this.data)],
        draw: [(plot) => drawAbove(plot, this.data)],
        setCursor: [(plot) => hooks.moved(plot.cursor.left === undefined || plot.cursor.left < 0 ? null : (plot.cursor.idx ?? null))],
        setSelect: [
          (plot) => {
            if (plot.select.width < 4) return;
            hooks.zoomed(plot.posToVal(plot.select.left, 'x'), plot.posToVal(plot.select.left + plot.select.width, 'x'));
            plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
          },
        ],
      },
    };
  }
}

function rows(data: ChartData): uPlot.AlignedData {
  return [data.times as number[], data.high, data.low, data.middle, data.used, data.limit, data.planned];
}

function heightOf(resource: string, narrow: boolean): number {
  if (resource === 'cpu') return narrow ? 92 : 128;
  if (resource === 'memory') return narrow ? 64 : 78;
  return narrow ? 52 : 62;
}

function mostTicks(resource: string, narrow: boolean): number {
  return resource === 'cpu' && !narrow ? 4 : 3;
}
