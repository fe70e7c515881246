// Runs a program to its end, without a shell.
import { spawn } from 'node:child_process';

export interface Ended {
  code: number | null;
  stdout: string;
  stderr: string;
}

export interface RunOptions {
  /** Ends the program when it fires. */
  signal?: AbortSignal;
  env?: NodeJS.ProcessEnv;
  timeoutMilliseconds?: number;
  onLine?: (line: string) => void;
}

/** Runs `command`; resolves with its exit code and output, null as code if it was ended. @throws if it cannot be started. */
export function run(command: string, args: readonly string[], options: RunOptions = {}): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: options.env ?? process.env,
    });
    const texts = { stdout: '', stderr: '' };
    const end = (): void => void child.kill('SIGKILL');
    options.signal?.addEventListener('abort', end, { once: true });
    const limit = options.timeoutMilliseconds === undefined ? undefined : setTimeout(end, options.timeoutMilliseconds);
    for (const name of ['stdout', 'stderr'] as const) {
      child[name].setEncoding('utf8').on('data', (chunk: string) => {
        texts[name] += chunk;
        for (const line of chunk.split(/\r?\n/)) if (line.trim() !== '') options.onLine?.(line);
      });
    }
    child.on('error', (error) => {
      clearTimeout(limit);
      reject(error);
    });
    child.on('close', (code) => {
      clearTimeout(limit);
      options.signal?.removeEventListener('abort', end);
      resolve({ code, ...texts });
    });
  });
}
