// How often this phone tells where it is: as often as the dispatch needs it and as seldom as the battery needs it.
//
// Invariant: never so seldom that the server takes the unit for lost (a fix older than a minute is no candidate).

export interface Pace {
  /** By the newest fix, metres per second; null where the phone does not say. */
  speed_mps: number | null;
  /** On the way to a scene, or asked to go. */
  is_working: boolean;
  /** Percent; null where the browser does not say. */
  battery_pct: number | null;
  is_charging: boolean;
}

/** Slower than this is standing: the noise of the GPS alone looks like half a metre per second. */
const STANDING_MPS = 1;
/** Faster than this is driving. */
const DRIVING_MPS = 5;
/** The longest pause, milliseconds: three of them fit into the minute after which a unit counts as lost. */
export const LONGEST_MS = 20_000;

/** The pause between two fixes, milliseconds. */
export function pauseOf({ speed_mps, is_working, battery_pct, is_charging }: Pace): number {
  // A phone that does not know its speed is taken for one that walks.
  const speed = speed_mps ?? STANDING_MPS;
  const base_ms = speed >= DRIVING_MPS ? 2_000 : speed >= STANDING_MPS ? 4_000 : 10_000;
  const wanted_ms = is_working ? base_ms / 2 : base_ms;
  return Math.min(wanted_ms * thrift(battery_pct, is_charging), LONGEST_MS);
}

function thrift(battery_pct: number | null, is_charging: boolean): number {
  if (is_charging || battery_pct === null || battery_pct > 20) return 1;
  return battery_pct > 10 ? 2 : 3;
}
