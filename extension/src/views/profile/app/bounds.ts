// Least and most of each resource, and the month's budget.
import * as l10n from '../../shared/l10n';
import type { ProfileBound, ProfilePage } from '../../../protocol';
import { act, type Child, element, icon, section } from '../../shared/dom';
import type { Change } from '../protocol';

/** A number field that says its change when it is left or Enter is pressed; empty takes the value away. */
export function numberField(
  value: number | null,
  label: string,
  path: string,
  change: (made: Change) => void,
  wrong = false,
): HTMLInputElement {
  const field = element('input', {
    class: `field${wrong ? ' wrong' : ''}`,
    attributes: {
      type: 'text',
      inputmode: 'decimal',
      'aria-label': label,
      'data-path': path,
      value: value === null ? '' : String(value),
      ...(wrong ? { 'aria-invalid': 'true' } : {}),
    },
    on: {
      change: () => {
        const text = field.value.trim().replace(',', '.');
        const number = Number(text);
        if (text !== '' && Number.isFinite(number)) change({ action: 'set', path, value: JSON.stringify(number) });
        else if (text === '') change({ action: 'set', path, value: '' });
        else field.value = value === null ? '' : String(value);
      },
    },
  });
  return field;
}

export function boundsNodes(page: ProfilePage, change: (made: Change) => void): Child[] {
  const wrong = new Set(page.problems.map(({ path }) => path));
  const row = ({ key, name, unit, least, most }: ProfileBound): Child[] => [
    element('span', { text: name }),
    numberField(least, l10n.t('{0}, at least, {1}', name, unit), `minimum.${key}`, change, wrong.has(`minimum.${key}`)),
    numberField(most, l10n.t('{0}, at most, {1}', name, unit), `maximum.${key}`, change, wrong.has(`maximum.${key}`)),
    element('span', { class: 'second', text: unit }),
  ];
  const head = [
    element('span'),
    element('span', { class: 'small', text: l10n.t('at least') }),
    element('span', { class: 'small', text: l10n.t('at most') }),
    element('span'),
  ];
  const grid = element('div', { class: 'bounds' }, ...head, ...page.bounds.flatMap(row));
  const budget = element(
    'div',
    { class: 'bounds budget' },
    element('span', { text: l10n.t('Budget') }),
    numberField(page.budgetUsdPerMonth, l10n.t('Budget, USD a month'), 'budgetUsdPerMonth', change, wrong.has('budgetUsdPerMonth')),
    element('span', { class: 'second', text: l10n.t('USD a month; {0}', page.spentText) }),
  );
  const note = element('p', {
    class: 'second',
    text: l10n.t('At the budget, Foreload stops going up and says so; it never takes away what is in use.'),
  });
  const elsewhere = page.problems.filter(({ rule, path }) => rule < 0 && path !== '').map((problem) => problemNode(problem, change));
  return [section(l10n.t('Never less, never more'), [grid, budget, note, ...elsewhere], { id: 'h-bounds' })];
}

/** What is wrong, what is allowed, and the ways out. */
export function problemNode({ message, fixes }: ProfilePage['problems'][number], change: (made: Change) => void): HTMLElement {
  const acts = element(
    'span',
    { class: 'acts' },
    ...fixes.map(({ label, path, value }) => act(label, () => change({ action: 'set', path, value }), `${label}: ${message}`)),
  );
  return element('div', { class: 'problem', attributes: { role: 'alert' } }, icon('error'), element('p', { text: message }), acts);
}
