// UUIDv7: the names that clients give to their commands. Not by `crypto.randomUUID`, which is version 4 and is missing
// where a page is served without TLS.
import { keep, kept } from './kept.ts';

/** A UUIDv7 of this moment. */
export function uuid(now_ms: number = Date.now()): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  const at = BigInt(Math.max(0, Math.floor(now_ms)));
  for (let i = 0; i < 6; i++) bytes[i] = Number((at >> BigInt(8 * (5 - i))) & 0xffn);
  bytes[6] = (bytes[6]! & 0x0f) | 0x70;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}

/**
 * The name of this browser, or of this tab alone. A device has one session: a tab with a name of its own closes no
 * other tab's socket, and a phone that opens the officer's app twice keeps the newer one.
 */
export function deviceId(where: 'tab' | 'browser'): string {
  const known = kept('sigap.device', where);
  if (known) return known;
  const made = uuid();
  keep('sigap.device', made, where);
  return made;
}
