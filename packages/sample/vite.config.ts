import { defineConfig } from 'vite';

// What pages without a bundler load, each in one file: dist/page/gan-image.js for a script tag, ganport.js for modules.
const SCRIPT = ['src/built/script.ts', 'iife', 'gan-image.js'] as const;
const MODULE = ['src/built/module.ts', 'es', 'ganport.js'] as const;

export default defineConfig(({ mode }) => {
  const [entry, format, fileName] = mode === 'script' ? SCRIPT : MODULE;
  return {
    resolve: { conditions: ['source', 'module', 'browser', 'production'] },
    build: {
      outDir: 'dist/page',
      emptyOutDir: false,
      lib: { entry, name: 'ganportBuilt', formats: [format], fileName: () => fileName },
    },
  };
});
