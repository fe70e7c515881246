// A past for an environment that was just made, brought in as a person would: by `foreload history import`.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';

const STEP_SECONDS = 300;

const TUESDAY = 2;

/** Weeks of working days, every five minutes; one day of the week needs more from 16:00 to 18:00 UTC. */
function writePast(file, days, peakDay) {
  const lines = ['timestamp,cpu_cores,memory_bytes,net_rx_bytes_s,net_tx_bytes_s,gpu_util'];
  const end = Math.floor(Date.now() / 1000 / STEP_SECONDS) * STEP_SECONDS;
  for (let at = end - days * 86_400; at < end; at += STEP_SECONDS) {
    const hour = (at % 86_400) / 3600;
    const working = hour > 8 && hour < 18 ? 0.6 + 0.4 * Math.sin((hour - 8) * 2) : 0.05;
    const busy = new Date(at * 1000).getUTCDay() === peakDay && hour >= 16 && hour < 18 ? 3 : working;
    const stamp = new Date(at * 1000).toISOString().replace('.000Z', 'Z');
    lines.push(`${stamp},${busy.toFixed(3)},${Math.round((1 + Math.min(1, busy)) * 1e9)},1000,500,`);
  }
  fs.writeFileSync(file, `${lines.join('\n')}\n`);
}

/** Brings the past in, into the history of the IDE's daemon; its peak is on Tuesdays, or on another day of the week. */
export function importPast(foreload, days = 14, peakDay = TUESDAY) {
  const file = path.join(foreload.ideFolder, 'home', 'past.csv');
  writePast(file, days, peakDay);
  foreload.runAsIde(daemonVariables(foreload), 'history', 'import', file);
}

/** The environment of the IDE's daemon, so that a command finds the same history. */
function daemonVariables(foreload) {
  const [pid] = foreload.daemons();
  assert.ok(pid !== undefined, 'the daemon runs');
  const text = fs.readFileSync(`/proc/${pid}/environ`, 'utf8');
  const pairs = text.split('\0').filter(Boolean);
  return { pid, variables: Object.fromEntries(pairs.map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)])) }; // prettier-ignore
}
