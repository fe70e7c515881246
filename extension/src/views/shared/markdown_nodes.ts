// Makes nodes of a parsed page. Text stays text.
import { element } from './dom';
import type { Block, Inline } from './markdown';

const INLINE_TAGS = { strong: 'b', emphasis: 'em', code: 'code' } as const;

export function blockNodes(blocks: readonly Block[]): HTMLElement[] {
  return blocks.map(blockNode);
}

function blockNode(block: Block): HTMLElement {
  switch (block.kind) {
    case 'heading':
      return element(block.level <= 2 ? 'h2' : 'h3', {}, ...inline(block.text));
    case 'paragraph':
      return element('p', {}, ...inline(block.text));
    case 'quote':
      return element('blockquote', {}, ...inline(block.text));
    case 'list':
      return element(block.ordered ? 'ol' : 'ul', {}, ...block.items.map((item) => element('li', {}, ...inline(item))));
    case 'code':
      return element('pre', {}, element('code', { text: block.text }));
    case 'rule':
      return element('hr');
    case 'table':
      return tableNode(block);
  }
}

function tableNode({ head, alignRight, rows }: Extract<Block, { kind: 'table' }>): HTMLElement {
  const side = (index: number): string => (alignRight[index] === true ? 'num' : '');
  const heads = head.map((cell, index) => element('th', { class: side(index), attributes: { scope: 'col' } }, ...inline(cell)));
  const body = rows.map((row) => element('tr', {}, ...row.map((cell, index) => element('td', { class: side(index) }, ...inline(cell)))));
  const table = element('table', {}, element('thead', {}, element('tr', {}, ...heads)), element('tbody', {}, ...body));
  return element('div', { class: 'scroll' }, table);
}

function inline(parts: readonly Inline[]): (Node | string)[] {
  return parts.map(({ kind, text }) => (kind === 'text' ? text : element(INLINE_TAGS[kind], { text })));
}
