import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Duplicates } from './duplicates';

test('the command that a task types is the task', () => {
  const seen = new Duplicates();
  seen.remember({ runId: 'a', trigger: 'task', marks: ['heavy.py'] }, 0);
  assert.equal(seen.ofTerminal('python heavy.py', 'bash', 100), 'a');
});

test('a second command is a run of its own', () => {
  const seen = new Duplicates();
  seen.remember({ runId: 'a', trigger: 'task', marks: ['heavy.py'] }, 0);
  seen.ofTerminal('python heavy.py', 'bash', 100);
  assert.equal(seen.ofTerminal('python heavy.py', 'bash', 200), undefined);
});

test('a command long after a task is a run of its own', () => {
  const seen = new Duplicates();
  seen.remember({ runId: 'a', trigger: 'debug', marks: ['heavy.py'] }, 0);
  assert.equal(seen.ofTerminal('python heavy.py', 'bash', 6_000), undefined);
});

test('a task whose command was seen first is that run', () => {
  const seen = new Duplicates();
  seen.remember({ runId: 'b', trigger: 'terminal', marks: ['python heavy.py', 'Task - heavy'] }, 0);
  assert.equal(seen.ofLaunch(['heavy.py'], 50), 'b');
});

test('an empty mark fits nothing', () => {
  const seen = new Duplicates();
  seen.remember({ runId: 'b', trigger: 'terminal', marks: ['ls', 'bash'] }, 0);
  assert.equal(seen.ofLaunch([''], 50), undefined);
});
