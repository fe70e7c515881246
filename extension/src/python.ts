// Finds the Python that runs the daemon: the setting, then FORELOAD_PYTHON, then a private environment of the bundled wheel.
// The user's own environments are never written to.
import path from 'node:path';
import * as vscode from 'vscode';
import { messageOf, NoPython } from './errors';
import { makePrivateEnvironment, type Installation } from './private_environment';
import { run } from './processes';
import { isSupported, SUPPORTED_TEXT, type Version } from './python_versions';
import { interpreterSetting } from './settings';

const PROBE_LIMIT_MILLISECONDS = 10_000;
const NAMES = ['python3.13', 'python3.12', 'python3.11', 'python3', 'python'];
const PROBE = [
  'import importlib.util as u, json, sys',
  'print(json.dumps({"version": sys.version_info[:2], "daemon": u.find_spec("foreload_daemon") is not None}))',
].join('\n');

export interface PythonRequest {
  /** Folder of the extension's own data. */
  storage: vscode.Uri;
  /** Folder of the extension. */
  extension: vscode.Uri;
  log: vscode.LogOutputChannel;
}

export interface Python {
  executable: string;
  /** Where it comes from, for the log. */
  origin: string;
}

interface Probe {
  version: Version;
  daemon: boolean;
}

/** The Python that runs the daemon. @throws NoPython */
export async function findPython(request: PythonRequest): Promise<Python> {
  const named = [
    { executable: expandHome(interpreterSetting()), origin: 'setting foreload.python.interpreter' },
    { executable: process.env['FORELOAD_PYTHON'] ?? '', origin: 'FORELOAD_PYTHON' },
  ].filter((candidate) => candidate.executable !== '');
  for (const candidate of named) {
    const problem = problemOf(candidate.executable, await probe(candidate.executable));
    if (problem === '') return candidate;
    request.log.warn(`${candidate.origin}: ${problem}`);
  }
  const wheel = await bundledWheel(request.extension);
  if (wheel === undefined) {
    throw new NoPython(
      vscode.l10n.t(
        'Foreload has no Python to run with: this build has no wheel of its own. Name one that has foreload installed ({0}) in the setting foreload.python.interpreter.',
        SUPPORTED_TEXT,
      ),
    );
  }
  const base = await findBase(named.map((candidate) => candidate.executable));
  const executable = await makePrivateEnvironment({ ...wheel, base, storage: request.storage, log: request.log });
  return { executable, origin: 'private environment' };
}

function problemOf(executable: string, found: Probe | string): string {
  if (typeof found === 'string') return `${executable} cannot be used: ${found}`;
  if (!isSupported(found.version)) return `${executable} is Python ${found.version.join('.')}; allowed is ${SUPPORTED_TEXT}`;
  return found.daemon ? '' : `${executable} does not have foreload installed`;
}

/** A Python for the private environment. @throws NoPython */
async function findBase(named: readonly string[]): Promise<string> {
  for (const executable of [...named, ...NAMES]) {
    const found = await probe(executable);
    if (typeof found !== 'string' && isSupported(found.version)) return executable;
  }
  throw new NoPython(
    vscode.l10n.t(
      'Foreload needs {0} and found none. Install it, or name one in the setting foreload.python.interpreter; then run “Foreload: Restart”.',
      SUPPORTED_TEXT,
    ),
  );
}

/** What a Python says of itself, or why it cannot be asked. */
async function probe(executable: string): Promise<Probe | string> {
  try {
    const ended = await run(executable, ['-I', '-c', PROBE], { timeoutMilliseconds: PROBE_LIMIT_MILLISECONDS });
    if (ended.code !== 0) return ended.stderr.trim().split('\n').at(-1) ?? `it ended with ${ended.code}`;
    return JSON.parse(ended.stdout) as Probe;
  } catch (error) {
    return messageOf(error);
  }
}

/** The wheel and the pinned requirements in this extension, or undefined in a build without them. */
async function bundledWheel(extension: vscode.Uri): Promise<Pick<Installation, 'wheel' | 'requirements'> | undefined> {
  const folder = vscode.Uri.joinPath(extension, 'dist', 'wheels');
  try {
    const names = (await vscode.workspace.fs.readDirectory(folder)).map(([name]) => name);
    const wheel = names
      .filter((name) => name.endsWith('.whl'))
      .sort()
      .at(-1);
    if (wheel === undefined || !names.includes('requirements.txt')) return undefined;
    return { wheel: path.join(folder.fsPath, wheel), requirements: path.join(folder.fsPath, 'requirements.txt') };
  } catch (error) {
    if (error instanceof vscode.FileSystemError && error.code === 'FileNotFound') return undefined;
    throw error;
  }
}

function expandHome(text: string): string {
  const home = process.env['HOME'] ?? '';
  return text.trim().replace(/^~(?=\/)/, home);
}
