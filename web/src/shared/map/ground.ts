// The ground of the map: which place is at which point of the screen. Two kinds with one interface: plain Mercator on a
// canvas, and MapLibre. What lies on it is drawn by draw.ts, the same on both.
import type { TileCounts } from './basemap/layer.ts';
import type { TileSource } from './basemap/source.ts';
import type { Colours } from './colours.ts';
import { placeOf, worldOf, type Box, type Place, type Point } from './place.ts';

export interface Ground {
  readonly kind: 'canvas' | 'gl';
  readonly width: number;
  readonly height: number;
  /** As in web maps: each step doubles. */
  readonly zoom: number;
  point(place: Place): Point;
  place(point: Point): Place;
  /** Shows a box whole. */
  fit(box: Box): void;
  centre(place: Place, zoom?: number): void;
  pan(dx: number, dy: number): void;
  /** Zooms so that what is at the point stays there. */
  zoomBy(steps: number, at: Point): void;
  resize(width: number, height: number): void;
  /** Lies on these tiles from now on. */
  lay(source: TileSource): void;
  /** What became of the tiles; null without any. */
  readonly tiles: TileCounts | null;
  /** Draws what lies below everything, where nothing else draws it. */
  paint(context: CanvasRenderingContext2D, tone: Colours): void;
  destroy(): void;
}

export const ZOOM_MIN = 3;
export const ZOOM_MAX = 19;
const TILE = 512;
/** Kept free at the edges, pixels: there are keys, and names beside marks. */
const MARGIN = 56;

/** From a point of the world, as `worldOf` gives it, to one of the screen. */
export interface View {
  x: number;
  y: number;
  per_world: number;
}

/**
 * How a ground shows the world now: both kinds are Mercator with north above, so that two numbers are enough, and 2,000
 * units need no logarithm each for each frame.
 */
export function viewOf(ground: Ground): View {
  const [a, b] = [ground.place({ x: 0, y: 0 }), ground.place({ x: ground.width, y: ground.height })];
  const [from, to] = [worldOf(a), worldOf(b)];
  const per_world = ground.width / (to.x - from.x);
  return { x: -from.x * per_world, y: -from.y * per_world, per_world };
}

/** Centre and zoom that show a box whole in a window. */
export function fitting(box: Box, width: number, height: number): { centre: Place; zoom: number } {
  const [a, b] = [worldOf({ lat: box.north, lng: box.west }), worldOf({ lat: box.south, lng: box.east })];
  const scale = Math.min(Math.max(width - 2 * MARGIN, 50) / Math.max(b.x - a.x, 1e-7), Math.max(height - 2 * MARGIN, 50) / Math.max(b.y - a.y, 1e-7));
  const zoom = Math.min(Math.max(Math.log2(scale / TILE), ZOOM_MIN), 16);
  return { centre: placeOf({ x: (a.x + b.x) / 2, y: (a.y + b.y) / 2 }), zoom };
}

/** What draws tiles on the plain canvas; loaded where there is a basemap. */
interface Painter {
  readonly counts: TileCounts;
  draw(context: CanvasRenderingContext2D, ground: Ground, tone: Colours): void;
}

/** Mercator on a canvas: the map where there is no WebGL, or a slow one. */
export class PlainGround implements Ground {
  readonly kind = 'canvas';
  width = 1;
  height = 1;
  zoom = 11;
  #middle: Point = worldOf({ lat: -1.27, lng: 116.83 });
  #painter: Painter | null = null;
  readonly #redraw: () => void;

  constructor(redraw: () => void = () => {}) {
    this.#redraw = redraw;
  }

  get #scale(): number {
    return TILE * 2 ** this.zoom;
  }

  point(place: Place): Point {
    const at = worldOf(place);
    return { x: (at.x - this.#middle.x) * this.#scale + this.width / 2, y: (at.y - this.#middle.y) * this.#scale + this.height / 2 };
  }

  place({ x, y }: Point): Place {
    return placeOf({ x: this.#middle.x + (x - this.width / 2) / this.#scale, y: this.#middle.y + (y - this.height / 2) / this.#scale });
  }

  fit(box: Box): void {
    const { centre, zoom } = fitting(box, this.width, this.height);
    this.centre(centre, zoom);
  }

  centre(place: Place, zoom: number = this.zoom): void {
    this.#middle = worldOf(place);
    this.zoom = zoom;
  }

  pan(dx: number, dy: number): void {
    this.#middle = { x: this.#middle.x - dx / this.#scale, y: this.#middle.y - dy / this.#scale };
  }

  zoomBy(steps: number, at: Point): void {
    const held = this.place(at);
    this.zoom = Math.min(Math.max(this.zoom + steps, ZOOM_MIN), ZOOM_MAX);
    const moved = this.point(held);
    this.pan(at.x - moved.x, at.y - moved.y);
  }

  resize(width: number, height: number): void {
    this.width = width;
    this.height = height;
  }

  lay(source: TileSource): void {
    void import('./basemap/layer.ts').then(({ TileLayer }) => {
      this.#painter = new TileLayer(source, this.#redraw);
      this.#redraw();
    });
  }

  get tiles(): TileCounts | null {
    return this.#painter?.counts ?? null;
  }

  paint(context: CanvasRenderingContext2D, tone: Colours): void {
    context.fillStyle = tone.ground;
    context.fillRect(0, 0, this.width, this.height);
    this.#painter?.draw(context, this, tone);
  }

  destroy(): void {}
}
