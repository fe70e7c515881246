// What the status bar shows for each state. Pure, so that every state is tested.
import * as vscode from 'vscode';
import type { Gauge, GaugeRow } from './protocol';

/** The daemon's state, or `stopped` when there is no daemon to have one. */
export interface GaugeView extends Pick<Gauge, 'state' | 'text' | 'note'> {
  rows: readonly GaugeRow[];
}

export interface Face {
  text: string;
  /** Command that a click runs; none while starting. */
  command: string | undefined;
  /** Whether the item gets the warning background. */
  warning: boolean;
}

const DASHBOARD = 'foreload.openDashboard';

/** One item for one state. */
export function face({ state, text }: Pick<GaugeView, 'state' | 'text'>): Face {
  switch (state) {
    case 'starting':
      return { text: `$(pulse) ${text || vscode.l10n.t('Foreload: starting')}`, command: undefined, warning: false };
    case 'stopped':
      return { text: '$(error) Foreload stopped', command: 'foreload.stopped', warning: false };
    case 'warning':
      return { text: `$(warning) ${text}`, command: DASHBOARD, warning: true };
    case 'shadow':
      return { text: `$(eye) ${text}`, command: DASHBOARD, warning: false };
    case 'learning':
      return { text: `$(history) ${text}`, command: DASHBOARD, warning: false };
    case 'paused':
      return { text: `$(debug-pause) ${text}`, command: 'foreload.resume', warning: false };
    case 'noPermission':
      return { text: `$(lock) ${text}`, command: 'foreload.permission', warning: false };
    case 'noBroker':
      return { text: `$(debug-disconnect) ${text}`, command: 'foreload.runDoctor', warning: false };
    default:
      return { text: `$(pulse) ${text}`, command: DASHBOARD, warning: false };
  }
}

/** The tooltip's Markdown: a table of the resources, the note, and what can be done. */
export function tooltip({ state, rows, note }: GaugeView): string {
  const parts: string[] = [];
  if (rows.length > 0) {
    const head = [
      line(['', vscode.l10n.t('Used'), vscode.l10n.t('Limit'), vscode.l10n.t('Peak expected'), vscode.l10n.t('Foreload will')]),
      '| :-- | --: | --: | :-- | :-- |',
    ];
    parts.push([...head, ...rows.map((row) => line([row.name, row.used, row.limit, row.peak, row.will]))].join('\n'));
  }
  if (note !== '') parts.push(escape(note));
  const links = LINKS[state] ?? ['openDashboard', 'pause'];
  parts.push(links.map((name) => `[${TITLES[name] ?? name}](command:foreload.${name})`).join(' &nbsp; '));
  return parts.join('\n\n');
}

const TITLES: Record<string, string> = {
  openDashboard: vscode.l10n.t('Dashboard'),
  pause: vscode.l10n.t('Pause'),
  resume: vscode.l10n.t('Resume'),
  permission: vscode.l10n.t('Permission'),
  tryBroker: vscode.l10n.t('Try now'),
  runDoctor: vscode.l10n.t('Run the doctor'),
  restart: vscode.l10n.t('Restart'),
  showLog: vscode.l10n.t('Show the log'),
};

const LINKS: Record<string, string[]> = {
  starting: ['showLog'],
  stopped: ['restart', 'showLog'],
  paused: ['resume', 'openDashboard'],
  noPermission: ['permission', 'openDashboard'],
  noBroker: ['tryBroker', 'runDoctor', 'openDashboard'],
};

/** The commands that the tooltip may run. */
export const TOOLTIP_COMMANDS = Object.keys(TITLES).map((name) => `foreload.${name}`);

function line(cells: readonly string[]): string {
  const gap = '&nbsp;&nbsp;'; // the hover's table has no space between its columns
  return `| ${cells.map((cell, index) => (index === 0 ? '' : gap) + escape(cell)).join(' | ')} |`;
}

function escape(text: string): string {
  return text.replace(/[\\`*_{}[\]()#+!|<>~$]/g, '\\$&').replace(/\s+/g, ' ');
}
