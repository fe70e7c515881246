// The ledger's side in the extension. Deleting at the broker is the one action that asks first.
import * as vscode from 'vscode';
import type { Daemon } from '../../client';
import { messageOf } from '../../errors';
import { GET_LEDGER, GET_LEDGER_CSV, type Ledger, type LedgerCsv, type Outcome, PURGE } from '../../protocol';
import { Page } from '../panel';
import type { FromLedger, ToLedger } from './protocol';

const TIME_ZONE = Intl.DateTimeFormat().resolvedOptions().timeZone;

export class LedgerView {
  private readonly page: Page<FromLedger, ToLedger>;

  constructor(
    extension: vscode.Uri,
    private readonly daemon: Daemon,
  ) {
    this.page = new Page(extension, {
      name: 'ledger',
      title: vscode.l10n.t('Foreload: What Left'),
      icon: 'list-unordered',
      received: (message) => void this.received(message),
    });
  }

  register(): vscode.Disposable {
    return vscode.Disposable.from(
      vscode.commands.registerCommand('foreload.openLedger', () => this.page.show()),
      vscode.commands.registerCommand('foreload.purge', () => this.purge()),
    );
  }

  private async received(message: FromLedger): Promise<void> {
    if (message.type === 'permission') await vscode.commands.executeCommand('foreload.permission');
    else if (message.type === 'purge') await this.purge();
    else if (message.type === 'save') await this.save();
    else await this.send(message.limit, message.switch);
  }

  private async send(limit: number, chosen: string): Promise<void> {
    try {
      const ledger = await this.daemon.request<Ledger>(GET_LEDGER, { limit, switch: chosen });
      this.page.post({ type: 'ledger', ledger, timeZone: TIME_ZONE });
    } catch (error) {
      this.page.post({ type: 'failed', text: messageOf(error) });
    }
  }

  /** Everything that is kept, as a file that the person names. */
  private async save(): Promise<void> {
    const folder = vscode.workspace.workspaceFolders?.[0]?.uri;
    const target = await vscode.window.showSaveDialog({
      title: vscode.l10n.t('Save what left this machine'),
      filters: { CSV: ['csv'] },
      ...(folder === undefined ? {} : { defaultUri: vscode.Uri.joinPath(folder, 'foreload-ledger.csv') }),
    });
    if (target === undefined) return;
    try {
      const { text } = await this.daemon.request<LedgerCsv>(GET_LEDGER_CSV);
      await vscode.workspace.fs.writeFile(target, new TextEncoder().encode(text));
      vscode.window.setStatusBarMessage(vscode.l10n.t('Saved to {0}.', target.fsPath), 8_000);
    } catch (error) {
      void vscode.window.showErrorMessage(vscode.l10n.t('Not saved: {0}', messageOf(error)));
    }
  }

  private async purge(): Promise<void> {
    const question = vscode.l10n.t('Delete everything that the broker holds of this environment?');
    const detail = vscode.l10n.t('Use, forecasts, decisions and the kind of code go. The limits stay as they are. It cannot be undone.');
    const answer = await vscode.window.showWarningMessage(question, { modal: true, detail }, vscode.l10n.t('Take back and delete'));
    if (answer === undefined) return;
    try {
      const outcome = await this.daemon.request<Outcome>(PURGE);
      this.page.post({ type: 'purged', outcome });
      void (outcome.done ? vscode.window.showInformationMessage(outcome.text) : vscode.window.showWarningMessage(outcome.text));
    } catch (error) {
      void vscode.window.showErrorMessage(vscode.l10n.t('Nothing was deleted: {0}', messageOf(error)));
    }
  }
}
