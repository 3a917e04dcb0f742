// Where the tiles of a basemap come from: pictures at an address each, or an archive. Both grounds of the map draw the same.
import type { components } from '../../../gen/api.ts';
import type { Theme } from '../../theme.ts';

export type Basemap = components['schemas']['Basemap'];

export interface TileSource {
  /** How wide a tile is meant to be shown, pixels. */
  readonly tile_px: 256 | 512;
  readonly zoom_min: number;
  readonly zoom_max: number;
  /** Drawn for a theme here; pictures look alike in both, and are dimmed at night. */
  readonly themed: boolean;
  /** One tile; null where there is none. Throws where nobody answers. */
  tile(z: number, x: number, y: number, theme: Theme, signal?: AbortSignal): Promise<ImageBitmap | null>;
}

/** Throws where the archive cannot be read. */
export async function open(basemap: Basemap): Promise<TileSource> {
  if (basemap.kind === 'tiles') return new Pictures(basemap.url);
  const { openArchive } = await import('./archive.ts');
  return openArchive(new URL(basemap.url, location.href).href);
}

class Pictures implements TileSource {
  readonly tile_px = 256;
  readonly zoom_min = 0;
  readonly zoom_max = 19;
  readonly themed = false;
  readonly #url: string;

  constructor(url: string) {
    this.#url = url;
  }

  async tile(z: number, x: number, y: number, _theme: Theme, signal?: AbortSignal): Promise<ImageBitmap | null> {
    const url = this.#url.replace('{z}', String(z)).replace('{x}', String(x)).replace('{y}', String(y));
    // No cookies go there, and no more than where the question comes from.
    const answer = await fetch(url, { credentials: 'omit', referrerPolicy: 'strict-origin-when-cross-origin', ...(signal ? { signal } : {}) });
    if (answer.status === 404 || answer.status === 204) return null;
    if (!answer.ok) throw new Error(`${url}: ${answer.status}`);
    return createImageBitmap(await answer.blob());
  }
}
