/**
 * Every package as npm would publish it: what is in it, what linters of packages say, and that it works where nothing
 * else of this repository is.
 */
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, posix } from 'node:path';
import { promisify } from 'node:util';
import { checkPackage, createPackageFromTarballData } from '@arethetypeswrong/core';
import { parseTarGzip } from 'nanotar';
import { publint } from 'publint';
import { build } from 'vite';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { buildGenerator, largestDifference } from '../packages/sample/test/fixture.ts';
import { hasChromium, startChromium } from './chromium.ts';
import { serveStatic } from './static-server.ts';

const run = promisify(execFile);
const ROOT = join(import.meta.dirname, '..');
const PACKAGES = readdirSync(join(ROOT, 'packages'));
const LIBRARIES = PACKAGES.filter((name) => name !== 'cli');
/** For pages: without Node's types. */
const WEB = [
  ...['onnx', 'runtime', 'model', 'model/run', 'train/web', 'export/web'],
  ...['sample', 'sample/web', 'sample/small', 'sample/element', 'sample/define', 'sample/module'],
];
const NODE = [
  ...['runtime/node', 'model/node', 'sample/node', 'train', 'export'],
  ...['serve', 'serve/settings', 'tab'],
];

const folder = mkdtempSync(join(tmpdir(), 'ganport-packages-'));
const app = join(folder, 'app');
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const tarball = (name: string, by = 'npm') => join(folder, by, `ganport-${name}-0.1.0.tgz`);

/** Files of a tarball by path, without the folder that all are in. */
async function filesOf(path: string): Promise<Map<string, string>> {
  const files = await parseTarGzip(readFileSync(path));
  return new Map(files.map(({ name, text }) => [name.replace(/^package\//, ''), text]));
}

/** Runs a program in the application. */
const inApp = (program: string, ...args: string[]) =>
  run(program, args, { cwd: app, env: { ...process.env, NODE_OPTIONS: '' } });

beforeAll(async () => {
  for (const name of ['npm', 'pnpm', 'app']) mkdirSync(join(folder, name));
  const paths = PACKAGES.map((name) => `./packages/${name}`);
  await run('npm', ['pack', ...paths, '--pack-destination', join(folder, 'npm')], { cwd: ROOT });
});

describe.each(PACKAGES)('the package %s', (name) => {
  test('has a README, a licence, and sources for every map; nothing of the build, and no link into the workspace', async () => {
    const files = await filesOf(tarball(name));
    expect([...files.keys()]).toEqual(
      expect.arrayContaining(['README.md', 'LICENSE', 'package.json']),
    );
    expect([...files.keys()].filter((path) => /tsbuildinfo|(^|\/)test\//.test(path))).toEqual([]);
    expect(files.get('package.json')).not.toMatch(/"(workspace|link|file):/);
    const maps = [...files].filter(([path]) => path.endsWith('.map'));
    expect(maps.length).toBeGreaterThan(1);
    for (const [path, text] of maps) {
      const { sources, sourcesContent } = JSON.parse(text);
      for (const source of sourcesContent ? [] : sources) {
        expect(files.has(posix.join(dirname(path), source)), `${path} → ${source}`).toBe(true);
      }
    }
  });

  test('is what publint asks for', async () => {
    const { buffer } = new Uint8Array(readFileSync(tarball(name)));
    const { messages } = await publint({ pack: { tarball: buffer }, strict: true });
    expect(messages).toEqual([]);
  });
});

test.each(LIBRARIES)(
  'the types of %s are right for modules, in Node and for bundlers',
  async (name) => {
    const data = new Uint8Array(readFileSync(tarball(name)));
    const analysis = await checkPackage(createPackageFromTarballData(data));
    if (!analysis.types) throw new Error('it has no types');
    // It is for modules alone: neither for `require` nor for resolution before "exports".
    const rest = analysis.problems.filter(
      (problem) =>
        !('resolutionKind' in problem && ['node10', 'node16-cjs'].includes(problem.resolutionKind)),
    );
    expect(rest).toEqual([]);
  },
);

test('pnpm packs the same files', async () => {
  const by = ['--filter', './packages/*', 'pack', '--pack-destination', join(folder, 'pnpm')];
  await run('npx', ['-y', '--prefer-offline', 'pnpm@12', '-r', ...by], { cwd: ROOT });
  for (const name of PACKAGES) {
    const [npm, pnpm] = await Promise.all([filesOf(tarball(name)), filesOf(tarball(name, 'pnpm'))]);
    expect([...pnpm.keys()].sort()).toEqual([...npm.keys()].sort());
  }
});

describe('in a project of its own', () => {
  // All that asks the registry.
  beforeAll(async () => {
    writeFileSync(join(app, 'package.json'), '{ "private": true, "type": "module" }');
    const quiet = ['--no-audit', '--no-fund', '--prefer-offline'];
    const tarballs = PACKAGES.map((name) => tarball(name));
    // As the README says. No script may be needed: those of onnxruntime-node and tfjs-node download.
    await inApp('npm', 'install', '--ignore-scripts', ...quiet, ...tarballs);
  }, 300_000);

  test('a run is trained, exported and drawn', async () => {
    const train = ['train', '--steps', '2', '--batch', '4', '--threads', '1', '--out', 'run'];
    await inApp('npx', 'ganport', ...train);
    // What npx starts; npm takes as long to start as it does.
    const ganport = join(app, 'node_modules/.bin/ganport');
    await inApp(ganport, 'export', 'run');
    const { stdout } = await inApp(ganport, 'sample', 'run', '-o', 'digits.png');
    expect(stdout).toMatch(/^Wrote digits\.png: pictures 0 to 63 of seed 42, drawn on cpu\.\n$/);
    expect(readFileSync(join(app, 'digits.png')).subarray(1, 4).toString()).toBe('PNG');
    // In a program given on the command line, too, whose threads would be modules.
    const program = `
      import { loadGenerator } from '@ganport/sample/node';
      const { sampler } = await loadGenerator('run/generator.onnx');
      const { data } = await sampler.sample({ seed: 1, count: 2 });
      await sampler.close();
      process.stdout.write(String(data.length));`;
    const drawn = await inApp(process.execPath, '--input-type=module', '-e', program);
    expect(drawn.stdout).toBe(String(2 * 28 * 28));
  });

  describe.skipIf(!hasChromium())('pages', () => {
    const { model, expected } = buildGenerator();

    /** Draws under a policy, with the small runtime and with onnxruntime. */
    async function expectPictures(files: Parameters<typeof serveStatic>[0]): Promise<void> {
      const server = await serveStatic({ ...files, 'generator.onnx': model });
      server.headers['content-security-policy'] =
        "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; connect-src 'self'; img-src data:";
      const browser = await startChromium([]);
      const { page, complaints } = await browser.open();
      try {
        await page.goto(server.url);
        await page.waitForFunction(() => 'drawn' in window, undefined, { timeout: 60_000 });
        const drawn = (await page.evaluate('window.drawn')) as Record<string, number[]>;
        expect(Object.keys(drawn)).toEqual(['javascript', 'wasm']);
        for (const levels of Object.values(drawn)) {
          expect(largestDifference(levels, expected(42, 7))).toBeLessThanOrEqual(1);
        }
        await page.locator('gan-image canvas').waitFor();
        expect(page.workers()).toHaveLength(1);
        expect(complaints).toEqual([]);
      } finally {
        await browser.close();
        await server.close();
      }
    }

    const script = (from: string) => `
      import { GanImage, loadGenerator } from '${from}';
      if (!customElements.get('gan-image')) customElements.define('gan-image', GanImage);
      const drawn = {};
      for (const runtime of ['small', 'onnxruntime']) {
        const generator = await loadGenerator('generator.onnx', { runtime });
        const [{ data }] = await generator.sample({ seed: 42, start: 7 });
        drawn[generator.device] = Array.from(data).filter((_, at) => at % 4 === 0);
        generator.dispose();
      }
      window.drawn = drawn;`;
    const html = `<!doctype html><html lang="en"><title>-</title><link rel="icon" href="data:,">
      <gan-image src="generator.onnx"></gan-image><script type="module" src="./main.js"></script></html>`;

    test('of Vite', async () => {
      const root = join(app, 'page');
      mkdirSync(root);
      writeFileSync(join(root, 'index.html'), html);
      const both = "export * from '@ganport/sample/define'; export * from '@ganport/sample/web';";
      writeFileSync(join(root, 'both.js'), both);
      writeFileSync(join(root, 'main.js'), script('./both.js'));
      await build({ configFile: false, root, base: './', logLevel: 'error' });
      await expectPictures({ '': join(root, 'dist/') });
    });

    test('without a bundler', async () => {
      const modules = join(app, 'node_modules');
      await expectPictures({
        'index.html': Buffer.from(html),
        'main.js': Buffer.from(script('./lib/ganport.js')),
        'lib/ort/': join(modules, 'onnxruntime-web/dist/'),
        'lib/': join(modules, '@ganport/sample/dist/page/'),
      });
    });
  });

  test('every entry is found', async () => {
    const names = [...WEB, ...NODE].map((entry) => `@ganport/${entry}`);
    const program = `
      const names = ${JSON.stringify(names)};
      const modules = await Promise.all(names.map((name) => import(name)));
      process.stdout.write(JSON.stringify(modules.map((all) => Object.keys(all).length > 0)));`;
    const { stdout } = await inApp(process.execPath, '--input-type=module', '-e', program);
    expect(JSON.parse(stdout)).toEqual(names.map(() => true));
  });

  test('every entry has types, whatever types the project asks for', async () => {
    await expect(filesTyped('all.ts', [...WEB, ...NODE])).resolves.toContain('@types/node');
  });

  test('entries for pages have types without those of Node', async () => {
    const files = await filesTyped('page.ts', WEB);
    expect(files).toContain('@ganport/train/dist/web.d.ts');
    expect(files).not.toContain('@types/node');
  });
});

/** Checks a module that exports all of some entries. Resolves to the paths of the files that this needed. */
async function filesTyped(file: string, entries: readonly string[]): Promise<string> {
  const lines = entries.map((entry, i) => `export * as m${i} from '@ganport/${entry}';`);
  writeFileSync(join(app, file), lines.join('\n'));
  const target = ['--module', 'nodenext', '--target', 'es2023'];
  const types = ['--lib', 'es2023,dom', '--types', ''];
  const check = [
    file,
    '--noEmit',
    '--strict',
    '--ignoreConfig',
    '--listFiles',
    ...target,
    ...types,
  ];
  return (await inApp(join(ROOT, 'node_modules/.bin/tsc'), ...check)).stdout;
}
