// The wording of the permission page. Its version is the daemon's `textVersion`: change both together.
import type { Switches } from '../../../protocol';

export interface Choice {
  name: keyof Switches;
  title: string;
  text: string;
  /** How the list of fields calls it. */
  quoted: string;
  /** Whether VS Code's telemetry switch must be on for it. */
  needsTelemetry: boolean;
}

export const CHOICES: readonly Choice[] = [
  {
    name: 'analysis',
    title: 'Read the code you have open, here',
    text: 'Finds heavy functions while you type and shows them above the code.',
    quoted: 'Read the code …',
    needsTelemetry: false,
  },
  {
    name: 'shareFeatures',
    title: 'Send what kind of code is being worked on',
    text: 'Kept by the broker for comparing environments of one kind. This version decides nothing by it.',
    quoted: 'Send what kind of code …',
    needsTelemetry: true,
  },
  {
    name: 'automaticScaling',
    title: 'Let the broker change CPU and memory',
    text: 'Within your limits and budget, before the demand arrives and back after it.',
    quoted: 'Let the broker change …',
    needsTelemetry: false,
  },
  {
    name: 'cohortHistory',
    title: 'Learn from similar environments, and let them learn from this one',
    text: 'Is to give a first forecast on the first day. This version does not do it yet.',
    quoted: 'Learn from similar …',
    needsTelemetry: true,
  },
];

export const NEVER_LEAVES =
  'Source code, names of functions and variables, file names and paths, commands and their output, environment variables, your name and your keystrokes.';

/** What leaves the machine with a switch on, given how many fields it sends. */
export function leavesText(name: keyof Switches, fields: number): { text: string; none: boolean } {
  const counted = `the ${fields} ${fields === 1 ? 'field' : 'numbers'}`;
  switch (name) {
    case 'analysis':
      return { text: 'Nothing leaves this machine.', none: true };
    case 'shareFeatures':
      return { text: fields === 0 ? 'Sends numbers and tags about the code.' : `Sends ${counted} and tags listed here.`, none: false };
    case 'automaticScaling':
      return { text: fields === 0 ? 'Sends use and forecast.' : `Sends use and forecast: ${counted} listed here.`, none: false };
    case 'cohortHistory':
      return { text: 'Sends nothing yet but that you chose it.', none: false };
  }
}
