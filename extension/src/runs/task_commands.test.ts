import assert from 'node:assert/strict';
import { test } from 'node:test';
import { commandOf } from './task_commands';

test('a shell task is its command line', () => {
  assert.deepEqual(commandOf({ commandLine: 'make -j4' }), { commandLine: 'make -j4', mark: 'make -j4' });
});

test('a process task is quoted as a shell would need it', () => {
  const { commandLine } = commandOf({ process: 'python3', args: ["it's here.py", '--fast'] });
  assert.equal(commandLine, `python3 'it'\\''s here.py' --fast`);
});

test('quoted parts count by their value', () => {
  assert.equal(commandOf({ command: { value: 'python3' }, args: [{ value: 'a b' }] }).commandLine, "python3 'a b'");
});

test('a task of another kind says nothing', () => {
  assert.deepEqual(commandOf(undefined), { commandLine: null, mark: '' });
  assert.deepEqual(commandOf({}), { commandLine: null, mark: '' });
});
