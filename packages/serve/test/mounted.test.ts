/** The service as a part of another application: below a path, behind its parsers, beside its routes. */
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { latents } from '@ganport/model';
import { loadGenerator } from '@ganport/sample/node';
import express from 'express';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { buildGenerator, decodePicture, largestDifference } from '../../sample/test/fixture.ts';
import { createClient } from '../src/client/index.ts';
import { createApp, createService, oneModel } from '../src/index.ts';
import { makePageFolder } from './page-folder.ts';

const { model, expected } = buildGenerator({ latent: 8, height: 4, width: 5 });
const generator = await loadGenerator({ path: 'test', bytes: model }, { device: 'cpu' });
const pageFolder = await makePageFolder();
let server: Server;
let url: string;

beforeAll(async () => {
  const app = express();
  app.use(express.json());
  const models = oneModel(createService(generator));
  app.use('/pictures', createApp({ models, pageDir: pageFolder.path }));
  app.get('/own', (_request, response) => void response.send('own'));
  server = createServer(app).listen(0, '127.0.0.1');
  await once(server, 'listening');
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/pictures`;
});
afterAll(async () => {
  server.closeAllConnections();
  server.close();
  await once(server, 'close');
  await generator.sampler.close();
  await pageFolder.remove();
});

const post = (path: string, body: object) =>
  fetch(url + path, {
    method: 'POST',
    body: JSON.stringify(body),
    headers: { 'Content-Type': 'application/json' },
  });

test('pictures come by every protocol, from bodies that were parsed before', async () => {
  const client = createClient(url);
  const png = await decodePicture(await client.sample({ seed: 2, start: 3 }));
  expect(largestDifference(png.data, expected(2, 3))).toBeLessThanOrEqual(1);
  const z = { name: 'z', datatype: 'FP32', shape: [1, 8], data: Array.from(latents(2, 3, 8)) };
  const { outputs } = await (await post('/v2/models/fixture/infer', { inputs: [z] })).json();
  expect(largestDifference(outputs[0].data, expected(2, 3))).toBeLessThanOrEqual(1);
  const wanted = { prompt: '', seed: 2, n: 4, response_format: 'url' };
  const { data } = await (await post('/v1/images/generations', wanted)).json();
  expect(data[3].url).toMatch(new RegExp(`^${url}/v1/images/[\\da-f]{16}/2/3.png$`));
  const linked = await decodePicture(await (await fetch(data[3].url)).bytes());
  expect(linked.data).toEqual(png.data);
});

test('its document and the page of it are where it is', async () => {
  const page = await (await fetch(`${url}/docs`)).text();
  for (const [, address] of page.matchAll(/(?:href|src)="([^"]+)"/g)) {
    const response = await fetch(new URL(address!, `${url}/docs`));
    expect([address, response.status]).toEqual([address, 200]);
    await response.bytes();
  }
  const { servers } = await (await fetch(`${url}/openapi.json`)).json();
  expect(new URL(servers[0].url, `${url}/openapi.json`).href).toBe(`${url}/`);
});

test('its page is found without the last slash, which its addresses need', async () => {
  const page = await fetch(`${url}?seed=7`);
  expect([page.url, page.status]).toEqual([`${url}/?seed=7`, 200]);
  expect((await fetch(new URL('assets/page-abc.js', page.url))).status).toBe(200);
});

test('what it refuses is its own, and the other routes are not', async () => {
  const refused = await post('/v1/sample', { seed: -1 });
  expect(refused.status).toBe(400);
  expect((await refused.json()).error.message).toContain('seed: expected a whole number');
  expect((await (await fetch(`${url}/nothing`)).json()).error.code).toBe('not_found');
  expect(await (await fetch(new URL('/own', url))).text()).toBe('own');
});
