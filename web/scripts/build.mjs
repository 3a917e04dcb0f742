// The whole build: types, check, bundles, sizes, and each file packed beside itself. What it leaves in dist/ is embedded.
import { execFileSync } from 'node:child_process';
import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

const dist = new URL('../dist/', import.meta.url).pathname;

/**
 * Bytes packed. Of the officer's app the first load, without its map; of the others everything, with one square of the coast, the
 * heaviest: a city's window shows one. The board has no basemap.
 */
const LIMITS = [
  { page: 'console.html', later: true, most: 600_000 },
  { page: 'board.html', later: true, most: 180_000 },
  { page: 'unit.html', later: false, most: 120_000 },
];

const run = (command, ...args) => execFileSync(join('node_modules', '.bin', command), args, { stdio: 'inherit' });

for (const name of await readdir(dist)) if (name !== '.gitignore') await rm(join(dist, name), { recursive: true });
for (const script of ['scripts/types.mjs', 'scripts/coast.mjs']) execFileSync(process.execPath, [script], { stdio: 'inherit' });
run('tsc', '--noEmit');
run('vite', 'build', '--logLevel', 'warn');

const manifest = JSON.parse(await readFile(join(dist, '.vite/manifest.json'), 'utf8'));
await rm(join(dist, '.vite'), { recursive: true });

const packed = new Map();
for (const entry of await readdir(dist, { recursive: true, withFileTypes: true })) {
  const path = join(entry.parentPath, entry.name);
  if (!entry.isFile() || entry.name.startsWith('.')) continue;
  const plain = await readFile(path);
  const small = gzipSync(plain, { level: 9 });
  packed.set(path.slice(dist.length), small.length);
  if (/\.(html|js|mjs|css|svg|json|webmanifest|txt)$/.test(entry.name) && small.length < plain.length) {
    await writeFile(`${path}.gz`, small);
  }
}

const packedBytes = (name) => packed.get(name) ?? 0;
/** Squares of the coast, the heaviest first. */
const squares = Object.keys(manifest).filter((key) => key.startsWith('src/gen/coast/'))
  .sort((a, b) => packedBytes(manifest[b].file) - packedBytes(manifest[a].file));

/** The files that a page loads: what it imports, with what these import; `later`, also what is loaded on demand. */
function files(key, later, found = new Set()) {
  const chunk = manifest[key];
  if (found.has(chunk.file) || squares.indexOf(key) > 0) return found;
  for (const file of [chunk.file, ...(chunk.css ?? []), ...(chunk.assets ?? [])]) found.add(file);
  for (const next of [...(chunk.imports ?? []), ...(later ? (chunk.dynamicImports ?? []) : [])]) files(next, later, found);
  return found;
}

let over = false;
for (const { page, later, most } of LIMITS) {
  const all = [page, ...files(page, later)];
  const bytes = all.reduce((sum, file) => sum + packedBytes(file), 0);
  over ||= bytes > most;
  console.log(`${page}: ${(bytes / 1000).toFixed(1)} kB packed, of ${most / 1000} kB at most${bytes > most ? ': TOO MUCH' : ''}`);
}
process.exit(over ? 1 : 0);
