// Commands that a person types into a terminal, seen through its shell integration.
import * as vscode from 'vscode';
import type { RunSignals } from './signals';

export function watchTerminals(signals: RunSignals): vscode.Disposable {
  const runs = new WeakMap<vscode.TerminalShellExecution, string>();
  return vscode.Disposable.from(
    vscode.window.onDidStartTerminalShellExecution(({ execution, terminal }) => {
      const commandLine = execution.commandLine.value.trim();
      if (commandLine === '' || signals.duplicates.ofTerminal(commandLine, terminal.name, Date.now()) !== undefined) return;
      const runId = signals.started({ trigger: 'terminal', commandLine, cwd: folderOf(execution.cwd) });
      runs.set(execution, runId);
      signals.duplicates.remember({ runId, trigger: 'terminal', marks: [commandLine, terminal.name] }, Date.now());
    }),
    vscode.window.onDidEndTerminalShellExecution(({ execution, exitCode }) => {
      const runId = runs.get(execution);
      if (runId !== undefined) signals.ended(runId, exitCode);
    }),
  );
}

/** Older shells report a text where newer ones report a URI. */
function folderOf(cwd: vscode.Uri | string | undefined): string | null {
  if (cwd === undefined) return null;
  return typeof cwd === 'string' ? cwd : cwd.fsPath;
}
