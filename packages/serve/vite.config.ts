import { defineConfig, type Plugin } from 'vite';

/**
 * The page has onnxruntime-web from the server, which takes it from its own package: what the bundler puts beside the
 * page of it, 58 MB, is never asked for.
 */
const withoutRuntime: Plugin = {
  name: 'ganport:without-runtime',
  enforce: 'post',
  apply: ({ root = '' }) => /(^|[/\\])web[/\\]?$/.test(root),
  generateBundle(_, bundle) {
    for (const name of Object.keys(bundle)) {
      if (/\/ort[.-].*(\.wasm|bundle.*\.js)$/.test(name)) delete bundle[name];
    }
  },
};

// The page, from packages' sources. `tsc -b` writes beside it in dist/ and leaves it alone.
export default defineConfig({
  root: 'web',
  base: './',
  resolve: { conditions: ['source', 'module', 'browser', 'production'] },
  worker: { format: 'es' },
  plugins: [withoutRuntime],
  build: {
    outDir: '../dist/page',
    emptyOutDir: true,
    // Every script is part of the one page: nothing to preload, and inline code is forbidden.
    modulePreload: { polyfill: false },
  },
});
