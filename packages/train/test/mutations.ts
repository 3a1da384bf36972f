import { randomSequence } from '@ganport/model';

/** Damaged copies of a file, always the same ones: bytes changed, cut out, put in twice, or the end missing. */
export function* mutations(whole: Uint8Array, count: number): Generator<Buffer> {
  for (let n = 0; n < count; n++) {
    const { below } = randomSequence(0, 0, n);
    let bytes = Buffer.from(whole);
    for (let change = 0; change <= below(3); change++) {
      const at = below(bytes.length);
      const length = 1 + below(8);
      const kind = below(4);
      if (kind === 0) bytes[at] = below(256);
      else if (kind === 1) bytes.fill(below(2) * 255, at, Math.min(at + length, bytes.length));
      else if (kind === 2)
        bytes = Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + length)]);
      else bytes = bytes.subarray(0, Math.max(1, at));
    }
    yield bytes;
  }
}
