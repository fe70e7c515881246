// What is right and wrong with this set-up, and what to do.
import * as l10n from '../../shared/l10n';
import type { Check, Doctor } from '../../../protocol';
import { act, button, element, replaceContent } from '../../shared/dom';
import { Host, pageElement } from '../../shared/host';
import type { FromDoctor, ToDoctor } from '../protocol';

const ICONS: Record<string, [name: string, word: string]> = {
  good: ['pass-filled', 'good'],
  warning: ['warning', 'warning'],
  bad: ['error', 'bad'],
};

const host = new Host<FromDoctor, ToDoctor, object>((message) => paint(message));
const page = pageElement();

function paint(message: ToDoctor | undefined): void {
  const acts = element(
    'span',
    { class: 'acts' },
    button(l10n.t('Check again'), () => host.send({ type: 'ready' }), { iconName: 'refresh' }),
    button(l10n.t('Restart'), () => host.send({ type: 'restart' }), { iconName: 'debug-restart' }),
    button(l10n.t('Show the log'), () => host.send({ type: 'log' }), { iconName: 'output' }),
  );
  const top = element(
    'div',
    { class: 'top' },
    element('span', { class: 'env', text: 'Foreload' }),
    element('span', { class: 'second', text: l10n.t('Doctor') }),
    element('span', { class: 'grow' }),
    acts,
  );
  const lead = element('div', { class: 'lead' }, element('h1', { text: headline(message), attributes: { role: 'status' } }));
  replaceContent(page, top, lead, message?.type === 'doctor' ? table(message.doctor) : null);
}

function headline(message: ToDoctor | undefined): string {
  if (message === undefined) return 'Checking.';
  if (message.type === 'failed') return message.text;
  const { checks } = message.doctor;
  const wrong = checks.filter((check) => check.state === 'bad').length;
  const doubtful = checks.filter((check) => check.state === 'warning').length;
  if (wrong === 0 && doubtful === 0) return l10n.t('All {0} checks are good.', checks.length);
  const counted = (count: number, word: string): string => `${count} ${count === 1 ? 'is' : 'are'} ${word}`;
  const parts = [wrong > 0 ? counted(wrong, 'wrong') : '', doubtful > 0 ? counted(doubtful, l10n.t('not as it should be')) : ''];
  return l10n.t('Of {0} checks {1}.', checks.length, parts.filter((part) => part !== '').join(' and '));
}

function table({ checks }: Doctor): HTMLElement {
  const head = ['', l10n.t('What'), l10n.t('How it is, and what to do')].map((text) =>
    element('th', { attributes: { scope: 'col' } }, text === '' ? element('span', { class: 'sr', text: l10n.t('State') }) : text),
  );
  return element('table', { class: 'checks' }, element('thead', {}, element('tr', {}, ...head)), element('tbody', {}, ...checks.map(row)));
}

function row({ name, state, text, fix, actions }: Check): HTMLElement {
  const [iconName, word] = ICONS[state] ?? ['circle-large', state];
  const mark = element('i', {
    class: `codicon codicon-${iconName} ${state}`,
    attributes: { role: 'img', 'aria-label': word, title: word },
  });
  const acts = actions.map(([command, label]) => act(label, () => host.send({ type: 'fix', name: command }), `${label}: ${name}`));
  const words = element(
    'td',
    {},
    text,
    fix === '' ? null : element('span', { class: 'why', text: fix }),
    acts.length === 0 ? null : element('span', { class: 'acts' }, ...acts),
  );
  return element('tr', {}, element('td', {}, mark), element('td', { class: 'strong nowrap', text: name }), words);
}

paint(undefined);
host.send({ type: 'ready' });
