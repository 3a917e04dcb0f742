// What lies on the map: units, incidents, the ranking, cities and districts. Pure: built from the picture, drawn by draw.ts.
import type { Priority } from '../../gen/frames.ts';
import type { Outline } from '../../shared/map/outlines.ts';
import { worldOf, type Place, type Point } from '../../shared/map/place.ts';
import type { UnitStatus } from '../../shared/shapes.tsx';
import { heat, standing, type Standing } from '../logic/promise.ts';
import type { UnitRow } from '../logic/units.ts';
import type { Incident, Picture } from '../state/picture.ts';

export interface UnitMark extends Place {
  id: string;
  /** Where it is in the world, as `worldOf` gives it. */
  world: Point;
  sign: string;
  status: UnitStatus;
  stale: boolean;
  heading_deg: number | null;
  /** Its place in the ranking, from 1. */
  rank: number | null;
  /** What stands beside it when its place is old. */
  since: string;
  chosen: boolean;
}

export interface IncidentMark extends Place {
  id: string;
  priority: Priority;
  sla: Standing['is'];
  heat: number;
  chosen: boolean;
}

export interface Scene {
  units: UnitMark[];
  incidents: IncidentMark[];
  /** A report that is looked at and has no incident yet. */
  report: Place | null;
  outlines: Outline[];
  clicked: Place | null;
}

export interface Chosen {
  incident: string | null;
  unit: string | null;
  ranked: readonly string[];
}

/** `since` says in words since when a place is stale. */
export function unitMarks(rows: UnitRow[], chosen: Chosen, signOf: (id: string) => string, since: (row: UnitRow) => string): UnitMark[] {
  const marks: UnitMark[] = [];
  for (const row of rows) {
    const { unit, status, stale, lat, lng, heading_deg } = row;
    // Who is off duty is nowhere that matters.
    if (lat === null || lng === null || status === 'off') continue;
    const at = chosen.ranked.indexOf(unit.id);
    marks.push({
      id: unit.id, sign: signOf(unit.id), lat, lng, world: worldOf({ lat, lng }), status, stale, heading_deg, rank: at < 0 ? null : at + 1,
      since: stale ? since(row) : '', chosen: unit.id === chosen.unit,
    });
  }
  // What matters more is drawn later, above the others.
  return marks.sort((a, b) => weight(a) - weight(b));
}

function weight({ chosen, rank, stale }: UnitMark): number {
  return (chosen ? 4 : 0) + (rank === null ? 0 : 2) + (stale ? 0 : 1);
}

export function incidentMarks(picture: Picture, chosen: Chosen, now_ms: number): IncidentMark[] {
  const open = [...picture.incidents.values()].filter((one) => one.status !== 'closed' || one.id === chosen.incident);
  const mark = (incident: Incident): IncidentMark => ({
    id: incident.id, ...incident.place, priority: incident.priority, sla: standing(incident, now_ms).is,
    heat: heat(incident, now_ms), chosen: incident.id === chosen.incident,
  });
  return open.map(mark).sort((a, b) => Number(a.chosen) - Number(b.chosen));
}

/** How far from a mark a finger may be, pixels. */
const REACH_PX = 16;

/** What is nearest to a point of the screen, within reach; of equals the one on top. */
export function hit<T extends Place>(marks: readonly T[], at: Point, pointOf: (place: Place) => Point): T | null {
  let best: T | null = null;
  let least = REACH_PX ** 2;
  for (const mark of marks) {
    const { x, y } = pointOf(mark);
    const far = (x - at.x) ** 2 + (y - at.y) ** 2;
    if (far <= least) [best, least] = [mark, far];
  }
  return best;
}
