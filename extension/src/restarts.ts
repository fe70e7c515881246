// When the daemon is started again, and when it is not. Pure: no editor, no clock of its own.

/** Runs one restart at a time. Whatever is asked for while one runs becomes one more after it. */
export class RestartQueue {
  private waiting: string[] = [];
  private running: Promise<void> | undefined;

  constructor(private readonly restart: (reasons: readonly string[]) => Promise<void>) {}

  /** Asks for a restart; resolves when the restart that covers this request has been tried. `restart` reports its own failures. */
  request(reason: string): Promise<void> {
    this.waiting.push(reason);
    this.running ??= this.drain();
    return this.running;
  }

  private async drain(): Promise<void> {
    try {
      while (this.waiting.length > 0) {
        const reasons = this.waiting;
        this.waiting = [];
        await this.restart(reasons);
      }
    } finally {
      this.running = undefined;
    }
  }
}

/** Counts ends that nobody asked for. */
export class CrashLoop {
  private ends: number[] = [];

  /** @param limit this many ends within `windowMilliseconds` are a loop. */
  constructor(
    private readonly limit = 3,
    private readonly windowMilliseconds = 5 * 60_000,
  ) {}

  /** Takes one end in; true if the daemon should not be started again by itself. */
  record(atMilliseconds: number): boolean {
    this.ends = [...this.ends.filter((end) => atMilliseconds - end < this.windowMilliseconds), atMilliseconds];
    return this.ends.length >= this.limit;
  }

  /** Forgets the past: a person asked for the start. */
  reset(): void {
    this.ends = [];
  }
}
