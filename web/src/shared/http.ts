// One request: JSON both ways unless a text is wanted, a deadline, and errors by their kind.
import { Offline, problemOf } from './problem.ts';

/** How long an answer may take, milliseconds. */
export const ANSWER_MS = 10_000;

export interface Ask {
  method: string;
  /** From the root, as in `/api/v1/areas`. */
  path: string;
  token?: string;
  body?: unknown;
  /** The kind of text that is wanted as it is, as in `text/csv`; JSON is read unless this is said. */
  text?: string;
}

/** How long a text may take that the server makes from a month of incidents, milliseconds. */
const TEXT_MS = 60_000;

/** Sends a request and gives the answer's body; `undefined` where there is none. Throws `Problem` or `Offline`. */
export async function ask({ method, path, token, body, text: wanted }: Ask): Promise<unknown> {
  const headers: Record<string, string> = { accept: wanted ?? 'application/json' };
  if (token !== undefined) headers.authorization = `Bearer ${token}`;
  const init: RequestInit = { method, headers, cache: 'no-store', signal: AbortSignal.timeout(wanted === undefined ? ANSWER_MS : TEXT_MS) };
  if (body !== undefined) {
    headers['content-type'] = 'application/json';
    init.body = JSON.stringify(body);
  }
  let answer: Response;
  let text: string;
  try {
    answer = await fetch(path, init);
    if (!answer.ok) throw await problemOf(answer);
    text = await answer.text();
  } catch (error) {
    if (error instanceof TypeError || error instanceof DOMException) throw new Offline(String(error));
    throw error;
  }
  if (wanted !== undefined) return text;
  if (text === '') return undefined;
  try {
    return JSON.parse(text);
  } catch {
    // Somebody else's answer: a page of the network in between that wants to be clicked first.
    throw new Offline('not an answer of the server');
  }
}
