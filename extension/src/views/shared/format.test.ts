import assert from 'node:assert/strict';
import { test } from 'node:test';
import { amountText, bytesText, Clock, durationText, measureOf, withUnit } from './format';
import { axisMaximum, timeTicks, valueTicks } from './scale';

test('amounts have no more digits than are known', () => {
  assert.deepEqual([0, 2.08, 4, 6.5, 12.4, 0.11, 0.5, 0.043].map(amountText), ['0', '2.1', '4', '6.5', '12', '0.11', '0.5', '0.04']);
});

test('one core is one core', () => {
  assert.deepEqual(
    [0.5, 1, 1.04, 2].map((cores) => withUnit(cores, measureOf('cpu'))),
    ['0.5 cores', '1 core', '1 core', '2 cores'],
  );
});

test('durations and sizes name their unit', () => {
  assert.deepEqual([0, 0.12, 45, 600, 7200].map(durationText), ['0 s', '0.1 s', '45 s', '10 min', '2 h']);
  assert.deepEqual([84, 1_200, 1_100_000].map(bytesText), ['84 B', '1.2 KB', '1.1 MB']);
});

test('a clock reads times in its own zone', () => {
  const noon = Date.UTC(2026, 10, 24, 12, 0) / 1000;
  assert.equal(new Clock('Europe/Berlin').timeText(noon), '13:00');
  assert.equal(new Clock('Europe/Berlin').offsetText(noon), 'UTC+1');
  assert.equal(new Clock('America/St_Johns').offsetText(noon), 'UTC−3:30');
  assert.equal(new Clock('UTC').offsetText(noon), 'UTC');
});

test('a moment of another day names the day', () => {
  const clock = new Clock('UTC');
  const now = Date.UTC(2026, 10, 24, 14, 16) / 1000;
  assert.equal(clock.momentText(now - 3600, now), '13:16');
  assert.match(clock.momentText(now - 86_400, now), /^Mon 23, 14:16$/);
});

test('value ticks are round, few, and clear of the top', () => {
  assert.deepEqual(valueTicks(8.4, 4), [0, 2, 4, 6]);
  assert.deepEqual(valueTicks(13, 3), [0, 5, 10]);
  for (const maximum of [0.5, 1, 2.3, 4.6, 9, 13, 28, 400]) {
    const ticks = valueTicks(maximum, 4);
    assert.ok(ticks.length >= 2 && ticks.length <= 4, `${maximum}: ${ticks.join()}`);
    assert.ok((ticks.at(-1) ?? 0) < maximum);
  }
});

test('the axis ends above all that is shown', () => {
  assert.equal(axisMaximum([[null, 4], [2]], 1), 4 * 1.14);
  assert.equal(axisMaximum([[null]], 1), 1);
});

test('time ticks fall on whole hours of the zone, and on midnights for a week', () => {
  const kolkata = new Clock('Asia/Kolkata');
  const from = Date.UTC(2026, 10, 24, 12, 16) / 1000;
  const hours = timeTicks(from, from + 8 * 3600, 8, kolkata);
  assert.ok(hours.ticks.every((time) => kolkata.timeText(time).endsWith(':00')));
  const week = timeTicks(from, from + 9 * 86_400, 10, kolkata);
  assert.ok(week.days && week.ticks.every((time) => kolkata.timeText(time) === '00:00'));
});
