// The little of the editor that a unit test needs in its place: settings that a test sets, and the real disk.
import { readdir } from 'node:fs/promises';
import path from 'node:path';

export const settings = new Map<string, unknown>();

class FoundNothing extends Error {
  code = 'FileNotFound';
}
export const FileSystemError = FoundNothing;

interface Place {
  fsPath: string;
}
export const Uri = {
  file: (fsPath: string): Place => ({ fsPath }),
  joinPath: (base: Place, ...parts: string[]): Place => ({ fsPath: path.join(base.fsPath, ...parts) }),
};

export const l10n = {
  t: (message: string, ...args: (string | number)[]): string => message.replace(/\{(\d+)\}/g, (_, index) => String(args[Number(index)])),
};

export const workspace = {
  isTrusted: true,
  getConfiguration: () => ({
    get: (name: string, fallback: unknown) => settings.get(name) ?? fallback,
    inspect: (name: string) => ({ globalValue: settings.get(name) }),
  }),
  fs: {
    async readDirectory(folder: Place): Promise<[string, number][]> {
      try {
        return (await readdir(folder.fsPath)).map((name) => [name, 1]);
      } catch (error) {
        throw new FoundNothing(String(error));
      }
    },
  },
};
