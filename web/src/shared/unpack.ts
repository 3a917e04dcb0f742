// Positions in a few bytes, as the server packs them for whole cities (`positions_packed` in api-spec/asyncapi.json).
//
// Invariant: frames are read in their order, none left out: each says what changed since the one before.
import type { PositionFrame, ToldPositions } from '../gen/frames.ts';

const VERSION = 1;
const BEGIN = 1;
const [STEP, WHOLE, NAMED] = [0, 1, 2];
const [PLACE, HEADING, SPEED] = [4, 8, 16];
const AVAILABILITIES = ['free', 'busy', 'off'];
const STEPS_PER_DEG = 1e5;
const AGE_STEP_MS = 100;
const HEADING_STEP_DEG = 360 / 256;
const SPEED_STEP_MPS = 0.5;

/** What was told of a unit last. */
interface Told {
  unit: string;
  availability: string;
  /** Place in steps; none: off the map. */
  lat: number | null;
  lng: number;
  heading: number | null;
  speed: number | null;
  /** Steps before the frame's moment. */
  age: number;
}

/** The tables of a line's views. */
export class Unpacker {
  readonly #views = new Map<string, Told[]>();

  /** Throws where the bytes do not follow from those before. */
  unpack(bytes: Uint8Array): ToldPositions {
    const reader = new Reader(bytes);
    if (reader.byte() !== VERSION) throw new Error('packed positions of another version');
    const begins = (reader.byte() & BEGIN) !== 0;
    const area = reader.text();
    const base_ms = reader.varint();
    if (begins) this.#views.set(area, []);
    const table = this.#views.get(area);
    if (!table) throw new Error(`packed positions of ${area} without a beginning`);
    const units: PositionFrame[] = [];
    for (let next = 0; !reader.isOver;) {
      const head = reader.varint();
      const [count, kind] = [Math.floor(head / 4), head % 4];
      if (kind !== NAMED) next += reader.varint();
      for (let i = 0; i < count; i++) {
        if (kind === NAMED) table.push({ unit: `${area}-${reader.text()}`, availability: 'off', lat: null, lng: 0, heading: null, speed: null, age: 0 });
        const told = kind === NAMED ? table[table.length - 1] : table[next++];
        if (!told) throw new Error('packed positions of a unit without a name');
        if (kind === STEP) step(reader, told);
        else if (kind === WHOLE || kind === NAMED) whole(reader, told);
        else throw new Error('packed positions of a strange kind');
        units.push(frame(told, base_ms));
      }
    }
    return { type: 'positions', area, units };
  }
}

function step(reader: Reader, told: Told): void {
  if (told.lat === null) throw new Error('packed positions: a step from nowhere');
  told.lat += reader.signed();
  told.lng += reader.signed();
  told.age = reader.varint();
  if (told.heading !== null) told.heading = reader.byte();
  if (told.speed !== null) told.speed = reader.byte();
}

function whole(reader: Reader, told: Told): void {
  const flags = reader.byte();
  told.availability = AVAILABILITIES[flags & 3] ?? 'off';
  told.lat = null;
  if (flags & PLACE) {
    told.lat = reader.signed();
    told.lng = reader.signed();
    told.age = reader.varint();
  }
  told.heading = flags & HEADING ? reader.byte() : null;
  told.speed = flags & SPEED ? reader.byte() : null;
}

function frame({ unit, availability, lat, lng, heading, speed, age }: Told, base_ms: number): PositionFrame {
  const made: PositionFrame = lat === null
    ? { unit, availability, place: null, at: null }
    : { unit, availability, place: { lat: lat / STEPS_PER_DEG, lng: lng / STEPS_PER_DEG }, at: base_ms - age * AGE_STEP_MS };
  if (heading !== null) made.heading_deg = heading * HEADING_STEP_DEG;
  if (speed !== null) made.speed_mps = speed * SPEED_STEP_MPS;
  return made;
}

class Reader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get isOver(): boolean {
    return this.#at >= this.#bytes.length;
  }

  byte(): number {
    const byte = this.#bytes[this.#at++];
    if (byte === undefined) throw new Error('packed positions end too early');
    return byte;
  }

  /** Up to 2^53: moments are below that until the year 287396. */
  varint(): number {
    let [n, unit] = [0, 1];
    for (;;) {
      const byte = this.byte();
      n += (byte & 0x7f) * unit;
      if (byte < 0x80) return n;
      unit *= 128;
      if (unit > Number.MAX_SAFE_INTEGER) throw new Error('packed positions: a number too large');
    }
  }

  signed(): number {
    const n = this.varint();
    return n % 2 === 0 ? n / 2 : -(n + 1) / 2;
  }

  text(): string {
    let text = '';
    for (let left = this.byte(); left > 0; left--) text += String.fromCharCode(this.byte());
    return text;
  }
}
