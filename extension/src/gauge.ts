// The one item in the status bar.
import * as vscode from 'vscode';
import type { Daemon } from './client';
import { face, type GaugeView, tooltip, TOOLTIP_COMMANDS } from './gauge_face';
import { GAUGE, type Gauge } from './protocol';

const PRIORITY = 10;
const TOOLTIP_MILLISECONDS = 10_000;

/** Shows the gauge and keeps it true to the daemon. */
export function showGauge(daemon: Daemon): vscode.Disposable {
  const item = vscode.window.createStatusBarItem('foreload.gauge', vscode.StatusBarAlignment.Left, PRIORITY);
  item.name = 'Foreload';
  let tooltipOf = { state: '', at: 0 };
  const paint = (view: GaugeView): void => {
    const { text, command, warning } = face(view);
    item.text = text;
    item.command = command;
    item.backgroundColor = warning ? new vscode.ThemeColor('statusBarItem.warningBackground') : undefined;
    item.accessibilityInformation = { label: vscode.l10n.t('Foreload: {0}', text.replace(/\$\([a-z-]+\) ?/g, '')) };
    // A new tooltip closes the one that is being read, so it follows the text more slowly.
    if (view.state === tooltipOf.state && Date.now() - tooltipOf.at < TOOLTIP_MILLISECONDS) return;
    tooltipOf = { state: view.state, at: Date.now() };
    const markdown = new vscode.MarkdownString(tooltip(view), true);
    markdown.isTrusted = { enabledCommands: TOOLTIP_COMMANDS };
    item.tooltip = markdown;
  };
  const paintPhase = (): void => {
    const { kind, detail } = daemon.phase;
    if (kind !== 'running') paint({ state: kind, text: '', note: detail, rows: [] });
  };
  daemon.on<Gauge>(GAUGE, paint);
  paintPhase();
  item.show();
  return vscode.Disposable.from(item, daemon.onPhase(paintPhase));
}
