// Land and sea, for maps without a basemap. The coast is coarse, right to about a kilometre: enough to know one's city by, not to
// send anybody by, so it goes as one zooms in. Squares of it are loaded as the window shows them (scripts/coast.mjs makes them).
import type { Colours } from './colours.ts';
import { viewOf, type Ground } from './ground.ts';
import { worldOf, type Place } from './place.ts';
import { ringOf, trace, type Ring } from './rings.ts';

/** The same as in scripts/coast.mjs: squares of so many degrees, from this corner on, and so many steps in a degree. */
const SQUARE_DEG = 8;
const BOX = { west: 92, south: -12, east: 148, north: 12 };
const STEPS = 500;
/** Beyond this zoom the coast would be taken for an exact one. */
const ZOOM_MOST = 12.5;
/** A square that did not come is asked for again, milliseconds. */
const AGAIN_MS = 10_000;

type Rings = readonly (readonly number[])[];

/** Squares with land; the others in the box are open sea. */
const SQUARES = import.meta.glob<Rings>('../../gen/coast/*.json', { import: 'default' });

/** Steps from the corner of a square, each from the one before, as places of the world. */
function shapeOf(rings: Rings, west: number, south: number): Ring[] {
  return rings.map((ring) => {
    const places: Place[] = [];
    let [x, y] = [0, 0];
    for (let i = 0; i < ring.length; i += 2) {
      [x, y] = [x + ring[i]!, y + ring[i + 1]!];
      places.push({ lat: south + y / STEPS, lng: west + x / STEPS });
    }
    return ringOf(places);
  });
}

export class Coast {
  readonly #shapes = new Map<string, Ring[] | 'asked'>();
  readonly #redraw: () => void;

  constructor(redraw: () => void) {
    this.#redraw = redraw;
  }

  /** How many squares with land are drawn from. */
  get squares(): number {
    return [...this.#shapes.values()].filter((shape) => shape !== 'asked').length;
  }

  /** Draws the sea below, and the land in it, as far as they are known. */
  paint(context: CanvasRenderingContext2D, ground: Ground, tone: Colours): void {
    if (ground.zoom > ZOOM_MOST) return;
    const view = viewOf(ground);
    const [sea, land] = [new Path2D(), new Path2D()];
    for (const [west, south] of squaresOf(ground)) {
      const shape = this.#shape(west, south);
      if (shape === null) continue;
      const [from, to] = [worldOf({ lat: south + SQUARE_DEG, lng: west }), worldOf({ lat: south, lng: west + SQUARE_DEG })];
      sea.rect(view.x + from.x * view.per_world, view.y + from.y * view.per_world, (to.x - from.x) * view.per_world, (to.y - from.y) * view.per_world);
      for (const ring of shape) trace(land, ring, view);
    }
    // One path each: where squares meet there is no seam.
    context.fillStyle = tone.of('--sea');
    context.fill(sea);
    context.fillStyle = tone.ground;
    context.fill(land, 'evenodd');
  }

  /** Null until it has come. */
  #shape(west: number, south: number): Ring[] | null {
    const name = `../../gen/coast/${west}_${south}.json`;
    const load = SQUARES[name];
    if (!load) return [];
    const known = this.#shapes.get(name);
    if (known !== undefined) return known === 'asked' ? null : known;
    this.#shapes.set(name, 'asked');
    load().then((rings) => {
      this.#shapes.set(name, shapeOf(rings, west, south));
      this.#redraw();
    }, () => setTimeout(() => this.#shapes.delete(name), AGAIN_MS));
    return null;
  }
}

/** South-west corners of the squares in the window. */
function squaresOf(ground: Ground): [number, number][] {
  const [a, b] = [ground.place({ x: 0, y: ground.height }), ground.place({ x: ground.width, y: 0 })];
  const first = (deg: number, least: number) => Math.max(least, least + Math.floor((deg - least) / SQUARE_DEG) * SQUARE_DEG);
  const out: [number, number][] = [];
  for (let west = first(a.lng, BOX.west); west < Math.min(b.lng, BOX.east); west += SQUARE_DEG) {
    for (let south = first(a.lat, BOX.south); south < Math.min(b.lat, BOX.north); south += SQUARE_DEG) out.push([west, south]);
  }
  return out;
}
