// One decision explained.
import { button, element, iconButton, replaceContent } from '../../shared/dom';
import { Host, pageElement } from '../../shared/host';
import { parseMarkdown } from '../../shared/markdown';
import { blockNodes } from '../../shared/markdown_nodes';
import { ACTIONS } from '../../shared/actions';
import type { FromDecision, ToDecision } from '../protocol';

const host = new Host<FromDecision, ToDecision, object>((message) => receive(message));
const page = pageElement();
let shown: Extract<ToDecision, { type: 'explanation' }> | undefined;
let word = '';

function receive(message: ToDecision): void {
  if (message.type === 'explanation') {
    word = message.decisionId === shown?.decisionId ? word : '';
    shown = message;
  } else {
    word = message.text;
  }
  paint();
}

function paint(): void {
  const note = element('p', { class: 'second', text: word, attributes: { role: 'status' } });
  if (shown === undefined) {
    replaceContent(page, word === '' ? element('p', { class: 'muted', text: 'Asking the daemon.' }) : note);
    return;
  }
  const { explanation, decisionId, actions } = shown;
  const acts = element(
    'span',
    { class: 'acts' },
    ...ACTIONS.filter(([name]) => actions.includes(name)).map(([name, text]) =>
      button(text, () => host.send({ type: 'act', action: name })),
    ),
    iconButton('copy', 'Copy as text', () => host.send({ type: 'copy' })),
    iconButton('pulse', 'Dashboard', () => host.send({ type: 'dashboard' })),
  );
  const top = element(
    'div',
    { class: 'top' },
    element('span', { class: 'second', text: 'Decision' }),
    element('span', { class: 'second mono', text: decisionId }),
    element('span', { class: 'grow' }),
    acts,
  );
  const blocks = parseMarkdown(explanation.markdown).filter((block, index) => !(index === 0 && block.kind === 'heading'));
  const body = element('div', { class: 'reading' }, ...blockNodes(blocks));
  replaceContent(page, top, element('div', { class: 'lead' }, element('h1', { text: explanation.title })), word === '' ? null : note, body);
}

paint();
host.send({ type: 'ready' });
