// The profile's editor: the week beside the text. The document is the only state, so both stay in step and undo is its own.
import * as vscode from 'vscode';
import type { Daemon } from '../../client';
import { messageOf } from '../../errors';
import {
  CHANGE_PROFILE,
  DECLINE_PATTERN,
  GET_PROFILE,
  GET_STOPS,
  type Pattern,
  type ProfileChange,
  type ProfileChanged,
  type ProfilePage,
  type Stops,
} from '../../protocol';
import { pageHtml, pageRoot } from '../panel';
import type { Change, FromProfile, ToProfile } from './protocol';
import { difference } from './difference';

export const PROFILE_EDITOR = 'foreload.profile';
const SETTLED_MILLISECONDS = 120;
const STOPS_AFTER_MILLISECONDS = 1_500;
const WORKING_AFTER_MILLISECONDS = 400;
const NO_CHANGE: Omit<ProfileChange, 'text' | 'action'> = {
  path: '',
  value: '',
  index: -1,
  day: 0,
  startMinute: 0,
  endMinute: 0,
  kind: 'peak',
  cores: null,
  memoryGib: null,
};

export class ProfileEditor implements vscode.CustomTextEditorProvider {
  constructor(
    private readonly extension: vscode.Uri,
    private readonly daemon: Daemon,
  ) {}

  register(): vscode.Disposable {
    return vscode.Disposable.from(
      vscode.window.registerCustomEditorProvider(PROFILE_EDITOR, this),
      vscode.commands.registerCommand('foreload.openProfileAsText', (uri?: vscode.Uri) => openAs('default', uri)),
      vscode.commands.registerCommand('foreload.openProfileAsWeek', (uri?: vscode.Uri) => openAs(PROFILE_EDITOR, uri)),
    );
  }

  resolveCustomTextEditor(document: vscode.TextDocument, panel: vscode.WebviewPanel): void {
    panel.webview.options = { enableScripts: true, localResourceRoots: [pageRoot(this.extension)] };
    const opened = new OpenProfile(document, panel, this.daemon);
    panel.onDidDispose(() => opened.dispose());
    panel.webview.html = pageHtml(panel.webview, this.extension, 'profile', 'Profile');
  }
}

/** One document in one panel. */
class OpenProfile implements vscode.Disposable {
  private readonly listeners: vscode.Disposable;
  private settling: NodeJS.Timeout | undefined;
  private simulating: NodeJS.Timeout | undefined;
  /** Changes are made one after the other, each on the text that the one before left. */
  private queue: Promise<void> = Promise.resolve();
  private asked = 0;
  /** How many changes of the page were dealt with. */
  private made = 0;

  constructor(
    private readonly document: vscode.TextDocument,
    private readonly panel: vscode.WebviewPanel,
    private readonly daemon: Daemon,
  ) {
    this.listeners = vscode.Disposable.from(
      panel.webview.onDidReceiveMessage((message: FromProfile) => this.received(message)),
      vscode.workspace.onDidChangeTextDocument(({ document: changed }) => {
        if (changed.uri.toString() === document.uri.toString()) this.later();
      }),
      panel.onDidChangeViewState(() => (panel.visible ? this.later() : this.rest())),
      daemon.onPhase(({ kind }) => kind === 'running' && this.later()),
    );
  }

  dispose(): void {
    this.rest();
    this.listeners.dispose();
  }

  private rest(): void {
    clearTimeout(this.settling);
    clearTimeout(this.simulating);
  }

  /** Shows the text as it is, once it has been still for a moment. */
  private later(): void {
    if (!this.panel.visible) return;
    clearTimeout(this.settling);
    this.settling = setTimeout(() => void this.show(), SETTLED_MILLISECONDS);
  }

  private received(message: FromProfile): void {
    switch (message.type) {
      case 'ready':
        this.made = 0;
        void this.show();
        break;
      case 'change':
        this.queue = this.queue.then(() => this.change(message.change));
        break;
      case 'text':
        void openAs('default', this.document.uri);
        break;
      case 'history':
        void vscode.commands.executeCommand('foreload.profileFromHistory', this.document.uri);
        break;
      case 'decline':
        void this.decline(message.pattern);
        break;
    }
  }

  private async show(): Promise<void> {
    const text = this.document.getText();
    const changes = this.made;
    const ask = (this.asked += 1);
    try {
      const page = await this.daemon.request<ProfilePage>(GET_PROFILE, { text });
      if (ask !== this.asked) return; // a later text is on its way
      this.post({ type: 'page', page, changes });
    } catch (error) {
      this.post({ type: 'failed', text: messageOf(error) });
      return;
    }
    clearTimeout(this.simulating);
    this.simulating = setTimeout(() => void this.simulate(text), STOPS_AFTER_MILLISECONDS);
  }

  private async simulate(text: string): Promise<void> {
    const working = setTimeout(() => this.post({ type: 'working' }), WORKING_AFTER_MILLISECONDS);
    try {
      const stops = await this.daemon.request<Stops>(GET_STOPS, { text });
      if (text === this.document.getText()) this.post({ type: 'stops', stops });
    } catch (error) {
      this.post({ type: 'stops', stops: { stops: [], text: messageOf(error) } });
    } finally {
      clearTimeout(working);
    }
  }

  private async change(change: Change): Promise<void> {
    const before = this.document.getText();
    try {
      const { text, said } = await this.daemon.request<ProfileChanged>(CHANGE_PROFILE, { ...NO_CHANGE, ...change, text: before });
      const place = difference(before, text);
      if (place === undefined) {
        this.made += 1;
        await this.show(); // the page goes back to what holds
        return;
      }
      const edit = new vscode.WorkspaceEdit();
      const range = new vscode.Range(this.document.positionAt(place.start), this.document.positionAt(place.end));
      edit.replace(this.document.uri, range, place.text);
      const isApplied = await vscode.workspace.applyEdit(edit);
      this.made += 1;
      if (isApplied) this.post({ type: 'said', text: said });
      else this.post({ type: 'said', text: vscode.l10n.t('Not changed: the file may be read-only.') });
    } catch (error) {
      this.made += 1;
      this.post({ type: 'said', text: vscode.l10n.t('Not changed: {0}', messageOf(error)) });
      await this.show();
    }
  }

  private async decline(pattern: Pattern): Promise<void> {
    try {
      await this.daemon.request(DECLINE_PATTERN, pattern);
    } catch (error) {
      this.post({ type: 'said', text: messageOf(error) });
    }
    await this.show();
  }

  private post(message: ToProfile): void {
    if (this.panel.visible) void this.panel.webview.postMessage(message);
  }
}

/** Opens the profile in one of its two forms, beside the other. */
async function openAs(viewType: string, given: vscode.Uri | undefined): Promise<void> {
  const uri = given instanceof vscode.Uri ? given : activeProfile();
  if (uri === undefined) return;
  await vscode.commands.executeCommand('vscode.openWith', uri, viewType, vscode.ViewColumn.Beside);
}

function activeProfile(): vscode.Uri | undefined {
  const input = vscode.window.tabGroups.activeTabGroup.activeTab?.input;
  return input instanceof vscode.TabInputText || input instanceof vscode.TabInputCustom ? input.uri : undefined;
}
