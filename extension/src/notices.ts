// What the daemon says unasked: one at a time, the safe choice first, and no answer means that choice. How often, it decides.
import * as vscode from 'vscode';
import type { Daemon } from './client';
import { messageOf } from './errors';
import { ANSWER_NOTICE, GET_HOLDERS, type Holders, NOTICE, type Notice, type Outcome } from './protocol';

const MUTE = vscode.l10n.t('Don’t Show Again');

export function watchNotices(daemon: Daemon, log: vscode.LogOutputChannel): vscode.Disposable {
  daemon.on<Notice>(NOTICE, (notice) => void show(daemon, log, notice));
  return vscode.Disposable.from(
    vscode.commands.registerCommand('foreload.showHolders', () => showHolders(daemon)),
    vscode.commands.registerCommand('foreload.raiseMemory', () => answer(daemon, '', 'raise')),
  );
}

async function show(daemon: Daemon, log: vscode.LogOutputChannel, { key, text, detail, actions }: Notice): Promise<void> {
  log.info(`Notice: ${text} ${detail}`);
  const labels = actions.map(([, label]) => label);
  const chosen = await vscode.window.showWarningMessage(`${text} ${detail}`, ...labels, MUTE);
  const name = chosen === MUTE ? 'mute' : (actions.find(([, label]) => label === chosen)?.[0] ?? 'leave');
  await answer(daemon, key, name);
  if (name === 'holders') await showHolders(daemon);
}

async function answer(daemon: Daemon, key: string, name: string): Promise<void> {
  try {
    const { done, text } = await daemon.request<Outcome>(ANSWER_NOTICE, { key, answer: name });
    if (name !== 'raise' && name !== 'keep') return;
    if (done) vscode.window.setStatusBarMessage(text, 8_000);
    else void vscode.window.showWarningMessage(text);
  } catch (error) {
    void vscode.window.showErrorMessage(vscode.l10n.t('Not done: {0}', messageOf(error)));
  }
}

/** The processes that hold the memory of this environment, largest first. */
async function showHolders(daemon: Daemon): Promise<void> {
  try {
    const { holders, text } = await daemon.request<Holders>(GET_HOLDERS);
    const items = holders.map(({ processId, name, memory, share }) => ({
      label: name,
      description: memory,
      detail: `${share} of these, process ${processId}`,
    }));
    await vscode.window.showQuickPick(items, { title: vscode.l10n.t('What uses the memory. {0}', text), matchOnDescription: true });
  } catch (error) {
    void vscode.window.showErrorMessage(messageOf(error));
  }
}
