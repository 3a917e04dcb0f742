// Tiles on the plain canvas: which ones the window wants, those that are there, and meanwhile parts of coarser ones.
//
// Invariants: only what the last drawing wanted is asked for, the middle first, a few at a time; what is kept is bounded.
import { theme } from '../../theme.ts';
import type { Colours } from '../colours.ts';
import type { Ground } from '../ground.ts';
import { placeOf } from '../place.ts';
import type { TileSource } from './source.ts';
import { tilesOf, type Tile } from './tiles.ts';

/** Requests at the same time. */
const ASKED_MAX = 8;
/** Tiles kept: some windows full. */
const KEPT_MAX = 400;
/** After a failure a tile is asked for again, milliseconds. */
const AGAIN_MS = 10_000;
/** How many zooms up a stand-in is looked for. */
const UP_MAX = 5;
/** How much of the night lies on pictures. */
export const VEIL = { dark: 0.5, light: 0.12 } as const;

interface Kept {
  image: ImageBitmap | null;
  /** When it may be asked for again; never, where it came. */
  again_ms: number;
}

export interface TileCounts {
  /** Tiles in the last picture. */
  drawn: number;
  /** Tiles that came and that did not, since the map was opened. */
  came: number;
  failed: number;
}

export class TileLayer {
  readonly #source: TileSource;
  readonly #redraw: () => void;
  readonly #kept = new Map<string, Kept>();
  readonly #asked = new Set<string>();
  #wanted: Tile[] = [];
  readonly counts: TileCounts = { drawn: 0, came: 0, failed: 0 };

  constructor(source: TileSource, redraw: () => void) {
    this.#source = source;
    this.#redraw = redraw;
  }

  draw(context: CanvasRenderingContext2D, ground: Ground, tone: Colours): void {
    this.#wanted = tilesOf(ground, this.#source);
    const there = this.#wanted.map((tile) => [tile, this.#image(tile)] as const);
    // Stand-ins lie below what is there.
    for (const [tile, image] of there) if (!image) this.#standIn(context, ground, tile);
    this.counts.drawn = 0;
    for (const [tile, image] of there) {
      if (!image) continue;
      put(context, ground, tile, image, { x: 0, y: 0, size: image.width });
      this.counts.drawn++;
    }
    if (!this.#source.themed) {
      context.globalAlpha = VEIL[theme.value];
      context.fillStyle = tone.ground;
      context.fillRect(0, 0, ground.width, ground.height);
      context.globalAlpha = 1;
    }
    this.#ask();
  }

  #key({ z, x, y }: Tile): string {
    return `${this.#source.themed ? theme.value : ''} ${z}/${x}/${y}`;
  }

  #image(tile: Tile): ImageBitmap | null {
    const key = this.#key(tile);
    const kept = this.#kept.get(key);
    if (!kept?.image) return null;
    // Used last, forgotten last.
    this.#kept.delete(key);
    this.#kept.set(key, kept);
    return kept.image;
  }

  #standIn(context: CanvasRenderingContext2D, ground: Ground, { z, x, y }: Tile): void {
    for (let up = 1; up <= UP_MAX && z - up >= this.#source.zoom_min; up++) {
      const image = this.#image({ z: z - up, x: x >> up, y: y >> up });
      if (!image) continue;
      const size = image.width / 2 ** up;
      const part = (at: number) => (at - ((at >> up) << up)) * size;
      return put(context, ground, { z, x, y }, image, { x: part(x), y: part(y), size });
    }
  }

  #ask(): void {
    const now_ms = performance.now();
    for (const tile of this.#wanted) {
      if (this.#asked.size >= ASKED_MAX) return;
      const key = this.#key(tile);
      const kept = this.#kept.get(key);
      if (this.#asked.has(key) || (kept && (kept.image !== null || now_ms < kept.again_ms))) continue;
      this.#asked.add(key);
      void this.#source.tile(tile.z, tile.x, tile.y, theme.value).then(
        (image) => {
          this.counts.came += image ? 1 : 0;
          this.#keep(key, { image, again_ms: Infinity });
        },
        () => {
          this.counts.failed++;
          this.#keep(key, { image: null, again_ms: performance.now() + AGAIN_MS });
        },
      );
    }
  }

  #keep(key: string, kept: Kept): void {
    this.#asked.delete(key);
    this.#kept.set(key, kept);
    for (const oldest of this.#kept.keys()) {
      if (this.#kept.size <= KEPT_MAX) break;
      this.#kept.get(oldest)?.image?.close();
      this.#kept.delete(oldest);
    }
    this.#redraw();
  }
}

interface Part {
  x: number;
  y: number;
  size: number;
}

function put(context: CanvasRenderingContext2D, ground: Ground, { z, x, y }: Tile, image: ImageBitmap, part: Part): void {
  const n = 2 ** z;
  const [a, b] = [ground.point(placeOf({ x: x / n, y: y / n })), ground.point(placeOf({ x: (x + 1) / n, y: (y + 1) / n }))];
  // Whole pixels, so that no seam shows.
  const [left, top] = [Math.round(a.x), Math.round(a.y)];
  context.drawImage(image, part.x, part.y, part.size, part.size, left, top, Math.round(b.x) - left, Math.round(b.y) - top);
}
