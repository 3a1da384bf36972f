import { defineConfig } from 'vite';

// The page, from packages' sources. `tsc -b` writes beside it in dist/ and leaves it alone.
export default defineConfig({
  root: 'web',
  base: './',
  resolve: { conditions: ['source', 'module', 'browser', 'production'] },
  build: {
    outDir: '../dist/page',
    emptyOutDir: true,
    // Every script is part of the one page: nothing to preload, and inline code is forbidden.
    modulePreload: { polyfill: false },
  },
});
