import assert from 'node:assert/strict';
import { test } from 'node:test';
import { commandOf, makesWay, throughForeload } from './task_commands';

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

test('a task that may make way runs through foreload run', () => {
  const way = { criticality: 'low', checkpoint: 'kill -USR1 $FORELOAD_TASK_PID' };
  assert.deepEqual(throughForeload(way, ['python3', 'a.py']), [
    ...['foreload', 'run', '--criticality', 'low', '--checkpoint', 'kill -USR1 $FORELOAD_TASK_PID'],
    ...['--', 'python3', 'a.py'],
  ]);
  assert.deepEqual(throughForeload({ restartable: true }, ['x']), ['foreload', 'run', '--restartable', '--', 'x']);
});

test('only what says so makes way', () => {
  assert.equal(makesWay({}), false);
  assert.equal(makesWay({ restartable: false }), true);
});
