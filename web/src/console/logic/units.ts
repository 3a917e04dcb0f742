// How a unit stands, in the words of the field: available, dispatched, en route, on scene, off duty; and how old its
// place is.
import type { PositionFrame } from '../../gen/frames.ts';
import type { UnitStatus } from '../../shared/shapes.tsx';
import { byName, type Dispatch, type Picture, type Unit } from '../state/picture.ts';

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
export const ORDER: readonly UnitStatus[] = ['free', 'dispatched', 'enroute', 'onscene', 'oos', 'off'];

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

/** Units by their state, each in the order of call signs. Where they are changes nothing of it. */
export type Ordered = ReadonlyMap<UnitStatus, readonly Unit[]>;

/**
 * What puts units in order. Call signs are compared only when there are others than before: that takes by far the longest.
 */
export function orderer(): (picture: Picture) => Ordered {
  let names: string[] = [];
  return ({ units, dispatches }) => {
    if (names.length !== units.size || !names.every((id) => units.has(id))) names = [...units.keys()].sort(byName);
    const all = new Map<UnitStatus, Unit[]>(ORDER.map((status) => [status, []]));
    for (const id of names) {
      const unit = units.get(id)!;
      all.get(unitStatus(unit, unit.dispatch ? dispatches.get(unit.dispatch) : undefined))!.push(unit);
    }
    return all;
  };
}

export function unitRows(picture: Picture, positions: ReadonlyMap<string, PositionFrame>, now_ms: number): UnitRow[] {
  return [...orderer()(picture).values()].flat().map((unit) => unitRow(picture, unit, positions.get(unit.id), now_ms));
}
