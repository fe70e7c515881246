// One start is seen twice: a task or debug session, and the command that the editor types for it into a terminal. Pure.

const WINDOW_MILLISECONDS = 5_000;

/** A run whose start was seen. */
export interface SeenRun {
  runId: string;
  trigger: 'terminal' | 'task' | 'debug';
  /** Texts of which one stands in the terminal's command line or title if it is the same start. */
  marks: readonly string[];
}

/** Remembers starts for a few seconds and finds the one that a new event tells of again. */
export class Duplicates {
  private seen: (SeenRun & { at: number })[] = [];

  remember(run: SeenRun, atMilliseconds: number): void {
    this.forget(atMilliseconds);
    this.seen.push({ ...run, at: atMilliseconds });
  }

  /** The task or debug run that a terminal's command belongs to. Each takes one command only. */
  ofTerminal(commandLine: string, terminalName: string, atMilliseconds: number): string | undefined {
    return this.take(
      atMilliseconds,
      (run) => run.trigger !== 'terminal' && run.marks.some((mark) => commandLine.includes(mark) || terminalName.includes(mark)),
    );
  }

  /** The terminal run that a task or debug session belongs to, where the command was seen first. */
  ofLaunch(marks: readonly string[], atMilliseconds: number): string | undefined {
    return this.take(
      atMilliseconds,
      (run) => run.trigger === 'terminal' && run.marks.some((text) => marks.some((mark) => mark !== '' && text.includes(mark))),
    );
  }

  private take(now: number, fits: (run: SeenRun) => boolean): string | undefined {
    this.forget(now);
    const index = this.seen.findIndex(fits);
    return index < 0 ? undefined : this.seen.splice(index, 1)[0]?.runId;
  }

  private forget(now: number): void {
    this.seen = this.seen.filter((run) => now - run.at < WINDOW_MILLISECONDS);
  }
}
