// When the siren sounds. Pure: the sound itself is in sound.ts.
//
// Invariant: a report that rings here and was not ringing when somebody muted the siren is heard, muted or not.

export interface SirenState {
  /** What rings here. */
  ringing: readonly string[];
  /** What rang when it was muted; empty when it is not muted. */
  hushed: ReadonlySet<string>;
  /** Until when it is muted, Unix milliseconds. */
  until_ms: number;
}

/** How long a mute lasts, milliseconds. */
export const MUTE_MS = 60_000;

/** A line that comes back by then troubles nobody, milliseconds. */
export const PATIENCE_MS = 10_000;
/** A console that is cut off sounds so often; after a minute, when whoever is there has heard it, less often. */
const EVERY_MS = 3_000;
const LATER_MS = 30_000;

/** Whether a console that is cut off for so long sounds again, after so long a silence. */
export function soundsAgain(lost_ms: number, quiet_ms: number): boolean {
  return lost_ms >= PATIENCE_MS && quiet_ms >= (lost_ms < 60_000 ? EVERY_MS : LATER_MS);
}

export const SILENT: SirenState = { ringing: [], hushed: new Set(), until_ms: 0 };

export function ring(state: SirenState, ringing: readonly string[]): SirenState {
  // What was claimed meanwhile and rings again is new.
  const hushed = new Set(ringing.filter((id) => state.hushed.has(id)));
  return { ...state, ringing, hushed };
}

export function mute(state: SirenState, now_ms: number): SirenState {
  return { ...state, hushed: new Set(state.ringing), until_ms: now_ms + MUTE_MS };
}

export function unmute(state: SirenState): SirenState {
  return { ...state, hushed: new Set(), until_ms: 0 };
}

export function sounding({ ringing, hushed, until_ms }: SirenState, now_ms: number): 'silent' | 'sounds' | 'muted' {
  if (ringing.length === 0) return 'silent';
  return now_ms < until_ms && ringing.every((id) => hushed.has(id)) ? 'muted' : 'sounds';
}
