/** Reports of runs that were trained: what their generators draw, films, and runs that draw nothing. */
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { decodePicture } from '../../sample/test/fixture.ts';
import { failure, ganport } from './run.ts';
import { IMAGES, TINY, Workspace, writeDigits } from './workspace.ts';

const workspace = new Workspace();
afterAll(() => workspace.remove());

/** TINY with a class at both networks. */
const OF_CLASSES = {
  ...TINY,
  generator: {
    inputs: { z: [4], label: { classes: 10 } },
    layers: [
      { type: 'embedding', name: 'class', from: 'label', units: 4 },
      { type: 'concat', from: ['z', 'class'] },
      ...TINY.generator.layers,
    ],
  },
  discriminator: {
    inputs: { image: [1, 28, 28], label: { classes: 10 } },
    layers: [
      { type: 'embedding', from: 'label', units: 784 },
      { type: 'reshape', name: 'class', shape: [1, 28, 28] },
      { type: 'concat', from: ['image', 'class'] },
      ...TINY.discriminator.layers,
    ],
  },
};

const run = workspace.path('run');
beforeAll(async () => {
  const data = writeDigits(workspace, 'digits', 40);
  const config = workspace.write('config.json', JSON.stringify(OF_CLASSES));
  const trained = await ganport(
    ...['train', '--config', config, '--data', `idx:${data}`, '--out', run],
    ...['--engine', 'onnxruntime', '--device', 'cpu', '--threads', '1'],
  );
  expect(trained.stderr, IMAGES).not.toContain('ganport:');
});

/** Pictures of a page's rows by their alternative texts. */
function rowsOf(page: string): Map<string, Buffer> {
  const rows = page.matchAll(/<img alt="([^"]*)" src="data:image\/png;base64,([^"]*)"/g);
  return new Map([...rows].map(([, alt, data]) => [alt!, Buffer.from(data!, 'base64')]));
}

test('a report has a row for each class, as sample draws it, walks and a film', async () => {
  const film = workspace.path('film.webp');
  const { code, stdout } = await ganport('report', run, '--film', film, '--json');
  expect(code).toBe(0);
  const page = readFileSync(workspace.path('run', 'report.html'), 'utf8');
  expect(JSON.parse(stdout)).toMatchObject({
    bytes: Buffer.byteLength(page),
    film: { file: film },
  });
  // A chunk for each frame of an animated WebP.
  expect(readFileSync(film, 'latin1').match(/ANMF/g)).toHaveLength(2);

  const rows = rowsOf(page);
  const classes = [...rows.keys()].filter((alt) => alt.startsWith('Classes'));
  const [best] = readFileSync(workspace.path('run', 'best'), 'utf8').match(/[1-9]\d*/)!;
  expect(classes).toEqual(
    Array.from({ length: 10 }, (_, i) => `Classes after ${best} steps: each, in 8 styles: ${i}`),
  );
  expect([...rows.keys()].filter((alt) => alt.startsWith('Walks'))).toHaveLength(5);

  expect((await ganport('export', run, '--checkpoint', 'best')).code).toBe(0);
  const raw = workspace.path('seven.raw');
  const sampled = ['--seed', '42', '--count', '8', '--class', '7', '--format', 'raw', '-o', raw];
  expect((await ganport('sample', run, ...sampled)).code).toBe(0);
  const expected = readFileSync(raw);
  // A row is one picture twice as large: its pixels at even places are the pictures', beside each other.
  const { data, width, height, channels } = await decodePicture(rows.get(classes[7]!)!);
  expect([width, height]).toEqual([8 * 56, 56]);
  const got = Buffer.alloc(8 * 784);
  for (let i = 0; i < got.length; i++) {
    const [picture, y, x] = [Math.floor(i / 784), Math.floor((i % 784) / 28), i % 28];
    got[i] = data[(2 * y * width + picture * 56 + 2 * x) * channels]!;
  }
  expect(got.equals(expected)).toBe(true);
});

test('a film has another ending than .webp, or no pictures: nothing is written', async () => {
  const before = workspace.contents();
  const both = workspace.path('both.webp');
  expect(await failure(2, 'report', run, '-o', both, '--film', both)).toContain('two files');
  expect(await failure(2, 'report', run, '--film', workspace.path('film.gif'))).toMatch(
    /--film: expected a name that ends in \.webp/,
  );
  expect(await failure(1, 'report', workspace.path('digits'))).toContain('is not a run folder');
  expect(workspace.contents()).toEqual(before);
});

test('a run that draws nothing, has logged nothing and has damaged pictures has a page all the same', async () => {
  rmSync(workspace.path('run', 'metrics.jsonl'));
  rmSync(workspace.path('run', 'samples', 'step-000004.png'));
  rmSync(workspace.path('run', 'checkpoints'), { recursive: true });
  const out = workspace.path('bare.html');
  const { code, stderr } = await ganport('report', run, '-o', out);
  expect(code).toBe(0);
  expect(stderr).toMatch(/^The page has no pictures of what the generator draws: [^\n]+\.\n$/);
  const page = readFileSync(out, 'utf8');
  expect(page).toContain('Nothing was logged yet.');
  expect([...rowsOf(page).keys()]).toEqual(['Pictures after 2 steps']);
  writeFileSync(workspace.path('run', 'samples', 'step-000002.png'), '');
  rmSync(out);
  const films = ['--film', workspace.path('none.webp')];
  const told = await ganport('report', run, '-o', out, ...films);
  expect(told.code).toBe(1);
  expect(told.stderr).toMatch(/step-000002\.png is left out: .*\nganport: .* has no pictures/);
  expect(existsSync(out)).toBe(false);
});
