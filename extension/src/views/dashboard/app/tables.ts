// The dashboard's tables: decisions and runs.
import * as l10n from '../../shared/l10n';
import type { Dashboard, DecisionRow, RunRow } from '../../../protocol';
import { ACTIONS } from '../../shared/actions';
import { OUTCOMES } from '../../shared/outcomes';
import { act, type Child, element, icon } from '../../shared/dom';
import { type Clock, countText } from '../../shared/format';

export interface DecisionHooks {
  why: (decisionId: string) => void;
  act: (action: string, decisionId: string) => void;
  /** The answer to what was done in this row, or undefined. */
  answer: (decisionId: string) => string | undefined;
}

export function decisionActions(row: DecisionRow, hooks: DecisionHooks): HTMLElement {
  const acts = element('span', { class: 'acts' });
  for (const [name, text] of [['why', l10n.t('Why')] as const, ...ACTIONS]) {
    if (!row.actions.includes(name)) continue;
    const press = (): void => (name === 'why' ? hooks.why(row.decisionId) : hooks.act(name, row.decisionId));
    acts.append(act(text, press, `${text}: ${row.what}`));
  }
  return acts;
}

export function decisionTable(
  decisions: readonly DecisionRow[],
  now: number,
  clock: Clock,
  hooks: DecisionHooks,
  empty: string,
): HTMLElement {
  const rows = decisions.map((row) => decisionRow(row, now, clock, hooks));
  return table(
    'fold timed',
    [l10n.t('When'), l10n.t('What and why'), l10n.t('Was it right?'), ''],
    rows.length > 0 ? rows : [emptyRow(4, empty)],
  );
}

function decisionRow(row: DecisionRow, now: number, clock: Clock, hooks: DecisionHooks): HTMLElement {
  const [iconName, kind] = OUTCOMES[row.outcome] ?? ['circle-large', ''];
  const answer = hooks.answer(row.decisionId);
  const outcome =
    answer === undefined
      ? element('span', { class: `out ${kind}` }, icon(iconName), row.outcomeText)
      : element('span', { class: 'out' }, icon('check'), answer);
  return element(
    'tr',
    { attributes: { 'data-decision': row.decisionId, 'data-outcome': row.outcome } },
    whenCell(row.at, now, clock),
    element('td', { class: 'full' }, row.what, row.why === '' ? null : element('span', { class: 'why', text: row.why })),
    element('td', {}, outcome),
    element('td', { class: 'num' }, decisionActions(row, hooks)),
  );
}

export function runTable({ runs, now }: Dashboard, clock: Clock): HTMLElement {
  const rows = runs.map((row) => runRow(row, now, clock));
  const empty = l10n.t('No run seen yet. Start a program in a terminal, as a task or under the debugger, and its start is listed here.');
  return table('fold runs', [l10n.t('When'), l10n.t('Run'), l10n.t('Its limit')], rows.length > 0 ? rows : [emptyRow(3, empty)]);
}

function runRow(row: RunRow, now: number, clock: Clock): HTMLElement {
  return element(
    'tr',
    {},
    whenCell(row.at, now, clock),
    element('td', { class: 'full' }, row.name, element('span', { class: 'second', text: ` ${TRIGGERS[row.trigger] ?? row.trigger}` })),
    element('td', { class: 'second limit-cell', text: row.text }),
  );
}

const TRIGGERS: Record<string, string> = {
  terminal: l10n.t('in a terminal'),
  task: l10n.t('as a task'),
  debug: l10n.t('under the debugger'),
  process: l10n.t('outside of the editor'),
};

/** The time; on another day than today with the day below it. */
function whenCell(at: number, now: number, clock: Clock): HTMLElement {
  const day = clock.dayText(at);
  const below = day === clock.dayText(now) ? null : element('span', { class: 'why', text: day });
  return element('td', { class: 'nowrap' }, element('span', { class: 'strong', text: clock.timeText(at) }), below);
}

export function totalText(shown: number, total: number): string {
  return total > shown ? l10n.t('{0} of {1}', countText(shown), countText(total)) : '';
}

function table(kind: string, heads: readonly string[], rows: readonly HTMLElement[]): HTMLElement {
  const cells = heads.map((head) =>
    element('th', { attributes: { scope: 'col' } }, head === '' ? element('span', { class: 'sr', text: l10n.t('Actions') }) : head),
  );
  return element('table', { class: kind }, element('thead', {}, element('tr', {}, ...cells)), element('tbody', {}, ...rows));
}

function emptyRow(columns: number, text: string): HTMLElement {
  const cell: Child = element('td', { class: 'full muted', text, attributes: { colspan: String(columns) } });
  return element('tr', { class: 'empty' }, cell);
}
