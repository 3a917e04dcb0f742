// Whether the dispatch sees where this phone is, as one of a few plain findings. The worst one is told.

export interface Seen {
  /** Fixes of this phone are the unit's position. */
  is_source: boolean;
  permission: 'asking' | 'granted' | 'denied' | 'missing';
  /** Since when there is no line to the server, by this device's clock; null while there is one. */
  cut_since_ms: number | null;
  /** The newest fix of the GPS. */
  fix: { at_ms: number; accuracy_m: number | null } | null;
  /** When a live fix was handed to the network last. */
  sent_ms: number | null;
  /** Fixes that wait to be sent. */
  waiting: number;
  /** Why the server did not take the newest one, if so. */
  refused: string | null;
  /** When the watch began. */
  began_ms: number;
}

export type Health =
  | { is: 'elsewhere' }
  | { is: 'denied' }
  | { is: 'missing' }
  | { is: 'asking' }
  | { is: 'tunnel'; cut_s: number; waiting: number }
  | { is: 'no_gps'; for_s: number }
  | { is: 'mock' }
  /** The server takes no place that cannot be, nor one that the phone's clock dates wrongly. */
  | { is: 'refused' | 'misdated' }
  | { is: 'late'; age_s: number }
  | { is: 'vague'; age_s: number; accuracy_m: number }
  | { is: 'good'; age_s: number; accuracy_m: number | null };

/** Without a new fix for so long, the GPS is what is wrong, milliseconds. */
const GPS_MS = 45_000;
/** Sent longer ago than this is late, milliseconds. */
const LATE_MS = 30_000;
/** Wider than this, the dispatch sees the wrong street, metres. The server refuses beyond 200 m. */
const VAGUE_M = 75;

/** Refusals that a wrong clock causes. */
const MISDATED = new Set(['future', 'too_old']);

export function healthOf(seen: Seen, now_ms: number): Health {
  if (!seen.is_source) return { is: 'elsewhere' };
  if (seen.permission === 'missing') return { is: 'missing' };
  if (seen.permission === 'denied') return { is: 'denied' };
  const seconds = (since_ms: number) => Math.max(Math.round((now_ms - since_ms) / 1_000), 0);
  const { fix, sent_ms } = seen;
  const gps_ms = fix?.at_ms ?? seen.began_ms;
  if (now_ms - gps_ms > GPS_MS) return { is: 'no_gps', for_s: seconds(gps_ms) };
  if (seen.cut_since_ms !== null) return { is: 'tunnel', cut_s: seconds(seen.cut_since_ms), waiting: seen.waiting };
  if (!fix) return { is: 'asking' };
  if (seen.refused === 'mock') return { is: 'mock' };
  if (seen.refused !== null && MISDATED.has(seen.refused)) return { is: 'misdated' };
  if (seen.refused !== null && seen.refused !== 'inaccurate') return { is: 'refused' };
  const age_s = seconds(sent_ms ?? seen.began_ms);
  if (sent_ms === null ? age_s * 1_000 > LATE_MS : now_ms - sent_ms > LATE_MS) return { is: 'late', age_s };
  if (sent_ms === null) return { is: 'asking' };
  if (seen.refused === 'inaccurate' || (fix.accuracy_m ?? 0) > VAGUE_M) {
    return { is: 'vague', age_s, accuracy_m: Math.round(fix.accuracy_m ?? 0) };
  }
  return { is: 'good', age_s, accuracy_m: fix.accuracy_m === null ? null : Math.round(fix.accuracy_m) };
}

/** How it is drawn: a shape and a colour each. */
export function gradeOf({ is }: Health): 'good' | 'poor' | 'bad' | 'none' {
  if (is === 'good') return 'good';
  if (is === 'elsewhere') return 'none';
  return is === 'denied' || is === 'missing' || is === 'no_gps' || is === 'mock' || is === 'refused' || is === 'misdated' ? 'bad' : 'poor';
}

/** How long the dispatch did not see a phone whose page was hidden, milliseconds; null where the browser let it go on. */
export function sleptFor(hidden_ms: number, told_ms: number | null, now_ms: number): number | null {
  const since_ms = Math.max(hidden_ms, told_ms ?? 0);
  return now_ms - since_ms > LATE_MS ? now_ms - since_ms : null;
}
