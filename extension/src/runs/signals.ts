// Tells the daemon of runs: that one starts, and that it has ended.
import { randomUUID } from 'node:crypto';
import type * as vscode from 'vscode';
import type { Daemon } from '../client';
import { messageOf } from '../errors';
import { RUN_ENDED, RUN_STARTING, type RunAnswer, type RunEnded, type RunStarting } from '../protocol';
import { Duplicates } from './duplicates';

const TERMINAL_WAIT_MILLISECONDS = 2_000;

export type Start = Pick<RunStarting, 'trigger'> & Partial<Omit<RunStarting, 'runId' | 'waitMilliseconds'>>;

/** The one place that sends run signals. */
export class RunSignals {
  readonly duplicates = new Duplicates();

  constructor(
    private readonly daemon: Daemon,
    private readonly log: vscode.LogOutputChannel,
  ) {}

  /** Says that a run has started; nobody waits. Returns its id. */
  started(start: Start): string {
    const runId = randomUUID();
    void this.ask(runId, start, TERMINAL_WAIT_MILLISECONDS);
    return runId;
  }

  /**
   * Says that a run is about to start. `inTime` becomes true when its limit is up or nothing needs to be raised,
   * false after `waitMilliseconds` whatever the daemon does.
   */
  starting(start: Start, waitMilliseconds: number): { runId: string; inTime: Promise<boolean> } {
    const runId = randomUUID();
    let timer: NodeJS.Timeout | undefined;
    const limit = new Promise<boolean>((resolve) => {
      timer = setTimeout(() => resolve(false), waitMilliseconds);
    });
    const answer = this.ask(runId, start, waitMilliseconds).then(() => true);
    const inTime = Promise.race([answer, limit]).finally(() => clearTimeout(timer));
    return { runId, inTime };
  }

  ended(runId: string, exitCode: number | undefined): void {
    const message: RunEnded = { runId, exitCode: exitCode ?? null };
    this.daemon.notify(RUN_ENDED, message);
  }

  private async ask(runId: string, start: Start, waitMilliseconds: number): Promise<void> {
    const message: RunStarting = { commandLine: null, program: null, cwd: null, kind: null, ...start, runId, waitMilliseconds };
    try {
      const answer = await this.daemon.request<RunAnswer>(RUN_STARTING, message);
      this.log.debug(`Run ${runId} (${start.trigger}): ${answer.state} after ${Math.round(answer.milliseconds)} ms`);
    } catch (error) {
      this.log.debug(`Run ${runId} (${start.trigger}): ${messageOf(error)}`);
    }
  }
}
