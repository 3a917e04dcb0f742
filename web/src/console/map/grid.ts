// The H3 grid of what the window shows.
import type { Colours } from '../../shared/map/colours.ts';
import type { Ground } from '../../shared/map/ground.ts';

/** Cells that are drawn at most: beyond, the next coarser resolution is taken. */
const CELLS_MAX = 900;
/** The finest resolution drawn: that of the server's index of units. */
const RESOLUTION_MAX = 8;

/** The library of H3, loaded when somebody wants the grid. */
let h3: typeof import('h3-js') | null = null;

/** Loads what the grid needs; tells when it is there. */
export async function loadGrid(done: () => void): Promise<void> {
  if (h3) return;
  h3 = await import('h3-js');
  done();
}

let kept: { key: string; rings: [number, number][][] } | null = null;

/** Boundaries of the cells on the screen, (lat, lng). */
function cells(ground: Ground): [number, number][][] {
  if (!h3) return [];
  const { cellToBoundary, polygonToCells } = h3;
  const [a, b] = [ground.place({ x: 0, y: ground.height }), ground.place({ x: ground.width, y: 0 })];
  const key = [a.lat, a.lng, b.lat, b.lng].map((deg) => deg.toFixed(4)).join();
  if (kept?.key === key) return kept.rings;
  const box: [number, number][] = [[a.lat, a.lng], [a.lat, b.lng], [b.lat, b.lng], [b.lat, a.lng]];
  const area_km2 = (b.lat - a.lat) * (b.lng - a.lng) * 111.3 ** 2 * Math.cos((a.lat * Math.PI) / 180);
  // A cell of resolution 8 has 0.74 km², each coarser one seven times that.
  let resolution = RESOLUTION_MAX;
  while (resolution > 0 && area_km2 / (0.74 * 7 ** (RESOLUTION_MAX - resolution)) > CELLS_MAX) resolution--;
  const rings = polygonToCells(box, resolution).map((cell) => cellToBoundary(cell) as [number, number][]);
  kept = { key, rings };
  return rings;
}

export function drawGrid(context: CanvasRenderingContext2D, ground: Ground, tone: Colours): void {
  context.beginPath();
  for (const ring of cells(ground)) {
    for (const [i, [lat, lng]] of ring.entries()) {
      const { x, y } = ground.point({ lat, lng });
      if (i === 0) context.moveTo(x, y);
      else context.lineTo(x, y);
    }
    context.closePath();
  }
  context.globalAlpha = 0.6;
  context.lineWidth = 1;
  context.strokeStyle = tone.accent;
  context.stroke();
  context.globalAlpha = 1;
}
