// The dashboard's page: its parts in reading order, each brought up to date when new data comes.
import * as l10n from '../../shared/l10n';
import type { CostCard, Dashboard, DecisionRow, SkillDay, Strip } from '../../../protocol';
import { act, button, element, icon, iconButton, replaceContent, section, segments, svg } from '../../shared/dom';
import { Clock, countText, durationText } from '../../shared/format';
import type { Range } from '../protocol';
import type { Stretch } from './model';
import { numbersTable } from './numbers';
import { decisionActions, type DecisionHooks, decisionTable, runTable, totalText } from './tables';
import { Timeline } from './timeline';

const RANGES = [['15m', '15 min'], ['6h', '6 h'], ['7d', '7 days']] as const; // prettier-ignore
const FIRST_DECISIONS = 6;
const FIRST_PLANNED = 2;
const LEAST_BARS = 5;
const MORE_DECISIONS = 100;
const EMPTY_WORDS: Record<string, string> = {
  learning: l10n.t('Nothing decided yet. Each change will be listed here with its reason, before it is made where that is possible.'),
};

export interface PageHooks extends Pick<DecisionHooks, 'why' | 'act'> {
  command: (name: string) => void;
  range: (range: Range) => void;
  /** Asks for so many decisions of the log. */
  older: (limit: number) => void;
  zoomed: (zoom: Stretch | null) => void;
  numbersShown: (shown: boolean) => void;
}

export interface PageState {
  range: Range;
  zoom: Stretch | null;
  numbers: boolean;
}

export class DashboardPage {
  private readonly top = element('div', { class: 'top' });
  private readonly strip = element('div', { attributes: { role: 'status' } });
  private readonly lead = element('div', { class: 'lead' });
  private readonly bar = element('div', { class: 'row between', attributes: { id: 'tlbar' } });
  private readonly foot = element('div', { class: 'row between tl-foot' });
  private readonly numbers = element('div', {});
  private readonly decisions = element('div', {});
  private readonly runs = element('div', {});
  private readonly tasks = element('div', {});
  /** Older decisions, once they were asked for. */
  private older: readonly DecisionRow[] = [];
  private showsAll = false;
  private readonly side = element('div', { class: 'stack gap5' });
  private readonly timeline: Timeline;
  private readonly answers = new Map<string, string>();
  private clock = new Clock(Intl.DateTimeFormat().resolvedOptions().timeZone);
  private dashboard: Dashboard | undefined;

  constructor(
    private readonly host: HTMLElement,
    private readonly state: PageState,
    private readonly hooks: PageHooks,
  ) {
    this.timeline = new Timeline(this.clock, state.zoom, {
      command: hooks.command,
      why: hooks.why,
      zoomed: (zoom) => {
        this.state.zoom = zoom;
        hooks.zoomed(zoom);
      },
    });
  }

  /** New data from the daemon. */
  show(dashboard: Dashboard, timeZone: string): void {
    if (this.dashboard === undefined) this.build();
    if (timeZone !== this.clock.zone) {
      this.clock = new Clock(timeZone);
      this.timeline.setClock(this.clock);
    }
    this.dashboard = dashboard;
    this.timeline.update(dashboard);
    this.paint(dashboard);
  }

  /** What came of Undo, Pin or Not this time: it stands in the row. */
  answer(decisionId: string, text: string): void {
    this.answers.set(decisionId, text);
    if (this.dashboard !== undefined) this.paint(this.dashboard);
  }

  /** The daemon cannot be asked: what is on the page stays, with a word on top. */
  unavailable(stopped: boolean, text: string): void {
    const actions: [string, string][] = stopped ? [['restart', l10n.t('Restart')], ['showLog', l10n.t('Show the log')]] : [['showLog', l10n.t('Show the log')]]; // prettier-ignore
    const strip: Strip = {
      kind: stopped ? 'warning' : 'info',
      icon: stopped ? 'error' : 'sync',
      title: text,
      text: l10n.t('Gauge and charts go on as soon as it runs again.'),
      actions,
    };
    if (this.dashboard === undefined) this.host.replaceChildren(this.strip);
    replaceContent(this.strip, stripNode(strip, this.hooks.command));
  }

  /** More of the log came than the dashboard itself holds. */
  showOlder(rows: readonly DecisionRow[]): void {
    this.older = rows;
    if (this.dashboard !== undefined) this.paint(this.dashboard);
  }

  /** Colours have changed. */
  themeChanged(): void {
    this.timeline.rebuild();
  }

  private build(): void {
    const main = element('div', { class: 'stack gap5' }, this.decisions, this.runs, this.tasks);
    this.host.replaceChildren(
      this.top,
      this.strip,
      this.lead,
      this.bar,
      this.timeline.node,
      this.foot,
      this.numbers,
      element('div', { class: 'grid g-main pad-top-s' }, main, this.side),
    );
  }

  private paint(dashboard: Dashboard): void {
    const { hooks } = this;
    const rows: DecisionHooks = { ...hooks, answer: (id) => this.answers.get(id) };
    replaceContent(this.top, ...this.topNodes(dashboard));
    replaceContent(this.strip, dashboard.strip === null ? null : stripNode(dashboard.strip, hooks.command));
    const planned = dashboard.decisions.find((row) => row.outcome === 'planned');
    replaceContent(this.lead, element('h1', { text: dashboard.sentence }), planned === undefined ? null : leadActions(planned, rows));
    replaceContent(
      this.bar,
      legend(this.timeline.shortOf),
      segments('range', l10n.t('Range'), RANGES, this.state.range, (range) => this.choose(range as Range)),
    );
    replaceContent(this.foot, ...this.footNodes(dashboard));
    replaceContent(this.numbers, this.state.numbers ? numbersTable(this.timeline.charts, this.clock) : null);
    const log = this.log(dashboard);
    const end = this.logEnd(dashboard, log.length);
    const empty = EMPTY_WORDS[dashboard.statusKind] ?? l10n.t('Nothing decided yet. Each change is listed here with its reason.');
    replaceContent(
      this.decisions,
      section(l10n.t('Decisions'), [decisionTable(log, dashboard.now, this.clock, rows, empty)], { id: 'h-decisions', end }),
    );
    const tasks = element('p', { class: 'muted', text: dashboard.tasksText });
    replaceContent(
      this.tasks,
      section(l10n.t('Tasks'), [tasks], { id: 'h-tasks', note: l10n.t('less critical work that may wait or move') }),
    );
    replaceContent(
      this.runs,
      section(l10n.t('Runs'), [runTable(dashboard, this.clock)], { id: 'h-runs', note: l10n.t('what their start cost') }),
    );
    replaceContent(this.side, ...sideNodes(dashboard));
  }

  /** The rows that are shown: the first few, or all that came, the dashboard's own being the newest word on each. */
  private log({ decisions }: Dashboard): readonly DecisionRow[] {
    if (!this.showsAll) {
      const planned = decisions.filter(({ outcome }) => outcome === 'planned');
      const past = decisions.filter(({ outcome }) => outcome !== 'planned');
      const soonest = planned.slice(-Math.max(FIRST_PLANNED, FIRST_DECISIONS - past.length));
      return [...soonest, ...past].slice(0, FIRST_DECISIONS);
    }
    const known = new Set(decisions.map(({ decisionId }) => decisionId));
    return [...decisions, ...this.older.filter(({ decisionId }) => !known.has(decisionId))];
  }

  private logEnd({ decisions, decisionTotal }: Dashboard, shown: number): HTMLElement | null {
    const planned = decisions.filter(({ outcome }) => outcome === 'planned').length;
    const total = Math.max(decisionTotal + planned, decisions.length);
    const count = this.showsAll ? element('span', { class: 'small', text: totalText(shown, total) }) : null;
    if (total <= FIRST_DECISIONS) return null;
    const fewer = (): void => this.setShowsAll(false);
    const all = (): void => this.setShowsAll(true);
    const older = this.showsAll && shown < total ? act(l10n.t('Older'), () => this.hooks.older(shown + MORE_DECISIONS)) : null;
    return element(
      'span',
      { class: 'row' },
      count,
      older,
      this.showsAll ? act(l10n.t('Fewer'), fewer) : act(l10n.t('All {0}', countText(total)), all),
    );
  }

  private setShowsAll(showsAll: boolean): void {
    this.showsAll = showsAll;
    if (this.dashboard !== undefined) this.paint(this.dashboard);
  }

  /** Shows another range from now on, without a person's choice. */
  look(range: Range): void {
    this.state.range = range;
  }

  private choose(range: Range): void {
    this.state.range = range;
    this.timeline.setZoom(null);
    this.hooks.range(range);
  }

  private topNodes({ environment, status, statusKind, scalingPaused }: Dashboard): HTMLElement[] {
    const { command } = this.hooks;
    const allowed = statusKind !== 'noPermission';
    const acts = element('span', { class: 'acts' });
    if (allowed) acts.append(button(l10n.t('About to run something big'), () => command('announce'), { iconName: 'rocket', wide: true }));
    if (allowed && scalingPaused) acts.append(button(l10n.t('Resume'), () => command('resume'), { iconName: 'debug-start' }));
    if (allowed && !scalingPaused) acts.append(button(l10n.t('Pause'), () => command('pause'), { iconName: 'debug-pause' }));
    if (allowed) acts.append(iconButton('calendar', l10n.t('Edit profile'), () => command('newProfile')));
    acts.append(iconButton('graph', l10n.t('Trends'), () => command('openTrends')));
    acts.append(iconButton('ellipsis', l10n.t('More'), () => command('more')));
    return [
      element('span', { class: 'env', text: environment }),
      element('span', { class: `status ${statusClass(statusKind)}`, text: status }),
      element('span', { class: 'grow' }),
      acts,
    ];
  }

  private footNodes({ now }: Dashboard): HTMLElement[] {
    const own = new Clock(Intl.DateTimeFormat().resolvedOptions().timeZone).offsetSeconds(now) === this.clock.offsetSeconds(now);
    const hint = this.timeline.isZoomed
      ? l10n.t('Double-click a chart to return.')
      : l10n.t('Drag over a chart to zoom, double-click to return.');
    const zone = l10n.t('Times are {0} ({1}).', own ? 'yours' : 'the environment’s', this.clock.offsetText(now));
    const toggle = act(this.state.numbers ? l10n.t('Hide the table') : l10n.t('Show as table'), () => this.toggleNumbers());
    toggle.prepend(icon('table', true));
    toggle.setAttribute('aria-expanded', String(this.state.numbers));
    return [element('span', { class: 'small wide', text: `${hint} ${zone}` }), toggle];
  }

  private toggleNumbers(): void {
    this.state.numbers = !this.state.numbers;
    this.hooks.numbersShown(this.state.numbers);
    if (this.dashboard !== undefined) this.paint(this.dashboard);
  }
}

function statusClass(kind: string): string {
  const classes: Record<string, string> = {
    good: '',
    calm: '',
    off: 'off',
    learning: 'off',
    paused: 'off',
    noPermission: 'off',
    shadow: 'off',
    warn: 'warn',
    warning: 'warn',
    noBroker: 'warn',
  };
  return classes[kind] ?? '';
}

function leadActions(row: DecisionRow, hooks: DecisionHooks): HTMLElement {
  return decisionActions(row, hooks);
}

function stripNode({ kind, icon: iconName, title, text, actions }: Strip, command: (name: string) => void): HTMLElement {
  const buttons = actions.map(([name, label], index) => button(label, () => command(name), { quiet: index > 0 }));
  const body = element(
    'div',
    { class: 'body' },
    element('div', { class: 'strong', text: title }),
    element('div', { text }),
    element('div', { class: 'acts' }, ...buttons),
  );
  return element('div', { class: `strip ${kind === 'warn' || kind === 'warning' ? 'warn' : ''}` }, icon(iconName), body);
}

function sideNodes(dashboard: Dashboard): HTMLElement[] {
  const facts = element('dl', { class: 'facts' });
  const fact = (term: string, value: string): void => facts.append(element('dt', { text: term }), element('dd', { text: value }));
  fact(l10n.t('Time at the limit'), durationText(dashboard.throttledSecondsWeek));
  fact(l10n.t('Memory kills'), countText(dashboard.oomKillsWeek));
  fact(l10n.t('Changes today'), countText(dashboard.changesToday));
  return [
    costSection(dashboard.cost),
    section(l10n.t('How good is the forecast?'), [element('p', { text: dashboard.skillText }), skillPicture(dashboard.skillDays)], {
      id: 'h-skill',
    }),
    section(l10n.t('This week'), [facts], { id: 'h-week' }),
  ];
}

function costSection({ note, rows, monthName, month, monthRatio, expectedRatio, expected, text }: CostCard): HTMLElement {
  const facts = element('dl', { class: 'facts' });
  for (const [term, value] of [...rows, [monthName, month] as const])
    facts.append(element('dt', { text: term }), element('dd', { text: value }));
  const ahead = element(
    'dl',
    { class: 'facts second' },
    element('dt', { text: l10n.t('expected at month’s end') }),
    element('dd', { text: expected }),
  );
  return section(l10n.t('Cost'), [facts, meter(monthRatio, expectedRatio), ahead, element('p', { class: 'pad-top-s', text })], {
    id: 'h-cost',
    note,
  });
}

/** How much of the budget is spent, and how much of it is expected to be; the numbers stand above and below it. */
function meter(spent: number | null, expected: number | null): HTMLElement | null {
  if (spent === null) return null;
  const part = (ratio: number, role: string): HTMLElement => {
    const node = element('span', { class: role });
    node.style.setProperty('--part', String(ratio));
    return node;
  };
  return element('div', { class: 'meter', attributes: { 'aria-hidden': 'true' } }, part(expected ?? spent, 'expected'), part(spent, ''));
}

/** One bar a day: how much closer it was; hollow where it was not. */
function skillPicture(days: readonly SkillDay[]): HTMLElement | null {
  if (days.length < LEAST_BARS) return null;
  const words = days.map(
    ({ label, ratio }) => `${label}: ${ratio >= 0 ? `${Math.round(ratio * 100)} % closer` : `${Math.round(-ratio * 100)} % further`}`,
  );
  const bars = days.map(({ ratio }, index) => {
    const bar = element('i', { class: ratio > 0 ? '' : 'worse', attributes: { title: words[index] ?? '' } });
    bar.style.setProperty('--part', String(Math.min(1, Math.abs(ratio))));
    return bar;
  });
  const ends = element(
    'div',
    { class: 'row between small', attributes: { 'aria-hidden': 'true' } },
    days[0]?.label ?? '',
    days.at(-1)?.label ?? '',
  );
  return element('div', {}, element('div', { class: 'days', attributes: { role: 'img', 'aria-label': words.join('; ') } }, ...bars), ends);
}

/** What the lines mean; the words beside it say the same, so it is hidden from readers. */
function legend(shortOf: readonly string[]): HTMLElement {
  const line = (d: string, role: string, extra: Record<string, string> = {}): SVGElement =>
    svg('path', { d, class: role, fill: 'none', 'stroke-width': '1.75', ...extra });
  const entry = (text: string, ...shapes: SVGElement[]): HTMLElement => {
    const node = element('span', {}, text);
    node.prepend(svg('svg', { viewBox: '0 0 22 12' }, ...shapes));
    return node;
  };
  const box = (role: string): SVGElement => svg('rect', { x: '1', y: '1', width: '20', height: '10', class: role });
  return element(
    'div',
    { class: 'legend', attributes: { 'aria-hidden': 'true' } },
    entry('used', line('M1 6H21', 's-use')),
    entry(l10n.t('forecast, 8 of 10 cases'), box('f-band'), line('M1 6H21', 's-use', { 'stroke-dasharray': '5 3', 'stroke-width': '1.5' })),
    entry('limit', line('M1 9H10V3H21', 's-limit')),
    entry(l10n.t('planned limit'), line('M1 9H10V3H21', 's-limit', { 'stroke-dasharray': '2 3' })),
    shortOf.length > 0 ? entry(l10n.t('short of {0}', shortOf.map(inSentence).join(' and ')), box('f-bad')) : null,
  );
}

/** A resource's name inside a sentence: abbreviations keep their capitals. */
function inSentence(name: string): string {
  return name === name.toUpperCase() ? name : name.toLowerCase();
}
