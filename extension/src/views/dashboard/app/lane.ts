// The lane above the charts: windows and signals in the first row, changes in the second, on the charts' own time axis.
import * as l10n from '../../shared/l10n';
import type { Dashboard, LaneMark, LaneWindow } from '../../../protocol';
import type { Clock } from '../../shared/format';
import { element, svg } from '../../shared/dom';
import type { Stretch } from './model';

const TRIANGLES: Record<string, string> = { up: 'M6 1 11 11 1 11Z', down: 'M6 11 1 1 11 1Z' };
const TEXT_PIXELS_A_LETTER = 6;
const LEAST_WINDOW_PIXELS = 6;
const TEXT_PIXELS_INSIDE = 14;
const TEXT_PIXELS_BESIDE = 7;
const NOW_PIXELS = 70;
const MARK_PIXELS = 18;
const MARK_TEXT_PIXELS = 50;

export interface LaneHooks {
  openWindow: (window: LaneWindow) => void;
  openDecision: (decisionId: string) => void;
}

/** The lane's nodes. `width` is that of the plots, in pixels. */
export function laneNodes(
  dashboard: Dashboard,
  view: Stretch,
  clock: Clock,
  width: number,
  narrow: boolean,
  hooks: LaneHooks,
): HTMLElement[] {
  const ratio = (time: number): number => (time - view.from) / (view.to - view.from);
  const percent = (time: number): string => `${(ratio(time) * 100).toFixed(3)}%`;
  const nodes: HTMLElement[] = [];
  const pixels = (time: number): number => ratio(time) * width;
  for (const window of dashboard.windows) {
    nodes.push(
      ...windowNodes(window, dashboard.now, nextStart(dashboard.windows, window, dashboard.now), { view, pixels, percent }, clock, hooks),
    );
  }
  let freeFrom = -Infinity;
  for (const mark of [...dashboard.marks].sort((one, other) => one.at - other.at)) {
    if (mark.at < view.from || mark.at > view.to) continue;
    const left = ratio(mark.at) * width;
    if (left < freeFrom) continue;
    const withText = !narrow && nextGap(dashboard.marks, mark, ratio, width) > MARK_TEXT_PIXELS && left + MARK_TEXT_PIXELS < width;
    freeFrom = left + (withText ? MARK_TEXT_PIXELS : MARK_PIXELS * 0.6);
    const node = markNode(mark, clock.timeText(mark.at), withText, hooks);
    node.style.setProperty('left', percent(mark.at));
    nodes.push(node);
  }
  if (dashboard.now >= view.from && dashboard.now <= view.to)
    nodes.push(...nowNodes(dashboard.now, percent, clock, narrow, ratio(dashboard.now) * width));
  return nodes;
}

interface LaneScale {
  view: Stretch;
  /** Pixels from the left edge. */
  pixels: (time: number) => number;
  percent: (time: number) => string;
}

/** A window's block; its name stands inside, else beside it where nothing else stands, else in the title alone. */
function windowNodes(window: LaneWindow, now: number, freeUntil: number, scale: LaneScale, clock: Clock, hooks: LaneHooks): HTMLElement[] {
  const { view, pixels, percent } = scale;
  const start = Math.max(window.start, view.from);
  const end = Math.min(window.end, view.to);
  if (end <= start) return [];
  const title = l10n.t('{0}, {1} to {2}', window.text, clock.timeText(window.start), clock.timeText(window.end));
  const textPixels = window.text.length * TEXT_PIXELS_A_LETTER;
  const fits = pixels(end) - pixels(start) >= textPixels + TEXT_PIXELS_INSIDE;
  const node = element('button', {
    class: `win ${window.kind}${fits ? '' : ' bare'}`,
    text: fits ? window.text : '',
    attributes: { type: 'button', title, 'aria-label': title },
    on: { click: () => hooks.openWindow(window) },
  });
  node.style.setProperty('left', percent(start));
  node.style.setProperty('width', `calc(${percent(end)} - ${percent(start)})`);
  // The label of now lies over the block to the left of its line; a name that it would cover begins to the right of it.
  const toNow = pixels(now) - pixels(start);
  const isCovered = fits && toNow > 0 && toNow < textPixels + NOW_PIXELS && pixels(end) - pixels(now) >= textPixels + TEXT_PIXELS_INSIDE;
  if (isCovered) node.style.setProperty('padding-left', `${Math.round(toNow) + 6}px`);
  if (fits || pixels(Math.min(freeUntil, view.to)) - pixels(end) < textPixels + TEXT_PIXELS_BESIDE) return [node];
  const beside = element('span', { class: 'wintext', text: window.text, attributes: { 'aria-hidden': 'true' } });
  const overhang = Math.max(0, LEAST_WINDOW_PIXELS - (pixels(end) - pixels(start)));
  beside.style.setProperty('left', `calc(${percent(end)} + ${5 + overhang}px)`);
  return [node, beside];
}

/** When the next block begins, or the label of now, which reaches to the left of it. */
function nextStart(windows: readonly LaneWindow[], window: LaneWindow, now: number): number {
  const later = windows.filter((other) => other !== window && other.end > window.end).map((other) => other.start);
  return Math.min(Infinity, ...later, ...(now > window.end ? [window.end] : []));
}

function markNode(mark: LaneMark, time: string, withText: boolean, hooks: LaneHooks): HTMLElement {
  const label = `${time}, ${mark.text}`;
  const shape = svg(
    'svg',
    { viewBox: '0 0 12 12', 'aria-hidden': 'true' },
    svg('path', { d: TRIANGLES[mark.direction] ?? TRIANGLES['up'] ?? '' }),
  );
  const icon = element('i', {});
  icon.append(shape);
  return element(
    'button',
    {
      class: `mark ${mark.done ? 'done' : 'plan'}`,
      attributes: { type: 'button', title: label, 'aria-label': label, 'data-decision': mark.decisionId ?? '' },
      on: { click: () => mark.decisionId !== null && hooks.openDecision(mark.decisionId) },
    },
    icon,
    withText ? time : null,
  );
}

/** Pixels to the next mark. */
function nextGap(marks: readonly LaneMark[], mark: LaneMark, ratio: (time: number) => number, width: number): number {
  const later = marks.filter((other) => other.at > mark.at).map((other) => other.at);
  return later.length === 0 ? Infinity : (ratio(Math.min(...later)) - ratio(mark.at)) * width;
}

function nowNodes(now: number, percent: (time: number) => string, clock: Clock, narrow: boolean, left: number): HTMLElement[] {
  const text = narrow ? 'now' : `now ${clock.timeText(now)}`;
  const label = element('span', { class: `nowlabel${left < 70 ? ' right' : ''}`, text });
  const line = element('span', { class: 'nowline' });
  for (const node of [label, line]) node.style.setProperty('left', percent(now));
  return [label, line];
}
