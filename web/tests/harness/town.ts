// Crews in a town: officers who are signed on, and where their units are.
import { randomUUID } from 'node:crypto';
import { Person } from './people.ts';
import type { Server } from './server.ts';

export const CENTRE = { lat: -1.24, lng: 116.86 };

/** A unit with a crew; its place comes from a tracker, as from a phone in a pocket. */
export class Crew {
  readonly unit: string;
  readonly officer: Person;
  readonly #server: Server;
  #secret = '';

  private constructor(server: Server, sign: string) {
    this.unit = `BPN-${sign}`;
    this.officer = new Person(server, `bpn-${sign.toLowerCase()}`);
    this.#server = server;
  }

  /** Signs on, so many metres north of the centre. */
  static async on(server: Server, dispatcher: Person, sign: string, north_m: number, ago_ms = 0): Promise<Crew> {
    const crew = new Crew(server, sign);
    await crew.officer.post(`/units/${crew.unit}/sign-on`, { device: randomUUID(), position_source: true });
    const { setup } = await dispatcher.post(`/units/${crew.unit}/trackers`, { position_source: true });
    crew.#secret = setup.traccar_id;
    await crew.at(north_m, ago_ms);
    return crew;
  }

  /** Is so far north, since `ago_ms` where the phone was silent since then. */
  async at(north_m: number, ago_ms = 0): Promise<void> {
    const place = { lat: CENTRE.lat + north_m / 111_195, lon: CENTRE.lng };
    const query = new URLSearchParams({
      id: this.#secret, lat: place.lat.toFixed(6), lon: String(place.lon), timestamp: String(Date.now() - ago_ms), accuracy: '8', speed: '6', bearing: '180',
    });
    const answer = await fetch(`${this.#server.url}/trackers/osmand?${query}`);
    const told = (await answer.json()) as { kept: number };
    if (!answer.ok || told.kept !== 1) throw new Error(`the fix of ${this.unit} was not kept: ${JSON.stringify(told)}`);
  }
}
