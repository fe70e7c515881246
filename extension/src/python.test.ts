import assert from 'node:assert/strict';
import { chmod, mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { beforeEach, test } from 'node:test';
import * as vscode from 'vscode';
import { NoPython } from './errors';
import { findPython, type PythonRequest } from './python';
import { settings } from './testing/vscode';

let folder: string;
let warnings: string[];

/** A program that answers as a Python of this version would; its folder is the whole PATH. */
async function fake(name: string, version: [number, number], daemon: boolean): Promise<string> {
  const file = path.join(folder, name);
  await writeFile(file, `#!/bin/sh\necho '{"version": [${version.join(', ')}], "daemon": ${daemon}}'\n`);
  await chmod(file, 0o755);
  return file;
}

async function request(wheel: boolean): Promise<PythonRequest> {
  const wheels = path.join(folder, 'extension', 'dist', 'wheels');
  await mkdir(wheels, { recursive: true });
  if (wheel) for (const name of ['foreload-1-py3-none-any.whl', 'requirements.txt']) await writeFile(path.join(wheels, name), '');
  const log = { warn: (text: string) => warnings.push(text) };
  const place = (name: string): vscode.Uri => vscode.Uri.file(path.join(folder, name));
  return { storage: place('storage'), extension: place('extension'), log: log as unknown as vscode.LogOutputChannel };
}

beforeEach(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'foreload-python-'));
  process.env['PATH'] = folder;
  delete process.env['FORELOAD_PYTHON'];
  settings.clear();
  warnings = [];
});

test('no Python at all is one message that says what to do', async () => {
  const message =
    /^Foreload needs Python 3\.11 to 3\.13 and found none\. Install it, or name one in the setting foreload\.python\.interpreter/;
  await assert.rejects(findPython(await request(true)), (error) => error instanceof NoPython && message.test(error.message));
  assert.deepEqual(warnings, []);
});

test('a Python that is too old is named in the log and not used', async () => {
  const old = await fake('python3', [3, 9], true);
  settings.set('python.interpreter', old);
  await assert.rejects(findPython(await request(true)), NoPython);
  assert.deepEqual(warnings, [`setting foreload.python.interpreter: ${old} is Python 3.9; allowed is Python 3.11 to 3.13`]);
});

test('a setting that names nothing leaves the next place to look', async () => {
  settings.set('python.interpreter', path.join(folder, 'gone'));
  const good = (process.env['FORELOAD_PYTHON'] = await fake('good', [3, 12], true));
  assert.deepEqual(await findPython(await request(true)), { executable: good, origin: 'FORELOAD_PYTHON' });
  assert.match(warnings[0] ?? '', /gone cannot be used: .*ENOENT/);
});

test('a build without a wheel says which setting to use', async () => {
  await assert.rejects(findPython(await request(false)), /this build has no wheel of its own.*foreload\.python\.interpreter/);
});
