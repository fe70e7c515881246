// What a chart draws beside its lines: windows and the unknown past behind them, shortage, limits' values and now above them.
import type uPlot from 'uplot';
import type { LaneWindow } from '../../../protocol';
import { amountText } from '../../shared/format';
import { colour, font, isHighContrast } from './colours';
import { type ChartData, limitSteps, shortStretches } from './model';

const HATCH_PIXELS = 7;
const LABEL_PIXELS = 11;

/** Profile windows, signals, and the past of which nothing is known. */
export function drawBehind(plot: uPlot, data: ChartData): void {
  for (const window of data.windows) drawWindow(plot, window);
  if (data.unknownUntil !== null) drawWindow(plot, { kind: 'idle', start: data.view.from, end: data.unknownUntil, text: '' });
}

export function drawAbove(plot: uPlot, data: ChartData): void {
  drawShortage(plot, data);
  drawLimitValues(plot, data);
  drawNow(plot, data);
}

function drawWindow(plot: uPlot, { kind, start, end }: LaneWindow): void {
  const { left, top, width, height } = plot.bbox;
  const from = Math.max(left, plot.valToPos(start, 'x', true));
  const to = Math.min(left + width, plot.valToPos(end, 'x', true));
  if (to <= from) return;
  const context = plot.ctx;
  context.save();
  context.lineWidth = devicePixelRatio;
  if (kind === 'idle') {
    hatch(context, from, top, to - from, height);
  } else {
    context.fillStyle = kind === 'signal' ? colour('--fl-use', 0.07) : colour('--fl-window-fill');
    context.fillRect(from, top, to - from, height);
  }
  context.strokeStyle = colour(kind === 'idle' ? '--fl-muted' : kind === 'signal' ? '--fl-use' : '--fl-window', 0.55);
  context.setLineDash(kind === 'signal' ? [3 * devicePixelRatio, 3 * devicePixelRatio] : []);
  if (from > left) vertical(context, from, top, top + height);
  if (to < left + width) vertical(context, to, top, top + height);
  context.restore();
}

function hatch(context: CanvasRenderingContext2D, left: number, top: number, width: number, height: number): void {
  context.save();
  context.beginPath();
  context.rect(left, top, width, height);
  context.clip();
  context.strokeStyle = colour('--fl-muted', isHighContrast() ? 0.45 : 0.16);
  context.beginPath();
  for (let x = left - height; x < left + width; x += HATCH_PIXELS * devicePixelRatio) {
    context.moveTo(x, top + height);
    context.lineTo(x + height, top);
  }
  context.stroke();
  context.restore();
}

/** Red where the forecast is above a limit that will not be raised for it. */
function drawShortage(plot: uPlot, { times, middle, planned, view }: ChartData): void {
  const context = plot.ctx;
  const at = (index: number, value: number): [number, number] => [
    plot.valToPos(times[index] ?? view.from, 'x', true),
    plot.valToPos(value, 'y', true),
  ];
  context.save();
  clipToPlot(plot);
  context.setLineDash([]);
  context.fillStyle = colour('--fl-bad', 0.35);
  context.strokeStyle = colour('--fl-bad');
  context.lineWidth = devicePixelRatio;
  for (const [first, last] of shortStretches(middle, planned)) {
    context.beginPath();
    context.moveTo(...at(first, planned[first] ?? 0));
    for (let index = first; index <= last; index += 1) context.lineTo(...at(index, middle[index] ?? 0));
    for (let index = last; index >= first; index -= 1) context.lineTo(...at(index, planned[index] ?? 0));
    context.closePath();
    context.fill();
    context.stroke();
  }
  context.restore();
}

/** Writes the value of the limit on each of its steps that is long enough to hold it. */
function drawLimitValues(plot: uPlot, data: ChartData): void {
  if (data.resource !== 'cpu' && data.resource !== 'memory') return;
  const context = plot.ctx;
  const { left, width } = plot.bbox;
  context.save();
  context.setLineDash([]);
  context.font = font(LABEL_PIXELS * devicePixelRatio);
  context.fillStyle = colour('--fl-text');
  context.textAlign = 'left';
  context.textBaseline = 'bottom';
  for (const { value, first, last } of limitSteps(data)) {
    const from = Math.max(left, plot.valToPos(data.times[first] ?? data.view.from, 'x', true));
    const to = Math.min(left + width, plot.valToPos(data.times[last + 1] ?? data.times[last] ?? data.view.to, 'x', true));
    const text = amountText(value);
    if (to - from > context.measureText(text).width + 6 * devicePixelRatio) {
      context.fillText(text, from + 5 * devicePixelRatio, plot.valToPos(value, 'y', true) - 2 * devicePixelRatio);
    }
  }
  context.restore();
}

function drawNow(plot: uPlot, { now, view }: ChartData): void {
  if (now < view.from || now > view.to) return;
  const context = plot.ctx;
  const { top, height } = plot.bbox;
  context.save();
  context.setLineDash([]);
  context.strokeStyle = colour('--fl-strong');
  context.lineWidth = devicePixelRatio;
  vertical(context, plot.valToPos(now, 'x', true), top - 6 * devicePixelRatio, top + height + 4 * devicePixelRatio);
  context.restore();
}

function clipToPlot(plot: uPlot): void {
  const { left, top, width, height } = plot.bbox;
  plot.ctx.beginPath();
  plot.ctx.rect(left, top, width, height);
  plot.ctx.clip();
}

function vertical(context: CanvasRenderingContext2D, x: number, from: number, to: number): void {
  const sharp = Math.round(x) + 0.5;
  context.beginPath();
  context.moveTo(sharp, from);
  context.lineTo(sharp, to);
  context.stroke();
}
