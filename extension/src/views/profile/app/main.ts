// The profile's page: the week, the rules, the bounds and the preference, brought up to date with each word of the text.
import * as l10n from '../../shared/l10n';
import type { Pattern, ProfilePage } from '../../../protocol';
import { act, button, element, icon, replaceContent, section } from '../../shared/dom';
import { Host, pageElement } from '../../shared/host';
import type { Change, FromProfile, ToProfile } from '../protocol';
import { boundsNodes } from './bounds';
import { Preference } from './preference';
import { Rules } from './rules';
import { Week } from './week';

const host = new Host<FromProfile, ToProfile, object>((message) => receive(message));
const page = pageElement();
let sent = 0;
const change = (made: Change): void => {
  sent += 1;
  host.send({ type: 'change', change: made });
};

const top = element('div', { class: 'top' });
const strip = element('div', { attributes: { role: 'status' } });
const hint = element('div', {});
const said = element('p', { class: 'small said', attributes: { role: 'status' } });
const week = new Week(change, (rule) => rules.edit(rule));
const rules = new Rules(change);
const ruleSection = element('div', {});
const preference = new Preference((value) => change({ action: 'set', path: 'preference', value: JSON.stringify(value) }));
const bounds = element('div', {});
let isBuilt = false;

function receive(message: ToProfile): void {
  switch (message.type) {
    case 'page':
      // A page made before the last change would take the hand back; the one after it is on its way.
      if (message.changes >= sent || !isBuilt) show(message.page);
      break;
    case 'stops':
      preference.setStops(message.stops);
      break;
    case 'working':
      preference.setWorking();
      break;
    case 'said':
      said.textContent = message.text;
      break;
    case 'failed':
      replaceContent(strip, stripNode('error', message.text, l10n.t('The file is not touched; its text form goes on.')));
      if (!isBuilt) page.replaceChildren(top, strip);
      break;
  }
}

function show(shown: ProfilePage): void {
  build();
  replaceContent(top, ...topNodes(shown));
  const first = shown.problems[0];
  replaceContent(
    strip,
    shown.readable || first === undefined
      ? null
      : stripNode(
          'error',
          l10n.t('Line {0}: {1}', first.line, first.message),
          l10n.t('The week is shown again when the text is JSON. The profile before it counts meanwhile.'),
        ),
  );
  page.classList.toggle('unreadable', !shown.readable);
  week.show(shown);
  replaceContent(hint, shown.pattern === null ? null : patternNode(shown.pattern));
  rules.show(shown);
  preference.show(shown.preference);
  replaceContent(bounds, ...boundsNodes(shown, change));
}

function build(): void {
  if (isBuilt) return;
  isBuilt = true;
  replaceContent(ruleSection, section(l10n.t('Rules'), [rules.node], { id: 'h-rules', end: addButton() }));
  const left = element('div', { class: 'stack gap5' }, element('div', {}, week.node, said, hint), ruleSection);
  const right = element('div', { class: 'stack gap5' }, preference.node, bounds);
  page.replaceChildren(top, strip, element('div', { class: 'grid g-profile' }, left, right));
}

function addButton(): HTMLElement {
  const made = act(l10n.t('Add a rule'), () => {
    rules.editLast();
    change({ action: 'add' });
  });
  made.prepend(icon('add', true));
  return made;
}

function topNodes({ environment, name, problems, readable }: ProfilePage): HTMLElement[] {
  const count = problems.length;
  const wrong = l10n.t('{0} {1} to correct', count, count === 1 ? 'thing' : 'things');
  const acts = element(
    'span',
    { class: 'acts' },
    button(l10n.t('From history'), () => host.send({ type: 'history' }), { iconName: 'wand' }),
    button(l10n.t('Open as text'), () => host.send({ type: 'text' }), { iconName: 'json' }),
  );
  return [
    element('span', { class: 'env', text: environment }),
    element('span', { class: 'second', text: l10n.t('Profile') }),
    ...(readable && name !== '' ? [element('span', { class: 'strong', text: name })] : []),
    ...(count > 0 ? [element('span', { class: 'status warn', text: wrong })] : []),
    element('span', { class: 'grow' }),
    acts,
  ];
}

function patternNode(pattern: Pattern): HTMLElement {
  const { day, startMinute, endMinute, cores } = pattern;
  const keep = (): void => change({ action: 'paint', kind: 'peak', day, startMinute, endMinute, cores });
  const acts = element(
    'span',
    { class: 'acts' },
    act(l10n.t('Expect {0} then', cores), keep),
    act(l10n.t('Not a pattern'), () => host.send({ type: 'decline', pattern })),
  );
  const text = l10n.t('{0} That is more than this profile expects.', pattern.words);
  return element('div', { class: 'pattern' }, icon('lightbulb'), element('p', { text }), acts);
}

function stripNode(iconName: string, title: string, text: string): HTMLElement {
  const acts = element(
    'div',
    { class: 'acts' },
    button(l10n.t('Open as text'), () => host.send({ type: 'text' }), { iconName: 'json' }),
  );
  const body = element('div', { class: 'body' }, element('div', { class: 'strong', text: title }), element('div', { text }), acts);
  return element('div', { class: 'strip warn' }, icon(iconName), body);
}

replaceContent(page, element('p', { class: 'muted', text: l10n.t('Asking the daemon.') }));
host.send({ type: 'ready' });
