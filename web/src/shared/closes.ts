// Why the server closes a socket, and what the client does then (`x-close-codes` of api-spec/asyncapi.json).

/** A reason not to come back by oneself. */
export type Ended = 'not_authorised' | 'protocol_error' | 'replaced' | 'revoked' | 'refused' | 'logged_out';

export type Meaning = { again: true; fresh: boolean } | { again: false; why: Ended };

const ENDED: Record<number, Ended> = { 4500: 'not_authorised', 4501: 'protocol_error', 4502: 'replaced', 4503: 'revoked' };

/** What a close code means. `fresh`: the cursors are of no use any more. */
export function meaning(code: number): Meaning {
  if (code >= 4500 && code < 5000) return { again: false, why: ENDED[code] ?? 'refused' };
  return { again: true, fresh: code === 4003 };
}
