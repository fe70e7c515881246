// The wording of the permission page. Its version is the daemon's `textVersion`: change both together.
import * as l10n from '../../shared/l10n';
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
    title: l10n.t('Read the code you have open, here'),
    text: l10n.t('Finds heavy functions while you type and shows them above the code.'),
    quoted: l10n.t('Read the code …'),
    needsTelemetry: false,
  },
  {
    name: 'shareFeatures',
    title: l10n.t('Send what kind of code is being worked on'),
    text: l10n.t(
      'Kept by the broker, which tells environments of one kind of program from others by it, for those that allow the last one too.',
    ),
    quoted: l10n.t('Send what kind of code …'),
    needsTelemetry: true,
  },
  {
    name: 'automaticScaling',
    title: l10n.t('Let the broker change CPU and memory'),
    text: l10n.t('Within your limits and budget, before the demand arrives and back after it.'),
    quoted: l10n.t('Let the broker change …'),
    needsTelemetry: false,
  },
  {
    name: 'cohortHistory',
    title: l10n.t('Learn from similar environments, and let them learn from this one'),
    text: l10n.t('Half a day long, what at least 20 others of its kind, size and hour needed stands in for a past that is not there yet.'),
    quoted: l10n.t('Learn from similar …'),
    needsTelemetry: true,
  },
];

export const NEVER_LEAVES = l10n.t(
  'Source code, names of functions and variables, file names and paths, commands and their output, environment variables, your name and your keystrokes.',
);

/** What leaves the machine with a switch on, given how many fields it sends. */
export function leavesText(name: keyof Switches, fields: number): { text: string; none: boolean } {
  const counted = `the ${fields} ${fields === 1 ? 'field' : 'numbers'}`;
  switch (name) {
    case 'analysis':
      return { text: l10n.t('Nothing leaves this machine.'), none: true };
    case 'shareFeatures':
      return {
        text: fields === 0 ? l10n.t('Sends numbers and tags about the code.') : l10n.t('Sends {0} and tags listed here.', counted),
        none: false,
      };
    case 'automaticScaling':
      return {
        text: fields === 0 ? l10n.t('Sends use and forecast.') : l10n.t('Sends use and forecast: {0} listed here.', counted),
        none: false,
      };
    case 'cohortHistory':
      return { text: l10n.t('Sends only that you chose it; the use that the broker measures is compared.'), none: false };
  }
}
