// The week as a grid to paint on, by hand or by keys: arrows move, Shift and arrows resize, Enter paints, Delete erases.
import * as l10n from '../../shared/l10n';
import type { ProfileBlock, ProfilePage } from '../../../protocol';
import { element, replaceContent, segments, svg } from '../../shared/dom';
import type { Change } from '../protocol';
import { DAY_MINUTES, moved, overlaps, resized, SNAP_MINUTES, type Span, spanBetween, spanText } from './span';

const TOOLS = [['peak', l10n.t('Peak')], ['idle', l10n.t('Idle')], ['deadline', l10n.t('Deadline')], ['erase', l10n.t('Erase')]] as const; // prettier-ignore
const EDGE_PIXELS = 6;
const NARROW_PIXELS = 640;
const SHORT_MINUTES = 90;
const SHORT_NARROW_MINUTES = 180;
const ARROWS: Record<string, [days: number, minutes: number]> = {
  ArrowLeft: [0, -SNAP_MINUTES],
  ArrowRight: [0, SNAP_MINUTES],
  ArrowUp: [-1, 0],
  ArrowDown: [1, 0],
};

/** What the hand is doing between pressing and letting go. */
interface Drag {
  kind: 'paint' | 'move' | 'start' | 'end';
  span: Span;
  block: ProfileBlock | undefined;
  /** Where in the day it was pressed. */
  minute: number;
  hasMoved: boolean;
}

export class Week {
  readonly node = element('section', { attributes: { 'aria-labelledby': 'h-week' } });
  private readonly head = element('div', { class: 'head week-head' });
  private readonly tools = element('div', { class: 'row wrap tools' });
  private readonly grid = element('div', {
    class: 'week',
    attributes: {
      tabindex: '0',
      role: 'application',
      'aria-roledescription': 'week',
      'aria-describedby': 'week-keys',
      'aria-label': l10n.t('The week'),
    },
    on: { keydown: (event) => this.key(event as KeyboardEvent), focus: () => this.tell() },
  });
  private readonly live = element('div', { class: 'sr', attributes: { 'aria-live': 'polite' } });
  private readonly cores = this.need('6', l10n.t('Cores that a peak or deadline needs'));
  private readonly memory = this.need('', l10n.t('GiB that a peak or deadline needs'));
  private page: ProfilePage | undefined;
  private tool = 'peak';
  private cursor: Span = { day: 0, startMinute: 600, endMinute: 660 };
  private isPlaced = false;
  private drag: Drag | undefined;
  /** What the keyboard holds: put back when the text has changed. */
  private held: { rule: number; day: number } | undefined;

  constructor(
    private readonly change: (made: Change) => void,
    private readonly editRule: (rule: number) => void,
  ) {
    const keys = l10n.t('Arrows move, Shift and arrows resize, Enter paints, Delete erases. Tab goes to what is painted.');
    const help = element('p', { class: 'sr', text: keys, attributes: { id: 'week-keys' } });
    this.node.append(this.head, this.tools, help, this.grid, this.live);
    const chosen = segments('tool', l10n.t('What a drag paints'), TOOLS, this.tool, (tool) => {
      this.tool = tool;
    });
    for (const [index, label] of [...chosen.querySelectorAll('label')].entries()) {
      const kind = TOOLS[index]?.[0] ?? '';
      if (kind !== 'erase') label.prepend(element('span', { class: `swatch ${kind}`, attributes: { 'aria-hidden': 'true' } }));
    }
    const legend = element('span', { class: 'small used-legend' }, svg('svg', { viewBox: '0 0 22 12', 'aria-hidden': 'true' }, svg('path', { class: 'usefill', d: 'M0 12V7h5V4h6v4h5V6h6v6Z' })), l10n.t('used, last 4 weeks')); // prettier-ignore
    const needs = element('span', { class: 'row' }, 'needs', this.cores, 'cores', this.memory, 'GiB');
    this.tools.append(chosen, needs, element('span', { class: 'grow' }), legend);
    this.grid.addEventListener('pointerdown', (event) => this.press(event));
    this.grid.addEventListener('pointermove', (event) => this.pull(event));
    this.grid.addEventListener('pointerup', () => this.release());
    this.grid.addEventListener('pointercancel', () => this.cancel());
  }

  show(page: ProfilePage): void {
    this.page = page;
    if (!this.isPlaced) {
      this.isPlaced = true;
      this.cursor = { ...this.cursor, day: page.nowDay };
    }
    if (this.drag === undefined) this.paint();
  }

  private need(value: string, label: string): HTMLInputElement {
    return element('input', { class: 'field', attributes: { type: 'text', inputmode: 'decimal', value, 'aria-label': label } });
  }

  private paint(): void {
    const { page } = this;
    if (page === undefined) return;
    replaceContent(
      this.head,
      element('h2', { text: l10n.t('The week'), attributes: { id: 'h-week' } }),
      element('span', { class: 'second', text: l10n.t('drag over the hours to paint what you expect · times in {0}', page.timeZone) }),
    );
    const holder = document.activeElement;
    const most = Math.max(0.5, ...page.days.flatMap(({ used }) => used.map((value) => value ?? 0)));
    const hours = element('div', { class: 'hours', attributes: { 'aria-hidden': 'true' } });
    for (let hour = 0; hour <= 24; hour += 2)
      hours.append(at(element('span', { text: String(hour).padStart(2, '0'), class: hour % 4 === 0 ? '' : 'thin' }), hour * 60));
    const rows = page.days.map((day, index) => {
      const track = element('div', { class: 'track', attributes: { 'data-day': String(index) } }, usePicture(day.used, most));
      for (const block of page.blocks) if (block.day === index) track.append(this.blockNode(block));
      if (index === page.nowDay) track.append(at(element('span', { class: 'nowline', attributes: { title: 'now' } }), page.nowMinute));
      if (this.cursor.day === index) track.append(this.cursorNode());
      return element('div', { class: `day${day.today ? ' today' : ''}` }, element('span', { class: 'dayname', text: day.label }), track);
    });
    const hadFocus = holder instanceof HTMLElement && this.grid.contains(holder) && holder !== this.grid;
    this.grid.replaceChildren(hours, ...rows);
    if (hadFocus) this.refocus();
  }

  private refocus(): void {
    const held = this.held;
    const again =
      held === undefined ? null : this.grid.querySelector<HTMLElement>(`.block[data-rule="${held.rule}"][data-day="${held.day}"]`);
    (again ?? this.grid).focus();
  }

  private blockNode(block: ProfileBlock): HTMLElement {
    const text = isShort(block) ? (block.text.split(' ')[0] ?? '') : block.text;
    const node = element('button', {
      class: `block ${block.kind}${block.wrong ? ' wrong' : ''}${this.isOn(block) ? '' : ' off'}`,
      text,
      attributes: {
        type: 'button',
        title: block.label,
        'aria-label': `${text}: ${block.label}${block.movable ? l10n.t('. Arrows move, Shift and arrows resize.') : ''}`,
        'data-rule': String(block.rule),
        'data-day': String(block.day),
      },
      on: {
        keydown: (event) => this.blockKey(event as KeyboardEvent, block),
        focus: () => {
          this.held = { rule: block.rule, day: block.day };
        },
      },
    });
    return between(node, block);
  }

  private isOn(block: ProfileBlock): boolean {
    return this.page?.rules.find((rule) => rule.index === block.rule)?.enabled !== false;
  }

  private cursorNode(): HTMLElement {
    const kind = this.drag?.kind === 'paint' ? ` drawing ${this.tool}` : '';
    return between(element('span', { class: `cursor${kind}`, attributes: { 'aria-hidden': 'true' } }), this.cursor);
  }

  private moveCursor(span: Span): void {
    this.cursor = span;
    this.grid.querySelector('.cursor')?.remove();
    this.grid.querySelector(`.track[data-day="${span.day}"]`)?.append(this.cursorNode());
  }

  private tell(): void {
    const under = this.page?.blocks.filter((block) => overlaps(block, this.cursor)).map((block) => block.label) ?? [];
    this.live.textContent = `${spanText(this.cursor)}${under.length > 0 ? `: ${under.join('; ')}` : ''}`;
  }

  private key(event: KeyboardEvent): void {
    if (event.target !== this.grid) return;
    const arrow = ARROWS[event.key];
    if (arrow !== undefined) {
      const [days, minutes] = arrow;
      this.moveCursor(event.shiftKey ? resized(this.cursor, minutes) : moved(this.cursor, days, minutes));
      this.tell();
    } else if (event.key === 'Enter' || event.key === ' ') this.put(this.cursor);
    else if (event.key === 'Delete' || event.key === 'Backspace') this.change({ action: 'erase', ...this.cursor });
    else return;
    event.preventDefault();
  }

  private blockKey(event: KeyboardEvent, block: ProfileBlock): void {
    const arrow = ARROWS[event.key];
    if (arrow !== undefined && block.movable) {
      const [days, minutes] = arrow;
      const span = event.shiftKey ? resized(block, minutes) : moved(block, days, minutes);
      this.moveBlock(block, span);
    } else if (event.key === 'Enter') this.editRule(block.rule);
    else if (event.key === 'Delete' || event.key === 'Backspace') this.change({ action: 'erase', index: block.rule, day: block.day });
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  private moveBlock(block: ProfileBlock, span: Span): void {
    const { day, startMinute, endMinute } = span;
    this.held = { rule: block.rule, day };
    // Shown at once, so that the next key goes on from here; the text's own word on it follows.
    if (this.page !== undefined) {
      this.page = { ...this.page, blocks: this.page.blocks.map((each) => (each === block ? { ...each, ...span } : each)) };
      this.paint();
    }
    this.change({ action: 'move', index: block.rule, day, startMinute, endMinute });
  }

  /** Paints or erases a stretch, by the tool that is chosen. */
  private put(span: Span): void {
    const { day, startMinute, endMinute } = span;
    if (this.tool === 'erase') {
      this.change({ action: 'erase', day, startMinute, endMinute });
      return;
    }
    const cores = numberOf(this.cores);
    const memoryGib = numberOf(this.memory);
    if (this.tool !== 'idle' && cores === null && memoryGib === null) {
      this.live.textContent = l10n.t('Say how many cores or GiB it needs first.');
      this.cores.focus();
      return;
    }
    this.change({ action: 'paint', kind: this.tool, day, startMinute, endMinute, cores, memoryGib });
  }

  private press(event: PointerEvent): void {
    if (event.button !== 0) return;
    const place = this.place(event);
    if (place === undefined) return;
    const node = event.target instanceof Element ? event.target.closest<HTMLElement>('.block') : null;
    const block =
      node === null
        ? undefined
        : this.page?.blocks.find((each) => String(each.rule) === node.dataset['rule'] && String(each.day) === node.dataset['day']);
    if (this.tool === 'erase' && block !== undefined) {
      this.change({ action: 'erase', index: block.rule, day: block.day });
      event.preventDefault();
      return;
    }
    if (block !== undefined && !block.movable) return;
    let kind: Drag['kind'] = 'paint';
    if (node !== null) {
      const box = node.getBoundingClientRect();
      kind = event.clientX > box.right - EDGE_PIXELS ? 'end' : event.clientX < box.left + EDGE_PIXELS ? 'start' : 'move';
    }
    const span = block ?? spanBetween(place.day, place.minute, place.minute);
    this.drag = { kind, span, block, minute: place.minute, hasMoved: false };
    if (block === undefined) this.moveCursor(span);
    this.grid.setPointerCapture(event.pointerId);
  }

  private pull(event: PointerEvent): void {
    const { drag } = this;
    const place = this.place(event);
    if (drag === undefined || place === undefined) return;
    const step = Math.round((place.minute - drag.minute) / SNAP_MINUTES) * SNAP_MINUTES;
    if (drag.kind === 'paint') {
      drag.span = spanBetween(drag.span.day, drag.minute, place.minute);
      this.moveCursor(drag.span);
    } else if (drag.block !== undefined) {
      const { block } = drag;
      if (drag.kind === 'end') drag.span = resized(block, step);
      else if (drag.kind === 'start')
        drag.span = { ...block, startMinute: Math.max(0, Math.min(block.endMinute - SNAP_MINUTES, block.startMinute + step)) };
      else drag.span = moved(block, place.day - block.day, step);
      const node = this.grid.querySelector<HTMLElement>(`.block[data-rule="${block.rule}"][data-day="${block.day}"]`);
      if (node !== null) between(node, drag.span);
    }
    drag.hasMoved ||= step !== 0 || place.day !== drag.span.day;
  }

  private release(): void {
    const { drag } = this;
    this.drag = undefined;
    if (drag === undefined) return;
    if (drag.kind === 'paint') this.put(drag.span);
    else if (drag.block !== undefined && drag.hasMoved) this.moveBlock(drag.block, drag.span);
    else if (drag.block !== undefined)
      this.grid.querySelector<HTMLElement>(`.block[data-rule="${drag.block.rule}"][data-day="${drag.block.day}"]`)?.focus();
  }

  private cancel(): void {
    this.drag = undefined;
    this.paint();
  }

  private place(event: PointerEvent): { day: number; minute: number } | undefined {
    const tracks = [...this.grid.querySelectorAll<HTMLElement>('.track')];
    const boxes = tracks.map((track) => track.getBoundingClientRect());
    const [first] = boxes;
    if (first === undefined || event.clientX < first.left - 20) return undefined;
    const under = boxes.findIndex((box) => event.clientY < box.bottom);
    const day = under < 0 ? boxes.length - 1 : under;
    const minute = ((event.clientX - first.left) / first.width) * DAY_MINUTES;
    return { day, minute: Math.min(DAY_MINUTES, Math.max(0, minute)) };
  }
}

/** Whether only a first word fits: the number of cores, then. */
function isShort({ kind, startMinute, endMinute }: ProfileBlock): boolean {
  return kind === 'peak' && endMinute - startMinute < (innerWidth <= NARROW_PIXELS ? SHORT_NARROW_MINUTES : SHORT_MINUTES);
}

function numberOf(field: HTMLInputElement): number | null {
  const text = field.value.trim().replace(',', '.');
  const number = Number(text);
  return text !== '' && Number.isFinite(number) && number > 0 ? number : null;
}

function at<Node extends HTMLElement>(node: Node, minute: number): Node {
  node.style.setProperty('--from', String(minute / DAY_MINUTES));
  return node;
}

function between<Node extends HTMLElement>(node: Node, { startMinute, endMinute }: Pick<Span, 'startMinute' | 'endMinute'>): Node {
  node.style.setProperty('--from', String(startMinute / DAY_MINUTES));
  node.style.setProperty('--to', String(endMinute / DAY_MINUTES));
  return node;
}

/** What was used in each half hour, as steps along the foot of the day. */
function usePicture(used: readonly (number | null)[], most: number): SVGElement {
  const steps = used.map((value, index) => `V${(100 - ((value ?? 0) / most) * 100).toFixed(1)}H${index + 1}`);
  const path = svg('path', { class: 'usefill', d: `M0 100${steps.join('')}V100Z` });
  return svg('svg', { class: 'used', viewBox: `0 0 ${used.length} 100`, preserveAspectRatio: 'none', 'aria-hidden': 'true' }, path);
}
