// Runs one of the repository's Python scripts before anything is installed: finds a Python that is new enough, and hands over.
// usage: node scripts/python.mjs SCRIPT [ARGUMENT...]
import { spawn, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import process from 'node:process';

const NAMES = ['python3.13', 'python3.12', 'python3.11', 'python3', 'python'];
const PROBE = `
import sys
try:
    import ensurepip, venv
    can = "venv"
except ImportError:
    can = "bare"
print(sys.version_info[0], sys.version_info[1], can, sys.executable, sep="\\t")
`;

/** Every place where a Python may lie, best first: what the person named, then PATH in the order of NAMES, then the system's own. */
function candidates() {
  if (process.env.FORELOAD_PYTHON) return [process.env.FORELOAD_PYTHON];
  const folders = (process.env.PATH ?? '').split(path.delimiter).filter(Boolean);
  const found = NAMES.flatMap((name) => folders.map((folder) => path.join(folder, name)));
  return [...new Set([...found, '/usr/bin/python3'])].filter((file) => fs.existsSync(file));
}

/** What was found and cannot be used, for the message. */
const unfit = [];

/** What a candidate is, or undefined where it does not run or is not between 3.11 and 3.13. */
function describe(file) {
  const probe = spawnSync(file, ['-c', PROBE], { encoding: 'utf8', timeout: 20000 });
  if (probe.status !== 0 || !probe.stdout) return undefined;
  const [major, minor, can, executable] = probe.stdout.trim().split('\t');
  if (Number(major) !== 3 || Number(minor) < 11 || Number(minor) > 13) {
    unfit.push(`${file} is Python ${major}.${minor}`);
    return undefined;
  }
  if (can !== 'venv') unfit.push(`${file} has no venv module`);
  return { executable: fs.realpathSync(executable), complete: can === 'venv' };
}

/** Whether users other than its owner may run the file: started by root, the IDE runs as somebody else. */
function open(file) {
  for (let place = path.dirname(file); ; place = path.dirname(place)) {
    if ((fs.statSync(place).mode & 0o001) === 0) return false;
    if (place === path.dirname(place)) break;
  }
  return (fs.statSync(file).mode & 0o005) === 0o005;
}

function find() {
  const root = process.getuid?.() === 0;
  const score = (python) => (python.complete ? 2 : 0) + (!root || open(python.executable) ? 1 : 0);
  let best;
  for (const file of candidates()) {
    const python = describe(file);
    if (python && (!best || score(python) > score(best))) best = python;
    if (best && score(best) === 3) break;
  }
  return best;
}

function install() {
  console.log('No Python 3.11 to 3.13 with venv was found: installing python3 and python3-venv with apt-get …');
  const options = { stdio: 'inherit', env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' } };
  spawnSync('apt-get', ['update', '-qq'], options);
  return spawnSync('apt-get', ['install', '-y', '-qq', '--no-install-recommends', 'python3', 'python3-venv'], options).status === 0;
}

let python = find();
const named = process.env.FORELOAD_PYTHON;
if (!python?.complete && !named && process.getuid?.() === 0 && fs.existsSync('/usr/bin/apt-get') && install()) python = find();
if (!python?.complete) {
  const found = unfit.length > 0 ? ` (${[...new Set(unfit)].join('; ')})` : '';
  console.error(
    named
      ? `FORELOAD_PYTHON is ${named}, which is not a Python 3.11 to 3.13 that can make virtual environments${found}. Name another, or unset it.`
      : `Foreload needs Python 3.11, 3.12 or 3.13 with its venv module, and found none on PATH${found}. ` +
          'Install it (Debian, Ubuntu: apt-get install python3 python3-venv), or set FORELOAD_PYTHON to the path of one.',
  );
  process.exit(1);
}

const [script, ...rest] = process.argv.slice(2);
if (!script) {
  console.error('usage: node scripts/python.mjs SCRIPT [ARGUMENT...]');
  process.exit(2);
}
const child = spawn(python.executable, [script, ...rest], { stdio: 'inherit', env: { ...process.env, PYTHONUNBUFFERED: '1' } });
process.on('SIGINT', () => {}); // the terminal sends it to both; the script decides when it is done
for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
child.on('exit', (code, signal) => process.exit(signal ? 1 : (code ?? 1)));
