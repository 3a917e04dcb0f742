// Lines of every map: degrees and the scale.
import type { Colours } from './colours.ts';
import type { Ground } from './ground.ts';

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
