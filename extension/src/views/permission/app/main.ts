// The permission page: four switches, and exactly what each would send.
import * as l10n from '../../shared/l10n';
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
    replaceContent(
      page,
      element('p', { class: 'muted', text: word === '' ? l10n.t('Asking the daemon.') : word, attributes: { role: 'status' } }),
    );
    return;
  }
  const left = element('div', {}, switchList(shown), neverLeaves(), telemetryLine(shown), buttons(shown));
  replaceContent(page, top(shown), lead(), element('div', { class: 'grid g-perm' }, left, vectorCard(shown)));
  for (const input of page.querySelectorAll<HTMLInputElement>('input.switch')) input.checked = chosen[input.name as keyof Switches];
}

function top({ environment, given, switches, textVersion, textDate }: Permission): HTMLElement {
  const count = countOf(switches);
  const status = !given ? l10n.t('nothing allowed yet') : count === 0 ? l10n.t('nothing allowed') : l10n.t('{0} of 4 allowed', count);
  return element(
    'div',
    { class: 'top' },
    element('span', { class: 'env', text: environment }),
    element('span', { class: 'second', text: l10n.t('Permission') }),
    element('span', { class: `status ${count === 0 ? 'off' : ''}`, text: status }),
    element('span', { class: 'grow' }),
    element('span', { class: 'small', text: l10n.t('Text {0}, of {1}', textVersion, textDate) }),
  );
}

function lead(): HTMLElement {
  const text = l10n.t(
    'Four things, each on its own; nothing is on until you press Allow. Change your mind at any time: what the broker holds is then deleted, and it confirms that.',
  );
  return element(
    'div',
    { class: 'lead' },
    element('div', {}, element('h1', { text: l10n.t('What may Foreload do here?') }), element('p', { class: 'lead-p', text })),
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
  const heading = element('h2', { attributes: { id: 'h-never' } }, icon('lock'), l10n.t('Never leaves, whatever you choose'));
  return element(
    'section',
    { class: 'never', attributes: { 'aria-labelledby': 'h-never' } },
    heading,
    element('p', { text: NEVER_LEAVES }),
  );
}

function telemetryLine({ telemetryEnabled }: Permission): HTMLElement {
  const text = telemetryEnabled
    ? l10n.t('VS Code’s telemetry switch is on. When it is off, the second and fourth stay off.')
    : l10n.t('VS Code’s telemetry switch is off, so the second and fourth stay off.');
  return element('p', { class: 'small pad-top-s info-line' }, icon('info', true), text);
}

function buttons({ given, switches }: Permission): HTMLElement {
  const count = countOf(chosen);
  const same = given && CHOICES.every(({ name }) => switches[name] === chosen[name]);
  const allow = button(
    count === 1 ? l10n.t('Allow this 1') : l10n.t('Allow these {0}', count),
    () => host.send({ type: 'choose', switches: chosen }),
    {
      quiet: false,
      big: true,
    },
  );
  allow.toggleAttribute('disabled', count === 0 || same);
  const none: Switches = { analysis: false, shareFeatures: false, automaticScaling: false, cohortHistory: false };
  const nothing = button(l10n.t('Allow nothing'), () => host.send({ type: 'choose', switches: none }), { big: true });
  const note = word === '' ? l10n.t('The gauge and the charts work either way.') : word;
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
  const saved = count === 0 ? l10n.t('Saved: nothing is allowed.') : l10n.t('Saved: {0} of 4 allowed.', count);
  return confirmedByBroker
    ? l10n.t('{0} The broker confirmed it.', saved)
    : l10n.t('{0} The broker hears of it when it is reached.', saved);
}

function vectorCard(shown: Permission): HTMLElement {
  const body: Child[] = [];
  for (const { name, quoted } of [...CHOICES].sort(
    (one, other) => Number(other.name === 'automaticScaling') - Number(one.name === 'automaticScaling'),
  )) {
    const rows = shown.vector.filter((row) => row.switch === name);
    if (rows.length === 0) continue;
    const tag = element('span', { class: 'tag', text: chosen[name] ? 'sent' : l10n.t('off: not sent') });
    body.push(element('tr', { class: 'grp' }, element('td', { attributes: { colspan: '3' } }, l10n.t('With “{0}”', quoted), tag)));
    body.push(...rows.map((row) => vectorRow(row, chosen[name])));
  }
  const heads = element(
    'tr',
    {},
    element('th', { text: l10n.t('Field') }),
    element('th', { class: 'num', text: l10n.t('Value') }),
    element('th', { text: l10n.t('In words') }),
  );
  const copy = act(l10n.t('Copy'), () =>
    host.send({ type: 'copy', text: shown.vector.map(({ name, value }) => `${name}: ${value}`).join('\n') }),
  );
  copy.prepend(icon('copy', true));
  const head = element(
    'div',
    { class: 'head' },
    element('h2', { text: l10n.t('Exactly what would be sent'), attributes: { id: 'h-vec' } }),
    element('span', { class: 'grow' }),
    element('span', { class: 'small', text: `now, ${clock.secondText(Date.parse(shown.at) / 1000)}` }),
  );
  const foot = element(
    'div',
    { class: 'row between wrap pad-top-s' },
    element('span', { class: 'small', text: l10n.t('To your provider’s broker only, encrypted, in this environment’s name.') }),
    element(
      'span',
      { class: 'acts' },
      act(l10n.t('What was sent'), () => host.send({ type: 'ledger' })),
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
