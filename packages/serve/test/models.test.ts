/** Several models and versions: which one answers, and how new ones take the place of old ones. */
import { createHash } from 'node:crypto';
import { EventEmitter } from 'node:events';
import { appendFile, mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { loadGenerator } from '@ganport/sample/node';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { buildEndless } from '../../sample/test/endless.ts';
import { buildGenerator, decodePicture } from '../../sample/test/fixture.ts';
import {
  type ModelEvent,
  type ModelServer,
  type ServerOptions,
  startServer,
} from '../src/index.ts';
import { createRegistry } from '../src/registry.ts';
import { slowGenerator } from './slow-generator.ts';

/** Generators of pictures of as many pixels, so that a picture tells which one drew it. */
function generator(side: number, name = 'fixture'): Uint8Array {
  const { model } = buildGenerator({
    ...{ latent: 4, height: side, width: side },
    alter: (metadata) => ({ ...metadata, name }),
  });
  return model;
}

let folder: string;
const servers: ModelServer[] = [];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ganport-models-'));
});
afterEach(async () => {
  for (const server of servers.splice(0)) await server.close();
  await rm(folder, { recursive: true });
});

/** Writes it as `ganport export` does: whole, under another name first. */
async function put(path: string, bytes: Uint8Array): Promise<string> {
  const file = join(folder, path);
  await mkdir(dirname(file), { recursive: true });
  await writeFile(`${file}.tmp`, bytes);
  await rename(`${file}.tmp`, file);
  return file;
}

async function serve(model: ServerOptions['model'], options: Partial<ServerOptions> = {}) {
  const events: ModelEvent[] = [];
  const onModel = (event: ModelEvent) => events.push(event);
  const server = await startServer({
    ...{ model, port: 0, pageDir: '/tmp', graceMs: 0, device: 'cpu', onModel },
    ...options,
  });
  servers.push(server);
  const get = (path: string, init?: RequestInit) => fetch(new URL(path, server.url), init);
  /** The width of a picture, or the status of what is none. */
  const width = async (path: string) => {
    const response = await get(path);
    if (!response.ok) return `${response.status}`;
    return (await decodePicture(await response.bytes())).width;
  };
  return { server, models: server.models, events, get, width };
}

const digest = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');
const PICTURE = 'v1/images/42/0.png';

test('each model has its addresses, and the first the others too', async () => {
  const [faces, cats] = [generator(4, 'faces'), generator(5)];
  const { get, width } = await serve([
    await put('faces.onnx', faces),
    { name: 'cats', model: await put('other.onnx', cats) },
  ]);
  expect(await width(PICTURE)).toBe(4);
  const id = digest(cats).slice(0, 16);
  for (const path of [
    ...[`models/cats/${PICTURE}`, `models/cats/versions/1/${PICTURE}`, `${PICTURE}?model=cats`],
    ...['v1/images/cats/42/0.png', `v1/images/${id}/42/0.png`, `${PICTURE}?model=${id}`],
  ]) {
    expect([path, await width(path)]).toEqual([path, 5]);
  }
  // A name may stand for another file later, a digest may not.
  const named = await get('v1/images/cats/42/0.png');
  expect(named.headers.get('cache-control')).toBe('no-cache');
  expect((await (await get('v2/models/cats/versions/1')).json()).name).toBe('cats');
  expect((await (await get('models/cats/v1/model')).json()).sha256).toBe(digest(cats));
  expect(digest(await (await get('models/cats/generator.onnx')).bytes())).toBe(digest(cats));
  const { models } = await (await get('v1/models')).json();
  expect(models).toMatchObject([
    { name: 'faces', versions: [{ version: '1', sha256: digest(faces), bytes: faces.length }] },
    { name: 'cats', versions: [{ version: '1', sha256: digest(cats), bytes: cats.length }] },
  ]);
  const moved = await get('models/cats?seed=7', { redirect: 'manual' });
  expect([moved.status, moved.headers.get('location')]).toEqual([308, '/models/cats/?seed=7']);
});

test('the body of a sample names one too', async () => {
  const cats = generator(5);
  const { get } = await serve([
    await put('faces.onnx', generator(4, 'faces')),
    { name: 'cats', model: await put('other.onnx', cats) },
  ]);
  const post = async (path: string, model: unknown) => {
    const headers = { 'Content-Type': 'application/json' };
    const body = JSON.stringify({ seed: 42, model });
    const response = await get(path, { method: 'POST', headers, body });
    return response.ok
      ? (await decodePicture(await response.bytes())).width
      : [response.status, (await response.json()).error.message];
  };
  const id = digest(cats).slice(0, 16);
  for (const [path, model, answer] of [
    ['v1/sample', undefined, 4],
    ['v1/sample', 'faces', 4],
    ['v1/sample', 'cats', 5],
    ['v1/sample', id, 5],
    ['models/cats/v1/sample', undefined, 5],
    ['models/cats/v1/sample', 'cats', 5],
    ['models/cats/versions/1/v1/sample', id, 5],
    ['v1/sample', 'dogs', [404, 'there is no model "dogs": expected faces, cats']],
    ['v1/sample', '__proto__', [404, 'there is no model "__proto__": expected faces, cats']],
    ['v1/sample', 7, [400, 'model: expected a text, got 7']],
    ['models/cats/v1/sample', 'faces', [404, `model: this address draws with ${id}, got "faces"`]],
  ]) {
    expect([path, model, await post(path as string, model)]).toEqual([path, model, answer]);
  }
  const metrics = await (await get('metrics')).text();
  const count = 'ganport_request_seconds_count{code="200",model="cats",version="1"}';
  expect(metrics).toContain(`${count} 5\n`);
});

test.each([
  ['models/dogs/v1/model', 'there is no model "dogs": expected fixture'],
  ['models/__proto__/v1/model', 'there is no model "__proto__": expected fixture'],
  ['models/..%2ffixture/v1/model', 'there is no model "../fixture": expected fixture'],
  ['models/fixture/versions/2/v1/model', 'there is no version "2" of fixture: expected 1'],
  ['models/fixture/versions/constructor/v1/model', 'there is no version "constructor"'],
  ['models/fixture/nothing', 'there is nothing at '],
  ['v1/images/dogs/1/2.png', 'there is no model "dogs": expected fixture'],
  ['v1/images/1/2.png?model=dogs', 'there is no model "dogs": expected fixture'],
  ['v2/models/dogs/infer', 'there is no model "dogs": expected fixture'],
])('%s is a 404', async (path, message) => {
  const { get } = await serve(await put('a.onnx', generator(4)));
  const response = await get(path);
  expect(response.status).toBe(404);
  const { error } = await response.json();
  expect(path.startsWith('v2') ? error : error.message).toContain(message);
});

test('a new file takes the place of the old one; a bad one does not, and is told', async () => {
  const path = await put('a.onnx', generator(4));
  const { models, events, get, width } = await serve(path);
  await put('a.onnx', generator(5));
  await models.refresh();
  expect(await width(PICTURE)).toBe(5);
  // The old one is closed once nobody holds it.
  while (events.length < 3) await setTimeout(1);
  await put('a.onnx', generator(6).subarray(0, 900));
  await models.refresh();
  expect(await width(PICTURE)).toBe(5);
  const told = events.map(({ type }) => type);
  expect(told).toEqual(['loaded', 'loaded', 'closed', 'refused']);
  expect(events.at(-1)).toMatchObject({
    ...{ name: 'fixture', version: '1' },
    error: { message: expect.stringMatching(/a\.onnx: [^\n]+$/) },
  });
  const metrics = await (await get('metrics')).text();
  expect(metrics).toContain('ganport_model_versions_total{model="fixture",outcome="refused"} 1');
  // It is tried again when somebody says so, and not by itself.
  expect(await models.refresh({ settled: true })).toEqual([]);
  expect(await models.refresh()).toMatchObject([{ type: 'refused' }]);
  // The same bytes again are no new version, and neither is a file that is gone.
  await put('a.onnx', generator(5));
  expect(await models.refresh()).toEqual([]);
  await rm(path);
  expect(await models.refresh()).toEqual([]);
  expect(await width(PICTURE)).toBe(5);
});

test('what is drawn is told beside what could be', async () => {
  const { get } = await serve(await put('a.onnx', generator(4)));
  const read = async (name: string) => {
    const text = await (await get('metrics')).text();
    const line = new RegExp(`^${name}\\{model="fixture",version="1"\\} (.*)$`, 'm').exec(text);
    return Number(line![1]);
  };
  expect(await read('ganport_limit_pictures_per_second')).toBeGreaterThan(1);
  await (await get('v1/images/1?count=200&format=raw')).bytes();
  expect(await read('ganport_achieved_share')).toBeGreaterThan(0);
  expect(await read('ganport_achieved_share')).toBe(0);
});

test('golden samples that are drawn otherwise keep a file out', async () => {
  const { models, width } = await serve(await put('a.onnx', generator(4)));
  const { model } = buildGenerator({
    ...{ latent: 4, height: 5, width: 5 },
    alter: (metadata) => ({
      ...metadata,
      golden: { ...metadata.golden, images: Buffer.alloc(75).toString('base64') },
    }),
  });
  await put('a.onnx', model);
  expect(await models.refresh()).toMatchObject([
    { type: 'refused', error: { message: expect.stringContaining('golden samples') } },
  ]);
  expect(await width(PICTURE)).toBe(4);
});

test('files that are looked at are taken when they have come to rest', async () => {
  const path = await put('a.onnx', generator(4));
  // Two looks lie further apart than two writes, on a busy machine too.
  const { events, width } = await serve(path, { pollMs: 200 });
  const next = generator(5);
  // Written for a while, in place.
  const size = Math.ceil(next.length / 10);
  await writeFile(path, next.subarray(0, size));
  for (let at = size; at < next.length; at += size) {
    await setTimeout(60);
    await appendFile(path, next.subarray(at, at + size));
  }
  while ((await width(PICTURE)) !== 5) await setTimeout(10);
  expect(events.filter(({ type }) => type === 'refused')).toEqual([]);
});

test('of a folder, versions are served side by side, the highest by default', async () => {
  for (const version of [2, 9, 10]) await put(`digits/${version}/model.onnx`, generator(version));
  await put('digits/011/model.onnx', generator(3));
  await put('digits/notes/model.onnx', generator(3));
  const { models, get, width, events } = await serve(join(folder, 'digits'));
  expect(await width(PICTURE)).toBe(10);
  expect(await width(`models/digits/versions/2/${PICTURE}`)).toBe(2);
  expect(await width(`models/digits/versions/9/${PICTURE}`)).toBe(9);
  expect(await width(`models/digits/versions/11/${PICTURE}`)).toBe('404');
  const { versions } = await (await get('v2/models/digits/versions/9')).json();
  expect(versions).toEqual(['2', '9', '10']);

  await put('digits/12/generator.onnx', generator(12));
  await put('digits/13/generator.onnx', new TextEncoder().encode('garbage'));
  await rm(join(folder, 'digits/10'), { recursive: true });
  events.length = 0;
  await models.refresh();
  while (events.length < 3) await setTimeout(1);
  const told = events.map(({ type, version }) => `${type} ${version}`);
  expect(told).toEqual(['refused 13', 'loaded 12', 'closed 10']);
  expect(await width(PICTURE)).toBe(12);
  // The last one stays, whatever becomes of its folder.
  await rm(join(folder, 'digits'), { recursive: true });
  await models.refresh();
  expect(await width(PICTURE)).toBe(12);
});

test('a model may be unloaded, and loaded again', async () => {
  const path = await put('a.onnx', generator(4));
  const { models, width, get } = await serve([path, { name: 'b', model: path }]);
  await models.unload('fixture');
  expect(await width(PICTURE)).toBe('404');
  expect((await (await get(PICTURE)).json()).error.message).toBe('fixture is not loaded');
  expect(await width(`models/b/${PICTURE}`)).toBe(4);
  expect(await models.refresh()).toEqual([]);
  expect(await models.load('fixture')).toMatchObject([{ type: 'loaded' }]);
  expect(await width(PICTURE)).toBe(4);
  await expect(models.load('c')).rejects.toThrow('there is no model "c": expected fixture, b');
});

test('what is under way is drawn by the version it began with, which then is closed', async () => {
  const [old, next] = [await slowGenerator(), await loadGenerator(await put('b', generator(5)))];
  const path = await put('a.onnx', generator(4));
  const given = [old.generator, next];
  const models = createRegistry({
    sources: [{ model: path }],
    load: async () => ({ generator: given.shift()!, picturesPerSecond: 1 }),
  });
  await models.start();
  const response = new EventEmitter();
  const service = models.find();
  models.hold(service, response as never);
  await put('a.onnx', generator(6));
  await models.refresh();
  expect(models.find().generator).toBe(next);
  const drawn = service.generator.sampler.sample({ seed: 1 });
  await old.begun(1);
  old.runs[0]!.finish();
  expect((await drawn).count).toBe(1);
  expect(old.closed).toBe(false);
  response.emit('close');
  while (!old.closed) await setTimeout(1);
  expect(models.list()[0]!.counts).toEqual({ loaded: 2, refused: 0, closed: 1 });
  await models.close();
  expect(models.list()[0]!.counts.closed).toBe(2);
});

test('refreshes that wait are one, and none keeps a server from closing', async () => {
  const { generator } = await slowGenerator();
  const path = await put('a.onnx', generator.file);
  let loads = 0;
  let finish = () => {};
  const models = createRegistry({
    sources: [{ model: path }],
    load: async () => {
      loads += 1;
      if (loads === 2) await new Promise<void>((resolve) => (finish = resolve));
      if (loads > 1) throw new Error('bad');
      return { generator, picturesPerSecond: 1 };
    },
  });
  await models.start();
  await put('a.onnx', generator.file.subarray(1));
  const first = models.refresh();
  while (loads < 2) await setTimeout(1);
  const waiting = [models.refresh(), models.refresh(), models.refresh()];
  finish();
  expect(await first).toMatchObject([{ type: 'refused' }]);
  const [one, ...others] = await Promise.all(waiting);
  expect(one).toMatchObject([{ type: 'refused' }]);
  for (const other of others) expect(other).toBe(one);
  expect(loads).toBe(3);

  loads = 1;
  const under = models.refresh();
  while (loads < 2) await setTimeout(1);
  const late = [models.refresh(), models.load('fixture'), models.unload('fixture')];
  await models.endChanges(0);
  await models.close();
  finish();
  for (const outcome of await Promise.allSettled([under, ...late, models.refresh()])) {
    expect(outcome).toMatchObject({ reason: { status: 503, message: 'the server is closing' } });
  }
  expect(loads).toBe(2);
});

test('a start that is ended closes what it has loaded, and says why', async () => {
  const path = await put('a.onnx', generator(4));
  const ending = new AbortController();
  const told: string[] = [];
  const starting = serve([path, { name: 'b', model: path }], {
    signal: ending.signal,
    onModel({ name, type }) {
      told.push(`${name} ${type}`);
      if (type === 'loaded') ending.abort('SIGTERM');
    },
  });
  await expect(starting).rejects.toBe('SIGTERM');
  expect(told).toEqual(['fixture loaded', 'fixture closed']);
});

test('a load that is under way ends with the service', async () => {
  const endless = buildEndless('sine');
  const ending = new AbortController();
  const starting = serve(await put('endless.onnx', endless), {
    ...{ signal: ending.signal, graceMs: 60_000 },
  });
  await setTimeout(500);
  let began = performance.now();
  ending.abort('SIGTERM');
  await expect(starting).rejects.toBe('SIGTERM');
  // It is a second on a machine that does nothing else.
  expect(performance.now() - began).toBeLessThan(10_000);

  const path = await put('b.onnx', generator(4));
  const { server, models } = await serve(path, { graceMs: 60_000 });
  await put('b.onnx', endless);
  const loading = models.load('fixture');
  loading.catch(() => {});
  await setTimeout(500);
  began = performance.now();
  await server.close();
  await expect(loading).rejects.toMatchObject({ status: 503 });
  expect(performance.now() - began).toBeLessThan(10_000);
});

test.each<[string, (folder: string) => ServerOptions['model'], RegExp]>([
  ['an empty folder', (folder) => folder, /is a folder without a model: expected generator\.onnx/],
  ['no file', (folder) => join(folder, 'x.onnx'), /x\.onnx: no such file/],
  ['a name with a slash', (folder) => ({ name: 'a/b', model: folder }), /"a\/b" is no name/],
  ['a name of nothing', (folder) => ({ name: '', model: folder }), /"" is no name for a model/],
  ['one name twice', (f) => [f, f].map((f) => join(f, 'good.onnx')), /two models are called fixt/],
  ['garbage beside one', (f) => ['good', 'bad'].map((n) => join(f, `${n}.onnx`)), /bad\.onnx: /],
])('%s is refused at the start, in one line', async (_, model, message) => {
  if (!message.source.startsWith('is a folder')) {
    await put('good.onnx', generator(4));
    await put('bad.onnx', new Uint8Array(100).fill(7));
  }
  const refused = serve(model(folder));
  await expect(refused).rejects.toThrow(message);
  await refused.catch(({ message }) => expect(message).not.toMatch(/\n/));
});
