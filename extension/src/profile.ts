// The profile: a file of the workspace, made once and edited as any other.
import * as vscode from 'vscode';
import type { Daemon } from './client';
import { messageOf } from './errors';
import { NEW_PROFILE, type ProfileDraft } from './protocol';

/** Opens `.foreload/profile.json`; writes a first one where there is none. */
export async function openProfile(daemon: Daemon): Promise<void> {
  const folder = await chooseFolder();
  if (folder === undefined) {
    void vscode.window.showInformationMessage('Open a folder first: the profile is a file in it, .foreload/profile.json.');
    return;
  }
  const file = vscode.Uri.joinPath(folder.uri, '.foreload', 'profile.json');
  if (!(await exists(file)) && !(await write(daemon, file))) return;
  await vscode.window.showTextDocument(file);
}

async function chooseFolder(): Promise<vscode.WorkspaceFolder | undefined> {
  const folders = vscode.workspace.workspaceFolders ?? [];
  return folders.length > 1 ? vscode.window.showWorkspaceFolderPick() : folders[0];
}

async function write(daemon: Daemon, file: vscode.Uri): Promise<boolean> {
  try {
    const { text } = await daemon.request<ProfileDraft>(NEW_PROFILE);
    const edit = new vscode.WorkspaceEdit();
    edit.createFile(file, { ignoreIfExists: true, contents: new TextEncoder().encode(text) });
    if (await vscode.workspace.applyEdit(edit)) return true;
    void vscode.window.showErrorMessage(`The profile could not be written to ${file.fsPath}; the folder may be read-only.`);
  } catch (error) {
    void vscode.window.showErrorMessage(`No profile was made: ${messageOf(error)}`);
  }
  return false;
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
