// The same data as the charts, as a table, and the tip at the cursor.
import * as l10n from '../../shared/l10n';
import { element } from '../../shared/dom';
import { amountText, withUnit, type Clock } from '../../shared/format';
import type { ChartData } from './model';

const MOST_ROWS = 72;

/** One row a time, one column a resource and line; thinned to a size that can be read. */
export function numbersTable(charts: readonly ChartData[], clock: Clock): HTMLElement {
  const [first] = charts;
  if (first === undefined) return element('p', { class: 'muted', text: l10n.t('Nothing measured yet.') });
  const { times, now, view } = first;
  const inside = times.flatMap((time, index) => (time >= view.from && time <= view.to ? [index] : []));
  const step = Math.max(1, Math.ceil(inside.length / MOST_ROWS));
  const chosen = inside.filter((_, position) => position % step === 0);
  const heads = [
    l10n.t('Time'),
    ...charts.flatMap(({ measure }) => [`${measure.name} used`, 'limit', 'forecast'].map((part) => `${part}, ${measure.unit}`)),
  ];
  const rows = chosen.map((index) => {
    const time = times[index] ?? view.from;
    const cells = charts.flatMap((chart) => [
      valueText(chart.used[index]),
      valueText(chart.limit[index] ?? chart.planned[index]),
      rangeText(chart, index),
    ]);
    return element(
      'tr',
      time > now ? { class: 'muted' } : {},
      element('th', { text: clock.momentText(time, now), attributes: { scope: 'row' } }),
      ...cells.map((text) => element('td', { class: 'num', text })),
    );
  });
  const head = element(
    'tr',
    {},
    ...heads.map((text, index) => element('th', { class: index === 0 ? '' : 'num', text, attributes: { scope: 'col' } })),
  );
  const caption = element('caption', {
    class: 'small',
    text: l10n.t('After now, the limit is the planned one, and a forecast is its middle with its range in 8 of 10 cases.'),
  });
  return element(
    'div',
    { class: 'numbers', attributes: { tabindex: '0', role: 'region', 'aria-label': l10n.t('The charts as a table') } },
    element('table', {}, caption, element('thead', {}, head), element('tbody', {}, ...rows)),
  );
}

/** Fills the tip with all values at one sample. */
export function tipNodes(charts: readonly ChartData[], index: number, clock: Clock): Node[] {
  const [first] = charts;
  const time = first?.times[index];
  if (first === undefined || time === undefined) return [];
  const forecast = time > first.now;
  const lines = [element('div', {}, element('b', { text: clock.momentText(time, first.now) }), forecast ? ', forecast' : '')];
  for (const chart of charts) {
    const value = (forecast ? chart.middle : chart.used)[index] ?? null;
    const limit = (forecast ? chart.planned : chart.limit)[index] ?? chart.limit[index] ?? null;
    if (value === null && limit === null) continue;
    const high = forecast ? (chart.high[index] ?? null) : null;
    lines.push(
      element(
        'div',
        {},
        `${chart.measure.name} `,
        element('b', { text: value === null ? l10n.t('not known') : amountText(value) }),
        high === null ? '' : l10n.t(', up to {0}', amountText(high)),
        limit === null ? ` ${chart.measure.unit}` : l10n.t(' · limit {0}', withUnit(limit, chart.measure)),
      ),
    );
  }
  return lines;
}

function valueText(value: number | null | undefined): string {
  return value === null || value === undefined ? '' : amountText(value);
}

function rangeText({ middle, low, high }: ChartData, index: number): string {
  const value = middle[index] ?? null;
  if (value === null) return '';
  const from = low[index] ?? null;
  const to = high[index] ?? null;
  return from === null || to === null ? amountText(value) : l10n.t('{0} ({1} to {2})', amountText(value), amountText(from), amountText(to));
}
