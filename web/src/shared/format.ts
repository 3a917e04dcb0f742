// Times as people read them: always in the city's zone, never in the PC's.
import type { components } from '../gen/api.ts';
import { lang } from './i18n.ts';

export type Zone = components['schemas']['Zone'];

const PLACES: Record<Zone, string> = { WIB: 'Asia/Jakarta', WITA: 'Asia/Makassar', WIT: 'Asia/Jayapura' };

/** Formats, each made once: making one takes a hundred times as long as using it. */
const made = new Map<string, Intl.DateTimeFormat>();

function format(locale: string, zone: Zone, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = `${locale} ${zone} ${Object.keys(options).length}`;
  const known = made.get(key) ?? new Intl.DateTimeFormat(locale, { ...options, timeZone: PLACES[zone] });
  made.set(key, known);
  return known;
}

const CLOCK = { timeStyle: 'medium' } as const;
const DAY = { weekday: 'short', day: 'numeric', month: 'short', year: 'numeric' } as const;

/** `03:12:44`, in the zone. */
export function clock(ms: number, zone: Zone): string {
  // The locale that writes 03:12:44 with colons; Indonesian writes 03.12.44, which reads like a number.
  return format('en-GB', zone, CLOCK).format(ms);
}

/** `Sen, 2 Nov 2026`, in the zone. */
export function day(ms: number, zone: Zone): string {
  return format(lang.value === 'id' ? 'id-ID' : 'en-GB', zone, DAY).format(ms);
}

/** `2026-11-02`: the day in the zone, as the API names days. */
export function dayKey(ms: number, zone: Zone): string {
  return new Intl.DateTimeFormat('en-CA', { year: 'numeric', month: '2-digit', day: '2-digit', timeZone: PLACES[zone] }).format(ms);
}

/** `0:07`, `12:30`, `1:02:03`; with a minus below zero. */
export function duration(ms: number): string {
  const whole = Math.floor(Math.abs(ms) / 1_000);
  const [h, m, s] = [Math.floor(whole / 3_600), Math.floor(whole / 60) % 60, whole % 60];
  const two = (n: number) => String(n).padStart(2, '0');
  const sign = ms < 0 && whole > 0 ? '−' : '';
  return sign + (h > 0 ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`);
}
