// Gathers the words that the extension shows, from its calls of l10n.t, into l10n/bundle.l10n.json, for those who translate.
// node extension/words.mjs [--check]
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

const here = path.dirname(fileURLToPath(import.meta.url));
const target = path.join(path.dirname(here), 'l10n', 'bundle.l10n.json');

function wordsOf(file) {
  const source = ts.createSourceFile(file, readFileSync(file, 'utf8'), ts.ScriptTarget.Latest, true);
  const found = [];
  const visit = (node) => {
    if (ts.isCallExpression(node) && /(^|\.)l10n\.t$/.test(node.expression.getText(source))) {
      const [text] = node.arguments;
      if (text === undefined || !ts.isStringLiteralLike(text)) {
        const { line } = source.getLineAndCharacterOfPosition(node.getStart(source));
        throw new Error(`${file}:${line + 1}: l10n.t takes its words as one text, so that they can be found`);
      }
      found.push(text.text);
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

const files = readdirSync(path.join(here, 'src'), { recursive: true }).filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts'));
const words = [...new Set(files.flatMap((name) => wordsOf(path.join(here, 'src', name))))].sort();
const text = `${JSON.stringify(Object.fromEntries(words.map((word) => [word, word])), null, 2)}\n`;
let before = '';
try {
  before = readFileSync(target, 'utf8');
} catch (error) {
  if (error.code !== 'ENOENT') throw error;
}
if (before !== text && process.argv.includes('--check')) {
  console.error('l10n/bundle.l10n.json does not hold the words of the extension: run npm run generate');
  process.exitCode = 1;
} else if (before !== text) {
  mkdirSync(path.dirname(target), { recursive: true });
  writeFileSync(target, text);
  console.log('l10n/bundle.l10n.json written');
}
