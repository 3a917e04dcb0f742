// What people call a district, by its code and the city that it lies in. A city's names are read when the first of them is
// wanted, and kept for when there is no network; until then the code stands for the name.
import { signal, untracked, type Signal } from '@preact/signals';
import type { Api } from './api.ts';
import { pause } from './backoff.ts';
import { keep, kept } from './kept.ts';
import { isPassing } from './problem.ts';

type Names = Readonly<Record<string, string>>;

const KEPT = 'sigap.districts.';

let asked: Api | null = null;
let cities = new Map<string, Signal<Names>>();

/** Names are asked for with this login from now on. */
export function readDistrictsBy(api: Api): void {
  asked = api;
  cities = new Map();
}

/**
 * The name of a district of this city, or of the city of this incident: `BPN` and `BPN-1024` tell the same. Nothing where there is
 * no district. Whoever draws it is drawn again when the name becomes known.
 */
export function districtName(of: string, code: string | null | undefined): string {
  if (!code) return '';
  const [city = ''] = of.split('-');
  let names = cities.get(city);
  if (!names) {
    names = signal(last(city));
    cities.set(city, names);
    const [api, known] = [asked, names];
    if (api) void untracked(() => read(api, city, known));
  }
  return names.value[code] ?? code;
}

async function read(api: Api, city: string, known: Signal<Names>): Promise<void> {
  for (let tries = 0; cities.get(city) === known; tries++) {
    try {
      const { districts } = await api.get('/areas/{code}', { path: { code: city } });
      known.value = Object.fromEntries(districts.map(({ code, name }) => [code, name]));
      return keep(KEPT + city, JSON.stringify(known.value));
    } catch (error) {
      // A city that is not this login's: its crew helps there, and reads codes.
      if (!isPassing(error)) return;
      await new Promise((next) => setTimeout(next, pause(tries, 10_000)));
    }
  }
}

function last(city: string): Names {
  try {
    return JSON.parse(kept(KEPT + city) ?? '{}') as Names;
  } catch {
    return {};
  }
}
