/** Imports point one way, manifests list what is imported, and entries for pages load nothing of Node. */
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import {
  forbiddenImports,
  notForPages,
  readImports,
  readSources,
  type Sources,
  wrongDependencies,
} from './imports.ts';

/** What each package stands on; it may import what those stand on, too. */
const ABOVE = {
  onnx: [],
  runtime: ['onnx'],
  model: ['onnx'],
  train: ['runtime', 'model'],
  export: ['runtime', 'model'],
  sample: ['runtime', 'model'],
  serve: ['sample'],
  tab: ['train', 'export'],
  cli: ['train', 'export', 'serve', 'tab'],
};

/** Packages whose main entry only Node runs. Of the others, every entry but ./node runs in a page; so does each ./web. */
const NODE_ONLY = ['train', 'export', 'serve', 'tab', 'cli'];
/** Pages, which are no entries, and what runs in others'. */
const PAGES = {
  serve: ['web/page.ts', 'src/client/index.ts'],
  tab: ['web/page.ts', 'web/worker.ts'],
};
const PORTABLE = [
  'comlink',
  'fflate',
  'onnxruntime-common',
  'onnxruntime-web',
  'protobufjs',
  'zod',
];

const sources = readSources(fileURLToPath(new URL('../packages', import.meta.url)));

test('packages import only what stands below them', () => {
  expect(Object.keys(sources).length).toBeGreaterThan(6);
  expect(forbiddenImports(sources, ABOVE)).toEqual([]);
});

test('dependencies and references are what the sources import', () => {
  expect(wrongDependencies(sources)).toEqual([]);
});

const forPages = Object.entries(sources).flatMap(([name, { entries }]) => [
  ...Object.entries(entries)
    .filter(([key]) => key === './web' || (key !== './node' && !NODE_ONLY.includes(name)))
    .map(([, path]) => [name, path] as const),
  ...(PAGES[name as keyof typeof PAGES] ?? []).map((path) => [name, path] as const),
]);
test.each(forPages)('%s/%s loads only what runs in a page', (name, entry) => {
  expect(notForPages(sources, name, entry, PORTABLE)).toEqual([]);
});

test('at least the graphs, the networks, the runtime, training and the page run in a page', () => {
  expect(forPages.map(([name]) => name)).toEqual(
    expect.arrayContaining(['onnx', 'model', 'runtime', 'train', 'export', 'serve', 'tab']),
  );
});

describe('what the checks see', () => {
  /** Two packages, of which `code` is all of `upper`. */
  const workspace = (code: string, dependencies: string[] = []): Sources => ({
    lower: {
      files: {
        'src/index.ts': readImports("export * from './a.ts';"),
        'src/a.ts': readImports("import 'node:fs';"),
      },
      ...{ dependencies: [], references: [], entries: { '.': 'src/index.ts' } },
    },
    upper: {
      files: { 'src/index.ts': readImports(code) },
      dependencies,
      references: dependencies.filter((name) => name === '@ganport/lower').map(() => '../lower'),
      entries: { '.': 'src/index.ts' },
    },
  });

  test.each([
    "import '@ganport/lower';",
    "import { a } from '@ganport/lower/node';",
    "import type { A } from '@ganport/lower';",
    "export * from '@ganport/lower';",
    "export { type A } from '@ganport/lower';",
    "await import('@ganport/lower');",
    "type A = import('@ganport/lower').A;",
    "import '../../lower/src/index.ts';",
  ])('an import upwards: %s', (code) => {
    expect(forbiddenImports(workspace(code), { lower: [], upper: [] })).toHaveLength(1);
    expect(forbiddenImports(workspace("import './b.ts';"), { lower: [], upper: [] })).toEqual([]);
  });

  test('what the packages below may import, and packages that the table lacks', () => {
    const code = "import '@ganport/lower';";
    expect(forbiddenImports(workspace(code), { lower: [], upper: ['lower'] })).toEqual([]);
    const through = { lower: [], upper: ['between'], between: ['lower'] };
    expect(forbiddenImports(workspace(code), through)).toEqual([]);
    expect(forbiddenImports(workspace(''), { lower: [] })).toEqual([
      'upper is not in the table of imports',
    ]);
  });

  test('dependencies that are missing and that nothing names', () => {
    expect(wrongDependencies(workspace("import { z } from 'zod/v4'; import 'node:fs';"))).toEqual([
      'upper imports zod, no dependency of its package.json',
    ]);
    expect(wrongDependencies(workspace('', ['zod']))).toEqual([
      'upper depends on zod and never names it',
    ]);
    expect(wrongDependencies(workspace("require.resolve('zod/v4');", ['zod']))).toEqual([]);
    const unreferenced = workspace("import '@ganport/lower';", ['@ganport/lower']);
    unreferenced.upper!.references = [];
    expect(wrongDependencies(unreferenced)).toEqual([
      'upper/tsconfig.json refers to , expected ../lower',
    ]);
  });

  test.each([
    ["import 'node:fs';", ['upper/src/index.ts → node:fs']],
    ["import { a, type B } from 'sharp';", ['upper/src/index.ts → sharp']],
    ["await import('sharp');", ['upper/src/index.ts → sharp']],
    [
      "export * from '@ganport/lower';",
      ['upper/src/index.ts → @ganport/lower → src/a.ts → node:fs'],
    ],
    ["import { type A } from 'sharp';", ['upper/src/index.ts → sharp']],
    ["import type { A } from 'sharp'; export type { B } from 'sharp'; import 'zod';", []],
  ])('what a page cannot load: %s', (code, ways) => {
    expect(notForPages(workspace(code), 'upper', 'src/index.ts', ['zod'])).toEqual(ways);
  });
});
