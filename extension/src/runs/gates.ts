// Holds a task's program at its start until its limit is up. The program waits by itself, so that it goes on without the extension too.
import { randomUUID } from 'node:crypto';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type * as vscode from 'vscode';

/** A poll of the gate takes 10 ms and its `sleep` about 2 more. */
const MILLISECONDS_A_POLL = 12;

export class Gates {
  private readonly folder: string;
  private readonly script: string;

  constructor(context: vscode.ExtensionContext) {
    this.folder = path.join(context.globalStorageUri.fsPath, 'gates');
    this.script = path.join(context.extensionUri.fsPath, 'extension', 'media', 'gate.sh');
  }

  /** A gate that no other task has; undefined where there is no POSIX shell to wait with. */
  create(): string | undefined {
    if (process.platform === 'win32') return undefined;
    mkdirSync(this.folder, { recursive: true });
    return path.join(this.folder, randomUUID());
  }

  /** The command that waits at the gate, then runs `command`. */
  behind(gate: string, waitMilliseconds: number, command: readonly string[]): string[] {
    return ['/bin/sh', this.script, gate, String(Math.floor(waitMilliseconds / MILLISECONDS_A_POLL)), ...command];
  }

  open(gate: string): void {
    writeFileSync(gate, '');
  }

  /** Takes away what an earlier start left, so that the next one waits again. */
  close(gate: string): void {
    rmSync(gate, { force: true });
  }
}
