// npm start and its ends, without a browser: Ctrl-C, a port in use, a second start, a start after a crash.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { after, test } from 'node:test';
import { Foreload, ROOT } from './harness/foreload.mjs';
import { until } from './harness/waiting.mjs';

const opened = [];

async function make(name) {
  const foreload = await Foreload.make({ name });
  opened.push(foreload);
  return foreload;
}

after(async () => {
  for (const foreload of opened) await foreload.dispose();
});

test('Ctrl-C ends everything, and leaves nothing but the history', { timeout: 240_000 }, async () => {
  const foreload = await make('ctrlc');
  await foreload.start();
  assert.ok(foreload.leftovers().length > 0, 'it is running');
  await foreload.interrupt();
  await until(() => /nothing is left running/.test(foreload.output), `the last word, in:\n${foreload.output}`, 30_000);
  assert.deepEqual(foreload.leftovers(), []);
  assert.ok(fs.existsSync(path.join(foreload.state, 'certs')), 'certificates and history are kept');
});

test('a port in use: says so and takes the next free one', { timeout: 240_000 }, async () => {
  const foreload = await make('port');
  const blocker = net.createServer();
  await new Promise((resolve) => blocker.listen(foreload.port, '127.0.0.1', resolve));
  try {
    await foreload.start();
    assert.match(foreload.output, new RegExp(`Port ${foreload.port} is in use`));
    assert.notEqual(new URL(foreload.address).port, String(foreload.port));
  } finally {
    blocker.close();
  }
  const again = spawnSync('npm', ['start', '--', '--port', String(foreload.port)], {
    cwd: ROOT,
    env: foreload.variables,
    encoding: 'utf8',
  });
  assert.equal(again.status, 0, again.stdout + again.stderr);
  assert.match(again.stdout, /already running/, 'a second start points to the first');
  assert.equal(foreload.stop().code, 0);
  assert.deepEqual(foreload.leftovers(), []);
});

test('a broker port in use is one clear message, and nothing stays behind', { timeout: 120_000 }, async () => {
  const foreload = await make('busy');
  const port = Number(foreload.variables.FORELOAD_BROKER_LISTEN.split(':')[1]);
  const blocker = net.createServer();
  await new Promise((resolve) => blocker.listen(port, '127.0.0.1', resolve));
  try {
    await assert.rejects(foreload.start(), /npm start ended with 1/);
    assert.match(foreload.output, new RegExp(`${port}`), `the port is named in:\n${foreload.output}`);
    assert.doesNotMatch(foreload.output, /Traceback/);
  } finally {
    blocker.close();
  }
  assert.deepEqual(foreload.leftovers(), []);
});

test('after a kill -9 of npm start, npm run stop still clears everything', { timeout: 240_000 }, async () => {
  const foreload = await make('crash');
  await foreload.start();
  const { pid } = JSON.parse(fs.readFileSync(path.join(foreload.state, 'run', 'start.json'), 'utf8'));
  process.kill(pid, 'SIGKILL');
  const stopped = foreload.stop();
  assert.equal(stopped.code, 0, stopped.text);
  assert.deepEqual(foreload.leftovers(), []);
});

test('npm run stop with nothing running says so', async () => {
  const foreload = await make('idle');
  const stopped = foreload.stop();
  assert.equal(stopped.code, 0);
  assert.match(stopped.text, /Nothing of Foreload was running/);
});

test(
  'an unknown user is one clear message',
  { timeout: 60_000, skip: process.getuid() !== 0 && 'only root may choose a user' },
  async () => {
    const foreload = await make('user');
    foreload.more = ['--user', 'no-such-user-here'];
    await assert.rejects(foreload.start());
    assert.match(foreload.output, /--user is no-such-user-here/);
    assert.doesNotMatch(foreload.output, /Traceback/);
  },
);
