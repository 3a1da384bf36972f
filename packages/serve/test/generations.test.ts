/** OpenAI's SDK draws from here, and understands what it is refused. */
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type GeneratorMetadata, readGeneratorMetadata } from '@ganport/model';
import type { SampleOptions } from '@ganport/sample';
import OpenAI, { BadRequestError, NotFoundError } from 'openai';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import {
  buildGenerator,
  decodePicture,
  largestDifference,
  NO_RUNS,
  writeTemporary,
} from '../../sample/test/fixture.ts';
import {
  createApp,
  createService,
  oneModel,
  type RunningServer,
  startServer,
} from '../src/index.ts';

const { model, expected } = buildGenerator({ latent: 8, height: 6, width: 4 });
const file = await writeTemporary(model);
let server: RunningServer;
let client: OpenAI;
beforeAll(async () => {
  server = await startServer({ model: file.path, port: 0, pageDir: '/tmp' });
  client = new OpenAI({ apiKey: 'none', baseURL: `${server.url}v1`, maxRetries: 0 });
});
afterAll(async () => {
  await server.close();
  await file.remove();
});

/** OpenAI's own have a seed in other servers only. */
type Wanted = Omit<OpenAI.ImageGenerateParamsNonStreaming, 'size' | 'stream'> & {
  seed?: number;
  size?: string;
  stream?: boolean;
};
async function generate(wanted: Wanted, from = client) {
  const asked = wanted as OpenAI.ImageGenerateParamsNonStreaming;
  return (await from.images.generate(asked)) as OpenAI.ImagesResponse & { seed?: number };
}

test('pictures are those of their seed', async () => {
  const { data, created, seed } = await generate({ prompt: 'anything', n: 3, seed: 42 });
  expect(seed).toBe(42);
  expect(Math.abs(created - Date.now() / 1000)).toBeLessThan(60);
  expect(data).toHaveLength(3);
  for (const [i, { b64_json }] of data!.entries()) {
    const picture = await decodePicture(Buffer.from(b64_json!, 'base64'));
    expect(picture).toMatchObject({ width: 4, height: 6, channels: 1 });
    expect(largestDifference(picture.data, expected(42, i))).toBeLessThanOrEqual(1);
  }
});

test('without a seed there is another each time, and the answer tells it', async () => {
  const [one, two] = [
    await generate({ prompt: '' }),
    await generate({ prompt: '', model: 'fixture' }),
  ];
  expect(one.seed).not.toBe(two.seed);
  const again = await generate({ prompt: '', seed: one.seed! });
  expect(again.data).toEqual(one.data);
  expect(one.data).toHaveLength(1);
});

test('a multiple of the size is the picture with square pixels', async () => {
  const large = await generate({ prompt: '', seed: 1, size: '12x18', output_format: 'webp' });
  expect(large).toMatchObject({ size: '12x18', output_format: 'webp' });
  const { data, width, height, channels } = await decodePicture(
    Buffer.from(large.data![0]!.b64_json!, 'base64'),
  );
  expect([width, height]).toEqual([12, 18]);
  const want = expected(1, 0);
  for (const [x, y] of [
    [0, 0],
    [11, 17],
    [7, 4],
  ] as const) {
    const level = want[Math.floor(y / 3) * 4 + Math.floor(x / 3)]!;
    expect(Math.abs(data[(y * width + x) * channels]! - level)).toBeLessThanOrEqual(1);
  }
});

test('a url is the picture’s address for ever', async () => {
  const wanted = { prompt: '', seed: 7, n: 2 };
  const { data } = await generate({ ...wanted, response_format: 'url' });
  const inline = await generate(wanted);
  for (const [i, { url }] of data!.entries()) {
    expect(url!.startsWith(server.url)).toBe(true);
    const response = await fetch(url!);
    expect(response.headers.get('cache-control')).toContain('immutable');
    const bytes = Buffer.from(await response.bytes());
    expect(bytes.toString('base64')).toBe(inline.data![i]!.b64_json);
  }
});

test('what other servers take is let pass', async () => {
  const { data } = await generate({
    ...{ prompt: '', quality: 'high', style: 'vivid', user: 'me', background: 'opaque' },
    ...{ moderation: 'low', n: null, response_format: null },
  });
  expect(data).toHaveLength(1);
});

test.each([
  [{ n: 0 }, 'n', 'n: expected a whole number from 1 to 10, got 0'],
  [{ n: 11 }, 'n', 'n: expected a whole number from 1 to 10, got 11'],
  [{ seed: -1 }, 'seed', 'seed: expected a whole number'],
  [{ size: '1024x1024' }, 'size', 'size: expected auto, 4x6, or a multiple of it up to 1364x2046'],
  [{ size: '12x12' }, 'size', 'got 12x12'],
  [{ size: 'large' }, 'size', 'size: expected auto, or a size such as 256x256, got "large"'],
  [
    { size: '8x12', response_format: 'url' },
    'size',
    'size: expected auto or 4x6, of which a picture with a url is, got 8x12',
  ],
  [{ output_format: 'jpeg' }, 'output_format', 'output_format: expected png or webp, got "jpeg"'],
  [{ stream: true }, 'stream', 'stream: expected false'],
  [{ prompt: 7 }, 'prompt', 'prompt: expected a text of 0 to 32000 characters, got 7'],
] as [Partial<Wanted>, string, string][])(
  '%j is the SDK’s error',
  async (wanted, param, message) => {
    const error = await generate({ prompt: '', ...wanted }).then(
      () => undefined,
      (error: unknown) => error,
    );
    expect(error).toBeInstanceOf(BadRequestError);
    expect(error).toMatchObject({ type: 'invalid_request_error', code: 'invalid_value', param });
    expect((error as BadRequestError).message).toContain(message);
    expect((error as BadRequestError).requestID).toMatch(/^[\w-]{36}$/);
  },
);

test('models are listed', async () => {
  const { data } = await client.models.list();
  expect(data).toEqual([{ id: 'fixture', object: 'model', created: 0, owned_by: 'ganport' }]);
});

test('a model that is not there is OpenAI’s 404', async () => {
  const error = await generate({ prompt: '', model: 'dall-e-3' }).catch((error: unknown) => error);
  expect(error).toBeInstanceOf(NotFoundError);
  expect(error).toMatchObject({ code: 'model_not_found' });
  expect((error as Error).message).toContain('there is no model "dall-e-3": expected fixture');
});

describe('of classes', () => {
  const servers: Server[] = [];
  afterEach(() => {
    for (const each of servers.splice(0)) each.close();
  });

  /** @returns a client, and what is drawn for it */
  async function serveClasses(classes: string[]) {
    const { model } = buildGenerator({
      latent: 4,
      height: 2,
      width: 2,
      alter: (metadata) => ({ ...metadata, format: 2, classes }) satisfies GeneratorMetadata,
    });
    const asked: SampleOptions[] = [];
    const generator = {
      sampler: {
        metadata: readGeneratorMetadata(model),
        description: 'a test',
        stats: NO_RUNS,
        sample: async (options: SampleOptions) => {
          asked.push(options);
          const { count = 1 } = options;
          return { count, height: 2, width: 2, channels: 1, data: new Uint8Array(4 * count) };
        },
        walk: () => Promise.reject(new Error('nobody asks for one')),
        draw: () => Promise.reject(new Error('nobody gives latents')),
        close: async () => {},
      },
      ...({ device: 'cpu', why: 'a test', file: model, sha256: '0'.repeat(64) } as const),
    };
    const models = oneModel(createService(generator as Parameters<typeof createService>[0]));
    const server = createServer(createApp({ models, pageDir: '/nowhere' })).listen(0, '127.0.0.1');
    servers.push(server);
    await once(server, 'listening');
    const baseURL = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`;
    const client = new OpenAI({ apiKey: 'none', baseURL, maxRetries: 0 });
    return { client, asked, drain: models.admission.drain };
  }

  test.each([
    ['Sneaker', 1],
    ['a photo of an ANKLE BOOT, on white', 0],
    ['t-shirt/top', 3],
    ['one boot', 2],
  ])('"%s" names class %i', async (prompt, label) => {
    const { client, asked } = await serveClasses(['Ankle boot', 'Sneaker', 'Boot', 'T-shirt/top']);
    await generate({ prompt, n: 2, seed: 5 }, client);
    expect(asked).toMatchObject([{ seed: 5, count: 2, label }]);
  });

  test.each([
    ['a dog', 'prompt: expected one of the classes "7", "8", got "a dog"'],
    ['7 or 8', 'prompt: expected one of the classes "7", "8", got "7" and "8"'],
    ['78', 'got "78"'],
    ['', 'got ""'],
  ])('"%s" names none', async (prompt, message) => {
    const { client, asked } = await serveClasses(['7', '8']);
    const error = await generate({ prompt }, client).catch((error: unknown) => error);
    expect(error).toBeInstanceOf(BadRequestError);
    expect(error).toMatchObject({ param: 'prompt' });
    expect((error as Error).message).toContain(message);
    expect(asked).toEqual([]);
  });

  test('a server that stops is the SDK’s to ask again', async () => {
    const { client, drain } = await serveClasses(['7', '8']);
    drain();
    const error = await generate({ prompt: '7' }, client).catch((error: unknown) => error);
    expect(error).toMatchObject({ status: 503, type: 'server_error' });
  });
});
