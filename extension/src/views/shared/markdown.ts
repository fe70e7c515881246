// Reads the small part of Markdown that the daemon writes. Pure: it gives a tree, and `markdown_nodes` makes nodes of it.

export interface Inline {
  kind: 'text' | 'strong' | 'emphasis' | 'code';
  text: string;
}

export type Block =
  | { kind: 'heading'; level: number; text: Inline[] }
  | { kind: 'paragraph'; text: Inline[] }
  | { kind: 'quote'; text: Inline[] }
  | { kind: 'list'; ordered: boolean; items: Inline[][] }
  | { kind: 'table'; head: Inline[][]; alignRight: boolean[]; rows: Inline[][][] }
  | { kind: 'code'; text: string }
  | { kind: 'rule' };

/** The blocks of a page. What is not understood stays text. */
export function parseMarkdown(source: string): Block[] {
  const lines = source.replaceAll('\r\n', '\n').split('\n');
  const blocks: Block[] = [];
  let at = 0;
  while (at < lines.length) {
    const line = lines[at] ?? '';
    if (line.trim() === '') at += 1;
    else if (line.startsWith('```')) at = codeBlock(lines, at, blocks);
    else if (/^#{1,6} /.test(line)) at = heading(line, at, blocks);
    else if (/^(-{3,}|\*{3,})\s*$/.test(line)) at = rule(at, blocks);
    else if (isTable(lines, at)) at = table(lines, at, blocks);
    else if (LIST.test(line)) at = list(lines, at, blocks);
    else at = paragraph(lines, at, blocks);
  }
  return blocks;
}

const LIST = /^\s*(?:[-*+]|(\d+)[.)]) +(.*)$/;
const INLINE = /\\([\\`*_{}[\]()#+\-.!|<>~$])|`([^`]+)`|\*\*(.+?)\*\*|__(.+?)__|\*([^*\s][^*]*)\*|\b_([^_]+)_\b/g;

/** Marks inside a line. */
export function parseInline(source: string): Inline[] {
  const parts: Inline[] = [];
  const push = (kind: Inline['kind'], text: string): void => {
    const last = parts.at(-1);
    if (text === '') return;
    if (kind === 'text' && last?.kind === 'text') last.text += text;
    else parts.push({ kind, text });
  };
  let from = 0;
  for (const match of source.matchAll(INLINE)) {
    const [whole, escaped, code, strong, strongToo, emphasis, emphasisToo] = match;
    push('text', source.slice(from, match.index));
    if (escaped !== undefined) push('text', escaped);
    else if (code !== undefined) push('code', code);
    else if (strong ?? strongToo) push('strong', strong ?? strongToo ?? '');
    else push('emphasis', emphasis ?? emphasisToo ?? '');
    from = match.index + whole.length;
  }
  push('text', source.slice(from));
  return parts;
}

function rule(at: number, blocks: Block[]): number {
  blocks.push({ kind: 'rule' });
  return at + 1;
}

function heading(line: string, at: number, blocks: Block[]): number {
  const level = line.indexOf(' ');
  blocks.push({ kind: 'heading', level, text: parseInline(line.slice(level).trim()) });
  return at + 1;
}

function codeBlock(lines: readonly string[], at: number, blocks: Block[]): number {
  const end = lines.findIndex((line, index) => index > at && line.startsWith('```'));
  const last = end < 0 ? lines.length : end;
  blocks.push({ kind: 'code', text: lines.slice(at + 1, last).join('\n') });
  return last + 1;
}

function list(lines: readonly string[], at: number, blocks: Block[]): number {
  const items: string[] = [];
  const ordered = LIST.exec(lines[at] ?? '')?.[1] !== undefined;
  let index = at;
  for (; index < lines.length; index += 1) {
    const line = lines[index] ?? '';
    const item = LIST.exec(line);
    if (item !== null) items.push(item[2] ?? '');
    else if (/^\s+\S/.test(line) && items.length > 0) items.push(`${items.pop() ?? ''} ${line.trim()}`);
    else break;
  }
  blocks.push({ kind: 'list', ordered, items: items.map(parseInline) });
  return index;
}

function isTable(lines: readonly string[], at: number): boolean {
  return (lines[at] ?? '').trimStart().startsWith('|') && /^\s*\|?[\s:|-]+\|[\s:|-]*$/.test(lines[at + 1] ?? '');
}

function table(lines: readonly string[], at: number, blocks: Block[]): number {
  const head = cells(lines[at] ?? '').map(parseInline);
  const alignRight = cells(lines[at + 1] ?? '').map((cell) => cell.endsWith(':') && !cell.startsWith(':'));
  const rows: Inline[][][] = [];
  let index = at + 2;
  for (; (lines[index] ?? '').trimStart().startsWith('|'); index += 1) rows.push(cells(lines[index] ?? '').map(parseInline));
  blocks.push({ kind: 'table', head, alignRight, rows });
  return index;
}

function cells(line: string): string[] {
  return line
    .trim()
    .replace(/^\|/, '')
    .replace(/(?<!\\)\|$/, '')
    .split(/(?<!\\)\|/)
    .map((cell) => cell.trim());
}

function paragraph(lines: readonly string[], at: number, blocks: Block[]): number {
  const quoted = (lines[at] ?? '').startsWith('>');
  const found: string[] = [];
  let index = at;
  for (; index < lines.length; index += 1) {
    const line = lines[index] ?? '';
    const stops = line.trim() === '' || /^(#{1,6} |```)/.test(line) || line.startsWith('>') !== quoted;
    if (index > at && (stops || LIST.test(line) || isTable(lines, index))) break;
    found.push(quoted ? line.replace(/^>\s?/, '') : line.trim());
  }
  blocks.push({ kind: quoted ? 'quote' : 'paragraph', text: parseInline(found.join(' ')) });
  return index;
}
