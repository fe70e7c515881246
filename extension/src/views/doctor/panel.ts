// The doctor's side in the extension.
import * as vscode from 'vscode';
import type { Daemon } from '../../client';
import { messageOf } from '../../errors';
import { type Doctor, RUN_DOCTOR } from '../../protocol';
import { Page } from '../panel';
import type { FromDoctor, ToDoctor } from './protocol';

export class DoctorView {
  private readonly page: Page<FromDoctor, ToDoctor>;

  constructor(
    extension: vscode.Uri,
    private readonly daemon: Daemon,
  ) {
    this.page = new Page(extension, {
      name: 'doctor',
      title: 'Foreload: Doctor',
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
    else await vscode.commands.executeCommand(message.type === 'restart' ? 'foreload.restart' : 'foreload.showLog');
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
