// Three screens and the page that leads to them, each a bundle of its own; what they share is loaded once.
import { readFile } from 'node:fs/promises';
import { defineConfig } from 'vite';
import { VitePWA } from 'vite-plugin-pwa';

interface Chunk {
  file: string;
  css?: string[];
  imports?: string[];
}

/** What the officer's app loads: its page, what that imports, with what these import. */
async function unitFiles(): Promise<Set<string>> {
  const chunks = JSON.parse(await readFile('dist/.vite/manifest.json', 'utf8')) as Record<string, Chunk>;
  const files = new Set(['unit.html', 'unit.webmanifest', 'icon.svg']);
  const add = (key: string) => {
    const chunk = chunks[key];
    if (!chunk || files.has(chunk.file)) return;
    for (const file of [chunk.file, ...(chunk.css ?? [])]) files.add(file);
    chunk.imports?.forEach(add);
  };
  add('unit.html');
  return files;
}

/** The officer's app opens without a network: its files, and no others, are kept by a service worker for /unit alone. */
const offline = VitePWA({
  strategies: 'generateSW',
  filename: 'sw.js',
  scope: '/unit',
  injectRegister: false,
  manifest: false,
  workbox: {
    globPatterns: ['unit.html', 'unit.webmanifest', 'icon.svg', 'assets/*.{js,css}'],
    // The page is known by the address that people type.
    manifestTransforms: [async (entries) => {
      const own = await unitFiles();
      const kept = entries.filter(({ url }) => own.has(url));
      return { manifest: kept.map((entry) => ({ ...entry, url: entry.url === 'unit.html' ? '/unit' : `/${entry.url}` })), warnings: [] };
    }],
    navigateFallback: '/unit',
    navigateFallbackAllowlist: [/^\/unit\/?$/],
    cleanupOutdatedCaches: true,
    clientsClaim: true,
    skipWaiting: true,
    inlineWorkboxRuntime: true,
    sourcemap: false,
  },
});

export default defineConfig({
  plugins: [offline],
  build: {
    target: 'es2022',
    // The folder itself stays (its .gitignore is committed): scripts/build.mjs empties it.
    emptyOutDir: false,
    manifest: true,
    sourcemap: false,
    // Small files stay files: the policy of the pages permits no data: URL but for images.
    assetsInlineLimit: 0,
    rollupOptions: { input: ['index.html', 'console.html', 'board.html', 'unit.html'] },
  },
  server: {
    // `npx vite` beside `sigap serve`: pages are built as they change, everything else is asked of the server.
    proxy: { '/api': { target: 'http://127.0.0.1:8110', ws: true } },
  },
});
