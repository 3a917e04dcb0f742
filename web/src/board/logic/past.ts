// Figures of past days: which days, which lines, which cells. Pure.
import type { components } from '../../gen/api.ts';

export type Report = components['schemas']['ComplianceBody'];
export type Group = Report['groups'][number];
export type Segment = components['schemas']['Segment'];

const DAY_MS = 86_400_000;

/** Days as the API names them, the last one `to`. */
export function daysTo(to: string, count: number): string[] {
  const last_ms = Date.parse(`${to}T00:00:00Z`);
  return Array.from({ length: count }, (_, i) => new Date(last_ms - (count - 1 - i) * DAY_MS).toISOString().slice(0, 10));
}

/** Months as the API names them, this one first. */
export function monthsTo(day: string, count: number): string[] {
  const [year, month] = day.split('-').map(Number) as [number, number];
  return Array.from({ length: count }, (_, i) => new Date(Date.UTC(year, month - 1 - i, 1)).toISOString().slice(0, 7));
}

/** A day of a line: numbers are missing where nothing counted. */
export interface TrendDay {
  day: string;
  counted: number;
  share: number | null;
  promised: number | null;
  p50_s: number | null;
  p90_s: number | null;
  p95_s: number | null;
}

/** Each day, those without incidents as well: a line must not run over a gap. */
export function trend(days: readonly string[], groups: readonly Group[]): TrendDay[] {
  const by_day = new Map(groups.map((group) => [group.key, group]));
  return days.map((day) => {
    const group = by_day.get(day);
    const { p50_s = null, p90_s = null, p95_s = null } = group?.response ?? {};
    return { day, counted: group?.counted ?? 0, share: group?.share ?? null, promised: group?.promised ?? null, p50_s, p90_s, p95_s };
  });
}

/** What spent the time of those that were late, the most frequent first. */
export function causes(of: Record<string, number>): { segment: Segment; count: number; share: number }[] {
  const all = Object.entries(of).filter(([, count]) => count > 0);
  const sum = all.reduce((total, [, count]) => total + count, 0);
  return all.sort((a, b) => b[1] - a[1]).map(([segment, count]) => ({ segment: segment as Segment, count, share: count / sum }));
}
