// Which Pythons can run the daemon. Pure.

/** Major and minor. */
export type Version = [number, number];

export const SUPPORTED_TEXT = 'Python 3.11 to 3.13';

export function isSupported([major, minor]: Version): boolean {
  return major === 3 && minor >= 11 && minor <= 13;
}
