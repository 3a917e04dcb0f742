// Both languages say the same things. That no key is missing, the compiler sees; here, that nothing else is.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

const SRC = new URL('../../src/', import.meta.url).pathname;

const all = readdirSync(SRC, { recursive: true, encoding: 'utf8' });
const rooms = all.filter((path) => path.endsWith('words/id.ts')).map((path) => path.slice(0, -'words/id.ts'.length));
const sources = all.filter((path) => /\.tsx?$/.test(path) && !path.includes('words/') && !path.startsWith('gen/'));
const code = sources.map((path) => readFileSync(join(SRC, path), 'utf8')).join('\n');

const places = (text: string) => [...text.matchAll(/\{(\w+)\}/g)].map((found) => found[1]).sort();

for (const room of rooms) {
  test(`${room}: each text is there in both languages, with the same places`, async () => {
    const { id } = (await import(join(SRC, room, 'words/id.ts'))) as { id: Record<string, string> };
    const { en } = (await import(join(SRC, room, 'words/en.ts'))) as { en: Record<string, string> };
    assert.deepEqual(Object.keys(en).sort(), Object.keys(id).sort());
    for (const [key, text] of Object.entries(id)) {
      assert.ok(text.trim() !== '' && en[key]!.trim() !== '', `${key} is empty`);
      assert.deepEqual(places(en[key]!), places(text), key);
      // A key is used as it is, or as the beginning of a made one: say(`feed.${is}`).
      const begins = `\`${key.slice(0, key.lastIndexOf('.') + 1)}\${`;
      assert.ok(code.includes(`'${key}'`) || code.includes(begins), `${room}${key} is said nowhere`);
    }
  });
}
