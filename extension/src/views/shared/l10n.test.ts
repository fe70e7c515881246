import assert from 'node:assert/strict';
import { test } from 'node:test';

test('a page speaks the language that the extension gave it, and English where a word is missing', async () => {
  const page = { dataset: { l10n: JSON.stringify({ 'Show as table': 'Als Tabelle', 'short of {0}': 'zu wenig {0}' }) } };
  (globalThis as { document?: unknown }).document = { getElementById: (id: string) => (id === 'page' ? page : null) };
  const l10n = await import('./l10n');
  assert.equal(l10n.t('Show as table'), 'Als Tabelle');
  assert.equal(l10n.t('short of {0}', 'memory'), 'zu wenig memory');
  assert.equal(l10n.t('Hide the table'), 'Hide the table');
});
