// A decision's page in the extension: asks the daemon why, and forwards what a person says to it.
import * as vscode from 'vscode';
import type { Daemon } from '../../client';
import { messageOf } from '../../errors';
import { ACT, type Decisions, EXPLAIN, type Explanation, GET_DECISIONS, type Outcome } from '../../protocol';
import { Page } from '../panel';
import type { FromDecision, ToDecision } from './protocol';

const TIME_ZONE = Intl.DateTimeFormat().resolvedOptions().timeZone;

export class DecisionView {
  private readonly page: Page<FromDecision, ToDecision>;
  private decisionId = '';
  private explanation: Explanation | undefined;

  constructor(
    extension: vscode.Uri,
    private readonly daemon: Daemon,
  ) {
    this.page = new Page(extension, {
      name: 'decision',
      title: vscode.l10n.t('Foreload: Why'),
      icon: 'question',
      received: (message) => void this.received(message),
    });
  }

  register(): vscode.Disposable {
    return vscode.Disposable.from(
      vscode.commands.registerCommand('foreload.explainDecision', (decisionId: unknown) => {
        if (typeof decisionId === 'string' && decisionId !== '') this.open(decisionId);
      }),
      vscode.commands.registerCommand('foreload.explainLast', () => this.openLast()),
    );
  }

  /** The newest decision of the log. */
  private async openLast(): Promise<void> {
    try {
      const { rows } = await this.daemon.request<Decisions>(GET_DECISIONS, { limit: 1 });
      const [last] = rows;
      if (last === undefined)
        void vscode.window.showInformationMessage(vscode.l10n.t('Nothing was decided yet. Each change is explained here once it is made.'));
      else this.open(last.decisionId);
    } catch (error) {
      void vscode.window.showErrorMessage(messageOf(error));
    }
  }

  open(decisionId: string): void {
    this.decisionId = decisionId;
    this.page.show();
    void this.send();
  }

  private async received(message: FromDecision): Promise<void> {
    switch (message.type) {
      case 'ready':
        await this.send();
        break;
      case 'act':
        await this.act(message.action);
        break;
      case 'copy':
        if (this.explanation !== undefined) await vscode.env.clipboard.writeText(this.explanation.markdown);
        break;
      case 'dashboard':
        await vscode.commands.executeCommand('foreload.openDashboard');
        break;
    }
  }

  private async send(): Promise<void> {
    if (this.decisionId === '') return;
    try {
      this.explanation = await this.daemon.request<Explanation>(EXPLAIN, { decisionId: this.decisionId });
      this.page.post({ type: 'explanation', explanation: this.explanation, timeZone: TIME_ZONE });
    } catch (error) {
      this.page.post({ type: 'failed', text: messageOf(error) });
    }
  }

  private async act(action: string): Promise<void> {
    try {
      const outcome = await this.daemon.request<Outcome>(ACT, { action, decisionId: this.decisionId });
      this.page.post({ type: 'answer', text: outcome.text });
      await this.send();
    } catch (error) {
      this.page.post({ type: 'answer', text: vscode.l10n.t('Not done: {0}', messageOf(error)) });
    }
  }
}
