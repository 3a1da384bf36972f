import { createHash, randomBytes } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { ModelError } from '@ganport/model';
import { expect, onTestFinished, test } from 'vitest';
import { cacheFiles, type DownloadProgress, type RemoteFile } from '../src/data/download.ts';
import { temporaryFolder } from './files.ts';

const BYTES = randomBytes(200_000);

const FILE: RemoteFile = {
  name: 'digits.gz',
  size: BYTES.length,
  sha256: createHash('sha256').update(BYTES).digest('hex'),
};

interface Served {
  mirror: string;
  /** Paths asked for so far. */
  asked: string[];
  close(): void;
}

/** A server that is gone after the test. */
async function serve(answer: RequestListener): Promise<Served> {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(request.url!);
    answer(request, response);
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const close = () => {
    server.close();
    server.closeAllConnections();
  };
  onTestFinished(close);
  const { port } = server.address() as AddressInfo;
  return { mirror: `http://127.0.0.1:${port}/data/`, asked, close };
}

const whole: RequestListener = (_, response) => response.end(BYTES);
const missing: RequestListener = (_, response) => response.writeHead(404).end('<html>');

test('files are downloaded once, from the first mirror that has them', async () => {
  const folder = join(temporaryFolder(), 'made', 'on demand');
  const [first, second] = [await serve(missing), await serve(whole)];
  const progress: DownloadProgress[] = [];
  const options = { onProgress: (p: DownloadProgress) => progress.push(p) };
  await cacheFiles(folder, [FILE], [first.mirror, second.mirror], options);

  expect(readFileSync(join(folder, FILE.name)).equals(BYTES)).toBe(true);
  expect(readdirSync(folder)).toEqual([FILE.name]);
  expect(progress.at(-1)).toEqual({ file: FILE.name, received: FILE.size, total: FILE.size });
  const received = progress.map((p) => p.received);
  expect(received).toEqual(received.toSorted((a, b) => a - b));

  await cacheFiles(folder, [FILE], [first.mirror, second.mirror]);
  expect(first.asked).toEqual(['/data/digits.gz']);
  expect(second.asked).toEqual(['/data/digits.gz']);
});

test('a damaged file in the cache is downloaded again', async () => {
  const folder = temporaryFolder();
  writeFileSync(join(folder, FILE.name), BYTES.subarray(1));
  await cacheFiles(folder, [FILE], [(await serve(whole)).mirror]);
  expect(readFileSync(join(folder, FILE.name)).equals(BYTES)).toBe(true);
});

test.each<[string, RequestListener, RegExp]>([
  ['has no such file', missing, /\(HTTP status 404\)/],
  [
    'sends another file',
    (_, response) => response.end(Buffer.from(BYTES).reverse()),
    new RegExp(`\\(expected SHA-256 ${FILE.sha256}, got [0-9a-f]{64}\\)`),
  ],
  [
    'sends less',
    (_, response) => response.end(BYTES.subarray(1)),
    /\(expected 200000 bytes, got 199999\)/,
  ],
  [
    'sends more',
    (_, response) => response.end(Buffer.concat([BYTES, BYTES])),
    /\(expected 200000 bytes, got more\)/,
  ],
  [
    'breaks off',
    (_, response) => {
      response.writeHead(200, { 'content-length': FILE.size });
      response.write(BYTES.subarray(0, 1000), () => response.destroy());
    },
    /\(other side closed\)/,
  ],
  [
    'stops sending',
    (_, response) => response.write(BYTES.subarray(0, 1000)),
    /\(no data for 0.2 s\)/,
  ],
  ['never answers', () => {}, /\(no data for 0.2 s\)/],
])('a mirror that %s leaves nothing behind but a clear error', async (_, answer, reason) => {
  const folder = temporaryFolder();
  const { mirror } = await serve(answer);
  const error = await cacheFiles(folder, [FILE], [mirror], { stallMs: 200 }).catch((e) => e);
  expect(error).toBeInstanceOf(ModelError);
  expect(error.message).toMatch(reason);
  expect(error.message).toContain(`cannot download ${FILE.name} from ${mirror} (`);
  expect(error.message).toContain(`put ${FILE.name} into ${folder}, or`);
  expect(error.message).toContain('--data-dir');
  expect(error.message).not.toContain('\n');
  expect(readdirSync(folder)).toEqual([]);
});

test('where no mirror can be reached, each is named with its reason', async () => {
  const closed = await Promise.all([serve(whole), serve(whole)]);
  for (const { close } of closed) close();
  const [first, second] = closed.map(({ mirror }) => mirror);
  const attempt = cacheFiles(temporaryFolder(), [FILE], [first!, second!]);
  const refused = (mirror?: string) => `${mirror} \\(.*ECONNREFUSED.*\\)`;
  await expect(attempt).rejects.toThrow(
    new RegExp(`${refused(first)} or ${refused(second)}; without a network`),
  );
});

test('a cache folder that cannot be made is named before anything is downloaded', async () => {
  const folder = temporaryFolder();
  writeFileSync(join(folder, 'file'), '');
  const { mirror, asked } = await serve(whole);
  const attempt = cacheFiles(join(folder, 'file', 'cache'), [FILE], [mirror]);
  await expect(attempt).rejects.toThrow(/cannot make the folder .*cache for downloads \(ENOTDIR\)/);
  expect(asked).toEqual([]);
});

test('a file that cannot be written is named', async () => {
  const folder = temporaryFolder();
  mkdirSync(join(folder, FILE.name));
  const attempt = cacheFiles(folder, [FILE], [(await serve(whole)).mirror]);
  await expect(attempt).rejects.toThrow(/cannot write .*digits.gz: it is not a regular file/);
});
