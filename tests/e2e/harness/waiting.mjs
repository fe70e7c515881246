// Waiting for what the page, a file or a program is about to show.

export const sleep = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** Thrown by a look when what is waited for can never come. */
export class Over extends Error {}

/** What `look` gives as soon as it gives something; throws after `milliseconds` with the last thing seen. */
export async function until(look, what, milliseconds = 30_000, every = 100) {
  const began = Date.now();
  let problem = '';
  for (;;) {
    try {
      const seen = await look();
      if (seen) return seen;
    } catch (error) {
      if (error instanceof Over) throw error;
      problem = `; last: ${error.message.split('\n')[0]}`;
    }
    if (Date.now() - began > milliseconds) throw new Error(`waited ${milliseconds / 1000} s for ${what}${problem}`);
    await sleep(every);
  }
}

/** The value that so many of 100 values do not exceed. */
export function percentile(values, percent) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.ceil((percent / 100) * sorted.length) - 1)];
}
