// The kernel's own word on an environment's limit: reads the real cgroup files, so that nothing of Foreload is trusted.
import fs from 'node:fs';
import path from 'node:path';

const ROOT = '/sys/fs/cgroup';

/** The environment's group, or undefined where the kernel has none that may be changed. */
export function findCgroup(environment) {
  for (const [version, folder] of [
    [1, path.join(ROOT, 'cpu', 'foreload', environment)],
    [1, path.join(ROOT, 'cpu,cpuacct', 'foreload', environment)],
    [2, path.join(ROOT, 'foreload', environment)],
  ]) {
    if (fs.existsSync(path.join(folder, version === 1 ? 'cpu.cfs_quota_us' : 'cpu.max'))) return new Cgroup(version, folder, environment);
  }
  return undefined;
}

/** Every cgroup folder of the environment that is there, for a test that nothing is left. */
export function cgroupFolders(environment) {
  const controllers = fs.existsSync(ROOT) ? fs.readdirSync(ROOT) : [];
  return ['.', ...controllers].map((name) => path.join(ROOT, name, 'foreload', environment)).filter((folder) => fs.existsSync(folder));
}

export class Cgroup {
  constructor(version, folder, environment) {
    Object.assign(this, { version, folder, environment });
  }

  #read(name) {
    return fs.readFileSync(path.join(this.folder, name), 'utf8').trim();
  }

  /** The CPU limit in cores; Infinity without one. */
  limitCores() {
    if (this.version === 2) {
      const [quota, period] = this.#read('cpu.max').split(' ');
      return quota === 'max' ? Infinity : Number(quota) / Number(period);
    }
    const quota = Number(this.#read('cpu.cfs_quota_us'));
    return quota < 0 ? Infinity : quota / Number(this.#read('cpu.cfs_period_us'));
  }

  /** The memory limit in bytes; Infinity without one. */
  limitMemoryBytes() {
    if (this.version === 2) {
      const text = this.#read('memory.max');
      return text === 'max' ? Infinity : Number(text);
    }
    const file = path.join(ROOT, 'memory', 'foreload', this.environment, 'memory.limit_in_bytes');
    const bytes = Number(fs.readFileSync(file, 'utf8'));
    return bytes > 2 ** 60 ? Infinity : bytes;
  }

  /** How long its processes were held back by the limit so far, in seconds summed over cores. */
  throttledSeconds() {
    const text = this.#read('cpu.stat');
    const nanoseconds = /^throttled_time (\d+)$/m.exec(text);
    if (nanoseconds) return Number(nanoseconds[1]) / 1e9;
    return Number(/^throttled_usec (\d+)$/m.exec(text)[1]) / 1e6;
  }

  /** How many of the kernel's periods were cut short, and how many there were. */
  periods() {
    const text = this.#read('cpu.stat');
    return { all: Number(/^nr_periods (\d+)$/m.exec(text)[1]), throttled: Number(/^nr_throttled (\d+)$/m.exec(text)[1]) };
  }

  processes() {
    return this.#read('cgroup.procs').split('\n').filter(Boolean).map(Number);
  }
}

/** Follows the limit a few hundred times a second, and remembers each change with its time. */
export class LimitWatch {
  constructor(cgroup, everyMilliseconds = 4) {
    this.cgroup = cgroup;
    this.changes = [{ at: performance.now(), cores: cgroup.limitCores() }];
    this.timer = setInterval(() => {
      const cores = cgroup.limitCores();
      if (cores !== this.changes.at(-1).cores) this.changes.push({ at: performance.now(), cores });
    }, everyMilliseconds);
  }

  /** The first change after a time to at least so many cores. */
  raised(after, cores) {
    return this.changes.find((change) => change.at >= after && change.cores >= cores);
  }

  stop() {
    clearInterval(this.timer);
    return this.changes;
  }
}

/** When a process whose command line contains `text` first appeared in the group, by performance.now(); watches until stopped. */
export class ProcessWatch {
  constructor(cgroup, text, everyMilliseconds = 4) {
    this.seenAt = undefined;
    const known = new Set(cgroup.processes());
    this.timer = setInterval(() => {
      if (this.seenAt !== undefined) return;
      for (const pid of cgroup.processes()) {
        if (known.has(pid)) continue;
        const command = commandLine(pid);
        if (command.includes(text)) this.seenAt = performance.now();
        else if (command !== '' && !command.includes('bash')) known.add(pid);
      }
    }, everyMilliseconds);
  }

  stop() {
    clearInterval(this.timer);
    return this.seenAt;
  }
}

export function commandLine(pid) {
  try {
    return fs.readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim();
  } catch {
    return ''; // it has ended
  }
}
