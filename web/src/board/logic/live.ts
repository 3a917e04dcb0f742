// The live figures of an area: what comes with each frame, when they stand still, which areas may be chosen. Pure.
import type { Area } from '../../shared/screen.tsx';
import type { Grant, Role } from '../../shared/session.ts';
import type { CityBoard, Pressing, ToldBoard } from '../../gen/frames.ts';

/** A board comes every two seconds in any case: after so long without one it stands still, milliseconds. */
export const SILENT_MS = 4_000;

export type Still =
  /** Nothing came for too long. */
  | { is: 'silent'; since_ms: number }
  /** The server says that it cannot bring the figures up to date. */
  | { is: 'server'; since_ms: number };

/** Whether a board stands still; moments by the clock that `now_ms` is of, `heard_ms` is when the last frame came. */
export function still(told: Pick<ToldBoard, 'stale' | 'since' | 'at'>, heard_ms: number, now_ms: number): Still | null {
  if (now_ms - heard_ms > SILENT_MS) return { is: 'silent', since_ms: heard_ms };
  // It was sent at `at`, and came at `heard_ms`: how old the figures were then is the same on both clocks.
  return told.stale ? { is: 'server', since_ms: heard_ms - Math.max(told.at - (told.since ?? told.at), 0) } : null;
}

/** All cities after a frame: the first of a socket has all of them, the later ones those that changed. */
export function cities(before: readonly CityBoard[], told: readonly CityBoard[], first: boolean): CityBoard[] {
  const all = new Map((first ? [] : before).map((city) => [city.area, city]));
  for (const city of told) all.set(city.area, city);
  return [...all.values()].sort((a, b) => (a.area < b.area ? -1 : 1));
}

/** How what was kept stands beside what was promised. */
export type Verdict =
  /** Nothing is decided. */
  | 'none'
  /** It is not known what was promised: what is late is decided before it has ended. */
  | 'unknown'
  | 'met' | 'below';

export function verdict(share: number | null | undefined, promised: number | null | undefined): Verdict {
  if (share == null) return 'none';
  if (promised == null) return 'unknown';
  return share >= promised - 1e-9 ? 'met' : 'below';
}

/** An incident on one of the lists, as it stands at this second. */
export interface Row {
  pressing: Pressing;
  is: 'risk' | 'late';
  /** Until the target passes, or since it did; milliseconds. */
  ms: number;
}

/** Between two frames an incident at risk may become late: it is told as what it is by now. */
export function row(pressing: Pressing, now_ms: number): Row {
  const left_ms = pressing.due - now_ms;
  return left_ms < 0 ? { pressing, is: 'late', ms: -left_ms } : { pressing, is: 'risk', ms: left_ms };
}

/** Areas with a board for this account, the widest first; only those of its desk roles. */
export function choices(areas: readonly Area[], grants: readonly Grant[], roles: readonly Role[]): Area[] {
  const rank = { nation: 0, region: 1, city: 2 };
  const seen = areas.filter((area) => grants.some(({ role, area: top }) => roles.includes(role) && isWithin(areas, area, top)));
  return seen.sort((a, b) => rank[a.level] - rank[b.level] || (a.name < b.name ? -1 : 1));
}

/** Whether an area lies in another, or is it. */
export function isWithin(areas: readonly Area[], area: Area, top: string): boolean {
  for (let at: Area | undefined = area; at; at = areas.find(({ code }) => code === at?.parent)) {
    // The area above may be one that the account does not see itself.
    if (at.code === top || at.parent === top) return true;
  }
  return false;
}
