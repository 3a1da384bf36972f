/** PNG: a picture's levels, deflated by zlib as they are. */
import { promisify } from 'node:util';
import { constants, crc32, deflate, deflateSync, type ZlibOptions } from 'node:zlib';
import type { Images } from '@ganport/model';

/** Of a picture that is deflated on the spot, in half a millisecond: asking another thread takes as long. */
const SMALL_BYTES = 2 ** 16;
/** Of a buffer that zlib fills at a time: all of a small picture, of which what cannot be made smaller gets larger. */
const [MOST_BYTES, SLACK_BYTES] = [2 ** 20, 2 ** 10];

const deflateAside = promisify<Buffer, ZlibOptions, Buffer>(deflate);

const SIGNATURE = Buffer.from('\x89PNG\r\n\x1a\n', 'latin1');
const [GREY, COLOUR] = [0, 2];

/** Grey or in colour, 8 bits a level, no larger than 2^31 − 1 a side. Large ones are deflated beside the event loop. */
export async function encodePng({
  width,
  height,
  channels,
  data,
}: Omit<Images, 'count'>): Promise<Buffer> {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, channels === 1 ? GREY : COLOUR], 8);
  const rows = unfiltered(data, width * channels);
  // Runs of one level, and frequent levels in fewer bits: it makes pictures as small as zlib's other strategies, in half the time.
  const chunkSize = Math.min(rows.length, MOST_BYTES) + SLACK_BYTES;
  const settings = { strategy: constants.Z_RLE, chunkSize };
  const deflated =
    rows.length <= SMALL_BYTES ? deflateSync(rows, settings) : await deflateAside(rows, settings);
  return Buffer.concat([
    SIGNATURE,
    ...chunk('IHDR', header),
    ...chunk('IDAT', deflated),
    ...chunk('IEND', Buffer.alloc(0)),
  ]);
}

/** In front of each row is how it was filtered: 0, not at all. */
function unfiltered(data: Uint8Array, row: number): Buffer {
  const rows = Buffer.alloc(data.length + data.length / row);
  for (let [from, to] = [0, 1]; from < data.length; from += row, to += row + 1) {
    rows.set(data.subarray(from, from + row), to);
  }
  return rows;
}

function chunk(type: string, data: Buffer): Buffer[] {
  const name = Buffer.from(type, 'latin1');
  const [length, check] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(data.length);
  check.writeUInt32BE(crc32(data, crc32(name)));
  return [length, name, data, check];
}
