// One decision explained: how, with and without, whether it was right, what else could be done, and what was known.
import * as l10n from '../../shared/l10n';
import type { Alternative, DecisionStep, ExplainedChange, Explanation } from '../../../protocol';
import { ACTIONS } from '../../shared/actions';
import { button, type Child, element, icon, iconButton, replaceContent, section } from '../../shared/dom';
import { Host, pageElement } from '../../shared/host';
import { OUTCOMES } from '../../shared/outcomes';
import { onResize, TableToggle } from '../../shared/picture';
import type { FromDecision, ToDecision } from '../protocol';
import { chartHeading, decisionChart, decisionTable } from './chart';

const host = new Host<FromDecision, ToDecision, object>((message) => receive(message));
const page = pageElement();
const table = new TableToggle();
let shown: Extract<ToDecision, { type: 'explanation' }> | undefined;
let word = '';

function receive(message: ToDecision): void {
  if (message.type === 'explanation') {
    word = message.explanation.decisionId === shown?.explanation.decisionId ? word : '';
    shown = message;
  } else {
    word = message.text;
  }
  paint();
}

function paint(): void {
  const note = word === '' ? null : element('p', { class: 'second', text: word, attributes: { role: 'status' } });
  if (shown === undefined) {
    replaceContent(page, note ?? element('p', { class: 'muted', text: l10n.t('Asking the daemon.') }));
    return;
  }
  const { explanation, timeZone } = shown;
  const title = element('div', {}, element('h1', { text: explanation.title }), element('p', { class: 'lead-p', text: explanation.lead }));
  const problem = explanation.problem === '' ? null : problemStrip(explanation.problem);
  const how = element('div', { class: 'stack gap5' }, ...explanation.changes.map(changeSection));
  const chart = explanation.chart;
  if (chart !== null) table.update(() => decisionTable(chart, timeZone));
  const picture =
    chart === null ? null : section(chartHeading(chart), [decisionChart(chart, timeZone), table.button, table.node], { id: 'h-picture' });
  const side = element('div', { class: 'stack gap5' }, picture, outcomeSection(explanation));
  const grid = explanation.changes.length === 0 ? side : element('div', { class: 'grid g-decision' }, how, side);
  replaceContent(
    page,
    top(explanation),
    problem,
    element('div', { class: 'lead' }, title),
    note,
    grid,
    explanation.alternatives.length === 0 ? null : element('div', { class: 'pad-top' }, alternativesSection(explanation.alternatives)),
    explanation.known.length === 0 ? null : element('div', { class: 'pad-top' }, knownSection(explanation.known)),
  );
}

function top({ environment, decisionId, actions }: Explanation): HTMLElement {
  const acts = element(
    'span',
    { class: 'acts' },
    ...ACTIONS.filter(([name]) => actions.includes(name)).map(([name, text]) =>
      button(text, () => host.send({ type: 'act', action: name })),
    ),
    iconButton('copy', l10n.t('Copy as text'), () => host.send({ type: 'copy' })),
    iconButton('pulse', l10n.t('Dashboard'), () => host.send({ type: 'dashboard' })),
  );
  return element(
    'div',
    { class: 'top' },
    element('span', { class: 'env', text: environment }),
    element('span', { class: 'second', text: l10n.t('Decision') }),
    element('span', { class: 'second mono', text: decisionId }),
    element('span', { class: 'grow' }),
    acts,
  );
}

function problemStrip(text: string): HTMLElement {
  const body = element(
    'div',
    { class: 'body' },
    element('div', { class: 'strong', text }),
    element('div', { text: l10n.t('This is what is known here.') }),
  );
  return element('div', { class: 'strip warn' }, icon('debug-disconnect'), body);
}

function changeSection({ heading, note, most, steps }: ExplainedChange, index: number): HTMLElement {
  const list = element('ol', { class: 'steps' }, ...steps.map((step) => stepNode(step, most)));
  return section(heading, [list], { id: `h-how-${index}`, end: element('span', { class: 'small', text: note }) });
}

/** A step: what it says, a bar from where the value stood to where it stands, and the value. */
function stepNode({ icon: iconName, name, text, before, value, valueText }: DecisionStep, most: number): HTMLElement {
  const bar = element(
    'span',
    { class: 'stepbar', attributes: { 'aria-hidden': 'true' } },
    element('span', { class: 'held' }),
    element('span', { class: 'added' }),
  );
  const part = (amount: number): string => String(most > 0 ? Math.min(1, amount / most) : 0);
  bar.style.setProperty('--low', part(Math.min(before, value)));
  bar.style.setProperty('--high', part(value));
  const unchanged = valueText.endsWith('no change');
  return element(
    'li',
    { class: iconName === 'target' ? 'target' : '' },
    icon(iconName),
    element('span', { class: 'steptext' }, element('span', { class: 'strong', text: name }), element('span', { class: 'why', text })),
    bar,
    element('span', { class: `stepvalue${unchanged ? ' muted' : ''}`, text: valueText }),
  );
}

function outcomeSection({ outcome, outcomeText, facts, alike }: Explanation): HTMLElement {
  const [iconName, kind] = OUTCOMES[outcome] ?? ['circle-large', ''];
  const list = element('dl', { class: 'facts pad-top-s' });
  for (const [term, value] of facts) list.append(element('dt', { text: term }), element('dd', { text: value }));
  const body: Child[] = [element('p', { class: `out big ${kind}` }, icon(iconName), outcomeText), facts.length === 0 ? null : list];
  if (alike.length > 0) {
    const marks = alike.map(([each, text]) => {
      const [name, role] = OUTCOMES[each] ?? ['circle-large', ''];
      return element('span', { class: `out ${role}` }, icon(name), text);
    });
    const heading = alike.length === 1 ? l10n.t('The last one like this') : l10n.t('The last {0} like this', alike.length);
    body.push(element('p', { class: 'second pad-top-s', text: heading }), element('div', { class: 'alike' }, ...marks));
  }
  return section(l10n.t('Was it right?'), body, { id: 'h-outcome' });
}

function alternativesSection(alternatives: readonly Alternative[]): HTMLElement {
  const heads = [l10n.t('Instead'), l10n.t('Short'), l10n.t('Costs'), l10n.t('Why not')].map((text, index) =>
    element('th', { class: index === 1 || index === 2 ? 'num' : '', text, attributes: { scope: 'col' } }),
  );
  const rows = alternatives.map(({ instead, short, cost, why, chosen }) =>
    element(
      'tr',
      { class: chosen ? 'strong' : '' },
      element('td', { class: 'full' }, chosen ? icon('check', true) : null, instead),
      element('td', { class: 'num', text: short }),
      element('td', { class: 'num', text: cost }),
      element('td', { class: chosen ? '' : 'muted', text: why }),
    ),
  );
  const body = element(
    'table',
    { class: 'fold alternatives' },
    element('thead', {}, element('tr', {}, ...heads)),
    element('tbody', {}, ...rows),
  );
  return section(l10n.t('What else could be done'), [body], { id: 'h-else' });
}

function knownSection(known: readonly (readonly [string, string])[]): HTMLElement {
  const list = element('dl', { class: 'known' });
  for (const [term, value] of known)
    list.append(element('div', {}, element('dt', { class: 'second', text: term }), element('dd', { text: value })));
  return section(l10n.t('What was known'), [list], { id: 'h-known' });
}

paint();
host.send({ type: 'ready' });
onResize(paint);
