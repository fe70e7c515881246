// The permission page: four switches, and exactly what each would send.
import type { Permission, Switches, VectorRow } from '../../../protocol';
import { act, button, type Child, element, icon, replaceContent } from '../../shared/dom';
import { Clock } from '../../shared/format';
import { Host, pageElement } from '../../shared/host';
import type { FromPermission, ToPermission } from '../protocol';
import { CHOICES, leavesText, NEVER_LEAVES } from './words';

const host = new Host<FromPermission, ToPermission, object>((message) => receive(message));
const page = pageElement();
let permission: Permission | undefined;
let chosen: Switches = { analysis: false, shareFeatures: false, automaticScaling: false, cohortHistory: false };
let word = '';
let clock = new Clock('UTC');

function receive(message: ToPermission): void {
  if (message.type === 'failed') {
    word = message.text;
  } else {
    permission = message.permission;
    clock = new Clock(message.timeZone);
    chosen = { ...permission.switches };
    word = message.saved ? savedText(permission) : '';
  }
  paint();
}

function paint(): void {
  const shown = permission;
  if (shown === undefined) {
    replaceContent(page, element('p', { class: 'muted', text: word === '' ? 'Asking the daemon.' : word, attributes: { role: 'status' } }));
    return;
  }
  const left = element('div', {}, switchList(shown), neverLeaves(), telemetryLine(shown), buttons(shown));
  replaceContent(page, top(shown), lead(), element('div', { class: 'grid g-perm' }, left, vectorCard(shown)));
  for (const input of page.querySelectorAll<HTMLInputElement>('input.switch')) input.checked = chosen[input.name as keyof Switches];
}

function top({ environment, given, switches, textVersion, textDate }: Permission): HTMLElement {
  const count = countOf(switches);
  const status = !given ? 'nothing allowed yet' : count === 0 ? 'nothing allowed' : `${count} of 4 allowed`;
  return element(
    'div',
    { class: 'top' },
    element('span', { class: 'env', text: environment }),
    element('span', { class: 'second', text: 'Permission' }),
    element('span', { class: `status ${count === 0 ? 'off' : ''}`, text: status }),
    element('span', { class: 'grow' }),
    element('span', { class: 'small', text: `Text ${textVersion}, of ${textDate}` }),
  );
}

function lead(): HTMLElement {
  const text =
    'Four things, each on its own; nothing is on until you press Allow. Change your mind at any time: what the broker holds is then deleted, and it confirms that.';
  return element(
    'div',
    { class: 'lead' },
    element('div', {}, element('h1', { text: 'What may Foreload do here?' }), element('p', { class: 'lead-p', text })),
  );
}

function switchList(shown: Permission): HTMLElement {
  const items = CHOICES.map(({ name, title, text, needsTelemetry }) => {
    const blocked = needsTelemetry && !shown.telemetryEnabled;
    const input = element('input', {
      class: 'switch',
      attributes: { type: 'checkbox', role: 'switch', name, 'aria-describedby': `d-${name}`, ...(blocked ? { disabled: '' } : {}) },
      on: { change: (event) => flip(name, (event.target as HTMLInputElement).checked) },
    });
    const count = shown.vector.filter((row) => row.switch === name).length;
    const leaves = leavesText(name, count);
    const line = element('div', { class: `leaves${leaves.none ? ' none' : ''}` }, icon(leaves.none ? 'home' : 'cloud-upload'), leaves.text);
    return element(
      'li',
      {},
      element('label', {}, input, title),
      element('div', { attributes: { id: `d-${name}` } }, element('p', { text }), line),
    );
  });
  return element('ul', { class: 'perms' }, ...items);
}

function flip(name: keyof Switches, on: boolean): void {
  chosen = { ...chosen, [name]: on };
  word = '';
  paint();
}

function neverLeaves(): HTMLElement {
  const heading = element('h2', { attributes: { id: 'h-never' } }, icon('lock'), 'Never leaves, whatever you choose');
  return element(
    'section',
    { class: 'never', attributes: { 'aria-labelledby': 'h-never' } },
    heading,
    element('p', { text: NEVER_LEAVES }),
  );
}

function telemetryLine({ telemetryEnabled }: Permission): HTMLElement {
  const text = telemetryEnabled
    ? 'VS Code’s telemetry switch is on. When it is off, the second and fourth stay off.'
    : 'VS Code’s telemetry switch is off, so the second and fourth stay off.';
  return element('p', { class: 'small pad-top-s info-line' }, icon('info', true), text);
}

function buttons({ given, switches }: Permission): HTMLElement {
  const count = countOf(chosen);
  const same = given && CHOICES.every(({ name }) => switches[name] === chosen[name]);
  const allow = button(count === 1 ? 'Allow this 1' : `Allow these ${count}`, () => host.send({ type: 'choose', switches: chosen }), {
    quiet: false,
    big: true,
  });
  allow.toggleAttribute('disabled', count === 0 || same);
  const none: Switches = { analysis: false, shareFeatures: false, automaticScaling: false, cohortHistory: false };
  const nothing = button('Allow nothing', () => host.send({ type: 'choose', switches: none }), { big: true });
  const note = word === '' ? 'The gauge and the charts work either way.' : word;
  return element(
    'div',
    { class: 'row pad-top-s wrap' },
    allow,
    nothing,
    element('span', { class: 'second', text: note, attributes: { role: 'status' } }),
  );
}

function savedText({ switches, confirmedByBroker }: Permission): string {
  const count = countOf(switches);
  const saved = count === 0 ? 'Saved: nothing is allowed.' : `Saved: ${count} of 4 allowed.`;
  return confirmedByBroker ? `${saved} The broker confirmed it.` : `${saved} The broker hears of it when it is reached.`;
}

function vectorCard(shown: Permission): HTMLElement {
  const body: Child[] = [];
  for (const { name, quoted } of [...CHOICES].sort(
    (one, other) => Number(other.name === 'automaticScaling') - Number(one.name === 'automaticScaling'),
  )) {
    const rows = shown.vector.filter((row) => row.switch === name);
    if (rows.length === 0) continue;
    const tag = element('span', { class: 'tag', text: chosen[name] ? 'sent' : 'off: not sent' });
    body.push(element('tr', { class: 'grp' }, element('td', { attributes: { colspan: '3' } }, `With “${quoted}”`, tag)));
    body.push(...rows.map((row) => vectorRow(row, chosen[name])));
  }
  const heads = element(
    'tr',
    {},
    element('th', { text: 'Field' }),
    element('th', { class: 'num', text: 'Value' }),
    element('th', { text: 'In words' }),
  );
  const copy = act('Copy', () => host.send({ type: 'copy', text: shown.vector.map(({ name, value }) => `${name}: ${value}`).join('\n') }));
  copy.prepend(icon('copy', true));
  const head = element(
    'div',
    { class: 'head' },
    element('h2', { text: 'Exactly what would be sent', attributes: { id: 'h-vec' } }),
    element('span', { class: 'grow' }),
    element('span', { class: 'small', text: `now, ${clock.secondText(Date.parse(shown.at) / 1000)}` }),
  );
  const foot = element(
    'div',
    { class: 'row between wrap pad-top-s' },
    element('span', { class: 'small', text: 'To your provider’s broker only, encrypted, in this environment’s name.' }),
    element(
      'span',
      { class: 'acts' },
      act('What was sent', () => host.send({ type: 'ledger' })),
      copy,
    ),
  );
  return element(
    'section',
    { class: 'card vec', attributes: { 'aria-labelledby': 'h-vec' } },
    head,
    element('table', { class: 'vector' }, element('thead', {}, heads), element('tbody', {}, ...body)),
    foot,
  );
}

function vectorRow({ name, value, words }: VectorRow, sent: boolean): HTMLElement {
  return element(
    'tr',
    sent ? {} : { class: 'notsent' },
    element('td', { class: 'mono', text: name }),
    element('td', { class: 'num mono', text: value }),
    element('td', { class: 'second', text: words }),
  );
}

function countOf(switches: Switches): number {
  return CHOICES.filter(({ name }) => switches[name]).length;
}

paint();
host.send({ type: 'ready' });
