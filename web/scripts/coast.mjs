// The coast, for maps without a basemap: Natural Earth's land at 1:10 million (public domain, from the package world-atlas), cut to
// the squares in and around Indonesia. Goes into src/gen/coast, a file for each square with land.
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { clipPolygon } from 'lineclip';
import { feature } from 'topojson-client';

// The same as in src/shared/map/coast.ts.
const SQUARE_DEG = 8;
const BOX = { west: 92, south: -12, east: 148, north: 12 };
/** Steps of a degree: 200 m, finer than the source is exact. */
const STEPS = 500;

const gen = new URL('../src/gen/coast/', import.meta.url);
const world = JSON.parse(await readFile(createRequire(import.meta.url).resolve('world-atlas/land-10m.json'), 'utf8'));
const land = feature(world, world.objects.land).features.flatMap(({ geometry }) => geometry.coordinates.flat());

/** A ring as steps from its square's south-west corner: the first place, then differences. What does not move is left out. */
function steps(ring, west, south) {
  const out = [];
  let [x, y] = [0, 0];
  for (const [lng, lat] of ring) {
    const [dx, dy] = [Math.round((lng - west) * STEPS) - x, Math.round((lat - south) * STEPS) - y];
    if (dx === 0 && dy === 0 && out.length > 0) continue;
    out.push(dx, dy);
    [x, y] = [x + dx, y + dy];
  }
  return out;
}

await rm(gen, { recursive: true, force: true });
await mkdir(gen, { recursive: true });
for (let west = BOX.west; west < BOX.east; west += SQUARE_DEG) {
  for (let south = BOX.south; south < BOX.north; south += SQUARE_DEG) {
    const square = [west, south, west + SQUARE_DEG, south + SQUARE_DEG];
    const rings = land.map((ring) => steps(clipPolygon(ring.map(([lng, lat]) => [lng, lat]), square), west, south)).filter((ring) => ring.length >= 6);
    if (rings.length > 0) await writeFile(new URL(`${west}_${south}.json`, gen), JSON.stringify(rings));
  }
}
