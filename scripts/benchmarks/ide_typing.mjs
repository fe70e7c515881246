// Types in a file of 10,000 lines in a real workbench, in turns with Foreload and without it, and prints what each key took.
import fs from 'node:fs';
import path from 'node:path';
import { Pages } from '../../tests/e2e/harness/pages.mjs';
import { sleep } from '../../tests/e2e/harness/waiting.mjs';

const LINES = 10_000;
const KEYS = 40;
const COMPLETIONS = 6;
const ROUNDS = Number(process.env.FORELOAD_BENCH_ROUNDS ?? 3);
const FILE = 'long_file.py';

function source() {
  const lines = ['import math', ''];
  for (let index = 0; lines.length < LINES; index += 1) {
    lines.push(
      `def step_${index}(rows):`,
      '    total = 0',
      '    for row in rows:',
      `        total += math.sqrt(row * ${index})`,
      '    return total',
      '',
    );
  }
  return lines.join('\n');
}

/** Milliseconds from each key to the changed line, as the page itself sees them. */
async function typed(page) {
  await page.evaluate(() => {
    globalThis.foreloadKeys = [];
    let pressed = 0;
    addEventListener('keydown', () => (pressed = performance.now()), true);
    new MutationObserver(() => {
      if (pressed > 0) globalThis.foreloadKeys.push(performance.now() - pressed);
      pressed = 0;
    }).observe(document.querySelector('.monaco-editor .view-lines'), { subtree: true, childList: true, characterData: true });
  });
  await page.keyboard.press('End');
  await page.keyboard.press('Enter');
  await sleep(500);
  await page.evaluate(() => (globalThis.foreloadKeys.length = 0));
  for (let key = 0; key < KEYS; key += 1) {
    await page.keyboard.press(key % 10 === 9 ? 'Space' : 'x');
    await sleep(60);
  }
  return page.evaluate(() => globalThis.foreloadKeys);
}

/** Milliseconds from asking for completions to their list. */
async function completed(page) {
  const found = [];
  for (let time = 0; time < COMPLETIONS; time += 1) {
    await page.keyboard.press('Enter');
    await page.keyboard.type('ste');
    await page.keyboard.press('Escape');
    await sleep(300);
    const began = performance.now();
    await page.keyboard.press('Control+Space');
    await page.locator('.suggest-widget.visible .monaco-list-row').first().waitFor({ timeout: 15_000 });
    found.push(performance.now() - began);
    await page.keyboard.press('Escape');
    await sleep(150);
  }
  return found;
}

/** Puts the extension where the workbench finds it, or out of its sight. */
function setForeload(foreload, on) {
  const folder = path.join(foreload.ideFolder, 'extensions');
  const registry = path.join(folder, 'extensions.json');
  const kept = `${registry}.kept`;
  if (!fs.existsSync(kept)) fs.copyFileSync(registry, kept);
  const all = JSON.parse(fs.readFileSync(kept, 'utf8'));
  fs.writeFileSync(registry, JSON.stringify(on ? all : all.filter(({ identifier }) => !identifier.id.startsWith('foreload.foreload'))));
}

async function activationMilliseconds(bench) {
  await bench.command('Developer: Show Running Extensions');
  const row = bench.page.locator('.runtime-extensions-editor .monaco-list-row, .extension').filter({ hasText: 'Foreload' }).first();
  await row.waitFor({ timeout: 15_000 });
  const found = /Activation:\s*(\d+)\s*ms/.exec((await row.innerText()).replaceAll('\u00a0', ' '));
  return found === null ? null : Number(found[1]);
}

const pages = await Pages.make('typing');
const result = { rounds: [], activation: null };
try {
  const { bench, foreload } = pages;
  fs.writeFileSync(path.join(foreload.workspace, FILE), source());
  await pages.open();
  await bench.dialog().getByRole('button', { name: 'Choose' }).click();
  await pages.allow('analysis', 'automaticScaling');
  await sleep(2000);
  result.activation = await activationMilliseconds(bench).catch(() => null);
  for (let round = 0; round < ROUNDS; round += 1) {
    const measured = {};
    for (const on of round % 2 === 0 ? [true, false] : [false, true]) {
      setForeload(foreload, on);
      await bench.open(foreload.address, foreload.workspace, FILE);
      await bench.page.locator('.monaco-editor .view-lines').first().waitFor({ timeout: 60_000 });
      await sleep(9000); // the analysis of the whole file, and what else a workbench does at its start
      await bench.page.locator('.monaco-editor .view-lines').first().click();
      measured[on ? 'on' : 'off'] = { keys: await typed(bench.page), completions: await completed(bench.page) };
      await bench.command('File: Revert File');
    }
    result.rounds.push(measured);
  }
} finally {
  await pages.dispose();
}
console.log(JSON.stringify(result));
