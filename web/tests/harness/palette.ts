// A screenshot as a PNG with a palette: a third of the bytes, and no eye sees it. Screens have few colours, and many that are
// nearly the same at the edges of letters.
import { crc32, deflateSync, inflateSync } from 'node:zlib';

const SIGNATURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
const COLOURS_MAX = 256;

export interface Image {
  width: number;
  height: number;
  /** Red, green and blue of each pixel, row by row. */
  rgb: Uint8Array;
}

/** Reads what a browser writes: 8 bits for each colour, with or without transparency, not interlaced. */
export function decode(png: Buffer): Image {
  const data: Buffer[] = [];
  let [width, height, channels] = [0, 0, 3];
  for (let at = SIGNATURE.length; at < png.length;) {
    const length = png.readUInt32BE(at);
    const [kind, body] = [png.toString('latin1', at + 4, at + 8), png.subarray(at + 8, at + 8 + length)];
    if (kind === 'IHDR') {
      [width, height, channels] = [body.readUInt32BE(0), body.readUInt32BE(4), body[9] === 6 ? 4 : 3];
      if (body[8] !== 8 || ![2, 6].includes(body[9]!) || body[12] !== 0) throw new Error('a PNG of another kind');
    }
    if (kind === 'IDAT') data.push(body);
    at += 12 + length;
  }
  return { width, height, rgb: unfilter(inflateSync(Buffer.concat(data)), width, height, channels) };
}

function unfilter(raw: Buffer, width: number, height: number, channels: number): Uint8Array {
  const line = width * channels;
  const rgb = new Uint8Array(width * height * 3);
  let before = new Uint8Array(line);
  for (let y = 0; y < height; y++) {
    const from = y * (line + 1);
    const filter = raw[from]!;
    const now = Uint8Array.from(raw.subarray(from + 1, from + 1 + line));
    for (let i = 0; i < line; i++) {
      const [a, b, c] = [i < channels ? 0 : now[i - channels]!, before[i]!, i < channels ? 0 : before[i - channels]!];
      now[i]! += filter === 1 ? a : filter === 2 ? b : filter === 3 ? (a + b) >> 1 : filter === 4 ? paeth(a, b, c) : 0;
    }
    for (let x = 0; x < width; x++) for (let i = 0; i < 3; i++) rgb[(y * width + x) * 3 + i] = now[x * channels + i]!;
    before = now;
  }
  return rgb;
}

function paeth(a: number, b: number, c: number): number {
  const [pa, pb, pc] = [Math.abs(b - c), Math.abs(a - c), Math.abs(a + b - 2 * c)];
  return pa <= pb && pa <= pc ? a : pb <= pc ? b : c;
}

/** Writes it with the colours that are seen most; each other one becomes the nearest of these. */
export function encode({ width, height, rgb }: Image): Buffer {
  const counts = new Map<number, number>();
  const pixels = width * height;
  const colour = (i: number) => (rgb[i * 3]! << 16) | (rgb[i * 3 + 1]! << 8) | rgb[i * 3 + 2]!;
  for (let i = 0; i < pixels; i++) counts.set(colour(i), (counts.get(colour(i)) ?? 0) + 1);
  const palette = chosen(counts);
  const near = new Map(palette.map((one, i) => [one, i]));
  const rows = Buffer.alloc((width + 1) * height);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const one = colour(y * width + x);
      const at = near.get(one) ?? nearest(palette, one);
      near.set(one, at);
      rows[y * (width + 1) + 1 + x] = at;
    }
  }
  const head = Buffer.alloc(13);
  head.writeUInt32BE(width, 0);
  head.writeUInt32BE(height, 4);
  head.set([8, 3, 0, 0, 0], 8);
  const table = Buffer.from(palette.flatMap((one) => [one >> 16, (one >> 8) & 255, one & 255]));
  return Buffer.concat([SIGNATURE, chunk('IHDR', head), chunk('PLTE', table), chunk('IDAT', deflateSync(rows, { level: 9 })), chunk('IEND', Buffer.alloc(0))]);
}

/** The colours seen most, of those that differ: the shades of an edge must not push out a small mark's own colour. */
function chosen(counts: Map<number, number>): number[] {
  const all = [...counts].sort((a, b) => b[1] - a[1]).map(([one]) => one);
  const taken: number[] = [];
  // First those that are far from what is taken, then nearer ones, until it is full.
  for (const least of [48, 32, 20, 12, 6, 1]) {
    for (const one of all) {
      if (taken.length === COLOURS_MAX) return taken;
      if (taken.every((other) => far(one, other) >= least)) taken.push(one);
    }
  }
  return taken;
}

function far(a: number, b: number): number {
  return Math.abs((a >> 16) - (b >> 16)) + Math.abs(((a >> 8) & 255) - ((b >> 8) & 255)) + Math.abs((a & 255) - (b & 255));
}

function nearest(palette: number[], one: number): number {
  let [best, least] = [0, Infinity];
  for (const [i, other] of palette.entries()) {
    const away = far(one, other);
    if (away < least) [best, least] = [i, away];
  }
  return best;
}

function chunk(kind: string, body: Buffer): Buffer {
  const made = Buffer.alloc(12 + body.length);
  made.writeUInt32BE(body.length, 0);
  made.write(kind, 4, 'latin1');
  body.copy(made, 8);
  made.writeUInt32BE(crc32(made.subarray(4, 8 + body.length)), 8 + body.length);
  return made;
}
