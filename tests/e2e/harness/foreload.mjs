// One `npm start` with a state folder, ports and an environment of its own, and the `foreload` command beside it.
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { cgroupFolders, commandLine } from './cgroup.mjs';
import { Over, sleep, until } from './waiting.mjs';

export const ROOT = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..', '..', '..');
export const RESULTS = path.join(ROOT, 'results', 'e2e');
const COMMAND = path.join(ROOT, '.venv', 'bin', 'foreload');

export function freePort() {
  return new Promise((resolve, reject) => {
    const server = net.createServer();
    server.on('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

export class Foreload {
  /**
   * @param {object} options
   * @param {string} options.name short, unique in the run of all tests; part of the environment's id
   * @param {Record<string, string>} [options.variables] settings of broker and agent
   * @param {string[]} [options.arguments] more arguments of npm start
   */
  static async make({ name, variables = {}, arguments: more = [] }) {
    const made = new Foreload();
    made.environment = `e2e-${name}-${process.pid}`;
    made.state = fs.mkdtempSync(path.join(os.tmpdir(), 'fl-'));
    made.port = await freePort();
    made.more = more;
    made.variables = {
      ...process.env,
      FORELOAD_STATE_DIR: made.state,
      FORELOAD_BROKER_LISTEN: `127.0.0.1:${await freePort()}`,
      FORELOAD_BROKER_METRICS: `127.0.0.1:${await freePort()}`,
      EXTENSIONS_GALLERY: '{"serviceUrl":""}',
      ...variables,
    };
    for (const inherited of ['NODE_OPTIONS', 'NODE_TEST_CONTEXT', 'FORELOAD_ENVIRONMENT', 'FORELOAD_CERTS', 'FORELOAD_BROKER'])
      delete made.variables[inherited];
    made.output = '';
    return made;
  }

  /** Runs `npm start` until it says that it is ready. Returns the seconds that took. */
  async start() {
    const began = Date.now();
    const given = ['start', '--', '--browser', '--no-watch', '--port', String(this.port), '--environment', this.environment, ...this.more];
    this.output = '';
    this.process = spawn('npm', given, { cwd: ROOT, env: this.variables, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
    for (const stream of [this.process.stdout, this.process.stderr]) stream.on('data', (data) => (this.output += data));
    const ended = new Promise((resolve) => this.process.on('exit', (code) => resolve(code ?? -1)));
    this.ended = ended;
    await until(
      async () => {
        if (this.process.exitCode !== null) throw new Over(`npm start ended with ${this.process.exitCode}:\n${this.output.slice(-3000)}`);
        return /Foreload is ready: (\S+)/.exec(this.output);
      },
      `npm start to be ready, in:\n${this.output}`,
      180_000,
    );
    this.address = /Foreload is ready: (\S+)/.exec(this.output)[1];
    return (Date.now() - began) / 1000;
  }

  /** The folder of the sample workspace's copy. */
  get workspace() {
    return path.join(this.ideFolder, 'workspace');
  }

  /** The IDE's own folder below the state folder; named by its user. */
  get ideFolder() {
    const parent = path.join(this.state, 'ide');
    return path.join(parent, fs.readdirSync(parent)[0]);
  }

  /** `npm run stop`; returns what it printed. */
  stop() {
    const ended = spawnSync('npm', ['run', 'stop'], { cwd: ROOT, env: this.variables, encoding: 'utf8', timeout: 90_000 });
    return { code: ended.status, text: ended.stdout + ended.stderr };
  }

  /** As Ctrl-C in a terminal: every process of the foreground group gets it. */
  async interrupt() {
    process.kill(-this.process.pid, 'SIGINT');
    return this.ended;
  }

  /** Stops whatever is left and removes the state; for the end of a test file, also after failures. */
  async dispose() {
    if (fs.existsSync(path.join(this.state, 'run', 'start.json'))) this.stop();
    await Promise.race([this.ended, sleep(5000)]);
    if (this.process?.exitCode === null && this.process.signalCode === null) process.kill(-this.process.pid, 'SIGKILL');
    fs.rmSync(this.state, { recursive: true, force: true });
  }

  /** The `foreload` command; throws with what it said when it fails. */
  run(...given) {
    const ended = spawnSync(COMMAND, given, { cwd: ROOT, env: this.variables, encoding: 'utf8', timeout: 60_000 });
    if (ended.status !== 0) throw new Error(`foreload ${given.join(' ')}: exit code ${ended.status}\n${ended.stdout}${ended.stderr}`);
    return ended.stdout;
  }

  /** The `foreload` command as a person would type it in the IDE's terminal: its user, its environment. */
  runAsIde({ pid, variables }, ...given) {
    const { uid, gid } = fs.statSync(`/proc/${pid}`);
    const options = { cwd: this.workspace, env: variables, encoding: 'utf8', timeout: 120_000, uid, gid };
    const ended = spawnSync(path.join(path.dirname(variables.FORELOAD_PYTHON), 'foreload'), given, options);
    if (ended.status !== 0) throw new Error(`foreload ${given.join(' ')}: exit code ${ended.status}\n${ended.stdout}${ended.stderr}`);
    return ended.stdout;
  }

  json(...given) {
    return JSON.parse(this.run(...given, '--format', 'json'));
  }

  /** Process id of `broker` or `agent`, from the file that it wrote. */
  pid(program) {
    return JSON.parse(fs.readFileSync(path.join(this.state, 'run', `${program}.json`), 'utf8')).pid;
  }

  /** Process ids of the environment's daemons. */
  daemons() {
    return processesWith(`FORELOAD_ENVIRONMENT=${this.environment}`).filter((pid) =>
      /foreload_daemon|foreload daemon/.test(commandLine(pid)),
    );
  }

  /** Whatever of it still runs or lies about where nothing must. */
  leftovers() {
    const processes = [
      ...processesWith(`FORELOAD_ENVIRONMENT=${this.environment}`),
      ...processesWith(`FORELOAD_STATE_DIR=${this.state}`).filter((pid) => /foreload|code-server|start\.py/.test(commandLine(pid))),
    ].map((pid) => `process ${pid}: ${commandLine(pid).slice(0, 150)}`);
    const sockets = execFileSync('find', [this.state, '-type', 's'], { encoding: 'utf8' }).split('\n').filter(Boolean);
    const runFolder = path.join(this.state, 'run');
    const runFiles = fs.existsSync(runFolder) ? fs.readdirSync(runFolder).map((name) => path.join(runFolder, name)) : [];
    return [...processes, ...sockets, ...runFiles, ...cgroupFolders(this.environment)];
  }
}

/** Ids of the processes that have this variable in their environment. */
export function processesWith(variable) {
  return fs
    .readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .filter((name) => {
      try {
        return fs.readFileSync(`/proc/${name}/environ`, 'utf8').split('\0').includes(variable);
      } catch {
        return false; // it has ended, or is not ours to look at
      }
    })
    .map(Number);
}
