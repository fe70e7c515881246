import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseInline, parseMarkdown } from './markdown';

const kinds = (source: string): string[] => parseMarkdown(source).map((block) => block.kind);

test('the parts of a page are told apart', () => {
  const page =
    '# Why\n\nA sentence\nin two lines.\n\n- one\n- two\n  more\n\n| a | b |\n| :-- | --: |\n| x | 2 |\n\n> note\n\n---\n\n```\n# code\n```';
  assert.deepEqual(kinds(page), ['heading', 'paragraph', 'list', 'table', 'quote', 'rule', 'code']);
});

test('a table keeps escaped bars and its alignment', () => {
  const [block] = parseMarkdown('| a | b |\n| --- | --: |\n| x\\|y | 2 |');
  assert.ok(block?.kind === 'table');
  assert.deepEqual(block.alignRight, [false, true]);
  assert.deepEqual(block.rows[0]?.[0], [{ kind: 'text', text: 'x|y' }]);
});

test('marks inside a line become parts, names with underscores stay', () => {
  assert.deepEqual(parseInline('**6.5** of `cpu_cores` in my_file_name'), [
    { kind: 'strong', text: '6.5' },
    { kind: 'text', text: ' of ' },
    { kind: 'code', text: 'cpu_cores' },
    { kind: 'text', text: ' in my_file_name' },
  ]);
});

test('markup is text', () => {
  assert.deepEqual(parseInline('<b onclick="x()">'), [{ kind: 'text', text: '<b onclick="x()">' }]);
});

test('every source ends', () => {
  for (const source of ['```', '|', '| a |\n|', '> ', '- ', '#', '**', '`', '\\']) assert.ok(Array.isArray(parseMarkdown(source)));
});
