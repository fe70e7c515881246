// The few variables of tasks.json that say where a program lies. The editor fills them in only at the launch, after our look. Pure.

export interface Places {
  /** The workspace's first folder. */
  folder: string | undefined;
  /** The file in the active editor. */
  file: string | undefined;
}

export function filled(text: string, { folder, file }: Places): string {
  const values: Record<string, string | undefined> = {
    workspaceFolder: folder,
    workspaceRoot: folder,
    file,
    relativeFile: file !== undefined && folder !== undefined ? file.replace(`${folder}/`, '') : undefined,
    fileDirname: file?.replace(/[/\\][^/\\]*$/, ''),
    fileBasename: file?.replace(/^.*[/\\]/, ''),
  };
  return text.replace(/\$\{(\w+)\}/g, (whole, name: string) => values[name] ?? whole);
}
