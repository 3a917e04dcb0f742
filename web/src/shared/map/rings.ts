// Closed lines of many corners, kept as places of the world: a frame multiplies and adds, and works out no logarithm.
import type { View } from './ground.ts';
import { worldOf, type Place, type Point } from './place.ts';

/** Corners as `worldOf` gives them: x, y, x, y. */
export type Ring = Float64Array;

export function ringOf(places: readonly Place[]): Ring {
  const ring = new Float64Array(places.length * 2);
  for (const [i, place] of places.entries()) {
    const { x, y } = worldOf(place);
    [ring[2 * i], ring[2 * i + 1]] = [x, y];
  }
  return ring;
}

/** Corners nearer to the last one than this are left out, pixels. */
const NEAR_PX = 1;

export function trace(path: Path2D, ring: Ring, { x, y, per_world }: View): void {
  let last: Point = { x: Infinity, y: Infinity };
  for (let i = 0; i < ring.length; i += 2) {
    const at = { x: x + ring[i]! * per_world, y: y + ring[i + 1]! * per_world };
    if (Math.abs(at.x - last.x) < NEAR_PX && Math.abs(at.y - last.y) < NEAR_PX) continue;
    if (i === 0) path.moveTo(at.x, at.y);
    else path.lineTo(at.x, at.y);
    last = at;
  }
  path.closePath();
}
