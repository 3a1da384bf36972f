import { defineConfig, type TestProjectInlineConfiguration } from 'vitest/config';

// Tests import package sources, not builds: the "source" export condition. What spawns the
// command line uses the build, which `pnpm test` makes first.
const resolve = { conditions: ['source'] };

/** Test files whose names end so, each pattern in both places where tests are. */
const named = (ending: string) => [`packages/*/test/**/*${ending}`, `test/**/*${ending}`];
const slow = named('.slow.test.ts');
const browser = named('.browser.test.ts');
// What replaces modules has them to itself.
const mocked = named('.mocked.test.ts');

/** A project is told by the files' names. It takes the other settings from below. */
const project = (
  name: string,
  include: string[],
  test: TestProjectInlineConfiguration['test'],
) => ({
  extends: true as const,
  test: { name, include, ...test },
});

export default defineConfig({
  resolve,
  ssr: { resolve },
  test: {
    projects: [
      // Files share modules: loading them anew for each takes as long as the tests.
      project('unit', named('.test.ts'), {
        exclude: [...slow, ...browser, ...mocked],
        isolate: false,
      }),
      project('mocked', mocked, {}),
      // On a busy machine what takes seconds may take a minute.
      project('slow', slow, { testTimeout: 120_000 }),
      project('browser', browser, { testTimeout: 120_000 }),
    ],
    // Tests download from servers of their own, also where a proxy leads to all others.
    env: { http_proxy: '', https_proxy: '' },
    testTimeout: 30_000,
    // Hooks start servers and browsers, which takes long on a busy machine.
    hookTimeout: 120_000,
    // One more than the cores that it is made for: browsers and processes are waited for.
    maxWorkers: 3,
    reporters: ['default', './test/closing-line.ts'],
  },
});
