// Debug sessions: the launch waits for its limit a moment, then goes on regardless.
import path from 'node:path';
import * as vscode from 'vscode';
import { launchWaitMilliseconds } from '../settings';
import type { RunSignals } from './signals';

const UNUSED_MILLISECONDS = 15_000;

interface Pending {
  runId: string;
  type: string;
  name: string;
  timer: NodeJS.Timeout;
}

export class DebugRuns implements vscode.DebugConfigurationProvider {
  private pending: Pending[] = [];
  private readonly running = new Map<string, string>();

  constructor(private readonly signals: RunSignals) {}

  register(): vscode.Disposable {
    return vscode.Disposable.from(
      vscode.debug.registerDebugConfigurationProvider('*', this),
      vscode.debug.onDidStartDebugSession((session) => this.started(session)),
      vscode.debug.onDidTerminateDebugSession((session) => this.ended(session)),
    );
  }

  async resolveDebugConfigurationWithSubstitutedVariables(
    _folder: vscode.WorkspaceFolder | undefined,
    configuration: vscode.DebugConfiguration,
  ): Promise<vscode.DebugConfiguration> {
    if (configuration.request === 'launch') await this.announce(configuration);
    return configuration;
  }

  private async announce(configuration: vscode.DebugConfiguration): Promise<void> {
    const program = textOf(configuration['program']);
    const module = textOf(configuration['module']);
    const start = {
      trigger: 'debug',
      program,
      commandLine: program === null && module !== null ? `python -m ${module}` : null,
      cwd: textOf(configuration['cwd']),
      kind: configuration['purpose'] === undefined ? null : 'test',
    };
    const { runId, inTime } = this.signals.starting(start, launchWaitMilliseconds());
    await inTime;
    const timer = setTimeout(() => this.withdraw(runId), UNUSED_MILLISECONDS);
    this.pending.push({ runId, type: configuration.type, name: configuration.name, timer });
    const marks = [program === null ? '' : path.basename(program), module ?? ''].filter((mark) => mark !== '');
    this.signals.duplicates.remember({ runId, trigger: 'debug', marks }, Date.now());
  }

  private withdraw(runId: string): void {
    this.pending = this.pending.filter((pending) => pending.runId !== runId);
    this.signals.ended(runId, undefined);
  }

  private started(session: vscode.DebugSession): void {
    if (session.parentSession !== undefined) return;
    const index = this.pending.findIndex(({ type, name }) => type === session.type && name === session.configuration.name);
    const [found] = index < 0 ? [] : this.pending.splice(index, 1);
    if (found === undefined) return;
    clearTimeout(found.timer);
    this.running.set(session.id, found.runId);
  }

  private ended(session: vscode.DebugSession): void {
    const runId = this.running.get(session.id);
    if (runId === undefined) return;
    this.running.delete(session.id);
    this.signals.ended(runId, undefined);
  }
}

function textOf(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? value : null;
}
