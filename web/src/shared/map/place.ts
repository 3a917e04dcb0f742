// Places, and where Web Mercator puts them. Pure.

/** A point of the screen, pixels; or of the world, as `worldOf` gives it. */
export interface Point {
  x: number;
  y: number;
}

/** Degrees, WGS 84. */
export interface Place {
  lat: number;
  lng: number;
}

export interface Box {
  south: number;
  west: number;
  north: number;
  east: number;
}

/** Where a place is in the world, whose width is 1, from its north-west corner. */
export function worldOf({ lat, lng }: Place): Point {
  const sin = Math.sin((Math.min(Math.max(lat, -85), 85) * Math.PI) / 180);
  return { x: lng / 360 + 0.5, y: 0.5 - Math.log((1 + sin) / (1 - sin)) / (4 * Math.PI) };
}

/** The other way round. */
export function placeOf({ x, y }: Point): Place {
  return { lat: (Math.atan(Math.sinh(Math.PI * (1 - 2 * y))) * 180) / Math.PI, lng: (x - 0.5) * 360 };
}

/** The box around some places, with room for a single one; null without any. */
export function boxOf(places: readonly Place[]): Box | null {
  if (places.length === 0) return null;
  const [lats, lngs] = [places.map(({ lat }) => lat), places.map(({ lng }) => lng)];
  const box = { south: Math.min(...lats), north: Math.max(...lats), west: Math.min(...lngs), east: Math.max(...lngs) };
  const pad = Math.max(0.01 - (box.north - box.south), 0) / 2;
  return { south: box.south - pad, north: box.north + pad, west: box.west - pad, east: box.east + pad };
}
