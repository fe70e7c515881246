// Where the extension is put together: everything is registered here, and the daemon starts in the background.
import * as vscode from 'vscode';
import { Daemon } from './client';
import { registerCommands } from './commands';
import { showGauge } from './gauge';
import { showLanguageStatus } from './language_status';
import { watchNotices } from './notices';
import { SET_CONTEXT } from './protocol';
import { DebugRuns } from './runs/debugging';
import { Gates } from './runs/gates';
import { RunSignals } from './runs/signals';
import { TaskRuns } from './runs/tasks';
import { watchTerminals } from './runs/terminals';
import { allSettings, editorContext, needsRestart } from './settings';
import { DashboardView } from './views/dashboard/panel';
import { DecisionView } from './views/decision/panel';
import { DoctorView } from './views/doctor/panel';
import { LedgerView } from './views/ledger/panel';
import { PermissionView } from './views/permission/panel';
import { ProfileEditor } from './views/profile/editor';
import { TrendsView } from './views/trends/panel';

export function activate(context: vscode.ExtensionContext): void {
  const log = vscode.window.createOutputChannel('Foreload', { log: true });
  const daemon = new Daemon({ storage: context.globalStorageUri, extension: context.extensionUri, log }, log);
  const signals = new RunSignals(daemon, log);
  const decisions = new DecisionView(context.extensionUri, daemon);
  const dashboard = new DashboardView(context.extensionUri, daemon, (decisionId) => decisions.open(decisionId), log);
  context.subscriptions.push(
    log,
    { dispose: () => void daemon.dispose() },
    showGauge(daemon),
    showLanguageStatus(daemon),
    registerCommands(daemon, log),
    watchNotices(daemon, log),
    dashboard.register(),
    decisions.register(),
    new PermissionView(context, daemon, log).register(),
    new LedgerView(context.extensionUri, daemon).register(),
    new DoctorView(context.extensionUri, daemon).register(),
    new ProfileEditor(context.extensionUri, daemon).register(),
    new TrendsView(context.extensionUri, daemon).register(),
    watchTerminals(signals),
    new TaskRuns(signals, new Gates(context)).register(),
    new DebugRuns(signals).register(),
    keepContext(daemon),
  );
  running = daemon;
  void daemon.requestRestart('the editor started');
}

let running: Daemon | undefined;

/** Waits until the daemon has put its state away. */
export async function deactivate(): Promise<void> {
  await running?.dispose();
}

/** Tells the daemon what only the editor knows, at each start and on each change. */
function keepContext(daemon: Daemon): vscode.Disposable {
  const send = (): void => daemon.notify(SET_CONTEXT, editorContext());
  return vscode.Disposable.from(
    daemon.onPhase(({ kind }) => {
      if (kind === 'running') send();
    }),
    vscode.env.onDidChangeTelemetryEnabled(send),
    vscode.workspace.onDidGrantWorkspaceTrust(send),
    vscode.window.onDidChangeWindowState(send),
    vscode.workspace.onDidChangeConfiguration((event) => {
      if (needsRestart(event)) void daemon.requestRestart('a setting changed', true);
      else if (event.affectsConfiguration('foreload')) {
        send();
        daemon.notify('workspace/didChangeConfiguration', { settings: { foreload: allSettings() } });
      }
    }),
  );
}
