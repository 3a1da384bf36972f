import { defineConfig } from 'vite';

// The page, from packages' sources. `tsc -b` writes beside it in dist/ and leaves it alone.
export default defineConfig({
  root: 'web',
  base: './',
  resolve: { conditions: ['source', 'module', 'browser', 'production'] },
  worker: { format: 'es' },
  build: {
    outDir: '../dist/page',
    emptyOutDir: true,
    // Nothing to preload: the page is small, and its worker loads the rest.
    modulePreload: { polyfill: false },
  },
});
