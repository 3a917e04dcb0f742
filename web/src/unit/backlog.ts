// Which fix is the newest, what a line is owed, which go first after an outage, and which are given up when there are too
// many. Pure.
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

/** When a fix was measured, as the system says, and when its place still held. */
export interface Stamp {
  measured_ms: number;
  at_ms: number;
}

/**
 * How a fix that the GPS tells is dated; null where it says nothing new. With no age permitted, the answer to a question
 * holds for the moment of the question (`asked_ms`), even where the system dates it back. But a place that was measured
 * later is newer than one that was asked for later: systems answer with what they measured last.
 */
export function dated(last: Stamp | null, measured_ms: number, asked_ms = 0): number | null {
  const at_ms = Math.max(measured_ms, asked_ms);
  if (!last) return at_ms;
  if (measured_ms < last.measured_ms) return null;
  if (measured_ms > last.measured_ms) return Math.max(at_ms, last.at_ms + 1);
  return at_ms > last.at_ms ? at_ms : null;
}

/** What was told so far: to this line (0: nothing), and at all, sent or kept. */
export interface Told {
  is_up: boolean;
  live_ms: number;
  taken_ms: number;
}

/**
 * Whether the newest fix is to be told now. A new line is owed it at once, whatever was told to the line before: nobody
 * answers a live fix, so that line may have swallowed it. The server knows one that comes twice.
 */
export function isOwed(newest_ms: number, is_due: boolean, { is_up, live_ms, taken_ms }: Told): boolean {
  return is_up ? newest_ms > live_ms && (is_due || live_ms === 0) : is_due && newest_ms > taken_ms;
}

/**
 * What is sent next of the kept ones: the newest first. They fill the track and never move the pin; so what is newer than
 * the last that went live waits until the newest has.
 */
export function nextBatch(kept: readonly FixFrame[], live_ms: number, newest_ms: number, most: number = BATCH_MAX): FixFrame[] {
  const history = kept.filter(({ at_ms }) => at_ms <= live_ms || at_ms > newest_ms);
  const newest = history.sort((a, b) => b.at_ms - a.at_ms).slice(0, most);
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
