/** The builds of onnxruntime-web, and which files each is. */

export const BUILDS = ['wasm', 'jspi', 'asyncify'] as const;
/**
 * `wasm` computes on the CPU alone. The others have WebGPU: `jspi` for browsers whose WebAssembly waits for promises
 * itself, `asyncify`, half as large again, for those without.
 */
export type Build = (typeof BUILDS)[number];

export interface RuntimeFiles {
  script: string;
  glue: string;
  wasm: string;
}

/** Names of a build's files, as onnxruntime-web's `dist` has them. */
export const RUNTIME_FILES: Readonly<Record<Build, RuntimeFiles>> = {
  wasm: {
    script: 'ort.wasm.min.mjs',
    glue: 'ort-wasm-simd-threaded.mjs',
    wasm: 'ort-wasm-simd-threaded.wasm',
  },
  jspi: {
    script: 'ort.jspi.min.mjs',
    glue: 'ort-wasm-simd-threaded.jspi.mjs',
    wasm: 'ort-wasm-simd-threaded.jspi.wasm',
  },
  asyncify: {
    script: 'ort.webgpu.min.mjs',
    glue: 'ort-wasm-simd-threaded.asyncify.mjs',
    wasm: 'ort-wasm-simd-threaded.asyncify.wasm',
  },
};
