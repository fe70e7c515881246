// Reads the settings. Their definitions live in the daemon; package.json is filled from them, so no default is repeated here.
import * as vscode from 'vscode';
import type { Context } from './protocol';

const RESTART_SECTIONS = ['foreload.python', 'foreload.broker', 'foreload.environment'];
const LONGEST_WAIT_MILLISECONDS = 300;

function setting<T>(name: string, fallback: T): T {
  return vscode.workspace.getConfiguration('foreload').get<T>(name, fallback);
}

/** What the daemon is told at its start. Empty texts let its environment variables decide. */
export function initializationOptions(): object {
  return {
    broker: setting('broker.address', ''),
    certificates: setting('broker.certificates', ''),
    environment: setting('environment', ''),
    settings: allSettings(),
  };
}

/** All settings of Foreload, nested as their names are. */
export function allSettings(): object {
  return vscode.workspace.getConfiguration().get<object>('foreload', {});
}

/** Whether a change takes effect only with a new start of the daemon. */
export function needsRestart(event: vscode.ConfigurationChangeEvent): boolean {
  return RESTART_SECTIONS.some((section) => event.affectsConfiguration(section));
}

/** What only the editor knows, as it is now. */
export function editorContext(): Context {
  return {
    telemetryEnabled: vscode.env.isTelemetryEnabled,
    trusted: vscode.workspace.isTrusted,
    focused: vscode.window.state.focused,
    lensesEnabled: setting('lenses.enabled', true),
    lensThresholdRatio: setting('lenses.thresholdRatio', 0.1),
  };
}

/** The interpreter that the person named, or an empty text. In a workspace that is not trusted its own value does not count. */
export function interpreterSetting(): string {
  const found = vscode.workspace.getConfiguration('foreload').inspect<string>('python.interpreter');
  if (vscode.workspace.isTrusted) return setting('python.interpreter', '');
  return found?.globalValue ?? '';
}

/** Longest time for which a task or a debug session waits for its limit. */
export function launchWaitMilliseconds(): number {
  return Math.min(LONGEST_WAIT_MILLISECONDS, Math.max(0, setting('runs.waitMilliseconds', LONGEST_WAIT_MILLISECONDS)));
}

export async function toggleLenses(): Promise<void> {
  await vscode.workspace
    .getConfiguration('foreload')
    .update('lenses.enabled', !setting('lenses.enabled', true), vscode.ConfigurationTarget.Global);
}
