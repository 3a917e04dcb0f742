// What this console knows of its areas: the snapshot, moved on by events. Pure: what is in an event is applied at once,
// and what it does not hold is named, to be read anew.
import type { Deskful, Dispatch, Event, Incident, Report, Unit } from '../../gen/frames.ts';

export type { Deskful, Dispatch, Event, Incident, Report, Unit };

/** Where a report rings now, and until when before it climbs on. */
export interface Ring {
  desk: string;
  until: number;
  staffed: boolean;
  why: Extract<Event, { kind: 'report.ringing' }>['body']['why'];
}

/** The server's own limit unless it is set otherwise. */
export const STALE_MS = 60_000;

export interface Picture {
  /** A fix older than this is stale, milliseconds: the server offers such a unit no work by itself. */
  stale_ms: number;
  reports: Map<string, Report>;
  incidents: Map<string, Incident>;
  dispatches: Map<string, Dispatch>;
  units: Map<string, Unit>;
  rings: Map<string, Ring>;
}

/** Something to be read anew, as in `incident BPN-7`. */
export type Stale = `${'report' | 'incident' | 'unit'} ${string}` | `desks ${string}`;

export function empty(): Picture {
  return { stale_ms: STALE_MS, reports: new Map(), incidents: new Map(), dispatches: new Map(), units: new Map(), rings: new Map() };
}

/** The area that a name begins with: `KALTIM-R7` is of KALTIM, `BPN.SPKT` of BPN. */
export function areaOf(id: string): string {
  return /^[^-.]*/.exec(id)?.[0] ?? '';
}

/** The part behind the area: `M12` of `BPN-M12`. */
export function shortOf(id: string): string {
  return id.slice(areaOf(id).length + 1);
}

/** The order of names as people count: `M2` before `M10`. */
export const byName = new Intl.Collator('en', { numeric: true }).compare;

/** Starts over from a snapshot: what is of this area and not in it is gone. */
export function reset(picture: Picture, area: string, desk: Deskful): void {
  renew(picture.reports, area, desk.reports);
  renew(picture.incidents, area, desk.incidents);
  renew(picture.dispatches, area, desk.dispatches);
  renew(picture.units, area, desk.units);
  for (const id of picture.rings.keys()) if (picture.reports.get(id)?.attention !== 'ringing') picture.rings.delete(id);
}

function renew<T extends { id: string }>(all: Map<string, T>, area: string, now: T[]): void {
  for (const id of all.keys()) if (areaOf(id) === area) all.delete(id);
  for (const one of now) all.set(one.id, one);
}

/** Applies an event; gives what has to be read anew. */
export function apply(picture: Picture, event: Event): Stale[] {
  const { kind, body } = event;
  switch (kind) {
    case 'report.ringing':
      picture.rings.set(body.report, { desk: body.desk, until: body.until, staffed: body.staffed, why: body.why });
      change(picture.reports, body.report, {
        attention: 'ringing', desk: body.desk, stage: body.stage, lap: body.lap, holder: null, since: event.at,
      });
      return [`report ${body.report}`];
    case 'report.claimed':
      picture.rings.delete(body.report);
      change(picture.reports, body.report, { attention: 'held', desk: body.desk, holder: body.holder, since: event.at });
      return [`report ${body.report}`];
    case 'call.changed':
      change(picture.reports, body.report, { call: body.call });
      return [`report ${body.report}`];
    case 'report.closed':
      picture.rings.delete(body.report);
      change(picture.reports, body.report, { attention: 'done', status: 'closed', closing: body.closing });
      return [`report ${body.report}`];
    case 'incident.merged':
      // What told of it tells of the other from now on.
      return [...named(body), ...[...picture.reports.values()].flatMap(({ id, incident }): Stale[] => (incident === body.incident ? [`report ${id}`] : []))];
    case 'unit.duty':
      change(picture.units, body.unit, { duty: body.duty, since: event.at });
      return [];
    case 'incident.at_risk':
    case 'incident.breached':
      mark(picture, body.incident, kind === 'incident.at_risk' ? { at_risk: event.at } : { breached: event.at });
      return [];
    case 'incident.closed':
      change(picture.incidents, body.incident, { status: 'closed', disposition: body.disposition, closed: event.at });
      return [`incident ${body.incident}`];
    default:
      return kind.startsWith('dispatch.') ? dispatched(picture, event) : named(body);
  }
}

const ENDS = new Set(['dispatch.cleared', 'dispatch.declined', 'dispatch.expired', 'dispatch.recalled']);
const STANDS: Record<string, Dispatch['status']> = {
  'dispatch.queued': 'queued', 'dispatch.offered': 'offered', 'dispatch.accepted': 'accepted',
  'dispatch.en_route': 'en_route', 'dispatch.on_scene': 'on_scene', 'dispatch.cleared': 'cleared',
  'dispatch.declined': 'declined', 'dispatch.expired': 'expired', 'dispatch.recalled': 'recalled',
};

/** A step of a unit's work: the unit is held by it or free of it, at once. */
function dispatched(picture: Picture, event: Event): Stale[] {
  const { dispatch, incident, unit } = event.body as { dispatch: string; incident: string; unit: string };
  const status = STANDS[event.kind];
  if (status) change(picture.dispatches, dispatch, { status });
  if (ENDS.has(event.kind)) {
    if (picture.units.get(unit)?.dispatch === dispatch) change(picture.units, unit, { dispatch: null });
  } else if (status && status !== 'queued') {
    change(picture.units, unit, { dispatch });
  }
  return [`incident ${incident}`];
}

/** What an event names that is not known from it alone. */
function named(body: object): Stale[] {
  const { report, incident, unit, desk, from, to, into } = body as Record<string, unknown>;
  const stale: Stale[] = [];
  for (const id of [incident, from, to, into]) if (typeof id === 'string' && id.includes('-')) stale.push(`incident ${id}`);
  if (typeof report === 'string') stale.push(`report ${report}`);
  if (typeof unit === 'string') stale.push(`unit ${unit}`);
  if (typeof desk === 'string') stale.push(`desks ${areaOf(desk)}`);
  return stale.filter((one) => !/^incident [0-9a-f]{8}-/.test(one));
}

function change<T extends object>(all: Map<string, T>, id: string, by: Partial<T>): void {
  const before = all.get(id);
  if (before) all.set(id, { ...before, ...by });
}

function mark(picture: Picture, id: string, by: Partial<Incident['clock']>): void {
  const incident = picture.incidents.get(id);
  if (incident) change(picture.incidents, id, { clock: { ...incident.clock, ...by } });
}

/** Ended ones that are kept, so that what was just closed can still be looked at. */
const ENDED_MAX = 60;

/** Drops the oldest of what has ended, with the dispatches that nobody sees any more. */
export function prune(picture: Picture): void {
  drop(picture.reports, (report) => report.status === 'closed', (report) => report.closed ?? 0);
  drop(picture.incidents, (incident) => incident.status === 'closed', (incident) => incident.closed ?? 0);
  for (const [id, { incident }] of picture.dispatches) if (!picture.incidents.has(incident)) picture.dispatches.delete(id);
}

function drop<T extends { id: string }>(all: Map<string, T>, ended: (one: T) => boolean, at: (one: T) => number): void {
  const old = [...all.values()].filter(ended);
  if (old.length <= ENDED_MAX) return;
  for (const one of old.sort((a, b) => at(a) - at(b)).slice(0, old.length - ENDED_MAX)) all.delete(one.id);
}
