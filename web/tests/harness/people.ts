// Somebody with a login and no screen: what happens around the page that is tested.
import type { Server } from './server.ts';
import { PASSWORD } from './server.ts';

export class Person {
  readonly #server: Server;
  readonly #login: string;
  #token: string | null = null;

  constructor(server: Server, login: string) {
    this.#server = server;
    this.#login = login;
  }

  get(path: string): Promise<any> {
    return this.#ask('GET', path);
  }

  /** Throws where the answer is no success. */
  post(path: string, body: unknown = {}): Promise<any> {
    return this.#ask('POST', path, body);
  }

  async #ask(method: string, path: string, body?: unknown): Promise<any> {
    this.#token ??= (await this.#send('POST', '/auth/login', { login: this.#login, password: PASSWORD })).access_token;
    return this.#send(method, path, body);
  }

  async #send(method: string, path: string, body?: unknown): Promise<any> {
    const headers: Record<string, string> = { 'content-type': 'application/json' };
    if (this.#token) headers.authorization = `Bearer ${this.#token}`;
    const init: RequestInit = { method, headers };
    if (body !== undefined) init.body = JSON.stringify(body);
    const answer = await fetch(`${this.#server.url}/api/v1${path}`, init);
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
    return text === '' ? undefined : JSON.parse(text);
  }
}
