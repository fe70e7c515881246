import assert from 'node:assert/strict';
import { test } from 'node:test';
import { filled } from './variables';

const places = { folder: '/w/shop', file: '/w/shop/src/heavy.py' };

test('places are filled in', () => {
  assert.equal(filled('python ${workspaceFolder}/a.py', places), 'python /w/shop/a.py');
  assert.equal(
    filled('${file} ${relativeFile} ${fileDirname} ${fileBasename}', places),
    '/w/shop/src/heavy.py src/heavy.py /w/shop/src heavy.py',
  );
});

test('what is not known stays as it is written', () => {
  assert.equal(
    filled('${env:HOME} ${input:x} ${workspaceFolder}', { folder: undefined, file: undefined }),
    '${env:HOME} ${input:x} ${workspaceFolder}',
  );
});
