import { defineConfig, type Plugin } from 'vite';

/**
 * TensorFlow.js gives its workers the text of a function, and what that closes over is not there. It asks whether it is; a
 * minifier, who knows, leaves the question out.
 */
const closedOver: Plugin = {
  name: 'ganport:closed-over',
  transform: (code, id) =>
    id.includes('tfjs-backend-wasm-threaded-simd')
      ? code.replaceAll(/(var )?\b_scriptDir\b/g, 'globalThis._scriptDir')
      : undefined,
};

export default defineConfig({
  resolve: { conditions: ['source', 'module', 'browser', 'production'] },
  plugins: [closedOver],
  worker: { format: 'es' },
  build: { modulePreload: { polyfill: false } },
});
