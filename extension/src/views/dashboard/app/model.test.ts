import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Dashboard, Series } from '../../../protocol';
import { chartData, isYoung, latest, limitSteps, shortStretches } from './model';

const GIB = 1024 ** 3;
const empty = [null, null, null, null];
const series: Series = {
  resource: 'memory', used: [null, null, GIB, null], limit: [null, null, 2 * GIB, null], planned: [null, null, null, 4 * GIB],
  low: empty, middle: empty, high: empty, method: null, noForecast: null, nextPeak: '',
}; // prettier-ignore
const dashboard = { times: [0, 60, 120, 180], start: 0, end: 180, now: 120, windows: [] } as unknown as Dashboard;

test('memory is drawn in GiB, with the axis above the highest limit', () => {
  const data = chartData(dashboard, series, { from: 0, to: 180 });
  assert.deepEqual(data.used, [null, null, 1, null]);
  assert.ok(data.maximum > 4);
});

test('the past before the first sample is unknown', () => {
  assert.equal(chartData(dashboard, series, { from: 0, to: 180 }).unknownUntil, 120);
});

test('the forecast is short where it is above the planned limit', () => {
  assert.deepEqual(shortStretches([null, 3, 5, 6, 3, 7], [null, 4, 4, 4, 4, 4]), [
    [2, 3],
    [5, 5],
  ]);
  assert.deepEqual(shortStretches([9, 9], [null, null]), []);
});

test('a limit is one step for as long as it stays', () => {
  assert.deepEqual(limitSteps({ limit: [4, 4, 2, null], planned: [null, null, null, 2] }), [
    { value: 4, first: 0, last: 1 },
    { value: 2, first: 2, last: 3 },
  ]);
});

test('the latest value skips what is not measured', () => {
  assert.equal(latest([1, 2, null]), 2);
  assert.equal(latest([null]), null);
});

test('an environment is young until it was measured for an hour', () => {
  const since = (seconds: number) =>
    isYoung({ times: [0, 10_000 - seconds, 10_000], now: 10_000, series: [{ ...series, used: [null, 1, 1] }] });
  assert.deepEqual([60, 3_599, 3_600].map(since), [true, true, false]);
  assert.equal(isYoung({ times: [0, 60], now: 60, series: [] }), true);
});
