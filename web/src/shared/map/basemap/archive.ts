// A PMTiles archive: tiles by ranges of bytes of one file. Loaded only where one is named.
import { PMTiles, TileType } from 'pmtiles';
import type { TileSource } from './source.ts';

const PICTURES: Partial<Record<TileType, string>> = {
  [TileType.Png]: 'image/png', [TileType.Jpeg]: 'image/jpeg', [TileType.Webp]: 'image/webp', [TileType.Avif]: 'image/avif',
};

export async function openArchive(url: string): Promise<TileSource> {
  const archive = new PMTiles(url);
  const { tileType, minZoom, maxZoom } = await archive.getHeader();
  const bytes = async (z: number, x: number, y: number, signal?: AbortSignal) => (await archive.getZxy(z, x, y, signal))?.data ?? null;
  const zooms = { zoom_min: minZoom, zoom_max: maxZoom };
  const type = PICTURES[tileType];
  if (type) {
    return {
      ...zooms, tile_px: 256, themed: false,
      tile: async (z, x, y, _theme, signal) => {
        const data = await bytes(z, x, y, signal);
        return data && createImageBitmap(new Blob([data], { type }));
      },
    };
  }
  if (tileType !== TileType.Mvt) throw new Error(`${url}: its tiles are neither pictures nor vectors`);
  const { drawTile } = await import('./vector.ts');
  return {
    ...zooms, tile_px: 512, themed: true,
    tile: async (z, x, y, theme, signal) => {
      const data = await bytes(z, x, y, signal);
      return data && drawTile(data, z, theme);
    },
  };
}
