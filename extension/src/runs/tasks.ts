// Tasks: the editor's own are seen at their start; a task of Foreload's type also waits there for its limit.
import path from 'node:path';
import * as vscode from 'vscode';
import { launchWaitMilliseconds } from '../settings';
import type { Gates } from './gates';
import type { RunSignals, Start } from './signals';
import { commandOf, makesWay, throughForeload, type WayMaking } from './task_commands';
import { filled, type Places } from './variables';

const TYPE = 'foreload';

interface RunDefinition extends vscode.TaskDefinition, WayMaking {
  program: string;
  args?: string[];
  cwd?: string;
  interpreter?: string;
}

/** Watches all tasks and provides Foreload's own. */
export class TaskRuns implements vscode.TaskProvider {
  private readonly running = new Map<vscode.TaskExecution, string>();

  constructor(
    private readonly signals: RunSignals,
    private readonly gates: Gates,
  ) {}

  register(): vscode.Disposable {
    return vscode.Disposable.from(
      vscode.tasks.registerTaskProvider(TYPE, this),
      vscode.commands.registerCommand('foreload.runFileAsTask', () => this.runActiveFile()),
      vscode.tasks.onDidStartTask(({ execution }) => void this.started(execution)),
      vscode.tasks.onDidEndTaskProcess(({ execution, exitCode }) => this.ended(execution, exitCode)),
      vscode.tasks.onDidEndTask(({ execution }) => this.ended(execution, undefined)),
    );
  }

  provideTasks(): vscode.Task[] {
    const program = activePythonFile();
    return program === undefined ? [] : [this.make({ type: TYPE, program }, vscode.TaskScope.Workspace)];
  }

  /** Completes a task of tasks.json. The editor asks for this also when nothing is about to run. */
  resolveTask(task: vscode.Task): vscode.Task | undefined {
    const definition = task.definition as RunDefinition;
    if (typeof definition.program !== 'string') return undefined;
    return this.make(definition, task.scope ?? vscode.TaskScope.Workspace);
  }

  private async runActiveFile(): Promise<void> {
    const program = activePythonFile();
    if (program === undefined) {
      void vscode.window.showInformationMessage(vscode.l10n.t('Open a Python file first: it is what Foreload runs as a task.'));
      return;
    }
    await vscode.window.activeTextEditor?.document.save();
    await vscode.tasks.executeTask(this.make({ type: TYPE, program }, vscode.TaskScope.Workspace));
  }

  private make(definition: RunDefinition, scope: vscode.WorkspaceFolder | vscode.TaskScope): vscode.Task {
    const command = [definition.interpreter ?? pythonOfWorkspace(), definition.program, ...(definition.args ?? [])];
    const away = makesWay(definition);
    // What may make way runs beside its environment, whose limit has nothing to do with it: there is nothing to wait for.
    const gate = away ? undefined : this.gates.create();
    const behind = gate === undefined ? command : this.gates.behind(gate, launchWaitMilliseconds(), command);
    const [program = '', ...args] = away ? throughForeload(definition, command) : behind;
    const cwd = definition.cwd ?? places().folder ?? path.dirname(definition.program);
    const task = new vscode.Task(
      definition,
      scope,
      `run ${path.basename(definition.program)}`,
      TYPE,
      new vscode.ProcessExecution(program, args, { cwd }),
      [],
    );
    task.detail = away ? vscode.l10n.t('It makes way before a peak') : vscode.l10n.t('Its limit goes up before it starts');
    task.presentationOptions = { echo: false };
    return task;
  }

  private async started(execution: vscode.TaskExecution): Promise<void> {
    const gate = gateOf(execution.task);
    if (gate !== undefined) {
      this.gates.close(gate);
      const wait = launchWaitMilliseconds();
      const { runId, inTime } = this.signals.starting(ownStart(execution.task), wait);
      this.running.set(execution, runId);
      if (await inTime) this.gates.open(gate);
      return;
    }
    const { definition } = execution.task;
    if (definition.type === TYPE && makesWay(definition as RunDefinition)) return;
    const { start, marks } = foreignStart(execution.task);
    if (start === undefined || this.signals.duplicates.ofLaunch(marks, Date.now()) !== undefined) return;
    const runId = this.signals.started(start);
    this.running.set(execution, runId);
    this.signals.duplicates.remember({ runId, trigger: 'task', marks }, Date.now());
  }

  private ended(execution: vscode.TaskExecution, exitCode: number | undefined): void {
    const runId = this.running.get(execution);
    const gate = gateOf(execution.task);
    if (gate !== undefined) this.gates.close(gate);
    if (runId === undefined) return;
    this.running.delete(execution);
    this.signals.ended(runId, exitCode);
  }
}

/** The gate that a task of ours waits at, read from its command so that it is found after a reload too. */
function gateOf({ definition, execution }: vscode.Task): string | undefined {
  if (definition.type !== TYPE || !(execution instanceof vscode.ProcessExecution)) return undefined;
  return execution.process === '/bin/sh' ? execution.args[1] : undefined;
}

function ownStart({ definition, execution, group }: vscode.Task): Start {
  const { program } = definition as RunDefinition;
  return { trigger: 'task', program: filled(program, places()), cwd: folderOf(execution), kind: kindOf(group) };
}

/** What a task of another type starts; nothing where it says nothing of it. */
function foreignStart({ execution, group, name }: vscode.Task): { start: Start | undefined; marks: string[] } {
  const { commandLine, mark } = commandOf(execution instanceof vscode.CustomExecution ? undefined : execution);
  if (commandLine === null) return { start: undefined, marks: [] };
  const start = { trigger: 'task', commandLine: filled(commandLine, places()), cwd: folderOf(execution), kind: kindOf(group) };
  return { start, marks: [filled(mark, places()), name].filter((text) => text !== '') };
}

function kindOf(group: vscode.TaskGroup | undefined): string | null {
  return group?.id === 'build' || group?.id === 'test' ? group.id : null;
}

function folderOf(execution: vscode.Task['execution']): string | null {
  const given = execution instanceof vscode.CustomExecution ? undefined : execution?.options?.cwd;
  return given === undefined ? (places().folder ?? null) : filled(given, places());
}

function places(): Places {
  const document = vscode.window.activeTextEditor?.document;
  return {
    folder: vscode.workspace.workspaceFolders?.[0]?.uri.fsPath,
    file: document?.uri.scheme === 'file' ? document.uri.fsPath : undefined,
  };
}

/** The interpreter of the Python extension where there is one, else python3. */
function pythonOfWorkspace(): string {
  const configured = vscode.workspace.getConfiguration('python').get<string>('defaultInterpreterPath', '');
  return configured === '' || configured === 'python' || configured.includes('${') ? 'python3' : configured;
}

function activePythonFile(): string | undefined {
  const document = vscode.window.activeTextEditor?.document;
  return document?.languageId === 'python' && document.uri.scheme === 'file' ? document.uri.fsPath : undefined;
}
