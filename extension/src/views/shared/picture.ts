// Small pictures of few values, as SVG: sharp in every theme, and made of nodes. Charts of time with a cursor are uPlot's.
import * as l10n from './l10n';
import { act, element, icon, replaceContent, svg } from './dom';
import { amountText } from './format';
import { valueTicks } from './scale';

export interface Line {
  values: readonly (number | null)[];
  /** Class of its path: use, rival, limit. */
  role: 'use' | 'rival' | 'limit';
  isStepped?: boolean;
  isFilled?: boolean;
}

export interface Picture {
  labels: readonly string[];
  lines: readonly Line[];
  unit: string;
  /** One sentence for who cannot see it. */
  label: string;
  /** In pixels, so that its texts keep their size. */
  width: number;
}

const HEIGHT = 150;
const LEFT = 46;
const BOTTOM = 20;
const TOP = 8;
const MOST_LABELS = 6;
const LABEL_PIXELS = 84;

const WIDEST = 1240;
const ONE_COLUMN_PIXELS = 860;
const NARROW_PIXELS = 640;

/** How wide a picture may be: all of the page, or what its column leaves where there are two. */
export function columnWidth(beside: (inner: number) => number): number {
  const inner = Math.min(WIDEST, innerWidth) - (innerWidth <= NARROW_PIXELS ? 32 : 48);
  return Math.max(240, Math.round(innerWidth <= ONE_COLUMN_PIXELS ? inner : beside(inner)));
}

/** Calls back when the page has another width, once a frame at most. */
export function onResize(changed: () => void): void {
  let frame = 0;
  addEventListener('resize', () => {
    cancelAnimationFrame(frame);
    frame = requestAnimationFrame(changed);
  });
}

/** Lines over a row of labels; the axis of values starts at 0. */
export function linePicture({ labels, lines, unit, label, width }: Picture): SVGElement {
  const highest = Math.max(0, ...lines.flatMap((line) => line.values.map((value) => value ?? 0)));
  const maximum = (highest || 1) * 1.14;
  const places = Math.max(1, labels.length - 1);
  const x = (index: number): number => LEFT + 8 + (index / places) * (width - LEFT - 20);
  const y = (value: number): number => HEIGHT - BOTTOM - (value / maximum) * (HEIGHT - BOTTOM - TOP);
  const nodes: SVGElement[] = [];
  for (const tick of valueTicks(maximum, 4)) {
    nodes.push(svg('path', { class: 'axis', d: `M${LEFT} ${y(tick)}H${width}` }));
    nodes.push(textNode(tick === 0 ? '0' : amountText(tick), LEFT - 6, y(tick) + 4, 'end'));
  }
  nodes.push(textNode(unit, width, TOP + 3, 'end'));
  const every = Math.ceil(labels.length / Math.min(MOST_LABELS, Math.floor(width / LABEL_PIXELS)));
  for (const [index, text] of labels.entries())
    if (index % every === 0)
      nodes.push(
        textNode(
          text,
          x(index),
          HEIGHT - 4,
          index === 0 && labels.length > MOST_LABELS * 2 ? '' : index === labels.length - 1 ? 'end' : 'mid',
        ),
      );
  for (const line of lines) nodes.push(...lineNodes(line, x, y));
  return svg('svg', { class: 'picture', viewBox: `0 0 ${width} ${HEIGHT}`, role: 'img', 'aria-label': label }, ...nodes);
}

function lineNodes(
  { values, role, isStepped = false, isFilled = false }: Line,
  x: (index: number) => number,
  y: (value: number) => number,
): SVGElement[] {
  let path = '';
  let area = '';
  let open = false;
  let last = 0;
  const dots: SVGElement[] = [];
  const close = (): void => {
    if (open) area += `L${x(last)} ${y(0)}Z`;
    open = false;
  };
  for (const [index, value] of values.entries()) {
    if (value === null) {
      close();
      continue;
    }
    const next = open ? (isStepped ? `H${x(index)}V${y(value)}` : `L${x(index)} ${y(value)}`) : `M${x(index)} ${y(value)}`;
    path += next;
    area += open ? next : `M${x(index)} ${y(0)}V${y(value)}`;
    open = true;
    last = index;
    const isAlone = (values[index - 1] ?? null) === null && (values[index + 1] ?? null) === null;
    if (isAlone || (role === 'use' && !isFilled))
      dots.push(svg('circle', { class: `dot ${role}`, cx: String(x(index)), cy: String(y(value)), r: '2.5' }));
  }
  close();
  const shapes = [svg('path', { class: `line ${role}`, d: path }), ...dots];
  return isFilled ? [svg('path', { class: `area ${role}`, d: area }), ...shapes] : shapes;
}

function textNode(content: string, x: number, y: number, anchor: string): SVGElement {
  const node = svg('text', { x: String(x), y: String(y), class: anchor });
  node.textContent = content;
  return node;
}

/** What the lines are, for eyes; the sentence of the picture says it to readers. */
export function lineLegend(entries: readonly (readonly [role: Line['role'], text: string])[]): HTMLElement {
  const nodes = entries.map(([role, text]) => {
    const node = element('span', {}, text);
    node.prepend(
      svg('svg', { viewBox: '0 0 22 12' }, svg('path', { class: `line ${role}`, d: role === 'limit' ? 'M1 9H10V3H21' : 'M1 6H21' })),
    );
    return node;
  });
  return element('span', { class: 'legend picture-legend', attributes: { 'aria-hidden': 'true' } }, ...nodes);
}

/** "Show as table", and the table once it is asked for. */
export class TableToggle {
  readonly button: HTMLButtonElement;
  readonly node = element('div', {});
  private isShown = false;
  private make: () => HTMLElement = () => element('div');

  constructor() {
    this.button = act(l10n.t('Show as table'), () => {
      this.isShown = !this.isShown;
      this.paint();
    });
    this.paint();
  }

  /** New data: the table is made anew if it is shown. */
  update(make: () => HTMLElement): void {
    this.make = make;
    this.paint();
  }

  private paint(): void {
    this.button.replaceChildren(icon('table', true), this.isShown ? l10n.t('Hide the table') : l10n.t('Show as table'));
    this.button.setAttribute('aria-expanded', String(this.isShown));
    replaceContent(this.node, this.isShown ? this.make() : null);
  }
}

/** A table of texts; the first column names the row. */
export function plainTable(label: string, heads: readonly string[], rows: readonly (readonly string[])[]): HTMLElement {
  const head = heads.map((text, index) => element('th', { class: index === 0 ? '' : 'num', text, attributes: { scope: 'col' } }));
  const body = rows.map(([first = '', ...cells]) =>
    element(
      'tr',
      {},
      element('th', { text: first, attributes: { scope: 'row' } }),
      ...cells.map((text) => element('td', { class: 'num', text })),
    ),
  );
  const table = element('table', {}, element('thead', {}, element('tr', {}, ...head)), element('tbody', {}, ...body));
  return element('div', { class: 'numbers', attributes: { tabindex: '0', role: 'region', 'aria-label': label } }, table);
}
