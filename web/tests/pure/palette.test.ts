// Pictures for the papers.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inflateSync } from 'node:zlib';
import { encode, type Image } from '../harness/palette.ts';

/** The colours of a PNG with a palette, pixel by pixel. */
function pixels(png: Buffer, { width, height }: Image): number[] {
  const part = (kind: string) => {
    const at = png.indexOf(kind, 0, 'latin1');
    return png.subarray(at + 4, at + 4 + png.readUInt32BE(at - 4));
  };
  const [table, rows] = [part('PLTE'), inflateSync(part('IDAT'))];
  return Array.from({ length: width * height }, (_, i) => {
    const at = rows[Math.floor(i / width) * (width + 1) + 1 + (i % width)]!;
    return table.readUIntBE(at * 3, 3);
  });
}

test('few colours stay as they are; of many, each becomes one that is near', () => {
  const few: Image = { width: 3, height: 2, rgb: Uint8Array.from([[255, 0, 0], [0, 255, 0], [0, 0, 255], [1, 2, 3], [1, 2, 3], [255, 0, 0]].flat()) };
  assert.deepEqual(pixels(encode(few), few), [0xff0000, 0x00ff00, 0x0000ff, 0x010203, 0x010203, 0xff0000]);
  const many: Image = { width: 64, height: 64, rgb: Uint8Array.from({ length: 64 * 64 * 3 }, (_, i) => (i % 3 === 0 ? (i * 7) % 256 : i % 3 === 1 ? Math.floor(i / 192) * 4 : 40)) };
  const got = pixels(encode(many), many);
  assert.ok(new Set(got).size > 100);
  const worst = Math.max(...got.map((one, i) => Math.abs((one >> 16) - many.rgb[i * 3]!) + Math.abs(((one >> 8) & 255) - many.rgb[i * 3 + 1]!)));
  assert.ok(worst <= 48, `a colour is off by ${worst}`);
});
