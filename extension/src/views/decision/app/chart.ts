// With and without: what came over what was expected, around the moment of the decision. One hour and a half needs no uPlot.
import * as l10n from '../../shared/l10n';
import type { DecisionChart } from '../../../protocol';
import { svg } from '../../shared/dom';
import { amountText, Clock, measureOf } from '../../shared/format';
import { columnWidth, plainTable } from '../../shared/picture';
import { axisMaximum, timeTicks, valueTicks } from '../../shared/scale';

const COLUMN = 372;
const HEIGHT = 190;
const LEFT = 34;
const BOTTOM = 20;
const TOP = 10;
const MOST_TICKS = 4;

type Values = readonly (number | null)[];

export function chartHeading({ now, times }: DecisionChart): string {
  return now >= (times.at(-1) ?? 0) ? l10n.t('What came, over what was expected') : l10n.t('With and without');
}

export function decisionChart(chart: DecisionChart, zone: string): SVGElement {
  const { times, used, limit, low, middle, high, stay, at } = chart;
  const clock = new Clock(zone);
  const width = columnWidth(() => COLUMN);
  const measure = measureOf(chart.resource);
  const first = times[0] ?? 0;
  const last = times.at(-1) ?? 1;
  const maximum = axisMaximum([used, limit, high, [stay]], measure.leastMaximum);
  const x = (time: number): number => LEFT + ((time - first) / (last - first)) * (width - LEFT - 6);
  const y = (value: number): number => HEIGHT - BOTTOM - (value / maximum) * (HEIGHT - BOTTOM - TOP);
  const points = (values: Values): string => path(times, values, x, y, false);
  const nodes: SVGElement[] = [];
  for (const tick of valueTicks(maximum, MOST_TICKS)) {
    nodes.push(svg('path', { class: 'axis', d: `M${LEFT} ${y(tick)}H${width}` }), text(amountText(tick), LEFT - 6, y(tick) + 4, 'end'));
  }
  for (const tick of timeTicks(first, last, MOST_TICKS, clock).ticks) nodes.push(text(clock.timeText(tick), x(tick), HEIGHT - 4, 'mid'));
  nodes.push(svg('path', { class: 'band', d: band(times, low, high, x, y) }));
  if (stay !== null) {
    nodes.push(
      svg('path', {
        class: 'short',
        d: above(
          times,
          used.map((value, index) => value ?? middle[index] ?? null),
          stay,
          x,
          y,
        ),
      }),
    );
    nodes.push(
      svg('path', { class: 'stay', d: `M${x(at)} ${y(stay)}H${width - 6}` }),
      text(l10n.t('if it had stayed {0}', amountText(stay)), x(at) + 6, y(stay) + 12, ''),
    );
  }
  nodes.push(svg('path', { class: 'line forecast', d: points(middle) }));
  nodes.push(svg('path', { class: 'line use', d: points(used) }));
  nodes.push(svg('path', { class: 'line limit', d: path(times, limit, x, y, true) }));
  nodes.push(svg('path', { class: 'moment', d: `M${x(at)} ${TOP}V${HEIGHT - BOTTOM}` }), text('decided', x(at) - 4, TOP + 4, 'end'));
  return svg('svg', { class: 'picture', viewBox: `0 0 ${width} ${HEIGHT}`, role: 'img', 'aria-label': sentence(chart, clock) }, ...nodes);
}

export function decisionTable(chart: DecisionChart, zone: string): HTMLElement {
  const clock = new Clock(zone);
  const { name, unit } = measureOf(chart.resource);
  const cell = (value: number | null | undefined): string => (value === null || value === undefined ? '–' : amountText(value));
  const rows = chart.times
    .map((time, index) => [
      clock.timeText(time),
      cell(chart.used[index]),
      cell(chart.limit[index]),
      cell(chart.middle[index]),
      cell(chart.high[index]),
    ])
    .filter((_, index) => index % 5 === 0);
  return plainTable(
    l10n.t('{0} around the decision', name),
    [l10n.t('Time'), `used, ${unit}`, 'limit', 'forecast', l10n.t('9 of 10 cases below')],
    rows,
  );
}

function sentence({ resource, used, high, limit, at }: DecisionChart, clock: Clock): string {
  const { name, unit } = measureOf(resource);
  const most = (values: Values): string => amountText(Math.max(0, ...values.map((value) => value ?? 0)));
  return l10n.t(
    '{0} around {1}: used up to {2} {3}, expected up to {4}, limit up to {5}.',
    name,
    clock.timeText(at),
    most(used),
    unit,
    most(high),
    most(limit),
  );
}

function path(
  times: readonly number[],
  values: Values,
  x: (time: number) => number,
  y: (value: number) => number,
  isStepped: boolean,
): string {
  let made = '';
  let open = false;
  for (const [index, value] of values.entries()) {
    const time = times[index];
    if (value === null || time === undefined) {
      open = false;
      continue;
    }
    made += open
      ? isStepped
        ? `H${x(time).toFixed(1)}V${y(value).toFixed(1)}`
        : `L${x(time).toFixed(1)} ${y(value).toFixed(1)}`
      : `M${x(time).toFixed(1)} ${y(value).toFixed(1)}`;
    open = true;
  }
  return made;
}

function band(times: readonly number[], low: Values, high: Values, x: (time: number) => number, y: (value: number) => number): string {
  const inside = times.flatMap((time, index) => {
    const from = low[index] ?? null;
    const to = high[index] ?? null;
    return from === null || to === null ? [] : [{ time, from, to }];
  });
  if (inside.length === 0) return '';
  const up = inside.map(({ time, to }) => `${x(time).toFixed(1)} ${y(to).toFixed(1)}`);
  const down = inside.reverse().map(({ time, from }) => `${x(time).toFixed(1)} ${y(from).toFixed(1)}`);
  return `M${[...up, ...down].join('L')}Z`;
}

/** The area between what is needed and a line below it. */
function above(times: readonly number[], values: Values, line: number, x: (time: number) => number, y: (value: number) => number): string {
  let made = '';
  for (const [index, value] of values.entries()) {
    const time = times[index];
    const next = times[index + 1];
    if (value === null || value <= line || time === undefined || next === undefined) continue;
    const after = Math.max(line, values[index + 1] ?? line);
    made += `M${x(time).toFixed(1)} ${y(line).toFixed(1)}V${y(value).toFixed(1)}L${x(next).toFixed(1)} ${y(after).toFixed(1)}V${y(line).toFixed(1)}Z`;
  }
  return made;
}

function text(content: string, x: number, y: number, anchor: string): SVGElement {
  const node = svg('text', { x: String(x), y: String(y), class: anchor });
  node.textContent = content;
  return node;
}
