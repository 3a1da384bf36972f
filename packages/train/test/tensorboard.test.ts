/** Event files of TensorBoard's, read by another reader, and by TensorBoard where there is a Python with it. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ModelError } from '@ganport/model';
import sharp from 'sharp';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { RunWriter } from '../src/run-writer.ts';
import { crc32c } from '../src/tensorboard/crc32c.ts';
import { hasEvents, withEvents } from '../src/tensorboard/event-file.ts';
import { fields, readRecords, slowCrc32c } from './tensorboard.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ganport-events-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

describe('CRC-32C', () => {
  // RFC 3720, B.4, and the check value of the catalogue of parametrised CRC algorithms.
  test.each([
    ['123456789', Buffer.from('123456789'), 0xe3069283],
    ['nothing', Buffer.alloc(0), 0],
    ['32 zeros', Buffer.alloc(32), 0x8a9136aa],
    ['32 ones', Buffer.alloc(32, 0xff), 0x62a8ab43],
    ['0 to 31', Buffer.from(Array.from({ length: 32 }, (_, i) => i)), 0x46dd794e],
  ])('of %s', (_, bytes, expected) => {
    expect(crc32c(bytes)).toBe(expected);
    expect(slowCrc32c(bytes)).toBe(expected);
  });
});

/** A writer that notes what it is told. */
function noted(): { told: unknown[]; run: RunWriter } {
  const told: unknown[] = [];
  const note = async (...what: unknown[]) => {
    told.push(what);
  };
  const logMetrics = async (line: unknown) => {
    told.push(line);
  };
  return {
    told,
    run: { logMetrics, saveSamples: note, saveCheckpoint: note, saveWarnings: note },
  };
}

/** Events of a file: step, and what is in it. */
function eventsOf(path: string) {
  return readRecords(readFileSync(path)).map((data) => {
    const event = fields(data);
    const [summary] = event.get(5) ?? [];
    const values = summary ? (fields(summary as Buffer).get(1) as Buffer[]) : [];
    return {
      time: event.get(1)![0],
      step: event.get(2)![0],
      version: event.get(3)?.[0]?.toString(),
      status: event.has(7) ? fields(event.get(7)![0] as Buffer).get(1)![0] : undefined,
      values: values.map((value) => {
        const of = fields(value);
        return { tag: String(of.get(1)![0]), scalar: of.get(2)?.[0], image: of.get(4)?.[0] };
      }),
    };
  });
}

const png = () =>
  sharp({ create: { width: 20, height: 10, channels: 3, background: 'red' } })
    .png()
    .toBuffer();

test('metrics and pictures are in the file, and still in the run folder', async () => {
  const { told, run } = noted();
  const picture = await png();
  const events = withEvents(run, { folder, step: 0, now: () => 1_700_000_000_500 });
  const line = { step: 3_000_000_000, dLoss: 0.5, gLoss: -1.25, modes: [1, 2] };
  await events.logMetrics(line);
  await events.saveSamples(7, picture);
  expect(told).toEqual([line, [7, picture]]);
  const [name, ...others] = readdirSync(folder);
  expect(others).toEqual([]);
  expect(name).toMatch(/^events\.out\.tfevents\.1700000000\.[\w.-]+\.\d+\.0$/);
  const [version, metrics, samples, ...more] = eventsOf(join(folder, name!));
  expect(version).toMatchObject({ time: 1_700_000_000.5, step: 0, version: 'brain.Event:2' });
  expect(metrics).toMatchObject({ time: 1_700_000_000.5, step: 3_000_000_000 });
  expect(metrics!.values).toEqual([
    { tag: 'dLoss', scalar: 0.5, image: undefined },
    { tag: 'gLoss', scalar: -1.25, image: undefined },
  ]);
  expect(samples).toMatchObject({ step: 7, values: [{ tag: 'samples', scalar: undefined }] });
  const image = fields(samples!.values[0]!.image as Buffer);
  expect([1, 2, 3].map((field) => image.get(field)![0])).toEqual([10, 20, 3]);
  expect(image.get(4)![0]).toEqual(picture);
  expect(more).toEqual([]);
});

test('a resumed run has a file of its own, which says where it goes on', () => {
  const options = { folder, now: () => 1e12 };
  expect(hasEvents(folder)).toBe(false);
  withEvents(noted().run, { ...options, step: 0 });
  expect(hasEvents(folder)).toBe(true);
  withEvents(noted().run, { ...options, step: 40 });
  const names = readdirSync(folder).sort();
  expect(names).toHaveLength(2);
  const [first, second] = names.map((name) => eventsOf(join(folder, name)));
  expect(first).toHaveLength(1);
  expect(second![1]).toMatchObject({ step: 41, status: 1 });
});

test('where it cannot be written, that is one line', () => {
  const missing = join(folder, 'gone');
  expect(() => withEvents(noted().run, { folder: missing, step: 0 })).toThrow(ModelError);
  expect(() => withEvents(noted().run, { folder: missing, step: 0 })).toThrow(
    /^cannot write .*tfevents.*: no such file or folder/,
  );
});
