// Numbers as people read them.
import { lang } from '../shared/i18n.ts';
import { duration } from '../shared/format.ts';
import type { Verdict } from './logic/live.ts';

const locale = () => (lang.value === 'id' ? 'id-ID' : 'en-GB');

/** `92 %`; with a decimal where rounding would hide on which side of a promise it is. */
export function percent(share: number | null | undefined, digits = 0): string {
  if (share == null) return '–';
  return new Intl.NumberFormat(locale(), { style: 'percent', maximumFractionDigits: digits }).format(share);
}

/** The share beside what was promised: never rounded to the other side of it. */
export function shareText(share: number | null | undefined, promised: number | null | undefined): string {
  if (share == null) return '–';
  const near = promised != null && share !== promised && Math.round(share * 100) === Math.round(promised * 100);
  return percent(near ? Math.floor(share * 1_000) / 1_000 : share, near ? 1 : 0);
}

/** `6:10` of seconds; a dash where there are none. */
export function seconds(s: number | null | undefined): string {
  return s == null ? '–' : duration(s * 1_000);
}

/** `Jum, 21 Nov` of a day as the API names it. */
export function dayText(day: string): string {
  return new Intl.DateTimeFormat(locale(), { weekday: 'short', day: 'numeric', month: 'short', timeZone: 'UTC' }).format(Date.parse(`${day}T00:00:00Z`));
}

/** `November 2026` of a month as the API names it. */
export function monthText(month: string): string {
  return new Intl.DateTimeFormat(locale(), { month: 'long', year: 'numeric', timeZone: 'UTC' }).format(Date.parse(`${month}-01T00:00:00Z`));
}

/** Minutes of seconds, with a half where there is one. */
export function minutes(s: number): string {
  return new Intl.NumberFormat(locale(), { maximumFractionDigits: 1 }).format(s / 60);
}

/** The shape that goes with a verdict. */
export const VERDICT_SHAPES = { met: 'kept', below: 'missed', none: null, unknown: null } as const satisfies Record<Verdict, string | null>;
