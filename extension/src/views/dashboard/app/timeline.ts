// The picture: lane and charts on one time axis, with one cursor, one tip and one stretch of time.
import * as l10n from '../../shared/l10n';
import type { Dashboard, Series } from '../../../protocol';
import { element, replaceContent } from '../../shared/dom';
import { amountText, withUnit, type Clock } from '../../shared/format';
import { Chart, type Geometry } from './chart';
import { laneNodes } from './lane';
import { type ChartData, chartData, latest, type Stretch } from './model';
import { tipNodes } from './numbers';

const NARROW_PIXELS = 640;
const SHORTEST_ZOOM_SECONDS = 60;

export interface TimelineHooks {
  command: (name: string) => void;
  why: (decisionId: string) => void;
  zoomed: (zoom: Stretch | null) => void;
}

interface Row {
  host: HTMLElement;
  label: HTMLElement;
  plot: HTMLElement;
  chart: Chart | undefined;
}

export class Timeline {
  readonly node = element('section', { class: 'tl', attributes: { 'aria-label': l10n.t('Use, forecast and limits') } });
  /** What the charts show now. */
  charts: ChartData[] = [];
  private readonly lane = element('div', { class: 'lane' });
  private readonly tip = element('div', { class: 'tip', attributes: { hidden: '' } });
  private readonly rows = new Map<string, Row>();
  private dashboard: Dashboard | undefined;
  private cursor: number | null = null;

  constructor(
    private clock: Clock,
    private zoom: Stretch | null,
    private readonly hooks: TimelineHooks,
  ) {
    const label = element(
      'div',
      { class: 'tl-label second' },
      l10n.t('Profile and signals'),
      element('br'),
      element('span', { class: 'lane-l2', text: l10n.t('Changes') }),
    );
    this.node.append(element('div', { class: 'tl-row lane-row' }, label, this.lane), this.tip);
    new ResizeObserver(() => this.resize()).observe(this.node);
  }

  get isZoomed(): boolean {
    return this.zoom !== null;
  }

  /** What the forecast goes above the limit of. */
  get shortOf(): string[] {
    return this.charts.filter((chart) => chart.isShort).map((chart) => chart.measure.name);
  }

  setClock(clock: Clock): void {
    this.clock = clock;
    this.rebuild();
  }

  setZoom(zoom: Stretch | null): void {
    this.zoom = zoom;
    this.hooks.zoomed(zoom);
    if (this.dashboard !== undefined) this.update(this.dashboard);
  }

  /** Shows new data. Charts keep their canvas. */
  update(dashboard: Dashboard): void {
    this.dashboard = dashboard;
    const view = this.view(dashboard);
    this.charts = dashboard.series.map((series) => chartData(dashboard, series, view));
    const shown = dashboard.series.map((series) => series.resource);
    if (shown.join() !== [...this.rows.keys()].join()) this.makeRows(shown);
    dashboard.series.forEach((series, index) => this.updateRow(series, index));
    this.drawLane(dashboard, view);
    this.showTip();
  }

  /** Makes all charts anew: colours or sizes have changed. */
  rebuild(): void {
    for (const row of this.rows.values()) {
      row.chart?.destroy();
      row.chart = undefined;
    }
    if (this.dashboard !== undefined) this.update(this.dashboard);
  }

  private view({ start, end }: Dashboard): Stretch {
    const zoom = this.zoom;
    if (zoom !== null && zoom.to > start && zoom.from < end) return zoom;
    this.zoom = null;
    return { from: start, to: end };
  }

  private makeRows(resources: readonly string[]): void {
    for (const row of this.rows.values()) {
      row.chart?.destroy();
      row.host.remove();
    }
    this.rows.clear();
    for (const resource of resources) {
      const label = element('div', { class: 'tl-label' });
      const plot = element('div', {
        class: 'plot',
        attributes: { tabindex: '0', 'data-resource': resource },
        on: { keydown: (event) => this.key(event as KeyboardEvent), blur: () => this.point(null) },
      });
      const host = element('div', { class: 'tl-row' }, label, plot);
      this.tip.before(host);
      this.rows.set(resource, { host, label, plot, chart: undefined });
    }
  }

  private updateRow(series: Series, index: number): void {
    const row = this.rows.get(series.resource);
    const data = this.charts[index];
    if (row === undefined || data === undefined) return;
    replaceContent(row.label, ...labelNodes(data));
    if (row.chart === undefined) {
      const geometry = this.geometry(row.plot);
      if (geometry.width <= 0) return;
      row.chart = new Chart(row.plot, data, this.clock, geometry, index === this.charts.length - 1, {
        moved: (sample) => this.moved(sample),
        zoomed: (from, to) => this.setZoom(to - from < SHORTEST_ZOOM_SECONDS ? this.zoom : { from, to }),
        unzoomed: () => this.setZoom(null),
      });
    } else {
      row.chart.update(data);
    }
    this.note(row.plot, data, index);
  }

  /** Says on the first chart why there is no forecast. */
  private note(plot: HTMLElement, data: ChartData, index: number): void {
    plot.querySelector('.plotnote')?.remove();
    const future = data.middle.some((value) => value !== null);
    if (index !== 0 || future || data.noForecast === null || data.now > data.view.to) return;
    const note = element('span', { class: 'plotnote', text: data.noForecast });
    const middle = (Math.max(data.now, data.view.from) + data.view.to) / 2;
    note.style.setProperty('--at', String((middle - data.view.from) / (data.view.to - data.view.from)));
    plot.append(note);
  }

  private geometry(plot: HTMLElement): Geometry {
    const axisColumn = parseInt(getComputedStyle(document.documentElement).getPropertyValue('--axis-col'), 10) || 40;
    return { width: plot.clientWidth, axisColumn, narrow: innerWidth <= NARROW_PIXELS };
  }

  private drawLane(dashboard: Dashboard, view: Stretch): void {
    const nodes = laneNodes(dashboard, view, this.clock, this.lane.clientWidth, innerWidth <= NARROW_PIXELS, {
      openWindow: (window) => window.kind !== 'signal' && this.hooks.command('newProfile'),
      openDecision: (decisionId) => this.explain(decisionId),
    });
    replaceContent(this.lane, ...nodes);
  }

  private resize(): void {
    const narrow = innerWidth <= NARROW_PIXELS;
    if (this.node.dataset['narrow'] !== String(narrow)) {
      this.node.dataset['narrow'] = String(narrow);
      this.rebuild();
      return;
    }
    for (const row of this.rows.values()) row.chart?.resize(row.plot.clientWidth);
    if (this.dashboard !== undefined) this.drawLane(this.dashboard, this.view(this.dashboard));
  }

  private moved(sample: number | null): void {
    this.cursor = sample;
    this.showTip();
  }

  private point(sample: number | null): void {
    this.cursor = sample;
    for (const row of this.rows.values()) row.chart?.point(sample);
    this.showTip();
  }

  private showTip(): void {
    const [first] = this.rows.values();
    const nodes = this.cursor === null ? [] : tipNodes(this.charts, this.cursor, this.clock);
    this.tip.hidden = nodes.length === 0;
    if (nodes.length === 0 || first?.chart === undefined) return;
    this.tip.replaceChildren(...nodes);
    const left = first.plot.offsetLeft + first.chart.cursorLeft;
    const beside = left + this.tip.offsetWidth + 16 < this.node.clientWidth ? left + 12 : left - this.tip.offsetWidth - 12;
    this.tip.style.setProperty('left', `${Math.max(0, beside)}px`);
    this.tip.style.setProperty('top', `${first.plot.offsetTop + 14}px`);
  }

  /** Arrows move the cursor by a sample, with Shift by ten; Enter opens the decision beside it; Escape lets go. */
  private key(event: KeyboardEvent): void {
    const steps: Record<string, number> = { ArrowLeft: -1, ArrowRight: 1 };
    const step = steps[event.key];
    if (step !== undefined) this.step(step * (event.shiftKey ? 10 : 1));
    else if (event.key === 'Enter') this.openBeside();
    else if (event.key === 'Escape' && this.isZoomed) this.setZoom(null);
    else if (event.key === 'Escape') this.point(null);
    else return;
    event.preventDefault();
  }

  private step(by: number): void {
    const [first] = this.charts;
    if (first === undefined) return;
    const inside = first.times.flatMap((time, index) => (time >= first.view.from && time <= first.view.to ? [index] : []));
    const low = inside.at(0) ?? 0;
    const high = inside.at(-1) ?? 0;
    const start = this.cursor ?? first.times.findLastIndex((time) => time <= first.now);
    this.point(Math.min(high, Math.max(low, start + by)));
  }

  /** A planned change has no decision yet; only those of the log can be explained. */
  private explain(decisionId: string): void {
    const row = this.dashboard?.decisions.find((decision) => decision.decisionId === decisionId);
    if (row?.actions.includes('why') === true) this.hooks.why(decisionId);
  }

  private openBeside(): void {
    const time = this.charts[0]?.times[this.cursor ?? -1];
    if (time === undefined || this.dashboard === undefined) return;
    const near = this.dashboard.marks
      .filter((mark) => mark.decisionId !== null)
      .sort((one, other) => Math.abs(one.at - time) - Math.abs(other.at - time))[0];
    if (near?.decisionId != null) this.explain(near.decisionId);
  }
}

function labelNodes(data: ChartData): HTMLElement[] {
  const used = latest(data.used);
  const limit = latest(data.limit) ?? data.planned.find((value) => value !== null) ?? null;
  const of = limit === null ? data.measure.unit : `of ${withUnit(limit, data.measure)}`;
  return [
    element('span', { class: 'name', text: data.measure.name }),
    element('span', { class: 'now' }, used === null ? '–' : amountText(used), ' ', element('small', { text: of })),
    element('span', { class: 'next', text: data.nextPeak }),
  ];
}
