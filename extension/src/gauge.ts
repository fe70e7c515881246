// The one item in the status bar.
import * as vscode from 'vscode';
import type { Daemon } from './client';
import { face, type GaugeView, tooltip, TOOLTIP_COMMANDS } from './gauge_face';
import { GAUGE, type Gauge } from './protocol';

const PRIORITY = 10;

/** Shows the gauge and keeps it true to the daemon. */
export function showGauge(daemon: Daemon): vscode.Disposable {
  const item = vscode.window.createStatusBarItem('foreload.gauge', vscode.StatusBarAlignment.Left, PRIORITY);
  item.name = 'Foreload';
  let shown = '';
  const paint = (view: GaugeView): void => {
    // Setting a tooltip anew closes the one that is being read.
    const key = JSON.stringify(view);
    if (key === shown) return;
    shown = key;
    const { text, command, warning } = face(view);
    item.text = text;
    item.command = command;
    item.backgroundColor = warning ? new vscode.ThemeColor('statusBarItem.warningBackground') : undefined;
    item.accessibilityInformation = { label: `Foreload: ${text.replace(/\$\([a-z-]+\) ?/g, '')}` };
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
