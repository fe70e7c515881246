// The ledger: every message that left this machine, newest first, and what was allowed when.
import * as l10n from '../../shared/l10n';
import type { Ledger, LedgerChoice, LedgerRow } from '../../../protocol';
import { act, button, type Child, element, icon, iconButton, replaceContent, section, segments } from '../../shared/dom';
import { bytesText, Clock, countText } from '../../shared/format';
import { Host, pageElement } from '../../shared/host';
import { columnWidth, linePicture, onResize, plainTable, TableToggle } from '../../shared/picture';
import type { FromLedger, ToLedger } from '../protocol';

const PAGE_ROWS = 100;
const SWITCHES = [['', l10n.t('All')], ['automaticScaling', l10n.t('Scaling')], ['shareFeatures', l10n.t('Kind of code')]] as const; // prettier-ignore

const host = new Host<FromLedger, ToLedger, object>((message) => receive(message));
const page = pageElement();
const open = new Set<string>();
const hoursTable = new TableToggle();
let ledger: Ledger | undefined;
let limit = PAGE_ROWS;
let chosen = '';
let word = '';
let clock = new Clock('UTC');

function receive(message: ToLedger): void {
  if (message.type === 'ledger') {
    ledger = message.ledger;
    clock = new Clock(message.timeZone);
  } else word = message.type === 'purged' ? message.outcome.text : message.text;
  paint();
  if (message.type === 'purged') ask();
}

function ask(): void {
  host.send({ type: 'ready', limit, switch: chosen });
}

function paint(): void {
  const shown = ledger;
  const note = word === '' ? null : element('p', { class: 'second pad-top-s', text: word, attributes: { role: 'status' } });
  if (shown === undefined) {
    replaceContent(page, note ?? element('p', { class: 'muted', text: l10n.t('Asking the daemon.') }));
    return;
  }
  hoursTable.update(() => plainTable(l10n.t('Sent by hour'), [l10n.t('Hour'), l10n.t('Bytes')], shown.hours.filter(({ bytes }) => bytes > 0).map(({ at, bytes }) => [clock.momentText(at, now()), bytesText(bytes)]))); // prettier-ignore
  const about = element('p', {
    class: 'lead-p',
    text: l10n.t('Numbers and tags only. Every message is listed here before it is sent; what isn’t listed didn’t leave.'),
  });
  const lead = element('div', { class: 'lead' }, element('div', {}, element('h1', { text: headline(shown) }), about, note));
  const kinds = segments('switch', l10n.t('Allowed by'), SWITCHES, chosen, (name) => {
    chosen = name;
    ask();
  });
  const sent = section(l10n.t('Sent'), [hoursPicture(shown), hoursTable.node, table(shown.rows), foot(shown)], {
    id: 'h-sent',
    end: kinds,
  });
  const side = element('div', { class: 'stack gap5' }, heldSection(shown), choicesSection(shown.choices));
  replaceContent(page, top(shown), lead, element('div', { class: 'grid g-main' }, sent, side));
}

function top({ environment }: Ledger): HTMLElement {
  const acts = element(
    'span',
    { class: 'acts' },
    button(l10n.t('Change permission'), () => host.send({ type: 'permission' }), { iconName: 'settings' }),
    button(l10n.t('Save as CSV'), () => host.send({ type: 'save' }), { iconName: 'export' }),
  );
  return element(
    'div',
    { class: 'top' },
    element('span', { class: 'env', text: environment }),
    element('span', { class: 'second', text: l10n.t('Ledger') }),
    element('span', { class: 'grow' }),
    acts,
  );
}

function now(): number {
  return Date.now() / 1000;
}

function headline({ total, totalBytes, since }: Ledger): string {
  if (total === 0) return l10n.t('Nothing has left this machine.');
  const messages = total === 1 ? '1 message' : `${countText(total)} messages`;
  const days = since === null ? 1 : Math.ceil((now() - since) / 86_400);
  return l10n.t(
    'In {0} {1} left this machine, {2}, all to your broker.',
    days === 1 ? 'one day' : `${days} days`,
    messages,
    bytesText(totalBytes),
  );
}

/** Bytes an hour over the last week. */
function hoursPicture({ hours, total }: Ledger): Child {
  if (total === 0) return null;
  const values = hours.map(({ bytes }) => bytes / 1000);
  const labels = hours.map(({ at }) => clock.dayText(at));
  const most = bytesText(Math.max(0, ...hours.map(({ bytes }) => bytes)));
  const picture = linePicture({
    labels,
    lines: [{ values, role: 'use', isStepped: true, isFilled: true }],
    unit: l10n.t('KB an hour, 7 days'),
    width: columnWidth((inner) => inner - 340),
    label: l10n.t('What left in each hour of the last 7 days, at most {0} in one.', most),
  });
  return element('div', {}, picture, hoursTable.button);
}

function table(rows: readonly LedgerRow[]): HTMLElement {
  const heads = ['', l10n.t('When'), l10n.t('What'), l10n.t('Allowed by'), l10n.t('Size')].map((text) =>
    element(
      'th',
      { class: text === l10n.t('Size') ? 'num' : '', attributes: { scope: 'col' } },
      text === '' ? element('span', { class: 'sr', text: l10n.t('Fields') }) : text,
    ),
  );
  const empty = element(
    'tr',
    { class: 'empty' },
    element('td', {}),
    element('td', {
      class: 'muted',
      text: chosen === '' ? l10n.t('Nothing sent yet.') : l10n.t('Nothing of this kind was sent.'),
      attributes: { colspan: '4' },
    }),
  );
  const body = rows.length === 0 ? [empty] : rows.flatMap((row, index) => rowNodes(row, `${row.at}/${row.kind}/${rows.length - index}`));
  return element('table', { class: 'led fold' }, element('thead', {}, element('tr', {}, ...heads)), element('tbody', {}, ...body));
}

function rowNodes(row: LedgerRow, key: string): HTMLElement[] {
  const isOpen = open.has(key);
  const toggle = iconButton(isOpen ? 'chevron-down' : 'chevron-right', isOpen ? l10n.t('Hide the fields') : l10n.t('Show the fields'), () =>
    flip(key),
  );
  toggle.setAttribute('aria-expanded', String(isOpen));
  toggle.dataset['row'] = key;
  const line = element(
    'tr',
    { class: isOpen ? 'open' : '' },
    element('td', {}, toggle),
    element('td', { class: 'nowrap', text: momentText(row.at) }),
    element('td', { text: row.kind }),
    element('td', { class: 'second by', text: row.allowedBy }),
    element('td', { class: 'num size', text: bytesText(row.bytes) }),
  );
  if (!isOpen) return [line];
  return [line, element('tr', { class: 'detail' }, element('td', {}), element('td', { attributes: { colspan: '4' } }, fields(row)))];
}

/** The values as they left, side by side. */
function fields({ fields: values }: LedgerRow): HTMLElement {
  const list = element('dl', { class: 'kv' });
  for (const [name, value] of values) list.append(element('div', {}, element('dt', { text: name }), element('dd', { text: value })));
  return values.length === 0 ? element('p', { class: 'second', text: l10n.t('It has no fields.') }) : list;
}

/** Today's messages by their second, older ones with their day. */
function momentText(seconds: number): string {
  const day = clock.dayText(seconds);
  return day === clock.dayText(now()) ? clock.secondText(seconds) : `${day}, ${clock.secondText(seconds)}`;
}

function foot({ rows, shown }: Ledger): HTMLElement {
  const count = element('span', { class: 'small', text: l10n.t('{0} of {1}', countText(rows.length), countText(shown)) });
  return element('div', { class: 'row between' }, count, rows.length < shown ? act(l10n.t('Older'), () => more()) : null);
}

/** What went to the broker since it last deleted everything: that is what it can hold. */
function heldSection({ sent }: Ledger): HTMLElement {
  const list = element('dl', { class: 'facts' });
  for (const [kind, count] of sent) list.append(element('dt', { text: kind }), element('dd', { text: count }));
  const nothing = element('p', { class: 'muted', text: l10n.t('Nothing was sent since it last deleted everything.') });
  const purge = act(l10n.t('Take back and delete'), () => host.send({ type: 'purge' }));
  return section(l10n.t('What the broker may hold'), [sent.length === 0 ? nothing : list], { id: 'h-held', end: purge });
}

function choicesSection(choices: readonly LedgerChoice[]): HTMLElement {
  const items = choices.map(({ at, words, confirmed }) => {
    const isSure = confirmed.startsWith('broker confirmed');
    const note =
      confirmed === ''
        ? null
        : element('span', { class: `out ${isSure ? 'right' : ''}` }, icon(isSure ? 'pass-filled' : 'history'), confirmed);
    const when = element('span', { class: 'second nowrap', text: `${clock.dayText(at)}, ${clock.timeText(at)}` });
    return element('li', {}, when, element('div', {}, words, note === null ? null : element('div', {}, note)));
  });
  const empty = element('p', { class: 'muted', text: l10n.t('Nothing was ever allowed.') });
  return section(l10n.t('What you allowed, and took back'), [items.length === 0 ? empty : element('ul', { class: 'choices' }, ...items)], {
    id: 'h-choices',
  });
}

function flip(key: string): void {
  if (!open.delete(key)) open.add(key);
  paint();
}

function more(): void {
  limit += PAGE_ROWS;
  ask();
}

paint();
ask();
onResize(paint);
