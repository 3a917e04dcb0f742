// States as words, in the language of the screen.
import { duration, type Zone } from '../shared/format.ts';
import { lang } from '../shared/i18n.ts';
import type { Standing } from './logic/promise.ts';
import type { Desk, Kind } from './state/desk.ts';
import { say } from './words.ts';

export function standingText(stands: Standing): string {
  const ms = 'left_ms' in stands ? stands.left_ms : 'over_ms' in stands ? stands.over_ms : stands.took_ms;
  return say(`sla.${stands.is}`, { time: duration(ms) });
}

/** A kind's name; free text stays as it is. */
export function kindText(kinds: Kind[], code: string): string {
  const kind = kinds.find((one) => one.code === code);
  if (kind) return lang.value === 'id' ? kind.id : kind.en;
  if (code === 'unknown') return lang.value === 'id' ? 'Belum diketahui' : 'Not known yet';
  return code.replaceAll('_', ' ');
}

/** The zone of an area that the account sees; that of Balikpapan where it is not known. */
export function zoneOf(desk: Desk, area: string): Zone {
  return desk.work.areas.value.find(({ code }) => code === area)?.zone ?? 'WITA';
}

export function metres(distance_m: number): string {
  return say('cand.distance', { km: (distance_m / 1_000).toFixed(distance_m < 10_000 ? 1 : 0) });
}
