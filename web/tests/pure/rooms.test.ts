// Each screen is a bundle of its own: what two of them need lies in `shared`, and `shared` knows no screen.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { test } from 'node:test';

const SRC = resolve(import.meta.dirname, '../../src');
const SCREENS = ['board', 'console', 'unit'];

/** Rooms below `src` that a file of it imports from. */
function roomsOf(file: string): string[] {
  const specs = [...readFileSync(join(SRC, file), 'utf8').matchAll(/(?:from|import)\s*\(?\s*'(\.[^']+)'/g)].map(([, spec]) => spec!);
  return specs.map((spec) => relative(SRC, resolve(dirname(join(SRC, file)), spec)).split('/')[0]!);
}

test('no screen imports from another, and what is shared from none', () => {
  const wrong: string[] = [];
  let seen = 0;
  for (const room of [...SCREENS, 'shared']) {
    const files = readdirSync(join(SRC, room), { recursive: true, encoding: 'utf8' }).filter((name) => /\.tsx?$/.test(name));
    for (const name of files) {
      const file = join(room, name);
      const rooms = roomsOf(file);
      seen += rooms.length;
      for (const other of rooms) if (other !== room && SCREENS.includes(other)) wrong.push(`${file} imports from ${other}`);
    }
  }
  assert.deepEqual(wrong, []);
  assert.ok(seen > 100, `${seen} imports were read`);
});
