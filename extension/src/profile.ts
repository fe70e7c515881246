// The profile: a file of the workspace, made once, from an example or from what was seen, and shown as a week.
import * as vscode from 'vscode';
import type { Daemon } from './client';
import { messageOf } from './errors';
import {
  CHANGE_PROFILE,
  GET_PATTERNS,
  NEW_PROFILE,
  type Pattern,
  type Patterns,
  type ProfileChange,
  type ProfileChanged,
  type ProfileDraft,
} from './protocol';

const FOLDER = '.foreload';
const KEPT = 'profiles';
const DAYS = ['Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday'];
const TIME = /^([01]?\d|2[0-3]):([0-5]\d)-([01]?\d|2[0-4]):([0-5]\d)$/;

/** Opens `.foreload/profile.json` as a week; writes a first one where there is none. */
export async function openProfile(daemon: Daemon): Promise<void> {
  const file = await profileFile();
  if (file === undefined) return;
  if (!(await exists(file)) && !(await writeNew(daemon, file, []))) return;
  await showWeek(file);
}

/** "We saw a peak every Tuesday; keep it?": what is chosen becomes part of the profile. */
export async function profileFromHistory(daemon: Daemon): Promise<void> {
  const file = await profileFile();
  if (file === undefined) return;
  try {
    const text = (await exists(file)) ? (await vscode.workspace.openTextDocument(file)).getText() : '';
    const { patterns, text: why } = await daemon.request<Patterns>(GET_PATTERNS, { text });
    if (patterns.length === 0) {
      void vscode.window.showInformationMessage(why);
      return;
    }
    const items = patterns.map((pattern) => ({
      label: pattern.every,
      description: `${pattern.cores} cores`,
      detail: pattern.words,
      picked: true,
      pattern,
    }));
    const chosen = await vscode.window.showQuickPick(items, { title: vscode.l10n.t('Seen in your history. Keep it?'), canPickMany: true });
    if (chosen === undefined || chosen.length === 0) return;
    const kept = chosen.map(({ pattern }) => pattern);
    if (text.trim() === '') {
      if (!(await writeNew(daemon, file, kept))) return;
    } else for (const pattern of kept) await changeFile(daemon, file, paintOf(pattern));
    await showWeek(file);
  } catch (error) {
    void vscode.window.showErrorMessage(vscode.l10n.t('No profile was made: {0}', messageOf(error)));
  }
}

/** A peak of the week, by three questions. */
export async function addWeeklyPeak(daemon: Daemon): Promise<void> {
  const file = await profileFile();
  if (file === undefined) return;
  const day = await vscode.window.showQuickPick(DAYS, { title: vscode.l10n.t('On which day?') });
  if (day === undefined) return;
  const span = await vscode.window.showInputBox({
    title: vscode.l10n.t('From when to when?'),
    value: '14:00-16:00',
    validateInput: (text) => spanProblem(text),
  });
  const times = TIME.exec(span ?? '');
  if (times === null) return;
  const text = await vscode.window.showInputBox({ title: vscode.l10n.t('How many cores will it need?'), value: '2', validateInput: (value) => (Number(value) > 0 ? undefined : `${value} is not possible; allowed is a number above 0.`) }); // prettier-ignore
  if (text === undefined) return;
  const change = { kind: 'peak', day: DAYS.indexOf(day), startMinute: minutesOf(times[1], times[2]), endMinute: minutesOf(times[3], times[4]), cores: Number(text), memoryGib: null }; // prettier-ignore
  try {
    if (!(await exists(file)) && !(await writeNew(daemon, file, [], true))) return;
    const said = await changeFile(daemon, file, change);
    await showWeek(file);
    vscode.window.setStatusBarMessage(said, 8_000);
  } catch (error) {
    void vscode.window.showErrorMessage(vscode.l10n.t('Not added: {0}', messageOf(error)));
  }
}

/** Profiles kept under a name in `.foreload/profiles`: one of them becomes the profile, or the profile becomes one of them. */
export async function chooseProfile(): Promise<void> {
  const file = await profileFile();
  if (file === undefined) return;
  const folder = vscode.Uri.joinPath(file, '..', KEPT);
  const names = await namesIn(folder);
  const hasProfile = await exists(file);
  const items: (vscode.QuickPickItem & { name?: string })[] = names.map((name) => ({ label: name.replace(/\.json$/, ''), name }));
  if (hasProfile) items.push({ label: '$(save) Keep the present profile under a name' });
  if (items.length === 0) {
    void vscode.window.showInformationMessage(vscode.l10n.t('There is no profile yet. “Foreload: New Profile” makes one.'));
    return;
  }
  const chosen = await vscode.window.showQuickPick(items, { title: vscode.l10n.t('Choose a profile') });
  if (chosen === undefined) return;
  if (chosen.name === undefined) await keepUnderName(file, folder);
  else await replaceBy(file, vscode.Uri.joinPath(folder, chosen.name), hasProfile);
}

async function keepUnderName(file: vscode.Uri, folder: vscode.Uri): Promise<void> {
  const name = await vscode.window.showInputBox({
    title: vscode.l10n.t('Under which name?'),
    validateInput: (text) =>
      /^[\w][\w .-]{0,60}$/.test(text)
        ? undefined
        : vscode.l10n.t('“{0}” is no name; allowed are letters, digits, spaces, “.”, “_” and “-”.', text),
  });
  if (name === undefined) return;
  await vscode.workspace.fs.createDirectory(folder);
  await vscode.workspace.fs.copy(file, vscode.Uri.joinPath(folder, `${name}.json`), { overwrite: true });
  vscode.window.setStatusBarMessage(vscode.l10n.t('Kept as {0}.', name), 8_000);
}

async function replaceBy(file: vscode.Uri, source: vscode.Uri, hasProfile: boolean): Promise<void> {
  const text = new TextDecoder().decode(await vscode.workspace.fs.readFile(source));
  const edit = new vscode.WorkspaceEdit();
  if (hasProfile) {
    const document = await vscode.workspace.openTextDocument(file);
    edit.replace(file, new vscode.Range(0, 0, document.lineCount, 0), text);
  } else edit.createFile(file, { contents: new TextEncoder().encode(text) });
  if (!(await vscode.workspace.applyEdit(edit)))
    void vscode.window.showErrorMessage(vscode.l10n.t('The profile could not be written to {0}.', file.fsPath));
  else {
    await (await vscode.workspace.openTextDocument(file)).save();
    await showWeek(file);
  }
}

async function namesIn(folder: vscode.Uri): Promise<string[]> {
  try {
    const entries = await vscode.workspace.fs.readDirectory(folder);
    return entries.map(([name]) => name).filter((name) => name.endsWith('.json')).sort(); // prettier-ignore
  } catch {
    return []; // there is no such folder
  }
}

/** The profile's place, or undefined after a word on why there is none. */
async function profileFile(): Promise<vscode.Uri | undefined> {
  const folders = vscode.workspace.workspaceFolders ?? [];
  const folder = folders.length > 1 ? await vscode.window.showWorkspaceFolderPick() : folders[0];
  if (folders.length === 0)
    void vscode.window.showInformationMessage(vscode.l10n.t('Open a folder first: the profile is a file in it, .foreload/profile.json.'));
  return folder === undefined ? undefined : vscode.Uri.joinPath(folder.uri, FOLDER, 'profile.json');
}

async function writeNew(daemon: Daemon, file: vscode.Uri, patterns: readonly Pattern[], isEmpty = false): Promise<boolean> {
  try {
    const { text } = await daemon.request<ProfileDraft>(NEW_PROFILE, { patterns });
    const edit = new vscode.WorkspaceEdit();
    edit.createFile(file, { ignoreIfExists: true, contents: new TextEncoder().encode(isEmpty ? withoutWindows(text) : text) });
    if (await vscode.workspace.applyEdit(edit)) return true;
    void vscode.window.showErrorMessage(
      vscode.l10n.t('The profile could not be written to {0}; the folder may be read-only.', file.fsPath),
    );
  } catch (error) {
    void vscode.window.showErrorMessage(vscode.l10n.t('No profile was made: {0}', messageOf(error)));
  }
  return false;
}

function withoutWindows(text: string): string {
  return `${JSON.stringify({ ...(JSON.parse(text) as object), windows: [] }, null, 2)}\n`;
}

function paintOf({ day, startMinute, endMinute, cores }: Pattern): Omit<ProfileChange, 'text' | 'action' | 'path' | 'value' | 'index'> {
  return { kind: 'peak', day, startMinute, endMinute, cores, memoryGib: null };
}

/** Paints on the file's document, and saves it: a person asked for it in words. */
async function changeFile(daemon: Daemon, file: vscode.Uri, change: ReturnType<typeof paintOf>): Promise<string> {
  const document = await vscode.workspace.openTextDocument(file);
  const message = { action: 'paint', path: '', value: '', index: -1, ...change, text: document.getText() };
  const { text, said } = await daemon.request<ProfileChanged>(CHANGE_PROFILE, message);
  const edit = new vscode.WorkspaceEdit();
  edit.replace(file, new vscode.Range(0, 0, document.lineCount, 0), text);
  await vscode.workspace.applyEdit(edit);
  await document.save();
  return said;
}

async function showWeek(file: vscode.Uri): Promise<void> {
  await vscode.commands.executeCommand('vscode.openWith', file, 'foreload.profile');
}

function spanProblem(text: string): string | undefined {
  const times = TIME.exec(text);
  const isSpan = times !== null && minutesOf(times[1], times[2]) < minutesOf(times[3], times[4]);
  return isSpan ? undefined : `${text} is no time of a day. Write it as 14:00-16:00.`;
}

function minutesOf(hour: string | undefined, minute: string | undefined): number {
  return Math.min(1440, Number(hour) * 60 + Number(minute));
}

async function exists(file: vscode.Uri): Promise<boolean> {
  try {
    await vscode.workspace.fs.stat(file);
    return true;
  } catch (error) {
    if (error instanceof vscode.FileSystemError && error.code === 'FileNotFound') return false;
    throw error;
  }
}
