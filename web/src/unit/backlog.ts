// Which fixes go first after an outage, and which are given up when there are too many.
import type { FixFrame } from '../gen/frames.ts';

/** Fixes in one frame; the server takes no more. */
export const BATCH_MAX = 100;
/** Fixes that a phone keeps: over five hours at one in five seconds. The oldest give way. */
export const KEPT_MAX = 4_000;
/** A line that was silent for longer than this when it ended may have lost what was sent meanwhile, milliseconds. */
const SILENT_MS = 12_000;

/** A fix that was handed to the network, and when. */
export interface Sent {
  fix: FixFrame;
  sent_ms: number;
}

/** What is sent next of the kept ones: the newest first. They fill the track and never move the pin. */
export function nextBatch(kept: readonly FixFrame[], most: number = BATCH_MAX): FixFrame[] {
  const newest = [...kept].sort((a, b) => b.at_ms - a.at_ms).slice(0, most);
  return newest.map((fix) => ({ ...fix, backlog: true }));
}

/** The device times of those that have to give way. */
export function overflow(times: readonly number[], most: number = KEPT_MAX): number[] {
  return times.length <= most ? [] : [...times].sort((a, b) => a - b).slice(0, times.length - most);
}

/**
 * Fixes that the server may not have: sent into a line that was silent until it ended, as in a tunnel. A line that spoke
 * until its end had them.
 */
export function unheard(sent: readonly Sent[], heard_ms: number, ended_ms: number): FixFrame[] {
  if (ended_ms - heard_ms < SILENT_MS) return [];
  return sent.filter((one) => one.sent_ms >= heard_ms).map((one) => ({ ...one.fix, backlog: true }));
}
