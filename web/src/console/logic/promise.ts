// How an incident stands with the city's promise, as a state that has a colour, a shape and words.
import type { Incident } from '../state/picture.ts';

export type Standing =
  /** In time, with so much left. */
  | { is: 'ok' | 'risk'; left_ms: number }
  /** Not in time, by so much, and nobody is there yet. */
  | { is: 'late'; over_ms: number }
  /** Somebody is there, after so long. */
  | { is: 'kept' | 'missed'; took_ms: number };

/** The share of the target after which it is at risk whatever its units do (as the server has it). */
const AT_RISK_SHARE = 0.7;

export function standing({ clock }: Pick<Incident, 'clock'>, now_ms: number): Standing {
  const due_ms = clock.start + clock.target_ms;
  if (clock.on_scene != null) {
    return { is: clock.on_scene <= due_ms ? 'kept' : 'missed', took_ms: clock.on_scene - clock.start };
  }
  if (now_ms > due_ms) return { is: 'late', over_ms: now_ms - due_ms };
  const is_risk = clock.at_risk != null || now_ms - clock.start >= clock.target_ms * AT_RISK_SHARE;
  return { is: is_risk ? 'risk' : 'ok', left_ms: due_ms - now_ms };
}

/** How hot an incident without a unit has grown: 0 not at all, 3 burning. Faster for what is more urgent. */
export function heat(incident: Pick<Incident, 'status' | 'unassigned_since' | 'opened' | 'priority'>, now_ms: number): 0 | 1 | 2 | 3 {
  if (incident.status !== 'waiting') return 0;
  // The clock of the screen may be behind by its last second.
  const waits_ms = Math.max(now_ms - (incident.unassigned_since ?? incident.opened), 0);
  const step_ms = { P1: 15_000, P2: 30_000, P3: 60_000, P4: 120_000 }[incident.priority];
  return Math.min(3, Math.floor(waits_ms / step_ms) + 1) as 0 | 1 | 2 | 3;
}

export interface Segment {
  name: 'answer' | 'processing' | 'queue' | 'turnout' | 'travel';
  took_ms: number;
  /** It runs now. */
  runs: boolean;
}

/** The parts of the response so far: the last one runs, unless somebody is there or the incident was closed. */
export function segments({ clock, closed }: Pick<Incident, 'clock' | 'closed'>, now_ms: number): Segment[] {
  const ends: [Segment['name'], number | null | undefined][] = [
    ['answer', clock.answered], ['processing', clock.validated], ['queue', clock.accepted], ['turnout', clock.en_route],
    ['travel', clock.on_scene],
  ];
  const all: Segment[] = [];
  let from_ms = clock.start;
  for (const [i, [name, end]] of ends.entries()) {
    // A tap that was skipped took no time: the later one counts for both.
    const next = end ?? ends.slice(i + 1).find(([, later]) => later != null)?.[1];
    const until_ms = end ?? (next != null ? from_ms : closed ?? now_ms);
    all.push({ name, took_ms: Math.max(until_ms - from_ms, 0), runs: next == null && closed == null });
    if (next == null) break;
    from_ms = Math.max(end ?? from_ms, from_ms);
  }
  return all;
}
