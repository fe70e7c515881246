// The permission page's side in the extension, and the question that leads to it once.
import * as vscode from 'vscode';
import type { Daemon } from '../../client';
import { messageOf } from '../../errors';
import { GET_PERMISSION, type Permission, SET_PERMISSION, type Switches } from '../../protocol';
import { Page } from '../panel';
import type { FromPermission, ToPermission } from './protocol';

const ASKED_KEY = 'foreload.permissionAsked';
const TIME_ZONE = Intl.DateTimeFormat().resolvedOptions().timeZone;

export class PermissionView {
  private readonly page: Page<FromPermission, ToPermission>;
  private asking = false;

  constructor(
    private readonly context: vscode.ExtensionContext,
    private readonly daemon: Daemon,
    private readonly log: vscode.LogOutputChannel,
  ) {
    this.page = new Page(context.extensionUri, {
      name: 'permission',
      title: vscode.l10n.t('Foreload: Permission'),
      icon: 'lock',
      received: (message) => void this.received(message),
    });
  }

  register(): vscode.Disposable {
    return vscode.Disposable.from(
      vscode.commands.registerCommand('foreload.permission', () => this.page.show()),
      vscode.window.registerWebviewPanelSerializer('foreload.permission', this.page),
      this.daemon.onPhase(({ kind }) => {
        if (kind === 'running') void this.askOnce();
      }),
      vscode.workspace.onDidGrantWorkspaceTrust(() => void this.askOnce()),
      vscode.env.onDidChangeTelemetryEnabled(() => void this.send(false)),
    );
  }

  /** Asks an environment's person once. "Not now" counts as an answer; the gauge goes on saying that permission is missing. */
  private async askOnce(): Promise<void> {
    if (this.asking || !vscode.workspace.isTrusted) return;
    this.asking = true;
    try {
      const permission = await this.daemon.request<Permission>(GET_PERMISSION);
      const key = `${ASKED_KEY}.${permission.environment}`;
      if (permission.given || this.context.globalState.get<boolean>(key, false)) return;
      const choose: vscode.MessageItem = { title: vscode.l10n.t('Choose') };
      const answer = await vscode.window.showInformationMessage(
        vscode.l10n.t('What may Foreload do here?'),
        {
          modal: true,
          detail: vscode.l10n.t(
            'Foreload can read the code you have open, tell a broker what this environment will need, and have its limits changed ahead of it. Each needs your permission; nothing is on until you choose.\n\nThe gauge in the status bar works either way.',
          ),
        },
        choose,
        { title: vscode.l10n.t('Not now'), isCloseAffordance: true },
      );
      await this.context.globalState.update(key, true);
      if (answer === choose) this.page.show();
    } catch (error) {
      this.log.warn(`Permission: ${messageOf(error)}`);
    } finally {
      this.asking = false;
    }
  }

  private async received(message: FromPermission): Promise<void> {
    switch (message.type) {
      case 'ready':
        await this.send(false);
        break;
      case 'choose':
        await this.choose(message.switches);
        break;
      case 'copy':
        await vscode.env.clipboard.writeText(message.text);
        break;
      case 'ledger':
        await vscode.commands.executeCommand('foreload.openLedger');
        break;
    }
  }

  private async choose(switches: Switches): Promise<void> {
    try {
      const permission = await this.daemon.request<Permission>(SET_PERMISSION, switches);
      this.page.post({ type: 'permission', permission, timeZone: TIME_ZONE, saved: true });
    } catch (error) {
      this.page.post({ type: 'failed', text: vscode.l10n.t('Not saved: {0}', messageOf(error)) });
    }
  }

  private async send(saved: boolean): Promise<void> {
    if (!this.page.isVisible) return;
    try {
      const permission = await this.daemon.request<Permission>(GET_PERMISSION);
      this.page.post({ type: 'permission', permission, timeZone: TIME_ZONE, saved });
    } catch (error) {
      this.page.post({ type: 'failed', text: messageOf(error) });
    }
  }
}
