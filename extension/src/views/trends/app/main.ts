// Trends: use against limit by hour, the heaviest functions, how good the forecast was, and what was held and used.
import * as l10n from '../../shared/l10n';
import type { HeavyFunction, Heaviest, TrendPoint, Trends } from '../../../protocol';
import { type Child, element, replaceContent, section, segments } from '../../shared/dom';
import { amountText } from '../../shared/format';
import { Host, pageElement } from '../../shared/host';
import { columnWidth, lineLegend, linePicture, onResize, plainTable, TableToggle } from '../../shared/picture';
import type { FromTrends, ToTrends } from '../protocol';
import { heatLegend, heatMap, heatTable } from './heat';

interface State {
  resource: string;
  by: string;
}

const host = new Host<FromTrends, ToTrends, State>((message) => receive(message));
const page = pageElement();
const state: State = { resource: 'cpu', by: 'week', ...host.state };
const tables = { heat: new TableToggle(), errors: new TableToggle(), held: new TableToggle() };
let trends: Trends | undefined;
let heaviest: Heaviest | undefined;
let problem = '';

function receive(message: ToTrends): void {
  problem = '';
  if (message.type === 'trends') trends = message.trends;
  else if (message.type === 'heaviest') heaviest = message.heaviest;
  else problem = message.text;
  paint();
}

function ask(change: Partial<State>): void {
  Object.assign(state, change);
  host.remember(state);
  host.send({ type: 'ready', ...state });
}

function paint(): void {
  const shown = trends;
  const note = problem === '' ? null : element('p', { class: 'second', text: problem, attributes: { role: 'status' } });
  if (shown === undefined) {
    replaceContent(page, note ?? element('p', { class: 'muted', text: l10n.t('Asking the daemon.') }));
    return;
  }
  tables.heat.update(() => heatTable(shown));
  tables.errors.update(() =>
    pointTable(l10n.t('Forecast error'), shown.errors, [
      l10n.t('Day'),
      l10n.t('Foreload, {0}', shown.errorUnit),
      l10n.t('“same as last week”'),
    ]),
  );
  tables.held.update(() => pointTable(l10n.t('Held and used'), shown.held, [l10n.t('Week'), `used, ${shown.heldUnit}`, 'held']));
  const heat = section(l10n.t('Use against limit'), [heatMap(shown), heatLegend(), tables.heat.node], {
    id: 'h-heat',
    note: shown.note,
    end: tables.heat.button,
  });
  const above = element('div', { class: 'grid g-trends' }, heat, functionsSection());
  const below = element('div', { class: 'grid g-half pad-top' }, errorSection(shown), heldSection(shown));
  replaceContent(page, top(shown), note, element('div', { class: 'lead' }, element('h1', { text: shown.sentence })), above, below);
}

function top({ environment, resources, resource, by }: Trends): HTMLElement {
  const views = [['day', l10n.t('By day')], ['week', l10n.t('By week')]] as const; // prettier-ignore
  return element(
    'div',
    { class: 'top' },
    element('span', { class: 'env', text: environment }),
    element('span', { class: 'second', text: l10n.t('Trends') }),
    element('span', { class: 'grow' }),
    segments('resource', l10n.t('Resource'), resources, resource, (chosen) => ask({ resource: chosen })),
    segments('by', l10n.t('View'), views, by, (chosen) => ask({ by: chosen })),
  );
}

function functionsSection(): HTMLElement {
  const body: Child[] = (heaviest?.functions ?? []).map(functionNode);
  return section(l10n.t('Heaviest functions'), [...body, element('p', { class: 'second', text: heaviest?.text ?? '' })], {
    id: 'h-heavy',
    note: l10n.t('of the open files'),
  });
}

function functionNode({ name, file, uri, line, share, words }: HeavyFunction): HTMLElement {
  const open = element('button', {
    class: 'act mono',
    text: name,
    attributes: { type: 'button', title: l10n.t('Open {0} at line {1}', file, line) },
    on: { click: () => host.send({ type: 'open', uri, line }) },
  });
  const bar = element('span', { class: 'bar', attributes: { 'aria-hidden': 'true' } });
  bar.style.setProperty('--part', String(share));
  const place = element('span', { class: 'second', text: `${file} ${line}` });
  return element(
    'div',
    { class: 'heavy' },
    element('div', { class: 'row between' }, open, place),
    element('div', { class: 'row' }, bar, element('span', { class: 'second', text: words })),
  );
}

function half(): number {
  return columnWidth((inner) => (inner - 24) / 2);
}

function errorSection({ errors, errorUnit, errorText }: Trends): HTMLElement {
  const lines = [
    { values: errors.map(({ other }) => other), role: 'rival' as const },
    { values: errors.map(({ value }) => value), role: 'use' as const },
  ];
  const picture = linePicture({
    labels: errors.map(({ label }) => label),
    lines,
    unit: errorUnit,
    label: l10n.t('Forecast error by day. {0}', errorText),
    width: half(),
  });
  const legend = lineLegend([['use', 'Foreload'], ['rival', l10n.t('same as last week')]]); // prettier-ignore
  const words = element('p', { class: 'second', text: errorText });
  const body =
    errors.length === 0 ? [words] : [picture, element('div', { class: 'row between' }, words, tables.errors.button), tables.errors.node];
  return section(l10n.t('Forecast error, 14 days'), body, { id: 'h-errors', end: errors.length === 0 ? null : legend });
}

function heldSection({ held, heldUnit, heldText }: Trends): HTMLElement {
  const lines = [
    { values: held.map(({ value }) => value), role: 'use' as const, isFilled: true },
    { values: held.map(({ other }) => other), role: 'limit' as const, isStepped: true },
  ];
  const picture = linePicture({
    labels: held.map(({ label }) => label),
    lines,
    unit: heldUnit,
    label: l10n.t('Held and used by week. {0}', heldText),
    width: half(),
  });
  const legend = lineLegend([['limit', 'held'], ['use', 'used']]); // prettier-ignore
  const foot = element('div', { class: 'row between' }, element('p', { class: 'second', text: heldText }), tables.held.button);
  return section(l10n.t('Held and used, {0} a week', heldUnit), [picture, foot, tables.held.node], { id: 'h-held', end: legend });
}

function pointTable(label: string, points: readonly TrendPoint[], heads: readonly string[]): HTMLElement {
  const text = (value: number | null): string => (value === null ? l10n.t('not measured') : amountText(value));
  return plainTable(label, heads, points.map((point) => [point.label, text(point.value), text(point.other)])); // prettier-ignore
}

paint();
ask({});
onResize(paint);
