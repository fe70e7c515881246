import assert from 'node:assert/strict';
import { test } from 'node:test';
import { difference } from './difference';

const apply = (before: string, after: string): string => {
  const place = difference(before, after);
  return place === undefined ? before : before.slice(0, place.start) + place.text + before.slice(place.end);
};

test('what is replaced makes the one text the other', () => {
  for (const [before, after] of [
    ['', 'abc'],
    ['abc', ''],
    ['aaa', 'aa'],
    ['{"a": 1}', '{"a": 12}'],
    ['same', 'same'],
    ['abab', 'ab'],
  ] as const)
    assert.equal(apply(before, after), after);
});

test('what is the same at both ends is left alone', () => {
  assert.deepEqual(difference('one two three', 'one 2 three'), { start: 4, end: 7, text: '2' });
  assert.equal(difference('a', 'a'), undefined);
});
