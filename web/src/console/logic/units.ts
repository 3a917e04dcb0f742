// How a unit stands, in the words of the field: available, dispatched, en route, on scene, off duty; and how old its
// place is.
import type { PositionFrame } from '../../gen/frames.ts';
import { byName, type Dispatch, type Picture, type Unit } from '../state/picture.ts';

export type UnitStatus = 'free' | 'dispatched' | 'enroute' | 'onscene' | 'oos' | 'off';

export function unitStatus(unit: Unit, dispatch: Dispatch | undefined): UnitStatus {
  if (unit.duty === 'off_duty') return 'off';
  if (unit.duty === 'out_of_service') return 'oos';
  if (!unit.dispatch) return 'free';
  if (dispatch?.status === 'en_route') return 'enroute';
  return dispatch?.status === 'on_scene' ? 'onscene' : 'dispatched';
}

export interface UnitRow {
  unit: Unit;
  status: UnitStatus;
  dispatch: Dispatch | undefined;
  lat: number | null;
  lng: number | null;
  heading_deg: number | null;
  /** How old its place is; null without one. */
  age_ms: number | null;
  stale: boolean;
}

/** Availability first, then by call sign: who can be sent is on top. */
const ORDER: UnitStatus[] = ['free', 'dispatched', 'enroute', 'onscene', 'oos', 'off'];

export function unitRow(picture: Picture, unit: Unit, position: PositionFrame | undefined, now_ms: number): UnitRow {
  const dispatch = unit.dispatch ? picture.dispatches.get(unit.dispatch) : undefined;
  const place = position?.place ?? unit.last?.place ?? null;
  const at = position?.place ? position.at : unit.last?.at;
  const age_ms = place && at != null ? Math.max(now_ms - at, 0) : null;
  return {
    unit, dispatch, status: unitStatus(unit, dispatch), lat: place?.lat ?? null, lng: place?.lng ?? null,
    heading_deg: position?.heading_deg ?? null, age_ms, stale: age_ms === null || age_ms > picture.stale_ms,
  };
}

/** All units, in no order: for a map. */
export function allRows(picture: Picture, positions: ReadonlyMap<string, PositionFrame>, now_ms: number): UnitRow[] {
  return Array.from(picture.units.values(), (unit) => unitRow(picture, unit, positions.get(unit.id), now_ms));
}

export function unitRows(picture: Picture, positions: ReadonlyMap<string, PositionFrame>, now_ms: number): UnitRow[] {
  const rows = allRows(picture, positions, now_ms);
  return rows.sort((a, b) => ORDER.indexOf(a.status) - ORDER.indexOf(b.status) || byName(a.unit.id, b.unit.id));
}
