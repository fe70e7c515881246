// The trends' side in the extension. The page asks when it is shown and when a choice changes; nothing runs meanwhile.
import * as vscode from 'vscode';
import type { Daemon } from '../../client';
import { messageOf } from '../../errors';
import { GET_HEAVIEST, GET_TRENDS, type Heaviest, type Trends } from '../../protocol';
import { Page } from '../panel';
import type { FromTrends, ToTrends } from './protocol';

export class TrendsView {
  private readonly page: Page<FromTrends, ToTrends>;
  private query = { resource: 'cpu', by: 'week' };

  constructor(
    extension: vscode.Uri,
    private readonly daemon: Daemon,
  ) {
    this.page = new Page(extension, {
      name: 'trends',
      title: vscode.l10n.t('Foreload: Trends'),
      icon: 'graph',
      received: (message) => void this.received(message),
    });
  }

  register(): vscode.Disposable {
    return vscode.Disposable.from(
      vscode.commands.registerCommand('foreload.openTrends', () => this.page.show()),
      this.daemon.onPhase(({ kind }) => {
        if (kind === 'running' && this.page.isVisible) void this.send();
      }),
    );
  }

  private async received(message: FromTrends): Promise<void> {
    if (message.type === 'open') {
      const place = new vscode.Position(Math.max(0, message.line - 1), 0);
      await vscode.window.showTextDocument(vscode.Uri.parse(message.uri), { selection: new vscode.Range(place, place) });
      return;
    }
    this.query = { resource: message.resource, by: message.by };
    await this.send();
  }

  private async send(): Promise<void> {
    try {
      this.page.post({ type: 'trends', trends: await this.daemon.request<Trends>(GET_TRENDS, this.query) });
      this.page.post({ type: 'heaviest', heaviest: await this.daemon.request<Heaviest>(GET_HEAVIEST) });
    } catch (error) {
      this.page.post({ type: 'failed', text: messageOf(error) });
    }
  }
}
