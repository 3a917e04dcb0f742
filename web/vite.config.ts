// Three screens and the page that leads to them, each a bundle of its own; what they share is loaded once.
import { defineConfig } from 'vite';

export default defineConfig({
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
