import { defineConfig } from 'vitest/config';

// Tests import package sources, not builds: the "source" export condition. What spawns the
// command line uses the build, which `pnpm test` makes first.
const resolve = { conditions: ['source'] };

export default defineConfig({
  resolve,
  ssr: { resolve },
  test: {
    include: ['packages/*/test/**/*.test.ts', 'test/**/*.test.ts'],
    testTimeout: 30_000,
    // Hooks start servers and browsers, which takes long on a busy machine.
    hookTimeout: 60_000,
    maxWorkers: 2,
    reporters: ['default', './test/closing-line.ts'],
  },
});
