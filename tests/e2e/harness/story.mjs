// What the steps of the story do more than once: settings, runs, and what the pages say.
import fs from 'node:fs';
import path from 'node:path';
import { commandLine, LimitWatch, ProcessWatch } from './cgroup.mjs';
import { ROOT } from './foreload.mjs';
import { sleep, until } from './waiting.mjs';

const MANIFEST = JSON.parse(fs.readFileSync(path.join(ROOT, 'package.json'), 'utf8'));
const TEXTS = JSON.parse(fs.readFileSync(path.join(ROOT, 'package.nls.json'), 'utf8'));

/** Quick enough for a test, and otherwise as it is: the limit goes down 4 s after the last need instead of 60. */
export const QUICK = {
  FORELOAD_BROKER_LOWER_AFTER_SECONDS: '4',
  FORELOAD_BROKER_TICK_SECONDS: '2',
  FORELOAD_BROKER_WINDOW_LEAD_SECONDS: '20',
};

const EDITOR = {
  'editor.autoClosingBrackets': 'never',
  'editor.autoClosingQuotes': 'never',
  'editor.autoIndent': 'none',
  'editor.quickSuggestions': { other: 'off', comments: 'off', strings: 'off' },
  'editor.suggestOnTriggerCharacters': false,
  'editor.acceptSuggestionOnEnter': 'off',
  'editor.accessibilitySupport': 'off',
  'files.autoSave': 'off',
  'terminal.integrated.gpuAcceleration': 'off', // else its text is a picture
  'terminal.integrated.initialHint': false,
  'terminal.integrated.suggest.enabled': false,
  'workbench.editor.useModal': 'off',
  'workbench.localHistory.enabled': false,
};

/** The label of one of our commands in the palette, as the manifest has it. */
export function label(command) {
  const entry = MANIFEST.contributes.commands.find((candidate) => candidate.command === `foreload.${command}`);
  if (entry === undefined) throw new Error(`package.json contributes no command foreload.${command}`);
  const title = TEXTS[entry.title.slice(1, -1)];
  return entry.category === undefined ? title : `${entry.category}: ${title}`;
}

function settingsWith(foreload, changes) {
  const file = path.join(foreload.ideFolder, 'data', 'User', 'settings.json');
  const text = JSON.stringify({ ...JSON.parse(fs.readFileSync(file, 'utf8')), ...EDITOR, ...changes }, null, 2);
  return { file, text };
}

/** Changes settings of the person in the IDE's own file, for a page that is opened after it. */
export function changeSettings(foreload, changes = {}) {
  const { file, text } = settingsWith(foreload, changes);
  fs.writeFileSync(file, text);
}

/** Changes settings as a person does, in the editor that is open; the page on disk alone is not noticed at once. */
export async function typeSettings(bench, foreload, changes) {
  const { file, text } = settingsWith(foreload, changes);
  await bench.command('Preferences: Open User Settings (JSON)');
  await bench.page.locator('.tab.active[data-resource-name="settings.json"]').waitFor({ timeout: 30_000 });
  await bench.replaceText(text);
  await bench.page.keyboard.press('Control+S');
  await bench.page.locator('.tab.active.dirty').waitFor({ state: 'detached', timeout: 15_000 });
  await until(() => fs.readFileSync(file, 'utf8').trim() === text, 'the settings to be saved');
  await bench.command('View: Close Editor');
}

/** Waits until the limit is back where it was before a run. */
export async function lowered(cgroup, cores, milliseconds = 45_000) {
  await until(() => cgroup.limitCores() <= cores + 1e-6, `the limit to go down to ${cores} cores`, milliseconds);
}

/**
 * Starts something heavy and follows the kernel's files until it has ended.
 * @param {() => Promise<number>} begin starts it; gives performance.now() of the moment
 * @param {string} program part of the command line by which its process is known
 */
export async function observe(cgroup, begin, program = 'simulate.py') {
  const limit = new LimitWatch(cgroup);
  const process = new ProcessWatch(cgroup, program);
  const before = cgroup.limitCores();
  const throttledBefore = cgroup.throttledSeconds();
  const startedAt = await begin();
  await until(() => process.seenAt !== undefined, `a process of ${program} in the environment`, 30_000, 10);
  await until(() => !cgroup.processes().some((pid) => commandLine(pid).includes(program)), `the end of ${program}`, 150_000, 50);
  const throttled = cgroup.throttledSeconds() - throttledBefore;
  await sleep(20);
  const changes = limit.stop();
  const processAt = process.stop();
  const raise = changes.find((change) => change.cores > before);
  return {
    before,
    highest: Math.max(...changes.map((change) => change.cores)),
    raisedAfter: raise === undefined ? undefined : raise.at - startedAt,
    raisedAfterProcess: raise === undefined || processAt === undefined ? undefined : raise.at - processAt,
    throttled,
  };
}

/** One line for the log of a run that was observed. */
export function describeRun(name, run) {
  const number = (value) => (value === undefined ? 'never' : `${Math.round(value)} ms`);
  return (
    `${name}: ${run.before} → ${run.highest} cores, raised ${number(run.raisedAfter)} after the command and ` +
    `${number(run.raisedAfterProcess)} after its process, throttled ${(run.throttled * 1000).toFixed(0)} ms`
  );
}

/** The rows of the dashboard's log, newest first as shown. */
export function decisionRows(frame) {
  return frame.locator('tr[data-decision]').evaluateAll((rows) =>
    rows.map((row) => ({
      id: row.dataset.decision,
      outcome: row.dataset.outcome,
      what: row.querySelector('td.full')?.firstChild?.textContent ?? '',
      why: row.querySelector('.why')?.textContent ?? '',
    })),
  );
}

/** Pictures of a canvas that show something: how many different colours its pixels have. */
export function coloursOfCanvas(frame) {
  return frame.locator('canvas').evaluateAll((canvases) =>
    canvases.map((canvas) => {
      const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
      const seen = new Set();
      for (let at = 0; at < data.length; at += 4) if (data[at + 3] > 0) seen.add((data[at] << 16) | (data[at + 1] << 8) | data[at + 2]);
      return seen.size;
    }),
  );
}
