// The dashboard's side in the extension: asks the daemon while the page is seen, and forwards what a person does.
import * as vscode from 'vscode';
import { DaemonUnavailable, type Daemon } from '../../client';
import { messageOf } from '../../errors';
import {
  ACT,
  type Dashboard,
  DASHBOARD_CHANGED,
  type DashboardUpdate,
  type Decisions,
  GET_DASHBOARD,
  GET_DECISIONS,
  type Outcome,
  WATCH_DASHBOARD,
} from '../../protocol';
import { Page } from '../panel';
import type { FromDashboard, Range, ToDashboard } from './protocol';

/** The times that the daemon writes into texts are of the zone of this machine; so are those of the axes. */
const TIME_ZONE = Intl.DateTimeFormat().resolvedOptions().timeZone;

/** Commands that a button or a strip of the page may run, without their prefix. */
const COMMANDS = new Set([
  'announce', 'pause', 'pauseUntilTomorrow', 'resume', 'newProfile', 'permission', 'openLedger', 'runDoctor', 'showLog', 'tryBroker', 'restart', 'more', 'openTrends',
  'raiseMemory',
  'showHolders',
]); // prettier-ignore

export class DashboardView {
  readonly page: Page<FromDashboard, ToDashboard>;
  private range: Range = '6h';
  /** Whether the page has a document that listens. */
  private listening = false;

  constructor(
    extension: vscode.Uri,
    private readonly daemon: Daemon,
    private readonly explain: (decisionId: string) => void,
    private readonly log: vscode.LogOutputChannel,
  ) {
    this.page = new Page(extension, {
      name: 'dashboard',
      title: 'Foreload',
      icon: 'pulse',
      received: (message) => void this.received(message),
      visible: (isVisible) => this.watch(isVisible && this.listening),
      closed: () => this.watch(false),
    });
    daemon.on<DashboardUpdate>(DASHBOARD_CHANGED, ({ dashboard }) => this.post(dashboard));
  }

  register(): vscode.Disposable {
    return vscode.Disposable.from(
      vscode.commands.registerCommand('foreload.openDashboard', () => this.page.show()),
      vscode.window.registerWebviewPanelSerializer('foreload.dashboard', this.page),
      this.daemon.onPhase(() => this.phaseChanged()),
    );
  }

  private async received(message: FromDashboard): Promise<void> {
    switch (message.type) {
      case 'ready':
      case 'range':
        this.listening = true;
        this.range = message.range;
        await this.refresh();
        break;
      case 'act':
        await this.act(message.action, message.decisionId);
        break;
      case 'why':
        this.explain(message.decisionId);
        break;
      case 'older':
        await this.older(message.limit);
        break;
      case 'command':
        if (COMMANDS.has(message.name)) await vscode.commands.executeCommand(`foreload.${message.name}`);
        else this.log.warn(`The dashboard asked for the command ${message.name}, which is not one of its own.`);
        break;
    }
  }

  private async refresh(): Promise<void> {
    if (this.daemon.phase.kind !== 'running') {
      this.phaseChanged();
      return;
    }
    try {
      this.post(await this.daemon.request<Dashboard>(GET_DASHBOARD, { range: this.range }));
      this.watch(this.page.isVisible);
    } catch (error) {
      if (!(error instanceof DaemonUnavailable)) this.log.error(`Dashboard: ${messageOf(error)}`);
      // What breaks off because the daemon has ended says less than that it has, and may come after it.
      const now = this.daemon.phase;
      const stopped = now.kind === 'stopped';
      this.page.post({ type: 'unavailable', stopped, text: stopped ? now.detail : messageOf(error) });
    }
  }

  private async older(limit: number): Promise<void> {
    try {
      const { rows } = await this.daemon.request<Decisions>(GET_DECISIONS, { limit });
      this.page.post({ type: 'older', rows });
    } catch (error) {
      this.log.warn(`Older decisions: ${messageOf(error)}`);
    }
  }

  private async act(action: string, decisionId: string): Promise<void> {
    try {
      const outcome = await this.daemon.request<Outcome>(ACT, { action, decisionId });
      this.page.post({ type: 'answer', decisionId, text: outcome.text });
    } catch (error) {
      this.page.post({ type: 'answer', decisionId, text: `not done: ${messageOf(error)}` });
    }
  }

  private post(dashboard: Dashboard): void {
    if (dashboard.range === this.range) this.page.post({ type: 'dashboard', dashboard, timeZone: TIME_ZONE });
  }

  private watch(open: boolean): void {
    this.listening = open;
    this.daemon.notify(WATCH_DASHBOARD, { open, range: this.range });
  }

  private phaseChanged(): void {
    if (!this.page.isVisible) return;
    const { kind, detail } = this.daemon.phase;
    if (kind === 'running') void this.refresh();
    else this.page.post({ type: 'unavailable', stopped: kind === 'stopped', text: detail });
  }
}
