// Makes the private Python environment of the daemon in the extension's own storage, once for each version of the wheel.
import { createHash } from 'node:crypto';
import { mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import * as vscode from 'vscode';
import { run } from './processes';

const MARK = 'complete';
const LOCK_AGE_MILLISECONDS = 15 * 60_000;
const LOCK_POLL_MILLISECONDS = 1_000;

export interface Installation {
  /** A Python of a supported version. */
  base: string;
  wheel: string;
  requirements: string;
  storage: vscode.Uri;
  log: vscode.LogOutputChannel;
}

/** Path of the private environment's Python; makes the environment first where it is missing, with progress that can be cancelled. */
export async function makePrivateEnvironment(installation: Installation): Promise<string> {
  const folder = path.join(installation.storage.fsPath, `python-${await fingerprint(installation)}`);
  const executable = path.join(folder, process.platform === 'win32' ? 'Scripts/python.exe' : 'bin/python');
  if (await exists(path.join(folder, MARK))) return executable;
  await vscode.window.withProgress(
    { location: vscode.ProgressLocation.Notification, title: 'Foreload sets up its own Python', cancellable: true },
    (progress, token) => {
      const abort = new AbortController();
      token.onCancellationRequested(() => abort.abort());
      return underLock(folder, abort.signal, async () => {
        if (await exists(path.join(folder, MARK))) return;
        await install(installation, folder, executable, abort.signal, (message) => progress.report({ message }));
      });
    },
  );
  return executable;
}

async function install(
  { base, wheel, requirements, log }: Installation,
  folder: string,
  executable: string,
  signal: AbortSignal,
  report: (message: string) => void,
): Promise<void> {
  const pip = ['-I', '-m', 'pip', 'install', '--disable-pip-version-check', '--no-input', '--only-binary', ':all:'];
  const steps: [message: string, command: string, args: string[]][] = [
    ['making the environment', base, ['-I', '-m', 'venv', '--clear', folder]],
    ['fetching packages, about a minute', executable, [...pip, '--require-hashes', '-r', requirements]],
    ['installing Foreload', executable, [...pip, '--no-deps', '--no-index', wheel]],
  ];
  for (const [message, command, args] of steps) {
    report(message);
    const ended = await run(command, args, { signal, onLine: (line) => log.debug(line) });
    if (signal.aborted) throw new Error('Setting up Python was cancelled. Run “Foreload: Restart” to go on.');
    if (ended.code !== 0) {
      log.error(ended.stderr.trim() || ended.stdout.trim());
      throw new Error(`Setting up Python failed while ${message}: ${lastLine(ended.stderr)}. The log has the rest.`);
    }
  }
  await writeFile(path.join(folder, MARK), `${path.basename(wheel)}\n`);
}

/** Lets one window at a time do the work. A lock older than any installation is a dead window's. */
async function underLock(folder: string, signal: AbortSignal, work: () => Promise<void>): Promise<void> {
  const lock = `${folder}.lock`;
  await mkdir(path.dirname(folder), { recursive: true });
  while (!(await take(lock))) {
    if (signal.aborted) throw new Error('Setting up Python was cancelled. Run “Foreload: Restart” to go on.');
    await new Promise((resolve) => setTimeout(resolve, LOCK_POLL_MILLISECONDS));
  }
  try {
    await work();
  } finally {
    await rm(lock, { recursive: true, force: true });
  }
}

async function take(lock: string): Promise<boolean> {
  try {
    await mkdir(lock);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    const age = Date.now() - (await stat(lock)).mtimeMs;
    if (age > LOCK_AGE_MILLISECONDS) await rm(lock, { recursive: true, force: true });
    return false;
  }
}

async function fingerprint({ wheel, requirements }: Installation): Promise<string> {
  const hash = createHash('sha256');
  for (const file of [wheel, requirements]) hash.update(await readFile(file));
  return hash.digest('hex').slice(0, 12);
}

function lastLine(text: string): string {
  return text.trim().split('\n').at(-1) ?? '';
}

async function exists(file: string): Promise<boolean> {
  try {
    await stat(file);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw error;
  }
}
