// Outlines of cities and districts: the ground where there is no basemap, and the border where there is one.
import type { components } from '../../gen/api.ts';
import type { Colours } from './colours.ts';
import type { Ground } from './ground.ts';
import type { Box, Place } from './place.ts';

type Feature = components['schemas']['OutlineFeatureBody'];

export interface Outline {
  kind: 'city' | 'district';
  name: string;
  /** Where its name goes. */
  centre: Place;
  /** Rings, the outer ones and holes alike; none where no shape is known. */
  rings: Place[][];
}

/** What is drawn of what the server told: cities and districts, not the regions around them. */
export function outlinesOf(features: readonly Feature[]): Outline[] {
  const made: Outline[] = [];
  for (const { geometry, properties: { kind, name, centre } } of features) {
    if (kind !== 'city' && kind !== 'district') continue;
    const rings = (geometry?.coordinates ?? []).flat().map((ring) => ring.map(([lng, lat]) => ({ lat: lat!, lng: lng! })));
    made.push({ kind, name, centre, rings });
  }
  // Districts first: the city's border lies above theirs.
  return made.sort((a, b) => Number(a.kind === 'city') - Number(b.kind === 'city'));
}

/** The corners of all cities' boxes: what has to be seen where the city is shown whole. */
export function cornersOf(outlines: readonly Outline[]): Place[] {
  return outlines.filter(({ kind }) => kind === 'city').flatMap(({ rings }) => corners(rings));
}

function corners(rings: Place[][]): Place[] {
  const box: Box = { south: 90, west: 180, north: -90, east: -180 };
  for (const { lat, lng } of rings.flat()) {
    box.south = Math.min(box.south, lat);
    box.north = Math.max(box.north, lat);
    box.west = Math.min(box.west, lng);
    box.east = Math.max(box.east, lng);
  }
  return box.south > box.north ? [] : [{ lat: box.south, lng: box.west }, { lat: box.north, lng: box.east }];
}

/** Draws them; `filled`: cities are lighter than what lies around them. */
export function drawOutlines(context: CanvasRenderingContext2D, ground: Ground, outlines: readonly Outline[], tone: Colours, filled: boolean): void {
  const cities = pathOf(ground, outlines, 'city');
  if (filled) {
    context.fillStyle = tone.panel;
    context.fill(cities, 'evenodd');
  }
  context.lineJoin = 'round';
  context.setLineDash([6, 4]);
  context.lineWidth = 1;
  context.strokeStyle = tone.dim;
  context.globalAlpha = 0.7;
  context.stroke(pathOf(ground, outlines, 'district'));
  context.setLineDash([]);
  context.globalAlpha = 1;
  context.lineWidth = 2;
  context.stroke(cities);
}

function pathOf(ground: Ground, outlines: readonly Outline[], kind: Outline['kind']): Path2D {
  const path = new Path2D();
  for (const outline of outlines) {
    if (outline.kind !== kind) continue;
    for (const ring of outline.rings) {
      for (const [i, place] of ring.entries()) {
        const { x, y } = ground.point(place);
        if (i === 0) path.moveTo(x, y);
        else path.lineTo(x, y);
      }
      path.closePath();
    }
  }
  return path;
}
