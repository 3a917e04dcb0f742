// The real program over a database of its own: Balikpapan, units, and people with each role.
import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { until } from './until.ts';

export const PASSWORD = 'correct horse battery';

/** Who can log in, each with `PASSWORD`. Officers: `bpn-m1`, … for the units that a test asks for. */
export const PEOPLE = {
  dispatch: 'dispatcher@BPN',
  operator: 'operator@KALTIM',
  commander: 'commander@BPN',
  admin: 'admin@BPN',
} as const;

const ROOT = new URL('../../../', import.meta.url).pathname;
const PROGRAM = process.env.SIGAP_PROGRAM ?? join(ROOT, 'target/debug/sigap');

export interface Town {
  /** Signs of units, as in `M1` (motorcycles) and `C1` (cars). */
  units?: string[];
  /** Settings beside those of the harness, as in `SIGAP_ENGINE__STALE_MS`. */
  env?: Record<string, string>;
}

export class Server {
  readonly url: string;
  readonly #folder: string;
  readonly #env: Record<string, string>;
  #child: ChildProcess | null = null;

  private constructor(port: number, folder: string, env: Record<string, string>) {
    this.url = `http://127.0.0.1:${port}`;
    this.#folder = folder;
    this.#env = { SIGAP_LISTEN: `127.0.0.1:${port}`, SIGAP_PASSWORD: PASSWORD, SIGAP_WORKERS: '2', ...env };
  }

  /** Sets up a town and serves it. */
  static async start({ units = ['M1', 'M2', 'C1'], env = {} }: Town = {}): Promise<Server> {
    const server = new Server(await freePort(), mkdtempSync(join(tmpdir(), 'sigap-web-')), env);
    await server.run('area', 'import', join(ROOT, 'examples/balikpapan.geojson'));
    for (const [login, grant] of Object.entries(PEOPLE)) await server.run('user', 'add', '--login', login, '--grant', grant);
    for (const sign of units) {
      await server.run('unit', 'add', `BPN-${sign}`, '--kind', sign.startsWith('C') ? 'car' : 'motorcycle');
      await server.run('user', 'add', '--login', `bpn-${sign.toLowerCase()}`, '--grant', 'officer@BPN');
    }
    await server.serve();
    return server;
  }

  /** Runs a command of the program on the same database; works also while it does not serve. */
  async run(...args: string[]): Promise<string> {
    const { stdout } = await promisify(execFile)(PROGRAM, args, { cwd: this.#folder, env: this.#env });
    return stdout;
  }

  /** Serves, and waits until it is ready. */
  async serve(): Promise<void> {
    const log = openSync(join(this.#folder, 'log'), 'a');
    const child = spawn(PROGRAM, ['serve'], { cwd: this.#folder, env: this.#env, stdio: ['ignore', log, log] });
    closeSync(log);
    this.#child = child;
    process.once('exit', () => child.kill('SIGKILL'));
    await until('the server to be ready', async () => {
      if (child.exitCode !== null) throw new Error(`the server ended: ${this.logged()}`);
      return (await fetch(`${this.url}/readyz`).catch(() => null))?.ok;
    });
  }

  /** The clean end (SIGTERM), waited for. */
  async terminate(): Promise<void> {
    await this.#end('SIGTERM');
  }

  /** The end without a word. */
  async kill(): Promise<void> {
    await this.#end('SIGKILL');
  }

  /** It stands still: connections stay open and nothing moves. */
  freeze(): void {
    this.#child?.kill('SIGSTOP');
  }

  thaw(): void {
    this.#child?.kill('SIGCONT');
  }

  logged(): string {
    return readFileSync(join(this.#folder, 'log'), 'utf8');
  }

  /** The end of the test: nothing is left. */
  async remove(): Promise<void> {
    await this.kill();
    rmSync(this.#folder, { recursive: true });
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#child;
    this.#child = null;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise((done) => child.once('exit', done));
    child.kill(signal);
    await ended;
  }
}

function freePort(): Promise<number> {
  return new Promise((done, failed) => {
    const probe = createServer();
    probe.once('error', failed);
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address();
      probe.close(() => done(typeof address === 'object' && address ? address.port : 0));
    });
  });
}
