// What waits, in the order in which somebody has to look at it.
import { areaOf, byName, type Dispatch, type Incident, type Picture, type Report, type Ring } from '../state/picture.ts';
import { heat, standing, type Standing } from './promise.ts';

export type Row =
  | { is: 'report'; id: string; rank: number; at_ms: number; report: Report; ring: Ring | null; mine: boolean }
  | {
    is: 'incident'; id: string; rank: number; at_ms: number; incident: Incident; standing: Standing; heat: 0 | 1 | 2 | 3;
    units: Dispatch[]; reports: number;
  };

export interface Me {
  account: string;
  seat: string | null;
}

/** Ranks: each before the next, whatever the times. */
export const RANK = { rings: 0, hot: 1, held: 2, late: 3, risk: 4, underway: 5, elsewhere: 6, over: 7 } as const;

/** The rows: first what rings here, then what nobody drives to, then what runs out of time. */
export function queue(picture: Picture, me: Me, now_ms: number): Row[] {
  const units = new Map<string, Dispatch[]>();
  for (const dispatch of picture.dispatches.values()) {
    if (isOpen(dispatch)) units.set(dispatch.incident, [...(units.get(dispatch.incident) ?? []), dispatch]);
  }
  const told = new Map<string, number>();
  const rows: Row[] = [];
  for (const report of picture.reports.values()) {
    if (report.incident) told.set(report.incident, (told.get(report.incident) ?? 0) + 1);
    if (report.attention !== 'ringing' && report.attention !== 'held') continue;
    const mine = isMine(report, me);
    const rank = !mine ? RANK.elsewhere : report.attention === 'ringing' ? RANK.rings : RANK.held;
    const ring = picture.rings.get(report.id) ?? null;
    rows.push({ is: 'report', id: report.id, rank, at_ms: report.rung, report, ring, mine });
  }
  for (const incident of picture.incidents.values()) {
    if (incident.status === 'closed') continue;
    const stands = standing(incident, now_ms);
    const hot = heat(incident, now_ms);
    const rank = hot > 0 ? RANK.hot : rankOf(incident, stands);
    rows.push({
      is: 'incident', id: incident.id, rank, at_ms: incident.clock.start, incident, standing: stands, heat: hot,
      units: units.get(incident.id) ?? [], reports: told.get(incident.id) ?? 0,
    });
  }
  return rows.sort(compare);
}

/** Whether a report is this person's: held by them, or ringing at their desk. */
export function isMine(report: Report, me: Me): boolean {
  return report.attention === 'held' ? report.holder === me.account : me.seat !== null && report.desk === me.seat;
}

export function isOpen({ status }: Dispatch): boolean {
  return ['queued', 'offered', 'accepted', 'en_route', 'on_scene'].includes(status);
}

function rankOf({ status }: Incident, stands: Standing): number {
  if (status === 'cleared' || status === 'on_scene') return RANK.over;
  if (stands.is === 'late') return RANK.late;
  return stands.is === 'risk' ? RANK.risk : RANK.underway;
}

function compare(a: Row, b: Row): number {
  if (a.rank !== b.rank) return a.rank - b.rank;
  if (a.is === 'incident' && b.is === 'incident' && a.incident.priority !== b.incident.priority) {
    return a.incident.priority < b.incident.priority ? -1 : 1;
  }
  return dueOf(a) - dueOf(b) || byName(a.id, b.id);
}

/** Reports by their first ring, incidents by the end of their time. */
function dueOf(row: Row): number {
  return row.is === 'report' ? row.at_ms : row.incident.clock.start + row.incident.clock.target_ms;
}

/** Reports that ring at this person's desk, the oldest first: what the siren is for. */
export function ringing(picture: Picture, me: Me): Report[] {
  const all = [...picture.reports.values()].filter((report) => report.attention === 'ringing' && isMine(report, me));
  return all.sort((a, b) => a.rung - b.rung || a.id.localeCompare(b.id));
}

/** The desk to sit down at unless somebody says otherwise: that of an area of one's own roles, and of the narrowest one. */
export function usualDesk(desks: { id: string }[], areas: { code: string; level: string }[], own: readonly string[] = []): string | null {
  const order = ['city', 'region', 'nation'];
  const level = (desk: string) => order.indexOf(areas.find((area) => area.code === areaOf(desk))?.level ?? 'nation');
  const main = desks.filter((desk) => desk.id.endsWith('.SPKT'));
  const others = (desk: string) => Number(!own.includes(areaOf(desk)));
  return [...main].sort((a, b) => others(a.id) - others(b.id) || level(a.id) - level(b.id) || a.id.localeCompare(b.id))[0]?.id ?? null;
}
