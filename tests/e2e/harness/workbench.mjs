// Drives a real VS Code workbench in Chromium the way a person does: palette, editor, terminal, buttons, webviews.
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { chromium } from 'playwright-core';
import { RESULTS } from './foreload.mjs';
import { until } from './waiting.mjs';

const BROWSERS = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];
const SWITCHES = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking'];

export class Workbench {
  /** Opens a browser with an empty profile of its own. */
  static async launch() {
    const made = new Workbench();
    made.profile = fs.mkdtempSync(path.join(os.tmpdir(), 'fl-chromium-'));
    made.context = await chromium.launchPersistentContext(made.profile, {
      executablePath: BROWSERS.find((file) => fs.existsSync(file)),
      headless: true,
      viewport: { width: 1440, height: 900 },
      args: [...SWITCHES, '--disable-component-update', '--disable-sync'],
    });
    made.page = made.context.pages()[0] ?? (await made.context.newPage());
    made.outside = new Set(); // requests that left this machine; a webview's own files have names of a host that is never asked
    made.context.on('request', (request) => {
      const local = /^(https?|wss?):\/\/(127\.0\.0\.1|localhost)|^(blob|data):|^https:\/\/[^/]+\.vscode-resource\./;
      if (!local.test(request.url())) made.outside.add(request.url());
    });
    fs.mkdirSync(RESULTS, { recursive: true });
    return made;
  }

  async close() {
    await this.context.close();
    fs.rmSync(this.profile, { recursive: true, force: true });
  }

  /** Opens a folder, and files in it. */
  async open(address, folder, ...files) {
    const { host } = new URL(address);
    const query = new URLSearchParams({ folder });
    if (files.length > 0)
      query.set('payload', JSON.stringify(files.map((file) => ['openFile', `vscode-remote://${host}${folder}/${file}`])));
    await this.page.goto(`${address}?${query}`, { waitUntil: 'domcontentloaded' });
    await this.page.locator('.monaco-workbench .part.statusbar').waitFor({ timeout: 90_000 });
  }

  async reload() {
    await this.page.reload({ waitUntil: 'domcontentloaded' });
    await this.page.locator('.monaco-workbench .part.statusbar').waitFor({ timeout: 90_000 });
  }

  screenshot(name) {
    return this.page.screenshot({ path: path.join(RESULTS, `${name}.png`) });
  }

  /** Runs a command by the exact label of its row in the palette. A page that opens takes the focus and closes the palette: tried again. */
  async command(label) {
    const exact = new RegExp(`^${label.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}$`);
    const rows = this.page.locator('.quick-input-list .monaco-list-row');
    const row = rows.filter({ has: this.page.locator('.label-name', { hasText: exact }) }).first();
    for (let tries = 1; ; tries += 1) {
      try {
        await this.page.keyboard.press('F1');
        const input = this.page.locator('.quick-input-widget:not(.hidden) input[type=text]').first();
        await input.waitFor({ timeout: 10_000 });
        await input.fill(`>${label}`, { timeout: 5000 });
        await row.click({ timeout: 10_000 });
        return;
      } catch (error) {
        if (tries === 3) throw error;
      }
    }
  }

  /** Chooses a row of the list that is open. */
  async choose(text) {
    const row = this.page.locator('.quick-input-list .monaco-list-row').filter({ hasText: text }).first();
    await row.waitFor({ timeout: 15_000 });
    await row.click();
  }

  async openFile(name) {
    await this.page.keyboard.press('Control+P');
    const input = this.page.locator('.quick-input-widget:not(.hidden) input[type=text]').first();
    await input.waitFor({ timeout: 15_000 });
    await input.fill(name);
    await this.choose(name);
    await this.page.locator(`.tab.active[data-resource-name="${name}"]`).first().waitFor({ timeout: 30_000 });
  }

  /** Replaces the whole text of the editor that is open. */
  async replaceText(text) {
    await this.command('View: Focus Active Editor Group');
    await this.page.keyboard.press('Control+A');
    await this.page.keyboard.insertText(text);
    await this.page.keyboard.press('Control+Shift+End'); // brackets that the editor closed by itself
    await this.page.keyboard.press('Delete');
  }

  async closeEditors() {
    await this.command('View: Close All Editors');
  }

  dialog() {
    return this.page.locator('.monaco-dialog-box');
  }

  notification(text) {
    return this.page.locator('.notifications-toasts .notification-toast').filter({ hasText: text }).first();
  }

  /** The texts of the lenses that are shown now. */
  async lenses() {
    return (await this.page.locator('.codelens-decoration').allInnerTexts()).map((text) => text.replaceAll('\u00a0', ' ').trim());
  }

  /** The status bar item of Foreload: its text and what a screen reader says of it. */
  async gauge() {
    const item = this.page.locator('.statusbar-item[id^="foreload"]').first();
    await item.waitFor({ timeout: 30_000 });
    return { text: (await item.innerText()).trim(), label: (await item.locator('a').first().getAttribute('aria-label')) ?? '' };
  }

  /** Opens a new terminal and waits for its prompt. */
  async terminal() {
    await this.command('Terminal: Create New Terminal');
    await this.page.locator('.terminal-wrapper.active .xterm-rows').waitFor({ timeout: 30_000 });
    await this.prompt();
  }

  async terminalText() {
    return (await this.page.locator('.terminal-wrapper.active .xterm-rows').innerText()).replaceAll('\u00a0', ' ').trimEnd();
  }

  async prompt() {
    await until(async () => /[#$] ?$/.test(await this.terminalText()), 'a prompt in the terminal', 60_000);
  }

  /** Types a command in the terminal that is open; returns performance.now() of the key that started it. */
  async type(command) {
    await this.page.locator('.terminal-wrapper.active .xterm-screen').click();
    await this.page.keyboard.type(command, { delay: 5 });
    await until(async () => (await this.terminalText()).includes(command.slice(-20)), 'the typed command to show', 10_000);
    const at = performance.now();
    await this.page.keyboard.press('Enter');
    return at;
  }

  /** The innermost document of the webview that contains a selector; several may be open. */
  webview(selector, milliseconds = 30_000) {
    return until(
      async () => {
        for (const frame of this.page.frames()) {
          if (!frame.url().includes('fake.html')) continue;
          try {
            if ((await frame.locator(selector).count()) > 0) return frame;
          } catch {
            continue; // the frame went away while it was asked
          }
        }
        return undefined;
      },
      `a webview with ${selector}`,
      milliseconds,
    );
  }
}
