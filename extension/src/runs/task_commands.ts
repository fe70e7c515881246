// What a task will run, as text. Pure: only the shape of the editor's executions is needed.

/** The parts of a ShellExecution or ProcessExecution that say what is run. */
export interface ExecutionShape {
  commandLine?: string | undefined;
  command?: string | { value: string } | undefined;
  process?: string;
  args?: readonly (string | { value: string })[] | undefined;
}

export interface TaskCommand {
  /** As it would stand in a shell, or null where nothing is known. */
  commandLine: string | null;
  /** The part by which a terminal's command line is known as the same; empty where there is none. */
  mark: string;
}

/** What says of a task that it may make way: then it runs through `foreload run`. */
export interface WayMaking {
  criticality?: string;
  restartable?: boolean;
  checkpoint?: string;
}

export function makesWay({ criticality, restartable, checkpoint }: WayMaking): boolean {
  return criticality !== undefined || restartable !== undefined || checkpoint !== undefined;
}

/** The command that runs `command` where there is room, and moves or pauses it before a peak. */
export function throughForeload({ criticality, restartable, checkpoint }: WayMaking, command: readonly string[]): string[] {
  return [
    'foreload',
    'run',
    ...(criticality === undefined ? [] : ['--criticality', criticality]),
    ...(restartable === true ? ['--restartable'] : []),
    ...(checkpoint === undefined || checkpoint === '' ? [] : ['--checkpoint', checkpoint]),
    '--',
    ...command,
  ];
}

export function commandOf(execution: ExecutionShape | undefined): TaskCommand {
  if (execution === undefined) return { commandLine: null, mark: '' };
  if (execution.commandLine !== undefined) return { commandLine: execution.commandLine, mark: execution.commandLine };
  const parts = [execution.process ?? execution.command, ...(execution.args ?? [])].filter((part) => part !== undefined).map(textOf);
  if (parts.length === 0) return { commandLine: null, mark: '' };
  return { commandLine: parts.map(quoted).join(' '), mark: parts.at(-1) ?? '' };
}

function textOf(part: string | { value: string }): string {
  return typeof part === 'string' ? part : part.value;
}

function quoted(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}
