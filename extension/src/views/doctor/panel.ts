// The doctor's side in the extension.
import * as vscode from 'vscode';
import type { Daemon } from '../../client';
import { messageOf } from '../../errors';
import { type Doctor, RUN_DOCTOR } from '../../protocol';
import { Page } from '../panel';
import type { FromDoctor, ToDoctor } from './protocol';

const COMMANDS = new Set(['permission', 'tryBroker', 'showLog', 'restart']);
const AGAIN_MILLISECONDS = 2_000;

export class DoctorView {
  private readonly page: Page<FromDoctor, ToDoctor>;

  constructor(
    extension: vscode.Uri,
    private readonly daemon: Daemon,
  ) {
    this.page = new Page(extension, {
      name: 'doctor',
      title: vscode.l10n.t('Foreload: Doctor'),
      icon: 'checklist',
      received: (message) => void this.received(message),
    });
  }

  register(): vscode.Disposable {
    return vscode.Disposable.from(
      vscode.commands.registerCommand('foreload.runDoctor', () => {
        this.page.show();
        void this.send();
      }),
      this.daemon.onPhase(() => void this.send()),
    );
  }

  private async received(message: FromDoctor): Promise<void> {
    if (message.type === 'ready') await this.send();
    else if (message.type === 'fix') await this.fix(message.name);
    else await vscode.commands.executeCommand(message.type === 'restart' ? 'foreload.restart' : 'foreload.showLog');
  }

  /** Does what a check offers: a command of ours, a setting to look at, or words in a terminal that a person then runs. */
  private async fix(name: string): Promise<void> {
    const [kind, rest] = [name.slice(0, name.indexOf(':')), name.slice(name.indexOf(':') + 1)];
    if (COMMANDS.has(name)) {
      await vscode.commands.executeCommand(`foreload.${name}`);
      setTimeout(() => void this.send(), AGAIN_MILLISECONDS);
    } else if (kind === 'setting' && rest.startsWith('foreload.'))
      await vscode.commands.executeCommand('workbench.action.openSettings', rest);
    else if (kind === 'type' && rest.startsWith('foreload ')) {
      const terminal = vscode.window.createTerminal('Foreload');
      terminal.show();
      terminal.sendText(rest, false);
    }
  }

  private async send(): Promise<void> {
    if (!this.page.isVisible) return;
    try {
      this.page.post({ type: 'doctor', doctor: await this.daemon.request<Doctor>(RUN_DOCTOR) });
    } catch (error) {
      this.page.post({ type: 'failed', text: messageOf(error) });
    }
  }
}
