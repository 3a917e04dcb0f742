// Outlines of cities and districts: the ground where there is no basemap, and the border where there is one.
import type { components } from '../../gen/api.ts';
import type { Colours } from './colours.ts';
import { viewOf, type Ground } from './ground.ts';
import { placeOf, type Place } from './place.ts';
import { ringOf, trace, type Ring } from './rings.ts';

export type OutlineFeature = components['schemas']['OutlineFeatureBody'];

export interface Outline {
  kind: 'city' | 'district';
  name: string;
  /** Where its name goes. */
  centre: Place;
  /** The outer ones and holes alike; none where no shape is known. */
  rings: Ring[];
}

/** What is drawn of what the server told: cities and districts, not the regions around them. */
export function outlinesOf(features: readonly OutlineFeature[]): Outline[] {
  const made: Outline[] = [];
  for (const { geometry, properties: { kind, name, centre } } of features) {
    if (kind !== 'city' && kind !== 'district') continue;
    const rings = (geometry?.coordinates ?? []).flat().map((ring) => ringOf(ring.map(([lng, lat]) => ({ lat: lat!, lng: lng! }))));
    made.push({ kind, name, centre, rings });
  }
  // Districts first: the city's border lies above theirs.
  return made.sort((a, b) => Number(a.kind === 'city') - Number(b.kind === 'city'));
}

/** The corners of all cities' boxes: what has to be seen where the city is shown whole. */
export function cornersOf(outlines: readonly Outline[]): Place[] {
  return outlines.filter(({ kind }) => kind === 'city').flatMap(({ rings }) => corners(rings));
}

function corners(rings: readonly Ring[]): Place[] {
  let [west, north, east, south] = [1, 1, 0, 0];
  for (const ring of rings) {
    for (let i = 0; i < ring.length; i += 2) {
      const [x, y] = [ring[i]!, ring[i + 1]!];
      [west, north, east, south] = [Math.min(west, x), Math.min(north, y), Math.max(east, x), Math.max(south, y)];
    }
  }
  return west > east ? [] : [placeOf({ x: west, y: south }), placeOf({ x: east, y: north })];
}

/** Cities are lighter than what lies around them. */
export function fillCities(context: CanvasRenderingContext2D, ground: Ground, outlines: readonly Outline[], tone: Colours): void {
  context.fillStyle = tone.panel;
  context.fill(pathOf(ground, outlines, 'city'), 'evenodd');
}

export function drawBorders(context: CanvasRenderingContext2D, ground: Ground, outlines: readonly Outline[], tone: Colours): void {
  context.lineJoin = 'round';
  context.setLineDash([6, 4]);
  context.lineWidth = 1;
  context.strokeStyle = tone.dim;
  context.globalAlpha = 0.7;
  context.stroke(pathOf(ground, outlines, 'district'));
  context.setLineDash([]);
  context.globalAlpha = 1;
  context.lineWidth = 2;
  context.stroke(pathOf(ground, outlines, 'city'));
}

function pathOf(ground: Ground, outlines: readonly Outline[], kind: Outline['kind']): Path2D {
  const [path, view] = [new Path2D(), viewOf(ground)];
  for (const outline of outlines) if (outline.kind === kind) for (const ring of outline.rings) trace(path, ring, view);
  return path;
}
