// Makes the private Python environment of the daemon in the extension's own storage, once for each version of the wheel.
import { createHash } from 'node:crypto';
import { mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import * as vscode from 'vscode';
import { NoPython } from './errors';
import { run } from './processes';

const MARK = 'complete';
const CANCELLED = vscode.l10n.t('Setting up Foreload’s own Python was cancelled. Run “Foreload: Restart” to go on.');
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
    { location: vscode.ProgressLocation.Notification, title: vscode.l10n.t('Foreload sets up its own Python'), cancellable: true },
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
  const steps: { message: string; command: string; args: string[]; hint: string }[] = [
    {
      message: 'making the environment',
      command: base,
      args: ['-I', '-m', 'venv', '--clear', folder],
      hint: vscode.l10n.t('On Debian and Ubuntu it needs the package python3-venv.'),
    },
    {
      message: 'fetching packages, about a minute',
      command: executable,
      args: [...pip, '--require-hashes', '-r', requirements],
      hint: vscode.l10n.t('It needs a way to a package index, once; then run “Foreload: Restart”.'),
    },
    { message: 'installing Foreload', command: executable, args: [...pip, '--no-deps', '--no-index', wheel], hint: '' },
  ];
  for (const { message, command, args, hint } of steps) {
    report(message);
    const ended = await run(command, args, { signal, onLine: (line) => log.debug(line) });
    if (signal.aborted) throw new NoPython(CANCELLED);
    if (ended.code !== 0) {
      log.error(`${ended.stdout.trim()}\n${ended.stderr.trim()}`.trim());
      const problem = vscode.l10n.t(
        'Foreload could not set up its own Python ({0}): {1}',
        message,
        lastLine(ended.stderr) || lastLine(ended.stdout),
      );
      throw new NoPython(`${problem}. ${hint}`.trim());
    }
  }
  await writeFile(path.join(folder, MARK), `${path.basename(wheel)}\n`);
}

/** Lets one window at a time do the work.  */
async function underLock(folder: string, signal: AbortSignal, work: () => Promise<void>): Promise<void> {
  const lock = `${folder}.lock`;
  await mkdir(path.dirname(folder), { recursive: true });
  while (!(await take(lock))) {
    if (signal.aborted) throw new NoPython(CANCELLED);
    await new Promise((resolve) => setTimeout(resolve, LOCK_POLL_MILLISECONDS));
  }
  try {
    await work();
  } finally {
    await rm(lock, { force: true });
  }
}

async function take(lock: string): Promise<boolean> {
  try {
    await writeFile(lock, String(process.pid), { flag: 'wx' });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    if (!(await isHeld(lock))) await rm(lock, { force: true });
    return false;
  }
}

/** Whether the window that took the lock still lives, and has not had it for longer than any installation takes. */
async function isHeld(lock: string): Promise<boolean> {
  try {
    const holder = Number(await readFile(lock, 'utf8'));
    process.kill(holder, 0);
    return Date.now() - (await stat(lock)).mtimeMs < LOCK_AGE_MILLISECONDS;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EPERM') return true;
    if (code === 'ESRCH' || code === 'ENOENT') return false;
    throw error;
  }
}

async function fingerprint({ wheel, requirements }: Installation): Promise<string> {
  const hash = createHash('sha256');
  for (const file of [wheel, requirements]) hash.update(await readFile(file));
  return hash.digest('hex').slice(0, 12);
}

function lastLine(text: string): string {
  return (text.trim().split('\n').at(-1) ?? '').replace(/\.$/, '');
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
