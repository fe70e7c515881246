// The commands that need no page of their own.
import * as vscode from 'vscode';
import { announce, pause, pauseUntilTomorrow, resume } from './announcements';
import type { Daemon } from './client';
import { addWeeklyPeak, chooseProfile, openProfile, profileFromHistory } from './profile';
import { TRY_BROKER } from './protocol';
import { toggleLenses } from './settings';

/** What the dashboard's "More" offers. */
const MORE: [command: string, iconName: string, label: string][] = [
  ['openTrends', 'graph', vscode.l10n.t('Trends')],
  ['permission', 'lock', vscode.l10n.t('Permission')],
  ['openLedger', 'list-unordered', vscode.l10n.t('What left this machine')],
  ['newProfile', 'calendar', vscode.l10n.t('Write what you expect')],
  ['profileFromHistory', 'wand', vscode.l10n.t('Make a profile from history')],
  ['chooseProfile', 'list-selection', vscode.l10n.t('Choose a profile')],
  ['announce', 'rocket', vscode.l10n.t('I am about to run something big')],
  ['runDoctor', 'checklist', vscode.l10n.t('Run the doctor')],
  ['showLog', 'output', vscode.l10n.t('Show the log')],
  ['restart', 'debug-restart', vscode.l10n.t('Restart')],
];

export function registerCommands(daemon: Daemon, log: vscode.LogOutputChannel): vscode.Disposable {
  const commands: Record<string, (...args: unknown[]) => unknown> = {
    announce: () => announce(daemon),
    pause: () => pause(daemon),
    pauseUntilTomorrow: () => pauseUntilTomorrow(daemon),
    resume: () => resume(daemon),
    newProfile: () => openProfile(daemon),
    profileFromHistory: () => profileFromHistory(daemon),
    addWeeklyPeak: () => addWeeklyPeak(daemon),
    chooseProfile,
    tryBroker: () => daemon.notify(TRY_BROKER, {}),
    restart: () => daemon.requestRestart('asked for', true),
    showLog: () => log.show(),
    stopped: () => stopped(daemon, log),
    more,
    toggleLenses,
    explainFunction,
  };
  return vscode.Disposable.from(...Object.entries(commands).map(([name, run]) => vscode.commands.registerCommand(`foreload.${name}`, run)));
}

async function more(): Promise<void> {
  const items = MORE.map(([command, iconName, label]) => ({ command, label: `$(${iconName}) ${label}` }));
  const chosen = await vscode.window.showQuickPick(items, { title: 'Foreload' });
  if (chosen !== undefined) await vscode.commands.executeCommand(`foreload.${chosen.command}`);
}

/** A click on the gauge after the daemon gave up. The safe choice comes first. */
async function stopped(daemon: Daemon, log: vscode.LogOutputChannel): Promise<void> {
  const answer = await vscode.window.showErrorMessage(daemon.phase.detail, vscode.l10n.t('Restart'), vscode.l10n.t('Show Log'));
  if (answer === vscode.l10n.t('Restart')) await daemon.requestRestart('asked for', true);
  if (answer === vscode.l10n.t('Show Log')) log.show();
}

/** A click on a lens: goes to the function and shows what is known of it, which the daemon's hover says. */
async function explainFunction(target: unknown): Promise<void> {
  const place = placeOf(target);
  if (place === undefined) return;
  const editor = await vscode.window.showTextDocument(place.uri);
  editor.selection = new vscode.Selection(place.position, place.position);
  editor.revealRange(new vscode.Range(place.position, place.position), vscode.TextEditorRevealType.InCenterIfOutsideViewport);
  await vscode.commands.executeCommand('editor.action.showHover');
}

/** The place that a lens names: {uri, line, character}, lines and characters from 0. */
function placeOf(target: unknown): { uri: vscode.Uri; position: vscode.Position } | undefined {
  if (typeof target !== 'object' || target === null) return undefined;
  const { uri, line, character } = target as Record<string, unknown>;
  if (typeof uri !== 'string' || typeof line !== 'number' || typeof character !== 'number') return undefined;
  return { uri: vscode.Uri.parse(uri), position: new vscode.Position(line, character) };
}
