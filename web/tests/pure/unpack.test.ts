// Packed positions, by the bytes that the server's own tests hold.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Unpacker } from '../../src/shared/unpack.ts';

const bytes = (...all: (number | string)[]) => Uint8Array.from(all.flatMap((one) => (typeof one === 'string' ? [...Buffer.from(one)] : [one])));

const FIRST = bytes(1, 1, 3, 'BPN', 0x80, 1, 6, 2, 'M7', 28, 3, 200, 1, 3, 64, 16);
const SECOND = bytes(1, 0, 3, 'BPN', 0x80, 1, 4, 0, 2, 1, 3, 64, 16);

test('a unit is named, moves, and is taken off', () => {
  const unpacker = new Unpacker();
  const m7 = { unit: 'BPN-M7', availability: 'free', heading_deg: 90, speed_mps: 8 };
  assert.deepEqual(unpacker.unpack(FIRST), { type: 'positions', area: 'BPN', units: [{ ...m7, place: { lat: -0.00002, lng: 0.001 }, at: -172 }] });
  assert.deepEqual(unpacker.unpack(SECOND).units, [{ ...m7, place: { lat: -0.00001, lng: 0.00099 }, at: -172 }]);
  const gone = unpacker.unpack(bytes(1, 0, 3, 'BPN', 0x80, 1, 5, 0, 2)).units;
  assert.deepEqual(gone, [{ unit: 'BPN-M7', availability: 'off', place: null, at: null }]);
  // Two more, of which the second moves: one is passed over, as is the one that is gone.
  unpacker.unpack(bytes(1, 0, 3, 'BPN', 0, 10, 2, 'C1', 5, 0, 0, 0, 2, 'C2', 4, 2, 4, 1));
  const moved = unpacker.unpack(bytes(1, 0, 3, 'BPN', 0xe8, 7, 4, 2, 1, 0, 2)).units;
  assert.deepEqual(moved, [{ unit: 'BPN-C2', availability: 'free', place: { lat: 0, lng: 0.00002 }, at: 800 }]);
});

test('what does not follow is refused, and a beginning forgets what was', () => {
  assert.throws(() => new Unpacker().unpack(SECOND), /without a beginning/);
  assert.throws(() => new Unpacker().unpack(bytes(2, 1)), /version/);
  for (let length = 0; length < SECOND.length; length++) {
    const unpacker = new Unpacker();
    unpacker.unpack(FIRST);
    const cut = SECOND.subarray(0, length);
    // Between the head and the first run a frame may end: then it tells of nobody.
    if (length === 8) assert.deepEqual(unpacker.unpack(cut).units, []);
    else assert.throws(() => unpacker.unpack(cut), `${length} bytes`);
  }
  const unpacker = new Unpacker();
  unpacker.unpack(FIRST);
  unpacker.unpack(bytes(1, 1, 3, 'BPN', 0));
  assert.throws(() => unpacker.unpack(SECOND), /without a name/);
});
