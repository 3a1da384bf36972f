import { defineConfig, type Plugin } from 'vite';

// What pages load as files, each with all that it needs: a script tag's, a module without a bundler, and the workers of pages
// that a bundler makes, whose development server would else give them packages as they are. `tsc -b` writes beside and under
// them: this comes after it.
const FILES = {
  script: ['iife', 'gan-image.js'],
  module: ['es', 'ganport.js'],
  'small-worker': ['es', 'small-worker.js'],
  'ort-worker': ['es', 'ort-worker.js'],
} as const;

/** Addresses of onnxruntime-web's files stay as they are, for the page's bundler; vite would write megabytes in their place. */
const leaveAddresses: Plugin = {
  name: 'leave-addresses',
  enforce: 'pre',
  transform: (code) =>
    code.replaceAll("URL('onnxruntime-web", "URL(/* @vite-ignore */ 'onnxruntime-web"),
  renderChunk: (code) =>
    code.replaceAll(/\/\* @vite-ignore \*\/\s*"onnxruntime-web/g, '"onnxruntime-web'),
};

/** For pages that do not say their charset, whose is then of the reader's country. */
const ascii: Plugin = {
  name: 'ascii',
  generateBundle(_, bundle) {
    for (const file of Object.values(bundle)) {
      if (file.type !== 'chunk') continue;
      file.code = file.code.replace(
        /[^\0-\x7f]/g,
        (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
      );
    }
  },
};

export default defineConfig(({ mode }) => {
  const built = mode in FILES ? (mode as keyof typeof FILES) : 'module';
  const [format, fileName] = FILES[built];
  return {
    plugins: [leaveAddresses, ascii],
    resolve: { conditions: ['source', 'module', 'browser', 'production'] },
    build: {
      outDir: 'dist/page',
      emptyOutDir: false,
      lib: {
        entry: `src/page/${built}.ts`,
        name: 'ganportBuilt',
        formats: [format],
        fileName: () => fileName,
      },
      // The page's bundler finds it.
      rolldownOptions: { external: /^onnxruntime-web/ },
    },
  };
});
