// The daemon, as the rest of the extension sees it: ask, tell, listen, restart. It starts in the background and never blocks activation.
import * as vscode from 'vscode';
import type { LanguageClient, LanguageClientOptions } from 'vscode-languageclient/node';
import { messageOf, NoPython } from './errors';
import { findPython, type PythonRequest } from './python';
import { CrashLoop, RestartQueue } from './restarts';
import { initializationOptions } from './settings';

/** The languages that the daemon analyses, as the editor calls them. */
export const LANGUAGES = ['python', 'javascript', 'javascriptreact', 'typescript', 'typescriptreact', 'go', 'rust', 'java', 'c', 'cpp'];

const START_LIMIT_MILLISECONDS = 30_000;
const STOP_LIMIT_MILLISECONDS = 3_000;
/** JSON-RPC's code of a request whose connection went away before the answer. */
const PENDING_RESPONSE_REJECTED = -32_097;

/** Where the daemon is in its life. `detail` is one sentence for a person. */
export type Phase = { kind: 'starting' | 'running' | 'stopped'; detail: string };

/** The daemon cannot be asked now. */
export class DaemonUnavailable extends Error {}

type Library = typeof import('vscode-languageclient/node');
type Handler = (params: unknown) => void;

/** Starts the daemon, keeps it running, and passes messages. */
export class Daemon implements vscode.Disposable {
  private readonly phases = new vscode.EventEmitter<Phase>();
  private readonly handlers = new Map<string, Handler>();
  private readonly crashes = new CrashLoop();
  private readonly queue = new RestartQueue((reasons) => this.restart(reasons));
  private client: LanguageClient | undefined;
  private disposed = false;
  private current: Phase = { kind: 'starting', detail: vscode.l10n.t('Foreload is starting.') };

  /** Fires on each change of `phase`. */
  readonly onPhase = this.phases.event;

  constructor(
    private readonly python: PythonRequest,
    private readonly log: vscode.LogOutputChannel,
  ) {}

  get phase(): Phase {
    return this.current;
  }

  /** Every reason to start or restart comes through here. `asked` is a person's wish and forgets earlier crashes. */
  requestRestart(reason: string, asked = false): Promise<void> {
    if (asked) this.crashes.reset();
    return this.queue.request(reason);
  }

  /** Sends a request. @throws DaemonUnavailable with one sentence for a person, if there is nobody to answer. */
  async request<Answer>(method: string, params: object = {}): Promise<Answer> {
    const client = this.client;
    if (client?.isRunning() !== true) throw new DaemonUnavailable(this.current.detail);
    try {
      return await client.sendRequest<Answer>(method, params);
    } catch (error) {
      if ((error as { code?: unknown }).code !== PENDING_RESPONSE_REJECTED) throw error;
      // The connection's own words are about the connection; a person wants to know what became of the daemon.
      throw new DaemonUnavailable(
        this.current.kind === 'running' ? vscode.l10n.t('The daemon ended before it answered.') : this.current.detail,
      );
    }
  }

  /** Sends a notification; while nobody listens it is dropped, since each start sends the state anew. */
  notify(method: string, params: object): void {
    if (this.client?.isRunning() !== true) return;
    this.client.sendNotification(method, params).catch((error: unknown) => this.log.warn(`${method}: ${messageOf(error)}`));
  }

  /** Registers the one handler of a notification; it outlives restarts. */
  on<Params>(method: string, handler: (params: Params) => void): void {
    const general: Handler = (params) => handler(params as Params);
    this.handlers.set(method, general);
    this.client?.onNotification(method, general);
  }

  async dispose(): Promise<void> {
    this.disposed = true;
    this.phases.dispose();
    await this.stop();
  }

  /** As a call, since it may become true while something is awaited. */
  private isDisposed(): boolean {
    return this.disposed;
  }

  private enter(kind: Phase['kind'], detail: string): void {
    this.current = { kind, detail };
    if (!this.disposed) this.phases.fire(this.current);
  }

  private async restart(reasons: readonly string[]): Promise<void> {
    if (this.isDisposed()) return;
    this.log.info(`Starting the daemon: ${reasons.join(', ')}`);
    this.enter('starting', vscode.l10n.t('Foreload is starting.'));
    await this.stop();
    try {
      await this.start();
    } catch (error) {
      if (this.isDisposed()) return;
      this.log.error(messageOf(error));
      await this.stop();
      if (error instanceof NoPython) this.cannotStart(error.message);
      else this.afterEnd(messageOf(error));
    }
  }

  private async start(): Promise<void> {
    const python = await findPython(this.python);
    await vscode.workspace.fs.createDirectory(this.python.storage);
    this.log.info(`Daemon by ${python.executable} (${python.origin})`);
    // -I: neither the workspace nor the user's PYTHON* variables may put another module in the daemon's place.
    const server = {
      command: python.executable,
      args: ['-I', '-m', 'foreload_daemon'],
      options: { cwd: this.python.storage.fsPath, env: process.env },
    };
    // Loaded only now: it is most of the extension's code, and activation need not wait for it.
    const library = await import('vscode-languageclient/node');
    const client = new library.LanguageClient('foreload', 'Foreload', server, this.options(library));
    this.client = client;
    client.onDidChangeState(({ newState }) => {
      if (newState === library.State.Stopped && this.client === client && this.current.kind === 'running')
        this.afterEnd(vscode.l10n.t('The daemon ended.'));
    });
    for (const [method, handler] of this.handlers) client.onNotification(method, handler);
    await withLimit(client.start(), START_LIMIT_MILLISECONDS, vscode.l10n.t('The daemon did not answer within 30 s.'));
    this.enter('running', vscode.l10n.t('Foreload is running.'));
  }

  private options({ CloseAction, ErrorAction }: Library): LanguageClientOptions {
    const selector = [
      ...LANGUAGES.flatMap((language) => [
        { scheme: 'file', language },
        { scheme: 'untitled', language },
      ]),
      { scheme: 'vscode-notebook-cell', language: 'python' },
      { scheme: 'file', pattern: '**/.foreload/profile.json' },
    ];
    return {
      documentSelector: selector,
      // The hover's links may run these and nothing else.
      markdown: { isTrusted: { enabledCommands: ['foreload.ignoreFinding', 'workbench.action.openSettings'] } },
      outputChannel: this.log,
      initializationOptions: initializationOptions(),
      stdioOptions: { stdout: (stream) => this.forward(stream), stderr: (stream) => this.forward(stream) },
      initializationFailedHandler: () => false,
      errorHandler: {
        error: (error) => {
          this.log.warn(`Daemon connection: ${error.message}`);
          return { action: ErrorAction.Continue, handled: true };
        },
        closed: () => ({ action: CloseAction.DoNotRestart, handled: true }),
      },
    };
  }

  /** The daemon's own log lines, at the level they name. */
  private forward(stream: NodeJS.ReadableStream): void {
    let rest = '';
    stream.setEncoding('utf8');
    stream.on('data', (chunk: string) => {
      const lines = (rest + chunk).split(/\r?\n/);
      rest = lines.pop() ?? '';
      for (const line of lines) {
        if (/\b(ERROR|CRITICAL|Traceback)\b/i.test(line)) this.log.error(line);
        else if (/\bWARN(ING)?\b/i.test(line)) this.log.warn(line);
        else if (line.trim() !== '') this.log.info(line);
      }
    });
  }

  /** Without a Python nothing can be tried again: a person has to do something, so they are told, once a start. */
  private cannotStart(message: string): void {
    this.enter('stopped', message);
    void vscode.window.showErrorMessage(message, vscode.l10n.t('Show Log'), vscode.l10n.t('Open Setting')).then((answer) => {
      if (answer === vscode.l10n.t('Show Log')) this.log.show();
      if (answer === vscode.l10n.t('Open Setting'))
        return vscode.commands.executeCommand('workbench.action.openSettings', 'foreload.python.interpreter');
      return undefined;
    });
  }

  private afterEnd(what: string): void {
    this.log.error(what);
    if (this.crashes.record(Date.now())) {
      this.enter('stopped', vscode.l10n.t('The daemon stopped 3 times in 5 min. Limits stay as they are.'));
      return;
    }
    this.enter('starting', vscode.l10n.t('The daemon ended and is starting again. Limits stay as they are.'));
    void this.requestRestart('it ended');
  }

  private async stop(): Promise<void> {
    const client = this.client;
    this.client = undefined;
    if (client === undefined) return;
    const process = client.serverProcess;
    try {
      await withLimit(
        client.dispose(STOP_LIMIT_MILLISECONDS),
        STOP_LIMIT_MILLISECONDS,
        vscode.l10n.t('The daemon did not stop within 3 s.'),
      );
    } catch (error) {
      this.log.warn(messageOf(error));
    }
    if (process?.exitCode === null && process.signalCode === null) process.kill('SIGKILL');
  }
}

async function withLimit<T>(work: Promise<T>, milliseconds: number, message: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(message)), milliseconds);
  });
  try {
    return await Promise.race([work, limit]);
  } finally {
    clearTimeout(timer);
  }
}
