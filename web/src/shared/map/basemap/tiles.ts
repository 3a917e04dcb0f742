// Which tiles a window wants. Pure.
import type { Ground } from '../ground.ts';
import { worldOf } from '../place.ts';
import type { TileSource } from './source.ts';

/** In one window at most; beyond, a coarser zoom is taken. */
const WINDOW_MAX = 160;

export interface Tile {
  z: number;
  x: number;
  y: number;
}

/** The tiles that a window wants, the middle first. */
export function tilesOf(ground: Pick<Ground, 'zoom' | 'width' | 'height' | 'place'>, { tile_px, zoom_min, zoom_max }: Pick<TileSource, 'tile_px' | 'zoom_min' | 'zoom_max'>): Tile[] {
  const [a, b] = [worldOf(ground.place({ x: 0, y: 0 })), worldOf(ground.place({ x: ground.width, y: ground.height }))];
  let z = Math.min(Math.max(Math.round(ground.zoom + Math.log2(512 / tile_px)), zoom_min), zoom_max);
  while (z > zoom_min && (b.x - a.x) * (b.y - a.y) * 4 ** z > WINDOW_MAX) z--;
  const n = 2 ** z;
  const bound = (at: number) => Math.min(Math.max(Math.floor(at * n), 0), n - 1);
  const tiles: Tile[] = [];
  for (let x = bound(a.x); x <= bound(b.x); x++) for (let y = bound(a.y); y <= bound(b.y); y++) tiles.push({ z, x, y });
  const [mx, my] = [((a.x + b.x) / 2) * n - 0.5, ((a.y + b.y) / 2) * n - 0.5];
  const far = ({ x, y }: Tile) => (x - mx) ** 2 + (y - my) ** 2;
  return tiles.sort((p, q) => far(p) - far(q));
}
