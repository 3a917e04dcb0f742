// Vector tiles drawn plainly: land, green, water, roads, borders. No names: these are drawn above, in the console's own letters.
// Layers are known by the names of the two schemas in use, Protomaps' and OpenMapTiles'.
import { VectorTile, type VectorTileFeature, type VectorTileLayer } from '@mapbox/vector-tile';
import { PbfReader } from 'pbf';
import type { Theme } from '../../theme.ts';

/** Twice what is shown at the least, so that a screen of fine pixels is served as well. */
const SIZE_PX = 1_024;

interface Tones {
  land: string;
  green: string;
  water: string;
  road: string;
  main: string;
  border: string;
}

const TONES: Record<Theme, Tones> = {
  dark: { land: '#161d26', green: '#18281f', water: '#0b1b2d', road: '#2c3846', main: '#475668', border: '#5c6a7a' },
  light: { land: '#f6f4ef', green: '#dfead4', water: '#b9d6ea', road: '#ffffff', main: '#f3d9a0', border: '#8d8397' },
};

const MAIN = /motorway|trunk|primary|highway|major_road/;
const MIDDLE = /secondary|tertiary|medium_road/;
const GREEN = /park|forest|wood|grass|nature|farm|meadow|scrub|golf|cemetery/;

const kindOf = ({ properties: { kind, class: of, pmap_kind } }: VectorTileFeature) => String(kind ?? of ?? pmap_kind ?? '');

/** Draws a tile for a theme. */
export async function drawTile(data: ArrayBuffer, z: number, theme: Theme): Promise<ImageBitmap> {
  const { layers } = new VectorTile(new PbfReader(data));
  const canvas = new OffscreenCanvas(SIZE_PX, SIZE_PX);
  const context = canvas.getContext('2d')!;
  const tone = TONES[theme];
  const named = (...names: string[]) => names.flatMap((name) => layers[name] ?? []);
  // Protomaps tells where land is; OpenMapTiles only where water is.
  const earth = named('earth', 'land');
  context.fillStyle = earth.length > 0 ? tone.water : tone.land;
  context.fillRect(0, 0, SIZE_PX, SIZE_PX);
  fill(context, earth, tone.land);
  fill(context, named('landuse', 'landcover', 'park'), tone.green, (feature) => GREEN.test(kindOf(feature)));
  fill(context, named('water', 'ocean'), tone.water);
  context.lineCap = context.lineJoin = 'round';
  const width = SIZE_PX / 512;
  stroke(context, named('waterway'), tone.water, width);
  const roads = named('roads', 'transportation', 'road');
  const grown = Math.max(z - 11, 0) * 0.5 + 1;
  if (z >= 12) stroke(context, roads, tone.road, width * grown, (feature) => !MAIN.test(kindOf(feature)) && !MIDDLE.test(kindOf(feature)));
  if (z >= 9) stroke(context, roads, tone.road, width * grown * 1.5, (feature) => MIDDLE.test(kindOf(feature)));
  stroke(context, roads, tone.main, width * grown * 1.7, (feature) => MAIN.test(kindOf(feature)));
  context.setLineDash([8, 8]);
  stroke(context, named('boundaries', 'boundary'), tone.border, width);
  return canvas.transferToImageBitmap();
}

type Context = OffscreenCanvasRenderingContext2D;
type Wanted = (feature: VectorTileFeature) => boolean;

function fill(context: Context, layers: VectorTileLayer[], colour: string, wanted?: Wanted): void {
  context.fillStyle = colour;
  for (const layer of layers) context.fill(pathOf(layer, 3, wanted), 'evenodd');
}

function stroke(context: Context, layers: VectorTileLayer[], colour: string, width: number, wanted?: Wanted): void {
  context.strokeStyle = colour;
  context.lineWidth = width;
  for (const layer of layers) context.stroke(pathOf(layer, 2, wanted));
}

/** All features of a layer that are of a type (2: lines, 3: areas), as one path. */
function pathOf(layer: VectorTileLayer, type: 2 | 3, wanted: Wanted = () => true): Path2D {
  const path = new Path2D();
  const scale = SIZE_PX / layer.extent;
  for (let i = 0; i < layer.length; i++) {
    const feature = layer.feature(i);
    if (feature.type !== type || !wanted(feature)) continue;
    for (const line of feature.loadGeometry()) {
      for (const [n, { x, y }] of line.entries()) {
        if (n === 0) path.moveTo(x * scale, y * scale);
        else path.lineTo(x * scale, y * scale);
      }
      if (type === 3) path.closePath();
    }
  }
  return path;
}
