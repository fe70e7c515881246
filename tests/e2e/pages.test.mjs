// Each page in the real workbench, by what a person sees and clicks: what is so, what to do, and every one of the problem states.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, describe } from 'node:test';
import { assertTables, Pages, seriousProblems, sidewaysPixels } from './harness/pages.mjs';
import { coloursOfCanvas, decisionRows, label } from './harness/story.mjs';
import { sleep, until } from './harness/waiting.mjs';

const pages = new Pages();
pages.name = 'pages';
const text = (frame) => frame.locator('body').innerText();

describe('the pages', { concurrency: 1 }, () => {
  before(async () => Object.assign(pages, await Pages.make('pages')), { timeout: 300_000 });
  after(() => pages.dispose());

  pages.step('permission missing: use and limits are shown, and the page says what to choose', async () => {
    const { bench } = pages;
    await pages.open();
    await bench.dialog().getByRole('button', { name: 'Not now' }).click();
    await bench.command('View: Toggle Primary Side Bar Visibility');
    const page = await pages.dashboard();
    await until(async () => /Permission missing/.test(await text(page)), 'the state to be named');
    assert.match(await text(page), /no forecast: not allowed/);
    assert.deepEqual(await seriousProblems(page), []);
    await bench.screenshot('pages-permission-missing');
    await page.getByRole('button', { name: 'Choose what to allow' }).click();
  });

  pages.step('the permission page shows exactly what each switch sends', async () => {
    const page = await pages.bench.webview('input.switch');
    assert.equal(await page.locator('input.switch:checked').count(), 0, 'nothing is preset');
    assert.match(await text(page), /memory_bytes/);
    assert.deepEqual(await seriousProblems(page), []);
    await pages.allow('analysis', 'automaticScaling');
  });

  pages.step('no history: the page says when the first forecast comes', async () => {
    const page = await pages.dashboard();
    await until(async () => /No history of this environment yet/.test(await text(page)), 'the state to be named');
    assert.match(await text(page), /no forecast yet: the first at about \d\d:\d\d/);
    await pages.bench.screenshot('pages-no-history');
  });

  pages.step('with a past there is a forecast, its cost, and a table behind the charts', async () => {
    pages.importPast(28);
    const page = await pages.dashboard();
    await until(async () => !/No history|no forecast yet/.test(await text(page)), 'the forecast', 90_000);
    await page.getByRole('radio', { name: '6 h' }).check({ force: true });
    await until(async () => (await coloursOfCanvas(page)).filter((colours) => colours > 3).length >= 2, 'charts with lines');
    const said = await text(page);
    assert.match(said, /Today so far\s+\$\d/);
    assert.match(said, /a core-hour/);
    assert.match(said, /No tasks\./);
    await assertTables(page);
    assert.deepEqual(await seriousProblems(page), []);
  });

  pages.step('the charts are read by keyboard: arrows move one cursor over all of them', async () => {
    const page = await pages.bench.webview('#tlbar');
    await page.locator('.plot').first().focus();
    await page.locator('.plot').first().press('Shift+ArrowRight');
    await page.locator('.tip').waitFor({ state: 'visible' });
    assert.match(await page.locator('.tip').innerText(), /CPU .*\n?.*Memory/s);
    await page.locator('.plot').first().press('Escape');
    await page.locator('.tip').waitFor({ state: 'hidden' });
  });

  pages.step('“about to run something big” is asked for in words, and becomes a decision', async () => {
    const { bench } = pages;
    const page = await bench.webview('#tlbar');
    const had = (await decisionRows(page)).map(({ id }) => id);
    await page.getByRole('button', { name: 'About to run something big' }).click();
    for (const answer of ['2', '']) {
      const input = bench.page.locator('.quick-input-widget:not(.hidden) input[type=text]').first();
      await input.waitFor();
      await input.fill(answer);
      await bench.page.keyboard.press('Enter');
      await sleep(300);
    }
    await bench.choose('15 min');
    await until(
      async () => (await decisionRows(page)).some(({ id, outcome }) => outcome !== 'planned' && !had.includes(id)),
      'the decision',
    );
  });

  pages.step('a decision’s page says how, what else, and whether it was right', async () => {
    const { bench } = pages;
    const board = await bench.webview('#tlbar');
    await board.locator('tr[data-outcome]:not([data-outcome=planned])').first().getByRole('button', { name: /^Why/ }).click();
    const page = await bench.webview('.steps');
    const said = await until(async () => /Target/.test(await text(page)) && text(page), 'the steps');
    for (const part of [/How it became/, /Was it right\?/, /What else could be done/, /What was known/, /Capacity/])
      assert.match(said, part);
    assert.ok((await page.locator('.steps li').count()) >= 2);
    await assertTables(page);
    assert.deepEqual(await seriousProblems(page), []);
    await bench.screenshot('pages-decision');
  });

  pages.step('the last decision is a command, and undo answers on the page', async () => {
    const { bench } = pages;
    await bench.closeEditors();
    await bench.command(label('explainLast'));
    const page = await bench.webview('.steps');
    const undo = page.getByRole('button', { name: 'Undo' });
    if ((await undo.count()) > 0) {
      await undo.click();
      await page.getByText(/^Undone: /).waitFor({ timeout: 15_000 });
      await until(async () => /Undone by you/.test(await text(page)), 'the page to say so');
    } else assert.match(await text(page), /Only written down|refused|held back/i, 'what was not applied says why');
  });

  pages.step('paused: limits stay, and one click resumes', async () => {
    const { bench } = pages;
    await bench.command(label('pause'));
    await bench.choose('For 1 h');
    const page = await pages.dashboard();
    await until(async () => /Scaling is paused until \d\d:\d\d/.test(await text(page)), 'the pause');
    await until(async () => /paused until/.test((await bench.gauge()).text), 'the gauge to say so');
    await bench.screenshot('pages-paused');
    await page.getByRole('button', { name: 'Resume now' }).click();
    await until(async () => !/Scaling is paused/.test(await text(page)), 'the end of the pause');
  });

  pages.step('trends: by week and by day, each resource, with tables', async () => {
    const { bench } = pages;
    await bench.command(label('openTrends'));
    const page = await bench.webview('.heat');
    assert.equal(await page.locator('.heat-row').count(), 7);
    assert.match(await page.locator('h1').innerText(), /In the last week you used \d+ % of the CPU you held/);
    await assertTables(page, 2);
    await page.getByRole('radio', { name: 'By day' }).check({ force: true });
    await until(async () => (await page.locator('.heat-row').count()) === 14, 'fourteen days');
    await page.getByRole('radio', { name: 'Memory' }).check({ force: true });
    await until(async () => /of the memory you held/.test(await text(page)), 'the sentence about memory');
    assert.deepEqual(await seriousProblems(page), []);
    await bench.screenshot('pages-trends');
  });

  pages.step('the ledger lists what left and by which permission, and is saved as CSV', async () => {
    const { bench, foreload } = pages;
    await bench.command(label('openLedger'));
    const page = await bench.webview('.led');
    await until(async () => /messages left this machine/.test(await text(page)), 'the sum');
    assert.match(await text(page), /automatic scaling/);
    assert.match(await text(page), /“Read open code” and “Automatic scaling” allowed/);
    await page.getByRole('button', { name: 'Show the fields' }).first().click();
    await page.locator('.kv, .detail').first().waitFor();
    assert.deepEqual(await seriousProblems(page), []);
    await bench.screenshot('pages-ledger');
    await page.getByRole('button', { name: 'Save as CSV' }).click();
    const file = path.join(foreload.workspace, 'foreload-ledger.csv');
    await bench.page.locator('.quick-input-widget:not(.hidden) input[type=text]').first().waitFor({ timeout: 15_000 });
    await bench.page.keyboard.press('Enter');
    const csv = await until(() => fs.existsSync(file) && fs.readFileSync(file, 'utf8'), 'the file');
    assert.match(csv, /^time,what,allowed_by,bytes,fields\n20/);
  });

  pages.step('the doctor says what is wrong and offers what to do', async () => {
    const { bench } = pages;
    await bench.command(label('runDoctor'));
    const page = await bench.webview('table.checks');
    await until(async () => (await page.locator('table.checks tbody tr').count()) >= 8, 'the checks');
    assert.deepEqual(await seriousProblems(page), []);
    await bench.screenshot('pages-doctor');
  });

  pages.step('what uses the memory is listed by name, here only', async () => {
    const { bench } = pages;
    await bench.command(label('showHolders'));
    await bench.page.locator('.quick-input-list .monaco-list-row').first().waitFor({ timeout: 15_000 });
    await until(async () => /GiB|MiB/.test(await bench.page.locator('.quick-input-list').innerText()), 'processes and what they hold');
    await bench.page.keyboard.press('Escape');
  });

  pages.step('no broker: the page says since when, that limits stay, and offers to try again', async () => {
    const { bench, foreload } = pages;
    const page = await pages.dashboard();
    process.kill(foreload.pid('broker'), 'SIGKILL');
    await until(async () => /The broker has not answered since/.test(await text(page)), 'the state to be named', 60_000);
    assert.match(await text(page), /Your limits stay as they are/);
    for (const row of await page.locator('tr[data-decision]').all())
      assert.equal(await row.getByRole('button', { name: /^(Undo|Pin)/ }).count(), 0);
    assert.match((await bench.gauge()).text, /no broker/);
    assert.deepEqual(await seriousProblems(page), []);
    await bench.screenshot('pages-no-broker');
    await bench.command(label('runDoctor'));
    const doctor = await bench.webview('table.checks');
    await until(async () => (await doctor.getByRole('button', { name: /^Try again/ }).count()) > 0, 'a way out');
    foreload.run('up', '--environment', foreload.environment);
    await doctor
      .getByRole('button', { name: /^Try again/ })
      .first()
      .click();
    await until(async () => !/no broker/.test((await bench.gauge()).text), 'the broker to be back', 60_000);
  });

  for (const theme of ['dark', 'hc', 'hc-light']) {
    pages.step(`in the theme ${theme} nothing is out of contrast or out of the page, also at 480 pixels`, async () => {
      const { bench } = pages;
      await bench.closeEditors();
      await pages.theme(theme);
      for (const [command, selector] of [
        ['openDashboard', '#tlbar'],
        ['openTrends', '.heat'],
        ['openLedger', '.led'],
        ['explainLast', '.steps'],
      ]) {
        await bench.command(label(command));
        const page = await bench.webview(selector);
        await sleep(800);
        assert.deepEqual(await seriousProblems(page), [], command);
        await bench.screenshot(`pages-${theme}-${command}`);
        await pages.width(528);
        assert.ok((await sidewaysPixels(page)) <= 1, `${command} reaches ${await sidewaysPixels(page)} px past the edge`);
        await bench.screenshot(`pages-${theme}-${command}-480`);
        await pages.width(1440);
        await bench.closeEditors();
      }
    });
  }

  pages.step('a daemon that crashes again and again is said, and one click starts it', async () => {
    const { bench, foreload } = pages;
    const page = await pages.dashboard();
    const killed = new Set();
    await until(
      async () => {
        for (const pid of foreload.daemons()) {
          if (killed.has(pid)) continue;
          killed.add(pid);
          await sleep(600);
          process.kill(pid, 'SIGKILL');
        }
        return /Foreload stopped/.test((await bench.gauge()).text);
      },
      'the gauge to say that it gave up',
      60_000,
    );
    await until(async () => /The daemon stopped 3 times in 5 min/.test(await text(page)), 'the page to say so');
    await bench.screenshot('pages-daemon-stopped');
    await page.getByRole('button', { name: 'Restart' }).click();
    await until(async () => /\d\/\d/.test((await bench.gauge()).text.replaceAll(/\s/g, '')), 'the gauge to be back', 60_000);
  });
});
