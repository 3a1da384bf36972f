/**
 * Parquet files decoded in a thread of their own. A damaged one can name pages of any size and counts without an end:
 * pages are held against their column and the file before they are decoded, and what still takes too much time or
 * memory ends with the thread.
 */
import { createRequire } from 'node:module';
import { Worker } from 'node:worker_threads';
import { ModelError } from '@ganport/model';
import { openRegular, type RegularFile } from '@ganport/model/node';
import { printable } from '@ganport/onnx';
import type { FileMetaData } from 'hyparquet';

/** Of a file: Hugging Face's shards have 500 MB. */
const MAX_BYTES = 2 ** 36;
/** Of a column of a group of rows, as it is in the file. */
const MAX_CHUNK_BYTES = 2 ** 30;
/** How many times its size a column may unpack to, if that is more than 64 MB. */
const MAX_RATIO = 10;
const ANY_RATIO_BYTES = 2 ** 26;
/** Of JavaScript's values; the bytes of pictures and pages are none of them. */
const HEAP_MB = 1024;
/** For a question: some seconds, and what a file of this size takes to unpack ten times over. */
const TIME_LIMIT_MS = 10_000;
const LEAST_BYTES_PER_MS = 10_000;

/** Bytes of pictures, a number, null, or of any other value what it is: "a text". */
type ParquetValue = Uint8Array | number | string | null;

export interface ParquetReader {
  /** Opens a file in place of the one before. */
  open(path: string): Promise<FileMetaData>;
  /** A column's values of a group of rows, counted from 0. */
  column(name: string, group: number): Promise<ParquetValue[]>;
  close(): Promise<void>;
}

/**
 * In plain JavaScript, as a string: so it is the same whether the package runs from its sources or its build. `slice`
 * is all that hyparquet gets of a file; while columns are read, what it gets are whole ones, whose pages are checked.
 */
const LOOP = `
const { parentPort, workerData } = require('node:worker_threads');
const { readSync } = require('node:fs');
const load = (name) => import(require('node:url').pathToFileURL(workerData[name]));
// Of several columns that fail, all but the first.
process.on('unhandledRejection', () => {});
(async () => {
  const [{ parquetMetadataAsync, parquetReadObjects }, { parquetHeader }, { compressors }] =
    await Promise.all([load('hyparquet'), load('column'), load('compressors')]);
  let file, metadata, rows;
  const slice = (from, to = file.byteLength) => {
    const length = to - from;
    if (!(from >= 0 && length >= 0 && to <= file.byteLength && length <= ${MAX_CHUNK_BYTES})) {
      throw new Error('bytes ' + from + ' to ' + to + ' are asked for, of ' + file.byteLength);
    }
    const bytes = new Uint8Array(length);
    if (readSync(file.fd, bytes, 0, length, from) < length) throw new Error('it is cut');
    if (rows !== undefined) checkPages(bytes);
    return bytes.buffer;
  };
  const checkPages = ({ buffer, byteLength }) => {
    const reader = { view: new DataView(buffer), offset: 0 };
    const most = Math.max(${ANY_RATIO_BYTES}, ${MAX_RATIO} * byteLength);
    let unpacked = 0;
    while (reader.offset < byteLength - 1) {
      const page = parquetHeader(reader);
      const { data_page_header_v2: v2, ...others } = page;
      const header = v2 ?? others.data_page_header ?? others.dictionary_page_header ?? {};
      const { compressed_page_size: packed, uncompressed_page_size: size } = page;
      const isCount = (n, greatest) => Number.isInteger(n) && n >= 0 && n <= greatest;
      if (!isCount(packed, byteLength - reader.offset) || !isCount(size, most - unpacked)) {
        throw new Error('a page has ' + packed + ' bytes, ' + size + ' unpacked');
      }
      unpacked += size;
      const levels = v2
        ? [v2.repetition_levels_byte_length, v2.definition_levels_byte_length]
        : [];
      const counts = v2 ? [v2.num_values, v2.num_rows] : [header.num_values];
      const isSound =
        typeof header.encoding === 'string' &&
        counts.every((n) => isCount(n, rows)) &&
        levels.every((n) => isCount(n, Math.min(packed, size))) &&
        (!v2 || isCount(v2.num_nulls, v2.num_values));
      if (!isSound) throw new Error('a page has other counts than its ' + rows + ' rows');
      reader.offset += packed;
    }
  };
  const kindOf = (value) =>
    Array.isArray(value) ? 'a list'
    : value instanceof Date ? 'a date'
    : { string: 'a text', boolean: 'a boolean' }[typeof value] ?? 'an object';
  const answers = {
    async open(opened) {
      file = { ...opened, slice };
      rows = undefined;
      return (metadata = await parquetMetadataAsync(file));
    },
    async column({ name, group }) {
      const groups = metadata.row_groups.map(({ num_rows }) => Number(num_rows));
      const rowStart = groups.slice(0, group).reduce((a, b) => a + b, 0);
      rows = groups[group];
      const part = { columns: [name], rowStart, rowEnd: rowStart + rows };
      const read = await parquetReadObjects({ file, metadata, compressors, utf8: false, ...part });
      return read.map(({ [name]: value }) => {
        const plain = value?.bytes ?? value;
        // A view would be copied with all of its page.
        if (plain instanceof Uint8Array) return plain.slice();
        if (typeof plain === 'number' || typeof plain === 'bigint') return Number(plain);
        return plain == null ? null : kindOf(plain);
      });
    },
  };
  parentPort.on('message', async ({ ask, what }) => {
    try {
      parentPort.postMessage({ result: await answers[ask](what) });
    } catch (error) {
      parentPort.postMessage({ failure: String(error.message).split('\\n', 1)[0] });
    }
  });
})();
`;

interface Waiting {
  resolve(result: unknown): void;
  reject(error: unknown): void;
  timer: NodeJS.Timeout;
}

/** Whoever opens a reader closes it. One question at a time. */
export function openParquetReader(timeLimitMs = TIME_LIMIT_MS): ParquetReader {
  const require = createRequire(import.meta.url);
  const worker = new Worker(LOOP, {
    eval: true,
    execArgv: [],
    resourceLimits: { maxOldGenerationSizeMb: HEAP_MB },
    workerData: {
      hyparquet: require.resolve('hyparquet'),
      column: require.resolve('hyparquet/src/column.js'),
      compressors: require.resolve('hyparquet-compressors'),
    },
  });
  let current: (RegularFile & { path: string }) | undefined;
  let waiting: Waiting | undefined;
  let ended: string | undefined;
  const settle = (why: string | undefined, result?: unknown) => {
    const { resolve, reject, timer } = waiting ?? {};
    waiting = undefined;
    clearTimeout(timer);
    if (why === undefined) resolve?.(result);
    else {
      const told = `${current?.path}: not a Parquet file, or damaged: ${printable(why)}`;
      reject?.(new ModelError(told));
    }
  };
  const end = (why: string) => {
    ended ??= why;
    settle(ended);
  };
  worker.on('message', ({ result, failure }) => settle(failure, result));
  worker.on('error', (error: Error) => end(error.message));
  worker.on('exit', () => end('its thread ended'));
  const ask = (question: 'open' | 'column', what: unknown) =>
    new Promise<unknown>((resolve, reject) => {
      const limit = timeLimitMs + (current?.size ?? 0) / LEAST_BYTES_PER_MS;
      const timer = setTimeout(() => {
        end(`expected a column of a group of rows within ${(limit / 1000).toFixed(1)} s`);
        void worker.terminate();
      }, limit);
      waiting = { resolve, reject, timer };
      if (ended === undefined) worker.postMessage({ ask: question, what });
      else settle(ended);
    });
  return {
    async open(path) {
      await current?.handle.close();
      current = undefined;
      current = { ...(await openRegular(path, MAX_BYTES)), path };
      if (current.size === 0) throw new ModelError(`${path}: it is empty: 0 bytes`);
      const opened = { fd: current.handle.fd, byteLength: current.size };
      return (await ask('open', opened)) as FileMetaData;
    },
    async column(name, group) {
      return (await ask('column', { name, group })) as ParquetValue[];
    },
    async close() {
      await worker.terminate();
      await current?.handle.close();
    },
  };
}
