/** Where a bundler keeps onnxruntime-web: it reads these imports and addresses, and puts their files beside its own. */
import type { RuntimePlace } from './load-runtime.ts';
import type { Build } from './runtime-files.ts';

export function bundled(build: Build): RuntimePlace {
  switch (build) {
    case 'wasm':
      return {
        script: () => import('onnxruntime-web/wasm'),
        wasm: new URL('onnxruntime-web/ort-wasm-simd-threaded.wasm', import.meta.url).href,
      };
    case 'jspi':
      return {
        script: () => import('onnxruntime-web/jspi'),
        wasm: new URL('onnxruntime-web/ort-wasm-simd-threaded.jspi.wasm', import.meta.url).href,
      };
    case 'asyncify':
      return {
        script: () => import('onnxruntime-web/webgpu'),
        wasm: new URL('onnxruntime-web/ort-wasm-simd-threaded.asyncify.wasm', import.meta.url).href,
      };
  }
}
