// Lines of the map: degrees, the H3 grid, the scale.
import type { Colours } from './colours.ts';
import type { Ground } from './ground.ts';

/** Cells that are drawn at most: beyond, the next coarser resolution is taken. */
const CELLS_MAX = 900;
/** The finest resolution drawn: that of the server's index of units. */
const RESOLUTION_MAX = 8;

/** Faint lines of degrees, so that there is a ground at all without a basemap. */
export function drawLines(context: CanvasRenderingContext2D, ground: Ground, tone: Colours): void {
  const step = [1, 0.5, 0.2, 0.1, 0.05, 0.02, 0.01, 0.005].find((deg) => (deg * 512 * 2 ** ground.zoom) / 360 < 160) ?? 0.005;
  const [a, b] = [ground.place({ x: 0, y: ground.height }), ground.place({ x: ground.width, y: 0 })];
  context.beginPath();
  for (let lng = Math.ceil(a.lng / step) * step; lng < b.lng; lng += step) {
    const { x } = ground.point({ lat: a.lat, lng });
    context.moveTo(Math.round(x) + 0.5, 0);
    context.lineTo(Math.round(x) + 0.5, ground.height);
  }
  for (let lat = Math.ceil(a.lat / step) * step; lat < b.lat; lat += step) {
    const { y } = ground.point({ lat, lng: a.lng });
    context.moveTo(0, Math.round(y) + 0.5);
    context.lineTo(ground.width, Math.round(y) + 0.5);
  }
  context.globalAlpha = 0.35;
  context.lineWidth = 1;
  context.strokeStyle = tone.line;
  context.stroke();
  context.globalAlpha = 1;
}

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

/** A bar of a round length, bottom left. */
export function drawScale(context: CanvasRenderingContext2D, ground: Ground, tone: Colours): void {
  const [a, b] = [ground.place({ x: 0, y: ground.height }), ground.place({ x: 100, y: ground.height })];
  const per_px = ((b.lng - a.lng) * 111_320 * Math.cos((a.lat * Math.PI) / 180)) / 100;
  const length_m = [100_000, 50_000, 20_000, 10_000, 5_000, 2_000, 1_000, 500, 200, 100, 50].find((m) => m / per_px <= 120) ?? 20;
  const [y, width] = [ground.height - 12, length_m / per_px];
  context.beginPath();
  context.moveTo(12, y - 6);
  context.lineTo(12, y);
  context.lineTo(12 + width, y);
  context.lineTo(12 + width, y - 6);
  context.lineWidth = 2;
  context.strokeStyle = tone.text;
  context.stroke();
  context.fillStyle = tone.text;
  context.fillText(length_m >= 1_000 ? `${length_m / 1_000} km` : `${length_m} m`, 18, y - 5);
}
