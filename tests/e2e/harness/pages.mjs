// What the tests of the pages share: an environment that is allowed and has a past, themes, widths, and the rules of axe-core.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { Foreload, ROOT } from './foreload.mjs';
import { importPast } from './past.mjs';
import { changeSettings, label, QUICK } from './story.mjs';
import { sleep, until } from './waiting.mjs';
import { Workbench } from './workbench.mjs';

const AXE = fs.readFileSync(path.join(ROOT, 'node_modules', 'axe-core', 'axe.min.js'), 'utf8');
export const THEMES = { light: 'Light Modern', dark: 'Dark Modern', hc: 'Dark High Contrast', 'hc-light': 'Light High Contrast' };

/** A started environment with its browser, and steps that take a picture when they fail. */
export class Pages {
  static async make(name) {
    const made = new Pages();
    made.name = name;
    made.foreload = await Foreload.make({ name, variables: QUICK });
    await made.foreload.start();
    changeSettings(made.foreload);
    made.bench = await Workbench.launch();
    return made;
  }

  async dispose() {
    await this.bench?.close();
    await this.foreload?.dispose();
  }

  /** Opens the workbench and waits for the one question. */
  async open(...files) {
    await this.bench.open(this.foreload.address, this.foreload.workspace, ...files);
    await this.bench.dialog().waitFor({ timeout: 90_000 });
  }

  /** Says what is allowed, as a person does on the page. */
  async allow(...names) {
    const page = await this.bench.webview('input.switch');
    for (const name of names) await page.locator(`input.switch[name=${name}]`).check();
    await page.getByRole('button', { name: /^Allow th/ }).click();
    await page.getByText(`Saved: ${names.length} of 4 allowed.`).waitFor({ timeout: 15_000 });
  }

  importPast(days) {
    importPast(this.foreload, days);
  }

  async dashboard() {
    await this.bench.command(label('openDashboard'));
    return this.bench.webview('#tlbar');
  }

  /** A test that takes a picture of the workbench when it fails. */
  step(name, run) {
    test(name, { timeout: 120_000 }, async (t) => {
      try {
        await run(t);
      } catch (error) {
        await this.bench?.screenshot(`failed-${this.name}-${name.replaceAll(/[^a-z0-9]+/gi, '-').slice(0, 60)}`).catch(() => undefined);
        throw error;
      }
    });
  }

  async theme(name) {
    await this.bench.command('Preferences: Color Theme');
    const input = this.bench.page.locator('.quick-input-widget:not(.hidden) input[type=text]').first();
    await input.fill(THEMES[name]);
    await sleep(400);
    await this.bench.page.keyboard.press('Enter');
    await sleep(600);
  }

  async width(pixels) {
    await this.bench.page.setViewportSize({ width: pixels, height: 1000 });
    await sleep(500);
  }
}

/** What axe-core finds serious or critical in a page, one line each. */
export async function seriousProblems(frame) {
  await frame.evaluate(AXE);
  const found = await frame.evaluate(async () => {
    const { violations } = await globalThis.axe.run(document, { resultTypes: ['violations'] });
    return violations.map(({ id, impact, nodes }) => ({ id, impact, nodes: nodes.slice(0, 3).map(({ html }) => html.slice(0, 160)) }));
  });
  return found.filter(({ impact }) => impact === 'serious' || impact === 'critical').map((each) => `${each.id}: ${each.nodes.join(' | ')}`);
}

/** Whether something of the page reaches past its right edge. */
export function sidewaysPixels(frame) {
  return frame.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
}

/** Every chart of a page has its data as a table: opens each, and counts rows. */
export async function assertTables(frame, least = 1) {
  const toggles = frame.getByRole('button', { name: 'Show as table' });
  const count = await toggles.count();
  assert.ok(count >= least, `${count} charts with a table, at least ${least} are expected`);
  for (let index = 0; index < count; index += 1) await toggles.first().click();
  await until(async () => (await frame.locator('.numbers tbody tr, .tradeoff ~ div table tbody tr').count()) > 2, 'rows in the tables');
  const hide = frame.getByRole('button', { name: 'Hide the table' });
  for (let index = await hide.count(); index > 0; index -= 1) await hide.first().click();
}
