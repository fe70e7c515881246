// What an error says to a person.

/** The message of anything thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** No Python can run the daemon. The message says what to do; trying again by itself would not help. */
export class NoPython extends Error {}
