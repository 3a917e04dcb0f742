// A server of tiles on another port: pictures at an address each, and an archive made of them.
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { deflateSync } from 'node:zlib';

/** Tiles up to this zoom are there. */
const ZOOM_MAX = 14;

export class TileServer {
  /** What was asked for, as paths. */
  readonly asked: string[] = [];
  readonly #server: Server;
  readonly #archive: Buffer;

  private constructor(archive: Buffer) {
    this.#archive = archive;
    this.#server = createServer((request, answer) => {
      const path = request.url ?? '';
      this.asked.push(path);
      const cors = { 'access-control-allow-origin': '*', 'access-control-allow-headers': 'range', 'access-control-expose-headers': 'etag' };
      if (request.method === 'OPTIONS') return answer.writeHead(204, cors).end();
      const tile = /^\/(\d+)\/(\d+)\/(\d+)\.png$/.exec(path);
      if (tile) {
        const [z, x, y] = tile.slice(1).map(Number) as [number, number, number];
        if (z > ZOOM_MAX) return answer.writeHead(404, cors).end();
        return answer.writeHead(200, { ...cors, 'content-type': 'image/png' }).end(checker(x, y));
      }
      const range = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? '');
      if (path === '/town.pmtiles' && range) {
        const [from, to] = [Number(range[1]), Math.min(Number(range[2]), this.#archive.length - 1)];
        const headers = { ...cors, etag: '"1"', 'content-range': `bytes ${from}-${to}/${this.#archive.length}` };
        return answer.writeHead(206, headers).end(this.#archive.subarray(from, to + 1));
      }
      return answer.writeHead(404, cors).end();
    });
  }

  static async start(archive: Buffer = pictureArchive()): Promise<TileServer> {
    const made = new TileServer(archive);
    await new Promise<void>((done) => made.#server.listen(0, '127.0.0.1', done));
    return made;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((done) => this.#server.close(done));
  }
}

const checker = (x: number, y: number): Buffer => ((x + y) % 2 === 0 ? png(90, 130, 90) : png(120, 120, 150));

const made = new Map<string, Buffer>();

/** A picture of 256 × 256 pixels of one colour. */
function png(r: number, g: number, b: number): Buffer {
  const known = made.get(`${r} ${g} ${b}`);
  if (known) return known;
  const head = Buffer.alloc(13);
  head.writeUInt32BE(256, 0);
  head.writeUInt32BE(256, 4);
  head.set([8, 2, 0, 0, 0], 8);
  const row = Buffer.concat([Buffer.from([0]), Buffer.concat(Array.from({ length: 256 }, () => Buffer.from([r, g, b])))]);
  const parts = [['IHDR', head], ['IDAT', deflateSync(Buffer.concat(Array.from({ length: 256 }, () => row)))], ['IEND', Buffer.alloc(0)]] as const;
  const whole = Buffer.concat([Buffer.from('89504e470d0a1a0a', 'hex'), ...parts.map(([kind, data]) => chunk(kind, data))]);
  made.set(`${r} ${g} ${b}`, whole);
  return whole;
}

function chunk(kind: string, data: Buffer): Buffer {
  const named = Buffer.concat([Buffer.from(kind), data]);
  const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(data.length);
  sum.writeUInt32BE(crc(named));
  return Buffer.concat([length, named, sum]);
}

function crc(bytes: Buffer): number {
  let sum = 0xffffffff;
  for (const byte of bytes) {
    sum ^= byte;
    for (let bit = 0; bit < 8; bit++) sum = (sum >>> 1) ^ (sum & 1 ? 0xedb88320 : 0);
  }
  return ~sum >>> 0;
}

function varint(n: number): number[] {
  const bytes: number[] = [];
  for (; n >= 0x80; n = Math.floor(n / 128)) bytes.push((n % 128) | 0x80);
  return [...bytes, n];
}

/** An archive (PMTiles 3, nothing packed) in which every tile of the zooms 0 to 6 is the same. */
export function archive(tile: Buffer, type: number): Buffer {
  const tiles = (4 ** 7 - 1) / 3;
  // One entry: first tile 0, run over all, length, offset + 1.
  const root = Buffer.from([1, 0, tiles, tile.length, 1].flatMap(varint));
  const metadata = Buffer.from('{}');
  const header = Buffer.alloc(127);
  header.write('PMTiles', 0, 'latin1');
  header[7] = 3;
  const at = { root: 127, metadata: 127 + root.length, tiles: 127 + root.length + metadata.length };
  const numbers = [at.root, root.length, at.metadata, metadata.length, at.tiles, 0, at.tiles, tile.length, tiles, 1, 1];
  for (const [i, n] of numbers.entries()) header.writeBigUInt64LE(BigInt(n), 8 + i * 8);
  // Clustered; nothing packed inside and out; the type; zooms 0 to 6; the whole earth; its middle.
  header.set([1, 1, 1, type, 0, 6], 96);
  for (const [i, deg] of [-180, -85, 180, 85].entries()) header.writeInt32LE(deg * 1e7, 102 + i * 4);
  return Buffer.concat([header, root, metadata, tile]);
}

const pictureArchive = (): Buffer => archive(png(110, 140, 110), 2);

/** A vector tile with land everywhere, water in its east half, and a road across: layers as Protomaps names them. */
export function vectorTile(): Buffer {
  const field = (no: number, type: number, value: number[]) => [...varint((no << 3) | type), ...(type === 2 ? varint(value.length) : []), ...value];
  const text = (words: string) => [...Buffer.from(words)];
  const zigzag = (n: number) => (n << 1) ^ (n >> 31);
  const line = (points: [number, number][], closed: boolean) => {
    let [px, py] = [0, 0];
    const moves = points.map(([x, y]) => {
      const move = [zigzag(x - px), zigzag(y - py)];
      [px, py] = [x, y];
      return move;
    });
    return [(1 << 3) | 1, ...moves[0]!, ((points.length - 1) << 3) | 2, ...moves.slice(1).flat(), ...(closed ? [15] : [])].flatMap(varint);
  };
  const layer = (name: string, type: 2 | 3, points: [number, number][], kind: string) => field(3, 2, [
    ...field(15, 0, varint(2)), ...field(1, 2, text(name)),
    ...field(2, 2, [...field(2, 2, [0, 0]), ...field(3, 0, [type]), ...field(4, 2, line(points, type === 3))]),
    ...field(3, 2, text('kind')), ...field(4, 2, field(1, 2, text(kind))), ...field(5, 0, varint(4096)),
  ]);
  const box = (x: number): [number, number][] => [[x, 0], [4096, 0], [4096, 4096], [x, 4096]];
  return Buffer.from([
    ...layer('earth', 3, box(0), 'earth'), ...layer('water', 3, box(2048), 'ocean'), ...layer('roads', 2, [[0, 1000], [4096, 3000]], 'highway'),
  ]);
}
