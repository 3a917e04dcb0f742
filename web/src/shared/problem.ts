// What can go wrong with a request: the server refuses it (`Problem`), nobody answers (`Offline`), or nobody is logged
// in (`LoggedOut`).
import type { components } from '../gen/api.ts';

type Details = components['schemas']['Problem'];

/** The server's answer by RFC 9457. `code` is the stable word for programs. */
export class Problem extends Error {
  override readonly name = 'Problem';
  readonly code: string;
  readonly status: number;
  readonly details: Details;

  constructor(details: Details) {
    super(details.detail);
    this.code = details.code;
    this.status = details.status;
    this.details = details;
  }
}

/** No answer: no network, no server, or none in time. Whether a command was carried out is not known. */
export class Offline extends Error {
  override readonly name = 'Offline';
}

/** There is no login, or it has ended. */
export class LoggedOut extends Error {
  override readonly name = 'LoggedOut';
}

/** Whether the same request may succeed in a moment. */
export function isPassing(error: unknown): boolean {
  return error instanceof Offline || (error instanceof Problem && (error.status === 503 || error.status === 429));
}

/** How long the server asks to wait, milliseconds; 0 where it says nothing. */
export function waitOf(error: unknown): number {
  return error instanceof Problem ? (error.details.retry_after_s ?? 0) * 1_000 : 0;
}

/** The problem in an answer that is not a success; a proxy's page of its own is told by its status. */
export async function problemOf(answer: Response): Promise<Problem> {
  const told: unknown = await answer.json().catch(() => null);
  if (told !== null && typeof told === 'object' && 'code' in told && 'detail' in told) return new Problem(told as Details);
  const code = answer.status >= 500 ? 'unavailable' : 'malformed';
  const status = answer.status >= 500 ? 503 : answer.status;
  return new Problem({ code, status, title: answer.statusText, detail: `HTTP ${answer.status}` });
}
