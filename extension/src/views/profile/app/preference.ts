// Cheapest or fastest: a slider whose cost and risk are known before it moves, from the past of this environment.
import * as l10n from '../../shared/l10n';
import type { Stop, Stops } from '../../../protocol';
import { act, element, icon, replaceContent, section, svg } from '../../shared/dom';
import { columnWidth, onResize } from '../../shared/picture';
import { between } from './interpolation';

const COLUMN = 340;
const HEIGHT = 132;
const LEFT = 28;
const BOTTOM = 20;
const STEP = 0.05;

export class Preference {
  readonly node = element('div', {});
  private readonly slider = element('input', {
    class: 'slider',
    attributes: { type: 'range', min: '0', max: '1', step: String(STEP), 'aria-label': l10n.t('Cheapest or fastest') },
    on: { change: () => this.choose(Number(this.slider.value)) },
  });
  private readonly chart = element('div', { class: 'tradeoff' });
  private readonly words = element('div', { attributes: { 'aria-live': 'polite' } });
  private readonly table = element('div', {});
  private stops: Stops = { stops: [], text: l10n.t('Working out cost and risk from your own past.') };
  private tableShown = false;

  constructor(private readonly choose: (preference: number) => void) {
    this.slider.addEventListener('input', () => this.paint());
    const ends = element(
      'div',
      { class: 'row between second' },
      element('span', { text: 'cheapest' }),
      element('span', { text: 'balanced' }),
      element('span', { text: 'fastest' }),
    );
    this.node.append(
      section(l10n.t('Cheapest or fastest'), [this.slider, ends, this.chart, this.words, this.table], { id: 'h-preference' }),
    );
    this.paint();
    onResize(() => this.paint());
  }

  show(preference: number): void {
    this.slider.value = String(preference);
    this.paint();
  }

  setStops(stops: Stops): void {
    this.stops = stops;
    this.paint();
  }

  /** The profile has changed: what is shown is of the one before it until the new result comes. */
  setWorking(): void {
    this.stops = { ...this.stops, text: l10n.t('Working it out anew, for the profile as it is now.') };
    this.paint();
  }

  private paint(): void {
    const { stops, text } = this.stops;
    const here = between(stops, Number(this.slider.value));
    this.slider.setAttribute(
      'aria-valuetext',
      here === undefined ? l10n.t('{0} of 100 towards fastest', Math.round(Number(this.slider.value) * 100)) : sentence(here),
    );
    replaceContent(this.chart, here === undefined ? null : picture(stops, here));
    replaceContent(
      this.words,
      here === undefined ? null : element('p', { class: 'strong', text: sentence(here) }),
      element('p', { class: 'second', text }),
    );
    const toggle = act(this.tableShown ? l10n.t('Hide the table') : l10n.t('Show as table'), () => {
      this.tableShown = !this.tableShown;
      this.paint();
    });
    toggle.prepend(icon('table', true));
    toggle.setAttribute('aria-expanded', String(this.tableShown));
    replaceContent(this.table, ...(stops.length === 0 ? [] : [toggle, this.tableShown ? stopTable(stops) : null]));
  }
}

function sentence({ costUsdPerMonth, shortMinutesPerWeek, memoryKills }: Stop): string {
  const minutes =
    shortMinutesPerWeek >= 0.95 ? `${Math.round(shortMinutesPerWeek)} min` : shortMinutesPerWeek > 0 ? l10n.t('under 1 min') : '0 min';
  const kills =
    memoryKills < 0.5
      ? l10n.t('no memory kill')
      : memoryKills < 1.5
        ? l10n.t('1 memory kill')
        : l10n.t('{0} memory kills', Math.round(memoryKills));
  return l10n.t('${0} a month and {1} a week short of CPU; {2}.', Math.round(costUsdPerMonth), minutes, kills);
}

/** Minutes short a week over cost a month: the five stops, and where the slider is. */
function picture(stops: readonly Stop[], here: Stop): SVGElement {
  const width = columnWidth(() => COLUMN);
  const costs = stops.map((stop) => stop.costUsdPerMonth);
  const low = Math.min(...costs);
  const spread = Math.max(...costs) - low || 1;
  const most = Math.max(1, ...stops.map((stop) => stop.shortMinutesPerWeek)) * 1.15;
  const x = (cost: number): number => LEFT + 12 + ((cost - low) / spread) * (width - LEFT - 36);
  const y = (minutes: number): number => HEIGHT - BOTTOM - (minutes / most) * (HEIGHT - BOTTOM - 22);
  const text = (content: string, at: Record<string, string>): SVGElement => {
    const node = svg('text', at);
    node.textContent = content;
    return node;
  };
  const points = stops.map((stop) => `${x(stop.costUsdPerMonth).toFixed(1)} ${y(stop.shortMinutesPerWeek).toFixed(1)}`);
  const nodes: SVGElement[] = [
    svg('path', { class: 'axis', d: `M${LEFT} ${y(0)}H${width}M${LEFT} ${y(most / 1.15)}H${width}` }),
    text('0', { class: 'tick end', x: String(LEFT - 6), y: String(y(0) + 4) }),
    text(String(Math.round(most / 1.15)), { class: 'tick end', x: String(LEFT - 6), y: String(y(most / 1.15) + 4) }),
    text(l10n.t('min short a week, by cost a month'), { class: 'tick end', x: String(width), y: '10' }),
    text(`$${Math.round(low)}`, { class: 'tick', x: String(LEFT + 4), y: String(HEIGHT - 4) }),
    text(`$${Math.round(low + spread)}`, { class: 'tick end', x: String(width - 4), y: String(HEIGHT - 4) }),
    svg('path', { class: 'curve', d: `M${points.join('L')}` }),
    ...stops.map((stop) =>
      svg('circle', { class: 'stop', cx: String(x(stop.costUsdPerMonth)), cy: String(y(stop.shortMinutesPerWeek)), r: '3.5' }),
    ),
    svg('circle', { class: 'here', cx: String(x(here.costUsdPerMonth)), cy: String(y(here.shortMinutesPerWeek)), r: '6' }),
    text('here', { class: 'tick mid strongtext', x: String(x(here.costUsdPerMonth)), y: String(y(here.shortMinutesPerWeek) - 10) }),
  ];
  const label = l10n.t('Minutes short of CPU a week by cost a month; now {0}', sentence(here));
  return svg('svg', { viewBox: `0 0 ${width} ${HEIGHT}`, role: 'img', 'aria-label': label }, ...nodes);
}

function stopTable(stops: readonly Stop[]): HTMLElement {
  const heads = [l10n.t('Towards fastest'), l10n.t('USD a month'), l10n.t('min short a week'), l10n.t('Memory kills')].map((text) =>
    element('th', { class: 'num', text, attributes: { scope: 'col' } }),
  );
  const rows = stops.map((stop) =>
    element(
      'tr',
      {},
      ...[
        `${Math.round(stop.preference * 100)} %`,
        `$${stop.costUsdPerMonth.toFixed(0)}`,
        stop.shortMinutesPerWeek.toFixed(1),
        String(stop.memoryKills),
      ].map((text) => element('td', { class: 'num', text })),
    ),
  );
  return element('table', {}, element('thead', {}, element('tr', {}, ...heads)), element('tbody', {}, ...rows));
}
