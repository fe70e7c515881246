import assert from 'node:assert/strict';
import { test } from 'node:test';
import { face, tooltip, TOOLTIP_COMMANDS } from './gauge_face';

const states = ['starting', 'calm', 'changing', 'warning', 'shadow', 'learning', 'paused', 'noPermission', 'noBroker', 'stopped'];

test('the warning colour belongs to the state warning alone', () => {
  assert.deepEqual(
    states.filter((state) => face({ state, text: 'x' }).warning),
    ['warning'],
  );
});

test('each state has one icon before its text', () => {
  for (const state of states) assert.match(face({ state, text: '2.1/4 cores' }).text, /^\$\([a-z-]+\) [^$]+$/);
});

test('a click leads to where something can be done', () => {
  assert.equal(face({ state: 'noPermission', text: '' }).command, 'foreload.permission');
  assert.equal(face({ state: 'paused', text: '' }).command, 'foreload.resume');
  assert.equal(face({ state: 'calm', text: '' }).command, 'foreload.openDashboard');
  assert.equal(face({ state: 'starting', text: '' }).command, undefined);
});

test('the tooltip is a table whose cells cannot become Markdown, with links to allowed commands only', () => {
  const text = tooltip({
    state: 'calm',
    text: '',
    note: 'a [link](command:x)',
    rows: [{ name: 'CPU', used: '2|1', limit: '4', peak: '', will: '' }],
  });
  assert.match(text, /\| CPU \| (&nbsp;)*2\\\|1 \| (&nbsp;)*4 \|/);
  assert.doesNotMatch(text, /\]\(command:x\)/);
  for (const [, command] of text.matchAll(/\]\(command:([^)]+)\)/g)) assert.ok(TOOLTIP_COMMANDS.includes(command ?? ''));
});
