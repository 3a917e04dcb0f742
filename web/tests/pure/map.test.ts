// The map without a screen: where things are, what a finger meets, what is on it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { UnitRow } from '../../src/console/logic/units.ts';
import { blit, over, stampOf } from '../../src/console/map/blit.ts';
import { hit, unitMarks } from '../../src/console/map/scene.ts';
import { tilesOf } from '../../src/shared/map/basemap/tiles.ts';
import { PlainGround, viewOf } from '../../src/shared/map/ground.ts';
import { cornersOf, outlinesOf } from '../../src/shared/map/outlines.ts';
import { boxOf, placeOf, worldOf } from '../../src/shared/map/place.ts';

function ground(): PlainGround {
  const made = new PlainGround();
  made.resize(800, 500);
  return made;
}

test('a place and its point are the same both ways; zooming holds what is below the finger', () => {
  const map = ground();
  map.centre({ lat: -1.24, lng: 116.86 }, 13);
  assert.deepEqual(map.point({ lat: -1.24, lng: 116.86 }), { x: 400, y: 250 });
  const at = { x: 613, y: 77 };
  const place = map.place(at);
  map.zoomBy(1.7, at);
  const again = map.point(place);
  assert.ok(Math.hypot(again.x - at.x, again.y - at.y) < 1e-6);
  map.pan(30, -20);
  const moved = map.point(place);
  assert.ok(Math.hypot(moved.x - at.x - 30, moved.y - at.y + 20) < 1e-6);
  assert.ok(map.point({ lat: -1.23, lng: 116.86 }).y < map.point({ lat: -1.24, lng: 116.86 }).y, 'north is up');
});

test('a whole frame is shown by two numbers, as each place by itself', () => {
  const map = ground();
  map.centre({ lat: -1.24, lng: 116.86 }, 12.3);
  map.pan(-37, 81);
  const { x, y, per_world } = viewOf(map);
  for (const place of [{ lat: -1.3, lng: 116.7 }, { lat: -1.1, lng: 117 }, { lat: 3, lng: 110 }]) {
    const [at, world] = [map.point(place), worldOf(place)];
    assert.ok(Math.hypot(x + world.x * per_world - at.x, y + world.y * per_world - at.y) < 1e-3);
  }
});

test('a box is shown whole, with room at the edges', () => {
  const map = ground();
  const box = { south: -1.3, north: -1.1, west: 116.7, east: 117.0 };
  map.fit(box);
  const [a, b] = [map.point({ lat: box.north, lng: box.west }), map.point({ lat: box.south, lng: box.east })];
  assert.ok(a.x >= 39 && a.y >= 39 && b.x <= 761 && b.y <= 461);
  assert.ok(b.x - a.x > 600 || b.y - a.y > 300, 'and not smaller than need be');
  assert.equal(boxOf([]), null);
  const single = boxOf([{ lat: 1, lng: 2 }])!;
  assert.ok(single.north - single.south > 0.009);
});

test('a finger meets the nearest mark within reach, of equals the one on top', () => {
  const marks = [{ lat: 0, lng: 0, id: 'a' }, { lat: 0, lng: 10, id: 'b' }, { lat: 0, lng: 10, id: 'c' }];
  const pointOf = ({ lat, lng }: { lat: number; lng: number }) => ({ x: lng, y: lat });
  assert.equal(hit(marks, { x: 2, y: 1 }, pointOf)?.id, 'a');
  assert.equal(hit(marks, { x: 9, y: 0 }, pointOf)?.id, 'c');
  assert.equal(hit(marks, { x: 40, y: 0 }, pointOf), null);
});

test('units on the map: who is off duty is not there, the ranked and chosen are on top, a stale one says since when', () => {
  const row = (id: string, by: Partial<UnitRow> = {}): UnitRow => ({
    unit: { id, kind: 'car', duty: 'on_duty', since: 0 }, status: 'free', dispatch: undefined, lat: 1, lng: 2, heading_deg: null, age_ms: 1, stale: false, ...by,
  });
  const rows = [row('BPN-C1'), row('BPN-C2', { status: 'off' }), row('BPN-C3', { lat: null }), row('BPN-C4', { stale: true }), row('BPN-C5')];
  const marks = unitMarks(rows, { incident: null, unit: 'BPN-C5', ranked: ['BPN-C1'] }, (id) => id.slice(4), () => 'since 3');
  assert.deepEqual(marks.map(({ id }) => id), ['BPN-C4', 'BPN-C1', 'BPN-C5']);
  assert.deepEqual(marks.map(({ since, rank, chosen }) => [since, rank, chosen]), [['since 3', null, false], ['', 1, false], ['', null, true]]);
});

test('outlines: cities and districts are drawn, one without a shape keeps its name, and the box is that of the cities', () => {
  const at = { lat: -1, lng: 116 };
  const feature = (kind: 'nation' | 'region' | 'city' | 'district', name: string, rings: [number, number][][] | null) => ({
    type: 'Feature', properties: { kind, code: name, name, centre: at },
    geometry: rings && { type: 'MultiPolygon', coordinates: rings.map((ring) => [ring]) },
  });
  const square: [number, number][] = [[116, -1.5], [116.5, -1.5], [116.5, -1], [116, -1], [116, -1.5]];
  const far: [number, number][] = [[0, 0], [1, 0], [1, 1], [0, 0]];
  const made = outlinesOf([feature('region', 'Kaltim', [far]), feature('city', 'Balikpapan', [square, [[116.6, -1.2], [116.7, -1.2], [116.7, -1.1], [116.6, -1.2]]]), feature('district', 'Kota', null)]);
  assert.deepEqual(made.map(({ kind, name, rings }) => [kind, name, rings.length]), [['district', 'Kota', 0], ['city', 'Balikpapan', 2]]);
  const near = (place: { lat: number; lng: number }) => ({ lat: Number(place.lat.toFixed(9)), lng: Number(place.lng.toFixed(9)) });
  const [x, y] = made[1]!.rings[0]!.slice(2, 4);
  assert.deepEqual(near(placeOf({ x: x!, y: y! })), { lat: -1.5, lng: 116.5 }, 'GeoJSON has the longitude first');
  assert.deepEqual(cornersOf(made).map(near), [{ lat: -1.5, lng: 116 }, { lat: -1, lng: 116.7 }]);
  assert.deepEqual(cornersOf(made.slice(0, 1)), []);
});

test('tiles: those of the window at the zoom that suits their size, the middle first, within what there is, and never too many', () => {
  const map = ground();
  map.centre({ lat: -1.24, lng: 116.86 }, 11);
  const pictures = { tile_px: 256, zoom_min: 0, zoom_max: 19 } as const;
  const tiles = tilesOf(map, pictures);
  assert.ok(tiles.every(({ z }) => z === 12), 'a tile of 256 pixels is shown as large as it is');
  assert.ok(tiles.length >= 8 && tiles.length <= 20, `${tiles.length} for 800 × 500 pixels`);
  // By the usual formula: the tile of that place.
  const [x, y] = [Math.floor(((116.86 + 180) / 360) * 4096), Math.floor((0.5 - Math.log(Math.tan(Math.PI / 4 + ((-1.24 * Math.PI) / 180) / 2)) / (2 * Math.PI)) * 4096)];
  assert.deepEqual(tiles.map((tile) => `${tile.x} ${tile.y}`).indexOf(`${x} ${y}`) < 4, true, 'the middle is among the first');
  assert.ok(tilesOf(map, { ...pictures, tile_px: 512 }).every(({ z }) => z === 11));
  assert.ok(tilesOf(map, { ...pictures, zoom_max: 6 }).every(({ z }) => z === 6), 'beyond the last zoom, that one');
  map.resize(8_000, 5_000);
  assert.ok(tilesOf(map, pictures).length <= 200);
  map.centre({ lat: 0, lng: 0 }, 3);
  assert.ok(tilesOf(map, pictures).every(({ z, x, y }) => x >= 0 && y >= 0 && x < 2 ** z && y < 2 ** z), 'the earth ends somewhere');
});

test('a mark is put pixel by pixel: what covers covers, edges mix, what is beyond the sheet is left out', () => {
  const [red, half, none, ground] = [0xff0000ff, 0x80ff0000, 0x00ffffff, 0xff000000];
  const stamp = stampOf({ width: 2, height: 2, data: new Uint8ClampedArray(Uint32Array.from([red, half, none, red]).buffer) });
  assert.deepEqual([stamp.opaque, stamp.rgba.length], [2, 3]);
  const sheet = () => ({ width: 3, height: 2, pixels: new Uint32Array(6).fill(ground) });
  const inside = sheet();
  blit(inside, stamp, 1, 0);
  assert.deepEqual([...inside.pixels], [ground, red, 0xff800000, ground, ground, red]);
  const edge = sheet();
  blit(edge, stamp, 2, 1);
  blit(edge, stamp, -1, -1);
  assert.deepEqual([...edge.pixels], [red, ground, ground, ground, ground, red]);
  assert.equal(over(half, 0), half, 'on nothing it stays as it is');
});
