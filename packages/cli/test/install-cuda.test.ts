import {
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import type { RequestListener } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CUDA_FILES, cudaProblem } from '@ganport/runtime/node';
import { expect, onTestFinished, test } from 'vitest';
import { barLine, describe as describeProgress } from '../src/install-cuda/byte-progress.ts';
import { installCuda } from '../src/install-cuda/install.ts';
import { cudaPackage } from '../src/install-cuda/package.ts';
import { library, serveFeed, zip } from './nuget.ts';

const [SHARED, CUDA] = CUDA_FILES;
const NATIVE = 'runtimes/linux-x64/native/';
const FILES = { [NATIVE + SHARED]: library(500), [NATIVE + CUDA]: library(300_000) };
const PACKAGE = zip({ '[Content_Types].xml': Buffer.from('<Types/>'), ...FILES });

function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'ganport-cuda-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return folder;
}

async function feed(answer: RequestListener) {
  const served = await serveFeed(answer);
  onTestFinished(served.close);
  return served;
}

const sends =
  (body: Uint8Array | string): RequestListener =>
  (_, response) => {
    response.setHeader('content-length', Buffer.byteLength(body));
    response.end(body);
  };

test('the package is the one that the installed onnxruntime-node names', () => {
  const { version } = JSON.parse(
    readFileSync(new URL('../node_modules/onnxruntime-node/package.json', import.meta.url), 'utf8'),
  );
  expect(cudaPackage(undefined, 'linux/x64')).toEqual({
    index: 'https://api.nuget.org/v3/index.json',
    name: 'Microsoft.ML.OnnxRuntime.Gpu.Linux',
    version,
    paths: { [SHARED]: NATIVE + SHARED, [CUDA]: NATIVE + CUDA },
  });
  expect(cudaPackage('http://mirror/', 'linux/x64').index).toBe('http://mirror/');
});

test.each(['darwin/arm64', 'win32/x64', 'linux/arm64'])('there is none for %s', (platform) => {
  expect(() => cudaPackage(undefined, platform)).toThrow(
    `linux/x64 only, and this is ${platform}; a GPU works here with --device webgpu`,
  );
});

test('both files are installed, and nothing else is left', async () => {
  const folder = temporaryFolder();
  const { index, asked } = await feed(sends(PACKAGE));
  const source = cudaPackage(index, 'linux/x64');
  const progress: [number, number | undefined][] = [];
  // What a killed run left, and half an installation.
  writeFileSync(join(folder, '.ganport-left.tmp'), 'x');
  writeFileSync(join(folder, CUDA), 'garbage');
  expect(cudaProblem(folder)).toBe(`its provider is only half installed: ${SHARED} is missing`);
  await installCuda({ folder, source, onProgress: (...seen) => progress.push(seen) });
  expect(readdirSync(folder).toSorted()).toEqual([CUDA, SHARED].toSorted());
  expect(readFileSync(join(folder, CUDA)).equals(FILES[NATIVE + CUDA]!)).toBe(true);
  expect(readFileSync(join(folder, SHARED)).equals(FILES[NATIVE + SHARED]!)).toBe(true);
  expect(cudaProblem(folder)).toBeUndefined();
  expect(progress.at(-1)).toEqual([PACKAGE.length, PACKAGE.length]);
  const id = source.name.toLowerCase();
  const { version } = source;
  expect(asked).toEqual(['/v3/index.json', `/flat/${id}/${version}/${id}.${version}.nupkg`]);

  truncateSync(join(folder, CUDA), 2000);
  expect(cudaProblem(folder)).toBe(`its provider is damaged: ${CUDA}: it is not a whole library`);
});

test.each<[string, RequestListener, RegExp]>([
  ['has no package', (_, r) => r.writeHead(404).end('<html>'), /\.nupkg \(HTTP status 404\)/],
  ['sends a page', sends('<!doctype html><p>Log in'), /\.nupkg is not a NuGet package: /],
  ['sends a package without it', sends(zip({ 'a.txt': Buffer.from('a') })), /holds no runtimes\//],
  [
    'sends a damaged package',
    sends(zip(FILES, { damaged: true })),
    /providers_shared\.so is damaged: its CRC-32 differs/,
  ],
  [
    'sends what is no library',
    sends(zip({ ...FILES, [NATIVE + CUDA]: Buffer.from('text') })),
    /providers_cuda\.so is not a whole library/,
  ],
  [
    'breaks off',
    (_, response) => {
      response.setHeader('content-length', PACKAGE.length);
      response.write(PACKAGE.subarray(0, 500), () => response.destroy());
    },
    /\.nupkg \([^)]+\)/,
  ],
  ['stalls', (_, r) => void r.write('PK'), /\.nupkg \(no data for 0\.2 s\)/],
])('a feed that %s', async (_, answer, reason) => {
  const folder = temporaryFolder();
  writeFileSync(join(folder, CUDA), 'as it was');
  const { index } = await feed(answer);
  const source = cudaPackage(index, 'linux/x64');
  const error: Error = await installCuda({ folder, source, stallMs: 200 }).catch((e) => e);
  expect(error.message).toMatch(reason);
  expect(error.message).toMatch(
    /^cannot install onnxruntime's CUDA provider: [^\n]*; by hand: put /,
  );
  expect(error.message).toContain(folder);
  expect(readdirSync(folder)).toEqual([CUDA]);
  expect(readFileSync(join(folder, CUDA), 'utf8')).toBe('as it was');
});

test.each([
  ['<html>', 'is not the index of a NuGet feed'],
  ['{"resources":[]}', 'is not the index of a NuGet feed'],
])('an index that is %s', async (body, reason) => {
  const folder = temporaryFolder();
  const { index } = await feed(sends(body));
  const source = cudaPackage(index.replace('/v3/', '/other/'), 'linux/x64');
  await expect(installCuda({ folder, source })).rejects.toThrow(reason);
  expect(readdirSync(folder)).toEqual([]);
});

test('an aborted download leaves nothing', async () => {
  const folder = temporaryFolder();
  const { index } = await feed((_, response) => void response.write(PACKAGE.subarray(0, 500)));
  const controller = new AbortController();
  const installing = installCuda({
    folder,
    source: cudaPackage(index, 'linux/x64'),
    signal: controller.signal,
    onProgress: () => controller.abort(),
  });
  await expect(installing).rejects.toThrow(/abort/);
  expect(readdirSync(folder)).toEqual([]);
});

test.each([20, 40, 60, 80, 200])('progress fits %d columns', (columns) => {
  for (const total of [undefined, 266_000_000]) {
    expect(barLine(120_300_000, total, 5, columns).length).toBeLessThan(Math.max(columns, 34));
  }
  expect(describeProgress(120_300_000, 266_000_000, 5)).toBe('45%  120.3/266.0 MB  24.1 MB/s');
});
