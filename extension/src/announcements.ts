// "I am about to run something big", pause and resume: what a person tells Foreload ahead.
import * as vscode from 'vscode';
import type { Daemon } from './client';
import { messageOf } from './errors';
import { ANNOUNCE, type Announce, type Outcome, PAUSE } from './protocol';

const GIB = 1024 ** 3;
const DURATIONS_MINUTES = [15, 30, 60, 120];
const PAUSES: [minutes: number, label: string][] = [[30, vscode.l10n.t('For 30 min')], [60, vscode.l10n.t('For 1 h')], [240, vscode.l10n.t('For 4 h')]]; // prettier-ignore

/** Asks how much and for how long, with sensible first choices, and says it to the broker. */
export async function announce(daemon: Daemon): Promise<void> {
  const cores = await askNumber(vscode.l10n.t('How many cores will it need?'), vscode.l10n.t('Leave it empty if you do not know.'), 1024);
  if (cores === undefined) return;
  const memory = await askNumber(
    vscode.l10n.t('How much memory will it need, in GiB?'),
    vscode.l10n.t('Leave it empty if you do not know.'),
    65_536,
  );
  if (memory === undefined) return;
  if (cores === null && memory === null) {
    void vscode.window.showInformationMessage(
      vscode.l10n.t('Say how many cores or how much memory: with neither there is nothing to prepare.'),
    );
    return;
  }
  const items = DURATIONS_MINUTES.map((minutes) => ({ label: minutes < 60 ? `${minutes} min` : `${minutes / 60} h`, minutes }));
  const chosen = await vscode.window.showQuickPick(items, { title: vscode.l10n.t('For how long?') });
  if (chosen === undefined) return;
  const message: Announce = { cores, memoryBytes: memory === null ? null : Math.round(memory * GIB), minutes: chosen.minutes };
  await tell(daemon, ANNOUNCE, message);
}

export async function pause(daemon: Daemon): Promise<void> {
  const tomorrow = { label: vscode.l10n.t('Until tomorrow'), minutes: minutesUntilMidnight(new Date()) };
  const items = [...PAUSES.map(([minutes, label]) => ({ label, minutes })), tomorrow];
  const chosen = await vscode.window.showQuickPick(items, { title: vscode.l10n.t('Pause scaling: limits stay as they are') });
  if (chosen !== undefined) await tell(daemon, PAUSE, { minutes: chosen.minutes });
}

export async function pauseUntilTomorrow(daemon: Daemon): Promise<void> {
  await tell(daemon, PAUSE, { minutes: minutesUntilMidnight(new Date()) });
}

export async function resume(daemon: Daemon): Promise<void> {
  await tell(daemon, PAUSE, { minutes: null });
}

/** Sends it and shows the one sentence that comes back, in the status bar if it was done. */
async function tell(daemon: Daemon, method: string, message: object): Promise<void> {
  try {
    const { done, text } = await daemon.request<Outcome>(method, message);
    if (done) vscode.window.setStatusBarMessage(text, 8_000);
    else void vscode.window.showWarningMessage(text);
  } catch (error) {
    void vscode.window.showErrorMessage(vscode.l10n.t('Not done: {0}', messageOf(error)));
  }
}

/** A number above 0, null for an empty answer, undefined if the person went away. */
async function askNumber(title: string, prompt: string, maximum: number): Promise<number | null | undefined> {
  const text = await vscode.window.showInputBox({
    title,
    prompt,
    validateInput: (value) => {
      const number = Number(value.replace(',', '.'));
      if (value.trim() === '' || (number > 0 && number <= maximum)) return undefined;
      return `${value} is not possible; allowed is a number above 0 and up to ${maximum}.`;
    },
  });
  if (text === undefined) return undefined;
  return text.trim() === '' ? null : Number(text.replace(',', '.'));
}

function minutesUntilMidnight(now: Date): number {
  const midnight = new Date(now.getFullYear(), now.getMonth(), now.getDate() + 1);
  return Math.max(1, Math.round((midnight.getTime() - now.getTime()) / 60_000));
}
