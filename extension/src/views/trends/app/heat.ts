// The heat map: five steps of one hue; a reached limit is a ring, so that it does not depend on colour.
import * as l10n from '../../shared/l10n';
import type { Trends } from '../../../protocol';
import { element } from '../../shared/dom';
import { plainTable } from '../../shared/picture';

const STEPS = 5;

/** 0 to 4, or null where nothing was measured. */
export function heatStep(value: number | null): number | null {
  return value === null ? null : Math.min(STEPS - 1, Math.floor(value * STEPS));
}

export function heatMap({ rows, nowRow, nowHour, sentence }: Trends): HTMLElement {
  const map = element('div', {
    class: 'heat',
    attributes: { role: 'img', 'aria-label': l10n.t('Use against limit by day and hour. {0}', sentence) },
  });
  const hours = element('div', { class: 'heat-hours' });
  for (let hour = 0; hour < 24; hour += 1) hours.append(element('span', { text: hour % 3 === 0 ? String(hour).padStart(2, '0') : '' }));
  map.append(hours);
  for (const [index, row] of rows.entries()) {
    const cells = row.values.map((value, hour) => {
      const step = heatStep(value);
      const isNow = index === nowRow && hour === nowHour;
      return element('i', {
        class: `${step === null ? 'none' : `step${step}`}${row.reached[hour] === true ? ' reached' : ''}${isNow ? ' now' : ''}`,
      });
    });
    map.append(element('div', { class: 'heat-row' }, element('span', { text: row.label }), ...cells));
  }
  return map;
}

export function heatLegend(): HTMLElement {
  const steps = Array.from({ length: STEPS }, (_, step) => element('i', { class: `step${step}` }));
  const scale = element('span', { class: 'heat-scale' }, '0 %', ...steps, '100 %');
  const ring = element('span', { class: 'heat-scale' }, element('i', { class: 'step4 reached' }), l10n.t('limit was reached'));
  const now = element('span', { class: 'heat-scale' }, element('i', { class: 'none now' }), 'now');
  return element(
    'div',
    { class: 'row between wrap small heat-legend', attributes: { 'aria-hidden': 'true' } },
    scale,
    element('span', { class: 'row' }, ring, now),
  );
}

export function heatTable({ rows }: Trends): HTMLElement {
  const heads = [l10n.t('Day'), ...Array.from({ length: 24 }, (_, hour) => String(hour).padStart(2, '0'))];
  const text = (value: number | null, reached: boolean): string =>
    value === null ? '–' : `${Math.round(value * 100)} %${reached ? l10n.t(', limit reached') : ''}`;
  return plainTable(
    l10n.t('Use against limit, by day and hour'),
    heads,
    rows.map((row) => [row.label, ...row.values.map((value, hour) => text(value, row.reached[hour] === true))]),
  );
}
