// Builds nodes. Text stays text: nothing here reads markup.

export interface Options {
  class?: string;
  text?: string;
  attributes?: Record<string, string>;
  on?: Partial<Record<'click' | 'change' | 'keydown' | 'focus' | 'blur', (event: Event) => void>>;
}

export type Child = Node | string | null;

/** A new element. Children that are null are left out. */
export function element<Name extends keyof HTMLElementTagNameMap>(
  name: Name,
  options: Options = {},
  ...children: Child[]
): HTMLElementTagNameMap[Name] {
  const made = document.createElement(name);
  if (options.class !== undefined && options.class !== '') made.className = options.class;
  if (options.text !== undefined) made.textContent = options.text;
  for (const [key, value] of Object.entries(options.attributes ?? {})) made.setAttribute(key, value);
  for (const [key, listener] of Object.entries(options.on ?? {})) made.addEventListener(key, listener);
  made.append(...children.filter((child) => child !== null));
  return made;
}

const SVG = 'http://www.w3.org/2000/svg';

export function svg(name: string, attributes: Record<string, string>, ...children: Node[]): SVGElement {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

export function icon(name: string, small = false): HTMLElement {
  return element('i', { class: `codicon${small ? ' sm' : ''} codicon-${name}`, attributes: { 'aria-hidden': 'true' } });
}

/** A light button inside rows. */
export function act(text: string, press: () => void, label?: string): HTMLButtonElement {
  return element('button', {
    class: 'act',
    text,
    attributes: { type: 'button', ...(label === undefined ? {} : { 'aria-label': label }) },
    on: { click: press },
  });
}

/** A framed button; `quiet` for all but the one main choice. */
export function button(
  text: string,
  press: () => void,
  { quiet = true, iconName = '', big = false, wide = false } = {},
): HTMLButtonElement {
  const names = ['btn', quiet ? 'quiet' : '', big ? 'big-btn' : '', wide ? 'wide' : ''].filter((name) => name !== '').join(' ');
  return element(
    'button',
    { class: names, attributes: { type: 'button' }, on: { click: press } },
    iconName === '' ? null : icon(iconName, true),
    text,
  );
}

export function iconButton(name: string, label: string, press: () => void): HTMLButtonElement {
  return element(
    'button',
    { class: 'icon-btn', attributes: { type: 'button', 'aria-label': label, title: label }, on: { click: press } },
    icon(name),
  );
}

/** One choice of several, as a radio group: arrows move it. */
export function segments(
  name: string,
  label: string,
  choices: readonly (readonly [value: string, text: string])[],
  chosen: string,
  choose: (value: string) => void,
): HTMLElement {
  const group = element('div', { class: 'seg', attributes: { role: 'radiogroup', 'aria-label': label } });
  for (const [value, text] of choices) {
    const input = element('input', { attributes: { type: 'radio', name, value }, on: { change: () => choose(value) } });
    input.checked = value === chosen;
    group.append(element('label', {}, input, text));
  }
  return group;
}

/** A section: a rule, a title, what stands at its right end, and a body. */
export function section(
  title: string,
  body: readonly Child[],
  { note = '', end = null, id = '' }: { note?: string; end?: Child; id?: string } = {},
): HTMLElement {
  const heading = element('h2', { text: title, attributes: id === '' ? {} : { id } });
  const head = element(
    'div',
    { class: 'head' },
    heading,
    note === '' ? null : element('span', { class: 'second', text: note }),
    element('span', { class: 'grow' }),
    end,
  );
  return element('section', { class: 'sec', attributes: id === '' ? {} : { 'aria-labelledby': id } }, head, ...body);
}

const FOCUSABLE = 'button, input, select, [tabindex]';

/** Puts new content in place of old, if it differs, and keeps the keyboard where it was. */
export function replaceContent(host: Element, ...children: Child[]): void {
  const next = element('div', {}, ...children);
  const before = host.cloneNode(true) as Element;
  before.normalize();
  next.normalize();
  if (sameChildren(before, next)) return;
  const focused = [...host.querySelectorAll<HTMLElement>(FOCUSABLE)].findIndex((node) => node === document.activeElement);
  host.replaceChildren(...next.childNodes);
  if (focused >= 0) host.querySelectorAll<HTMLElement>(FOCUSABLE)[focused]?.focus();
}

function sameChildren(left: Element, right: Element): boolean {
  if (left.childNodes.length !== right.childNodes.length) return false;
  return [...left.childNodes].every((node, index) => node.isEqualNode(right.childNodes[index] ?? null));
}
