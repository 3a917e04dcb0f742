// Who is logged in on this screen. Tokens lie in localStorage, so that a reload or a second tab needs no new login.
//
// A refresh token works once, and its second use ends the login: tabs take turns with it. Where an answer is lost, the same command
// asks again.
import { signal, type ReadonlySignal } from '@preact/signals';
import type { components } from '../gen/api.ts';
import { ask } from './http.ts';
import { uuid } from './ids.ts';
import { keep, kept } from './kept.ts';
import { LoggedOut, Problem } from './problem.ts';

export type Role = components['schemas']['Role'];
export type Grant = components['schemas']['Grant'];

/** A login as it is kept. */
export interface Login {
  name: string;
  account: string;
  grants: Grant[];
  access: string;
  refresh: string;
  /** The name of the command that will use it up; a login that an older page kept has none. */
  renewal?: string;
  /** When the access token ends by this device's clock, Unix milliseconds. */
  until_ms: number;
}

/** An access token that ends so soon is not used any more, milliseconds. */
const SPARE_MS = 30_000;

export class Session {
  readonly #key: string;
  readonly #login = signal<Login | null>(null);

  /** Screens with the same name share their login: console and board do, the officer's app does not. */
  constructor(name: 'desk' | 'unit') {
    this.#key = `sigap.session.${name}`;
    this.#login.value = this.#kept();
    addEventListener('storage', (event) => {
      if (event.key === this.#key || event.key === null) this.#login.value = this.#kept();
    });
  }

  /** Who; null when nobody is. */
  get login(): ReadonlySignal<Login | null> {
    return this.#login;
  }

  /** Whether the account has one of these roles anywhere. */
  hasRole(roles: readonly Role[]): boolean {
    return this.#login.value?.grants.some((grant) => roles.includes(grant.role)) ?? false;
  }

  /** Throws `Problem` (`bad_login`, `too_many`) or `Offline`. */
  async logIn(name: string, password: string): Promise<void> {
    const told = await ask({ method: 'POST', path: '/api/v1/auth/login', body: { login: name, password } });
    this.#keep(name, told as components['schemas']['TokensBody']);
  }

  /** Forgets the login at once; the server is told if it can be reached. */
  async logOut(): Promise<void> {
    const refresh_token = this.#login.value?.refresh;
    this.#forget();
    if (refresh_token !== undefined) {
      await ask({ method: 'POST', path: '/api/v1/auth/logout', body: { refresh_token } }).catch(() => undefined);
    }
  }

  /** An access token other than `spent`. Throws `LoggedOut`, `Problem` or `Offline`. */
  async access(spent?: string): Promise<string> {
    return this.#good(spent) ?? (await alone(this.#key, () => this.#renew(spent)));
  }

  #good(spent?: string): string | null {
    const login = this.#login.value;
    return login && login.access !== spent && Date.now() < login.until_ms - SPARE_MS ? login.access : null;
  }

  async #renew(spent?: string): Promise<string> {
    // Another tab may have been first.
    this.#login.value = this.#kept();
    const good = this.#good(spent);
    if (good !== null) return good;
    const login = this.#login.value;
    if (!login) throw new LoggedOut();
    try {
      const body = { refresh_token: login.refresh, command_id: login.renewal };
      const told = await ask({ method: 'POST', path: '/api/v1/auth/refresh', body });
      return this.#keep(login.name, told as components['schemas']['TokensBody']);
    } catch (error) {
      if (!(error instanceof Problem) || ![401, 403].includes(error.status)) throw error;
      this.#forget();
      throw new LoggedOut();
    }
  }

  #kept(): Login | null {
    try {
      return JSON.parse(kept(this.#key) ?? 'null') as Login | null;
    } catch {
      return null;
    }
  }

  #keep(name: string, told: components['schemas']['TokensBody']): string {
    const until_ms = Date.now() + told.expires_in_s * 1_000;
    const { access_token: access, refresh_token: refresh, account, grants } = told;
    this.#login.value = { name, account, grants, access, refresh, renewal: uuid(), until_ms };
    keep(this.#key, JSON.stringify(this.#login.value));
    return access;
  }

  #forget(): void {
    keep(this.#key, null);
    this.#login.value = null;
  }
}

let last: Promise<unknown> = Promise.resolve();

/** One tab at a time, where the browser has locks (it has none without TLS); else one caller of this tab at a time. */
function alone<T>(name: string, work: () => Promise<T>): Promise<T> {
  if ('locks' in navigator) return navigator.locks.request(name, work) as Promise<T>;
  const turn = last.then(work, work);
  last = turn.catch(() => undefined);
  return turn;
}
