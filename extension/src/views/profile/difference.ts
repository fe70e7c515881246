// The smallest stretch in which two texts differ, so that a change leaves the rest of the document alone. Pure.

/** What of `before`, from `start` to `end`, becomes `text`; undefined where nothing differs. */
export function difference(before: string, after: string): { start: number; end: number; text: string } | undefined {
  if (before === after) return undefined;
  const most = Math.min(before.length, after.length);
  let start = 0;
  while (start < most && before[start] === after[start]) start += 1;
  let same = 0;
  while (same < most - start && before[before.length - 1 - same] === after[after.length - 1 - same]) same += 1;
  return { start, end: before.length - same, text: after.slice(start, after.length - same) };
}
