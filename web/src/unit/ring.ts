// An offer's ring: how much time is left, and when it sounds. And the hold of the panic button.

/** What a crew has to answer, milliseconds, where the server did not say until when. */
export const ANSWER_MS = 15_000;
/** How long the panic button is held, milliseconds. */
export const HOLD_MS = 2_000;

/** What the phone knows of the server's time is so far off, milliseconds: fifteen seconds are told as 15, not as 16. */
const APART_MS = 250;

/** What is left: milliseconds, whole seconds as people count them down, and the share of the whole. */
export function left(answer_by: number, now: number, whole_ms: number = ANSWER_MS): { ms: number; s: number; share: number } {
  const ms = Math.max(answer_by - now, 0);
  return { ms, s: Math.ceil(Math.max(ms - APART_MS, Math.min(ms, 1)) / 1_000), share: Math.min(ms / whole_ms, 1) };
}

/** The pause until the next ring, milliseconds: hurried in the last five seconds. */
export function beat(left_ms: number): number {
  return left_ms > 5_000 ? 1_000 : 500;
}

/** How far the hold has come, from 0 to 1. */
export function held(begun_ms: number | null, now_ms: number): number {
  return begun_ms === null ? 0 : Math.min(Math.max((now_ms - begun_ms) / HOLD_MS, 0), 1);
}
