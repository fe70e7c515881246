// Tasks: the editor's own are seen at their start; Foreload's task type and command ask for the limit first.
import path from 'node:path';
import * as vscode from 'vscode';
import { launchWaitMilliseconds } from '../settings';
import { commandOf, type TaskCommand } from './task_commands';
import type { RunSignals } from './signals';

const TYPE = 'foreload';
const UNUSED_MILLISECONDS = 10_000;

interface RunDefinition extends vscode.TaskDefinition {
  program: string;
  args?: string[];
  cwd?: string;
  interpreter?: string;
}

/** Watches all tasks and provides Foreload's own. */
export class TaskRuns implements vscode.TaskProvider {
  /** Runs that were announced before their launch, by program. */
  private readonly announced = new Map<string, { runId: string; timer: NodeJS.Timeout }>();
  private readonly running = new Map<vscode.TaskExecution, string>();

  constructor(private readonly signals: RunSignals) {}

  register(): vscode.Disposable {
    return vscode.Disposable.from(
      vscode.tasks.registerTaskProvider(TYPE, this),
      vscode.commands.registerCommand('foreload.runFileAsTask', () => this.runActiveFile()),
      vscode.tasks.onDidStartTask(({ execution }) => this.started(execution)),
      vscode.tasks.onDidEndTaskProcess(({ execution, exitCode }) => this.ended(execution, exitCode)),
      vscode.tasks.onDidEndTask(({ execution }) => this.ended(execution, undefined)),
    );
  }

  provideTasks(): vscode.Task[] {
    const program = activePythonFile();
    return program === undefined ? [] : [makeTask({ type: TYPE, program }, vscode.TaskScope.Workspace)];
  }

  /** A task from tasks.json is resolved right before it is launched: the place to wait for its limit. */
  async resolveTask(task: vscode.Task): Promise<vscode.Task | undefined> {
    const definition = task.definition as RunDefinition;
    if (definition.type !== TYPE || typeof definition.program !== 'string') return undefined;
    const resolved = makeTask(definition, task.scope ?? vscode.TaskScope.Workspace);
    await this.announce(resolved);
    return resolved;
  }

  private async runActiveFile(): Promise<void> {
    const program = activePythonFile();
    if (program === undefined) {
      void vscode.window.showInformationMessage('Open a Python file first: it is what Foreload runs as a task.');
      return;
    }
    await vscode.window.activeTextEditor?.document.save();
    const task = makeTask({ type: TYPE, program }, vscode.TaskScope.Workspace);
    await this.announce(task);
    await vscode.tasks.executeTask(task);
  }

  private async announce(task: vscode.Task): Promise<void> {
    const { program, cwd, kind, commandLine } = describe(task);
    if (program === null) return;
    const runId = await this.signals.starting({ trigger: 'task', program, cwd, kind, commandLine }, launchWaitMilliseconds());
    const timer = setTimeout(() => this.withdraw(program, runId), UNUSED_MILLISECONDS);
    this.announced.set(program, { runId, timer });
  }

  /** The launch never came: the run is over before it began. */
  private withdraw(program: string, runId: string): void {
    if (this.announced.get(program)?.runId === runId) this.announced.delete(program);
    this.signals.ended(runId, undefined);
  }

  private started(execution: vscode.TaskExecution): void {
    const described = describe(execution.task);
    const marks = [described.mark, execution.task.name].filter((mark) => mark !== '');
    const announced = this.announced.get(described.program ?? '');
    if (announced !== undefined) {
      clearTimeout(announced.timer);
      this.announced.delete(described.program ?? '');
      this.follow(execution, announced.runId, marks);
    } else if (this.signals.duplicates.ofLaunch(marks, Date.now()) === undefined) {
      const { program, cwd, kind, commandLine } = described;
      if (commandLine !== null) this.follow(execution, this.signals.started({ trigger: 'task', program, cwd, kind, commandLine }), marks);
    }
  }

  private follow(execution: vscode.TaskExecution, runId: string, marks: readonly string[]): void {
    this.running.set(execution, runId);
    this.signals.duplicates.remember({ runId, trigger: 'task', marks }, Date.now());
  }

  private ended(execution: vscode.TaskExecution, exitCode: number | undefined): void {
    const runId = this.running.get(execution);
    if (runId === undefined) return;
    this.running.delete(execution);
    this.signals.ended(runId, exitCode);
  }
}

function describe(task: vscode.Task): TaskCommand & { program: string | null; cwd: string | null; kind: string | null } {
  const { execution, definition } = task;
  const known = execution instanceof vscode.CustomExecution ? undefined : execution;
  const own = definition.type === TYPE ? (definition as RunDefinition) : undefined;
  const kind = task.group?.id === 'build' || task.group?.id === 'test' ? task.group.id : null;
  return { ...commandOf(known), program: own === undefined ? null : own.program, cwd: known?.options?.cwd ?? null, kind };
}

function makeTask(definition: RunDefinition, scope: vscode.WorkspaceFolder | vscode.TaskScope): vscode.Task {
  const folder = vscode.workspace.workspaceFolders?.[0]?.uri.fsPath;
  const cwd = definition.cwd ?? folder ?? path.dirname(definition.program);
  const interpreter = definition.interpreter ?? pythonOfWorkspace();
  const execution = new vscode.ProcessExecution(interpreter, [definition.program, ...(definition.args ?? [])], { cwd });
  const task = new vscode.Task(definition, scope, `run ${path.basename(definition.program)}`, TYPE, execution, []);
  task.detail = 'Its limit goes up before it starts';
  return task;
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
