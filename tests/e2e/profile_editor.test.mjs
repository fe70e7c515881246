// The profile's editor in the real workbench: painted by hand and by keys, in step with its text both ways, undone as any document.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, describe } from 'node:test';
import { assertTables, Pages, seriousProblems, sidewaysPixels } from './harness/pages.mjs';
import { label } from './harness/story.mjs';
import { sleep, until } from './harness/waiting.mjs';

const pages = new Pages();
pages.name = 'profile';
const text = (frame) => frame.locator('body').innerText();
const said = (frame) => frame.locator('.said').innerText();
const week = () => pages.bench.webview('.week');
const file = () => path.join(pages.foreload.workspace, '.foreload', 'profile.json');
const saved = () => JSON.parse(fs.readFileSync(file(), 'utf8'));

const PROFILE = {
  version: 1,
  name: 'Working week',
  timeZone: 'UTC',
  windows: [
    { name: 'Load test', kind: 'peak', every: 'Tuesday 10:00-11:00', expect: { cpuCores: 2 } },
    {
      name: 'Release',
      kind: 'deadline',
      rrule: 'FREQ=MONTHLY;BYDAY=-1TH',
      start: '2026-01-29T14:00',
      minutes: 240,
      expect: { cpuCores: 9 },
    },
  ],
  maximum: { cpuCores: 8 },
  preference: 0.5,
};

async function save() {
  await pages.bench.page.keyboard.press('Control+S');
  await until(async () => (await pages.bench.page.locator('.tab.active.dirty').count()) === 0, 'the file to be saved');
}

/** Drags over hours of a day, in the middle of its row. */
async function drag(page, day, from, to) {
  const box = await page.locator(`.track[data-day="${day}"]`).boundingBox();
  const x = (hour) => box.x + (box.width * hour) / 24;
  const y = box.y + box.height - 8;
  const { mouse } = pages.bench.page;
  await mouse.move(x(from) + 2, y);
  await mouse.down();
  await mouse.move(x(to) - 2, y, { steps: 5 });
  await mouse.up();
}

describe('the profile editor', { concurrency: 1 }, () => {
  before(async () => Object.assign(pages, await Pages.make('profile')), { timeout: 300_000 });
  after(() => pages.dispose());

  pages.step('a pattern of the history is offered and becomes a profile', async () => {
    const { bench } = pages;
    await pages.open();
    await bench.dialog().getByRole('button', { name: 'Choose' }).click();
    await pages.allow('analysis', 'automaticScaling');
    pages.importPast(28);
    await bench.command('View: Toggle Primary Side Bar Visibility');
    await bench.command(label('profileFromHistory'));
    await bench.page.locator('.quick-input-list .monaco-list-row').filter({ hasText: 'Tuesday 16:00-18:00' }).waitFor({ timeout: 20_000 });
    await bench.page.keyboard.press('Enter');
    const page = await week();
    await page.locator('.block').first().waitFor();
    assert.match(await text(page), /every Tuesday, 16:00 to 18:00/);
    assert.deepEqual(saved().windows.map(({ every }) => every), ['Tuesday 16:00-18:00']); // prettier-ignore
  });

  pages.step('what is wrong is said in place, with the ways out', async () => {
    fs.writeFileSync(file(), JSON.stringify(PROFILE, null, 2));
    const page = await week();
    await until(async () => /1 thing to correct/.test(await text(page)), 'the text to be read anew');
    assert.match(await text(page), /9 cores are more than your maximum of 8\. Expect at most 8, or raise the maximum to at least 9\./);
    assert.equal(await page.locator('.block.wrong').count(), 1);
    assert.deepEqual(await seriousProblems(page), []);
    await pages.bench.screenshot('profile-wrong');
    await page.getByRole('button', { name: /^Expect 8/ }).click();
    await until(async () => !/to correct/.test(await text(page)), 'the problem to be gone');
  });

  pages.step('dragging over hours paints, a second day of the same time joins the rule, and undo is the document’s', async () => {
    const page = await week();
    const before = await page.locator('.block').count();
    await drag(page, 3, 9, 11);
    await until(async () => /Peak on Thursday, 09:00 to 11:00/.test(await said(page)), 'the word on it');
    await drag(page, 4, 9, 11);
    await until(async () => /now also on Friday/.test(await said(page)), 'the word on the second day');
    await until(async () => (await page.locator('.block').count()) === before + 2, 'both days on the week');
    await pages.bench.page.keyboard.press('Control+Z');
    await until(async () => (await page.locator('.block').count()) === before + 1, 'the undo');
    await pages.bench.page.keyboard.press('Control+Shift+Z');
    await until(async () => (await page.locator('.block').count()) === before + 2, 'the redo');
    await save();
    assert.ok(saved().windows.some(({ every }) => every === 'Thursday, Friday 09:00-11:00'));
  });

  pages.step('keys do all of it: arrows move, Shift and arrows resize, Enter paints, Delete erases', async () => {
    const page = await week();
    const { keyboard } = pages.bench.page;
    const block = page.locator('.block[data-day="1"]').first();
    await block.focus();
    await keyboard.press('ArrowRight');
    await until(async () => /10:30 to 11:30/.test(await said(page)), 'the block to move');
    await keyboard.press('Shift+ArrowRight');
    await until(async () => /10:30 to 12:00/.test(await said(page)), 'the block to grow');
    await page.locator('.week').focus();
    for (const key of ['ArrowUp', 'ArrowUp', 'ArrowUp', 'ArrowUp', 'ArrowUp', 'ArrowUp', 'ArrowUp']) await keyboard.press(key);
    await keyboard.press('Shift+ArrowRight');
    await keyboard.press('Enter');
    await until(async () => /Peak on Monday, \d\d:\d\d to \d\d:\d\d/.test(await said(page)), 'the painted peak');
    await page.locator('.week').focus();
    await keyboard.press('Delete');
    await until(async () => /is gone|no longer on Monday/.test(await said(page)), 'the erased peak');
    await until(async () => (await page.locator('.block[data-day="0"]').count()) === 0, 'an empty Monday');
  });

  pages.step('the text form is beside it, and each follows the other', async () => {
    const { bench } = pages;
    const page = await week();
    await page.getByRole('button', { name: 'Open as text' }).click();
    await bench.page.locator('.monaco-editor .view-lines').first().waitFor({ timeout: 30_000 });
    await bench.replaceText(JSON.stringify({ ...PROFILE, maximum: {}, windows: [PROFILE.windows[0]] }, null, 2));
    await until(async () => (await page.locator('tr[data-rule]').count()) === 1, 'the week to follow the text');
    await page.getByRole('switch', { name: 'Load test counts' }).uncheck({ force: true });
    await until(async () => /"enabled": false/.test((await bench.page.locator('.monaco-editor .view-lines').first().innerText()).replaceAll('\u00a0', ' ')), 'the text to follow the week'); // prettier-ignore
    await bench.page.locator('.monaco-editor .view-lines').first().click();
    await bench.replaceText('{ not json');
    await until(async () => /Line 1/.test(await text(page)), 'a broken text to be said');
    await bench.screenshot('profile-broken');
    await bench.replaceText(JSON.stringify(PROFILE, null, 2));
    await until(async () => /1 thing to correct/.test(await text(page)), 'the week to be back');
    await save();
  });

  pages.step('a rule is changed in its row, and RRULE has a place', async () => {
    const { bench } = pages;
    await bench.closeEditors();
    await bench.command(label('newProfile'));
    const page = await week();
    await page.getByRole('button', { name: 'Change Release' }).click();
    const rule = page.locator('input[data-path="windows[1].rrule"]');
    await rule.fill('FREQ=MONTHLY;BYDAY=1MO');
    await rule.press('Tab');
    await until(async () => /first Monday of the month/.test(await text(page)), 'the rule in words');
    const cores = page.locator('.rule-form input[data-path="windows[1].expect.cpuCores"]');
    await cores.fill('4');
    await cores.press('Tab');
    await until(async () => !/to correct/.test(await text(page)), 'the need to be allowed');
  });

  pages.step('bounds, budget and preference are written where the text keeps them', async () => {
    const page = await week();
    const set = async (where, value) => {
      const field = page.locator(`input[data-path="${where}"]`);
      await field.fill(value);
      await field.press('Tab');
      await sleep(400);
    };
    await set('minimum.memoryGib', '2');
    await set('budgetUsdPerMonth', '90');
    await page.locator('.slider').focus();
    await page.locator('.slider').press('End');
    await until(async () => (await page.locator('.slider').inputValue()) === '1', 'the slider at its end');
    await sleep(600);
    await save();
    const { minimum, budgetUsdPerMonth, preference } = saved();
    assert.deepEqual({ minimum, budgetUsdPerMonth, preference }, { minimum: { memoryGib: 2 }, budgetUsdPerMonth: 90, preference: 1 });
  });

  pages.step('the preference has its cost and risk from the own past', async () => {
    const page = await week();
    await until(async () => /\$\d+ a month and .* a week short of CPU/.test(await text(page)), 'the result of the simulation', 110_000);
    assert.match(await page.locator('.slider').getAttribute('aria-valuetext'), /\$\d+ a month/);
    assert.equal(await page.locator('.tradeoff circle.stop').count(), 5);
    await assertTables(page);
    await pages.bench.screenshot('profile-editor');
  });

  pages.step('a weekly peak is added from the palette by three questions', async () => {
    const { bench } = pages;
    await bench.command(label('addWeeklyPeak'));
    await bench.choose('Wednesday');
    for (const answer of ['13:00-14:30', '3']) {
      const input = bench.page.locator('.quick-input-widget:not(.hidden) input[type=text]').first();
      await input.waitFor();
      await input.fill(answer);
      await bench.page.keyboard.press('Enter');
      await sleep(300);
    }
    await until(() => saved().windows.some(({ every }) => every === 'Wednesday 13:00-14:30'), 'the peak in the file');
  });

  pages.step('a profile is kept under a name and chosen again', async () => {
    const { bench } = pages;
    await bench.command(label('chooseProfile'));
    await bench.choose('Keep the present profile');
    const input = bench.page.locator('.quick-input-widget:not(.hidden) input[type=text]').first();
    await input.waitFor();
    await input.fill('Release week');
    await bench.page.keyboard.press('Enter');
    await until(() => fs.existsSync(path.join(path.dirname(file()), 'profiles', 'Release week.json')), 'the kept profile');
    fs.writeFileSync(file(), JSON.stringify({ version: 1, name: 'Empty', timeZone: 'UTC', windows: [] }, null, 2));
    await sleep(1000);
    await bench.command(label('chooseProfile'));
    await bench.choose('Release week');
    await until(() => saved().name === 'Working week', 'the chosen profile in the file');
  });

  for (const theme of ['dark', 'hc', 'hc-light', 'light']) {
    pages.step(`in the theme ${theme} nothing is out of contrast or out of the page, also at 480 pixels`, async () => {
      const { bench } = pages;
      await pages.theme(theme);
      const page = await week();
      await page.locator('.block').first().focus();
      await sleep(600);
      assert.deepEqual(await seriousProblems(page), []);
      await bench.screenshot(`profile-${theme}`);
      await pages.width(528);
      assert.ok((await sidewaysPixels(page)) <= 1);
      await bench.screenshot(`profile-${theme}-480`);
      await pages.width(1440);
    });
  }
});
