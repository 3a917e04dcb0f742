// The ground by MapLibre, on a basemap where there is one. Loaded only where it is used.
import { addProtocol, Map as MapLibre, removeProtocol, setWorkerUrl, type RasterTileSource, type StyleSpecification } from 'maplibre-gl';
import worker from 'maplibre-gl/dist/maplibre-gl-worker.mjs?url';
import 'maplibre-gl/dist/maplibre-gl.css';
import { effect } from '@preact/signals';
import { VEIL, type TileCounts } from '../../shared/map/basemap/layer.ts';
import type { TileSource } from '../../shared/map/basemap/source.ts';
import { colours } from '../../shared/map/colours.ts';
import { fitting, ZOOM_MAX, ZOOM_MIN, type Ground } from '../../shared/map/ground.ts';
import type { Box, Place, Point } from '../../shared/map/place.ts';
import { theme, type Theme } from '../../shared/theme.ts';

/** How long WebGL may take to show anything, milliseconds; then the canvas stays. */
const FIRST_MS = 5_000;

/** By this, MapLibre asks us for tiles: whatever they are made of, it gets pictures. */
const PROTOCOL = 'sigap-tiles';

/** A style without glyphs and sprites: labels are drawn above it. */
function style(): StyleSpecification {
  return { version: 8, sources: {}, layers: [{ id: 'ground', type: 'background', paint: { 'background-color': colours().ground } }] };
}

export class GlGround implements Ground {
  readonly kind = 'gl';
  readonly #map: MapLibre;
  readonly #ends: (() => void)[] = [];
  #tiles: TileCounts | null = null;
  width = 1;
  height = 1;

  private constructor(map: MapLibre, moved: () => void, lost: () => void) {
    this.#map = map;
    map.on('move', moved);
    map.getCanvas().addEventListener('webglcontextlost', lost, { once: true });
    this.#ends.push(effect(() => {
      map.setPaintProperty('ground', 'background-color', colours().ground);
      moved();
    }));
  }

  /** Throws where WebGL does not come up in time; `lost` is heard where it goes later. */
  static async make(container: HTMLElement, moved: () => void, lost: () => void): Promise<GlGround> {
    setWorkerUrl(worker);
    const map = new MapLibre({
      container, style: style(), interactive: false, attributionControl: false, fadeDuration: 0, minZoom: ZOOM_MIN - 1, maxZoom: ZOOM_MAX,
    });
    try {
      await new Promise<void>((done, failed) => {
        map.once('load', () => done());
        map.once('error', ({ error }) => failed(error));
        setTimeout(() => failed(new Error('WebGL is too slow')), FIRST_MS);
      });
    } catch (error) {
      map.remove();
      throw error;
    }
    return new GlGround(map, moved, lost);
  }

  get zoom(): number {
    return this.#map.getZoom();
  }

  point({ lat, lng }: Place): Point {
    return this.#map.project([lng, lat]);
  }

  place({ x, y }: Point): Place {
    const { lat, lng } = this.#map.unproject([x, y]);
    return { lat, lng };
  }

  fit(box: Box): void {
    const { centre, zoom } = fitting(box, this.width, this.height);
    this.centre(centre, zoom);
  }

  centre({ lat, lng }: Place, zoom: number = this.zoom): void {
    this.#map.jumpTo({ center: [lng, lat], zoom });
  }

  pan(dx: number, dy: number): void {
    this.#map.panBy([-dx, -dy], { duration: 0 });
  }

  zoomBy(steps: number, at: Point): void {
    const held = this.place(at);
    this.#map.jumpTo({ zoom: Math.min(Math.max(this.zoom + steps, ZOOM_MIN), ZOOM_MAX) });
    const moved = this.point(held);
    this.pan(at.x - moved.x, at.y - moved.y);
  }

  resize(width: number, height: number): void {
    this.width = width;
    this.height = height;
    this.#map.resize();
  }

  lay(source: TileSource): void {
    const [map, counts] = [this.#map, { drawn: 0, came: 0, failed: 0 }];
    this.#tiles = counts;
    addProtocol(PROTOCOL, async ({ url }, { signal }) => {
      const [of, z, x, y] = url.slice(`${PROTOCOL}://`.length).split('/');
      const image = await source.tile(Number(z), Number(x), Number(y), of as Theme, signal);
      if (image) counts.came++;
      // Where there is none, nothing covers the ground.
      return { data: image ?? (await createImageBitmap(new ImageData(1, 1))) };
    });
    const tiles = (of: Theme) => [`${PROTOCOL}://${of}/{z}/{x}/{y}`];
    map.on('error', () => counts.failed++);
    map.on('data', (event) => {
      if ('sourceId' in event && event.sourceId === 'basemap' && 'tile' in event && event.tile) counts.drawn = counts.came;
    });
    map.addSource('basemap', { type: 'raster', tiles: tiles(theme.peek()), tileSize: source.tile_px, minzoom: source.zoom_min, maxzoom: source.zoom_max });
    map.addLayer({ id: 'basemap', type: 'raster', source: 'basemap', paint: { 'raster-fade-duration': 0 } });
    this.#ends.push(() => removeProtocol(PROTOCOL), effect(() => {
      if (source.themed) map.getSource<RasterTileSource>('basemap')?.setTiles(tiles(theme.value));
      else map.setPaintProperty('basemap', 'raster-opacity', 1 - VEIL[theme.value]);
    }));
  }

  get tiles(): TileCounts | null {
    return this.#tiles;
  }

  /** MapLibre draws by itself, below the canvas. */
  paint(): void {}

  destroy(): void {
    for (const end of this.#ends) end();
    this.#map.remove();
  }
}
