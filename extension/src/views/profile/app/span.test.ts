import assert from 'node:assert/strict';
import { test } from 'node:test';
import { moved, overlaps, resized, spanBetween, spanText } from './span';

test('a stretch begins and ends at whole half hours, whichever way it is drawn', () => {
  assert.deepEqual(spanBetween(1, 965, 1019), { day: 1, startMinute: 960, endMinute: 1020 });
  assert.deepEqual(spanBetween(1, 1019, 965), { day: 1, startMinute: 960, endMinute: 1020 });
  assert.deepEqual(spanBetween(1, 965, 965), { day: 1, startMinute: 960, endMinute: 990 });
  assert.deepEqual(spanBetween(6, 1440, 1440), { day: 6, startMinute: 1410, endMinute: 1440 });
});

test('it moves as far as week and day go, and keeps its length', () => {
  const span = { day: 0, startMinute: 0, endMinute: 60 };
  assert.deepEqual(moved(span, -1, -30), span);
  assert.deepEqual(moved(span, 9, 5000), { day: 6, startMinute: 1380, endMinute: 1440 });
});

test('it is never shorter than a step, nor longer than the day', () => {
  const span = { day: 0, startMinute: 1380, endMinute: 1440 };
  assert.equal(resized(span, 30).endMinute, 1440);
  assert.equal(resized(span, -300).endMinute, 1410);
});

test('it is read as a day and two times', () => {
  assert.equal(spanText({ day: 2, startMinute: 570, endMinute: 1440 }), 'Wednesday, 09:30 to 24:00');
  assert.ok(overlaps({ day: 1, startMinute: 0, endMinute: 60 }, { day: 1, startMinute: 30, endMinute: 90 }));
  assert.ok(!overlaps({ day: 1, startMinute: 0, endMinute: 60 }, { day: 1, startMinute: 60, endMinute: 90 }));
});
