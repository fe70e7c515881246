// The rules as a table; a pencil opens one to be changed in place.
import * as l10n from '../../shared/l10n';
import type { ProfilePage, ProfileRule } from '../../../protocol';
import { type Child, element, iconButton, replaceContent } from '../../shared/dom';
import type { Change } from '../protocol';
import { numberField, problemNode } from './bounds';

const KINDS: Record<string, string> = { peak: l10n.t('Peak'), idle: l10n.t('Idle'), deadline: l10n.t('Deadline') };
const WHEN_LABELS: Record<string, string> = {
  every: l10n.t('Days and times, such as weekday 09:00-18:00'),
  rrule: l10n.t('RFC 5545 rule'),
  cron: l10n.t('Five fields of cron'),
};

export class Rules {
  readonly node = element('div', {});
  private page: ProfilePage | undefined;
  private open = -1;
  private opensLast = false;

  constructor(private readonly change: (made: Change) => void) {}

  show(page: ProfilePage): void {
    this.page = page;
    if (this.opensLast && page.rules.length > 0) {
      this.opensLast = false;
      this.open = page.rules.at(-1)?.index ?? -1;
    }
    this.paint();
  }

  /** Opens one to be changed, and puts the keyboard there. */
  edit(index: number): void {
    this.open = index;
    this.paint();
    this.node.querySelector<HTMLInputElement>('tr.editing input')?.focus();
  }

  /** The rule that is about to be added is opened when it comes. */
  editLast(): void {
    this.opensLast = true;
  }

  private paint(): void {
    const { page } = this;
    if (page === undefined) return;
    const heads = [l10n.t('Kind'), l10n.t('When'), l10n.t('Expects'), l10n.t('Next'), l10n.t('Change')].map((text, index) =>
      element('th', { attributes: { scope: 'col' } }, index === 4 ? element('span', { class: 'sr', text }) : text),
    );
    const empty = element(
      'tr',
      { class: 'empty' },
      element('td', { class: 'full muted', text: l10n.t('No rule yet. Paint one on the week, or add one.'), attributes: { colspan: '5' } }),
    );
    const rows = page.rules.length === 0 ? [empty] : page.rules.flatMap((rule) => this.rowNodes(rule, page));
    replaceContent(
      this.node,
      element('table', { class: 'rules fold' }, element('thead', {}, element('tr', {}, ...heads)), element('tbody', {}, ...rows)),
    );
  }

  private rowNodes(rule: ProfileRule, page: ProfilePage): HTMLElement[] {
    const problems = page.problems.filter((problem) => problem.rule === rule.index);
    const isOpen = this.open === rule.index;
    const swatch = element('span', { class: `swatch ${rule.kind}`, attributes: { 'aria-hidden': 'true' } });
    const toggle = element('input', {
      class: 'switch',
      attributes: { type: 'checkbox', role: 'switch', 'aria-label': `${rule.name} counts`, ...(rule.enabled ? { checked: '' } : {}) },
      on: {
        change: () => this.change({ action: 'set', path: `windows[${rule.index}].enabled`, value: toggle.checked ? '' : 'false' }),
      },
    });
    const pencil = iconButton('edit', l10n.t('Change {0}', rule.name), () => (isOpen ? this.close() : this.edit(rule.index)));
    pencil.setAttribute('aria-expanded', String(isOpen));
    const nodes = [
      element(
        'tr',
        { class: rule.enabled ? '' : 'off', attributes: { 'data-rule': String(rule.index) } },
        element('td', { class: 'nowrap' }, swatch, KINDS[rule.kind] ?? rule.kind),
        element('td', { class: 'full' }, `${rule.name}: ${rule.words}`, element('span', { class: 'why mono', text: rule.technical })),
        element('td', { text: rule.expects }),
        element('td', { class: 'nowrap', text: rule.next }),
        element('td', { class: 'num' }, element('span', { class: 'acts' }, toggle, pencil)),
      ),
    ];
    if (isOpen)
      nodes.push(
        element('tr', { class: 'editing' }, element('td', { class: 'full', attributes: { colspan: '5' } }, this.form(rule, page))),
      );
    for (const problem of problems)
      nodes.push(
        element(
          'tr',
          { class: 'problems' },
          element('td', {}),
          element('td', { class: 'full', attributes: { colspan: '4' } }, problemNode(problem, this.change)),
        ),
      );
    return nodes;
  }

  private close(): void {
    const was = this.open;
    this.open = -1;
    this.paint();
    this.node.querySelector<HTMLElement>(`tr[data-rule="${was}"] button`)?.focus();
  }

  private form(rule: ProfileRule, page: ProfilePage): HTMLElement {
    const at = `windows[${rule.index}]`;
    const wrong = new Set(page.problems.map(({ path }) => path));
    const kind = element('select', {
      class: 'field',
      attributes: { 'aria-label': l10n.t('Kind') },
      on: { change: () => this.change({ action: 'set', path: `${at}.kind`, value: JSON.stringify(kind.value) }) },
    });
    for (const [value, text] of Object.entries(KINDS))
      kind.append(element('option', { text, attributes: { value, ...(value === rule.kind ? { selected: '' } : {}) } }));
    const whenLabel = WHEN_LABELS[rule.whenKey];
    const when: Child =
      whenLabel === undefined
        ? element('span', { class: 'second', text: l10n.t('Single days are changed in the text form.') })
        : this.labelled(whenLabel, this.textField(rule.when, `${at}.${rule.whenKey}`, wrong.has(`${at}.${rule.whenKey}`), true));
    return element(
      'div',
      { class: 'rule-form' },
      this.labelled(l10n.t('Name'), this.textField(rule.name, `${at}.name`, wrong.has(`${at}.name`))),
      this.labelled(l10n.t('Kind'), kind),
      when,
      this.labelled(
        l10n.t('Cores'),
        numberField(rule.cores, l10n.t('Cores'), `${at}.expect.cpuCores`, this.change, wrong.has(`${at}.expect.cpuCores`)),
      ),
      this.labelled('GiB', numberField(rule.memoryGib, 'GiB', `${at}.expect.memoryGib`, this.change, wrong.has(`${at}.expect.memoryGib`))),
      iconButton('trash', l10n.t('Remove {0}', rule.name), () => {
        this.open = -1;
        this.change({ action: 'remove', index: rule.index });
      }),
    );
  }

  private labelled(text: string, field: HTMLElement): HTMLElement {
    return element('label', { class: field.classList.contains('long') ? 'long' : '' }, element('span', { class: 'small', text }), field);
  }

  private textField(value: string, path: string, wrong: boolean, long = false): HTMLInputElement {
    const field = element('input', {
      class: `field${long ? ' long mono' : ''}${wrong ? ' wrong' : ''}`,
      attributes: { type: 'text', value, 'data-path': path, ...(wrong ? { 'aria-invalid': 'true' } : {}) },
      on: { change: () => this.change({ action: 'set', path, value: JSON.stringify(field.value) }) },
    });
    return field;
  }
}
