// The ledger: every message that left this machine, newest first.
import type { Ledger, LedgerRow } from '../../../protocol';
import { act, button, element, iconButton, replaceContent, section } from '../../shared/dom';
import { bytesText, Clock, countText } from '../../shared/format';
import { Host, pageElement } from '../../shared/host';
import type { FromLedger, ToLedger } from '../protocol';

const PAGE_ROWS = 200;

const host = new Host<FromLedger, ToLedger, object>((message) => receive(message));
const page = pageElement();
const open = new Set<string>();
let ledger: Ledger | undefined;
let limit = PAGE_ROWS;
let word = '';
let clock = new Clock('UTC');

function receive(message: ToLedger): void {
  if (message.type === 'ledger') {
    ledger = message.ledger;
    clock = new Clock(message.timeZone);
  } else word = message.type === 'purged' ? message.outcome.text : message.text;
  paint();
}

function paint(): void {
  const shown = ledger;
  const note = word === '' ? null : element('p', { class: 'second pad-top-s', text: word, attributes: { role: 'status' } });
  if (shown === undefined) {
    replaceContent(page, note ?? element('p', { class: 'muted', text: 'Asking the daemon.' }));
    return;
  }
  const acts = element(
    'span',
    { class: 'acts' },
    button('Change permission', () => host.send({ type: 'permission' }), { iconName: 'settings' }),
    button('Take back and delete', () => host.send({ type: 'purge' }), { iconName: 'trash' }),
  );
  const top = element(
    'div',
    { class: 'top' },
    element('span', { class: 'env', text: 'Foreload' }),
    element('span', { class: 'second', text: 'Ledger' }),
    element('span', { class: 'grow' }),
    acts,
  );
  const about = element('p', {
    class: 'lead-p',
    text: 'Numbers and tags only. Every message is listed here before it is sent; what isn’t listed didn’t leave.',
  });
  const lead = element('div', { class: 'lead' }, element('div', {}, element('h1', { text: headline(shown) }), about));
  replaceContent(page, top, lead, section('Sent', [table(shown.rows), foot(shown)], { id: 'h-sent' }), note);
}

function headline({ total, totalBytes }: Ledger): string {
  if (total === 0) return 'Nothing has left this machine.';
  const messages = total === 1 ? '1 message' : `${countText(total)} messages`;
  return `${messages} left this machine, ${bytesText(totalBytes)}, all to your broker.`;
}

function table(rows: readonly LedgerRow[]): HTMLElement {
  const heads = ['', 'When', 'What', 'Size'].map((text) =>
    element(
      'th',
      { class: text === 'Size' ? 'num' : '', attributes: { scope: 'col' } },
      text === '' ? element('span', { class: 'sr', text: 'Fields' }) : text,
    ),
  );
  const empty = element(
    'tr',
    { class: 'empty' },
    element('td', {}),
    element('td', { class: 'muted', text: 'Nothing sent yet.', attributes: { colspan: '3' } }),
  );
  const body = rows.length === 0 ? [empty] : rows.flatMap((row, index) => rowNodes(row, `${row.at}/${rows.length - index}`));
  return element('table', { class: 'led fold' }, element('thead', {}, element('tr', {}, ...heads)), element('tbody', {}, ...body));
}

function rowNodes(row: LedgerRow, key: string): HTMLElement[] {
  const isOpen = open.has(key);
  const toggle = iconButton(isOpen ? 'chevron-down' : 'chevron-right', isOpen ? 'Hide the fields' : 'Show the fields', () => flip(key));
  toggle.setAttribute('aria-expanded', String(isOpen));
  toggle.dataset['row'] = key;
  const line = element(
    'tr',
    { class: isOpen ? 'open' : '' },
    element('td', {}, toggle),
    element('td', { class: 'nowrap', text: momentText(row.at) }),
    element('td', { text: row.kind }),
    element('td', { class: 'num size', text: bytesText(row.bytes) }),
  );
  if (!isOpen) return [line];
  return [line, element('tr', { class: 'detail' }, element('td', {}), element('td', { attributes: { colspan: '3' } }, fields(row.values)))];
}

/** The values as they left: an object's fields side by side, anything else as its text. */
function fields(values: string): HTMLElement {
  const list = element('dl', { class: 'kv' });
  for (const [name, value] of pairs(values)) list.append(element('div', {}, element('dt', { text: name }), element('dd', { text: value })));
  return list;
}

/** "name value, name value" as pairs; what has another form stays whole. */
function pairs(values: string): [string, string][] {
  return values.split(', ').map((part) => {
    const space = part.indexOf(' ');
    return space < 0 ? ['', part] : [part.slice(0, space), part.slice(space + 1)];
  });
}

/** Today's messages by their second, older ones with their day. */
function momentText(at: string): string {
  const seconds = Date.parse(at) / 1000;
  const day = clock.dayText(seconds);
  return day === clock.dayText(Date.now() / 1000) ? clock.secondText(seconds) : `${day}, ${clock.secondText(seconds)}`;
}

function foot(shown: Ledger): HTMLElement {
  const count = element('span', { class: 'small', text: `${countText(shown.rows.length)} of ${countText(shown.total)}` });
  const older = shown.rows.length < shown.total ? act('Older', () => more()) : null;
  return element('div', { class: 'row between' }, count, older);
}

function flip(key: string): void {
  if (!open.delete(key)) open.add(key);
  paint();
}

function more(): void {
  limit += PAGE_ROWS;
  host.send({ type: 'ready', limit });
}

paint();
host.send({ type: 'ready', limit });
