import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CrashLoop, RestartQueue } from './restarts';

test('requests during a restart become one more restart', async () => {
  const seen: string[][] = [];
  let release: () => void = () => undefined;
  const gate = new Promise<void>((resolve) => (release = resolve));
  const queue = new RestartQueue(async (reasons) => {
    seen.push([...reasons]);
    if (seen.length === 1) await gate;
  });
  const first = queue.request('start');
  void queue.request('setting');
  const last = queue.request('command');
  release();
  await Promise.all([first, last]);
  assert.deepEqual(seen, [['start'], ['setting', 'command']]);
});

test('a failed restart does not block the next one', async () => {
  let calls = 0;
  const queue = new RestartQueue(() => {
    calls += 1;
    return calls === 1 ? Promise.reject(new Error('no Python')) : Promise.resolve();
  });
  await assert.rejects(queue.request('start'), /no Python/);
  await queue.request('again');
  assert.equal(calls, 2);
});

test('three ends within five minutes are a loop, spread out they are not', () => {
  const quick = new CrashLoop();
  assert.deepEqual([quick.record(0), quick.record(1000), quick.record(2000)], [false, false, true]);
  const slow = new CrashLoop();
  assert.deepEqual([slow.record(0), slow.record(200_000), slow.record(400_000)], [false, false, false]);
});

test('a person who asks for a start begins anew', () => {
  const loop = new CrashLoop();
  loop.record(0);
  loop.record(1);
  loop.reset();
  assert.equal(loop.record(2), false);
});
