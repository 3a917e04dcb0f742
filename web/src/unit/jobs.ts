// The unit's work as the server told it: what holds the unit, then what waits behind. Never what was only tapped.
import type { Arrival, Brief, Dispatch, DispatchStatus, Event, Note, Place, Priority, ToldEvent } from '../gen/frames.ts';
import { holds, isOpen } from './steps.ts';

export interface Job {
  dispatch: string;
  incident: string;
  status: DispatchStatus;
  created_ms: number;
  /** Until when the crew has to answer, server time, where the server said so. */
  answer_by: number | null;
  arrival: Arrival | null;
  /** What is known of the incident; null until a brief came. */
  scene: Scene | null;
}

export interface Scene {
  kind: string;
  priority: Priority;
  origin: string;
  by_unit: string | null;
  place: Place;
  district: string | null;
  /** When the first call rang, and what was promised from then on. */
  start_ms: number;
  target_ms: number;
  travel_ms: number | null;
  notes: { no: number; at: number; text: string }[];
}

/** How work ended: `gone` where the server no longer names it. */
export type Ending = DispatchStatus | 'gone';

/** What a frame changed, for sounds and notices. */
export type News =
  | { is: 'offered'; job: Job }
  | { is: 'ordered'; job: Job }
  | { is: 'ended'; job: Job; how: Ending; why: string | null }
  | { is: 'updated'; job: Job };

export interface Told {
  jobs: Job[];
  news: News[];
}

export function jobOf(brief: Brief, before?: Job): Job {
  const { dispatch } = brief;
  return {
    dispatch: dispatch.id, incident: dispatch.incident, status: dispatch.status, created_ms: dispatch.created,
    answer_by: before?.answer_by ?? null, arrival: dispatch.arrival ?? null, scene: sceneOf(brief),
  };
}

function sceneOf({ incident, notes, travel_ms }: Brief): Scene {
  const told = (note: Note) => (note.text ? [{ no: note.no, at: note.at, text: note.text }] : []);
  return {
    kind: incident.kind, priority: incident.priority, origin: incident.origin, by_unit: incident.opened_by_unit ?? null,
    place: incident.place, district: incident.district ?? null, start_ms: incident.clock.start,
    target_ms: incident.clock.target_ms, travel_ms: travel_ms ?? null, notes: notes.flatMap(told),
  };
}

/** The picture from the server: it stands for all before. */
export function picture(before: readonly Job[], briefs: readonly Brief[]): Told {
  const known = new Map(before.map((job) => [job.dispatch, job]));
  const jobs = sorted(briefs.filter((brief) => isOpen(brief.dispatch.status)).map((brief) => jobOf(brief, known.get(brief.dispatch.id))));
  const there = new Set(jobs.map((job) => job.dispatch));
  const news = jobs.flatMap((job) => fresh(known.get(job.dispatch), job));
  const gone = before.filter((job) => !there.has(job.dispatch));
  return { jobs, news: [...news, ...gone.map((job): News => ({ is: 'ended', job, how: 'gone', why: null }))] };
}

/** An event of the unit's own work; others change nothing. */
export function heard(before: readonly Job[], { event, brief }: ToldEvent, unit: string): Told {
  const at = stepOf(event);
  if (!at || at.unit !== unit) return { jobs: [...before], news: [] };
  const old = before.find((job) => job.dispatch === at.dispatch);
  const bare: Job = old ?? {
    dispatch: at.dispatch, incident: at.incident, status: at.status ?? 'queued', created_ms: event.at,
    answer_by: null, arrival: null, scene: null,
  };
  const job: Job = { ...(brief ? jobOf(brief, bare) : bare) };
  // The brief tells how things stand by now; without one, the event does.
  if (!brief && at.status) job.status = at.status;
  if (at.answer_by !== null) job.answer_by = at.answer_by;
  if (at.arrival) job.arrival = at.arrival;
  return put(before, job, at.why);
}

/** The answer to a step: the dispatch as it is now. */
export function answered(before: readonly Job[], dispatch: Dispatch): Told {
  const old = before.find((job) => job.dispatch === dispatch.id);
  if (!old) return { jobs: [...before], news: [] };
  return put(before, { ...old, status: dispatch.status, arrival: dispatch.arrival ?? old.arrival }, null);
}

function put(before: readonly Job[], job: Job, why: string | null): Told {
  const old = before.find((one) => one.dispatch === job.dispatch);
  const others = before.filter((one) => one !== old);
  if (isOpen(job.status)) return { jobs: sorted([...others, job]), news: fresh(old, job) };
  return { jobs: sorted(others), news: old ? [{ is: 'ended', job, how: job.status, why }] : [] };
}

function fresh(old: Job | undefined, job: Job): News[] {
  if (job.status === 'offered' && old?.status !== 'offered') return [{ is: 'offered', job }];
  if (job.status === 'accepted' && (old === undefined || old.status === 'queued')) return [{ is: 'ordered', job }];
  const changed = old?.scene && JSON.stringify([old.scene.place, old.scene.notes, old.scene.priority]) !==
    JSON.stringify([job.scene?.place, job.scene?.notes, job.scene?.priority]);
  return changed ? [{ is: 'updated', job }] : [];
}

function sorted(jobs: Job[]): Job[] {
  return jobs.sort((a, b) => Number(holds(b.status)) - Number(holds(a.status)) || a.created_ms - b.created_ms);
}

interface Named {
  unit: string;
  dispatch: string;
  incident: string;
  status: DispatchStatus | null;
  answer_by: number | null;
  arrival: Arrival | null;
  why: string | null;
}

function stepOf({ kind, body }: Event): Named | null {
  const [room, word] = kind.split('.');
  if (room !== 'dispatch') return null;
  const { unit, dispatch, incident, ...more } = body as Partial<Named> & { reason?: string };
  if (!unit || !dispatch || !incident) return null;
  const is_step = word !== 'delivered' && word !== 'updated';
  return {
    unit, dispatch, incident, status: is_step ? (word as DispatchStatus) : null,
    answer_by: more.answer_by ?? null, arrival: more.arrival ?? null, why: more.why ?? more.reason ?? null,
  };
}
