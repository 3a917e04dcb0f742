// Requests below /api/v1, typed by the API's own description:
//
//   const areas = await api.get('/areas');
//   await api.command('post', '/reports/{id}/claim', { path: { id: 'BPN-R7' }, body: {} });
import { signal } from '@preact/signals';
import type { paths } from '../gen/api.ts';
import { pause } from './backoff.ts';
import { ask } from './http.ts';
import { uuid } from './ids.ts';
import { isPassing, Problem, waitOf } from './problem.ts';
import type { Session } from './session.ts';

type Below = '/api/v1';
type Method = 'get' | 'post' | 'put' | 'patch';
/** The paths that have this method, without /api/v1. */
export type Path<M extends Method> = {
  [P in keyof paths]: P extends `${Below}${infer Rest}` ? (paths[P][M] extends object ? Rest : never) : never;
}[keyof paths];
type Operation<M extends Method, P extends Path<M>> = paths[`${Below}${P}` & keyof paths][M];

type Json<T> = T extends { content: { 'application/json': infer J } } ? J
  : T extends { content: { 'application/geo+json': infer G } } ? G : undefined;
/** What a request is answered with. */
export type Answer<M extends Method, P extends Path<M>> =
  Operation<M, P> extends { responses: infer R } ? Json<R[keyof R & (200 | 201 | 204)]> : never;
type Of<T, Name extends string> = T extends object ? (Name extends keyof T ? T[Name & keyof T] : never) : never;
type Body<T> = T extends { requestBody: { content: { 'application/json': infer B } } } ? B : never;
/** A part that there is none of is left out, and one that may be missing may be left out. */
type Part<Name extends string, T> = [NonNullable<T>] extends [never] ? object
  : undefined extends T ? { [N in Name]?: NonNullable<T> } : { [N in Name]: T };
/** What it has to say: the parts of the path, the query, the body. */
export type Parts<M extends Method, P extends Path<M>, O = Operation<M, P>> = Part<'path', Of<Of<O, 'parameters'>, 'path'>> &
  Part<'query', Of<Of<O, 'parameters'>, 'query'>> & Part<'body', Body<O>>;
type Given<M extends Method, P extends Path<M>> = object extends Parts<M, P> ? [parts?: Parts<M, P>] : [parts: Parts<M, P>];

interface Loose {
  path?: Record<string, unknown>;
  query?: Record<string, unknown>;
  body?: unknown;
}

/** How long a command is repeated while nobody answers, milliseconds. */
const PATIENCE_MS = 20_000;
/** An answer that takes longer is late, milliseconds. */
const LATE_MS = 1_000;
/** How long a command that was given up keeps its name for whoever gives it again, milliseconds. */
const UNSURE_MS = 120_000;

export class Api {
  readonly session: Session;
  /** How many commands were given and wait longer than usual: for a screen to say so. */
  readonly late = signal(0);
  readonly #patience_ms: number;
  /** Commands on their way, by what they say. */
  readonly #open = new Map<string, Promise<unknown>>();
  /** Names of commands that nobody answered: they may have been carried out. */
  readonly #unsure = new Map<string, { command_id: string; until_ms: number }>();

  constructor(session: Session, patience_ms = PATIENCE_MS) {
    this.session = session;
    this.#patience_ms = patience_ms;
  }

  /** Reads something. Throws `Problem`, `Offline` or `LoggedOut`. */
  get<P extends Path<'get'>>(path: P, ...[parts]: Given<'get', P>): Promise<Answer<'get', P>> {
    return this.#ask('get', path, parts as Loose | undefined) as Promise<Answer<'get', P>>;
  }

  /** Reads something as a text of this kind: a page, a table. */
  text<P extends Path<'get'>>(kind: string, path: P, ...[parts]: Given<'get', P>): Promise<string> {
    return this.#ask('get', path, parts as Loose | undefined, kind) as Promise<string>;
  }

  /** Asks once for something that is no command: a ticket, a look-up. */
  post<P extends Path<'post'>>(path: P, ...[parts]: Given<'post', P>): Promise<Answer<'post', P>> {
    return this.#ask('post', path, parts as Loose | undefined) as Promise<Answer<'post', P>>;
  }

  /**
   * Sends a command under a name of its own (`command_id`, made here unless the body has one), and repeats it under the
   * same name while nobody answers, so that it is done once. The same command given again before it was answered is that
   * command: a second click changes nothing, also after it was given up in the dark.
   */
  command<M extends 'post' | 'put' | 'patch', P extends Path<M>>(method: M, path: P, ...[parts]: Given<M, P>): Promise<Answer<M, P>> {
    const key = JSON.stringify([method, path, parts]);
    const open = this.#open.get(key) ?? this.#carry(key, method, path, parts as Loose | undefined).finally(() => this.#open.delete(key));
    this.#open.set(key, open);
    return open as Promise<Answer<M, P>>;
  }

  async #carry(key: string, method: string, path: string, parts: Loose | undefined): Promise<unknown> {
    const begun_ms = Date.now();
    const before = this.#unsure.get(key);
    const command_id = before && begun_ms < before.until_ms ? before.command_id : uuid();
    const named = { ...parts, body: { command_id, ...(parts?.body as object | undefined) } };
    let is_late = false;
    const clock = setTimeout(() => {
      is_late = true;
      this.late.value++;
    }, LATE_MS);
    this.#unsure.delete(key);
    try {
      for (let tries = 0; ; tries++) {
        try {
          return await this.#ask(method, path, named);
        } catch (error) {
          if (!isPassing(error)) throw error;
          const wait_ms = Math.max(pause(tries, 4_000), waitOf(error));
          if (Date.now() + wait_ms > begun_ms + this.#patience_ms) {
            this.#unsure.set(key, { command_id, until_ms: Date.now() + UNSURE_MS });
            throw error;
          }
          await new Promise((done) => setTimeout(done, wait_ms));
        }
      }
    } finally {
      clearTimeout(clock);
      if (is_late) this.late.value--;
    }
  }

  async #ask(method: string, template: string, parts: Loose = {}, text?: string): Promise<unknown> {
    const path = `/api/v1${fill(template, parts.path)}${search(parts.query)}`;
    const request = { method: method.toUpperCase(), path, body: parts.body, ...(text === undefined ? {} : { text }) };
    const token = await this.session.access();
    try {
      return await ask({ ...request, token });
    } catch (error) {
      if (!(error instanceof Problem) || error.status !== 401) throw error;
      return await ask({ ...request, token: await this.session.access(token) });
    }
  }
}

function fill(template: string, values: Record<string, unknown> = {}): string {
  return template.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(String(values[name])));
}

function search(query: Record<string, unknown> = {}): string {
  const given = Object.entries(query).filter(([, value]) => value !== undefined && value !== null);
  const text = new URLSearchParams(given.map(([name, value]) => [name, String(value)])).toString();
  return text === '' ? '' : `?${text}`;
}
