// How long to wait before the next try: longer each time, and never the same for everybody.

const FIRST_MS = 400;

/** The pause before try `tries` (from 0), milliseconds; `chance` is from 0 to 1. */
export function pause(tries: number, longest_ms: number, chance: number = Math.random()): number {
  const whole = Math.min(FIRST_MS * 2 ** Math.min(tries, 16), longest_ms);
  return whole * (0.5 + chance / 2);
}
